/* The order of reading: tree, --set, top level, then each block after those that it depends on. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"
#include "sim/runner/distribution.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void release_distribution(void *distribution) { distribution_free(distribution); }

/* ---- top level ---- */

static bool read_format(struct reader *reader) {
  struct yaml_node *root = reader->root;
  const struct yaml_entry *format = root->kind == YAML_KIND_MAP ? yaml_find(root, "format") : NULL;
  if (root->kind == YAML_KIND_LIST || root->kind == YAML_KIND_SCALAR)
    return reader_fail(reader, root, ERR_WRONG_TYPE, "a scenario is a map of keys");
  if (!format) {
    reader_fail(reader, root, ERR_FORMAT, "'format' is missing");
    return err_note(reader->err, "the first line is: format: 1");
  }
  if (!reader_is(reader, format->value, YAML_KIND_SCALAR, "format")) return false;
  if (strcmp(format->value->text, "1") != 0)
    return reader_fail(reader, format->value, ERR_FORMAT, "format '%s' is not known here, only 1",
                       format->value->text);
  if (format != root->entries) {
    reader_fail_key(reader, format, ERR_FORMAT, "'format' is not the first key");
    return err_note(reader->err, "the first line is: format: 1");
  }
  return true;
}

static bool fail_top_key(struct reader *reader, const struct yaml_entry *entry) {
  const struct key_table *blocks[] = {&workload_table, &topology_table};
  struct words words = {.count = 0};
  words_add_table(&words, &top_table);
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
    if (schema_find(blocks[i]->keys, blocks[i]->count, entry->key) >= 0)
      return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY,
                             "unknown key '%s' (it belongs to '%s')", entry->key, blocks[i]->name);
  reader_unknown_key(reader, entry, "", &words, top_table.later);
  if (strcmp(entry->key, "seed") != 0) return false;
  const char *seed = entry->value->kind == YAML_KIND_SCALAR ? entry->value->text : "7";
  return err_note(reader->err,
                  "a list gives the seeds, so 'seeds: [%s]' runs seed %s alone and 'seeds: %s' "
                  "runs seeds 1 to %s",
                  seed, seed, seed, seed);
}

bool scenario_list_top(struct reader *reader) {
  for (size_t i = 0; i < reader->root->count; i++) {
    const struct yaml_entry *entry = &reader->root->entries[i];
    int key = schema_find(top_table.keys, top_table.count, entry->key);
    if (key < 0) return fail_top_key(reader, entry);
    reader->top[key] = entry;
    if (entry->value->kind == YAML_KIND_NULL) return reader_fail_empty(reader, entry->value, entry->key);
  }
  return true;
}

/* ---- name, about, seeds, switches ---- */

