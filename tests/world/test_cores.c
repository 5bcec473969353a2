/* What cores promise: requests wait for them in the order in which they came, and an answer leaves when
 * its service ends. */
#include "tests/world/timeline.h"

#define SERVICE "arrived served got answered"

START_TEST(an_answer_leaves_at_the_end_of_service) {
  timeline("operations=1 every=10ms latency=1ms cost=5ms", SERVICE,
           "11 broker.1 arrived 1\n"
           "11 broker.1 got 1\n"
           "17 producer.1 arrived 1\n"
           "17 producer.1 answered 1\n");
}
END_TEST

START_TEST(without_a_cost_nothing_waits) {
  timeline("operations=2 every=0ms latency=1ms", SERVICE,
           "1 broker.1 arrived 1\n"
           "1 broker.1 got 1\n"
           "1 broker.1 arrived 2\n"
           "1 broker.1 got 2\n"
           "2 producer.1 arrived 1\n"
           "2 producer.1 answered 1\n"
           "2 producer.1 arrived 2\n"
           "2 producer.1 answered 2\n");
}
END_TEST

START_TEST(requests_queue_for_one_core_in_order) {
  timeline("operations=3 every=1ms latency=1ms cost=5ms", SERVICE,
           "2 broker.1 arrived 1\n"
           "2 broker.1 got 1\n"
           "3 broker.1 arrived 2\n"
           "4 broker.1 arrived 3\n"
           "7 broker.1 served 2\n"
           "7 broker.1 got 2\n"
           "8 producer.1 arrived 1\n"
           "8 producer.1 answered 1\n"
           "12 broker.1 served 3\n"
           "12 broker.1 got 3\n"
           "13 producer.1 arrived 2\n"
           "13 producer.1 answered 2\n"
           "18 producer.1 arrived 3\n"
           "18 producer.1 answered 3\n");
}
END_TEST

START_TEST(two_cores_serve_two_requests_at_once) {
  timeline("operations=4 every=1ms latency=1ms cost=5ms cores=2", SERVICE,
           "2 broker.1 arrived 1\n"
           "2 broker.1 got 1\n"
           "3 broker.1 arrived 2\n"
           "3 broker.1 got 2\n"
           "4 broker.1 arrived 3\n"
           "5 broker.1 arrived 4\n"
           "7 broker.1 served 3\n"
           "7 broker.1 got 3\n"
           "8 producer.1 arrived 1\n"
           "8 producer.1 answered 1\n"
           "8 broker.1 served 4\n"
           "8 broker.1 got 4\n"
           "9 producer.1 arrived 2\n"
           "9 producer.1 answered 2\n"
           "13 producer.1 arrived 3\n"
           "13 producer.1 answered 3\n"
           "14 producer.1 arrived 4\n"
           "14 producer.1 answered 4\n");
}
END_TEST

START_TEST(a_request_that_comes_when_a_core_gets_free_waits_behind_those_before_it) {
  timeline("operations=3 every=2ms latency=1ms cost=4ms", SERVICE,
           "3 broker.1 arrived 1\n"
           "3 broker.1 got 1\n"
           "5 broker.1 arrived 2\n"
           "7 broker.1 served 2\n"
           "7 broker.1 got 2\n"
           "7 broker.1 arrived 3\n"
           "8 producer.1 arrived 1\n"
           "8 producer.1 answered 1\n"
           "11 broker.1 served 3\n"
           "11 broker.1 got 3\n"
           "12 producer.1 arrived 2\n"
           "12 producer.1 answered 2\n"
           "16 producer.1 arrived 3\n"
           "16 producer.1 answered 3\n");
}
END_TEST

START_TEST(a_costless_request_is_served_at_its_instant_in_order) {
  timeline("operations=3 every=0ms latency=1ms cost=0ms", "got answered",
           "1 broker.1 got 1\n"
           "1 broker.1 got 2\n"
           "1 broker.1 got 3\n"
           "2 producer.1 answered 1\n"
           "2 producer.1 answered 2\n"
           "2 producer.1 answered 3\n");
}
END_TEST

