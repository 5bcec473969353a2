#include "sim/runner/yaml.h"

#include "sim/base/assert.h"
#include "sim/base/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
  struct pool *pool;
  const struct yaml_source *source;
  yaml_parser_t parser;
  struct err *err;
  size_t cursor_index,
      cursor_byte; /* the same place in characters and in bytes: see character_of */
};

static bool fail(struct builder *builder, enum err_code code, yaml_mark_t mark, const char *message,
                 const char *note) {
  err_set(builder->err, code, "%s", message);
  if (note) err_note(builder->err, "%s", note);
  return yaml_fail_at(builder->source, (int)mark.line + 1, (int)mark.column + 1, builder->err);
}

/* ---- what libyaml finds wrong ---- */

/* Events come in the order of the text, so the cursor goes over it once. */
static char character_of(struct builder *builder, yaml_mark_t mark) {
  const struct yaml_source *source = builder->source;
  if (mark.index < builder->cursor_index) builder->cursor_index = builder->cursor_byte = 0;
  while (builder->cursor_index < mark.index && builder->cursor_byte < source->length) {
    builder->cursor_byte++;
    builder->cursor_index++;
    while (((unsigned char)source->text[builder->cursor_byte] & 0xC0) == 0x80)
      builder->cursor_byte++;
  }
  return source->text[builder->cursor_byte];
}

static bool fail_parser(struct builder *builder) {
  const yaml_parser_t *parser = &builder->parser;
  const char *problem = parser->problem ? parser->problem : "cannot be read";
  yaml_mark_t mark = parser->problem_mark;
  char message[256];
  char at = character_of(builder, mark);
  const char *no_token = "found character that cannot start any token";
  if (strcmp(problem, no_token) == 0 && at == '\t')
    snprintf(message, sizeof message, "not YAML: found a tab that cannot start any token");
  else if (strcmp(problem, no_token) == 0 && at != '\0')
    snprintf(message, sizeof message, "not YAML: found character '%c' that cannot start any token",
             at);
  else if (parser->context)
    snprintf(message, sizeof message, "not YAML: %s %s", problem, parser->context);
  else
    snprintf(message, sizeof message, "not YAML: %s", problem);
  /* `lost: > 3` opens a folded block where blocks are allowed. */
  if (parser->context && strstr(parser->context, "block scalar")) at = '>';
  char opened[64];
  const char *note = NULL;
  if (at == '>' || at == '|')
    note = "bounds are words: at least 3, more than ROW";
  else if (at == '%' || at == '@')
    note = at == '%' ? "the unit stands behind the number: 5%" : "times are values: at: 3s";
  else if (at == '\t')
    note = "indent with blanks";
  else if (strcmp(problem, "mapping values are not allowed in this context") == 0)
    note = "keys of one block begin in the same column; quote a text that has ': ' in it";
  else if (parser->context && parser->context_mark.line != mark.line) {
    snprintf(opened, sizeof opened, "it begins at line %d", (int)parser->context_mark.line + 1);
    note = opened;
  }
  return fail(builder, ERR_NOT_YAML, mark, message, note);
}

/* ---- the tree ---- */

static bool next_event(struct builder *builder, yaml_event_t *event) {
  return yaml_parser_parse(&builder->parser, event) ? true : fail_parser(builder);
}

static struct yaml_node *node_new(struct builder *builder, enum yaml_kind kind, yaml_mark_t mark) {
  struct yaml_node *node = POOL_NEW(builder->pool, struct yaml_node, 1);
  node->source = builder->source;
  node->kind = kind;
  node->line = (int)mark.line + 1;
  node->column = (int)mark.column + 1;
  return node;
}

static bool is_null(const char *text) {
  static const char *const words[] = {"", "~", "null", "Null", "NULL"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(text, words[i]) == 0) return true;
  return false;
}

/* What the language does not have: aliases, anchors and tags. */
static bool check_event(struct builder *builder, const yaml_event_t *event) {
  const char *note = "the language has no aliases, anchors, tags or merge keys";
  const yaml_char_t *anchor = NULL, *tag = NULL;
  switch (event->type) {
  case YAML_ALIAS_EVENT:
    return fail(builder, ERR_YAML_SUBSET, event->start_mark, "an alias", note);
  case YAML_SCALAR_EVENT:
    anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
    break;
  case YAML_SEQUENCE_START_EVENT:
    anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
    break;
  case YAML_MAPPING_START_EVENT:
    anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
    break;
  default:
    return true;
  }
  if (anchor) return fail(builder, ERR_YAML_SUBSET, event->start_mark, "an anchor", note);
  /* libyaml drops the tag `!`; only the text still shows it. */
  bool plain =
      event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  bool empty = plain && event->data.scalar.length == 0;
  if (tag || (!empty && character_of(builder, event->start_mark) == '!'))
    return fail(builder, ERR_YAML_SUBSET, event->start_mark, "a tag", note);
  return true;
}

