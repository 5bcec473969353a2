/* What faults promise: when they strike, whom, and whether it mattered. */
#include "tests/world/timeline.h"

#define LIFE "up down"
#define WINDOWS "began ended down up hit"

/* --- Time --- */

START_TEST(at_strikes_once_and_heals) {
  timeline("operations=0; kill broker.1 at=15ms for=10ms", WINDOWS " healed drained",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "15 kill began\n"
           "15 broker.1 down\n"
           "25 broker.1 up\n"
           "25 kill ended\n"
           "25 run healed\n"
           "25 run drained\n");
}
END_TEST

/* As a file of faults says them: each beginning at its own time, for as long, and whom it struck. */
START_TEST(recorded_beginnings_come_at_their_times) {
  timeline_plan("operations=0; kill broker.1 at=5ms for=2ms");
  struct fault_plan occurrences[2] = {fake.faults[0], fake.faults[0]};
  occurrences[1].at = instant_of(20 * NS_PER_MS);
  occurrences[1].lasts = span_of(5 * NS_PER_MS);
  fake.faults[0].timing = TIMING_RECORDED;
  fake.faults[0].occurrences = occurrences;
  fake.faults[0].occurrence_count = 2;
  fake_run_seed(1);
  timeline_expect(LIFE " drained", "0 producer.1 up\n"
                                   "0 broker.1 up\n"
                                   "5 broker.1 down\n"
                                   "7 broker.1 up\n"
                                   "20 broker.1 down\n"
                                   "25 broker.1 up\n"
                                   "25 run drained\n");
  fake.faults[0].occurrence_count = 0; /* it never came */
  fake_run_seed(1);
  timeline_expect(LIFE " drained", "0 producer.1 up\n"
                                   "0 broker.1 up\n"
                                   "0 run drained\n");
}
END_TEST

START_TEST(every_waits_one_gap_from_a_heal_to_the_next_beginning) {
  timeline("operations=0; kill broker.1 every=10ms for=3ms until=40ms", LIFE,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "10 broker.1 down\n"
           "13 broker.1 up\n"
           "23 broker.1 down\n"
           "26 broker.1 up\n"
           "36 broker.1 down\n"
           "39 broker.1 up\n");
}
END_TEST

START_TEST(stability_is_the_least_time_from_a_heal_to_the_next_beginning) {
  timeline("operations=0; kill broker.1 every=2ms for=10ms stability=7ms until=30ms", LIFE,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "2 broker.1 down\n"
           "12 broker.1 up\n"
           "19 broker.1 down\n"
           "29 broker.1 up\n");
}
END_TEST

START_TEST(at_says_when_the_first_of_every_comes) {
  timeline("operations=0; kill broker.1 at=1ms every=20ms for=3ms until=24ms", LIFE,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "1 broker.1 down\n"
           "4 broker.1 up\n"
           "24 broker.1 down\n" /* `until` is included */
           "27 broker.1 up\n");
}
END_TEST

START_TEST(times_limits_every) {
  timeline_run("operations=0; kill broker.1 every=10ms times=3 for=1ms until=1s");
  ck_assert_uint_eq(timeline_count("began", 0), 3);
  ck_assert_uint_eq(fake.world->faults.items[0].begun, 3);
}
END_TEST

START_TEST(chance_is_drawn_for_each_time) {
  timeline_run("operations=0; kill broker.1 every=10ms chance=25% times=1000 for=1ms");
  uint64_t began = timeline_count("began", 0);
  ck_assert(began > 200 && began < 300); /* binomial, 3.6 standard deviations */
  timeline_run("operations=0; kill broker.1 every=10ms chance=0% times=1000 for=1ms");
  ck_assert_uint_eq(timeline_count("began", 0), 0);
}
END_TEST