/* `scenarios/My File.yaml` -> my-file. */
static const char *name_of_path(struct reader *reader, const char *path) {
  const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  char name[LABEL_MAX + 1];
  size_t length = 0;
  for (const char *at = base;
       *at && length < LABEL_MAX && strcmp(at, ".yaml") != 0 && strcmp(at, ".yml") != 0; at++) {
    bool plain =
        (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
    if (plain)
      name[length++] = (char)tolower((unsigned char)*at);
    else if (length > 0 && name[length - 1] != '-')
      name[length++] = '-';
  }
  while (length > 0 && name[length - 1] == '-') length--;
  name[length] = '\0';
  return length == 0 || word_is_boolean(name) ? "scenario" : pool_text(reader->pool, name, length);
}

static bool read_name(struct reader *reader, const char *path) {
  struct scenario *scenario = reader->scenario;
  const struct yaml_entry *name = reader->top[TOP_NAME], *about = reader->top[TOP_ABOUT];
  scenario->name = name_of_path(reader, path);
  scenario->about = "";
  if (name && !reader_name(reader, name->value, "scenario's name", true, &scenario->name))
    return false;
  if (strcmp(scenario->name, "latest") == 0) {
    reader_fail(reader, name ? name->value : reader->root, ERR_BAD_LABEL,
                "'latest' cannot be a scenario's name");
    return err_note(reader->err, "results/latest points to the last run");
  }
  if (about && !reader_is(reader, about->value, YAML_KIND_SCALAR, "about")) return false;
  if (about) scenario->about = about->value->text;
  return true;
}

static int by_value(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

static bool read_seed_list(struct reader *reader, const struct yaml_node *list) {
  const struct key key = {.name = "seeds", .type = VALUE_COUNT};
  struct scenario *scenario = reader->scenario;
  if (list->count == 0) return reader_fail(reader, list, ERR_MISSING_KEY, "an empty list of seeds");
  if (list->count > SEEDS_MAX)
    return reader_fail(reader, list, ERR_LIMIT, "more than %d seeds", SEEDS_MAX);
  scenario->seed_count = list->count;
  scenario->seeds = POOL_NEW(reader->pool, uint64_t, list->count);
  uint64_t *sorted = POOL_NEW(reader->pool, uint64_t, list->count);
  for (size_t i = 0; i < list->count; i++) {
    union value seed;
    if (!reader_value(reader, &key, list->items[i], &seed)) return false;
    scenario->seeds[i] = sorted[i] = (uint64_t)seed.i;
  }
  qsort(sorted, list->count, sizeof *sorted, by_value);
  for (size_t i = 1; i < list->count; i++)
    if (sorted[i] == sorted[i - 1])
      return reader_fail(reader, list, ERR_CONFLICT, "seed %llu is given twice",
                         (unsigned long long)sorted[i]);
  return true;
}

static bool read_seeds(struct reader *reader, uint64_t seeds_override) {
  struct scenario *scenario = reader->scenario;
  const struct yaml_entry *seeds = reader->top[TOP_SEEDS];
  union value count = {.i = 1};
  if (seeds && seeds->value->kind == YAML_KIND_LIST) {
    if (!read_seed_list(reader, seeds->value)) return false;
  } else if (seeds && !reader_value(reader, &top_table.keys[TOP_SEEDS], seeds->value, &count)) {
    return false;
  }
  if (seeds_override > SEEDS_MAX) {
    err_set(reader->err, ERR_LIMIT, "--seeds %llu: the most is %d",
            (unsigned long long)seeds_override, SEEDS_MAX);
    return false;
  }
  reader->seeds_from = seeds_override ? "--seeds" : seeds ? NULL : "default";
  if (seeds_override) count.i = (int64_t)seeds_override;
  if (scenario->seed_count && !seeds_override) return true;
  scenario->seed_count = (size_t)count.i;
  scenario->seeds = POOL_NEW(reader->pool, uint64_t, scenario->seed_count);
  for (size_t i = 0; i < scenario->seed_count; i++) scenario->seeds[i] = i + 1;
  return true;
}

static bool read_general(struct reader *reader) {
  static const enum top_key scalars[] = {TOP_LUCK, TOP_SWARM, TOP_MEASURE_CAPACITY,
                                         TOP_DRAIN_LIMIT, TOP_DRAIN_EVENTS};
  struct key_values *general = &reader->general;
  *general = (struct key_values){.table = &top_table};
  general->values[TOP_MEASURE_CAPACITY].i = 1;
  general->values[TOP_DRAIN_EVENTS].i = PLAN_DRAIN_EVENTS;
  for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
    if (reader->top[scalars[i]] && !reader_entry(reader, reader->top[scalars[i]], "", general))
      return false;
  reader->scenario->luck_none = general->values[TOP_LUCK].i == 1 || reader->checking;
  reader->scenario->swarm = general->values[TOP_SWARM].i == 1;
  reader->scenario->measure_capacity = general->values[TOP_MEASURE_CAPACITY].i == 1 && !reader->checking;
  return true;
}

/* With groups, `consumers` is not a key of the topology: it is neither read nor written. */
static bool groups_instead(struct reader *reader) {
  struct key_values *topology = &reader->topology;
  if (topology->given[TOPOLOGY_CONSUMERS]) {
    reader_fail_key(reader, topology->given[TOPOLOGY_CONSUMERS], ERR_CONFLICT,
                    "'consumers' of the topology and 'groups' exclude each other");
    return err_note(reader->err, "each group has its own 'consumers'");
  }
  struct key *keys = POOL_NEW(reader->pool, struct key, TOPOLOGY__COUNT);
  struct key_table *table = POOL_NEW(reader->pool, struct key_table, 1);
  memcpy(keys, topology_table.keys, TOPOLOGY__COUNT * sizeof *keys);
  keys[TOPOLOGY_CONSUMERS].value_default = "";
  *table = topology_table;
  table->keys = keys;
  topology->table = table;
  topology->values[TOPOLOGY_CONSUMERS].i = 0;
  return true;
}

static bool read_topology(struct reader *reader) {
  static const enum topology_key nodes[] = {TOPOLOGY_PRODUCERS, TOPOLOGY_BROKERS, TOPOLOGY_CONSUMERS,
                                            TOPOLOGY_RELAYS};
  static const enum topology_key later[] = {TOPOLOGY_CLIENTS};
  struct key_values *topology = &reader->topology;
  if (!reader_block(reader, reader->top[TOP_TOPOLOGY], " of 'topology'", true, topology,
                    &topology_table))
    return false;
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    if (topology->values[later[i]].i > 0)
      return reader_fail(reader, topology->given[later[i]]->value, ERR_NOT_HERE,
                         "'%s' above 0 is not in this version yet",
                         topology_table.keys[later[i]].name);
  if (reader->groups && !groups_instead(reader)) return false;
  int64_t total = reader->groups ? (int64_t)reader->group_count : 1; /* databases */
  enum topology_key largest = TOPOLOGY_PRODUCERS;
  for (size_t i = 0; i < reader->group_count; i++)
    total += reader->groups[i].values.values[GROUP_CONSUMERS].i;
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    total += topology->values[nodes[i]].i;
    if (topology->values[nodes[i]].i > topology->values[largest].i) largest = nodes[i];
  }
  if (total <= PLAN_NODES_MAX) return true;
  const struct yaml_entry *at = topology->given[largest];
  return reader_fail(reader, at ? at->value : reader->top[TOP_GROUPS]->value, ERR_LIMIT,
                     "'%s' makes %lld nodes; the most is %d", topology_table.keys[largest].name,
                     (long long)total, PLAN_NODES_MAX);
}

/* ---- plans ---- */

/* Where a row has an outbox, somebody has to publish from it. */
static void derive_relays(struct reader *reader) {
  bool any = false;
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct model *publisher = reader->rows[i].slots[SLOT_PUBLISHER].model;
    any = any || (publisher && ((const struct publisher *)publisher->row)->relay);
  }
  int64_t *relays = &reader->topology.values[TOPOLOGY_RELAYS].i;
  if (any && !reader->topology.given[TOPOLOGY_RELAYS]) *relays = 1;
}

