/* sweep: paths, and the values that each takes.
 *
 * A path leads where that of --set does, with one difference: where it leads to a slot, it reaches every
 * row whose model has the key, also one that names its own model. What is said at a more special place
 * than the path's (by a row, for `handler/window`) stays, and that row is not swept.
 */
#include "sim/runner/scenario_reader.h"

#include <stdlib.h>
#include <string.h>

bool value_is_swept(const struct yaml_entry *given) { return given && given->value->swept; }

/* ---- reading the block ---- */

static bool read_values(struct reader *reader, struct sweep_reading *sweep) {
  const struct yaml_node *list = sweep->place->value;
  if (list->kind != YAML_KIND_LIST) {
    reader_is(reader, list, YAML_KIND_LIST, sweep->path);
    return err_note(reader->err, "a list of values, such as [10s, 1min]; one value takes no sweep");
  }
  if (list->count == 0)
    return reader_fail(reader, list, ERR_MISSING_KEY, "'%s' has no values", sweep->path);
  if (list->count > SWEEP_VALUES_MAX)
    return reader_fail(reader, list, ERR_LIMIT, "'%s' has more than %d values", sweep->path,
                       SWEEP_VALUES_MAX);
  for (size_t i = 0; i < list->count; i++) {
    if (!reader_is(reader, list->items[i], YAML_KIND_SCALAR, sweep->path)) return false;
    list->items[i]->swept = true;
  }
  sweep->values = list->items;
  sweep->count = list->count;
  sweep->option = list->source->option;
  sweep->entry = (struct yaml_entry){sweep->parts[sweep->part_count - 1], list->source, list->line,
                                     list->column, list->items[0]};
  return true;
}

static bool check_size(struct reader *reader, const struct yaml_node *block) {
  size_t points = 1;
  for (size_t i = 0; i < reader->sweep_count; i++)
    if ((points *= reader->sweep[i].count) > SWEEP_POINTS_MAX)
      return reader_fail(reader, block, ERR_LIMIT, "the sweep has more than %d points",
                         SWEEP_POINTS_MAX);
  return true;
}

bool scenario_read_sweep(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_SWEEP];
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  if (block->value->count == 0) {
    reader_fail(reader, block->value, ERR_MISSING_KEY, "'sweep' has no path");
    return err_note(reader->err, "such as sweep: {workload/rate: [10/s, 100/s]}");
  }
  if (block->value->count > SWEEP_KEYS_MAX)
    return reader_fail(reader, block->value, ERR_LIMIT, "'sweep' has more than %d paths",
                       SWEEP_KEYS_MAX);
  reader->sweep_count = block->value->count;
  reader->sweep = POOL_NEW(reader->pool, struct sweep_reading, reader->sweep_count);
  for (size_t i = 0; i < reader->sweep_count; i++) {
    struct sweep_reading *sweep = &reader->sweep[i];
    sweep->place = &block->value->entries[i];
    sweep->path = sweep->place->key;
    if (!scenario_split_path(reader, sweep->place, sweep->parts, &sweep->part_count) ||
        !read_values(reader, sweep) || !scenario_find_path(reader, sweep))
      return false;
  }
  return check_size(reader, block->value);
}

/* ---- putting a point ---- */

bool scenario_put_point(struct reader *reader, const size_t *indexes) {
  for (size_t i = 0; i < reader->sweep_count; i++) {
    struct sweep_reading *sweep = &reader->sweep[i];
    struct yaml_node *value = sweep->values[indexes[i]];
    sweep->entry = (struct yaml_entry){sweep->entry.key, value->source, value->line, value->column, value};
    if (sweep->slot != SLOT__COUNT) continue;
    if (!scenario_put(reader, sweep->place, sweep->parts, sweep->part_count, value)) return false;
  }
  return true;
}

/* Two models may mean different things by one word. */
static bool check_same_key(struct reader *reader, struct sweep_reading *sweep,
                           const struct key *key, const char *model) {
  if (!sweep->key) {
    sweep->key = key;
    sweep->key_of = model;
  }
  if (sweep->key->type == key->type) return true;
  return reader_fail_key(reader, sweep->place, ERR_CONFLICT, "'%s' is a %s of '%s' and a %s of '%s'",
                         sweep->path, value_type_name(sweep->key->type), sweep->key_of,
                         value_type_name(key->type), model);
}

/* Which of the places said it; the entries of one map do not move. */
static size_t level_of(const struct slot_spec *const *places, size_t count,
                       const struct yaml_entry *given) {
  for (size_t i = count; i-- > 0;) {
    const struct yaml_node *node = places[i]->node;
    if (node && node->kind == YAML_KIND_MAP && yaml_find(node, given->key) == given) return i;
  }
  return 0;
}

