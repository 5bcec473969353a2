#include "sim/base/hash.h"
#include "sim/kernel/timers.h"
#include "tests/run_suite.h"

#include <signal.h>

#define KIND 9
#define OTHER_KIND 1
#define LANES 3
#define TWIN_MAX 2000

/* A world of timers alone: what it fires is kept as (when, argument). */
struct world {
  struct queue queue;
  struct timers timers;
  struct instant now;
};

static void world_init(struct world *world) {
  queue_init(&world->queue);
  timers_init(&world->timers, KIND);
  world->now = instant_of(0);
}

static void world_deinit(struct world *world) {
  queue_deinit(&world->queue);
  timers_deinit(&world->timers);
}

static uint32_t start_of(struct world *world, uint16_t lane, uint32_t node, uint64_t argument) {
  struct timer *timer = timers_start(&world->timers, &world->queue, world->now, lane);
  timer->argument = argument;
  timer->node = node;
  timer->incarnation = (uint32_t)argument + 2;
  timer->kind = (uint16_t)(argument + 3);
  return timer->handle;
}

static uint32_t start(struct world *world, uint16_t lane, uint64_t argument) {
  return start_of(world, lane, (uint32_t)argument + 1, argument);
}

static void check_fields(const struct timer *timer) {
  ck_assert_uint_eq(timer->node, (uint32_t)timer->argument + 1);
  ck_assert_uint_eq(timer->incarnation, (uint32_t)timer->argument + 2);
  ck_assert_uint_eq(timer->kind, (uint16_t)(timer->argument + 3));
}

/* [I1] Counts the lane's events in the queue. */
static size_t events_of(const struct world *world, uint64_t lane) {
  size_t count = 0;
  for (int b = 0; b < QUEUE_BUCKETS; b++) {
    const struct queue_bucket *bucket = &world->queue.buckets[b];
    for (size_t i = b == 0 ? world->queue.head : 0; i < bucket->count; i++)
      count += bucket->events[i].kind == KIND && bucket->events[i].a == lane;
  }
  for (size_t i = 0; i < QUEUE_NEAR_MAX; i++) {
    const struct event *event = &world->queue.slots[i];
    const bool free = world->queue.free >> i & 1;
    count += !free && event->kind == KIND && event->a == lane;
  }
  return count;
}

/* Takes the next event; fills in what fires. Returns how many. */
static size_t next(struct world *world, struct timer *fired, size_t room) {
  struct event event;
  if (!queue_pop(&world->queue, &event)) return 0;
  world->now = instant_of(event.at);
  if (event.kind != KIND) return 0;
  size_t count = 0;
  while (timers_expire(&world->timers, &world->queue, world->now, (uint16_t)event.a,
                       &fired[count])) {
    ck_assert_uint_eq(fired[count].lane, event.a);
    check_fields(&fired[count++]);
    ck_assert_uint_lt(count, room);
  }
  ck_assert_uint_le(events_of(world, event.a), 1);
  return count;
}

/* The naive twin: a list in order of starting, searched from the start. */
struct twin {
  struct {
    int64_t due;
    uint64_t argument;
    uint32_t handle;
    uint16_t lane;
  } live[TWIN_MAX];
  size_t count;
};

static void twin_remove(struct twin *twin, size_t place) {
  twin->count--;
  for (; place < twin->count; place++) twin->live[place] = twin->live[place + 1];
}

/* What fires must be the earliest of all, and the first started of its lane. */
static void twin_fires(struct twin *twin, const struct timer *timer, struct instant now) {
  size_t first = twin->count;
  for (size_t i = twin->count; i-- > 0;) {
    ck_assert_int_ge(twin->live[i].due, now.ns);
    if (twin->live[i].lane == timer->lane) first = i;
  }
  ck_assert_uint_lt(first, twin->count);
  ck_assert_int_eq(twin->live[first].due, now.ns);
  ck_assert_int_eq(timer->due, now.ns);
  ck_assert_uint_eq(twin->live[first].argument, timer->argument);
  twin_remove(twin, first);
}

