#include "sim/kernel/queue.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

/* An empty bucket's earliest time is INT64_MAX: putting needs no branch to keep it. */
static void empty(struct queue_bucket *bucket) {
  bucket->count = bucket->head = 0;
  bucket->earliest = INT64_MAX;
}

void queue_init(struct queue *queue) {
  *queue = (struct queue){0};
  queue_reset(queue);
}

void queue_deinit(struct queue *queue) {
  for (int i = 0; i < QUEUE_BUCKETS; i++) free(queue->buckets[i].events);
  *queue = (struct queue){0};
}

void queue_reset(struct queue *queue) {
  for (int i = 0; i < QUEUE_BUCKETS; i++) empty(&queue->buckets[i]);
  queue->occupied = 0;
  queue->last = 0;
  queue->count = 0;
}

static inline int bucket_of(int64_t last, int64_t at) {
  uint64_t difference = (uint64_t)at ^ (uint64_t)last;
  return difference == 0 ? 0 : 64 - __builtin_clzll(difference);
}

static __attribute__((noinline)) void enlarge(struct queue_bucket *bucket) {
  /* Only bucket 0 has a head. A long burst at one instant reuses the room of what has popped. */
  if (bucket->head > bucket->count / 2) {
    bucket->count -= bucket->head;
    memmove(bucket->events, bucket->events + bucket->head, bucket->count * sizeof *bucket->events);
    bucket->head = 0;
    return;
  }
  GROW(bucket->events, bucket->capacity, bucket->count + 1);
}

/* `last` is queue->last, in a register: stores to events could alias the queue. */
static inline void put(struct queue *queue, int64_t last, const struct event *event) {
  int index = bucket_of(last, event->at);
  struct queue_bucket *bucket = &queue->buckets[index];
  if (__builtin_expect(bucket->count == bucket->capacity, 0)) enlarge(bucket);
  bucket->earliest = event->at < bucket->earliest ? event->at : bucket->earliest;
  bucket->events[bucket->count++] = *event;
  if (index != 0) queue->occupied |= UINT64_C(1) << (index - 1);
}

struct event *queue_place(struct queue *queue, int64_t at) {
  const int64_t last = queue->last;
  ASSERT_LE(last, at); /* [I1] */
  int index = bucket_of(last, at);
  struct queue_bucket *bucket = &queue->buckets[index];
  if (__builtin_expect(bucket->count == bucket->capacity, 0)) enlarge(bucket);
  bucket->earliest = at < bucket->earliest ? at : bucket->earliest;
  if (index != 0) queue->occupied |= UINT64_C(1) << (index - 1);
  queue->count++;
  struct event *event = &bucket->events[bucket->count++];
  event->at = at;
  return event;
}

void queue_push(struct queue *queue, const struct event *event) {
  ASSERT_LE(queue->last, event->at); /* [I1] */
  put(queue, queue->last, event);
  queue->count++;
}

/* Takes the earliest of the lowest occupied bucket into *out and spreads the others below it. All of
 * these are empty, so going through them in order keeps equal times in order [I2]. An event that is
 * alone in its bucket goes straight out. */
static void take_from_above(struct queue *queue, struct event *out) {
  struct queue_bucket *bucket = &queue->buckets[__builtin_ctzll(queue->occupied) + 1];
  const struct event *events = bucket->events;
  const size_t count = bucket->count;
  const int64_t last = bucket->earliest;
  queue->occupied &= queue->occupied - 1;
  queue->last = last;
  empty(bucket);
  size_t i = 0;
  while (events[i].at != last) put(queue, last, &events[i++]);
  *out = events[i++];
  while (i < count) put(queue, last, &events[i++]);
}

bool queue_pop(struct queue *queue, struct event *out) {
  struct queue_bucket *now = &queue->buckets[0];
  if (queue->count == 0) return false;
  queue->count--;
  if (now->head == now->count) {
    take_from_above(queue, out);
    return true;
  }
  *out = now->events[now->head++];
  if (now->head == now->count) empty(now);
  return true;
}
