#include "sim/kernel/timers.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

#include <stdlib.h>

#define FREE UINT16_MAX
#define PARKED TIMERS_LANES_MAX
#define INDEX_BITS 22
#define TAKEN_ONCE (UINT32_C(1) << INDEX_BITS)
#define INDEX_MASK (TAKEN_ONCE - 1)
_Static_assert(TIMERS_LIVE_MAX < (1 << INDEX_BITS), "TIMER_NONE is no handle");

void timers_init(struct timers *timers, uint16_t event_kind) {
  *timers = (struct timers){.free_list = TIMER_NONE, .event_kind = event_kind};
  timers_reset(timers);
}

void timers_deinit(struct timers *timers) {
  free(timers->items);
  *timers = (struct timers){.free_list = TIMER_NONE};
}

void timers_reset(struct timers *timers) {
  /* Handles of the last run go stale too: a place keeps count of how often it was taken. */
  timers->count = 0;
  timers->free_list = TIMER_NONE;
  timers->lane_count = 0;
  timers->live = 0;
  timers->lanes[PARKED] = (struct timer_lane){.first = TIMER_NONE, .last = TIMER_NONE};
}

uint16_t timers_lane(struct timers *timers, struct span duration) {
  ASSERT_LE(0, duration.ns);
  for (uint32_t i = 0; i < timers->lane_count; i++)
    if (timers->lanes[i].duration.ns == duration.ns) return (uint16_t)i;
  ASSERT_MSG(timers->lane_count < TIMERS_LANES_MAX,
             "more than TIMERS_LANES_MAX = %d distinct timer durations", TIMERS_LANES_MAX);
  timers->lanes[timers->lane_count] =
      (struct timer_lane){.duration = duration, .first = TIMER_NONE, .last = TIMER_NONE};
  return (uint16_t)timers->lane_count++;
}

/* One more place, which is free. */
static void add_place(struct timers *timers) {
  ASSERT_MSG(timers->count < TIMERS_LIVE_MAX, "more than TIMERS_LIVE_MAX = %d live timers",
             TIMERS_LIVE_MAX);
  GROW(timers->items, timers->capacity, timers->count + 1);
  struct timer *timer = &timers->items[timers->count];
  timer->handle = (timer->handle & ~INDEX_MASK) + TAKEN_ONCE + (uint32_t)timers->count;
  timer->next = timers->free_list;
  timers->free_list = (uint32_t)timers->count++;
}

/* [I1] The caller sees to it that no event of the lane is in the queue. */
static void arm(const struct timers *timers, struct queue *queue, uint16_t lane) {
  const struct timer *head = &timers->items[timers->lanes[lane].first];
  queue_push(queue, &(struct event){.at = head->due, .kind = timers->event_kind, .a = lane});
}

/* What timers_start does rarely ends it: so it need not save what a call in its middle would overwrite. */
static __attribute__((noinline)) struct timer *start_in_new_place(struct timers *timers, struct queue *queue,
                                                                  struct instant now, uint16_t lane) {
  add_place(timers);
  return timers_start(timers, queue, now, lane);
}

static __attribute__((noinline)) struct timer *arm_first(struct timers *timers, struct queue *queue, uint16_t lane,
                                                         struct timer *timer) {
  timers->lanes[lane].armed = true;
  arm(timers, queue, lane);
  return timer;
}

struct timer *timers_start(struct timers *timers, struct queue *queue, struct instant now, uint16_t lane) {
  ASSERT_LT(lane, timers->lane_count);
  const uint32_t index = timers->free_list;
  if (UNLIKELY(index == TIMER_NONE)) return start_in_new_place(timers, queue, now, lane);
  struct timer *items = timers->items, *timer = &items[index];
  struct timer_lane *l = &timers->lanes[lane];
  const int64_t due = instant_add(now, l->duration).ns;
  timers->free_list = timer->next;
  timer->due = due;
  timer->next = TIMER_NONE;
  timer->lane = lane;
  const uint32_t previous = timer->previous = l->last;
  if (previous == TIMER_NONE) {
    l->first = index;
  } else {
    ASSERT_LE(items[previous].due, due);
    items[previous].next = index;
  }
  l->last = index;
  timers->live++;
  if (UNLIKELY(!l->armed)) return arm_first(timers, queue, lane, timer);
  return timer;
}

static void unlink_and_free(struct timers *timers, uint32_t index) {
  struct timer *timer = &timers->items[index];
  struct timer_lane *lane = &timers->lanes[timer->lane];
  if (timer->previous == TIMER_NONE)
    lane->first = timer->next;
  else
    timers->items[timer->previous].next = timer->next;
  if (timer->next == TIMER_NONE)
    lane->last = timer->previous;
  else
    timers->items[timer->next].previous = timer->previous;
  timer->lane = FREE;
  timer->handle += TAKEN_ONCE;
  timer->next = timers->free_list;
  timers->free_list = index;
  timers->live--;
}

void timers_cancel(struct timers *timers, uint32_t handle) {
  uint32_t index = handle & INDEX_MASK;
  ASSERT_MSG(index < timers->count && timers->items[index].handle == handle, "timer handle %u is stale",
             handle); /* [I2] */
  unlink_and_free(timers, index);
}

bool timers_expire(struct timers *timers, struct queue *queue, struct instant now, uint16_t lane,
                   struct timer *out) {
  ASSERT_LT(lane, timers->lane_count);
  struct timer_lane *l = &timers->lanes[lane];
  ASSERT(l->armed);
  if (l->first == TIMER_NONE) {
    l->armed = false;
    return false;
  }
  const struct timer *head = &timers->items[l->first];
  if (head->due > now.ns) {
    /* What the event was for has been cancelled, or has fired: the lane stays armed, for its head. */
    arm(timers, queue, lane);
    return false;
  }
  ASSERT_EQ(head->due, now.ns);
  *out = *head;
  unlink_and_free(timers, l->first);
  return true;
}

void timers_park(struct timers *timers, const struct timer *timer) {
  struct timer_lane *parked = &timers->lanes[PARKED];
  /* timers_expire has freed it last, so its place is the first that is free: it takes it back, and its
   * handle is good again [I2]. */
  uint32_t index = timers->free_list;
  ASSERT(index != TIMER_NONE && timers->items[index].handle == timer->handle + TAKEN_ONCE);
  timers->free_list = timers->items[index].next;
  timers->items[index] = *timer;
  timers->items[index].lane = PARKED;
  timers->items[index].previous = parked->last;
  timers->items[index].next = TIMER_NONE;
  if (parked->last == TIMER_NONE)
    parked->first = index;
  else
    timers->items[parked->last].next = index;
  parked->last = index;
  timers->live++;
}

bool timers_unpark(struct timers *timers, uint32_t node, struct timer *out) {
  uint32_t index = timers->lanes[PARKED].first;
  while (index != TIMER_NONE && timers->items[index].node != node) index = timers->items[index].next;
  if (index == TIMER_NONE) return false;
  *out = timers->items[index];
  unlink_and_free(timers, index);
  return true;
}
