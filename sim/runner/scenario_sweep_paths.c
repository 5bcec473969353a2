/* What a path of `sweep` leads to: a key of a block, of a fault, of a link or of a group, whose table says what
 * its values are; or a slot's, of which the rows' models tell. */
#include "sim/runner/scenario_reader.h"

#include <string.h>

static bool fail_path(struct reader *reader, const struct sweep_reading *sweep,
                      const struct key_table *table) {
  struct words words = {.count = 0};
  words_add_table(&words, table);
  const char *last = sweep->parts[sweep->part_count - 1];
  return reader_fail_key(reader, sweep->place, ERR_UNKNOWN_KEY, "no key '%s' of '%s'%s", last,
                         table->name, reader_hint(reader, last, &words));
}

static bool fail_not_swept(struct reader *reader, const struct sweep_reading *sweep) {
  reader_fail_key(reader, sweep->place, ERR_CONFLICT, "'%s' cannot be swept", sweep->path);
  return err_note(reader->err, "a path leads to one value, such as workload/rate or faults/cut/for");
}

static bool find_in_table(struct reader *reader, struct sweep_reading *sweep,
                          const struct key_table *table, size_t parts) {
  if (sweep->part_count != parts) return fail_not_swept(reader, sweep);
  int key = schema_find(table->keys, table->count, sweep->parts[parts - 1]);
  if (key < 0) return fail_path(reader, sweep, table);
  if (table->keys[key].type == VALUE_OTHER) return fail_not_swept(reader, sweep);
  sweep->key = &table->keys[key];
  return true;
}

static const struct fault_key *fault_key(const struct fault_key *keys, size_t count,
                                         const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i].key.name, name) == 0) return &keys[i];
  return NULL;
}

/* A key of the fault's verb, or the verb itself: its target. */
static bool find_in_fault(struct reader *reader, struct sweep_reading *sweep) {
  if (sweep->part_count != 3) return fail_not_swept(reader, sweep);
  int verb = scenario_path_verb(reader, sweep->place, sweep->parts, sweep->part_count);
  if (reader->err->code != ERR_NONE) return false;
  if (verb < 0) return true; /* whoever reads the faults says what is wrong with it */
  const struct fault_verb *row = &fault_verbs[verb];
  const char *name = sweep->parts[2];
  const struct fault_key *key = fault_key(fault_timing_keys, FAULT_TIMING_KEY__COUNT, name);
  if (!key) key = fault_key(fault_common_keys, FAULT_COMMON_KEY__COUNT, name);
  if (key == &fault_common_keys[FAULT_KEY_NAME_] || key == &fault_common_keys[FAULT_KEY_MIN_HITS])
    return fail_not_swept(reader, sweep);
  if (!key) key = fault_key(row->keys, row->key_count, name);
  if (key && key->kind == FAULT_KEY_VALUE) sweep->key = &key->key;
  if (key || strcmp(name, row->name) == 0) return true;
  struct words words = {.count = 0};
  for (int i = 0; i < FAULT_TIMING_KEY__COUNT; i++) words_add(&words, fault_timing_keys[i].key.name);
  for (int i = 0; i < FAULT_COMMON_KEY__COUNT; i++) words_add(&words, fault_common_keys[i].key.name);
  for (size_t i = 0; i < row->key_count; i++) words_add(&words, row->keys[i].key.name);
  return reader_fail_key(reader, sweep->place, ERR_UNKNOWN_KEY, "no key '%s' of fault '%s'%s", name,
                         sweep->parts[1], reader_hint(reader, name, &words));
}

/* A key of a model: which one, the rows tell. */
static bool find_in_slot(struct reader *reader, struct sweep_reading *sweep, size_t parts) {
  const bool name = strcmp(sweep->parts[sweep->part_count - 1], "name") == 0;
  if (sweep->part_count == parts && !name) return true;
  if (sweep->part_count != parts - 1 && !name) return fail_not_swept(reader, sweep);
  reader_fail_key(reader, sweep->place, ERR_CONFLICT, "'%s' cannot be swept: it is a model", sweep->path);
  return err_note(reader->err, "other models are other rows of compare");
}

/* A group that is not there would be made by putting a value into it. */
static bool check_group(struct reader *reader, const struct sweep_reading *sweep) {
  const struct yaml_entry *groups = reader->top[TOP_GROUPS];
  struct words words = {.count = 0};
  if (groups && groups->value->kind == YAML_KIND_MAP)
    for (size_t i = 0; i < groups->value->count; i++) {
      if (strcmp(groups->value->entries[i].key, sweep->parts[1]) == 0) return true;
      words_add(&words, groups->value->entries[i].key);
    }
  return reader_fail_key(reader, sweep->place, ERR_UNKNOWN_NAME, "no group is called '%s'%s",
                         sweep->parts[1], reader_hint(reader, sweep->parts[1], &words));
}

bool scenario_find_path(struct reader *reader, struct sweep_reading *sweep) {
  const char *first = sweep->parts[0];
  sweep->slot = SLOT__COUNT;
  for (int slot = 0; slot < SLOT__COUNT; slot++)
    if (strcmp(slot_rows[slot].name, first) == 0) {
      sweep->slot = (enum slot)slot;
      return find_in_slot(reader, sweep, 2);
    }
  if (strcmp(first, "groups") == 0) {
    if (sweep->part_count > 1 && !check_group(reader, sweep)) return false;
    bool handler = sweep->part_count > 2 && strcmp(sweep->parts[2], slot_rows[SLOT_HANDLER].name) == 0;
    if (!handler) return find_in_table(reader, sweep, &group_table, 3);
    sweep->slot = SLOT_HANDLER;
    sweep->group = sweep->parts[1];
    return find_in_slot(reader, sweep, 4);
  }
  if (strcmp(first, "faults") == 0) return find_in_fault(reader, sweep);
  if (strcmp(first, "links") == 0) return find_in_table(reader, sweep, &link_table, 3);
  const struct key_table *blocks[] = {&workload_table, &topology_table, &cost_table};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
    if (strcmp(first, blocks[i]->name) == 0) return find_in_table(reader, sweep, blocks[i], 2);
  if (word_in(top_not_swept, first)) return fail_not_swept(reader, sweep);
  return find_in_table(reader, sweep, &top_table, 1);
}