/* The beginnings of one chance are among those of a greater one. */
START_TEST(what_happens_at_a_small_chance_happens_at_a_greater) {
  static bool began[1000];
  timeline_run("operations=0; kill broker.1 every=10ms chance=10% times=1000 for=1ms");
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_FAULT_BEGAN) began[fake.records[i].at / (11 * NS_PER_MS)] = true;
  timeline_run("operations=0; kill broker.1 every=10ms chance=40% times=1000 for=1ms");
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_FAULT_BEGAN) began[fake.records[i].at / (11 * NS_PER_MS)] = false;
  for (size_t i = 0; i < 1000; i++) ck_assert(!began[i]);
}
END_TEST

/* --- Triggers --- */

START_TEST(a_trigger_strikes_at_the_first_occurrence_and_no_more) {
  timeline("operations=3 every=10ms timeout=15ms; kill broker.1 when=publish-received for=12ms",
           "got down up unknown ok",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "11 broker.1 got 1\n"
           "11 broker.1 down\n"
           "12 producer.1 ok 1\n"
           "23 broker.1 up\n"
           "31 broker.1 got 3\n"
           "32 producer.1 ok 3\n"
           "35 producer.1 unknown 2\n");
}
END_TEST

START_TEST(a_trigger_by_intent_waits_for_it) {
  timeline("operations=3 every=10ms timeout=1s; kill this when=appended intent=2 for=1s", "got down",
           "11 broker.1 got 1\n"
           "21 broker.1 got 2\n"
           "21 broker.1 down\n");
}
END_TEST

START_TEST(attempt_counts_the_times_of_its_intent_at_the_point) {
  timeline("link=per-request operations=2 every=1ms mute=1 retry=10ms timeout=25ms;"
           "drop this when=publish-sent intent=1 attempt=2",
           "sends got lost",
           "1 producer.1 sends 1\n"
           "2 broker.1 got 1\n"
           "2 producer.1 sends 2\n"
           "3 broker.1 got 2\n"
           "11 producer.1 sends 1\n"
           "11 producer.1 lost 1 dropped\n"
           "12 producer.1 sends 2\n"
           "13 broker.1 got 2\n"
           "21 producer.1 sends 1\n"
           "22 broker.1 got 1\n"
           "22 producer.1 sends 2\n"
           "23 broker.1 got 2\n");
}
END_TEST

START_TEST(attempt_without_an_intent_counts_for_each_operation_apart) {
  timeline("link=per-request operations=3 every=1ms mute=1 retry=10ms timeout=25ms;"
           "drop this when=publish-sent attempt=2 node=producer.1",
           "sends lost",
           "1 producer.1 sends 1\n"
           "2 producer.1 sends 2\n"
           "3 producer.1 sends 3\n"
           "11 producer.1 sends 1\n"
           "11 producer.1 lost 1 dropped\n"
           "12 producer.1 sends 2\n"
           "13 producer.1 sends 3\n"
           "21 producer.1 sends 1\n"
           "22 producer.1 sends 2\n"
           "23 producer.1 sends 3\n");
}
END_TEST

START_TEST(nth_counts_over_all_that_match) {
  timeline("operations=5 every=10ms timeout=1s; kill broker.1 when=publish-sent nth=3 for=1s",
           "sends down",
           "10 producer.1 sends 1\n"
           "20 producer.1 sends 2\n"
           "30 producer.1 sends 3\n"
           "30 broker.1 down\n"
           "40 producer.1 sends 4\n"
           "50 producer.1 sends 5\n");
}
END_TEST

START_TEST(node_narrows_a_trigger) {
  timeline_run("operations=40 every=10ms producers=2 timeout=1s;"
               "kill this when=publish-sent node=producer.2 for=1ms");
  ck_assert_uint_eq(timeline_count("down", 0), 1);
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_NODE_DOWN)
      ck_assert_uint_eq(fake.records[i].node, world_node(fake.world, ROLE_PRODUCER, 1)->id);
}
END_TEST

