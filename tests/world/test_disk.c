/* What faults of disks promise: what a flush is worth. */
#include "tests/world/timeline.h"

#define WINDOWS "began ended down up hit got started"

START_TEST(what_a_flush_lied_about_goes_with_the_power) {
  timeline("operations=3 every=10ms timeout=1s sync=1;"
           "fsync_lies broker.1 at=15ms for=30ms; power_loss broker.1 at=35ms for=5ms",
           WINDOWS,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "11 broker.1 got 1\n"
           "15 fsync_lies began\n"
           "21 fsync_lies hit\n"
           "21 broker.1 got 2\n"
           "31 fsync_lies hit\n"
           "31 broker.1 got 3\n"
           "35 power_loss began\n"
           "35 broker.1 down\n"
           "40 broker.1 up\n"
           "40 broker.1 started with 1\n"
           "40 power_loss ended\n"
           "45 fsync_lies ended\n");
}
END_TEST

START_TEST(a_true_flush_makes_good_what_was_lied_about) {
  timeline("operations=3 every=10ms timeout=1s sync=1;"
           "fsync_lies broker.1 at=15ms for=10ms; power_loss broker.1 at=35ms for=5ms",
           "started", "0 producer.1 started with 0\n"
                      "0 broker.1 started with 0\n"
                      "40 broker.1 started with 3\n");
}
END_TEST

START_TEST(a_kill_keeps_what_a_flush_lied_about) {
  timeline("operations=2 every=10ms timeout=1s sync=1;"
           "fsync_lies broker.1 at=15ms for=30ms; kill broker.1 at=35ms for=5ms",
           "started", "0 producer.1 started with 0\n"
                      "0 broker.1 started with 0\n"
                      "40 broker.1 started with 2\n");
}
END_TEST

/* The disk is true again when the last lie has ended. */
START_TEST(lies_overlap) {
  timeline("operations=4 every=10ms timeout=1s sync=1; fsync_lies broker.1 at=15ms for=20ms;"
           "fsync_lies broker.1 at=25ms for=20ms name=second; power_loss broker.1 at=43ms for=1ms",
           "hit started", "0 producer.1 started with 0\n"
                          "0 broker.1 started with 0\n"
                          "21 fsync_lies hit\n"
                          "31 second hit\n"
                          "41 second hit\n"
                          "44 broker.1 started with 1\n");
}
END_TEST

START_TEST(a_lie_that_nobody_asks_for_is_no_hit) {
  timeline_run("operations=3 every=10ms timeout=1s sync=0; fsync_lies broker.1 at=15ms for=30ms");
  ck_assert_uint_eq(timeline_count("hit", 0), 0);
  ck_assert_uint_eq(timeline_count("ended", 0), 1);
}
END_TEST

/* No run carries lies over to the next. */
START_TEST(a_lie_ends_with_its_run) {
  timeline_plan("operations=2 every=10ms timeout=1s sync=1; fsync_lies broker.1 at=1ms for=1h");
  fake_run_seed(1);
  ck_assert_uint_eq(timeline_count("hit", 0), 2);
  fake.plan.fault_count = 0;
  fake.count = 0;
  world_reset(fake.world, &fake.plan, 1);
  ck_assert_uint_eq(world_node(fake.world, ROLE_BROKER, 0)->fsync_lies, 0);
  world_run(fake.world);
  ck_assert_uint_eq(timeline_count("hit", 0), 0);
}
END_TEST

START_TEST(the_next_flush_fails_once_and_the_process_stops) {
  timeline("operations=4 every=10ms timeout=1s sync=1; fsync_fails broker.1 at=15ms for=15ms",
           "began ended down up hit got ok",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "11 broker.1 got 1\n"
           "12 producer.1 ok 1\n"
           "21 fsync_fails hit\n"
           "21 fsync_fails began\n"
           "21 broker.1 down\n"
           "31 fsync_fails hit 3\n" /* it came to a broker that is down */
           "36 broker.1 up\n"
           "36 fsync_fails ended\n"
           "41 broker.1 got 4\n"
           "42 producer.1 ok 4\n");
}
END_TEST

START_TEST(a_flush_that_never_comes_never_fails) {
  timeline_run("operations=3 every=10ms timeout=1s; fsync_fails broker.all at=15ms for=15ms");
  ck_assert_uint_eq(timeline_count("began", 0) + timeline_count("hit", 0), 0);
  ck_assert_uint_eq(timeline_count("drained", 0), 1);
}
END_TEST

START_TEST(a_trigger_spoils_the_flush_after_it) {
  timeline("operations=3 every=10ms timeout=1s sync=1;"
           "fsync_fails this when=publish-received intent=1 for=5ms",
           "down got", "11 broker.1 got 1\n"
                       "21 broker.1 down\n"
                       "31 broker.1 got 3\n");
}
END_TEST

START_TEST(a_disk_that_is_gone_comes_back_empty) {
  timeline("operations=3 every=10ms timeout=15ms resend=1 sync=1; disk_gone broker.1 at=25ms for=20ms",
           "started down up crashed unknown disconnected", "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "25 broker.1 down\n"
           "25 broker.1 crashed without power\n" /* nobody is told: the machine is gone */
           "45 broker.1 up\n"
           "45 broker.1 started with 0\n"
           "45 producer.1 unknown 3\n");
}
END_TEST

START_TEST(a_component_without_a_disk_of_its_own_loses_no_more_than_power) {
  timeline_plan("operations=3 every=10ms timeout=15ms sync=1; disk_gone broker.1 at=25ms for=20ms");
  fake.broker.disk_lost = NULL;
  fake_run_seed(1);
  timeline_expect("started", "0 producer.1 started with 0\n"
                             "0 broker.1 started with 0\n"
                             "45 broker.1 started with 2\n");
}
END_TEST

START_TEST(a_disk_goes_at_a_point) {
  timeline("operations=2 every=10ms timeout=1s sync=1; disk_gone this when=appended intent=2 for=5ms",
           "down got hit started", "0 producer.1 started with 0\n"
                                   "0 broker.1 started with 0\n"
                                   "11 broker.1 got 1\n"
                                   "21 broker.1 got 2\n"
                                   "21 disk_gone hit 2\n"
                                   "21 broker.1 down\n"
                                   "26 broker.1 started with 0\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("disk");
  tcase_add_test(tests, what_a_flush_lied_about_goes_with_the_power);
  tcase_add_test(tests, a_true_flush_makes_good_what_was_lied_about);
  tcase_add_test(tests, a_kill_keeps_what_a_flush_lied_about);
  tcase_add_test(tests, lies_overlap);
  tcase_add_test(tests, a_lie_that_nobody_asks_for_is_no_hit);
  tcase_add_test(tests, a_lie_ends_with_its_run);
  tcase_add_test(tests, the_next_flush_fails_once_and_the_process_stops);
  tcase_add_test(tests, a_flush_that_never_comes_never_fails);
  tcase_add_test(tests, a_trigger_spoils_the_flush_after_it);
  tcase_add_test(tests, a_disk_that_is_gone_comes_back_empty);
  tcase_add_test(tests, a_component_without_a_disk_of_its_own_loses_no_more_than_power);
  tcase_add_test(tests, a_disk_goes_at_a_point);
  return timeline_main("world/disk", tests);
}