static struct yaml_node *scalar_node(struct builder *builder, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  if (strlen(text) != length) {
    fail(builder, ERR_YAML_SUBSET, event->start_mark, "a NUL character", NULL);
    return NULL;
  }
  bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  struct yaml_node *node = node_new(
      builder, plain && is_null(text) ? YAML_KIND_NULL : YAML_KIND_SCALAR, event->start_mark);
  node->text = pool_text(builder->pool, text, length);
  return node;
}

static struct yaml_node *read_node(struct builder *builder, yaml_event_t *event, int depth);

/* Reads one node from the stream. *out_end: the collection ended instead. */
static struct yaml_node *next_node(struct builder *builder, yaml_event_type_t end, int depth,
                                   bool *out_end) {
  yaml_event_t event;
  *out_end = false;
  if (!next_event(builder, &event)) return NULL;
  struct yaml_node *node = NULL;
  if (event.type == end)
    *out_end = true;
  else
    node = read_node(builder, &event, depth);
  yaml_event_delete(&event);
  return node;
}

static bool read_list(struct builder *builder, struct yaml_node *list, int depth) {
  for (;;) {
    bool end;
    struct yaml_node *item = next_node(builder, YAML_SEQUENCE_END_EVENT, depth, &end);
    if (end) return true;
    if (!item) return false;
    POOL_GROW(builder->pool, list->items, list->count, list->capacity);
    list->items[list->count++] = item;
  }
}

static bool check_key(struct builder *builder, const struct yaml_node *key) {
  yaml_mark_t mark = {.line = (size_t)key->line - 1, .column = (size_t)key->column - 1};
  if (key->kind != YAML_KIND_SCALAR || key->text[0] == '\0')
    return fail(builder, ERR_YAML_SUBSET, mark, "a key must be a word", NULL);
  if (strcmp(key->text, "<<") == 0)
    return fail(builder, ERR_YAML_SUBSET, mark, "a merge key",
                "the language has no aliases, anchors, tags or merge keys");
  return true;
}

static int by_key(const void *left, const void *right) {
  const struct yaml_entry *a = *(const struct yaml_entry *const *)left;
  const struct yaml_entry *b = *(const struct yaml_entry *const *)right;
  int order = strcmp(a->key, b->key);
  return order != 0 ? order : a < b ? -1 : a > b;
}

/* By sorting, since a hostile map may have a hundred thousand keys. Reports the first repetition. */
static bool check_duplicates(struct builder *builder, const struct yaml_node *map) {
  if (map->count < 2) return true;
  const struct yaml_entry **sorted = malloc(map->count * sizeof *sorted);
  const struct yaml_entry *first = NULL, *again = NULL;
  ASSERT_MSG(sorted, "out of memory");
  for (size_t i = 0; i < map->count; i++) sorted[i] = &map->entries[i];
  qsort(sorted, map->count, sizeof *sorted, by_key);
  for (size_t i = 1; i < map->count; i++)
    if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0 && (!again || sorted[i] < again)) {
      first = sorted[i - 1];
      again = sorted[i];
    }
  free(sorted);
  if (!again) return true;
  err_set(builder->err, ERR_DUPLICATE_KEY, "key '%s' given twice", again->key);
  err_note(builder->err, "first at line %d", first->line);
  return yaml_fail_at(builder->source, again->line, again->column, builder->err);
}

static bool read_map(struct builder *builder, struct yaml_node *map, int depth) {
  for (;;) {
    bool end;
    struct yaml_node *key = next_node(builder, YAML_MAPPING_END_EVENT, depth, &end);
    if (end) return check_duplicates(builder, map);
    if (!key || !check_key(builder, key)) return false;
    struct yaml_node *value = next_node(builder, YAML_NO_EVENT, depth, &end);
    if (!value) return false;
    POOL_GROW(builder->pool, map->entries, map->count, map->capacity);
    map->entries[map->count++] =
        (struct yaml_entry){key->text, builder->source, key->line, key->column, value};
  }
}

