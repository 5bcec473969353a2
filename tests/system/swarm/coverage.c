#include "tests/system/swarm/coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NEVER_TOLD_MAX 20 /* keys of a slot that no world had otherwise */

/* A row of a slot's table. */
struct model {
  const char *name;
  const struct key *keys;
  size_t key_count;
};

static size_t models_of(const struct registry *registry, enum coverage_slot slot) {
  const size_t counts[SLOT__COUNT] = {registry->system_count, registry->handler_count, registry->store_count,
                                      registry->client_count, registry->publisher_count};
  if (counts[slot] > COVERAGE_MODELS_MAX) abort();
  return counts[slot];
}

static struct model model_of(const struct registry *registry, enum coverage_slot slot, size_t index) {
#define MODEL(table) ((struct model){registry->table[index]->name, registry->table[index]->keys, registry->table[index]->key_count})
  switch (slot) {
  case SLOT_SYSTEM: return MODEL(systems);
  case SLOT_HANDLER: return MODEL(handlers);
  case SLOT_STORE: return MODEL(stores);
  case SLOT_CLIENT: return MODEL(clients);
  case SLOT_PUBLISHER: return MODEL(publishers);
  default: abort();
  }
#undef MODEL
}

static bool is_default(const struct key *key, union value value) {
  union value standard;
  struct err err = {.code = ERR_NONE};
  if (!key->value_default) return false;
  if (key->type == VALUE_DISTRIBUTION) return strcmp(value.distribution->text, key->value_default) == 0;
  return schema_parse(key, key->value_default, &standard, &err) && standard.i == value.i;
}

static void add_model(struct coverage *coverage, const struct registry *registry, enum coverage_slot slot,
                      const char *name, const struct settings *settings) {
  const size_t count = models_of(registry, slot);
  for (size_t i = 0; i < count; i++) {
    const struct model model = model_of(registry, slot, i);
    if (strcmp(model.name, name) != 0) continue;
    coverage->models[slot][i]++;
    for (size_t k = 0; k < model.key_count; k++)
      coverage->keys[slot][i][k] += !is_default(&model.keys[k], settings->values[k]);
  }
}

static void add_slots(struct coverage *coverage, const struct registry *registry, const struct plan *plan) {
  add_model(coverage, registry, SLOT_SYSTEM, plan->system->name, &plan->system_settings);
  for (uint32_t group = 0; group < plan_group_count(plan); group++)
    add_model(coverage, registry, SLOT_HANDLER, plan_handler(plan, group)->name, plan_handler_settings(plan, group));
  static const enum role roles[] = {ROLE_DATABASE, ROLE_CACHE, ROLE_PROVIDER};
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
    const struct store_plan *store = plan_store(plan, roles[i]);
    const bool used = plan_uses(plan, roles[i]) || (roles[i] == ROLE_DATABASE && plan_services(plan) > 0);
    if (used && store && store->store) add_model(coverage, registry, SLOT_STORE, store->store->name, &store->settings);
  }
  if (plan->client) add_model(coverage, registry, SLOT_CLIENT, plan->client->name, &plan->client_settings);
  if (plan->publisher)
    add_model(coverage, registry, SLOT_PUBLISHER, plan->publisher->name, &plan->publisher_settings);
}

static void add_faults(struct coverage *coverage, const struct registry *registry, const struct plan *plan,
                       const struct run_result *result) {
  size_t system = 0;
  while (registry->systems[system] != plan->system) system++;
  for (size_t i = 0; i < plan->fault_count; i++) {
    const struct fault_plan *fault = &plan->faults[i];
    coverage->verbs[fault->verb]++;
    coverage->hits[fault->verb] += result->fault_hits[i] > 0;
    coverage->timings[fault->timing]++;
    if (fault->timing != TIMING_WHEN) continue;
    if (fault->point < POINT_GENERIC__COUNT)
      coverage->points[fault->point]++;
    else if (fault->point - POINT_GENERIC__COUNT < POINT__MAX)
      coverage->own_points[system][fault->point - POINT_GENERIC__COUNT]++;
  }
}

void coverage_add(struct coverage *coverage, const struct registry *registry, const struct plan *plan,
                  const struct run_result *result) {
  coverage->worlds++;
  coverage->without_faults += plan->fault_count == 0;
  coverage->effective += result->metrics[METRIC_FAULTS_EFFECTIVE] > 0;
  coverage->grouped += plan_group_count(plan) > 1;
  coverage->listed += plan->workload.intents != NULL;
  coverage->saturated += plan->workload.outstanding > 0;
  coverage->stuck += !result->drained;
  coverage->violated += result->violations != 0;
  coverage->events += (uint64_t)result->metrics[METRIC_EVENTS];
  add_slots(coverage, registry, plan);
  add_faults(coverage, registry, plan, result);
  bool operations[OPERATION__COUNT] = {false};
  operations[plan->workload.operation] = !plan->workload.intents;
  for (uint64_t i = 0; plan->workload.intents && i < plan->workload.messages; i++)
    operations[plan->workload.intents[i].operation] = true;
  for (int i = 0; i < OPERATION__COUNT; i++) coverage->operations[i] += operations[i];
  for (enum link i = 0; i < LINK__COUNT; i++)
    if (plan_link_rule(plan, i).used) coverage->links[i][plan->links[i].kind]++;
  for (int i = 0; i < METRIC__COUNT; i++) coverage->metrics[i] += result->metrics[i] > 0;
  for (int i = 0; i < ANOMALY__COUNT; i++) coverage->broken[i] += result->violations >> i & 1;
}

