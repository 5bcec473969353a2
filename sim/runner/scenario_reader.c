#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"
#include "sim/base/hash.h"
#include "sim/base/suggest.h"
#include "sim/runner/distribution.h"

#include <stdarg.h>
#include <ctype.h>
#include <string.h>

/* Words that people bring from elsewhere. scenarios/README.md, "Errors". */
static const char *const synonyms[][2] = {
    {"duration", "for"},       {"down", "for"},  {"interval", "every"}, {"on", "when"},
    {"probability", "chance"}, {"op", "intent"}, {"seed", "seeds"},     {"guarantees", "compare"},
    {"duplicates", "duplicate_effects"},
};

/* ---- errors ---- */

static bool fail_at(struct reader *reader, const struct yaml_source *source, int line, int column,
                    enum err_code code, const char *format, va_list arguments) {
  char message[sizeof reader->err->message];
  vsnprintf(message, sizeof message, format, arguments);
  err_set(reader->err, code, "%s", message);
  return yaml_fail_at(source, line, column, reader->err);
}

bool reader_fail(struct reader *reader, const struct yaml_node *at, enum err_code code,
                 const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_at(reader, at->source, at->line, at->column, code, format, arguments);
  va_end(arguments);
  return false;
}

bool reader_fail_key(struct reader *reader, const struct yaml_entry *at, enum err_code code,
                     const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_at(reader, at->source, at->line, at->column, code, format, arguments);
  va_end(arguments);
  return false;
}

void words_add(struct words *words, const char *word) {
  for (size_t i = 0; i < words->count; i++)
    if (words->items[i] == word) return; /* several rows bring the same table */
  if (words->count < WORDS_MAX) words->items[words->count++] = word;
}

void words_add_table(struct words *words, const struct key_table *table) {
  for (size_t i = 0; i < table->count; i++) words_add(words, table->keys[i].name);
}

const char *reader_hint(struct reader *reader, const char *word, const struct words *words) {
  const char *near = NULL;
  for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
    for (size_t w = 0; w < words->count; w++)
      if (strcmp(synonyms[i][0], word) == 0 && strcmp(synonyms[i][1], words->items[w]) == 0)
        near = words->items[w];
  if (!near) near = suggest(word, words->items, words->count);
  return near ? pool_print(reader->pool, " (did you mean '%s'?)", near) : "";
}

bool word_in(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; length && *at;) {
    size_t width = strcspn(at, " ");
    if (width == length && memcmp(at, word, length) == 0) return true;
    at += width;
    at += *at == ' ';
  }
  return false;
}

bool word_is_boolean(const char *word) {
  char lower[8];
  size_t length = 0;
  for (; word[length] != '\0'; length++) {
    if (length + 1 == sizeof lower) return false;
    lower[length] = (char)tolower((unsigned char)word[length]);
  }
  lower[length] = '\0';
  return word_in(BOOLEAN_WORDS, lower);
}

bool reader_not_here(struct reader *reader, const struct yaml_entry *entry) {
  return reader_fail_key(reader, entry, ERR_NOT_HERE, "'%s' is not in this version yet",
                         entry->key);
}

bool reader_unknown_key(struct reader *reader, const struct yaml_entry *entry, const char *what,
                        const struct words *words, const char *later) {
  if (word_in(later, entry->key)) return reader_not_here(reader, entry);
  return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "unknown key '%s'%s%s", entry->key, what,
                         reader_hint(reader, entry->key, words));
}

const char *words_join(struct reader *reader, const struct words *words) {
  const char *text = "";
  for (size_t i = 0; i < words->count; i++)
    text = pool_print(reader->pool, "%s%s%s", text, i ? " " : "", words->items[i]);
  return text;
}

/* ---- values ---- */

bool reader_fail_empty(struct reader *reader, const struct yaml_node *node, const char *name) {
  reader_fail(reader, node, ERR_WRONG_TYPE, "'%s' has no value", name);
  return err_note(reader->err, "indent what belongs to it, or leave the key out");
}

bool reader_is(struct reader *reader, const struct yaml_node *node, enum yaml_kind kind,
               const char *name) {
  static const char *const kinds[] = {"nothing", "one value", "a list", "a map"};
  if (node->kind == kind) return true;
  if (node->kind == YAML_KIND_NULL) return reader_fail_empty(reader, node, name);
  if (node->kind == YAML_KIND_MAP && yaml_find(node, "file"))
    return reader_not_here(reader, yaml_find(node, "file"));
  return reader_fail(reader, node, ERR_WRONG_TYPE, "'%s' is %s here, not %s", name, kinds[kind],
                     kinds[node->kind]);
}