/* One path's value. Of a group the places are: base, row, group, the row's group. */
static bool sweep_one(struct reader *reader, size_t index, const struct slot_spec *const *places,
                      size_t count, struct slot_reading *out) {
  struct sweep_reading *sweep = &reader->sweep[index];
  const struct key_table *table = &out->model->table;
  const int key = schema_find(table->keys, table->count, sweep->entry.key);
  if (key < 0) return true;
  const struct yaml_entry *given = out->values.given[key];
  const size_t level = sweep->group ? 2 : 0;
  if (given && !value_is_swept(given) && level_of(places, count, given) > level) {
    out->kept |= UINT32_C(1) << index;
    return true;
  }
  out->swept |= UINT32_C(1) << index;
  return check_same_key(reader, sweep, &table->keys[key], table->name) &&
         reader_entry(reader, &sweep->entry, "", &out->values);
}

bool scenario_sweep_slot(struct reader *reader, enum slot slot, const char *group,
                         const struct slot_spec *const *places, size_t count,
                         struct slot_reading *out) {
  if (slot == SLOT_HANDLER && reader->groups && !group) return true; /* nobody's */
  for (int special = 0; special < 2; special++) /* a group's own path wins over its row's */
    for (size_t i = 0; i < reader->sweep_count; i++) {
      const struct sweep_reading *sweep = &reader->sweep[i];
      if (sweep->slot != slot || (sweep->group != NULL) != special) continue;
      if (sweep->group && (!group || strcmp(sweep->group, group) != 0)) continue;
      if (!sweep_one(reader, i, places, count, out)) return false;
    }
  return true;
}

/* ---- types and order ---- */

static const char *rows_models(struct reader *reader, const struct sweep_reading *sweep,
                               struct words *words) {
  const char *names[WORDS_MAX];
  size_t count = 0;
  for (size_t row = 0; row < reader->row_count; row++)
    for (size_t i = 0; i <= reader->group_count; i++) {
      const bool own = i == reader->group_count;
      if (own == (reader->groups && sweep->slot == SLOT_HANDLER)) continue;
      const struct slot_reading *slot =
          own ? &reader->rows[row].slots[sweep->slot] : &reader->rows[row].groups[i];
      bool known = !slot->model;
      for (size_t j = 0; j < count && !known; j++) known = names[j] == slot->model->table.name;
      if (known || count == WORDS_MAX) continue;
      names[count++] = slot->model->table.name;
      words_add_table(words, &slot->model->table);
    }
  return pool_join(reader->pool, names, count);
}

/* A path that leads nowhere in any row. */
static bool check_reached(struct reader *reader, const struct sweep_reading *sweep, uint32_t bit) {
  uint32_t swept = 0, kept = 0;
  for (size_t row = 0; row < reader->row_count; row++) {
    swept |= reader->rows[row].swept;
    kept |= reader->rows[row].kept;
  }
  if (sweep->slot == SLOT__COUNT || (swept & bit)) return true;
  const char *key = sweep->parts[sweep->part_count - 1];
  if (kept & bit) {
    reader_fail_key(reader, sweep->place, ERR_CONFLICT,
                    "it changes nothing: every row says its own '%s'", key);
    return err_note(reader->err, "what a row says itself is not swept");
  }
  if (sweep->key) /* some slot has taken it: a store's */
    return reader_fail_key(reader, sweep->place, ERR_CONFLICT,
                           "it changes nothing: no row's handler calls a %s", slot_rows[sweep->slot].name);
  struct words words = {.count = 0};
  const char *models = rows_models(reader, sweep, &words);
  reader_fail_key(reader, sweep->place, ERR_UNKNOWN_KEY, "no row has a key '%s'%s", sweep->path,
                  reader_hint(reader, key, &words));
  return err_note(reader->err, "the rows' %ss are: %s", slot_rows[sweep->slot].name, models);
}

static int64_t number_of(const struct key *key, const char *text) {
  union value value = {.i = 0};
  struct err ignored = {.code = ERR_NONE};
  schema_parse(key, text, &value, &ignored);
  return value.i;
}

/* A constant time is the one distribution that is a number. */
static const struct key constant_key = {.name = "", .type = VALUE_TIME};
static bool is_constant(const char *text) {
  union value value;
  struct err ignored = {.code = ERR_NONE};
  return schema_parse(&constant_key, text, &value, &ignored);
}

static const struct key *number_key(const struct sweep_reading *sweep) {
  if (!sweep->key) return NULL;
  switch (sweep->key->type) {
  case VALUE_BOOL:
  case VALUE_ENUM:
    return NULL;
  case VALUE_DISTRIBUTION:
    for (size_t i = 0; i < sweep->count; i++)
      if (!is_constant(sweep->values[i]->text)) return NULL;
    return &constant_key;
  default:
    return sweep->key;
  }
}

