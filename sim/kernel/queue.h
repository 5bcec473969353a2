/* The event queue: a radix heap over virtual time, with the nearest events in order beside it.
 *
 *   near     [ 4.2  4.7  5.0  5.1 ]  sorted
 *   buckets  [ 6 ..  8 ) [ 8 .. 16 ) [ 16 .. 32 ) ...
 *
 * Order is total: by time, and among equal times first in, first out. A radix heap puts an event into
 * the bucket of the highest bit in which its time differs from the time last popped; equal times are
 * always in the same bucket, and buckets keep insertion order, so the second half of the order needs
 * no sequence number. A bucket whose turn it is and that holds few is sorted, and so is what is pushed into
 * its span of time from then on; one that holds many is spread over the buckets below it.
 *
 * [I1] Monotone: an event is never pushed before the time last popped (assertion).
 * [I2] Events of equal time pop in the order in which they were pushed.
 * [I3] No removal: timers that are likely to be cancelled live in timers.h.
 * [I4] While near_below is not 0, buckets of differences below it are empty: what belongs there is near.
 * Memory is grown, never allocated per event, and kept over queue_reset. Each bucket keeps room for the
 * most that it has held: after long runs several times what is pending.
 */
#ifndef SIM_KERNEL_QUEUE_H
#define SIM_KERNEL_QUEUE_H

#include "sim/base/assert.h"
#include "sim/kernel/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events are data. `kind` selects the world's dispatch row; the meaning of the rest is the kind's. */
struct event {
  int64_t at; /* ns */
  uint32_t node;
  uint16_t kind;
  uint16_t detail;
  uint64_t a, b;
};
_Static_assert(sizeof(struct event) == 32, "an event is 32 bytes");

/* Eight bytes at a time. A compiler takes sixteen, and a processor can read those only when what was written in
 * smaller pieces has left its store buffer: events move soon after they were written. */
static inline void event_copy(struct event *to, const struct event *from) {
  const uint64_t *words = (const uint64_t *)from;
  uint64_t at = words[0], what = words[1], a = words[2], b = words[3];
  __asm__("" : "+r"(at), "+r"(what), "+r"(a), "+r"(b));
  uint64_t *out = (uint64_t *)to;
  out[0] = at;
  __asm__("" : : : "memory");
  out[1] = what;
  out[2] = a;
  __asm__("" : : : "memory");
  out[3] = b;
}

/* All of an event but its time, in three pieces of that size: the first is put together in a register. */
static inline void event_fill(struct event *event, uint32_t node, uint16_t kind, uint16_t detail, uint64_t a,
                              uint64_t b) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  ((uint64_t *)event)[1] = node | (uint64_t)kind << 32 | (uint64_t)detail << 48;
#else
  ((uint64_t *)event)[1] = (uint64_t)node << 32 | (uint64_t)kind << 16 | detail;
#endif
  event->a = a;
  event->b = b;
}

#define QUEUE_BUCKETS 65
#define QUEUE_NEAR_MAX 32
struct queue_bucket {
  struct event *events;
  size_t count, capacity;
};
struct queue {
  int64_t last; /* time last popped */
  size_t count;
  uint64_t near_below; /* what differs from `last` by less is near; 0 = nothing is */
  size_t near_first, near_end; /* next to pop, behind the last; equal when there are none */
  struct event near[QUEUE_NEAR_MAX];
  uint64_t occupied; /* bit b: bucket b + 1 is not empty */
  size_t head;       /* bucket 0, of time `last`: next to pop */
  struct queue_bucket buckets[QUEUE_BUCKETS];
};

void queue_init(struct queue *queue);
void queue_deinit(struct queue *queue);
void queue_reset(struct queue *queue);

struct event *queue_place_far(struct queue *queue, int64_t at);
bool queue_pop_far(struct queue *queue, struct event *out);

/* Room among the nearest, behind what is there for the same time. Most is pushed for later than what waits. */
static inline struct event *queue_place_near(struct queue *queue, int64_t at) {
  struct event *near = queue->near;
  size_t i = queue->near_end++;
  for (; i > queue->near_first && near[i - 1].at > at; i--) event_copy(&near[i], &near[i - 1]);
  near[i].at = at;
  return &near[i];
}

/* Room for an event, to be filled in by the caller: node, kind, detail, a and b, at once. Writing it in place
 * is faster than copying what has just been written elsewhere. */
static inline struct event *queue_place(struct queue *queue, int64_t at) {
  ASSERT_LE(queue->last, at); /* [I1] */
  queue->count++;
  uint64_t difference = (uint64_t)at ^ (uint64_t)queue->last;
  if (difference < queue->near_below && queue->near_end < QUEUE_NEAR_MAX)
    return queue_place_near(queue, at);
  return queue_place_far(queue, at);
}

static inline void queue_push(struct queue *queue, const struct event *event) {
  event_fill(queue_place(queue, event->at), event->node, event->kind, event->detail, event->a, event->b);
}

/* Moves the earliest event to *out; false when empty. */
static inline bool queue_pop(struct queue *queue, struct event *out) {
  if (queue->near_first == queue->near_end) return queue_pop_far(queue, out);
  event_copy(out, &queue->near[queue->near_first++]);
  queue->last = out->at;
  queue->count--;
  return true;
}

#endif
