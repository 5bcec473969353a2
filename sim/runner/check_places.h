/* Where faults can strike a user's consumer in a run, and which: collected by an observer.
 *
 * A place is a site (placement.h) with one fault and the class of cases that it belongs to:
 *
 *   a call of the program   before it: refused, a serialization failure or a deadlock, not sent; after it: its answer
 *                           is lost; before and after: killed, failover of a store; once: asked to finish, paused
 *   a message is handed over, handled, its acknowledgement leaves, is answered
 *                           killed, paused; the acknowledgement and its answer: lost, late
 *   a request leaves the consumer
 *                           executed late; its process killed and it executed after that
 *   the broker confirms a publication
 *                           lost: published again
 *   the broker has noted an acknowledgement
 *                           another copy at the end of the horizon
 *
 * [Q1] A place is that of a run with no more faults than the one it was seen in: placed there, the run is the same
 *      up to it.
 * [Q2] Left out: a kill before a call, where nothing has happened since the kill after the one before, or when the
 *      message was handed over, unless the program has a life of its own in between (`own_state`).
 */
#ifndef SIM_RUNNER_CHECK_PLACES_H
#define SIM_RUNNER_CHECK_PLACES_H

#include "sim/base/map.h"
#include "sim/runner/check.h"
#include "sim/world/observer.h"

struct check_place {
  struct placement placement;
  enum check_class class;
};

struct check_places {
  struct check_place *items;
  size_t count, capacity;
  /* From here on: its own. */
  const struct check_rules *rules;
  bool own_state, own_server; /* check_options */
  bool collects; /* false: counts calls alone */
  struct map counts;
  uint32_t sites, calls;
  struct check_call { /* by node: the call that is about to be made */
    bool may_fail;
    const char *what;
  } *nodes;
  size_t node_capacity;
};

void check_places_init(struct check_places *places, const struct check_rules *rules, bool own_state,
                       bool own_server);
void check_places_deinit(struct check_places *places);
void check_places_begin(struct check_places *places, bool collects);

/* For the observer of a run. */
void check_places_call(struct check_places *places, const struct world *world, const struct node *node,
                       const char *what, bool may_fail);
void check_places_point(struct check_places *places, const struct world *world, const struct node *node,
                        uint32_t point, bool before, uint64_t intent, const struct message *message);

/* Whether a class of single faults is part of a contract: NULL, or why it is not. */
const char *check_not_tried(const struct check_rules *rules, enum check_class class);

#endif