START_TEST(before_and_after_a_point_differ) {
  timeline("operations=1 timeout=1s; kill this before when=publish-received for=1s", "arrived got down",
           "11 broker.1 arrived 1\n"
           "11 broker.1 down\n");
  timeline("operations=1 timeout=1s; kill this before when=appended for=1s", "got down",
           "11 broker.1 down\n");
  timeline("operations=1 timeout=1s; kill this when=appended for=1s", "got down answered",
           "11 broker.1 got 1\n"
           "11 broker.1 down\n");
  timeline("operations=1 timeout=1s; kill this when=publish-ack-sent for=1s", "got down answered",
           "11 broker.1 got 1\n"
           "11 broker.1 down\n"
           "12 producer.1 answered 1\n");
}
END_TEST

/* With cores an answer waits for its service; killed after it was sent, it has left. */
START_TEST(an_answer_that_was_sent_has_left_although_service_takes_time) {
  timeline("link=per-request operations=1 cost=5ms timeout=1s; kill this when=publish-ack-sent for=1s",
           "got down answered", "11 broker.1 got 1\n"
           "11 broker.1 down\n"
           "12 producer.1 answered 1\n");
}
END_TEST

START_TEST(a_trigger_by_chance_leaves_the_node_alone_when_it_does_not_happen) {
  timeline("operations=2 every=10ms timeout=1s; kill this when=publish-received chance=0%",
           "got ok down hit", "11 broker.1 got 1\n"
           "12 producer.1 ok 1\n"
           "21 broker.1 got 2\n"
           "22 producer.1 ok 2\n");
  timeline("operations=1 link=per-request timeout=1s; drop this when=publish-sent chance=0%",
           "got ok lost hit", "11 broker.1 got 1\n"
           "12 producer.1 ok 1\n");
}
END_TEST

START_TEST(a_point_of_a_batch_is_one_of_each_of_its_records) {
  timeline("operations=4 every=1ms batch=4 timeout=1s;"
           "kill this before when=publish-sent intent=3 for=1s",
           "sends down got",
           "4 producer.1 sends 1\n"
           "4 producer.1 sends 2\n"
           "4 producer.1 sends 3\n"
           "4 producer.1 sends 4\n"
           "4 producer.1 down\n");
  /* Four occurrences at once are one beginning. */
  timeline("operations=4 every=1ms batch=4 timeout=1s; partition producer.any when=publish-sent for=9ms",
           "began ended", "4 partition began\n"
           "13 partition ended\n");
}
END_TEST

START_TEST(a_timed_target_may_be_struck_by_a_trigger_elsewhere) {
  timeline("operations=1 timeout=1s; kill broker.1 when=publish-sent for=1s", "sends down lost",
           "10 producer.1 sends 1\n"
           "10 broker.1 down\n"
           "11 producer.1 lost 1 reset\n");
}
END_TEST

/* --- Drop --- */

START_TEST(a_drop_takes_the_message_and_is_one_hit) {
  timeline("link=per-request operations=2 every=10ms timeout=50ms; drop this when=publish-sent intent=1",
           "lost hit began ended ok unknown",
           "10 drop began\n"
           "10 drop ended\n"
           "10 drop hit 1\n"
           "10 producer.1 lost 1 dropped\n"
           "22 producer.1 ok 2\n"
           "60 producer.1 unknown 1\n");
}
END_TEST

START_TEST(a_drop_at_a_point_without_a_message_has_no_hit) {
  timeline("operations=1; drop this when=appended", "hit ok", "12 producer.1 ok 1\n");
}
END_TEST

/* --- Partition --- */

START_TEST(each_message_that_a_partition_delays_or_loses_is_one_hit) {
  timeline_run("operations=5 every=10ms; partition broker.1 at=15ms for=1s");
  ck_assert_uint_eq(fake.world->faults.items[0].hits, 4);
  timeline_run("operations=5 every=10ms link=per-request retry=15ms; partition broker.1 at=15ms for=1s");
  ck_assert_uint_eq(fake.world->faults.items[0].hits, timeline_count("lost", 0));
  ck_assert_uint_gt(fake.world->faults.items[0].hits, 100);
}
END_TEST