void coverage_sum(struct coverage *into, const struct coverage *from) {
  uint64_t *to = (uint64_t *)into;
  const uint64_t *add = (const uint64_t *)from;
  _Static_assert(sizeof *into % sizeof *to == 0, "it is nothing but counts");
  for (size_t i = 0; i < sizeof *into / sizeof *to; i++) to[i] += add[i];
}

/* --- Telling --- */

static void print_models(const struct coverage *coverage, const struct registry *registry, enum coverage_slot slot,
                         const char *title, FILE *out) {
  size_t drawn = 0, all = 0;
  const size_t count = models_of(registry, slot);
  fprintf(out, "%s:", title);
  for (size_t i = 0; i < count; i++) {
    const struct model model = model_of(registry, slot, i);
    fprintf(out, " %s %" PRIu64, model.name, coverage->models[slot][i]);
    for (size_t k = 0; k < model.key_count; k++, all++) drawn += coverage->keys[slot][i][k] > 0;
  }
  fprintf(out, "\n  keys that some world had other than by default: %zu of %zu", drawn, all);
  const char *before = "; not";
  size_t told = 0;
  for (size_t i = 0; i < count; i++) {
    const struct model model = model_of(registry, slot, i);
    for (size_t k = 0; k < model.key_count; k++) {
      if (coverage->keys[slot][i][k] > 0) continue;
      if (told++ < NEVER_TOLD_MAX) fprintf(out, "%s %s/%s", before, model.name, model.keys[k].name);
      before = ",";
    }
  }
  fprintf(out, "%s\n", told > NEVER_TOLD_MAX ? ", …" : "");
}

static void print_points(const struct coverage *coverage, const struct registry *registry, FILE *out) {
  size_t own = 0, own_all = 0;
  fprintf(out, "points of triggers:");
  for (int i = 1; i < POINT_GENERIC__COUNT; i++) fprintf(out, " %s %" PRIu64, generic_points[i].name, coverage->points[i]);
  for (size_t i = 0; i < registry->system_count; i++)
    for (size_t k = 0; k < registry->systems[i]->point_count; k++, own_all++) own += coverage->own_points[i][k] > 0;
  fprintf(out, "\n  of systems' own: %zu of %zu\n", own, own_all);
}

static void print_faults(const struct coverage *coverage, FILE *out) {
  static const char *const timings[] = {"at", "every", "when"};
  fprintf(out, "faults (of them, hit something):");
  for (int i = 0; i < VERB__COUNT; i++)
    fprintf(out, " %s %" PRIu64 " (%" PRIu64 ")", fault_verbs[i].name, coverage->verbs[i], coverage->hits[i]);
  fprintf(out, "\n  timing:");
  for (int i = 0; i < 3; i++) fprintf(out, " %s %" PRIu64, timings[i], coverage->timings[i]);
  fputc('\n', out);
}

void coverage_print(const struct coverage *coverage, const struct registry *registry, FILE *out) {
  static const char *const titles[] = {"systems", "handlers", "stores", "clients", "publishers"};
  static const char *const kinds[] = {"connection", "per-request", "datagram"};
  for (enum coverage_slot slot = 0; slot < SLOT__COUNT; slot++) print_models(coverage, registry, slot, titles[slot], out);
  print_faults(coverage, out);
  print_points(coverage, registry, out);
  fprintf(out, "links:");
  for (int i = 0; i < LINK__COUNT; i++)
    for (int kind = 0; kind < LINK_KIND__COUNT; kind++)
      if (coverage->links[i][kind]) fprintf(out, " %s %s %" PRIu64, link_rows[i].name, kinds[kind], coverage->links[i][kind]);
  fprintf(out, "\noperations:");
  for (int i = 0; i < OPERATION__COUNT; i++) fprintf(out, " %s %" PRIu64, operation_rows[i].word, coverage->operations[i]);
  fprintf(out, "\nworlds in which there were:");
  for (int i = 0; i < METRIC__COUNT; i++)
    if (metric_rows[i].unit == UNIT_COUNT) fprintf(out, " %s %" PRIu64, metric_rows[i].name, coverage->metrics[i]);
  fprintf(out, "\nworlds that break their contract by:");
  for (int i = 0; i < ANOMALY__COUNT; i++) fprintf(out, " %s %" PRIu64, anomaly_names[i], coverage->broken[i]);
  fprintf(out, "\nof %" PRIu64 " worlds: without faults %" PRIu64 ", with one that hit something %" PRIu64
               ", of several groups %" PRIu64 ", of a list of operations %" PRIu64 ", saturated %" PRIu64
               ", stuck %" PRIu64 ", against their contract %" PRIu64 "; events %" PRIu64 "\n",
          coverage->worlds, coverage->without_faults, coverage->effective, coverage->grouped, coverage->listed,
          coverage->saturated, coverage->stuck, coverage->violated, coverage->events);
}