static const char *canonical(struct reader *reader, const struct sweep_reading *sweep, size_t i) {
  const struct yaml_node *node = sweep->values[i];
  const struct distribution *distribution;
  char text[1100];
  if (!sweep->key) return node->text;
  if (sweep->key->type == VALUE_DISTRIBUTION)
    return reader_distribution(reader, node->text, node, &distribution) ? distribution->text
                                                                        : node->text;
  union value value;
  if (!reader_value(reader, sweep->key, node, &value)) return node->text;
  schema_format(sweep->key, value, text, sizeof text);
  return pool_text(reader->pool, text, strlen(text));
}

/* Numbers rise; words stay as they are. By insertion: there are few. */
static bool sort_values(struct reader *reader, struct sweep_reading *sweep) {
  const struct key *key = number_key(sweep);
  struct yaml_node **values = sweep->values;
  for (size_t i = 1; i < sweep->count; i++) {
    struct yaml_node *value = values[i];
    const int64_t number = key ? number_of(key, value->text) : 0;
    const char *text = key ? NULL : canonical(reader, sweep, i); /* one value may be spelt in two ways */
    size_t at = i;
    for (size_t j = i; j-- > 0;) {
      const int64_t other = key ? number_of(key, values[j]->text) : 0;
      if (key ? other == number : strcmp(canonical(reader, sweep, j), text) == 0)
        return reader_fail(reader, value, ERR_CONFLICT, "'%s' is given twice for '%s'", value->text,
                           sweep->path);
      if (key && other > number) at = j;
    }
    memmove(&values[at + 1], &values[at], (i - at) * sizeof *values);
    values[at] = value;
  }
  return true;
}

/* What a list of operations has taken already. */
static bool check_intents(struct reader *reader, const struct sweep_reading *sweep) {
  static const enum workload_key taken[] = {WORKLOAD_SIZE, WORKLOAD_OPERATION};
  for (size_t i = 0; reader->intents && i < sizeof taken / sizeof *taken; i++)
    if (sweep->key == &workload_table.keys[taken[i]])
      return reader_fail_key(reader, sweep->place, ERR_CONFLICT,
                             "'%s' is not swept where operations are listed", sweep->path);
  return true;
}

bool scenario_type_sweep(struct reader *reader) {
  for (size_t i = 0; i < reader->sweep_count; i++) {
    struct sweep_reading *sweep = &reader->sweep[i];
    if (!check_reached(reader, sweep, UINT32_C(1) << i) || !check_intents(reader, sweep)) return false;
    union value value; /* each is read here once, so that what is wrong with it is told before a run of all */
    for (size_t j = 0; sweep->key && j < sweep->count; j++)
      if (!reader_value(reader, sweep->key, sweep->values[j], &value)) return false;
    if (!sort_values(reader, sweep)) return false;
  }
  return true;
}

/* ---- as others see it ---- */

static const char *column_suffix(const struct key *key) {
  static const char *const suffixes[VALUE__COUNT] = {
      [VALUE_TIME] = "_ns",          [VALUE_MILLISECONDS] = "_ns",           [VALUE_SIZE] = "_bytes",
      [VALUE_RATE] = "_micro_per_s", [VALUE_BANDWIDTH] = "_bytes_per_s", [VALUE_SHARE] = "_ppb",
  };
  return key && suffixes[key->type] ? suffixes[key->type] : "";
}

static void fill_key(struct reader *reader, const struct sweep_reading *sweep, struct sweep_key *out) {
  const struct key *key = number_key(sweep);
  char *column = (char *)(uintptr_t)pool_print(reader->pool, "%s%s", sweep->path, column_suffix(key));
  for (char *at = column; *at; at++)
    if (*at == '/') *at = '_';
  const char **texts = POOL_NEW(reader->pool, const char *, sweep->count);
  int64_t *numbers = key ? POOL_NEW(reader->pool, int64_t, sweep->count) : NULL;
  for (size_t i = 0; i < sweep->count; i++) {
    texts[i] = canonical(reader, sweep, i);
    if (key) numbers[i] = number_of(key, sweep->values[i]->text);
  }
  *out = (struct sweep_key){.path = sweep->path,
                            .column = column,
                            .type = key ? key->type : VALUE__COUNT,
                            .is_text = !key,
                            .texts = texts,
                            .numbers = numbers,
                            .count = sweep->count,
                            .option = sweep->option};
}

void scenario_fill_sweep(const struct reader *reader, struct scenario *out) {
  struct reader shared = *reader; /* the table of distributions is the same */
  out->sweep_count = reader->sweep_count;
  out->sweep = POOL_NEW(reader->pool, struct sweep_key, reader->sweep_count);
  for (size_t i = 0; i < reader->sweep_count; i++)
    fill_key(&shared, &reader->sweep[i], &out->sweep[i]);
}

size_t scenario_axes(const struct scenario *scenario) {
  size_t axes = 0;
  for (size_t i = 0; i < scenario->sweep_count; i++) axes += scenario->sweep[i].count > 1;
  return axes;
}
