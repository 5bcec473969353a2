/* The plan of a run: everything that the scenario says about one row, compiled once and shared
 * read-only by all its seeds. Built by sim/runner; read by the world. The seed is not part of it.
 *
 * Two plans of one scenario (two rows of `compare`) differ in slots only: workload, topology, links,
 * faults are the same, which is what makes their luck the same.
 *
 * Limits: PLAN_* below; the loader refuses more with the key that was too large.
 */
#ifndef SIM_WORLD_PLAN_H
#define SIM_WORLD_PLAN_H

#include "sim/base/schema.h"
#include "sim/kernel/quantile.h"
#include "sim/kernel/time.h"
#include "sim/world/client.h"
#include "sim/world/content.h"
#include "sim/world/model.h"
#include "sim/world/operation.h"
#include "sim/world/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_NODES_MAX 20000 /* of the topology; caches, providers and controllers come on top */
#define PLAN_CHANNELS_MAX 1000000 /* connections that there may be: pairs of nodes of the roles that a link joins */
#define PLAN_HANDLERS_MAX 20000   /* consumers times threads: each at work has a stack of its own */
#define PLAN_CORES_MAX 64
#define PLAN_PARTITIONS_MAX 20000
#define PLAN_FAULTS_MAX 4096
#define PLAN_DRAIN_EVENTS 50000000 /* drain_events, where nothing else is said: some seconds of work */
#define PLAN_SELECTOR_MAX 8
#define PLAN_GROUPS_MAX 16
#define PLAN_GROUP_NAME_MAX 16 /* so that a node's name fits its 32 bytes */

struct link_plan {
  enum link_kind kind;
  const struct distribution *latency; /* each way */
  int64_t request_loss, reply_loss;   /* share (SCHEMA_SHARE_SCALE) of each transmission */
  int64_t duplication, reordering;    /* share; a datagram link only */
  int64_t bandwidth;                  /* bytes a second, 0 = unlimited */
};

/* One operation of an explicit list. */
struct intent_plan {
  uint64_t id; /* from 1, rises strictly, may leave gaps; keys its luck */
  struct instant at;
  uint32_t key;      /* 1..keys */
  uint32_t producer; /* index from 1; 0 = drawn by its id */
  int64_t size;
  enum operation operation;
  const struct distribution *service_time; /* NULL = the workload's */
};

struct workload_plan {
  uint64_t messages;                 /* how many intents */
  const struct intent_plan *intents; /* [messages], in order of id and of time; NULL = drawn */
  int64_t rate;                      /* micro-events a second; 0 when saturating or a list */
  struct span duration;              /* messages / rate; of a list, when the last arrives */
  uint64_t outstanding;              /* saturating: so many open at once; 0 = open workload */
  bool steady;                       /* arrivals evenly spaced, else Poisson */
  const struct distribution *gap;    /* Poisson: exponential with mean 1/rate */
  uint32_t keys;                     /* keys 1..keys; drawn ones are uniform */
  int64_t size;                      /* bytes of a message */
  enum operation operation;
  const struct distribution *service_time;
};

enum selector_which {
  WHICH_INDEX,
  WHICH_ANY,
  WHICH_ALL,
  WHICH_MINORITY,
  WHICH_MAJORITY,
  WHICH_LEADER,      /* the system says which, at that moment: not paired between rows */
  WHICH_COORDINATOR, /* likewise; of systems that have one */
  WHICH_THIS
};
struct selector_item {
  enum selector_which which;
  enum role role;
  uint32_t index; /* from 1, among those meant; WHICH_INDEX only */
  /* Of a group's nodes alone: what they are called, how many of the role stand before them, how many
   * they are. NULL = all of the role. */
  const char *word;
  uint32_t offset, count;
};
struct selector {
  struct selector_item items[PLAN_SELECTOR_MAX];
  uint32_t count; /* 0 = not given: everybody else, for `from` */
};

