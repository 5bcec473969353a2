/* The event queue: a radix heap over virtual time, with the nearest events in order before it.
 *
 *   near     [ 5.1  5.0  4.7  4.2 ]  sorted, the next to pop at the end
 *   fresh    [ 4.9  5.3 ]            those pushed last, in the order in which they were pushed
 *   limit    6
 *   buckets  [ 6 .. 8 ) [ 8 .. 16 ) [ 16 .. 32 ) ...
 *
 * Order is total: by time, and among equal times first in, first out. A radix heap puts an event into
 * the bucket of the highest bit in which its time differs from a base that is not later than any; equal times
 * are always in the same bucket, and buckets keep insertion order, so the second half of the order needs
 * no sequence number. When nothing is near, the bucket whose turn it is becomes it, and so does what is pushed
 * into its span of time from then on; a bucket that holds many is spread over those below it. Where few events
 * are pending in all, every one of them is near.
 *
 * What is pushed is not put in order at once: its time is a draw that the processor has hardly begun to compute by
 * then, and every branch on it that was foretold wrong would be found out late. The next pop asks of it only whether
 * it comes first, which it seldom does. Once that pop has its event, which is what everything waits for, it puts what
 * is fresh in its place, without a branch (queue_order.c).
 *
 * [I1] Monotone: an event is never pushed before the time last popped (assertion).
 * [I2] Events of equal time pop in the order in which they were pushed.
 * [I3] No removal: timers that are likely to be cancelled live in timers.h.
 * [I4] What is near or fresh is earlier than `limit`, what is in the buckets is not.
 * [I5] What is fresh was pushed later than all that is near.
 * Memory is grown, never allocated per event, and kept over queue_reset. Each bucket keeps room for the
 * most that it has held: after long runs several times what is pending.
 */
#ifndef SIM_KERNEL_QUEUE_H
#define SIM_KERNEL_QUEUE_H

#include "sim/base/assert.h"
#include "sim/base/likely.h"
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
#define QUEUE_SLOT_BITS 6
#define QUEUE_NEAR_MAX (1 << QUEUE_SLOT_BITS)
#define QUEUE_NEAR_TIME (INT64_C(1) << (62 - QUEUE_SLOT_BITS)) /* later than this (2.3 years) is never near */
#define QUEUE_NEVER ((uint64_t)INT64_MAX) /* a key that is later than all, whether numbers have signs or not */
#define QUEUE_REACH 16 /* so many keys are passed without a branch at the most: queue_order.c */
struct queue_bucket {
  struct event *events;
  size_t count, capacity;
};
struct queue {
  bool wide;     /* ordered by who compares four keys at once */
  int64_t last;  /* time last popped */
  int64_t limit; /* [I4] at most QUEUE_NEAR_TIME */
  size_t far;    /* how many are in the buckets */
  size_t near, fresh;
  uint64_t free; /* bit: a slot is */
  /* A key is a time and a slot, together. Before the first of the near: keys that are later than all. */
  uint64_t keys[QUEUE_REACH + QUEUE_NEAR_MAX];
  uint64_t fresh_keys[QUEUE_NEAR_MAX];
  struct event slots[QUEUE_NEAR_MAX];
  int64_t base;      /* of the buckets */
  uint64_t occupied; /* bit b: bucket b + 1 is not empty */
  size_t head;       /* bucket 0, of time `base`: next to pop */
  struct queue_bucket buckets[QUEUE_BUCKETS];
};

void queue_init(struct queue *queue);
void queue_deinit(struct queue *queue);
void queue_reset(struct queue *queue);

struct event *queue_place_far(struct queue *queue, int64_t at);
const struct event *queue_take_far(struct queue *queue);

/* --- queue_order.c: in the one way or in the other, to the same end --- */

bool queue_may_be_wide(void); /* what the processor can do */
void queue_order_all(struct queue *queue); /* puts what is fresh where it belongs */
const struct event *queue_take_plain(struct queue *queue);
const struct event *queue_take_wide(struct queue *queue);

static inline size_t queue_count(const struct queue *queue) { return queue->near + queue->fresh + queue->far; }

#define QUEUE_SLOT_MASK (QUEUE_NEAR_MAX - UINT64_C(1))

/* Room among the fresh; a slot is free. */
static inline struct event *queue_place_near(struct queue *queue, int64_t at) {
  const uint64_t slot = (uint64_t)__builtin_ctzll(queue->free);
  queue->free &= queue->free - 1;
  queue->fresh_keys[queue->fresh++] = (uint64_t)at << QUEUE_SLOT_BITS | slot;
  struct event *event = &queue->slots[slot];
  event->at = at;
  return event;
}

/* Room for an event, to be filled in by the caller: node, kind, detail, a and b, at once. Writing it in place
 * is faster than copying what has just been written elsewhere. */
static inline struct event *queue_place(struct queue *queue, int64_t at) {
  ASSERT_LE(queue->last, at); /* [I1] */
  if (LIKELY(at < queue->limit && queue->free != 0)) return queue_place_near(queue, at);
  return queue_place_far(queue, at);
}

static inline void queue_push(struct queue *queue, const struct event *event) {
  event_fill(queue_place(queue, event->at), event->node, event->kind, event->detail, event->a, event->b);
}

/* Takes the earliest event out. It stays readable where it is until the next is pushed; NULL when empty. */
static inline const struct event *queue_take(struct queue *queue) {
  return queue->wide ? queue_take_wide(queue) : queue_take_plain(queue);
}

/* Moves the earliest event to *out; false when empty. */
static inline bool queue_pop(struct queue *queue, struct event *out) {
  const struct event *event = queue_take(queue);
  if (!event) return false;
  event_copy(out, event);
  return true;
}

#endif