static struct yaml_node *read_node(struct builder *builder, yaml_event_t *event, int depth) {
  if (!check_event(builder, event)) return NULL;
  if (event->type == YAML_SCALAR_EVENT) return scalar_node(builder, event);
  if (depth >= YAML_DEPTH_MAX) {
    fail(builder, ERR_TOO_BIG, event->start_mark, "nested deeper than 32 levels", NULL);
    return NULL;
  }
  bool is_map = event->type == YAML_MAPPING_START_EVENT;
  struct yaml_node *node =
      node_new(builder, is_map ? YAML_KIND_MAP : YAML_KIND_LIST, event->start_mark);
  bool read = is_map ? read_map(builder, node, depth + 1) : read_list(builder, node, depth + 1);
  return read ? node : NULL;
}

/* The stream around the one document. */
static struct yaml_node *read_stream(struct builder *builder) {
  yaml_event_t event;
  struct yaml_node *root = NULL;
  for (bool done = false; !done;) {
    if (!next_event(builder, &event)) return NULL;
    bool held = true;
    if (event.type == YAML_STREAM_END_EVENT) {
      if (!root) root = node_new(builder, YAML_KIND_NULL, (yaml_mark_t){0});
      done = true;
    } else if (event.type == YAML_DOCUMENT_START_EVENT) {
      if (root)
        held = fail(builder, ERR_YAML_SUBSET, event.start_mark, "a second document",
                    "one file holds one scenario");
      else if (event.data.document_start.version_directive ||
               event.data.document_start.tag_directives.start !=
                   event.data.document_start.tag_directives.end)
        held = fail(builder, ERR_YAML_SUBSET, event.start_mark, "a directive", NULL);
    } else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT) {
      root = read_node(builder, &event, 0);
      held = root != NULL;
    }
    yaml_event_delete(&event);
    if (!held) return NULL;
  }
  return root;
}

struct yaml_node *yaml_read(struct pool *pool, const char *path, const char *text, size_t length,
                            const char *option, struct err *err) {
  struct yaml_source *source = POOL_NEW(pool, struct yaml_source, 1);
  if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, length -= 3;
  *source = (struct yaml_source){pool_text(pool, path, strlen(path)), pool_text(pool, text, length),
                                 length, option};
  struct builder builder = {.pool = pool, .source = source, .err = err};
  if (length > YAML_BYTES_MAX) {
    fail(&builder, ERR_TOO_BIG, (yaml_mark_t){0}, "larger than 1 MiB", NULL);
    return NULL;
  }
  if (!yaml_check_text(source, err)) return NULL;
  ASSERT_MSG(yaml_parser_initialize(&builder.parser), "out of memory");
  yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&builder.parser, (const unsigned char *)source->text, length);
  struct yaml_node *root = read_stream(&builder);
  yaml_parser_delete(&builder.parser);
  return root;
}

struct yaml_node *yaml_read_file(struct pool *pool, const char *path, struct err *err) {
  const char *why;
  FILE *file = input_open(path, &why);
  if (!file) {
    err_set(err, ERR_IO, "cannot open it: %s", why);
    snprintf(err->path, sizeof err->path, "%s", path);
    return NULL;
  }
  /* One byte more than allowed tells a file that is too large. */
  char *text = malloc(YAML_BYTES_MAX + 4);
  ASSERT_MSG(text, "out of memory");
  size_t length = fread(text, 1, YAML_BYTES_MAX + 4, file);
  struct yaml_node *root = NULL;
  if (ferror(file)) {
    const bool folder = errno == EISDIR;
    err_set(err, ERR_IO, "cannot read it: %s", strerror(errno));
    if (folder) err_note(err, "name a file; the scenario of results is their resolved.yaml");
    snprintf(err->path, sizeof err->path, "%s", path);
  } else {
    root = yaml_read(pool, path, text, length, NULL, err);
  }
  fclose(file);
  free(text);
  return root;
}

struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key) {
  for (size_t i = 0; i < map->count; i++)
    if (strcmp(map->entries[i].key, key) == 0) return &map->entries[i];
  return NULL;
}

void yaml_put(struct pool *pool, struct yaml_node *map, const char *key, struct yaml_node *value,
              const struct yaml_node *place) {
  struct yaml_entry *entry = yaml_find(map, key);
  if (entry) {
    entry->value = value;
    entry->source = place->source;
    entry->line = place->line;
    entry->column = place->column;
    return;
  }
  POOL_GROW(pool, map->entries, map->count, map->capacity);
  map->entries[map->count++] =
      (struct yaml_entry){key, place->source, place->line, place->column, value};
}
