/* Faults that move things in time, or make them twice: pause, delay, duplicate, late requests. */
#include "tests/world/timeline.h"

START_TEST(a_paused_node_takes_in_nothing_and_then_everything_in_order) {
  timeline("operations=3 every=10ms latency=5ms; pause broker.1 at=12ms for=30ms",
           "got answered hit",
           "15 pause hit\n"
           "25 pause hit\n"
           "35 pause hit\n"
           "42 broker.1 got 1\n"
           "42 broker.1 got 2\n"
           "42 broker.1 got 3\n"
           "47 producer.1 answered 1\n"
           "47 producer.1 answered 2\n"
           "47 producer.1 answered 3\n");
}
END_TEST

START_TEST(timers_of_a_paused_node_wait_and_may_still_be_cancelled) {
  timeline("operations=1 every=10ms latency=5ms timeout=20ms; pause producer.1 at=12ms for=50ms",
           "sends got answered ignored ok unknown",
           "10 producer.1 sends 1\n"
           "15 broker.1 got 1\n"
           "62 producer.1 unknown 1\n" /* its timer came due first */
           "62 producer.1 ignored 1\n");
}
END_TEST

START_TEST(a_pause_that_is_overtaken_by_a_kill_is_over) {
  timeline("operations=1 every=10ms latency=5ms; pause broker.1 at=12ms for=50ms;"
           " kill broker.1 at=20ms for=5ms", "got down up answered",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "20 broker.1 down\n" /* and with it what it had not read */
           "25 broker.1 up\n");
}
END_TEST

START_TEST(a_delayed_request_arrives_later_and_all_behind_it_on_a_connection) {
  timeline("operations=2 every=10ms latency=5ms; delay this when=publish-sent intent=1 for=40ms",
           "got answered began ended",
           "10 delay began\n"
           "50 delay ended\n"
           "55 broker.1 got 1\n"
           "55 broker.1 got 2\n"
           "60 producer.1 answered 1\n"
           "60 producer.1 answered 2\n");
}
END_TEST

START_TEST(a_delayed_request_is_overtaken_where_each_travels_alone) {
  timeline("link=per-request operations=2 every=10ms latency=5ms;"
           "delay this when=publish-sent intent=1 for=40ms", "got answered",
           "25 broker.1 got 2\n"
           "30 producer.1 answered 2\n"
           "55 broker.1 got 1\n"
           "60 producer.1 answered 1\n");
}
END_TEST

START_TEST(a_doubled_request_arrives_twice) {
  timeline("link=per-request operations=1 every=10ms latency=5ms; duplicate this when=publish-sent intent=1",
           "got answered hit",
           "10 duplicate hit 1\n"
           "15 broker.1 got 1\n"
           "20 broker.1 got 1\n"
           "20 producer.1 answered 1\n");
}
END_TEST

START_TEST(on_a_connection_nothing_is_doubled) {
  timeline("operations=1 every=10ms latency=5ms; duplicate this when=publish-sent intent=1", "got hit",
           "15 broker.1 got 1\n");
}
END_TEST

START_TEST(what_a_dead_process_had_sent_may_come_late) {
  timeline("operations=1 every=10ms latency=5ms; kill producer.1 at=12ms for=3ms late=30ms",
           "got down up abandoned hit",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "12 kill hit\n"
           "12 producer.1 down\n"
           "12 producer.1 abandoned 1\n"
           "15 kill hit 1\n" /* put off when it would have arrived */
           "15 producer.1 up\n"
           "42 broker.1 got 1\n"
           "42 kill hit 1\n" /* its answer: nobody waits any more */);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, a_paused_node_takes_in_nothing_and_then_everything_in_order);
  tcase_add_test(tests, timers_of_a_paused_node_wait_and_may_still_be_cancelled);
  tcase_add_test(tests, a_pause_that_is_overtaken_by_a_kill_is_over);
  tcase_add_test(tests, a_delayed_request_arrives_later_and_all_behind_it_on_a_connection);
  tcase_add_test(tests, a_delayed_request_is_overtaken_where_each_travels_alone);
  tcase_add_test(tests, a_doubled_request_arrives_twice);
  tcase_add_test(tests, on_a_connection_nothing_is_doubled);
  tcase_add_test(tests, what_a_dead_process_had_sent_may_come_late);
  return timeline_main("world/pause and delay", tests);
}
