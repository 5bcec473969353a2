/* When a run is over: drained, or stuck at its bound. */
#include "tests/world/timeline.h"

#define ENDS "ok unknown healed drained stuck"

START_TEST(I3_world_a_run_ends_when_nothing_is_held) {
  timeline("operations=1 latency=5ms", ENDS,
           "10 run healed\n"
           "20 producer.1 ok 1\n"
           "20 run drained\n");
}
END_TEST

START_TEST(I3_world_what_is_under_way_is_waited_for) {
  /* The client has given up, its request is still on its way; then a hold outlasts the answer. */
  timeline("operations=1 latency=5s timeout=1s link=per-request mute=1", ENDS " got",
           "10 run healed\n"
           "1010 producer.1 unknown 1\n"
           "5010 broker.1 got 1\n"
           "5010 run drained\n");
  timeline("operations=1 latency=5ms hold=70ms", ENDS,
           "10 run healed\n"
           "20 producer.1 ok 1\n"
           "85 run drained\n");
}
END_TEST

START_TEST(I3_world_a_request_that_waits_for_a_core_is_waited_for) {
  timeline("operations=3 every=0ms cost=1s timeout=100ms mute=1", ENDS " got",
           "0 run healed\n"
           "1 broker.1 got 1\n"
           "100 producer.1 unknown 1\n"
           "100 producer.1 unknown 2\n"
           "100 producer.1 unknown 3\n"
           "1001 broker.1 got 2\n"
           "2001 broker.1 got 3\n"
           "2001 run drained\n");
}
END_TEST

START_TEST(I3_world_operations_still_to_come_are_waited_for) {
  timeline("operations=2 every=1h", ENDS,
           "3600002 producer.1 ok 1\n"
           "7200000 run healed\n"
           "7200002 producer.1 ok 2\n"
           "7200002 run drained\n");
}
END_TEST

START_TEST(I3_world_faults_still_to_come_are_waited_for) {
  timeline("operations=1; kill broker.1 at=5s for=1s", ENDS " down up",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "12 producer.1 ok 1\n"
           "5000 broker.1 down\n"
           "6000 broker.1 up\n"
           "6000 run healed\n"
           "6000 run drained\n");
}
END_TEST

START_TEST(a_trigger_that_never_comes_is_not_waited_for) {
  timeline("operations=1; kill broker.1 when=publish-sent intent=7", ENDS,
           "10 run healed\n"
           "12 producer.1 ok 1\n"
           "12 run drained\n");
}
END_TEST

START_TEST(a_run_is_stuck_when_something_is_held_past_the_bound) {
  timeline("operations=1 hold=-1 tick=300ms drain_limit=1s", ENDS,
           "10 run healed\n"
           "12 producer.1 ok 1\n"
           "1200 run stuck\n"); /* the first event past 10 ms + 1 s */
  ck_assert(fake.world->stuck);
}
END_TEST

START_TEST(a_livelock_is_stuck_after_so_many_events) {
  timeline("operations=1 hold=-1 tick=300ms drain_limit=2h drain_events=100", ENDS,
           "10 run healed\n"
           "12 producer.1 ok 1\n"
           "30300 run stuck\n"); /* a tick each 300 ms: long before 2 h */
  ck_assert(fake.world->stuck);
}
END_TEST

START_TEST(events_count_from_when_less_was_under_way_than_ever) {
  timeline_run("operations=30 every=1ms link=per-request request_loss=90% retry=5ms drain_limit=2h drain_events=100");
  ck_assert(!fake.world->stuck);
  ck_assert_uint_eq(timeline_count("drained", 0), 1);
  ck_assert_uint_gt(fake.world->counters[COUNTER_EVENTS], 200);
}
END_TEST

START_TEST(a_saturating_workload_that_only_makes_events_is_stuck) {
  timeline_run("operations=4 outstanding=2 link=per-request request_loss=100% retry=5ms drain_limit=2h drain_events=50");
  ck_assert(fake.world->stuck);
  ck_assert_uint_eq(timeline_count("intended", 0), 2);
  ck_assert_int_lt(fake.world->now.ns, NS_PER_S);
}
END_TEST

