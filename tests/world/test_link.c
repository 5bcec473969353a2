/* What links promise, as timelines: text in, text out. */
#include "tests/world/timeline.h"

#define FATE "got answered lost ok unknown abandoned"

/* --- Connections --- */

START_TEST(a_connection_is_two_latencies_to_an_answer) {
  timeline("operations=2 every=10ms latency=5ms", "sends arrived got answered ok",
           "10 producer.1 sends 1\n"
           "15 broker.1 arrived 1\n"
           "15 broker.1 got 1\n"
           "20 producer.1 sends 2\n"
           "20 producer.1 arrived 1\n"
           "20 producer.1 answered 1\n"
           "20 producer.1 ok 1\n"
           "25 broker.1 arrived 2\n"
           "25 broker.1 got 2\n"
           "30 producer.1 arrived 2\n"
           "30 producer.1 answered 2\n"
           "30 producer.1 ok 2\n");
}
END_TEST

START_TEST(bandwidth_adds_the_time_of_the_bytes) {
  timeline("operations=1 latency=5ms size=1000 bandwidth=100000", "got answered",
           "25 broker.1 got 1\n"
           "30 producer.1 answered 1\n");
}
END_TEST

/* Of each connection (incarnation and epoch) what the broker got must be in the order sent. */
static void check_order_of_one_connection(const char *script, uint64_t seed) {
  uint64_t last = 0, incarnation = 0;
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (record->kind != NOTE_GOT) continue;
    ck_assert_msg(record->value != incarnation || record->intent > last,
                  "%s, seed %llu: got %llu after %llu", script, (unsigned long long)seed,
                  (unsigned long long)record->intent, (unsigned long long)last);
    incarnation = record->value;
    last = record->intent;
  }
}

START_TEST(I1_link_a_connection_keeps_the_order_under_loss_and_cuts) {
  static const char *const scripts[] = {
      "operations=30 every=1ms request_loss=30%",
      "operations=3 every=0ms request_loss=50%; partition producer.1 at=0ms for=50ms",
      "operations=30 every=37ms request_loss=50%; partition producer.1 at=20ms for=500ms",
      "operations=30 every=100ms request_loss=50% reply_loss=50%;"
      "partition producer.1 every=300ms times=5 for=130ms direction=out"};
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    timeline_plan(scripts[i]);
    for (uint64_t seed = 1; seed <= 200; seed++) {
      fake_run_seed(seed);
      check_order_of_one_connection(scripts[i], seed);
      ck_assert_uint_eq(timeline_count("got", 0), fake.plan.workload.messages);
      ck_assert_uint_eq(timeline_count("ok", 0), fake.plan.workload.messages);
    }
  }
}
END_TEST

START_TEST(loss_on_a_connection_is_delay_of_200_ms_doubling) {
  uint64_t seen[4] = {0};
  timeline_plan("operations=1 latency=1ms request_loss=50%");
  for (uint64_t seed = 1; seed <= 200; seed++) {
    fake_run_seed(seed);
    ck_assert_uint_eq(timeline_count("lost", 0), 0);
    ck_assert_uint_eq(timeline_count("ok", 1), 1);
    int64_t at = -1, losses = 0;
    for (size_t i = 0; i < fake.count; i++)
      if (fake.records[i].kind == NOTE_GOT) at = fake.records[i].at - 11 * NS_PER_MS;
    for (int64_t timeout = 200 * NS_PER_MS; at > 0; at -= timeout, timeout *= 2) losses++;
    ck_assert_msg(at == 0, "seed %llu: no sum of 200 ms, doubling", (unsigned long long)seed);
    if (losses < 4) seen[losses]++;
  }
  ck_assert(seen[0] > 0 && seen[1] > 0 && seen[2] > 0 && seen[3] > 0);
}
END_TEST

START_TEST(even_certain_loss_on_a_connection_only_delays) {
  timeline("operations=1 latency=1ms request_loss=100%", "lost ok drained",
           "924612 producer.1 ok 1\n" /* sixteen losses: 0.2 s doubling to 120 s */
           "924612 run drained\n");
}
END_TEST

