#include "sim/kernel/queue.h"

#include "sim/base/grow.h"
#include "sim/base/likely.h"

#include <stdlib.h>
#include <string.h>

/* A bucket with at most so many is sorted when its turn comes. */
#define SORTED_MAX 8
/* With at most so many pending all are near from then on. */
#define GATHERED_MAX (QUEUE_NEAR_MAX * 3 / 4)
_Static_assert(SORTED_MAX <= QUEUE_NEAR_MAX / 2, "there is room for them, and for others");
_Static_assert(QUEUE_NEAR_MAX == 64, "as many slots as there are bits that say which are free");
/* Differences below QUEUE_NEAR_TIME are in buckets up to this. */
#define NEAR_BUCKET (62 - QUEUE_SLOT_BITS)

void queue_init(struct queue *queue) {
  *queue = (struct queue){.wide = queue_may_be_wide()};
  queue_reset(queue);
}

void queue_deinit(struct queue *queue) {
  for (int i = 0; i < QUEUE_BUCKETS; i++) free(queue->buckets[i].events);
  *queue = (struct queue){0};
}

void queue_reset(struct queue *queue) {
  for (int i = 0; i < QUEUE_BUCKETS; i++) queue->buckets[i].count = 0;
  queue->head = 0;
  queue->occupied = 0;
  queue->last = queue->base = 0;
  queue->far = 0;
  queue->limit = QUEUE_NEAR_TIME;
  queue->near = queue->fresh = 0;
  queue->free = UINT64_MAX;
  for (int i = 0; i < QUEUE_REACH; i++) queue->keys[i] = QUEUE_NEVER;
}

static inline int bucket_of(int64_t base, int64_t at) {
  uint64_t difference = (uint64_t)at ^ (uint64_t)base;
  return difference == 0 ? 0 : 64 - __builtin_clzll(difference);
}

static __attribute__((noinline)) void enlarge(struct queue *queue, struct queue_bucket *bucket) {
  /* Only bucket 0 has a head. A long burst at one instant reuses the room of what has popped. */
  if (bucket == queue->buckets && queue->head > bucket->count / 2) {
    bucket->count -= queue->head;
    memmove(bucket->events, bucket->events + queue->head, bucket->count * sizeof *bucket->events);
    queue->head = 0;
    return;
  }
  GROW(bucket->events, bucket->capacity, bucket->count + 1);
}

/* `base` is queue->base, in a register: stores to events could alias the queue. */
static inline struct event *room(struct queue *queue, int64_t base, int64_t at) {
  int index = bucket_of(base, at);
  struct queue_bucket *bucket = &queue->buckets[index];
  if (UNLIKELY(bucket->count == bucket->capacity)) enlarge(queue, bucket);
  if (index != 0) queue->occupied |= UINT64_C(1) << (index - 1);
  queue->far++;
  return &bucket->events[bucket->count++];
}

/* The later half of what is near goes to the buckets, and all of the time where it begins: those of equal times
 * stay together, in their order [I2]. */
static void put_off(struct queue *queue) {
  queue_order_all(queue);
  uint64_t *keys = &queue->keys[QUEUE_REACH];
  size_t count = QUEUE_NEAR_MAX / 2;
  queue->limit = (int64_t)(keys[count - 1] >> QUEUE_SLOT_BITS);
  while (count < QUEUE_NEAR_MAX && (int64_t)(keys[count] >> QUEUE_SLOT_BITS) == queue->limit) count++;
  for (size_t i = count; i-- > 0;) {
    const uint64_t slot = keys[i] & QUEUE_SLOT_MASK;
    const struct event *event = &queue->slots[slot];
    event_copy(room(queue, queue->base, event->at), event);
    queue->free |= UINT64_C(1) << slot;
  }
  queue->near = QUEUE_NEAR_MAX - count;
  memmove(keys, keys + count, queue->near * sizeof *keys);
}

struct event *queue_place_far(struct queue *queue, int64_t at) {
  if (at < queue->limit) {
    put_off(queue);
    if (at < queue->limit) return queue_place_near(queue, at);
  }
  struct event *event = room(queue, queue->base, at);
  event->at = at;
  return event;
}

static void draw_near(struct queue *queue, struct queue_bucket *bucket) {
  for (size_t i = 0; i < bucket->count; i++)
    event_copy(queue_place_near(queue, bucket->events[i].at), &bucket->events[i]);
  queue->far -= bucket->count;
  bucket->count = 0;
}

/* All that there is, the latest first: these pass none of those that are near already. */
static void gather(struct queue *queue) {
  const uint64_t nearest = (UINT64_C(1) << NEAR_BUCKET) - 1;
  for (uint64_t left = queue->occupied & nearest; left != 0;) {
    const int below = 63 - __builtin_clzll(left);
    draw_near(queue, &queue->buckets[below + 1]);
    left ^= UINT64_C(1) << below;
  }
  queue->occupied &= ~nearest;
  queue->base = queue->last;
  queue->limit = QUEUE_NEAR_TIME;
}

/* Takes the earliest out of a bucket and spreads the others below it. All of these are empty, so going
 * through them in order keeps equal times in order [I2]. */
static const struct event *spread(struct queue *queue, struct queue_bucket *bucket) {
  const struct event *events = bucket->events;
  const size_t count = bucket->count;
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < count; i++) first = events[i].at < first ? events[i].at : first;
  queue->last = queue->base = first;
  queue->limit = first < QUEUE_NEAR_TIME ? first : QUEUE_NEAR_TIME;
  queue->far -= count;
  bucket->count = 0;
  size_t i = 0;
  for (; events[i].at != first; i++) event_copy(room(queue, first, events[i].at), &events[i]);
  const struct event *earliest = &events[i++];
  for (; i < count; i++) event_copy(room(queue, first, events[i].at), &events[i]);
  return earliest;
}

const struct event *queue_take_far(struct queue *queue) {
  struct queue_bucket *now = &queue->buckets[0];
  if (queue->far == 0) return NULL;
  if (queue->head < now->count) {
    queue->far--;
    const struct event *event = &now->events[queue->head++];
    queue->last = event->at;
    if (queue->head == now->count) queue->head = now->count = 0;
    return event;
  }
  const int below = __builtin_ctzll(queue->occupied);
  const bool may_be_near = queue->base < QUEUE_NEAR_TIME && below < NEAR_BUCKET;
  if (may_be_near && queue->far <= GATHERED_MAX) {
    gather(queue);
    return queue_take(queue);
  }
  struct queue_bucket *bucket = &queue->buckets[below + 1];
  queue->occupied &= queue->occupied - 1;
  if (!may_be_near || bucket->count > SORTED_MAX) return spread(queue, bucket);
  const int64_t span = INT64_C(1) << below;
  queue->base = ((queue->base | (span - 1)) ^ (span - 1)) | span; /* where the bucket begins */
  queue->limit = queue->base + span;
  draw_near(queue, bucket);
  return queue_take(queue);
}
