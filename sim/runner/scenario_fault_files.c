/* Faults from a file: each row is one beginning. Rows of one name are one fault's, in order; a row
 * without a name is a fault of its own. A row that says `chance: 0%` and no `at` only names a fault: it
 * never came, and the faults behind it keep their numbers. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/hash.h"

#include <string.h>

#define ROWS_OF_A_FILE_MAX 65536

struct file {
  struct reader *reader;
  struct fault_list *list;
  const char *name;
  size_t entry;     /* its place in `faults` */
  struct map names; /* hash of a fault's name -> its place in the list */
  size_t rows;
};

/* ---- columns ---- */

static bool in_keys(const struct fault_key *keys, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i].key.name, name) == 0) return true;
  return false;
}

static void words_add_keys(struct words *words, const struct fault_key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) words_add(words, keys[i].key.name);
}

static bool check_column(struct reader *reader, const struct yaml_entry *column) {
  const char *key = column->key;
  struct words words = {.items = {"fault", "target", "at"}, .count = 3};
  words_add_keys(&words, fault_common_keys, FAULT_COMMON_KEY__COUNT);
  for (int v = 0; v < VERB__COUNT; v++)
    words_add_keys(&words, fault_verbs[v].keys, fault_verbs[v].key_count);
  for (size_t i = 0; i < words.count; i++)
    if (strcmp(words.items[i], key) == 0) return true;
  if (in_keys(fault_timing_keys, FAULT_TIMING_KEY__COUNT, key)) {
    reader_fail_key(reader, column, ERR_FAULT_SHAPE, "'%s' cannot stand in a file of faults", key);
    return err_note(reader->err, "a file says each beginning by its time; write '%s' in the scenario",
                    key);
  }
  return reader_unknown_key(reader, column, " of a file of faults", &words, fault_keys_later);
}

/* ---- a row as the map that it would be in the scenario ---- */

static struct yaml_node *new_node(struct reader *reader, const struct yaml_node *place,
                                  enum yaml_kind kind) {
  struct yaml_node *node = POOL_NEW(reader->pool, struct yaml_node, 1);
  *node = (struct yaml_node){
      .source = place->source, .line = place->line, .column = place->column, .kind = kind};
  return node;
}

static struct yaml_node *word_node(struct reader *reader, const struct yaml_node *cell, size_t start,
                                   size_t length) {
  struct yaml_node *word = new_node(reader, cell, YAML_KIND_SCALAR);
  word->text = pool_text(reader->pool, cell->text + start, length);
  word->column += (int)start;
  return word;
}

/* A cell has no brackets: several nodes stand there with blanks between them. */
static struct yaml_node *nodes_of(struct reader *reader, const struct yaml_node *cell) {
  const char *text = cell->text;
  if (!strchr(text, ' ')) return word_node(reader, cell, 0, strlen(text));
  struct yaml_node *list = new_node(reader, cell, YAML_KIND_LIST);
  for (size_t at = strspn(text, " "); text[at];) {
    const size_t length = strcspn(text + at, " ");
    POOL_GROW(reader->pool, list->items, list->count, list->capacity);
    list->items[list->count++] = word_node(reader, cell, at, length);
    at += length;
    at += strspn(text + at, " ");
  }
  return list;
}

/* Whether some verb's key of this name takes nodes. */
static bool takes_nodes(const char *name) {
  for (int v = 0; v < VERB__COUNT; v++)
    for (size_t i = 0; i < fault_verbs[v].key_count; i++)
      if (fault_verbs[v].keys[i].kind == FAULT_KEY_NODES &&
          strcmp(fault_verbs[v].keys[i].key.name, name) == 0)
        return true;
  return false;
}

static const struct yaml_entry *entry_of(const struct yaml_entry *entries, size_t count,
                                         const char *key) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(entries[i].key, key) == 0) return &entries[i];
  return NULL;
}

static bool fail_missing(struct reader *reader, const struct yaml_node *place, const char *what) {
  reader_fail(reader, place, ERR_MISSING_KEY, "a row of faults without '%s'", what);
  return err_note(reader->err, "each row says at least at, fault and target");
}

/* `fault` and `target` become the verb and its value, which comes first. NULL with an error. */
static struct yaml_node *map_of_row(struct reader *reader, const struct yaml_node *place,
                                    const struct yaml_entry *entries, size_t count) {
  const struct yaml_entry *verb = entry_of(entries, count, "fault");
  const struct yaml_entry *target = entry_of(entries, count, "target");
  if (!verb || !target) {
    fail_missing(reader, place, verb ? "target" : "fault");
    return NULL;
  }
  struct yaml_node *map = new_node(reader, place, YAML_KIND_MAP);
  yaml_put(reader->pool, map, pool_text(reader->pool, verb->value->text, strlen(verb->value->text)),
           nodes_of(reader, target->value), verb->value);
  for (size_t i = 0; i < count; i++) {
    const struct yaml_node *cell = entries[i].value;
    if (&entries[i] == verb || &entries[i] == target) continue;
    yaml_put(reader->pool, map, entries[i].key,
             takes_nodes(entries[i].key) ? nodes_of(reader, cell)
                                         : word_node(reader, cell, 0, strlen(cell->text)),
             cell);
  }
  return map;
}