static void fill_world(const struct reader *reader, struct plan *plan) {
  const union value *topology = reader->topology.values;
  plan->counts[ROLE_PRODUCER] = (uint32_t)topology[TOPOLOGY_PRODUCERS].i;
  plan->counts[ROLE_BROKER] = (uint32_t)topology[TOPOLOGY_BROKERS].i;
  plan->counts[ROLE_CONSUMER] = (uint32_t)topology[TOPOLOGY_CONSUMERS].i;
  plan->counts[ROLE_DATABASE] = plan->counts[ROLE_CONTROLLER] = 1;
  plan->counts[ROLE_CACHE] = plan->counts[ROLE_PROVIDER] = 1;
  plan->counts[ROLE_RELAY] = (uint32_t)topology[TOPOLOGY_RELAYS].i;
  plan->partitions = (uint32_t)topology[TOPOLOGY_PARTITIONS].i;
  plan->threads = (uint32_t)topology[TOPOLOGY_THREADS].i;
  plan->cores = (uint32_t)topology[TOPOLOGY_CORES].i;
  memcpy(plan->costs.values, reader->costs.values, sizeof plan->costs.values);
  plan->luck_none = reader->scenario->luck_none;
  plan->swarm = reader->scenario->swarm;
  plan->drain_limit.ns = reader->general.values[TOP_DRAIN_LIMIT].i;
  plan->drain_events = (uint64_t)reader->general.values[TOP_DRAIN_EVENTS].i;
}

