/* What clogged and degraded links promise. */
#include "tests/world/timeline.h"

/* --- clog --- */

START_TEST(what_is_under_way_waits_and_goes_on_in_order) {
  timeline("operations=4 every=1ms timeout=1s latency=5ms; clog producer.all_to_broker at=7500us for=10ms",
           "got hit began ended ok",
           "6 broker.1 got 1\n"
           "7 broker.1 got 2\n"
           "7.5 clog began\n"
           "8 clog hit 3\n"
           "9 clog hit 4\n"
           "11 clog hit 1\n" /* the answers too */
           "12 clog hit 2\n"
           "17.5 clog ended\n"
           "17.5 broker.1 got 3\n"
           "17.5 broker.1 got 4\n"
           "17.5 producer.1 ok 1\n"
           "17.5 producer.1 ok 2\n"
           "22.5 producer.1 ok 3\n"
           "22.5 producer.1 ok 4\n");
}
END_TEST

START_TEST(a_clog_loses_nothing_on_any_kind_of_link) {
  static const char *const kinds[] = {"connection", "per-request", "datagram"};
  for (size_t i = 0; i < 3; i++) {
    char script[200];
    snprintf(script, sizeof script, "link=%s operations=20 every=1ms timeout=1s latency=5ms;"
             "clog producer.all_to_broker at=4ms for=50ms; clog producer.1_to_broker at=30ms for=50ms "
             "name=second", kinds[i]);
    timeline_run(script);
    ck_assert_uint_eq(timeline_count("ok", 0), 20);
    ck_assert_uint_eq(timeline_count("lost", 0), 0);
    ck_assert_uint_eq(timeline_count("got", 0), 20);
    for (size_t r = 0, last = 0; r < fake.count; r++) {
      if (fake.records[r].kind != NOTE_GOT) continue;
      ck_assert_int_ge(fake.records[r].at, 80 * NS_PER_MS); /* the second holds it longer */
      ck_assert_uint_eq(fake.records[r].intent, ++last);
    }
  }
}
END_TEST

START_TEST(a_clog_of_one_leaves_the_others_alone) {
  timeline_run("operations=20 producers=2 every=1ms timeout=1s;"
               "clog producer.1_to_broker at=1us for=100ms");
  uint64_t early = 0, late = 0;
  for (size_t i = 0; i < fake.count; i++) {
    if (fake.records[i].kind != NOTE_GOT) continue;
    early += fake.records[i].at < 100 * NS_PER_MS;
    late += fake.records[i].at >= 100 * NS_PER_MS;
  }
  ck_assert(early > 0 && late > 0 && early + late == 20);
}
END_TEST

/* A connection that breaks meanwhile: what it had sent still waits, behind nothing of the new one. */
START_TEST(a_reset_in_a_clog_breaks_as_ever) {
  timeline_run("operations=20 every=1ms timeout=1s latency=5ms resend=1;"
               "clog producer.all_to_broker at=4ms for=50ms; reset producer.all_to_broker at=20ms;"
               "partition broker.1 at=30ms for=60ms");
  ck_assert_uint_eq(timeline_count("ok", 0), 20);
  ck_assert_uint_eq(timeline_count("drained", 0), 1);
}
END_TEST

START_TEST(a_clog_of_a_quiet_link_is_no_hit) {
  timeline_run("operations=1 every=1ms timeout=1s; clog producer.all_to_broker at=20ms for=50ms");
  ck_assert_uint_eq(timeline_count("hit", 0), 0);
}
END_TEST

/* --- degrade --- */

START_TEST(a_degraded_link_is_slower_for_the_time_being) {
  timeline("operations=3 every=10ms timeout=1s; degrade producer.all_to_broker at=15ms for=8ms latency=4ms",
           "got ok hit began ended",
           "11 broker.1 got 1\n"
           "12 producer.1 ok 1\n"
           "15 degrade began\n"
           "20 degrade hit 2\n"
           "23 degrade ended\n"
           "24 broker.1 got 2\n"
           "25 producer.1 ok 2\n"
           "31 broker.1 got 3\n"
           "32 producer.1 ok 3\n");
}
END_TEST

START_TEST(bandwidth_for_the_time_being) {
  timeline("operations=2 every=10ms timeout=1s size=1000;"
           "degrade producer.all_to_broker at=15ms for=8ms bandwidth=1000000",
           "got", "11 broker.1 got 1\n"
                  "22 broker.1 got 2\n");
}
END_TEST