/* Verbs of faults: sim/world/fault.h has their table. */
enum verb {
  VERB_KILL, /* these three end the process at once */
  VERB_POWER_LOSS,
  VERB_DISK_GONE,
  VERB_TERMINATE,
  VERB_DEPLOY,
  VERB_PAUSE,
  VERB_SLOW,
  VERB_SKEW_CLOCK,
  VERB_FSYNC_LIES,
  VERB_FSYNC_FAILS,
  VERB_FAILOVER, /* these two only systems that say so understand */
  VERB_MOVE_COORDINATOR,
  VERB_LOSE_SLOT, /* a database that a publisher reads the log of */
  VERB_PARTITION,
  VERB_RESET,
  VERB_CLOG,
  VERB_DEGRADE,
  VERB_DROP,
  VERB_DELAY,
  VERB_DUPLICATE,
  VERB_FAIL,
  VERB_REDELIVER,
  VERB__COUNT
};
enum fault_timing { TIMING_AT, TIMING_EVERY, TIMING_WHEN, TIMING_RECORDED };
enum direction { DIRECTION_BOTH, DIRECTION_OUT, DIRECTION_IN };
enum deploy_mode { DEPLOY_DRAIN, DEPLOY_KILL };
enum partition_shape { SHAPE_SIDES, SHAPE_HALVES, SHAPE_MAJORITY, SHAPE_BRIDGE, SHAPE_RING };
enum election { ELECTION_CLEAN, ELECTION_UNCLEAN };
enum skew { SKEW_FORWARD, SKEW_BACK };
enum slow_what { SLOW_CPU, SLOW_DISK, SLOW_BOTH };
/* What a call is told that has not been made: by `fail`. */
enum call_error { CALL_ERROR_REFUSED, CALL_ERROR_SERIALIZATION, CALL_ERROR_DEADLOCK, CALL_ERROR_UNKNOWN };
enum unsynced { UNSYNCED_DROPPED, UNSYNCED_TORN };

struct fault_plan {
  const char *name;
  uint64_t key; /* hash of the name: keys its luck */
  enum verb verb;
  enum fault_timing timing;
  bool has_at;
  struct instant at;
  const struct distribution *every;
  uint32_t times;        /* 0 = no limit */
  struct instant until;  /* TIMING_EVERY: none begins after it */
  struct span stability; /* least time between a heal and the next beginning */
  /* TIMING_RECORDED: what came of each beginning, in order of `at`. Of an occurrence count what it
   * strikes, with which chance, for how long and how; name, verb and min_hits are the fault's. None:
   * it never came, and only holds its place among the faults. */
  const struct fault_plan *occurrences;
  size_t occurrence_count;
  /* TIMING_WHEN */
  uint32_t point; /* enum point or a system's own */
  bool before;
  uint64_t intent;  /* 0 = any */
  uint32_t attempt; /* 0 = any; counted per intent at this point */
  uint32_t nth;     /* 0 = any; counted over all that match */
  uint32_t call;    /* 1 + enum handler_call; 0 = any */
  struct selector when_node;
  /* what */
  int64_t chance; /* share */
  uint32_t min_hits;
  struct selector target;
  enum link target_link; /* FAULT_TARGET_LINK: the link, with target = its connecting side */
  struct selector from;  /* VERB_PARTITION */
  enum direction direction;
  enum partition_shape shape; /* VERB_PARTITION */
  struct span lasts; /* `for` */
  struct span grace;
  struct span late; /* VERB_KILL, VERB_POWER_LOSS: what it had sent arrives so long after its death */
  uint32_t max_unavailable;
  enum deploy_mode mode;
  enum unsynced unsynced;
  uint32_t factor;        /* VERB_SLOW */
  enum slow_what slow_what;
  struct span skew; /* VERB_SKEW_CLOCK: by so much, in a direction */
  enum skew skew_direction;
  enum election election; /* VERB_FAILOVER */
  enum call_error error;  /* VERB_FAIL */
  struct link_plan degrade; /* VERB_DEGRADE: NULL, -1, or 0 of bandwidth: as before */
  int64_t degrade_loss;     /* both ways, where `degrade` does not say; -1 = as before */
};

/* One of several consumer groups that each get every operation: an obligation is an operation times a
 * group. Its consumers follow each other among all consumers; it has a database of its own, the
 * group's number among all databases. */
struct group_plan {
  const char *name, *database_name, *cache_name; /* "payment", "payment_database": its nodes are NAME.1 … */
  uint32_t first, consumers;        /* first: how many consumers stand before its own */
  const struct handler *handler;
  struct settings handler_settings;
  const struct distribution *service_time;
};

/* What a group's nodes of a role are called; NULL: they are not of groups. */
const char *group_node_name(const struct group_plan *group, enum role role);

/* What stands in a slot for stores; NULL: the program has none. */
struct store_plan {
  const struct store *store;
  struct settings settings;
};