/* ---- occurrences ---- */

static bool check_next(struct reader *reader, const struct fault_item *item,
                       const struct fault_reading *reading, const struct fault_plan *next) {
  const struct yaml_entry *at = reading->timing[FAULT_KEY_AT];
  const struct yaml_entry *min_hits = reading->common[FAULT_KEY_MIN_HITS];
  const struct fault_plan *last =
      item->occurrence_count ? &item->occurrences[item->occurrence_count - 1] : NULL;
  const char *name = item->plan.name;
  if (next->verb != item->plan.verb) {
    reader_fail(reader, reading->node, ERR_CONFLICT, "fault '%s' is '%s', not '%s'", name,
                fault_verbs[item->plan.verb].name, reading->verb->name);
    return err_note(reader->err, "rows of one name are beginnings of one fault");
  }
  if (!last || !at)
    return reader_fail(reader, reading->node, ERR_CONFLICT,
                       "fault '%s' has a row that says it never came, and others", name);
  if (min_hits && next->min_hits != item->plan.min_hits)
    return reader_fail(reader, min_hits->value, ERR_CONFLICT,
                       "fault '%s' has min_hits %u in its first row", name, item->plan.min_hits);
  if (next->at.ns < last->at.ns) {
    reader_fail(reader, at->value, ERR_CONFLICT, "fault '%s' goes back in time", name);
    return err_note(reader->err, "rows of one name stand in the order of their times");
  }
  if (!fault_verbs[next->verb].one_window || next->at.ns - last->at.ns >= last->lasts.ns) return true;
  reader_fail(reader, at->value, ERR_CONFLICT, "fault '%s' begins before it has healed", name);
  return err_note(reader->err, "a %s beside another needs a name of its own",
                  fault_verbs[next->verb].name);
}

static void add_occurrence(struct reader *reader, struct fault_item *item,
                           const struct fault_plan *occurrence) {
  if (!occurrence->has_at) return;
  POOL_GROW(reader->pool, item->occurrences, item->occurrence_count, item->occurrence_capacity);
  item->occurrences[item->occurrence_count++] = *occurrence;
}

static bool on_row(void *context, const struct yaml_node *place, const struct yaml_entry *entries,
                   size_t count) {
  struct file *file = context;
  struct reader *reader = file->reader;
  struct fault_list *list = file->list;
  if (++file->rows > ROWS_OF_A_FILE_MAX)
    return reader_fail(reader, place, ERR_LIMIT, "a file of more than %d faults",
                       ROWS_OF_A_FILE_MAX);
  struct yaml_node *node = map_of_row(reader, place, entries, count);
  struct fault_reading reading = {.file = file->name, .entry = file->entry};
  struct fault_plan plan = {.name = NULL};
  if (!node || !scenario_read_fault(reader, node, &reading, &plan)) return false;
  uint64_t *known = plan.name ? map_put(&file->names, hash_name(plan.name) | 1, NULL) : NULL;
  if (known && *known) {
    struct fault_item *item = &list->items[*known - 1];
    if (!check_next(reader, item, &reading, &plan)) return false;
    add_occurrence(reader, item, &plan);
    return true;
  }
  struct fault_item *item = fault_list_add(reader, list, node);
  if (!item) return false;
  if (known) *known = list->count;
  *item = (struct fault_item){.plan = plan, .reading = reading};
  item->plan.timing = TIMING_RECORDED;
  if (!plan.has_at && !reading.common[FAULT_KEY_MIN_HITS]) item->plan.min_hits = 0;
  add_occurrence(reader, item, &plan);
  return true;
}

bool scenario_read_fault_file(struct reader *reader, const struct yaml_node *map, size_t entry,
                              struct fault_list *list) {
  const struct yaml_source *source = reader_file(reader, map);
  if (!source) return false;
  struct file file = {.reader = reader, .list = list, .entry = entry,
                      .name = yaml_find(map, "file")->value->text};
  const struct reader_rows rows = {.column = check_column, .row = on_row, .context = &file};
  const bool read = reader_csv(reader, source, &rows);
  map_deinit(&file.names);
  if (read && file.rows == 0)
    return reader_fail(reader, map, ERR_MISSING_KEY, "a file without faults");
  return read;
}
