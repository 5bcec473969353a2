/* workload.intents: every operation by itself, from the scenario or from a file of arrivals. Both give
 * the same entries, so they are read, checked and reported by the same function. */
#include "sim/runner/scenario_reader.h"

#include "sim/world/workload.h"

#include <stdlib.h>
#include <string.h>

/* What a list says by itself. */
static const enum workload_key excluded[] = {WORKLOAD_MESSAGES, WORKLOAD_RATE, WORKLOAD_FOR,
                                             WORKLOAD_OUTSTANDING, WORKLOAD_ARRIVALS,
                                             WORKLOAD_INTENTS};

struct list {
  struct reader *reader;
  struct intent_plan *items;
  size_t count, capacity;
};

static bool check_excluded(struct reader *reader, const struct yaml_entry *from) {
  for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++) {
    const struct yaml_entry *other = reader->workload.given[excluded[i]];
    if (!other || other == from) continue;
    reader_fail_key(reader, other, ERR_CONFLICT, "'%s' and %s exclude each other", other->key,
                    from->value->kind == YAML_KIND_MAP ? "a file of arrivals" : "'intents'");
    return err_note(reader->err, "a list says by itself how many operations arrive, and when");
  }
  return true;
}

/* ---- one operation ---- */

/* What is left out is the workload's. */
static void take_values(const struct reader *reader, const struct key_values *values,
                        struct intent_plan *out) {
  const union value *v = values->values, *workload = reader->workload.values;
  const struct yaml_entry *const *given = values->given;
  *out = (struct intent_plan){
      .id = (uint64_t)v[INTENT_ID].i,
      .at = instant_of(v[INTENT_AT].i),
      .key = (uint32_t)v[INTENT_KEY].i,
      .producer = (uint32_t)v[INTENT_PRODUCER].i,
      .size = given[INTENT_SIZE] ? v[INTENT_SIZE].i : workload[WORKLOAD_SIZE].i,
      .operation = (enum operation)(given[INTENT_OPERATION] ? v[INTENT_OPERATION].i
                                                            : workload[WORKLOAD_OPERATION].i),
      .service_time = v[INTENT_SERVICE_TIME].distribution,
  };
}

static bool check_order(struct list *list, const struct yaml_node *place,
                        const struct key_values *values, const struct intent_plan *intent) {
  struct reader *reader = list->reader;
  const struct intent_plan *last = list->count ? &list->items[list->count - 1] : NULL;
  const struct yaml_entry *id = values->given[INTENT_ID];
  if (last && intent->id <= last->id) {
    reader_fail(reader, id ? id->value : place, ERR_CONFLICT, "intent %llu after intent %llu",
                (unsigned long long)intent->id, (unsigned long long)last->id);
    return err_note(reader->err, id ? "ids rise from one intent to the next"
                                    : "an intent without id is called by its place in the list");
  }
  if (!last || intent->at.ns >= last->at.ns) return true;
  reader_fail(reader, values->given[INTENT_AT]->value, ERR_CONFLICT,
              "intent %llu arrives before intent %llu", (unsigned long long)intent->id,
              (unsigned long long)last->id);
  return err_note(reader->err, "intents stand in the order of their arrival");
}

static bool check_ranges(struct reader *reader, const struct key_values *values,
                         const struct intent_plan *intent) {
  const struct yaml_entry *keys = reader->workload.given[WORKLOAD_KEYS];
  const uint32_t producers = (uint32_t)reader->topology.values[TOPOLOGY_PRODUCERS].i;
  if (intent->producer > producers)
    return reader_fail(reader, values->given[INTENT_PRODUCER]->value, ERR_OUT_OF_RANGE,
                       "there is no producer.%u: topology has %u producer%s", intent->producer,
                       producers, producers == 1 ? "" : "s");
  if (!keys || intent->key <= reader->workload.values[WORKLOAD_KEYS].i) return true;
  return reader_fail(reader, values->given[INTENT_KEY]->value, ERR_OUT_OF_RANGE,
                     "there is no key %u: workload has %lld keys", intent->key,
                     (long long)reader->workload.values[WORKLOAD_KEYS].i);
}

static bool read_intent(struct list *list, const struct yaml_node *place,
                        const struct yaml_entry *entries, size_t count) {
  struct reader *reader = list->reader;
  struct key_values values;
  if (!reader_defaults(reader, &intent_table, &values)) return false;
  for (size_t i = 0; i < count; i++)
    if (!reader_entry(reader, &entries[i], " of an intent", &values))
      return false;
  if (!values.given[INTENT_AT])
    return reader_fail(reader, place, ERR_MISSING_KEY, "an intent does not say when: 'at' is missing");
  if (!values.given[INTENT_ID]) values.values[INTENT_ID].i = (int64_t)list->count + 1;
  struct intent_plan intent;
  take_values(reader, &values, &intent);
  if (!check_order(list, place, &values, &intent) || !check_ranges(reader, &values, &intent))
    return false;
  POOL_GROW(reader->pool, list->items, list->count, list->capacity);
  list->items[list->count++] = intent;
  return true;
}

/* ---- lists ---- */

