/* A topology that each key allows, and that would still be too much to be laid out: connections grow with the product
 * of two roles, handlers at work at once with consumers and their threads. */
#include "sim/runner/scenario_reader.h"

#include "sim/world/link.h"
#include "sim/world/world.h"

_Static_assert(PLAN_CORES_MAX <= NODE_CORES_MAX, "a node has room for as many cores as a scenario may give it");

/* The mistake is at the key that says most of these; at the groups, where they say it. */
static bool fail_size(struct reader *reader, const enum topology_key *keys, size_t count, uint64_t made, const char *what,
                      uint64_t most) {
  const struct key_values *topology = &reader->topology;
  enum topology_key largest = keys[0];
  for (size_t i = 1; i < count; i++)
    if (topology->values[keys[i]].i > topology->values[largest].i) largest = keys[i];
  const struct yaml_entry *given = topology->given[largest], *at = given ? given : reader->top[TOP_GROUPS];
  return reader_fail(reader, at ? at->value : reader->root, ERR_LIMIT, "'%s' makes %llu %s; the most is %llu",
                     given || !at ? topology_table.keys[largest].name : at->key, (unsigned long long)made, what,
                     (unsigned long long)most);
}

static uint64_t channels_of(const struct plan *plan) {
  uint64_t total = 0;
  for (int link = 0; link < LINK__COUNT; link++)
    if (plan_link_rule(plan, (enum link)link).used)
      total += (uint64_t)world_nodes_of(plan, link_rows[link].from) * world_nodes_of(plan, link_rows[link].to);
  return total;
}

bool scenario_check_size(struct reader *reader) {
  static const enum topology_key roles[] = {TOPOLOGY_PRODUCERS, TOPOLOGY_BROKERS, TOPOLOGY_CONSUMERS, TOPOLOGY_RELAYS};
  static const enum topology_key work[] = {TOPOLOGY_THREADS, TOPOLOGY_CONSUMERS};
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    const uint64_t channels = channels_of(plan), handlers = (uint64_t)plan->counts[ROLE_CONSUMER] * plan->threads;
    if (channels > PLAN_CHANNELS_MAX)
      return fail_size(reader, roles, sizeof roles / sizeof *roles, channels, "connections", PLAN_CHANNELS_MAX);
    if (handlers > PLAN_HANDLERS_MAX)
      return fail_size(reader, work, sizeof work / sizeof *work, handlers, "handlers at work at once", PLAN_HANDLERS_MAX);
  }
  return true;
}