struct known_distribution {
  const char *text;
  struct distribution *distribution;
};
static void release_distribution(void *distribution) { distribution_free(distribution); }

bool reader_distribution(struct reader *reader, const char *text, const struct yaml_node *at,
                         const struct distribution **out) {
  /* One table for one text: a table takes a millisecond to build and 60 KB to keep. */
  uint64_t hash = hash_name(text);
  uint64_t *known = map_put(reader->distributions, hash ? hash : 1, NULL);
  struct known_distribution *item = (struct known_distribution *)(uintptr_t)*known;
  if (!item || strcmp(item->text, text) != 0) {
    struct distribution *distribution;
    if (!distribution_parse(text, &distribution, reader->err))
      return at ? yaml_fail_at(at->source, at->line, at->column, reader->err) : false;
    pool_adopt(reader->pool, distribution, release_distribution);
    item = POOL_NEW(reader->pool, struct known_distribution, 1);
    *item = (struct known_distribution){pool_text(reader->pool, text, strlen(text)), distribution};
    *known = (uintptr_t)item;
  }
  *out = item->distribution;
  return true;
}

bool reader_value(struct reader *reader, const struct key *key, const struct yaml_node *node,
                  union value *out) {
  if (!reader_is(reader, node, YAML_KIND_SCALAR, key->name)) return false;
  if (key->type == VALUE_DISTRIBUTION)
    return reader_distribution(reader, node->text, node, &out->distribution);
  if (schema_parse(key, node->text, out, reader->err)) return true;
  return yaml_fail_at(node->source, node->line, node->column, reader->err);
}

bool reader_name(struct reader *reader, const struct yaml_node *node, const char *what,
                 bool digit_first, const char **out) {
  if (!reader_is(reader, node, YAML_KIND_SCALAR, what)) return false;
  const char *text = node->text;
  bool good = (*text >= 'a' && *text <= 'z') || (digit_first && *text >= '0' && *text <= '9');
  good = good && strspn(text, NAME_CHARACTERS) == strlen(text);
  if (strlen(text) > LABEL_MAX || word_is_boolean(text)) good = false;
  if (!good) {
    reader_fail(reader, node, ERR_BAD_LABEL, "'%s' cannot be a %s", text, what);
    return err_note(reader->err, word_is_boolean(text)
                                     ? "YAML takes this word for true, false or nothing"
                                     : "lower-case letters, digits and hyphens, at most 100");
  }
  *out = text;
  return true;
}

bool reader_entry(struct reader *reader, const struct yaml_entry *entry, const char *what,
                  struct key_values *values) {
  const struct key_table *table = values->table;
  int index = schema_find(table->keys, table->count, entry->key);
  if (index < 0) {
    struct words words = {.count = 0};
    words_add_table(&words, table);
    return reader_unknown_key(reader, entry, what, &words, table->later);
  }
  values->given[index] = entry;
  return reader_value(reader, &table->keys[index], entry->value, &values->values[index]);
}

bool reader_defaults(struct reader *reader, const struct key_table *table,
                     struct key_values *values) {
  ASSERT_LE(table->count, SCHEMA_KEYS_MAX);
  *values = (struct key_values){.table = table};
  for (size_t i = 0; i < table->count; i++) {
    const struct key *key = &table->keys[i];
    if (!key->value_default || key->value_default[0] == '\0') continue;
    /* A default that its own table refuses is a mistake in the model, not in the file. */
    struct err err = {0};
    struct err *user = reader->err;
    reader->err = &err;
    bool read =
        key->type == VALUE_DISTRIBUTION
            ? reader_distribution(reader, key->value_default, NULL, &values->values[i].distribution)
            : schema_parse(key, key->value_default, &values->values[i], &err);
    reader->err = user;
    ASSERT_MSG(read, "default of key '%s' of '%s': %s", key->name, table->name, err.message);
  }
  return true;
}

bool reader_block(struct reader *reader, const struct yaml_entry *block, const char *what,
                  bool fresh, struct key_values *values, const struct key_table *table) {
  if (fresh && !reader_defaults(reader, table, values)) return false;
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  for (size_t i = 0; i < block->value->count; i++)
    if (!reader_entry(reader, &block->value->entries[i], what, values)) return false;
  return true;
}
