/* Faults: timing, exactly one verb, the verb's keys. The tables are in sim/world/fault_verbs.h. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"
#include "sim/base/hash.h"

#include <string.h>

/* More beginnings than any run should have: the gap is surely a mistake. */
#define BEGINNINGS_MAX 1000000

union value fault_field(const struct fault_plan *fault, const struct fault_key *key) {
  const char *place = (const char *)fault + key->offset;
  union value value = {.i = 0};
  uint32_t small;
  if (key->key.type == VALUE_DISTRIBUTION) {
    memcpy(&value.distribution, place, sizeof value.distribution);
  } else if (key->size == sizeof small) {
    memcpy(&small, place, sizeof small);
    value.i = small;
  } else {
    ASSERT_EQ(key->size, sizeof value.i);
    memcpy(&value.i, place, sizeof value.i);
  }
  return value;
}

bool fault_field_said(const struct fault_plan *fault, const struct fault_key *key) {
  union value value = fault_field(fault, key);
  if (key->key.value_default && key->key.value_default[0] != '\0') return true;
  return key->key.type == VALUE_DISTRIBUTION ? value.distribution != NULL
                                             : value.i >= (key->key.min > 0 ? key->key.min : 0);
}

void fault_field_set(struct fault_plan *fault, const struct fault_key *key, union value value) {
  char *place = (char *)fault + key->offset;
  const uint32_t small = (uint32_t)value.i;
  if (key->key.type == VALUE_DISTRIBUTION) {
    memcpy(place, &value.distribution, sizeof value.distribution);
  } else if (key->size == sizeof small) {
    memcpy(place, &small, sizeof small);
  } else {
    ASSERT_EQ(key->size, sizeof value.i);
    memcpy(place, &value.i, sizeof value.i);
  }
}

static int find_key(const struct fault_key *keys, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i].key.name, name) == 0) return (int)i;
  return -1;
}

static int find_verb(const char *name) {
  for (int v = 0; v < VERB__COUNT; v++)
    if (strcmp(fault_verbs[v].name, name) == 0) return v;
  return -1;
}

/* ---- which verb ---- */

/* No key is a verb: the nearest one to the first key that is nothing else either. */
static bool fail_no_verb(struct reader *reader, const struct yaml_node *node) {
  struct words words = {.count = 0};
  for (int v = 0; v < VERB__COUNT; v++) words_add(&words, fault_verbs[v].name);
  for (size_t i = 0; i < node->count; i++) {
    const struct yaml_entry *entry = &node->entries[i];
    if (find_key(fault_timing_keys, FAULT_TIMING_KEY__COUNT, entry->key) >= 0) continue;
    if (find_key(fault_common_keys, FAULT_COMMON_KEY__COUNT, entry->key) >= 0) continue;
    const char *hint = reader_hint(reader, entry->key, &words);
    if (*hint)
      return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "unknown fault '%s'%s", entry->key,
                             hint);
    if (word_in(fault_keys_later, entry->key)) return reader_not_here(reader, entry);
  }
  reader_fail(reader, node, ERR_FAULT_SHAPE, "a fault without a verb");
  return err_note(reader->err, "such as kill: consumer.1; dgsim list faults shows all");
}

/* The entry of the verb. Verbs that are not here yet count: two are two. */
static const struct yaml_entry *find_one_verb(struct reader *reader, const struct yaml_node *node) {
  const struct yaml_entry *found = NULL;
  for (size_t i = 0; i < node->count; i++) {
    const struct yaml_entry *entry = &node->entries[i];
    if (find_verb(entry->key) < 0 && !word_in(fault_verbs_later, entry->key)) continue;
    if (found) {
      reader_fail_key(reader, entry, ERR_FAULT_SHAPE, "one fault, one verb: '%s' and '%s'",
                      found->key, entry->key);
      err_note(reader->err, "write two entries");
      return NULL;
    }
    found = entry;
  }
  if (!found) {
    fail_no_verb(reader, node);
    return NULL;
  }
  if (find_verb(found->key) >= 0) return found;
  reader_not_here(reader, found);
  return NULL;
}