static bool read_list(struct list *list, const struct yaml_node *node) {
  if (!reader_is(list->reader, node, YAML_KIND_LIST, "intents")) return false;
  for (size_t i = 0; i < node->count; i++) {
    const struct yaml_node *item = node->items[i];
    if (!reader_is(list->reader, item, YAML_KIND_MAP, "an intent") ||
        !read_intent(list, item, item->entries, item->count))
      return false;
  }
  return true;
}

static bool check_column(struct reader *reader, const struct yaml_entry *column) {
  struct words words = {.count = 0};
  if (schema_find(intent_table.keys, intent_table.count, column->key) >= 0) return true;
  words_add_table(&words, &intent_table);
  return reader_unknown_key(reader, column, " of a file of arrivals", &words, "");
}

static bool on_row(void *context, const struct yaml_node *place, const struct yaml_entry *entries,
                   size_t count) {
  return read_intent(context, place, entries, count);
}

static bool read_file(struct list *list, const struct yaml_node *map) {
  const struct yaml_source *source = reader_file(list->reader, map);
  const struct reader_rows rows = {.column = check_column, .row = on_row, .context = list};
  if (!source || !reader_csv(list->reader, source, &rows)) return false;
  list->reader->arrivals_file = yaml_find(map, "file")->value->text;
  return true;
}

/* ---- what does not go together ---- */

static bool has_law(const struct list *list, enum operation_law law) {
  for (size_t i = 0; i < list->count; i++)
    if (operation_law(list->items[i].operation) == law) return true;
  return false;
}

/* Two operations of which no final state says what both have come to: of one key, or one is a transfer,
 * which adds to any key. */
static bool fail_mixed(struct reader *reader, const struct yaml_node *place, const struct intent_plan *counts,
                       const struct intent_plan *overwrites) {
  reader_fail(reader, place, ERR_CONFLICT, "intent %llu (%s) and intent %llu (%s) %s the same key",
              (unsigned long long)counts->id, operation_rows[counts->operation].word,
              (unsigned long long)overwrites->id, operation_rows[overwrites->operation].word,
              counts->key == overwrites->key ? "are about" : "may come to");
  return err_note(reader->err, "one key takes either set, put and delete, or the others; a transfer "
                               "adds to any key");
}

static int by_key(const void *a, const void *b) {
  const struct intent_plan *const *left = a, *const *right = b;
  if ((*left)->key != (*right)->key) return (*left)->key < (*right)->key ? -1 : 1;
  return (*left)->id < (*right)->id ? -1 : 1;
}

static bool check_mix(struct list *list, const struct yaml_node *place) {
  if (!has_law(list, LAW_OVERWRITES)) return true;
  if (!has_law(list, LAW_COUNTS) && !has_law(list, LAW_MOVES)) return true;
  const struct intent_plan **sorted = pool_alloc(list->reader->pool, list->count * sizeof *sorted);
  for (size_t i = 0; i < list->count; i++) sorted[i] = &list->items[i];
  qsort(sorted, list->count, sizeof *sorted, by_key);
  const struct intent_plan *overwrites = NULL, *moves = NULL;
  for (size_t i = 0; i < list->count; i++) {
    const struct intent_plan *other = i > 0 && sorted[i - 1]->key == sorted[i]->key ? sorted[i - 1] : NULL;
    const bool this_overwrites = operation_law(sorted[i]->operation) == LAW_OVERWRITES;
    if (other && this_overwrites != (operation_law(other->operation) == LAW_OVERWRITES))
      return fail_mixed(list->reader, place, this_overwrites ? other : sorted[i],
                        this_overwrites ? sorted[i] : other);
    if (this_overwrites) overwrites = sorted[i];
    if (operation_law(sorted[i]->operation) == LAW_MOVES) moves = sorted[i];
  }
  return !moves || !overwrites || fail_mixed(list->reader, place, moves, overwrites);
}

/* The values that follow from the list. */
static void settle(struct reader *reader, const struct list *list) {
  union value *values = reader->workload.values;
  int64_t keys = 1;
  for (size_t i = 0; i < list->count; i++)
    if (list->items[i].key > keys) keys = list->items[i].key;
  if (!reader->workload.given[WORKLOAD_KEYS]) values[WORKLOAD_KEYS].i = keys;
  values[WORKLOAD_MESSAGES].i = (int64_t)list->count;
  values[WORKLOAD_RATE].i = 0;
  values[WORKLOAD_FOR].i = list->items[list->count - 1].at.ns;
  reader->intents = list->items;
}

bool scenario_read_intents(struct reader *reader, const struct yaml_entry *from) {
  struct list list = {.reader = reader};
  if (!check_excluded(reader, from)) return false;
  bool in_file = from->value->kind == YAML_KIND_MAP;
  if (in_file ? !read_file(&list, from->value) : !read_list(&list, from->value)) return false;
  if (list.count == 0)
    return reader_fail(reader, from->value, ERR_MISSING_KEY,
                       in_file ? "a file without arrivals" : "an empty list of intents");
  if (!check_mix(&list, from->value)) return false;
  settle(reader, &list);
  return !has_law(&list, LAW_MOVES) || scenario_check_transfer(reader, from->value);
}

bool scenario_has_intent(const struct reader *reader, uint64_t id) {
  const uint64_t messages = (uint64_t)reader->workload.values[WORKLOAD_MESSAGES].i;
  const struct workload_plan plan = {.messages = messages, .intents = reader->intents};
  return reader->intents ? workload_find(&plan, id) != NULL : id <= messages;
}
