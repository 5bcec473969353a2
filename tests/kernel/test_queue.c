#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/kernel/queue.h"
#include "tests/run_suite.h"

#include <signal.h>
#include <string.h>

#define TWIN_MAX 4096

/* The naive twin: an array kept sorted by (time, order of pushing). */
struct twin {
  struct event events[TWIN_MAX];
  size_t count;
};

static void twin_push(struct twin *twin, const struct event *event) {
  ck_assert_uint_lt(twin->count, TWIN_MAX);
  size_t place = twin->count++;
  for (; place > 0 && twin->events[place - 1].at > event->at; place--)
    twin->events[place] = twin->events[place - 1];
  twin->events[place] = *event;
}

static bool twin_pop(struct twin *twin, struct event *out) {
  if (twin->count == 0) return false;
  *out = twin->events[0];
  memmove(twin->events, twin->events + 1, --twin->count * sizeof *twin->events);
  return true;
}

/* Every test runs twice: as this processor orders events, and as one does that compares one key at a time. */
static bool plain;
static void order_plainly(void) { plain = true; }

static void begin(struct queue *queue) {
  queue_init(queue);
  if (plain) queue->wide = false;
}

static struct event numbered(int64_t at, uint64_t number) {
  return (struct event){.at = at,
                        .node = (uint32_t)number,
                        .kind = (uint16_t)(number * 3),
                        .detail = (uint16_t)(number * 5),
                        .a = number,
                        .b = ~number};
}