static void start_both(struct world *world, struct twin *twin, uint16_t lane, uint64_t number) {
  uint32_t handle = start(world, lane, number);
  twin->live[twin->count].due = world->now.ns + world->timers.lanes[lane].duration.ns;
  twin->live[twin->count].argument = number;
  twin->live[twin->count].handle = handle;
  twin->live[twin->count++].lane = lane;
}

START_TEST(agrees_with_a_list_under_many_operations) {
  static struct twin twin;
  static struct timer fired[TWIN_MAX];
  struct world world;
  world_init(&world);
  uint16_t lanes[LANES] = {timers_lane(&world.timers, span_of(1000)),
                           timers_lane(&world.timers, span_of(70)),
                           timers_lane(&world.timers, span_of(0))};
  for (uint64_t i = 0; i < 40000; i++) {
    uint64_t draw = hash_mix(i);
    if (draw % 8 < 4 && twin.count < 300) {
      start_both(&world, &twin, lanes[draw >> 32 & 1 ? 0 : draw >> 33 & 1 ? 1 : 2], i);
    } else if (draw % 8 < 6 && twin.count > 0) {
      size_t place = (size_t)(draw >> 8) % twin.count;
      timers_cancel(&world.timers, twin.live[place].handle);
      twin_remove(&twin, place);
    } else if (draw % 8 == 6) {
      queue_push(&world.queue, &(struct event){.at = world.now.ns + (int64_t)(draw >> 8) % 50,
                                               .kind = OTHER_KIND});
    } else {
      size_t count = next(&world, fired, TWIN_MAX);
      for (size_t f = 0; f < count; f++) twin_fires(&twin, &fired[f], world.now);
    }
    ck_assert_uint_eq(world.timers.live, twin.count);
  }
  while (queue_count(&world.queue) > 0) {
    size_t count = next(&world, fired, TWIN_MAX);
    for (size_t f = 0; f < count; f++) twin_fires(&twin, &fired[f], world.now);
  }
  ck_assert_uint_eq(twin.count, 0);
  world_deinit(&world);
}
END_TEST

START_TEST(I4_a_parked_timer_keeps_its_handle_until_it_is_taken_or_cancelled) {
  struct world world;
  struct timer fired, taken;
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  uint32_t handles[3];
  for (uint64_t i = 0; i < 3; i++)
    handles[i] = start_of(&world, lane, 7, i + 1);
  struct event event;
  ck_assert(queue_pop(&world.queue, &event));
  world.now = instant_of(event.at);
  while (timers_expire(&world.timers, &world.queue, world.now, lane, &fired))
    timers_park(&world.timers, &fired);
  ck_assert_uint_eq(world.timers.live, 3);
  timers_cancel(&world.timers, handles[1]);
  uint32_t other = start(&world, lane, 4); /* takes the place of the cancelled one */
  ck_assert_uint_ne(other, handles[1]);
  ck_assert(timers_unpark(&world.timers, 7, &taken));
  ck_assert_uint_eq(taken.argument, 1);
  ck_assert(!timers_unpark(&world.timers, 8, &taken));
  timers_cancel(&world.timers, handles[2]);
  ck_assert(!timers_unpark(&world.timers, 7, &taken));
  timers_cancel(&world.timers, other);
  ck_assert_uint_eq(world.timers.live, 0);
  world_deinit(&world);
}
END_TEST

START_TEST(I1_a_lane_arms_one_event) {
  struct world world;
  struct timer fired[200];
  world_init(&world);
  uint16_t a = timers_lane(&world.timers, span_of(30 * NS_PER_S));
  uint16_t b = timers_lane(&world.timers, span_of(3 * NS_PER_S));
  for (uint64_t i = 0; i < 100; i++) {
    timers_cancel(&world.timers, start(&world, a, i));
    start(&world, a, i);
    start(&world, b, i);
  }
  ck_assert_uint_eq(events_of(&world, a), 1);
  ck_assert_uint_eq(events_of(&world, b), 1);
  ck_assert_uint_eq(next(&world, fired, 200), 100);
  ck_assert_int_eq(world.now.ns, 3 * NS_PER_S);
  ck_assert_uint_eq(events_of(&world, b), 0);
  ck_assert_uint_eq(next(&world, fired, 200), 100);
  ck_assert_int_eq(world.now.ns, 30 * NS_PER_S);
  ck_assert_uint_eq(queue_count(&world.queue), 0);
  world_deinit(&world);
}
END_TEST