START_TEST(a_partition_from_others_leaves_the_rest_connected) {
  timeline_run("operations=60 every=10ms producers=3; partition broker.1 at=5ms for=2s from=producer.2");
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (record->kind == FACT_OK && record->at < NS_PER_S)
      ck_assert_uint_ne(record->node, world_node(fake.world, ROLE_PRODUCER, 1)->id);
    if (record->kind == FACT_OK && record->at > NS_PER_S)
      ck_assert_uint_eq(record->node, world_node(fake.world, ROLE_PRODUCER, 1)->id);
  }
  ck_assert_uint_eq(timeline_count("ok", 0), 60);
}
END_TEST

START_TEST(two_partitions_of_one_way_heal_when_both_have) {
  timeline("operations=1 link=per-request retry=10ms latency=1ms;"
           "partition broker.1 at=5ms for=30ms; partition producer.1 at=15ms for=40ms name=second",
           "got lost began ended",
           "5 partition began\n"
           "10 producer.1 lost 1 cut\n"
           "15 second began\n"
           "20 producer.1 lost 1 cut\n"
           "30 producer.1 lost 1 cut\n"
           "35 partition ended\n"
           "40 producer.1 lost 1 cut\n"
           "50 producer.1 lost 1 cut\n"
           "55 second ended\n"
           "61 broker.1 got 1\n");
}
END_TEST

/* --- Terminate and deploy --- */

START_TEST(a_terminate_overtaken_by_a_kill_does_not_hang_the_run) {
  timeline("operations=0 drain=1h drain_limit=1s; terminate broker.1 at=10ms grace=1h for=5ms;"
           "kill broker.1 at=20ms for=30ms",
           WINDOWS " healed drained stuck",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "10 terminate began\n"
           "20 kill began\n"
           "20 broker.1 down\n"
           "20 terminate ended\n"
           "50 broker.1 up\n"
           "50 kill ended\n"
           "50 run healed\n"
           "50 run drained\n");
}
END_TEST

START_TEST(a_deploy_goes_one_after_another) {
  timeline("operations=0 brokers=3 drain=4ms; deploy broker.all at=10ms for=5ms", WINDOWS,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "0 broker.2 up\n"
           "0 broker.3 up\n"
           "10 deploy began\n"
           "14 broker.1 down\n"
           "19 broker.1 up\n"
           "23 broker.2 down\n"
           "28 broker.2 up\n"
           "32 broker.3 down\n"
           "37 broker.3 up\n"
           "37 deploy ended\n");
}
END_TEST

START_TEST(a_deploy_takes_down_so_many_at_once) {
  timeline("operations=0 brokers=5; deploy broker.all at=10ms for=5ms max_unavailable=2", LIFE,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "0 broker.2 up\n"
           "0 broker.3 up\n"
           "0 broker.4 up\n"
           "0 broker.5 up\n"
           "10 broker.1 down\n"
           "10 broker.2 down\n"
           "15 broker.1 up\n"
           "15 broker.3 down\n"
           "15 broker.2 up\n"
           "15 broker.4 down\n"
           "20 broker.3 up\n"
           "20 broker.5 down\n"
           "20 broker.4 up\n"
           "25 broker.5 up\n");
}
END_TEST

START_TEST(a_deploy_by_kill_does_not_ask) {
  timeline("operations=0 brokers=2 drain=4ms; deploy broker.all at=10ms for=5ms mode=kill",
           "terminated down up",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "0 broker.2 up\n"
           "10 broker.1 down\n"
           "15 broker.1 up\n"
           "15 broker.2 down\n"
           "20 broker.2 up\n");
}
END_TEST