START_TEST(every_broker_has_cores_of_its_own_and_they_are_free_after_a_restart) {
  timeline("operations=2 every=2ms latency=1ms cost=20ms timeout=1s link=per-request;"
           "kill broker.1 at=3500us for=0ms", "got answered lost down up hit",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "3 broker.1 got 1\n"
           "3.5 broker.1 down\n"
           "3.5 broker.1 up\n"
           "5 broker.1 got 2\n"
           "24 broker.1 lost 1 unsent\n"
           "24 kill hit 1\n"
           "26 producer.1 answered 2\n");
}
END_TEST

/* A thousand requests, FIFO: the order holds when the queue has grown and gone round. */
START_TEST(a_long_queue_stays_in_order) {
  timeline_run("operations=1000 every=1ms latency=1ms cost=1900us cores=2 timeout=100s");
  uint64_t next = 1;
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == NOTE_GOT) ck_assert_uint_eq(fake.records[i].intent, next++);
  ck_assert_uint_eq(next, 1001);
  timeline_run("operations=1000 every=1ms latency=1ms cost=7ms cores=3 timeout=100s");
  next = 1;
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == NOTE_GOT) ck_assert_uint_eq(fake.records[i].intent, next++);
  ck_assert_uint_eq(next, 1001);
}
END_TEST

/* Busy time by counting: c cores at full load finish n requests of cost s after n s / c. */
START_TEST(an_overloaded_server_is_busy_all_the_time) {
  static const int cores[] = {1, 2, 4};
  for (int i = 0; i < 3; i++) {
    char script[128], expected[64];
    snprintf(script, sizeof script, "operations=400 every=0ms latency=1ms cost=3ms cores=%d", cores[i]);
    timeline_run(script);
    snprintf(expected, sizeof expected, "%d run drained\n", 400 * 3 / cores[i] + 2);
    timeline_expect("drained", expected);
  }
}
END_TEST

START_TEST(a_server_at_half_load_is_busy_half_of_the_time) {
  timeline_run("operations=1000 every=6ms latency=1ms cost=3ms");
  ck_assert_uint_eq(timeline_count("served", 0), 0); /* nobody waits */
  timeline_expect("drained", "6005 run drained\n");
}
END_TEST

START_TEST(a_batch_costs_by_its_records) {
  timeline("operations=3 every=1ms latency=1ms cost=5ms batch=3", "got answered",
           "4 broker.1 got 1\n"
           "4 broker.1 got 2\n"
           "4 broker.1 got 3\n"
           "20 producer.1 answered 1\n"
           "20 producer.1 answered 2\n"
           "20 producer.1 answered 3\n");
}
END_TEST

START_TEST(requests_that_wait_die_with_the_server) {
  timeline("operations=3 every=1ms latency=1ms cost=20ms timeout=100ms; kill broker.1 at=5ms for=1ms",
           "got answered down hit unknown drained",
           "2 broker.1 got 1\n"
           "5 kill hit\n"
           "5 broker.1 down\n"
           "23 kill hit 1\n" /* it was in service, and its answer is not coming */
           "101 producer.1 unknown 1\n"
           "102 producer.1 unknown 2\n"
           "103 producer.1 unknown 3\n"
           "103 run drained\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("cores");
  tcase_add_test(tests, an_answer_leaves_at_the_end_of_service);
  tcase_add_test(tests, without_a_cost_nothing_waits);
  tcase_add_test(tests, requests_queue_for_one_core_in_order);
  tcase_add_test(tests, two_cores_serve_two_requests_at_once);
  tcase_add_test(tests, a_request_that_comes_when_a_core_gets_free_waits_behind_those_before_it);
  tcase_add_test(tests, a_costless_request_is_served_at_its_instant_in_order);
  tcase_add_test(tests, every_broker_has_cores_of_its_own_and_they_are_free_after_a_restart);
  tcase_add_test(tests, a_long_queue_stays_in_order);
  tcase_add_test(tests, an_overloaded_server_is_busy_all_the_time);
  tcase_add_test(tests, a_server_at_half_load_is_busy_half_of_the_time);
  tcase_add_test(tests, a_batch_costs_by_its_records);
  tcase_add_test(tests, requests_that_wait_die_with_the_server);
  return timeline_main("world/cores", tests);
}