/* ---- keys ---- */

static bool read_key(struct reader *reader, const struct yaml_entry *entry,
                     const struct fault_key *key, struct fault_reading *reading,
                     struct fault_plan *fault) {
  switch (key->kind) {
  case FAULT_KEY_NAME:
    return reader_name(reader, entry->value, "fault's name", false, &fault->name);
  case FAULT_KEY_POINT:
    return select_point(reader, entry->value, fault, reading);
  case FAULT_KEY_NODES:
    return select_nodes(reader, entry->value, false,
                        (struct selector *)(void *)((char *)fault + key->offset));
  case FAULT_KEY_VALUE:
    break;
  }
  union value value;
  if (!reader_value(reader, &key->key, entry->value, &value)) return false;
  fault_field_set(fault, key, value);
  return true;
}

static bool fail_key(struct reader *reader, const struct yaml_entry *entry,
                     const struct fault_verb *verb) {
  if (strcmp(entry->key, "for") == 0)
    return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY,
                           "fault '%s' takes no 'for': it is an instant", verb->name);
  for (int v = 0; v < VERB__COUNT; v++)
    if (find_key(fault_verbs[v].keys, fault_verbs[v].key_count, entry->key) >= 0)
      return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY,
                             "fault '%s' has no key '%s' (it belongs to '%s')", verb->name,
                             entry->key, fault_verbs[v].name);
  struct words words = {.count = 0};
  for (int i = 0; i < FAULT_TIMING_KEY__COUNT; i++)
    words_add(&words, fault_timing_keys[i].key.name);
  for (int i = 0; i < FAULT_COMMON_KEY__COUNT; i++)
    words_add(&words, fault_common_keys[i].key.name);
  for (size_t i = 0; i < verb->key_count; i++) words_add(&words, verb->keys[i].key.name);
  return reader_unknown_key(reader, entry, pool_print(reader->pool, " of fault '%s'", verb->name),
                            &words, fault_keys_later);
}

static bool read_keys(struct reader *reader, struct fault_reading *reading,
                      struct fault_plan *fault) {
  const struct fault_verb *verb = reading->verb;
  for (size_t i = 0; i < reading->node->count; i++) {
    const struct yaml_entry *entry = &reading->node->entries[i];
    int timing = find_key(fault_timing_keys, FAULT_TIMING_KEY__COUNT, entry->key);
    int common = find_key(fault_common_keys, FAULT_COMMON_KEY__COUNT, entry->key);
    int own = find_key(verb->keys, verb->key_count, entry->key);
    bool instant = verb->for_default && verb->for_default[0] == '\0';
    const struct fault_key *key;
    if (strcmp(entry->key, verb->name) == 0) continue;
    if (timing >= 0) {
      key = &fault_timing_keys[timing];
      reading->timing[timing] = entry;
    } else if (common >= 0 && !(common == FAULT_KEY_FOR && instant)) {
      key = &fault_common_keys[common];
      reading->common[common] = entry;
    } else if (own >= 0) {
      key = &verb->keys[own];
      reading->own[own] = entry;
    } else {
      return fail_key(reader, entry, verb);
    }
    if (!read_key(reader, entry, key, reading, fault)) return false;
  }
  return true;
}

static void set_default(const struct fault_key *key, const char *text, struct fault_plan *fault) {
  union value value;
  struct err err = {0};
  if (!text || text[0] == '\0') return;
  ASSERT_MSG(schema_parse(&key->key, text, &value, &err), "default of fault key '%s': %s",
             key->key.name, err.message);
  fault_field_set(fault, key, value);
}

static void set_defaults(const struct fault_verb *verb, struct fault_plan *fault) {
  fault->degrade = (struct link_plan){
      .request_loss = -1, .reply_loss = -1, .duplication = -1, .reordering = -1};
  fault->degrade_loss = -1;
  for (int i = 0; i < FAULT_COMMON_KEY__COUNT; i++)
    set_default(&fault_common_keys[i], fault_common_keys[i].key.value_default, fault);
  set_default(&fault_common_keys[FAULT_KEY_FOR], verb->for_default, fault);
  for (size_t i = 0; i < verb->key_count; i++)
    set_default(&verb->keys[i], verb->keys[i].key.value_default, fault);
}