static void fill_workload(struct reader *reader, const struct distribution *gap,
                          struct plan *plan) {
  const union value *values = reader->workload.values;
  plan->workload = (struct workload_plan){
      .messages = (uint64_t)values[WORKLOAD_MESSAGES].i,
      .intents = reader->intents,
      .rate = values[WORKLOAD_RATE].i,
      .duration = span_of(values[WORKLOAD_FOR].i),
      .outstanding = (uint64_t)values[WORKLOAD_OUTSTANDING].i,
      .steady = values[WORKLOAD_ARRIVALS].i == 1,
      .gap = gap,
      .keys = (uint32_t)values[WORKLOAD_KEYS].i,
      .size = values[WORKLOAD_SIZE].i,
      .operation = (enum operation)values[WORKLOAD_OPERATION].i,
      .service_time = values[WORKLOAD_SERVICE_TIME].distribution,
  };
}

static const struct distribution *make_gap(struct reader *reader) {
  int64_t rate = reader->workload.values[WORKLOAD_RATE].i;
  if (rate == 0) return NULL;
  __extension__ __int128 scaled = (__int128)NS_PER_S * SCHEMA_RATE_SCALE;
  struct distribution *gap = distribution_exponential((int64_t)((scaled + rate / 2) / rate));
  pool_adopt(reader->pool, gap, release_distribution);
  return gap;
}

static void make_plans(struct reader *reader) {
  struct scenario *scenario = reader->scenario;
  const struct distribution *gap = make_gap(reader);
  scenario->plan_count = reader->row_count;
  scenario->plans = POOL_NEW(reader->pool, struct plan, reader->row_count);
  for (size_t i = 0; i < reader->row_count; i++) {
    scenario_fill_slots(&reader->rows[i], &scenario->plans[i]);
    fill_world(reader, &scenario->plans[i]);
    fill_workload(reader, gap, &scenario->plans[i]);
    scenario_fill_groups(reader, &reader->rows[i], &scenario->plans[i]);
    scenario_fill_check(reader, &scenario->plans[i]);
  }
}

/* What a system says about its own keys; the mistake is at the slot. */
static bool check_plans(struct reader *reader) {
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    const struct row_reading *row = &reader->rows[i];
    if (!plan->system->check || plan->system->check(plan, reader->err)) continue;
    const struct yaml_node *at = row->slots[SLOT_SYSTEM].place;
    err_set(reader->err, ERR_CONFLICT, "the settings of system '%s' contradict each other",
            plan->system->name);
    return yaml_fail_at(at->source, at->line, at->column, reader->err);
  }
  return true;
}

/* A system's own point has another number in another system, or none: then each plan has its own
 * copy of the faults, in which a point that the row lacks is POINT_NONE and never comes. */
static void share_faults(struct reader *reader) {
  struct scenario *scenario = reader->scenario;
  bool own_points = false;
  for (size_t i = 0; i < scenario->fault_count; i++)
    own_points = own_points || reader->faults[i].own_point;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    struct plan *plan = &scenario->plans[row];
    plan->faults = scenario->faults;
    plan->fault_count = scenario->fault_count;
    if (!own_points) continue;
    struct fault_plan *copy = POOL_NEW(reader->pool, struct fault_plan, scenario->fault_count);
    memcpy(copy, scenario->faults, scenario->fault_count * sizeof *copy);
    for (size_t i = 0; i < scenario->fault_count; i++)
      if (reader->faults[i].own_point)
        copy[i].point = point_number(plan->system, reader->faults[i].point);
    plan->faults = copy;
  }
}

bool scenario_read_world(struct reader *reader) {
  if (!read_general(reader) || !scenario_read_groups(reader) || !read_topology(reader) ||
      !scenario_read_workload(reader) || !scenario_check_delivery(reader) ||
      !reader_block(reader, reader->top[TOP_COSTS], " of 'costs'", true, &reader->costs,
                    &cost_table) ||
      !scenario_read_slots(reader) || !scenario_check_slots(reader))
    return false;
  derive_relays(reader);
  make_plans(reader);
  if (!scenario_read_links(reader)) return false;
  for (size_t i = 0; i < reader->row_count; i++)
    scenario_fill_links(reader, &reader->scenario->plans[i]);
  if (!check_plans(reader) || !scenario_check_size(reader) || !scenario_check_operations(reader) || !scenario_check_used(reader)) return false;
  if (!scenario_read_faults(reader) || !scenario_check_clocks(reader)) return false;
  share_faults(reader);
  return true;
}

