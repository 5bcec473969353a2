/* The keys of a scenario file that belong to no model: top level, workload, topology, links. Models
 * bring their own tables, costs stand in sim/world/cost.h, faults in sim/world/fault_verbs.h.
 *
 * A row is all there is to a key: the loader, the resolved form and `dgsim list keys` read it. A
 * default of "" means that a key which is not given is not there, or follows from others.
 */
#ifndef SIM_RUNNER_SCENARIO_TABLES_H
#define SIM_RUNNER_SCENARIO_TABLES_H

#include "sim/base/schema.h"
#include "sim/world/role.h"

#include <stdbool.h>

/* Keys that are no scalar of schema.h: `choices` says in a word what they are. */
#define VALUE_OTHER VALUE__COUNT

/* What may stand in a name that one chooses, which begins with a letter, and in a row's label. */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define LABEL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .+=%_()-"

/* What YAML 1.1 takes for true, false or nothing: no name and no label. */
#define BOOLEAN_WORDS "y n yes no on off true false null"

struct key_table {
  const char *name; /* of the block */
  const struct key *keys;
  size_t count;
  const char *later; /* keys of the language that this version does not have, one blank between */
};

/* In the order of the resolved form; scenarios/README.md explains each. */
enum top_key {
  TOP_FORMAT,
  TOP_NAME,
  TOP_ABOUT,
  TOP_SEEDS,
  TOP_PRECISION,
  TOP_LUCK,
  TOP_SWARM,
  TOP_MEASURE_CAPACITY,
  TOP_DRAIN_LIMIT,
  TOP_DRAIN_EVENTS,
  TOP_WORKLOAD,
  TOP_TOPOLOGY,
  TOP_GROUPS,
  TOP_LINKS,
  TOP_COSTS,
  TOP_SYSTEM,
  TOP_HANDLER,
  TOP_DATABASE,
  TOP_CACHE,
  TOP_PROVIDER,
  TOP_CLIENT,
  TOP_PUBLISHER,
  TOP_COMPARE,
  TOP_FAULTS,
  TOP_SWEEP,
  TOP_EXPECT,
  TOP_CHECK,
  TOP__COUNT
};
enum workload_key {
  WORKLOAD_MESSAGES,
  WORKLOAD_FOR,
  WORKLOAD_RATE,
  WORKLOAD_OUTSTANDING,
  WORKLOAD_ARRIVALS,
  WORKLOAD_INTENTS,
  WORKLOAD_KEYS,
  WORKLOAD_SIZE,
  WORKLOAD_OPERATION,
  WORKLOAD_SERVICE_TIME,
  WORKLOAD_BODY,
  WORKLOAD__COUNT
};
/* One entry of workload.intents, one row of a file of arrivals. */
enum intent_key {
  INTENT_ID,
  INTENT_AT,
  INTENT_KEY,
  INTENT_OPERATION,
  INTENT_SIZE,
  INTENT_SERVICE_TIME,
  INTENT_PRODUCER,
  INTENT_KEY__COUNT
};
enum topology_key {
  TOPOLOGY_CLIENTS,
  TOPOLOGY_PRODUCERS,
  TOPOLOGY_BROKERS,
  TOPOLOGY_PARTITIONS,
  TOPOLOGY_CONSUMERS,
  TOPOLOGY_THREADS,
  TOPOLOGY_RELAYS,
  TOPOLOGY_CORES,
  TOPOLOGY__COUNT
};
/* Of one group of the map; a row's may say `handler` alone. */
enum group_key { GROUP_CONSUMERS, GROUP_HANDLER, GROUP_SERVICE_TIME, GROUP_KEY__COUNT };
/* Of `check`, and of its `delivery`: the contract. */
enum check_key {
  CHECK_KEY_DELIVERY,
  CHECK_KEY_PROBE,
  CHECK_KEY_RESET,
  CHECK_KEY_OTHER_VERSION,
  CHECK_KEY_IGNORE,
  CHECK_KEY_ANSWER_LIMIT,
  CHECK_KEY_PAIRS,
  CHECK_KEY_CASES,
  CHECK_KEY_VARIANT,
  CHECK_KEY_MIXED_VERSIONS,
  CHECK_KEY__COUNT
};
enum delivery_key {
  DELIVERY_REDELIVERY_HORIZON,
  DELIVERY_CONCURRENT_DELIVERY,
  DELIVERY_REORDER,
  DELIVERY_BATCH,
  DELIVERY_ACK,
  DELIVERY_CLOCK,
  DELIVERY_EXTERNAL,
  DELIVERY_TENANTS,
  DELIVERY_CHANGED_PAYLOAD,
  DELIVERY_POISON,
  DELIVERY_FAILOVER,
  DELIVERY__COUNT
};
enum link_key {
  LINK_KEY_KIND, /* in the order of enum link_kind */
  LINK_KEY_LATENCY,
  LINK_KEY_LOSS,
  LINK_KEY_REQUEST_LOSS,
  LINK_KEY_REPLY_LOSS,
  LINK_KEY_DUPLICATION,
  LINK_KEY_REORDERING,
  LINK_KEY_BANDWIDTH,
  LINK_KEY__COUNT
};

extern const struct key_table top_table, workload_table, intent_table, topology_table, group_table,
    link_table, cost_table, check_table, delivery_table;

/* Latency of the links inside a rack, which are shorter than the table's default. */
extern const char *const link_latency_near;
bool link_is_near(enum link link); /* in one rack: that is its default latency */

/* Top-level keys that are not of the world, or the same at every point of a sweep; one blank between. */
extern const char *const top_not_swept;

#endif