START_TEST(a_deploy_overtaken_by_a_kill_goes_on_and_ends) {
  timeline("operations=0 brokers=3 drain=20ms drain_limit=1s; deploy broker.all at=10ms for=5ms;"
           "kill broker.1 at=15ms for=100ms",
           WINDOWS " drained stuck",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "0 broker.2 up\n"
           "0 broker.3 up\n"
           "10 deploy began\n"
           "15 kill began\n"
           "15 broker.1 down\n"
           "35 broker.2 down\n"
           "40 broker.2 up\n"
           "60 broker.3 down\n"
           "65 broker.3 up\n"
           "65 deploy ended\n"
           "115 broker.1 up\n"
           "115 kill ended\n"
           "115 run drained\n");
}
END_TEST

START_TEST(a_deploy_during_the_last_one_is_not_begun) {
  timeline("operations=0 brokers=3 drain_limit=1s; deploy broker.all every=5ms times=2 for=10ms",
           "began ended drained stuck", "5 deploy began\n"
           "35 deploy ended\n"
           "35 run drained\n");
}
END_TEST

START_TEST(what_a_deploy_does_not_find_up_it_passes_over) {
  timeline("operations=0 brokers=3; kill broker.2 at=5ms for=100ms; deploy broker.all at=10ms for=5ms",
           LIFE,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "0 broker.2 up\n"
           "0 broker.3 up\n"
           "5 broker.2 down\n"
           "10 broker.1 down\n"
           "15 broker.1 up\n"
           "15 broker.3 down\n"
           "20 broker.3 up\n"
           "105 broker.2 up\n");
}
END_TEST

/* --- Effective or not --- */

START_TEST(a_fault_with_nothing_under_way_has_no_hits) {
  static const char *const faults[] = {
      "kill broker.1 at=50ms for=10ms", "power_loss broker.1 at=50ms for=10ms",
      "terminate broker.1 at=50ms for=10ms", "deploy broker.all at=50ms for=10ms",
      "partition broker.1 at=50ms for=10ms", "reset producer.all_to_broker at=50ms",
      "drop this when=publish-sent intent=7"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char script[256];
    snprintf(script, sizeof script, "operations=2 every=20ms drain=1ms; %s", faults[i]);
    timeline_run(script);
    ck_assert_msg(fake.world->faults.items[0].hits == 0, "%s: hit", faults[i]);
    ck_assert_uint_eq(timeline_count("ok", 0), 2);
  }
}
END_TEST

START_TEST(a_fault_with_something_under_way_has_hits) {
  static const char *const faults[] = {
      "kill broker.1 at=26ms for=10ms", "power_loss broker.1 at=26ms for=10ms",
      "terminate broker.1 at=26ms for=10ms", "deploy broker.all at=26ms for=10ms",
      "partition broker.1 at=26ms for=10ms", "reset producer.all_to_broker at=26ms",
      "kill producer.1 at=26ms for=10ms", "drop this when=publish-sent intent=2"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char script[256];
    snprintf(script, sizeof script,
             "operations=2 every=20ms cost=5ms latency=2ms drain=1ms timeout=1s hold=5ms; %s", faults[i]);
    timeline_run(script);
    ck_assert_msg(fake.world->faults.items[0].hits > 0, "%s: no hit", faults[i]);
    ck_assert_uint_eq(timeline_count("hit", 0), fake.world->faults.items[0].hits);
  }
}
END_TEST

START_TEST(a_request_that_dies_in_service_is_a_hit_even_when_the_server_is_back_first) {
  timeline("link=per-request operations=1 cost=20ms timeout=1s; kill broker.1 at=15ms for=1ms",
           "got hit lost up", "0 producer.1 up\n"
           "0 broker.1 up\n"
           "11 broker.1 got 1\n"
           "16 broker.1 up\n"
           "32 broker.1 lost 1 unsent\n"
           "32 kill hit 1\n");
}
END_TEST

/* --- Rows without the target --- */