START_TEST(I1_a_cancelled_head_hands_over_to_the_next) {
  struct world world;
  struct timer fired[4];
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  uint32_t first = start(&world, lane, 1);
  world.now = instant_of(40);
  start(&world, lane, 2);
  timers_cancel(&world.timers, first);
  ck_assert_uint_eq(next(&world, fired, 4), 0); /* at 100: armed for the cancelled one */
  ck_assert_uint_eq(events_of(&world, lane), 1);
  ck_assert_uint_eq(next(&world, fired, 4), 1);
  ck_assert_int_eq(world.now.ns, 140);
  ck_assert_uint_eq(fired[0].argument, 2);
  world_deinit(&world);
}
END_TEST

START_TEST(a_lane_whose_timers_are_all_cancelled_falls_silent) {
  struct world world;
  struct timer fired[4];
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  timers_cancel(&world.timers, start(&world, lane, 1));
  ck_assert_uint_eq(next(&world, fired, 4), 0);
  ck_assert_uint_eq(queue_count(&world.queue), 0);
  start(&world, lane, 2);
  ck_assert_uint_eq(next(&world, fired, 4), 1);
  ck_assert_int_eq(world.now.ns, 200);
  world_deinit(&world);
}
END_TEST

START_TEST(I2_cancelling_twice_aborts) {
  struct world world;
  world_init(&world);
  uint32_t handle = start(&world, timers_lane(&world.timers, span_of(100)), 1);
  timers_cancel(&world.timers, handle);
  timers_cancel(&world.timers, handle);
}
END_TEST

START_TEST(I2_cancelling_a_fired_timer_aborts) {
  struct world world;
  struct timer fired[4];
  world_init(&world);
  uint32_t handle = start(&world, timers_lane(&world.timers, span_of(100)), 1);
  ck_assert_uint_eq(next(&world, fired, 4), 1);
  timers_cancel(&world.timers, handle);
}
END_TEST

START_TEST(I2_a_stale_handle_does_not_cancel_who_took_its_place) {
  struct world world;
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  uint32_t handle = start(&world, lane, 1);
  timers_cancel(&world.timers, handle);
  start(&world, lane, 2);
  ck_assert_uint_eq(world.timers.count, 1); /* the same place */
  timers_cancel(&world.timers, handle);
}
END_TEST

START_TEST(I2_a_handle_of_before_the_reset_aborts) {
  struct world world;
  world_init(&world);
  uint32_t handle = start(&world, timers_lane(&world.timers, span_of(100)), 1);
  queue_reset(&world.queue);
  timers_reset(&world.timers);
  start(&world, timers_lane(&world.timers, span_of(100)), 2);
  timers_cancel(&world.timers, handle);
}
END_TEST

START_TEST(I2_cancelling_TIMER_NONE_aborts) {
  struct world world;
  world_init(&world);
  timers_cancel(&world.timers, TIMER_NONE);
}
END_TEST

START_TEST(I3_a_lane_fires_in_the_order_of_starting) {
  struct world world;
  struct timer fired[64];
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  uint32_t handles[50];
  for (uint64_t i = 0; i < 50; i++) handles[i] = start(&world, lane, i);
  for (size_t i = 0; i < 50; i += 3) timers_cancel(&world.timers, handles[i]);
  for (uint64_t i = 50; i < 60; i++) start(&world, lane, i); /* take freed places */
  size_t count = next(&world, fired, 64);
  ck_assert_uint_eq(count, 43);
  for (size_t i = 1; i < count; i++) ck_assert_uint_lt(fired[i - 1].argument, fired[i].argument);
  world_deinit(&world);
}
END_TEST

