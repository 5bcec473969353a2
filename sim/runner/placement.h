/* Placements: single faults at single points of a run, for those who search.
 *
 * A site is one occurrence of one point: `before ack-sent @ consumer.1, intent 2, attempt 1`. Points of
 * control messages have no intent; they are counted at their node. A placement is a site and a verb: it
 * is an ordinary fault of the language (`when: POINT`), so that whatever is found can be written down.
 *
 * Which verbs a site gets:
 *
 *   a message leaves     dropped, delayed past every timeout, doubled (not on a connection); its sender
 *                        dies just after it, also so that the request is executed late, after the death
 *   before it leaves, and before and after a step (a handler's call, an append, an effect…)
 *                        the node is killed, or loses its power
 *   a message arrives    the same, before anything is done
*   with `ties`, a message leaves
 *                        it arrives after all others of that instant
 *   once each step       the node is paused past every timeout: leases, sessions and requests run out
 *
 * [P1] A run with a placement is the run that it was seen in up to the site, event for event.
 * [P2] Sites of one run are numbered in the order in which they occur.
 * LIMIT: placed are deaths, power losses, pauses and what strikes single messages. Nothing places a disk
 *        that lies, fails or is gone, a slow node, a clogged or degraded link, or a leader that moves: these
 *        are declared in the scenario, and searched around. Where a message arrives it is not dropped: that
 *        differs from dropping it where it leaves by one latency.
 */
#ifndef SIM_RUNNER_PLACEMENT_H
#define SIM_RUNNER_PLACEMENT_H

#include "sim/base/map.h"
#include "sim/runner/run.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLACEMENT_RESTART_NS (1 * NS_PER_S) /* a killed node is down so long */
#define PLACEMENT_SKEW_NS (1 * NS_PER_H)
#define PLACEMENT_GRACE_NS (30 * NS_PER_S)  /* the language's default */
#define PLACEMENT_LATE_NS (2 * NS_PER_S)    /* what a dead sender had sent is executed then */

enum placement_kind {
  PLACED_DROP,
  PLACED_DELAY,
  PLACED_DUPLICATE,
  PLACED_KILL,
  PLACED_KILL_LATE,
  PLACED_POWER_LOSS,
  PLACED_PAUSE,
  PLACED_TIE, /* delayed by 1 ns: after all that arrives at the same instant */
  /* From here on: what strikes a user's consumer (check_places.h); not placed by a search. */
  PLACED_REFUSED,       /* a call is not made, and answered with an error */
  PLACED_SERIALIZATION, /* likewise: with that one */
  PLACED_DEADLOCK,
  PLACED_UNSENT,     /* not made, and its caller cannot know */
  PLACED_UNANSWERED, /* made, and the answer is lost */
  PLACED_TERMINATE,
  PLACED_PAUSE_SHORT, /* past the lease of a message, but not past what a database would wait for */
  PLACED_PAUSE_OPEN,  /* the same, where a system's timeouts are so long that half of them is past that, too */
  PLACED_REDELIVER,
  PLACED_FAILOVER_CACHE,
  PLACED_CLOCK_FORWARD,
  PLACED_CLOCK_BACK,
  PLACED__COUNT
};

struct placement {
  uint64_t intent; /* 0 = a control message's */
  uint32_t site;   /* number in the run that it was seen in, from 1 */
  uint32_t occurrence; /* the n-th of its point at its node, of its intent if there is one; from 1 */
  uint16_t point, node;
  bool before;
  uint8_t kind; /* enum placement_kind */
  uint8_t call; /* 1 + enum handler_call: occurrences are counted of this call; 0 = of the point */
};

/* Collects the placements of a run, as an observer. */
/* What is placed. */
struct placement_limits {
  bool ties;   /* PLACED_TIE too */
  bool beyond; /* also what a system's contract assumes not to happen (no_power_loss) */
  uint32_t point; /* only here; POINT_NONE = everywhere */
  uint32_t kinds[ROLE__COUNT]; /* bit kind: at nodes of a role, these only */
};
#define PLACEMENT_KIND(kind) (UINT32_C(1) << (kind))

/* Everything that a contract has to bear: no ties, nothing beyond. */
struct placement_limits placement_limits_all(void);

struct placements {
  struct placement *items;
  size_t count, capacity;
  uint64_t same_instant; /* left out: no different from the one before */
  /* From here on: its own. */
  struct placement_limits limits;
  bool all; /* leaves nothing out */
  uint32_t kinds_here; /* of the node at hand */
  bool leaves_out;     /* what is added now is only counted */
  uint32_t after; /* placements at later sites only, and at this one of later kinds */
  uint8_t after_kind;
  uint32_t sites;
  struct map counts;
  uint64_t sent_hash;
  struct { /* by node: its last site */
    uint64_t step, records, sent;
    bool after, paused;
  } *last;
  size_t last_capacity;
  uint64_t sent;
  struct observer observer;
};

void placements_init(struct placements *placements, const struct placement_limits *limits);
void placements_deinit(struct placements *placements);
/* Puts them in the order of the search: by kind, and of one kind by site. */
void placements_sort(struct placements *placements);
/* To be called before each run that it observes: sites after `parent` only (NULL = all). With `all`,
 * placements that cannot differ from the one before are given too. */
void placements_begin(struct placements *placements, const struct placement *parent, bool all);

/* How long a delay or a pause takes to be past every timeout of a plan: a round number of seconds. */
struct span placement_patience(const struct plan *plan);

/* Whether PAUSE_OPEN is another pause than PAUSE_SHORT. */
bool placement_pauses_open(const struct plan *plan);

/* The fault that a placement is. `name` is borrowed. */
struct fault_plan placement_fault(const struct plan *plan, const struct placement *placement,
                                  const char *name);

/* The same as an entry of a scenario's `faults`, without line end. */
void placement_write(const struct plan *plan, const struct placement *placement, FILE *out);

/* The verb and the point of a placement, as they are written; a point by name, POINT_NONE = none. */
const char *placement_verb(const struct placement *placement);
const char *placement_point(const struct plan *plan, const struct placement *placement);
uint32_t placement_find_point(const struct plan *plan, const char *name);

/* Role and index (from 1) of a node of a plan by its id, and back. */
enum role placement_role(const struct plan *plan, uint16_t node, uint32_t *out_index);

#endif