START_TEST(a_fault_whose_target_the_system_does_not_have_does_not_apply) {
  timeline_run("operations=1; kill database.1 at=5ms; kill broker.1 at=5ms for=1ms name=other;"
               "partition consumer.any at=5ms for=1h");
  ck_assert(!fake.world->faults.items[0].applies);
  ck_assert(fake.world->faults.items[1].applies);
  ck_assert(!fake.world->faults.items[2].applies);
  timeline_expect("drained", "12 run drained\n");
}
END_TEST

/* --- Windows --- */

START_TEST(a_window_lasts_from_the_first_beginning_to_the_last_heal) {
  timeline_run("operations=0 brokers=2; kill broker.all at=10ms for=5ms;"
               "partition broker.1 every=20ms for=3ms until=50ms");
  const struct faults *faults = &fake.world->faults;
  static const struct fault_window_seen expected[] = {
      {0, 10 * NS_PER_MS, 15 * NS_PER_MS},
      {1, 20 * NS_PER_MS, 23 * NS_PER_MS},
      {1, 43 * NS_PER_MS, 46 * NS_PER_MS}};
  ck_assert_uint_eq(faults->window_count, 3);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(faults->windows[i].fault, expected[i].fault);
    ck_assert_int_eq(faults->windows[i].begin, expected[i].begin);
    ck_assert_int_eq(faults->windows[i].end, expected[i].end);
  }
}
END_TEST

START_TEST(a_window_that_is_open_at_the_end_says_so) {
  timeline_run("operations=1 timeout=2000s drain_limit=1ms; partition broker.1 at=5ms for=1h");
  ck_assert_uint_eq(fake.world->faults.window_count, 1);
  ck_assert_int_eq(fake.world->faults.windows[0].end, 3600005 * NS_PER_MS);
}
END_TEST

/* --- The table --- */

START_TEST(every_verb_has_a_row) {
  for (int verb = 0; verb < VERB__COUNT; verb++) {
    ck_assert_ptr_nonnull(fault_verbs[verb].name);
    ck_assert_ptr_nonnull(fault_verbs[verb].help);
    ck_assert_ptr_nonnull(fault_verbs[verb].hit);
    for (size_t i = 0; i < fault_verbs[verb].key_count; i++)
      ck_assert_uint_le(fault_verbs[verb].keys[i].offset + fault_verbs[verb].keys[i].size,
                        sizeof(struct fault_plan));
  }
}
END_TEST

/* --- Faults that a system understands or not --- */

START_TEST(a_system_is_struck_by_what_it_understands) {
  timeline("operations=0 brokers=3 leads=10ms struck=2; failover broker.leader at=15ms;"
           "failover broker.all at=30ms name=second; kill broker.2 at=25ms for=20ms",
           "struck hit began ended",
           "15 failover began\n"
           "15 broker.2 struck by failover\n"
           "15 failover hit\n"
           "15 failover ended\n"
           "25 kill began\n"
           "30 second began\n"
           "30 broker.1 struck by failover\n"
           "30 second hit\n"
           "30 broker.2 struck by failover, down\n"
           "30 second hit\n"
           "30 broker.3 struck by failover\n"
           "30 second hit\n"
           "30 second ended\n"
           "45 kill ended\n");
  ck_assert_uint_eq(fake.world->faults.items[0].hits, 2);
  ck_assert_uint_eq(fake.world->faults.items[1].hits, 6);
}
END_TEST

START_TEST(what_perturbs_nothing_is_no_hit) {
  timeline_run("operations=0 struck=0; failover broker.1 at=15ms");
  ck_assert_uint_eq(timeline_count("struck", 0), 1);
  ck_assert_uint_eq(timeline_count("hit", 0), 0);
}
END_TEST