static bool read_blocks(struct reader *reader, const char *path, uint64_t seeds_override) {
  return read_name(reader, path) && read_seeds(reader, seeds_override) &&
         scenario_read_check(reader) && scenario_read_precision(reader) &&
         scenario_read_sweep(reader) && scenario_read_points(reader) &&
         scenario_read_expect(reader);
}

/* What the two ways of loading differ in. */
struct source {
  const char *path, *text; /* no text: a file */
  size_t length;
  struct scenario_changes changes;
  bool one_run, without_sweep;
};

static bool load(const struct source *source, const struct registry *registry, struct scenario *out,
                 struct err *err);

/* A mistake that is there only with a swept value says with which. */
static void say_point(const struct source *source, const struct registry *registry,
                      const char *point, struct err *err) {
  struct source bare = *source;
  struct scenario scenario;
  struct err err_without = {.code = ERR_NONE};
  bare.without_sweep = true;
  if (load(&bare, registry, &scenario, &err_without)) scenario_free(&scenario);
  if (err_without.line == err->line && err_without.column == err->column &&
      strcmp(err_without.message, err->message) == 0)
    return;
  const size_t length = strlen(err->message);
  snprintf(err->message + length, sizeof err->message - length, " (with %s)", point);
}

static bool is_of_check(const struct registry *registry) {
  for (size_t i = 0; i < registry->handler_count; i++)
    if (strcmp(registry->handlers[i]->name, SCENARIO_PROGRAM) == 0) return true;
  return false;
}

static bool load(const struct source *source, const struct registry *registry, struct scenario *out,
                 struct err *err) {
  const char *path = source->path;
  struct pool *pool = pool_new();
  struct reader *reader = POOL_NEW(pool, struct reader, 1);
  struct scenario_memory *memory = POOL_NEW(pool, struct scenario_memory, 1);
  *out = (struct scenario){.path = pool_text(pool, path, strlen(path)), .memory = memory};
  *reader = (struct reader){.pool = pool,
                            .registry = registry,
                            .err = err,
                            .scenario = out,
                            .one_run = source->one_run,
                            .checking = is_of_check(registry),
                            .distributions = POOL_NEW(pool, struct map, 1)};
  *memory = (struct scenario_memory){.pool = pool, .reader = reader};
  const size_t length = source->one_run ? strnlen(source->text, source->length) : source->length;
  if (length < source->length) {
    reader->attached = source->text + length + 1;
    reader->attached_length = source->length - length - 1;
  }
  reader->root = source->text ? yaml_read(pool, path, source->text, length, NULL, err)
                              : yaml_read_file(pool, path, err);
  bool loaded = reader->root && read_format(reader) &&
                scenario_apply_changes(reader, &source->changes) &&
                read_format(reader) && scenario_list_top(reader);
  if (source->without_sweep) reader->top[TOP_SWEEP] = NULL;
  loaded = loaded && read_blocks(reader, path, source->changes.seeds);
  if (loaded)
    memory->resolved = scenario_resolve(reader, &memory->resolved_length, &out->resolved_hash);
  map_deinit(reader->distributions);
  reader->err = NULL;
  reader->attached = NULL;
  if (loaded) return true;
  if (reader->failed_point) say_point(source, registry, reader->failed_point, err);
  pool_free(pool);
  *out = (struct scenario){.path = NULL};
  return false;
}

bool scenario_load(const char *path, const struct registry *registry, const char *const *sets,
                   size_t set_count, uint64_t seeds_override, struct scenario *out,
                   struct err *err) {
  const struct scenario_changes changes = {
      .sets = sets, .set_count = set_count, .seeds = seeds_override};
  return scenario_load_changed(path, registry, &changes, out, err);
}

bool scenario_load_changed(const char *path, const struct registry *registry,
                           const struct scenario_changes *changes, struct scenario *out, struct err *err) {
  const struct source source = {.path = path, .changes = *changes};
  return load(&source, registry, out, err);
}

bool scenario_load_text(const char *path, const char *text, size_t length, bool one_run,
                        const struct registry *registry, struct scenario *out, struct err *err) {
  const struct source source = {.path = path, .text = text, .length = length, .one_run = one_run};
  return load(&source, registry, out, err);
}

void scenario_free(struct scenario *scenario) {
  const struct scenario_memory *memory = scenario->memory;
  if (memory) pool_free(memory->pool);
  *scenario = (struct scenario){.path = NULL};
}