/* ---- timing ---- */

/* A key that means nothing without another. */
static bool check_needs(struct reader *reader, const struct fault_reading *reading,
                        enum fault_timing_key needed, enum fault_timing_key first,
                        enum fault_timing_key last) {
  for (unsigned i = first; i <= last; i++)
    if (reading->timing[i] && !reading->timing[needed])
      return reader_fail_key(reader, reading->timing[i], ERR_FAULT_SHAPE, "'%s' needs '%s'",
                             reading->timing[i]->key, fault_timing_keys[needed].key.name);
  return true;
}

static bool check_gap(struct reader *reader, const struct fault_reading *reading,
                      struct fault_plan *fault) {
  const struct yaml_entry *every = reading->timing[FAULT_KEY_EVERY];
  const struct yaml_entry *until = reading->timing[FAULT_KEY_UNTIL];
  int64_t mean = fault->every->table->mean;
  if (mean == 0)
    return reader_fail(reader, every->value, ERR_OUT_OF_RANGE, "the gap '%s' has no length",
                       every->value->text);
  if (until && fault->has_at && fault->until.ns < fault->at.ns) {
    reader_fail(reader, until->value, ERR_CONFLICT, "'until' (%s) is before 'at' (%s)", until->value->text,
                reading->timing[FAULT_KEY_AT]->value->text);
    return err_note(reader->err, "both are times of the run: at says when it first begins, until when it last may");
  }
  if (!until) {
    if (reader->workload.given[WORKLOAD_OUTSTANDING] && !reading->timing[FAULT_KEY_TIMES]) {
      reader_fail_key(reader, every, ERR_MISSING_KEY, "fault '%s' does not say until when",
                      reading->verb->name);
      return err_note(reader->err,
                      "give until or times: with outstanding, no last arrival is planned");
    }
    fault->until.ns = reader->workload.values[WORKLOAD_FOR].i;
    if (reader->workload.given[WORKLOAD_OUTSTANDING]) fault->until.ns = SCHEMA_TIME_MAX_NS;
  }
  if (reader->scenario->swarm) mean = mean / 4 + 1; /* as dense as it may get */
  int64_t beginnings = fault->until.ns / (mean + fault->lasts.ns);
  if (fault->times && fault->times < beginnings) beginnings = fault->times;
  if (beginnings > BEGINNINGS_MAX)
    return reader_fail(reader, every->value, ERR_LIMIT, "it would begin %lld times; the most is %d",
                       (long long)beginnings, BEGINNINGS_MAX);
  if (fault->has_at && fault->until.ns < fault->at.ns) fault->until.ns = fault->at.ns; /* once, then */
  return true;
}