START_TEST(a_saturating_workload_that_gets_nowhere_is_stuck) {
  timeline_run("operations=4 outstanding=2 link=per-request request_loss=100% retry=5ms drain_limit=1s");
  ck_assert(fake.world->stuck);
  ck_assert_uint_eq(timeline_count("stuck", 0), 1);
  ck_assert_uint_eq(timeline_count("intended", 0), 2);
}
END_TEST

START_TEST(a_run_is_stuck_when_no_event_can_free_what_is_held) {
  timeline("operations=1 hold=-1 drain_limit=2h", ENDS,
           "10 run healed\n"
           "12 producer.1 ok 1\n"
           "3600010 run stuck\n"); /* after the last event in the queue, of a timer that was cancelled */
  ck_assert(fake.world->stuck);
}
END_TEST

START_TEST(the_bound_counts_from_the_last_heal) {
  timeline("operations=1 hold=-1 tick=300ms drain_limit=1s; partition consumer.1 at=1ms for=1ms;"
           "reset producer.all_to_broker at=5s", ENDS,
           "12 producer.1 ok 1\n"
           "5000 run healed\n"
           "6300 run stuck\n");
}
END_TEST

START_TEST(a_trigger_after_the_heal_moves_the_bound) {
  timeline("operations=1 latency=400ms hold=-1 tick=300ms drain_limit=1s;"
           "partition producer.1 when=publish-acked for=500ms", ENDS " began ended",
           "10 run healed\n"
           "810 producer.1 ok 1\n"
           "810 partition began\n"
           "1310 partition ended\n"
           "1310 run healed\n"
           "2400 run stuck\n");
}
END_TEST

static struct span longest_timeout(const struct plan *plan) {
  (void)plan;
  return span_of(3 * NS_PER_S);
}

START_TEST(the_bound_is_twice_the_longest_timeout_when_not_given) {
  timeline_plan("operations=1 hold=-1 tick=1s drain_limit=0");
  fake.system.longest_timeout = longest_timeout;
  fake_run_seed(1);
  timeline_expect("stuck", "7000 run stuck\n");
}
END_TEST

START_TEST(a_drained_world_has_nothing_left) {
  timeline_run("operations=100 every=1ms producers=2 link=datagram duplication=30% reordering=30% cost=2ms"
               " timeout=30ms retry=9ms hold=5ms; kill broker.1 every=20ms for=3ms times=5;"
               "kill producer.any every=20ms for=3ms times=5; partition producer.1 at=50ms for=20ms");
  ck_assert_uint_eq(timeline_count("drained", 0), 1);
  ck_assert_uint_eq(fake.world->live, 0);
  ck_assert_uint_eq(fake.world->calls.open, 0);
  ck_assert_uint_eq(fake.world->faults.pending, 0);
  ck_assert_uint_eq(fake.world->faults.active, 0);
  ck_assert_uint_eq(fake.world->messages.used, 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("drain");
  tcase_add_test(tests, I3_world_a_run_ends_when_nothing_is_held);
  tcase_add_test(tests, I3_world_what_is_under_way_is_waited_for);
  tcase_add_test(tests, I3_world_a_request_that_waits_for_a_core_is_waited_for);
  tcase_add_test(tests, I3_world_operations_still_to_come_are_waited_for);
  tcase_add_test(tests, I3_world_faults_still_to_come_are_waited_for);
  tcase_add_test(tests, a_trigger_that_never_comes_is_not_waited_for);
  tcase_add_test(tests, a_run_is_stuck_when_something_is_held_past_the_bound);
  tcase_add_test(tests, a_livelock_is_stuck_after_so_many_events);
  tcase_add_test(tests, events_count_from_when_less_was_under_way_than_ever);
  tcase_add_test(tests, a_saturating_workload_that_only_makes_events_is_stuck);
  tcase_add_test(tests, a_saturating_workload_that_gets_nowhere_is_stuck);
  tcase_add_test(tests, a_run_is_stuck_when_no_event_can_free_what_is_held);
  tcase_add_test(tests, the_bound_counts_from_the_last_heal);
  tcase_add_test(tests, a_trigger_after_the_heal_moves_the_bound);
  tcase_add_test(tests, the_bound_is_twice_the_longest_timeout_when_not_given);
  tcase_add_test(tests, a_drained_world_has_nothing_left);
  return timeline_main("world/drain", tests);
}