START_TEST(losses_for_the_time_being_one_way_or_both) {
  static const struct {
    const char *keys;
    uint64_t got, ok;
  } rows[] = {{"loss=100%", 10, 10},
              {"request_loss=100%", 10, 10},
              {"reply_loss=100%", 20, 10},
              {"loss=0%", 20, 20}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char script[200];
    snprintf(script, sizeof script, "link=per-request operations=20 every=10ms timeout=100ms;"
             "degrade producer.all_to_broker at=105ms for=1s %s", rows[i].keys);
    timeline_run(script);
    ck_assert_msg(timeline_count("got", 0) == rows[i].got, "%s", rows[i].keys);
    ck_assert_msg(timeline_count("ok", 0) == rows[i].ok, "%s", rows[i].keys);
    ck_assert_uint_eq(timeline_count("hit", 0), 20 - rows[i].ok);
  }
}
END_TEST

/* What is lost on a connection is sent again 200 ms, 400 ms, 800 ms later: the third time all is well. */
START_TEST(a_retransmission_after_its_time_is_not_lost_any_more) {
  timeline("operations=1 every=10ms timeout=100s;"
           "degrade producer.all_to_broker at=5ms for=500ms loss=100%",
           "got ok hit", "10 degrade hit 1\n"
                         "611 broker.1 got 1\n"
                         "612 producer.1 ok 1\n");
}
END_TEST

/* The same luck: what is lost at 10 % is lost at 40 % as well, and only the others are its doing. */
START_TEST(hits_are_what_the_plan_would_not_have_lost) {
  timeline_run("link=per-request request_loss=10% operations=1000 every=1ms timeout=100ms;"
               "degrade producer.all_to_broker at=0ms for=10s request_loss=40%");
  uint64_t lost = timeline_count("lost", 0), hits = timeline_count("hit", 0);
  timeline_run("link=per-request request_loss=10% operations=1000 every=1ms timeout=100ms");
  ck_assert_uint_eq(hits, lost - timeline_count("lost", 0));
  ck_assert_uint_gt(hits, 200);
}
END_TEST

START_TEST(datagrams_are_doubled_and_overtaken_for_the_time_being) {
  timeline_run("link=datagram operations=100 every=10ms timeout=1s;"
               "degrade producer.all_to_broker at=505ms for=10s duplication=100%");
  ck_assert_uint_eq(timeline_count("got", 0), 50 + 2 * 50);
  ck_assert_uint_eq(timeline_count("hit", 0), 50 + 2 * 50); /* of requests and answers */
  timeline("link=datagram operations=3 every=1ms timeout=1s;"
           "degrade producer.all_to_broker at=1500us for=1ms reordering=100%",
           "got", "2 broker.1 got 1\n"
                  "4 broker.1 got 3\n"
                  "7 broker.1 got 2\n");
}
END_TEST

START_TEST(of_two_that_degrade_the_later_in_the_plan_counts) {
  timeline("operations=4 every=10ms timeout=1s; degrade producer.all_to_broker at=15ms for=20ms latency=4ms;"
           "degrade producer.all_to_broker at=25ms for=20ms latency=2ms name=second",
           "got hit", "11 broker.1 got 1\n"
                      "20 degrade hit 2\n"
                      "24 broker.1 got 2\n"
                      "24 degrade hit 2\n"
                      "30 second hit 3\n"
                      "32 broker.1 got 3\n"
                      "32 second hit 3\n"
                      "40 second hit 4\n"
                      "42 broker.1 got 4\n"
                      "42 second hit 4\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("link faults");
  tcase_add_test(tests, what_is_under_way_waits_and_goes_on_in_order);
  tcase_add_test(tests, a_clog_loses_nothing_on_any_kind_of_link);
  tcase_add_test(tests, a_clog_of_one_leaves_the_others_alone);
  tcase_add_test(tests, a_reset_in_a_clog_breaks_as_ever);
  tcase_add_test(tests, a_clog_of_a_quiet_link_is_no_hit);
  tcase_add_test(tests, a_degraded_link_is_slower_for_the_time_being);
  tcase_add_test(tests, bandwidth_for_the_time_being);
  tcase_add_test(tests, losses_for_the_time_being_one_way_or_both);
  tcase_add_test(tests, a_retransmission_after_its_time_is_not_lost_any_more);
  tcase_add_test(tests, hits_are_what_the_plan_would_not_have_lost);
  tcase_add_test(tests, datagrams_are_doubled_and_overtaken_for_the_time_being);
  tcase_add_test(tests, of_two_that_degrade_the_later_in_the_plan_counts);
  return timeline_main("world/link_faults", tests);
}
