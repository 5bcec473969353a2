/* Faults: what goes wrong, when, and whether it mattered.
 *
 * Timed faults are processes in virtual time, keyed by (seed, fault name, n): independent of traffic
 * and of the system, so that every compared row has the same bad luck. Triggers wait for a point.
 *
 *   EVENT_FAULT steps:  BEGIN -> (lasts) -> END;  RESTART of a node;  RESUME of a node;  ARRIVAL of
 *                       a delayed message;  GRACE over
 *
 * A recorded fault has its beginnings in the plan instead of drawing them. What else is keyed by (name, n)
 * stays as it was: a record gives the digest of the run that it was taken from.
 *
 * Swarm: each seed draws which of the faults there are, at least one, and how dense its renewal processes
 * are: their gaps times 1/4, 1/2, 1, 2 or 4. Both are keyed by (seed, fault name), so all rows have the
 * same part. A fault that is absent does nothing in that run. Without luck every fault is there.
 *
 * A fault is effective when it has a hit: something under way was lost, delayed, killed, re-sent or
 * drained because of it. What counts is in the verb's row.
 */
#ifndef SIM_WORLD_FAULT_H
#define SIM_WORLD_FAULT_H

#include "sim/world/link.h"
#include "sim/world/point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In a swarm, the least time from a heal to the next beginning, where `stability` is shorter. */
#define SWARM_DWELL_NS INT64_C(1000000)

struct fault_plan;
struct message;
struct node;
struct plan;
struct world;

enum fault_step { FAULT_BEGIN, FAULT_END, FAULT_RESTART, FAULT_RESUME, FAULT_ARRIVAL, FAULT_GRACE };

struct fault_window_seen {
  uint32_t fault;
  int64_t begin, end; /* ns; end -1 = still under way */
};

struct fault_state {
  const struct fault_plan *rules; /* of the latest instance: the plan, or an occurrence of a record */
  struct link_rules degraded;      /* VERB_DEGRADE, while it is under way */
  int64_t degraded_until;          /* ns */
  uint64_t hits;
  uint64_t begun;       /* how often it has begun */
  uint64_t occurrences; /* of its point, all that match: for nth */
  uint32_t attempts;    /* of its point by its intent: for attempt */
  uint32_t active;      /* instances under way */
  uint8_t *targets, *others; /* the sets that it strikes, and cuts from, bitmaps by node id */
  uint8_t *sides[2];         /* a partition with a shape: what the targets were split into */
  uint64_t address;          /* of the draws of its latest instance */
  uint32_t deploy_next, deploy_down; /* deploy: next of the targets; how many are down */
  uint32_t window;      /* index of the open window, UINT32_MAX */
  bool applies;         /* this row has such a target, and this seed such a fault */
  bool absent;          /* swarm: not in this seed's part */
  uint64_t intent;       /* of the operation at the point where it struck last; 0 = none */
  uint32_t gap_quarters; /* its gaps are so many quarters of what is drawn */
};

/* Told of every beginning of a timed fault, whether it happened or not. `rules` say how it was to
 * strike; `drawn`: the sets of the fault's state are what it struck. */
typedef void faults_observer_fn(void *context, const struct world *world, uint32_t fault,
                                const struct fault_plan *rules, bool happened, bool drawn);

/* A trigger that waits. */
struct trigger {
  uint64_t intent; /* of the one operation at whose point it strikes; 0 = of any */
  uint32_t fault;
  uint32_t site; /* its point, and before or after: trigger_site */
};
#define TRIGGER_SITES (2 * POINT__MAX)
static inline uint32_t trigger_site(uint32_t point, bool before) { return 2 * point + before; }

struct faults {
  faults_observer_fn *observer; /* NULL = nobody; kept by faults_reset */
  void *observer_context;
  struct fault_state *items;
  size_t count, capacity;
  struct fault_window_seen *windows;
  size_t window_count, window_capacity;
  struct trigger *triggers; /* by site, intent, fault: an occurrence asks those of its own alone */
  size_t trigger_count, trigger_capacity;
  uint32_t site_first[TRIGGER_SITES + 1]; /* of a site's triggers */
  uint64_t *under_way;                    /* faults with an instance under way, bits */
  size_t under_way_capacity;
  uint32_t planned; /* 1u << enum verb: those that the plan has at all */
  uint32_t pending; /* timed beginnings still to come */
  uint32_t active;  /* instances under way, nodes to restart */
  /* a doomed or targeted node of a trigger, to be dealt with when the step returns */
  struct deferred {
    uint32_t fault; /* NO_FAULT: a node that exits by itself */
    uint16_t node;
    uint64_t intent; /* of the operation at the point */
    bool dies; /* by what the fault has done to it; else the fault begins */
  } *deferred;
  size_t deferred_count, deferred_capacity;
  uint8_t *bitmaps; /* of all partitions */
  size_t bitmap_bytes, bitmap_capacity;
};

/* Whether this plan has such a target: in other rows of a comparison it may have none. */
bool faults_apply(const struct plan *plan, const struct fault_plan *fault);

void faults_reset(struct world *world);
void faults_free(struct faults *faults);
void faults_event(struct world *world, enum fault_step step, uint32_t fault, uint64_t instance);

/* A trigger's point occurred; see world_point. Message may be NULL. Returns false when the node is
 * doomed. */
bool faults_point(struct world *world, struct node *node, uint32_t point, bool before, uint64_t intent,
                  struct message *message);

/* The node has asked to exit; it does when the step returns. */
void faults_defer_exit(struct world *world, struct node *node);

/* The node dies by what a fault has done to it, when its step returns; it is doomed from here. */
void faults_defer_death(struct world *world, struct node *node, uint32_t fault);

/* Carries out what triggers in this step asked for. */
void faults_deferred(struct world *world);

/* A fault perturbed something under way; NO_FAULT is ignored. */
void faults_hit(struct world *world, uint32_t fault, uint16_t node, uint64_t intent);

/* How a fault's latest instance strikes. */
const struct fault_plan *faults_rules(const struct world *world, uint32_t fault);

/* A node that a fault was stopping has gone down, or is up again. */
void faults_node_down(struct world *world, struct node *node);

#endif