/* --- Resets --- */

START_TEST(a_reset_breaks_the_connection_and_both_ends_are_told) {
  timeline("operations=4 every=2ms latency=5ms timeout=1s seed=2;"
           "reset producer.all_to_broker at=11ms",
           FATE " disconnected hit",
           "7 broker.1 got 1\n"
           "9 broker.1 got 2\n"
           "11 broker.1 got 3\n"
           "11 broker.1 lost 3 stale\n"
           "11 reset hit 3\n"
           "11 producer.1 disconnected broker.1\n"
           "11 broker.1 disconnected producer.1\n"
           "12 broker.1 lost 1 reset\n"
           "12 reset hit 1\n"
           "13 producer.1 lost 4 reset\n"
           "13 reset hit 4\n"
           "14 broker.1 lost 2 reset\n"
           "14 reset hit 2\n"
           "1002 producer.1 unknown 1\n"
           "1004 producer.1 unknown 2\n"
           "1006 producer.1 unknown 3\n"
           "1008 producer.1 unknown 4\n");
}
END_TEST

/* What of four requests under way arrives is a prefix; what does not is lost for good. */
START_TEST(of_what_is_under_way_at_a_reset_a_prefix_arrives) {
  uint64_t lengths[5] = {0};
  timeline_plan("operations=4 every=1ms latency=10ms timeout=1s; reset producer.all_to_broker at=6ms");
  for (uint64_t seed = 1; seed <= 200; seed++) {
    fake_run_seed(seed);
    uint64_t arrived = timeline_count("got", 0);
    for (uint64_t intent = 1; intent <= 4; intent++)
      ck_assert_uint_eq(timeline_count("got", intent), intent <= arrived);
    ck_assert_uint_eq(timeline_count("disconnected", 0), 2);
    ck_assert_uint_eq(timeline_count("unknown", 0), 4); /* [I3]: no answer of the old connection */
    ck_assert_uint_eq(timeline_count("hit", 0), 4);
    lengths[arrived]++;
  }
  for (size_t length = 0; length <= 4; length++) ck_assert_uint_gt(lengths[length], 20);
}
END_TEST

START_TEST(a_reset_with_nothing_under_way_has_no_hit) {
  timeline("operations=2 every=10ms; reset producer.all_to_broker at=15ms", FATE " disconnected hit",
           "11 broker.1 got 1\n"
           "12 producer.1 answered 1\n"
           "12 producer.1 ok 1\n"
           "15 producer.1 disconnected broker.1\n"
           "15 broker.1 disconnected producer.1\n"
           "21 broker.1 got 2\n"
           "22 producer.1 answered 2\n"
           "22 producer.1 ok 2\n");
}
END_TEST

START_TEST(a_connection_that_was_not_used_is_not_there_to_be_reset) {
  timeline("operations=1; reset producer.all_to_broker at=5ms", "disconnected hit ok",
           "12 producer.1 ok 1\n");
}
END_TEST

START_TEST(a_dropped_request_is_a_reset_there_and_what_was_sent_before_it_arrives) {
  timeline("operations=4 every=2ms latency=5ms timeout=1s; drop this when=publish-sent intent=3",
           FATE " disconnected hit",
           "6 drop hit 3\n"
           "6 producer.1 lost 3 dropped\n"
           "6 producer.1 disconnected broker.1\n"
           "6 broker.1 disconnected producer.1\n"
           "7 broker.1 got 1\n"
           "7 broker.1 lost 1 stale\n"
           "9 broker.1 got 2\n"
           "9 broker.1 lost 2 stale\n"
           "13 broker.1 got 4\n"
           "18 producer.1 answered 4\n"
           "18 producer.1 ok 4\n"
           "1002 producer.1 unknown 1\n"
           "1004 producer.1 unknown 2\n"
           "1006 producer.1 unknown 3\n");
}
END_TEST