/* Costs of servers' work: sim/world/cost.h has the table with sources. Index = enum cost. */
struct plan {
  const char *label;
  const struct system *system;
  struct settings system_settings;
  const struct handler *handler;
  struct settings handler_settings;
  const struct client_policy *client; /* the application above the producers; NULL = it submits once */
  struct settings client_settings;
  struct store_plan database, cache, provider;
  const struct publisher *publisher; /* NULL = direct */
  struct settings publisher_settings;
  struct settings costs;
  /* Groups of consumers; NULL = one, with the handler above. Else `handler` is the first one's. */
  const struct group_plan *groups;
  uint32_t group_count;
  uint32_t counts[ROLE__COUNT]; /* nodes of each role; one database and cache for each group */
  uint32_t partitions, threads, cores; /* cores: of each broker and database */
  struct link_plan links[LINK__COUNT];
  struct workload_plan workload;
  struct content_plan content; /* what messages say to a user's own program */
  struct span redelivery_horizon; /* placed: copies that come again do so after this */
  bool mixed_versions; /* consumers of an even number run its other version */
  const struct fault_plan *faults;
  size_t fault_count;
  bool luck_none;
  bool swarm; /* each seed has a part of the faults: sim/world/fault.h */
  struct span drain_limit; /* 0 = derived: twice the longest timeout */
  uint64_t drain_events;   /* likewise in events; 0 = without bound */
};

static inline uint32_t plan_group_count(const struct plan *plan) {
  return plan->groups ? plan->group_count : 1;
}
static inline const struct handler *plan_handler(const struct plan *plan, uint32_t group) {
  return plan->groups ? plan->groups[group].handler : plan->handler;
}
static inline const struct settings *plan_handler_settings(const struct plan *plan, uint32_t group) {
  return plan->groups ? &plan->groups[group].handler_settings : &plan->handler_settings;
}
/* What a group's handler has set a key of its own to; `otherwise` where it has no such key. */
int64_t plan_handler_value(const struct plan *plan, uint32_t group, const char *key, int64_t otherwise);
/* Whether any operation overwrites what was there. */
static inline bool plan_overwrites(const struct plan *plan) {
  const struct workload_plan *workload = &plan->workload;
  if (!workload->intents) return operation_law(workload->operation) == LAW_OVERWRITES;
  for (uint64_t i = 0; i < workload->messages; i++)
    if (operation_law(workload->intents[i].operation) == LAW_OVERWRITES) return true;
  return false;
}
/* CLAIM_BIT()s of what the contract allows a group: the system's, with what its publisher adds, less what
 * its handler takes out. No handler puts what comes out of order in order: where it overwrites, the older
 * may stay. What may be lost may be missing from what a service's database says. */
static inline uint32_t plan_allows(const struct plan *plan, uint32_t group) {
  uint32_t allows = plan->system->allows | (plan->publisher ? plan->publisher->allows : 0);
  if ((plan->publisher || plan_handler(plan, group)->commits) && (allows & (CLAIM_BIT(LOST_ACKED) | CLAIM_BIT(LOST_UNACKED))))
    allows |= CLAIM_BIT(STORE_DISAGREEMENTS);
  uint32_t allowed = claim_allowed(allows, plan_handler(plan, group)->forbids);
  if ((allowed & CLAIM_BIT(REORDERED)) && plan_overwrites(plan))
    allowed |= allows & CLAIM_BIT(STATE_ERRORS);
  return allowed;
}
/* Whether any group's handler calls a store of this role. */
static inline bool plan_uses(const struct plan *plan, enum role role) {
  for (uint32_t i = 0; i < plan_group_count(plan); i++)
    if (plan_handler(plan, i) && (plan_handler(plan, i)->uses & (UINT32_C(1) << role))) return true;
  return false;
}
/* Databases on the producers' side, one for each service. They stand behind those of the groups. */
#define PLAN_SERVICE_DATABASE "producer_database"
static inline uint32_t plan_services(const struct plan *plan) {
  return plan->publisher && plan->publisher->database ? 1 : 0;
}
/* Whether a database states COMMITTED: that of the producers' service, or of the consumers' group. */
static inline bool plan_commits(const struct plan *plan) {
  return plan_services(plan) > 0 || (plan_handler(plan, 0) && plan_handler(plan, 0)->commits);
}
/* The slot of a role that is a store, else NULL. */
const struct store_plan *plan_store(const struct plan *plan, enum role role);
/* Whether what runs on nodes of a role understands a fault that not all do (fault_verbs.h, of_system): the
 * store in its slot, else the system. */
bool plan_understands(const struct plan *plan, enum role role, enum verb verb);
/* The longest timeout of system, stores and handlers. */
struct span plan_longest_timeout(const struct plan *plan);
/* Likewise with those of the client above it and of its publisher. */
struct span plan_longest_wait(const struct plan *plan);
/* What a link is in this plan: as the system says, or as the store at its far end does. */
struct link_rule plan_link_rule(const struct plan *plan, enum link link);

#endif