static bool same_event(const struct event *a, const struct event *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

/* Pops from both and compares; returns the time popped, or `now` when both are empty. */
static int64_t pop_both(struct queue *queue, struct twin *twin, int64_t now) {
  struct event got, expected;
  bool any = queue_pop(queue, &got), any_expected = twin_pop(twin, &expected);
  ck_assert_int_eq(any, any_expected);
  if (!any) return now;
  ck_assert(same_event(&got, &expected));
  ck_assert_int_ge(got.at, now);
  ck_assert_int_eq(queue->last, got.at);
  ck_assert_uint_eq(queue_count(queue), twin->count);
  return got.at;
}

/* Delays of a scale: a quarter ties with now, a quarter falls on a coarse grid (so that events pushed
 * at different times meet), the rest anywhere below the scale. */
static int64_t delay(uint64_t draw, int64_t scale, int64_t now) {
  int64_t within = (int64_t)((draw >> 2) % (uint64_t)scale);
  if (draw % 4 == 0) return 0;
  if (draw % 4 != 1) return within;
  int64_t grid = scale / 4 + 1;
  return (now + within) / grid * grid + grid - now;
}

static void interleave(struct queue *queue, struct twin *twin, int64_t scale, size_t pending,
                       uint64_t salt) {
  int64_t now = 0;
  for (uint64_t i = 0; i < 12000; i++) {
    uint64_t draw = hash_pair(salt, i);
    bool push = twin->count == 0 || (twin->count < pending && draw >> 62 != 0);
    if (push) {
      struct event event = numbered(now + delay(draw, scale, now), i);
      queue_push(queue, &event);
      twin_push(twin, &event);
    } else {
      now = pop_both(queue, twin, now);
    }
  }
  while (twin->count > 0) now = pop_both(queue, twin, now);
  pop_both(queue, twin, now);
}

START_TEST(agrees_with_a_sorted_array_on_every_scale) {
  static const int64_t scales[] = {1, 4, 1000, 1 << 20, INT64_C(1) << 33, INT64_C(1) << 45};
  static struct twin twin;
  for (size_t s = 0; s < 6; s++)
    for (size_t pending = 1; pending <= 1000; pending *= 10) {
      struct queue queue;
      begin(&queue);
      interleave(&queue, &twin, scales[s], pending, s * 10 + pending);
      queue_deinit(&queue);
    }
}
END_TEST

START_TEST(I2_equal_times_pop_in_push_order) {
  struct queue queue;
  begin(&queue);
  struct event event;
  /* Pushed before, between and at the time itself, from different `last`, all for time 1000. */
  uint64_t number = 0;
  for (int64_t step = 0; step < 1000; step += 100) {
    for (int i = 0; i < 3; i++) {
      event = numbered(1000, number++);
      queue_push(&queue, &event);
    }
    event = numbered(step + 50, UINT64_MAX);
    queue_push(&queue, &event);
    ck_assert(queue_pop(&queue, &event));
    ck_assert_int_eq(event.at, step + 50);
  }
  for (uint64_t expected = 0; expected < number; expected++) {
    ck_assert(queue_pop(&queue, &event));
    ck_assert_int_eq(event.at, 1000);
    ck_assert_uint_eq(event.a, expected);
    if (expected < 5) {
      event = numbered(1000, number++); /* pushed at the time that is being popped */
      queue_push(&queue, &event);
    }
  }
  ck_assert(!queue_pop(&queue, &event));
  queue_deinit(&queue);
}
END_TEST

START_TEST(I1_pushing_before_the_last_popped_aborts) {
  struct queue queue;
  begin(&queue);
  struct event event = numbered(10, 0);
  queue_push(&queue, &event);
  queue_pop(&queue, &event);
  event = numbered(9, 1);
  queue_push(&queue, &event);
}
END_TEST

START_TEST(I1_pushing_at_a_negative_time_aborts) {
  struct queue queue;
  begin(&queue);
  struct event event = numbered(-1, 0);
  queue_push(&queue, &event);
}
END_TEST

START_TEST(an_empty_queue_pops_nothing) {
  struct queue queue;
  begin(&queue);
  struct event event = numbered(77, 7), before = event;
  ck_assert(!queue_pop(&queue, &event));
  ck_assert(same_event(&event, &before));
  queue_deinit(&queue);
}
END_TEST

START_TEST(the_ends_of_time_are_in_order) {
  static const int64_t times[] = {0, INT64_MAX, 1, INT64_MAX - 1, INT64_C(1) << 62, 0, INT64_MAX};
  static struct twin twin;
  struct queue queue;
  begin(&queue);
  for (uint64_t i = 0; i < 7; i++) {
    struct event event = numbered(times[i], i);
    queue_push(&queue, &event);
    twin_push(&twin, &event);
  }
  int64_t now = 0;
  while (twin.count > 0) now = pop_both(&queue, &twin, now);
  ck_assert_int_eq(now, INT64_MAX);
  queue_deinit(&queue);
}
END_TEST

START_TEST(reset_starts_anew_and_grows_nothing) {
  static struct twin twin;
  struct queue queue;
  begin(&queue);
  interleave(&queue, &twin, 1 << 20, 500, 1);
  for (uint64_t i = 0; i < 100; i++) {
    struct event event = numbered(queue.last + (int64_t)i / 2, i);
    queue_push(&queue, &event);
  }
  struct event event;
  queue_pop(&queue, &event); /* leaves bucket 0 half read */
  queue_reset(&queue);
  ck_assert_uint_eq(queue_count(&queue), 0);
  ck_assert(!queue_pop(&queue, &event));
  uint64_t grown = grow_count();
  interleave(&queue, &twin, 1 << 20, 500, 1);
  ck_assert_uint_eq(grow_count(), grown);
  queue_deinit(&queue);
}
END_TEST

START_TEST(a_long_burst_at_one_instant_keeps_to_its_pending_room) {
  struct queue queue;
  begin(&queue);
  struct event event;
  for (uint64_t i = 0; i < 100000; i++) {
    event = numbered(0, i);
    queue_push(&queue, &event);
    if (i < 20) continue; /* 20 stay pending */
    ck_assert(queue_pop(&queue, &event));
    ck_assert_uint_eq(event.a, i - 20);
  }
  ck_assert_uint_le(queue.buckets[0].capacity, 64);
  queue_deinit(&queue);
}
END_TEST

static TCase *tests_of(const char *name) {
  TCase *tests = tcase_create(name);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, agrees_with_a_sorted_array_on_every_scale);
  tcase_add_test(tests, I2_equal_times_pop_in_push_order);
  tcase_add_test_raise_signal(tests, I1_pushing_before_the_last_popped_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, I1_pushing_at_a_negative_time_aborts, SIGABRT);
  tcase_add_test(tests, an_empty_queue_pops_nothing);
  tcase_add_test(tests, the_ends_of_time_are_in_order);
  tcase_add_test(tests, reset_starts_anew_and_grows_nothing);
  tcase_add_test(tests, a_long_burst_at_one_instant_keeps_to_its_pending_room);
  return tests;
}

int main(void) {
  Suite *suite = suite_create("kernel/queue");
  suite_add_tcase(suite, tests_of("queue"));
  TCase *plainly = tests_of("queue, one key at a time");
  tcase_add_checked_fixture(plainly, order_plainly, NULL);
  suite_add_tcase(suite, plainly);
  return run_suite(suite);
}