static bool read_timing(struct reader *reader, const struct fault_reading *reading,
                        struct fault_plan *fault) {
  const struct yaml_entry *const *timing = reading->timing;
  const struct yaml_entry *other =
      timing[FAULT_KEY_AT] ? timing[FAULT_KEY_AT] : timing[FAULT_KEY_EVERY];
  if (reading->file && !other && fault->chance == 0) return true; /* named only: it never came */
  if (!timing[FAULT_KEY_WHEN] && !other) {
    reader_fail(reader, reading->node, ERR_FAULT_SHAPE, "fault '%s' does not say when",
                reading->verb->name);
    return err_note(reader->err, reading->file ? "give at; or chance 0%% of a fault that never came"
                                               : "give at, every or when");
  }
  if (timing[FAULT_KEY_WHEN] && other) {
    reader_fail_key(reader, other, ERR_FAULT_SHAPE, "'%s' and 'when' exclude each other",
                    other->key);
    return err_note(reader->err, "write two entries");
  }
  fault->has_at = timing[FAULT_KEY_AT] != NULL;
  fault->timing = timing[FAULT_KEY_WHEN]    ? TIMING_WHEN
                  : timing[FAULT_KEY_EVERY] ? TIMING_EVERY
                                            : TIMING_AT;
  if (!check_needs(reader, reading, FAULT_KEY_EVERY, FAULT_KEY_TIMES, FAULT_KEY_STABILITY) ||
      !check_needs(reader, reading, FAULT_KEY_WHEN, FAULT_KEY_INTENT, FAULT_KEY_CALL))
    return false;
  if (fault->call && fault->point != POINT_HANDLER_STEP) {
    reader_fail_key(reader, timing[FAULT_KEY_CALL], ERR_FAULT_SHAPE, "'call' is of a handler's calls, and '%s' is none",
                    timing[FAULT_KEY_WHEN]->value->text);
    return err_note(reader->err, "as in {when: handler-step, call: commit, …}");
  }
  if (fault->timing == TIMING_EVERY && !check_gap(reader, reading, fault)) return false;
  uint64_t messages = (uint64_t)reader->workload.values[WORKLOAD_MESSAGES].i;
  if (fault->intent == 0 || scenario_has_intent(reader, fault->intent)) return true;
  if (reader->intents)
    return reader_fail(reader, timing[FAULT_KEY_INTENT]->value, ERR_OUT_OF_RANGE,
                       "there is no intent %llu in the workload's list",
                       (unsigned long long)fault->intent);
  return reader_fail(reader, timing[FAULT_KEY_INTENT]->value, ERR_OUT_OF_RANGE,
                     "there is no intent %llu: workload has %llu messages",
                     (unsigned long long)fault->intent, (unsigned long long)messages);
}

/* ---- target ---- */

static bool read_target(struct reader *reader, const struct yaml_entry *entry,
                        const struct fault_reading *reading, struct fault_plan *fault) {
  const struct yaml_node *value = entry->value;
  bool is_this = value->kind == YAML_KIND_SCALAR && strcmp(value->text, "this") == 0;
  enum fault_target target = reading->verb->target;
  if (target == FAULT_TARGET_LINK) {
    if (!is_this) return select_link(reader, value, &fault->target, &fault->target_link);
    reader_fail(reader, value, ERR_BAD_SELECTOR, "'%s' needs a link, such as consumer_to_broker",
                entry->key);
    return err_note(reader->err, "drop: this breaks the connection of the message at a point");
  }
  if (target == FAULT_TARGET_THIS && !is_this) {
    if (!reader_is(reader, value, YAML_KIND_SCALAR, entry->key)) return false;
    return reader_fail(reader, value, ERR_BAD_SELECTOR,
                       "'%s' takes only 'this', the message at a point", entry->key);
  }
  if (is_this && fault->timing != TIMING_WHEN)
    return reader_fail(reader, value, ERR_FAULT_SHAPE,
                       "'this' needs 'when': there is no message or node at hand at a given time");
  return select_nodes(reader, value, true, &fault->target);
}

bool scenario_read_fault(struct reader *reader, struct yaml_node *node,
                         struct fault_reading *reading, struct fault_plan *fault) {
  if (!reader_is(reader, node, YAML_KIND_MAP, "a fault")) return false;
  const struct yaml_entry *verb = find_one_verb(reader, node);
  if (!verb) return false;
  reading->node = node;
  fault->verb = (enum verb)find_verb(verb->key);
  reading->verb = &fault_verbs[fault->verb];
  set_defaults(reading->verb, fault);
  if (!read_keys(reader, reading, fault) || !read_timing(reader, reading, fault) ||
      !read_target(reader, verb, reading, fault))
    return false;
  if (!reading->verb->for_default && !reading->common[FAULT_KEY_FOR]) {
    reader_fail(reader, node, ERR_MISSING_KEY, "fault '%s' does not say how long",
                reading->verb->name);
    return err_note(reader->err, "give for, such as for: 2s");
  }
  return scenario_check_fault(reader, verb, reading, fault);
}

/* ---- names ---- */

