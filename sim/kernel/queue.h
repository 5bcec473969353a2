/* The event queue: a radix heap over virtual time.
 *
 * Order is total: by time, and among equal times first in, first out. A radix heap puts an event into
 * the bucket of the highest bit in which its time differs from the time last popped; equal times are
 * always in the same bucket, and buckets keep insertion order, so the second half of the order needs
 * no sequence number.
 *
 * [I1] Monotone: an event is never pushed before the time last popped (assertion).
 * [I2] Events of equal time pop in the order in which they were pushed.
 * [I3] No removal: timers that are likely to be cancelled live in timers.h.
 * Memory is grown, never allocated per event, and kept over queue_reset. Each bucket keeps room for the
 * most that it has held: after long runs several times what is pending.
 */
#ifndef SIM_KERNEL_QUEUE_H
#define SIM_KERNEL_QUEUE_H

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

#define QUEUE_BUCKETS 65
struct queue_bucket {
  struct event *events;
  size_t count, capacity, head; /* head: next to pop, bucket 0 only */
  int64_t earliest;             /* smallest time in it; INT64_MAX when empty */
};
struct queue {
  struct queue_bucket buckets[QUEUE_BUCKETS];
  uint64_t occupied; /* bit b: bucket b + 1 is not empty */
  int64_t last;      /* time last popped */
  size_t count;
};

void queue_init(struct queue *queue);
void queue_deinit(struct queue *queue);
void queue_reset(struct queue *queue);
void queue_push(struct queue *queue, const struct event *event);

/* The same for an event to be filled in by the caller: node, kind, detail, a and b, at once. Writing it
 * in place is faster than copying what has just been written elsewhere. */
struct event *queue_place(struct queue *queue, int64_t at);

/* Moves the earliest event to *out; false when empty. */
bool queue_pop(struct queue *queue, struct event *out);

#endif
