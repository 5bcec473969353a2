#include "sim/kernel/queue.h"

#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

/* A bucket with at most so many is sorted when its turn comes. */
#define SORTED_MAX 8
_Static_assert(SORTED_MAX <= QUEUE_NEAR_MAX / 2, "there is room for them, and for others");

void queue_init(struct queue *queue) {
  *queue = (struct queue){0};
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
  queue->last = 0;
  queue->count = 0;
  queue->near_below = 0;
  queue->near_first = queue->near_end = 0;
}

static inline int bucket_of(int64_t last, int64_t at) {
  uint64_t difference = (uint64_t)at ^ (uint64_t)last;
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

/* `last` is queue->last, in a register: stores to events could alias the queue. */
static inline struct event *room(struct queue *queue, int64_t last, int64_t at) {
  int index = bucket_of(last, at);
  struct queue_bucket *bucket = &queue->buckets[index];
  if (__builtin_expect(bucket->count == bucket->capacity, 0)) enlarge(queue, bucket);
  if (index != 0) queue->occupied |= UINT64_C(1) << (index - 1);
  return &bucket->events[bucket->count++];
}

/* Makes room where many have popped; else there are too many by now, and they go to the buckets, those of
 * equal times in their order [I2]. */
static void make_near_room(struct queue *queue) {
  const size_t count = queue->near_end - queue->near_first;
  struct event *first = queue->near + queue->near_first;
  if (count <= QUEUE_NEAR_MAX / 2) {
    memmove(queue->near, first, count * sizeof *first);
    queue->near_end = count;
  } else {
    queue->near_below = 0;
    for (size_t i = 0; i < count; i++) event_copy(room(queue, queue->last, first[i].at), &first[i]);
    queue->near_end = 0;
  }
  queue->near_first = 0;
}

struct event *queue_place_far(struct queue *queue, int64_t at) {
  if (((uint64_t)at ^ (uint64_t)queue->last) < queue->near_below) {
    make_near_room(queue);
    if (queue->near_below) return queue_place_near(queue, at);
  }
  struct event *event = room(queue, queue->last, at);
  event->at = at;
  return event;
}

/* Sorts the events of a bucket; all below it are empty. */
static void sort_near(struct queue *queue, struct queue_bucket *bucket) {
  queue->near_first = queue->near_end = 0;
  for (size_t i = 0; i < bucket->count; i++)
    event_copy(queue_place_near(queue, bucket->events[i].at), &bucket->events[i]);
  bucket->count = 0;
}

/* Takes the earliest of a bucket into *out and spreads the others below it. All of these are empty, so going
 * through them in order keeps equal times in order [I2]. */
static void spread(struct queue *queue, struct queue_bucket *bucket, struct event *out) {
  const struct event *events = bucket->events;
  const size_t count = bucket->count;
  int64_t last = INT64_MAX;
  for (size_t i = 0; i < count; i++) last = events[i].at < last ? events[i].at : last;
  queue->last = last;
  queue->near_below = 0;
  bucket->count = 0;
  size_t i = 0;
  for (; events[i].at != last; i++) event_copy(room(queue, last, events[i].at), &events[i]);
  event_copy(out, &events[i++]);
  for (; i < count; i++) event_copy(room(queue, last, events[i].at), &events[i]);
}

bool queue_pop_far(struct queue *queue, struct event *out) {
  struct queue_bucket *now = &queue->buckets[0];
  if (queue->count == 0) return false;
  if (queue->head < now->count) {
    queue->count--;
    event_copy(out, &now->events[queue->head++]);
    if (queue->head == now->count) queue->head = now->count = 0;
    return true;
  }
  int below = __builtin_ctzll(queue->occupied);
  struct queue_bucket *bucket = &queue->buckets[below + 1];
  queue->occupied &= queue->occupied - 1;
  if (bucket->count > SORTED_MAX) {
    queue->count--;
    spread(queue, bucket, out);
    return true;
  }
  queue->near_below = UINT64_C(1) << below; /* [I4] */
  sort_near(queue, bucket);
  return queue_pop(queue, out);
}