bool fault_name_take(struct fault_names *names, const char *name) {
  bool fresh;
  map_put(&names->taken, hash_name(name) | 1, &fresh);
  return fresh;
}

const char *fault_next_name(struct pool *pool, struct fault_names *names, enum verb verb) {
  for (;;) {
    char name[64];
    snprintf(name, sizeof name, "%s-%u", fault_verbs[verb].name, ++names->numbers[verb]);
    for (char *at = name; *at; at++)
      if (*at == '_') *at = '-';
    if (fault_name_take(names, name)) return pool_print(pool, "%s", name);
  }
}

static void set_name(struct fault_item *item, const char *name) {
  item->plan.name = name;
  item->plan.key = hash_name(name);
  for (size_t i = 0; i < item->occurrence_count; i++) {
    item->occurrences[i].name = name;
    item->occurrences[i].key = item->plan.key;
  }
  item->plan.occurrences = item->occurrences;
  item->plan.occurrence_count = item->occurrence_count;
}

/* The scenario's own are numbered before those of files: --set names them without opening a file. */
static bool name_faults(struct reader *reader, struct fault_list *list, struct fault_names *names) {
  for (size_t i = 0; i < list->count; i++) {
    const struct fault_item *item = &list->items[i];
    if (item->plan.name && !fault_name_take(names, item->plan.name))
      return reader_fail(reader, item->reading.common[FAULT_KEY_NAME_]->value, ERR_CONFLICT,
                         "two faults are called '%s'", item->plan.name);
  }
  for (int in_file = 0; in_file < 2; in_file++)
    for (size_t i = 0; i < list->count; i++) {
      struct fault_item *item = &list->items[i];
      if ((item->reading.file != NULL) != in_file) continue;
      set_name(item, item->plan.name ? item->plan.name
                                     : fault_next_name(reader->pool, names, item->plan.verb));
    }
  return true;
}

/* ---- the list ---- */

struct fault_item *fault_list_add(struct reader *reader, struct fault_list *list,
                                  const struct yaml_node *place) {
  if (list->count == PLAN_FAULTS_MAX) {
    reader_fail(reader, place, ERR_LIMIT, "there are more than %d faults", PLAN_FAULTS_MAX);
    return NULL;
  }
  POOL_GROW(reader->pool, list->items, list->count, list->capacity);
  list->items[list->count] = (struct fault_item){.plan = {.name = NULL}};
  return &list->items[list->count++];
}

/* Those with a time first, then triggers, each in the order of the file: so a record that has the times
 * in a file of its own gives every fault the number that it had. */
static void take_in_order(struct reader *reader, const struct fault_list *list) {
  struct scenario *scenario = reader->scenario;
  scenario->faults = POOL_NEW(reader->pool, struct fault_plan, list->count);
  reader->faults = POOL_NEW(reader->pool, struct fault_reading, list->count);
  for (int triggers = 0; triggers < 2; triggers++)
    for (size_t i = 0; i < list->count; i++) {
      if ((list->items[i].plan.timing == TIMING_WHEN) != triggers) continue;
      reader->faults[scenario->fault_count] = list->items[i].reading;
      scenario->faults[scenario->fault_count++] = list->items[i].plan;
    }
}

static bool read_item(struct reader *reader, struct yaml_node *node, size_t entry,
                      struct fault_list *list) {
  if (node->kind == YAML_KIND_MAP && yaml_find(node, "file"))
    return scenario_read_fault_file(reader, node, entry, list);
  struct fault_item *item = fault_list_add(reader, list, node);
  if (!item) return false;
  item->reading.entry = entry;
  return scenario_read_fault(reader, node, &item->reading, &item->plan);
}

bool scenario_read_faults(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_FAULTS];
  struct fault_list list = {.count = 0};
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_LIST, block->key)) return false;
  for (size_t i = 0; i < block->value->count; i++)
    if (!read_item(reader, block->value->items[i], i, &list)) return false;
  struct fault_names names = {.taken = {0}};
  bool named = name_faults(reader, &list, &names);
  map_deinit(&names.taken);
  if (named) take_in_order(reader, &list);
  return named;
}
