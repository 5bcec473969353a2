/* Timers that are almost always cancelled, in lanes: one doubly linked FIFO per distinct duration.
 *
 *   lane 30s:  [due 31.0] <-> [due 31.2] <-> [due 33.9]      only the head is armed in the queue
 *   lane 3s:   [due  4.1]
 *
 * Starting and cancelling are O(1) and pending memory follows live timers. In a lane, due times never
 * fall, because the duration is constant.
 *
 * [I1] A lane has at most one event in the queue (kind given at init, `a` = lane).
 * [I2] A handle of a fired or cancelled timer is stale: cancelling it again is an assertion. Handles
 *      carry how often their place was taken, modulo 1024, and are never TIMER_NONE.
 * [I3] Timers of one lane fire in the order in which they were started.
 * [I4] A parked timer has come due at an owner that cannot be reached: it waits, out of its lane, and can
 *      still be cancelled by its handle.
 */
#ifndef SIM_KERNEL_TIMERS_H
#define SIM_KERNEL_TIMERS_H

#include "sim/kernel/queue.h"
#include "sim/kernel/time.h"

#include <stdint.h>

#define TIMERS_LANES_MAX 64
#define TIMERS_LIVE_MAX 4000000
#define TIMER_NONE UINT32_MAX

struct timer {
  int64_t due;
  uint64_t argument;
  uint32_t node, incarnation; /* the owner; the world ignores timers of dead incarnations */
  uint32_t previous, next;
  uint16_t kind;
  uint16_t lane; /* UINT16_MAX = free */
  uint32_t handle; /* its place, and above that how often the place was taken; of a free one, the next */
};
struct timer_lane {
  struct span duration;
  uint32_t first, last;
  bool armed;
};
struct timers {
  struct timer *items;
  size_t count, capacity;
  uint32_t free_list;
  struct timer_lane lanes[TIMERS_LANES_MAX + 1]; /* the last: parked */
  uint32_t lane_count;
  uint32_t live;
  uint16_t event_kind;
};

void timers_init(struct timers *timers, uint16_t event_kind);
void timers_deinit(struct timers *timers);
void timers_reset(struct timers *timers); /* forgets lanes too; keeps memory */

/* The lane of a duration, made when new. Limit: TIMERS_LANES_MAX distinct durations (assertion). */
uint16_t timers_lane(struct timers *timers, struct span duration);

/* Starts one, to be filled in by the caller at once: argument, node, incarnation and kind. Its handle is in it. Due =
 * now + the lane's duration; `now` never falls. Limit: TIMERS_LIVE_MAX live timers (assertion). */
struct timer *timers_start(struct timers *timers, struct queue *queue, struct instant now, uint16_t lane);
void timers_cancel(struct timers *timers, uint32_t handle);

/* To be called in a loop when a lane's event has popped, until it returns false: takes the next timer
 * that is due now into *out, or, when none is left, arms the lane for its new head. In between, timers
 * may be started and cancelled, in this lane too. */
bool timers_expire(struct timers *timers, struct queue *queue, struct instant now, uint16_t lane,
                   struct timer *out);

/* Parks the timer that timers_expire has just given, before anything else is started. */
void timers_park(struct timers *timers, const struct timer *timer);
/* Takes the longest parked timer of an owner, of whatever incarnation; false when there is none. */
bool timers_unpark(struct timers *timers, uint32_t node, struct timer *out);

#endif