START_TEST(a_dropped_answer_was_executed_and_is_unknown_to_the_caller) {
  timeline("operations=2 every=20ms latency=5ms timeout=1s;"
           "drop this when=publish-ack-sent intent=1",
           FATE " disconnected hit",
           "25 broker.1 got 1\n"
           "25 drop hit 1\n"
           "25 broker.1 lost 1 dropped\n"
           "25 producer.1 disconnected broker.1\n"
           "25 broker.1 disconnected producer.1\n"
           "45 broker.1 got 2\n"
           "50 producer.1 answered 2\n"
           "50 producer.1 ok 2\n"
           "1020 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_request_dropped_where_it_arrives_breaks_the_connection_too) {
  timeline("operations=3 every=1ms latency=5ms timeout=100ms;"
           "drop this when=publish-received intent=2",
           FATE " disconnected hit",
           "6 broker.1 got 1\n"
           "7 drop hit 2\n"
           "7 producer.1 disconnected broker.1\n"
           "7 broker.1 disconnected producer.1\n"
           "8 producer.1 lost 3 reset\n"
           "11 producer.1 answered 1\n"
           "11 producer.1 ok 1\n"
           "102 producer.1 unknown 2\n"
           "103 producer.1 unknown 3\n");
}
END_TEST

/* --- Cuts --- */

START_TEST(a_cut_stalls_a_connection_and_it_heals_in_order) {
  timeline("operations=3 every=10ms latency=5ms; partition producer.1 at=12ms for=100ms",
           "sends got ok lost hit began ended",
           "10 producer.1 sends 1\n"
           "12 partition began\n"
           "15 partition hit 1\n"
           "20 producer.1 sends 2\n"
           "25 partition hit 2\n"
           "30 producer.1 sends 3\n"
           "35 partition hit 3\n"
           "112 partition ended\n"
           "215 broker.1 got 1\n"
           "215 broker.1 got 2\n"
           "215 broker.1 got 3\n"
           "220 producer.1 ok 1\n"
           "220 producer.1 ok 2\n"
           "220 producer.1 ok 3\n");
}
END_TEST

START_TEST(a_long_cut_is_tried_again_at_doubling_intervals) {
  timeline("operations=1 every=10ms latency=5ms; partition producer.1 at=12ms for=2s",
           "arrived got",
           "15 broker.1 arrived 1\n"
           "215 broker.1 arrived 1\n"
           "615 broker.1 arrived 1\n"
           "1415 broker.1 arrived 1\n"
           "3015 broker.1 arrived 1\n"
           "3015 broker.1 got 1\n"
           "3020 producer.1 arrived 1\n");
}
END_TEST

START_TEST(a_connection_gives_up_after_tcp_retries2) {
  timeline("operations=1 timeout=2000s; partition producer.1 at=5ms for=2000s",
           "got lost disconnected unknown ended",
           "924611 producer.1 lost 1 reset\n"
           "924611 producer.1 disconnected broker.1\n"
           "924611 broker.1 disconnected producer.1\n"
           "2000005 partition ended\n"
           "2000010 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_one_way_cut_stops_that_way_only) {
  timeline("operations=2 every=10ms latency=5ms; partition producer.1 at=12ms for=100ms direction=in",
           "got answered hit",
           "15 broker.1 got 1\n"
           "20 partition hit 1\n"
           "25 broker.1 got 2\n"
           "30 partition hit 2\n"
           "220 producer.1 answered 1\n"
           "220 producer.1 answered 2\n");
  timeline("operations=2 every=10ms latency=5ms; partition producer.1 at=16ms for=100ms direction=out",
           "got answered hit",
           "15 broker.1 got 1\n"
           "20 producer.1 answered 1\n"
           "25 partition hit 2\n"
           "225 broker.1 got 2\n"
           "230 producer.1 answered 2\n");
}
END_TEST

START_TEST(per_request_messages_are_lost_in_a_cut_at_either_end_of_their_way) {
  timeline("link=per-request operations=3 every=10ms latency=5ms timeout=1s;"
           "partition producer.1 at=12ms for=10ms",
           FATE " hit",
           "15 producer.1 lost 1 cut\n" /* under way when it began */
           "15 partition hit 1\n"
           "20 producer.1 lost 2 cut\n" /* sent into it */
           "20 partition hit 2\n"
           "35 broker.1 got 3\n"
           "40 producer.1 answered 3\n"
           "40 producer.1 ok 3\n"
           "1010 producer.1 unknown 1\n"
           "1020 producer.1 unknown 2\n");
}
END_TEST

/* --- Links that lose --- */

START_TEST(a_per_request_link_loses_each_message_alone) {
  uint64_t requests = 0, answers = 0, both = 0, none = 0;
  timeline_plan("link=per-request operations=1000 every=10ms timeout=5ms request_loss=30% reply_loss=20%");
  fake_run_seed(7);
  for (uint64_t intent = 1; intent <= 1000; intent++) {
    uint64_t got = timeline_count("got", intent), ok = timeline_count("ok", intent);
    ck_assert_uint_le(got, 1);
    ck_assert_uint_eq(timeline_count("lost", intent), 1 - ok);
    ck_assert_uint_eq(timeline_count("disconnected", intent), 0);
    requests += got == 0;
    answers += got == 1 && ok == 0;
    both += ok;
    none += got == 0 && ok == 1;
  }
  ck_assert_uint_eq(none, 0);
  ck_assert_uint_eq(requests + answers + both, 1000);
  ck_assert(requests > 250 && requests < 350); /* binomial, 3.4 standard deviations */
  ck_assert(answers > 100 && answers < 180);
}
END_TEST

START_TEST(a_dropped_answer_on_a_per_request_link_is_lost_alone) {
  timeline("link=per-request operations=2 every=1ms latency=5ms timeout=1s;"
           "drop this when=publish-ack-sent intent=1",
           FATE " disconnected",
           "6 broker.1 got 1\n"
           "6 broker.1 lost 1 dropped\n"
           "7 broker.1 got 2\n"
           "12 producer.1 answered 2\n"
           "12 producer.1 ok 2\n"
           "1001 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_datagram_link_doubles_every_record_of_a_message) {
  timeline("link=datagram operations=2 every=1ms batch=2 duplication=100%", "got answered ignored ok",
           "3 broker.1 got 1\n"
           "3 broker.1 got 2\n"
           "3 broker.1 got 1\n"
           "3 broker.1 got 2\n"
           "4 producer.1 answered 1\n"
           "4 producer.1 ok 1\n"
           "4 producer.1 answered 2\n"
           "4 producer.1 ok 2\n"
           "4 producer.1 ignored 1\n"
           "4 producer.1 ignored 2\n"
           "4 producer.1 ignored 1\n"
           "4 producer.1 ignored 2\n"
           "4 producer.1 ignored 1\n"
           "4 producer.1 ignored 2\n");
}
END_TEST

START_TEST(a_datagram_link_reorders_and_the_others_do_not_even_when_told_to) {
  timeline("link=datagram operations=4 every=1ms reordering=50% seed=4", "got",
           "3 broker.1 got 2\n"
           "6 broker.1 got 1\n"
           "8 broker.1 got 3\n"
           "9 broker.1 got 4\n");
  timeline("link=per-request operations=2 every=1ms reordering=100% duplication=100%", "got answered",
           "2 broker.1 got 1\n"
           "3 producer.1 answered 1\n"
           "3 broker.1 got 2\n"
           "4 producer.1 answered 2\n");
}
END_TEST

/* --- Deaths --- */

START_TEST(I3_link_an_answer_never_reaches_another_incarnation) {
  timeline("link=per-request operations=2 every=5ms latency=1ms cost=20ms timeout=1s;"
           "kill producer.1 at=12ms for=3ms",
           FATE " ignored up",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "6 broker.1 got 1\n"
           "12 producer.1 abandoned 2\n"
           "12 producer.1 abandoned 1\n"
           "15 producer.1 up\n"
           "26 broker.1 got 2\n"
           "27 broker.1 lost 1 stale\n"
           "47 broker.1 lost 2 stale\n");
}
END_TEST

START_TEST(I3_link_an_answer_never_reaches_another_connection) {
  timeline("operations=1 latency=1ms cost=20ms timeout=1s; reset producer.all_to_broker at=15ms",
           FATE " ignored disconnected hit",
           "11 broker.1 got 1\n"
           "15 producer.1 disconnected broker.1\n"
           "15 broker.1 disconnected producer.1\n"
           "32 broker.1 lost 1 reset\n"
           "32 reset hit 1\n"
           "1010 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_dead_senders_request_that_had_left_is_executed) {
  timeline("operations=1 every=1ms latency=10ms delay=5ms; kill producer.1 at=6ms for=50ms",
           FATE " down disconnected hit",
           "6 kill hit\n"
           "6 producer.1 down\n"
           "6 producer.1 abandoned 1\n"
           "16 broker.1 got 1\n"
           "16 broker.1 lost 1 stale\n"
           "16 kill hit 1\n"
           "16 broker.1 disconnected producer.1\n");
}
END_TEST

START_TEST(a_dead_senders_request_that_had_not_left_is_not) {
  timeline("operations=1 every=1ms latency=10ms delay=5ms; kill producer.1 at=5ms for=50ms",
           FATE " down hit",
           "5 kill hit\n"
           "5 producer.1 down\n"
           "5 producer.1 abandoned 1\n"
           "16 producer.1 lost 1 unsent\n"
           "16 kill hit 1\n");
}
END_TEST

START_TEST(an_answer_whose_server_died_before_its_service_ended_never_left) {
  timeline("link=per-request operations=1 latency=5ms cost=20ms timeout=1s; kill broker.1 at=16ms for=50ms",
           FATE, "15 broker.1 got 1\n"
           "40 broker.1 lost 1 unsent\n"
           "1010 producer.1 unknown 1\n");
  timeline("link=per-request operations=1 latency=5ms cost=20ms timeout=1s; kill broker.1 at=36ms for=50ms",
           FATE, "15 broker.1 got 1\n"
           "40 producer.1 answered 1\n"
           "40 producer.1 ok 1\n");
}
END_TEST

START_TEST(I2_link_a_late_request_of_the_old_connection_may_be_executed_after_the_new_ones) {
  timeline("operations=2 every=20ms timeout=1s;"
           "partition producer.1 at=5ms for=25ms direction=out; kill producer.1 at=25ms for=1ms",
           "sends got down up lost ok",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "20 producer.1 sends 1\n"
           "25 producer.1 down\n"
           "26 producer.1 up\n"
           "40 producer.1 sends 2\n"
           "41 broker.1 got 2\n"
           "42 producer.1 ok 2\n"
           "221 broker.1 got 1\n"
           "221 broker.1 lost 1 stale\n");
}
END_TEST

/* Held up for 100 ms, while its connection, and those that follow, break so many times. A reset keeps a
 * prefix of what is under way: half the seeds lose it at the first one, and none later. */
static uint64_t late_after(unsigned breaks) {
  uint64_t came = 0;
  for (unsigned seed = 1; seed <= 60; seed++) {
    char script[400];
    snprintf(script, sizeof script, "seed=%u operations=12 every=10ms timeout=1s;"
             "delay this when=publish-sent intent=1 for=100ms;"
             "reset producer.1_to_broker at=12ms every=10ms times=%u until=1s", seed, breaks);
    timeline_run(script);
    came += timeline_count("got", 1) > 0;
  }
  return came;
}

START_TEST(a_late_request_outlives_more_than_one_break) {
  uint64_t after_one = late_after(1);
  ck_assert(after_one > 15 && after_one < 45);
  ck_assert_uint_eq(late_after(2), after_one);
  ck_assert_uint_eq(late_after(LINK_OLD_EPOCHS), after_one);
  ck_assert_uint_eq(late_after(LINK_OLD_EPOCHS + 1), 0);
}
END_TEST

/* The process that it was sent to takes with it what all its connections still bring. */
START_TEST(a_late_request_dies_with_who_it_was_sent_to) {
  for (unsigned seed = 1; seed <= 20; seed++) {
    char script[400];
    snprintf(script, sizeof script, "seed=%u operations=8 every=10ms timeout=1s;"
             "delay this when=publish-sent intent=1 for=60ms;"
             "reset producer.1_to_broker at=12ms; reset producer.1_to_broker at=32ms name=again;"
             "kill broker.1 at=50ms for=1ms", seed);
    timeline_run(script);
    ck_assert_uint_eq(timeline_count("got", 1), 0);
  }
}
END_TEST

START_TEST(requests_under_way_to_a_broker_that_dies_are_lost) {
  timeline("operations=2 every=10ms latency=5ms timeout=1s; kill broker.1 at=12ms for=20ms",
           FATE " disconnected hit",
           "15 producer.1 lost 1 reset\n"
           "15 kill hit 1\n"
           "17 producer.1 disconnected broker.1\n"
           "25 producer.1 lost 2 dead\n"
           "25 kill hit 2\n"
           "30 producer.1 disconnected broker.1\n"
           "1010 producer.1 unknown 1\n"
           "1020 producer.1 unknown 2\n");
}
END_TEST

START_TEST(a_request_of_a_dead_sender_is_lost_with_the_process_that_it_was_sent_to) {
  timeline("operations=1 latency=50ms; kill producer.1 at=20ms for=1s; kill broker.1 at=30ms for=1ms",
           FATE, "20 producer.1 abandoned 1\n"
           "60 producer.1 lost 1 reset\n");
}
END_TEST

START_TEST(a_refused_connection_tells_its_sender_and_a_machine_without_power_does_not) {
  timeline("operations=1 latency=5ms timeout=1s; kill broker.1 at=2ms for=500ms", FATE " disconnected",
           "15 producer.1 lost 1 dead\n"
           "20 producer.1 disconnected broker.1\n"
           "1010 producer.1 unknown 1\n");
  timeline("operations=1 latency=5ms timeout=1s; power_loss broker.1 at=2ms for=500ms",
           FATE " disconnected",
           "15 producer.1 lost 1 dead\n"
           "1010 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_process_that_dies_closes_its_connections_and_a_machine_without_power_does_not) {
  timeline("operations=1 latency=5ms; kill broker.1 at=100ms for=1s", "disconnected",
           "105 producer.1 disconnected broker.1\n");
  timeline("operations=1 latency=5ms cost=20ms timeout=1s; kill broker.1 at=16ms for=50ms",
           "disconnected", "21 producer.1 disconnected broker.1\n");
  timeline("operations=1 latency=5ms cost=20ms timeout=1s; power_loss broker.1 at=16ms for=50ms",
           "disconnected", "");
}
END_TEST

START_TEST(who_is_refused_is_told_and_not_who_came_after_it) {
  timeline("operations=1 latency=5ms; kill broker.1 at=2ms for=500ms; kill producer.1 at=16ms for=1ms",
           "lost up disconnected",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "15 producer.1 lost 1 dead\n"
           "17 producer.1 up\n"
           "502 broker.1 up\n");
}
END_TEST

START_TEST(closing_a_connection_lets_what_was_sent_arrive_and_no_answer) {
  timeline_plan("operations=1 latency=5ms timeout=1s");
  fake_run_seed(1);
  struct world *world = fake.world;
  struct node *producer = world_node(world, ROLE_PRODUCER, 0);
  uint16_t broker = world_node(world, ROLE_BROKER, 0)->id;
  struct channel *channel = link_channel(world, producer->id, broker);
  ck_assert_ptr_eq(channel, link_channel(world, broker, producer->id));
  uint32_t epoch = channel->epoch;
  link_close(world, producer, broker);
  ck_assert_uint_eq(channel->epoch, epoch + 1);
  ck_assert_uint_eq(channel->ways[0].old_limit, channel->sent[0]);
  ck_assert_uint_eq(channel->ways[1].old_limit, 0);
  link_close(world, producer, broker); /* nothing to close */
  ck_assert_uint_eq(channel->epoch, epoch + 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("link");
  tcase_add_test(tests, a_connection_is_two_latencies_to_an_answer);
  tcase_add_test(tests, bandwidth_adds_the_time_of_the_bytes);
  tcase_add_test(tests, I1_link_a_connection_keeps_the_order_under_loss_and_cuts);
  tcase_add_test(tests, loss_on_a_connection_is_delay_of_200_ms_doubling);
  tcase_add_test(tests, even_certain_loss_on_a_connection_only_delays);
  tcase_add_test(tests, a_reset_breaks_the_connection_and_both_ends_are_told);
  tcase_add_test(tests, of_what_is_under_way_at_a_reset_a_prefix_arrives);
  tcase_add_test(tests, a_reset_with_nothing_under_way_has_no_hit);
  tcase_add_test(tests, a_connection_that_was_not_used_is_not_there_to_be_reset);
  tcase_add_test(tests, a_dropped_request_is_a_reset_there_and_what_was_sent_before_it_arrives);
  tcase_add_test(tests, a_dropped_answer_was_executed_and_is_unknown_to_the_caller);
  tcase_add_test(tests, a_request_dropped_where_it_arrives_breaks_the_connection_too);
  tcase_add_test(tests, a_cut_stalls_a_connection_and_it_heals_in_order);
  tcase_add_test(tests, a_long_cut_is_tried_again_at_doubling_intervals);
  tcase_add_test(tests, a_connection_gives_up_after_tcp_retries2);
  tcase_add_test(tests, a_one_way_cut_stops_that_way_only);
  tcase_add_test(tests, per_request_messages_are_lost_in_a_cut_at_either_end_of_their_way);
  tcase_add_test(tests, a_per_request_link_loses_each_message_alone);
  tcase_add_test(tests, a_dropped_answer_on_a_per_request_link_is_lost_alone);
  tcase_add_test(tests, a_datagram_link_doubles_every_record_of_a_message);
  tcase_add_test(tests, a_datagram_link_reorders_and_the_others_do_not_even_when_told_to);
  tcase_add_test(tests, I3_link_an_answer_never_reaches_another_incarnation);
  tcase_add_test(tests, I3_link_an_answer_never_reaches_another_connection);
  tcase_add_test(tests, a_dead_senders_request_that_had_left_is_executed);
  tcase_add_test(tests, a_dead_senders_request_that_had_not_left_is_not);
  tcase_add_test(tests, an_answer_whose_server_died_before_its_service_ended_never_left);
  tcase_add_test(tests, I2_link_a_late_request_of_the_old_connection_may_be_executed_after_the_new_ones);
  tcase_add_test(tests, requests_under_way_to_a_broker_that_dies_are_lost);
  tcase_add_test(tests, a_request_of_a_dead_sender_is_lost_with_the_process_that_it_was_sent_to);
  tcase_add_test(tests, a_refused_connection_tells_its_sender_and_a_machine_without_power_does_not);
  tcase_add_test(tests, a_process_that_dies_closes_its_connections_and_a_machine_without_power_does_not);
  tcase_add_test(tests, a_late_request_outlives_more_than_one_break);
  tcase_add_test(tests, a_late_request_dies_with_who_it_was_sent_to);
  tcase_add_test(tests, who_is_refused_is_told_and_not_who_came_after_it);
  tcase_add_test(tests, closing_a_connection_lets_what_was_sent_arrive_and_no_answer);
  return timeline_main("world/link", tests);
}