START_TEST(timers_may_be_started_and_cancelled_while_their_lane_expires) {
  struct world world;
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(100));
  start(&world, lane, 1);
  uint32_t second = start(&world, lane, 2);
  start(&world, lane, 3);
  struct event event;
  struct timer timer;
  ck_assert(queue_pop(&world.queue, &event));
  world.now = instant_of(event.at);
  ck_assert(timers_expire(&world.timers, &world.queue, world.now, lane, &timer));
  ck_assert_uint_eq(timer.argument, 1);
  timers_cancel(&world.timers, second);
  start(&world, lane, 4);
  ck_assert(timers_expire(&world.timers, &world.queue, world.now, lane, &timer));
  ck_assert_uint_eq(timer.argument, 3);
  ck_assert(!timers_expire(&world.timers, &world.queue, world.now, lane, &timer));
  ck_assert_uint_eq(queue_count(&world.queue), 1);
  struct timer fired[4];
  ck_assert_uint_eq(next(&world, fired, 4), 1);
  ck_assert_int_eq(world.now.ns, 200);
  ck_assert_uint_eq(fired[0].argument, 4);
  world_deinit(&world);
}
END_TEST

START_TEST(memory_follows_live_timers) {
  struct world world;
  struct timer fired[64];
  world_init(&world);
  uint16_t lane = timers_lane(&world.timers, span_of(30 * NS_PER_S));
  uint32_t handles[8];
  for (uint64_t i = 0; i < 200000; i++) {
    if (i >= 8) timers_cancel(&world.timers, handles[i % 8]);
    handles[i % 8] = start(&world, lane, i);
    world.now = instant_add(world.now, span_of(1000));
  }
  ck_assert_uint_le(world.timers.count, 8);
  ck_assert_uint_eq(queue_count(&world.queue), 1);
  size_t count = 0;
  while (queue_count(&world.queue) > 0) count += next(&world, fired, 64);
  ck_assert_uint_eq(count, 8);
  world_deinit(&world);
}
END_TEST

START_TEST(equal_durations_share_a_lane) {
  struct timers timers;
  timers_init(&timers, KIND);
  for (int64_t i = 0; i < TIMERS_LANES_MAX; i++)
    ck_assert_uint_eq(timers_lane(&timers, span_of(i)), i);
  for (int64_t i = TIMERS_LANES_MAX; i-- > 0;)
    ck_assert_uint_eq(timers_lane(&timers, span_of(i)), i);
  timers_reset(&timers);
  ck_assert_uint_eq(timers_lane(&timers, span_of(5)), 0);
  timers_deinit(&timers);
}
END_TEST

START_TEST(too_many_durations_abort) {
  struct timers timers;
  timers_init(&timers, KIND);
  for (int64_t i = 0; i <= TIMERS_LANES_MAX; i++) timers_lane(&timers, span_of(i));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timers");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, agrees_with_a_list_under_many_operations);
  tcase_add_test(tests, I1_a_lane_arms_one_event);
  tcase_add_test(tests, I4_a_parked_timer_keeps_its_handle_until_it_is_taken_or_cancelled);
  tcase_add_test(tests, I1_a_cancelled_head_hands_over_to_the_next);
  tcase_add_test(tests, a_lane_whose_timers_are_all_cancelled_falls_silent);
  tcase_add_test_raise_signal(tests, I2_cancelling_twice_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, I2_cancelling_a_fired_timer_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, I2_a_stale_handle_does_not_cancel_who_took_its_place, SIGABRT);
  tcase_add_test_raise_signal(tests, I2_a_handle_of_before_the_reset_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, I2_cancelling_TIMER_NONE_aborts, SIGABRT);
  tcase_add_test(tests, I3_a_lane_fires_in_the_order_of_starting);
  tcase_add_test(tests, timers_may_be_started_and_cancelled_while_their_lane_expires);
  tcase_add_test(tests, memory_follows_live_timers);
  tcase_add_test(tests, equal_durations_share_a_lane);
  tcase_add_test_raise_signal(tests, too_many_durations_abort, SIGABRT);
  Suite *suite = suite_create("kernel/timers");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