START_TEST(a_system_that_does_not_understand_is_not_struck) {
  timeline_run("operations=2 struck=-1; failover broker.1 at=15ms; move_coordinator broker.1 at=15ms;"
               "failover this when=appended; kill this when=appended intent=2 for=1ms");
  ck_assert_uint_eq(timeline_count("struck", 0), 0);
  for (size_t i = 0; i < 3; i++) ck_assert(!fake.world->faults.items[i].applies);
  ck_assert_uint_eq(fake.world->faults.items[2].begun, 0); /* although its point was armed */
  timeline_run("operations=2 struck=1; move_coordinator broker.1 at=15ms; failover this when=appended");
  ck_assert_uint_eq(timeline_count("struck", 0), 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("fault");
  tcase_add_test(tests, at_strikes_once_and_heals);
  tcase_add_test(tests, recorded_beginnings_come_at_their_times);
  tcase_add_test(tests, every_waits_one_gap_from_a_heal_to_the_next_beginning);
  tcase_add_test(tests, stability_is_the_least_time_from_a_heal_to_the_next_beginning);
  tcase_add_test(tests, at_says_when_the_first_of_every_comes);
  tcase_add_test(tests, times_limits_every);
  tcase_add_test(tests, chance_is_drawn_for_each_time);
  tcase_add_test(tests, what_happens_at_a_small_chance_happens_at_a_greater);
  tcase_add_test(tests, a_trigger_strikes_at_the_first_occurrence_and_no_more);
  tcase_add_test(tests, a_trigger_by_intent_waits_for_it);
  tcase_add_test(tests, attempt_counts_the_times_of_its_intent_at_the_point);
  tcase_add_test(tests, attempt_without_an_intent_counts_for_each_operation_apart);
  tcase_add_test(tests, nth_counts_over_all_that_match);
  tcase_add_test(tests, node_narrows_a_trigger);
  tcase_add_test(tests, before_and_after_a_point_differ);
  tcase_add_test(tests, an_answer_that_was_sent_has_left_although_service_takes_time);
  tcase_add_test(tests, a_trigger_by_chance_leaves_the_node_alone_when_it_does_not_happen);
  tcase_add_test(tests, a_point_of_a_batch_is_one_of_each_of_its_records);
  tcase_add_test(tests, a_timed_target_may_be_struck_by_a_trigger_elsewhere);
  tcase_add_test(tests, a_drop_takes_the_message_and_is_one_hit);
  tcase_add_test(tests, a_drop_at_a_point_without_a_message_has_no_hit);
  tcase_add_test(tests, each_message_that_a_partition_delays_or_loses_is_one_hit);
  tcase_add_test(tests, a_partition_from_others_leaves_the_rest_connected);
  tcase_add_test(tests, two_partitions_of_one_way_heal_when_both_have);
  tcase_add_test(tests, a_terminate_overtaken_by_a_kill_does_not_hang_the_run);
  tcase_add_test(tests, a_deploy_goes_one_after_another);
  tcase_add_test(tests, a_deploy_takes_down_so_many_at_once);
  tcase_add_test(tests, a_deploy_by_kill_does_not_ask);
  tcase_add_test(tests, a_deploy_overtaken_by_a_kill_goes_on_and_ends);
  tcase_add_test(tests, a_deploy_during_the_last_one_is_not_begun);
  tcase_add_test(tests, what_a_deploy_does_not_find_up_it_passes_over);
  tcase_add_test(tests, a_fault_with_nothing_under_way_has_no_hits);
  tcase_add_test(tests, a_fault_with_something_under_way_has_hits);
  tcase_add_test(tests, a_request_that_dies_in_service_is_a_hit_even_when_the_server_is_back_first);
  tcase_add_test(tests, a_fault_whose_target_the_system_does_not_have_does_not_apply);
  tcase_add_test(tests, a_window_lasts_from_the_first_beginning_to_the_last_heal);
  tcase_add_test(tests, a_window_that_is_open_at_the_end_says_so);
  tcase_add_test(tests, every_verb_has_a_row);
  tcase_add_test(tests, a_system_is_struck_by_what_it_understands);
  tcase_add_test(tests, what_perturbs_nothing_is_no_hit);
  tcase_add_test(tests, a_system_that_does_not_understand_is_not_struck);
  return timeline_main("world/fault", tests);
}
