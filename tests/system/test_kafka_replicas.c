/* Replicated systems under all sorts of faults: each obligation ends in one class, nothing hangs, and with
 * acks=all, two in sync and no loss of power nothing that was acknowledged is lost. */
#include "tests/system/rig.h"

static const char *const systems[] = {"at-most-once",     "at-least-once",      "exactly-once",
                                      "kafka-acks-0",     "kafka-acks-1",       "kafka-acks-all",
                                      "kafka-idempotent", "kafka-transactional"};
static const char *const handlers[] = {"naive", "dedup-table", "transform"};

static const char faults[] =
    "faults:\n"
    "  - {name: fa, every: exponential mean=3s, min_hits: 0, kill: broker.any, for: 400ms}\n"
    "  - {name: fb, every: exponential mean=6s, min_hits: 0, kill: broker.any, for: 5s}\n"
    "  - {name: fc, every: exponential mean=4s, min_hits: 0, pause: broker.any, for: 2500ms}\n"
    "  - {name: fd, every: exponential mean=4s, min_hits: 0, partition: broker.any, for: 2500ms}\n"
    "  - {name: fe, every: exponential mean=5s, min_hits: 0, partition: broker.1, from: broker.2, "
    "for: 3s}\n"
    "  - {name: ff, every: exponential mean=5s, min_hits: 0, terminate: broker.any, grace: 1s, "
    "for: 1s}\n"
    "  - {name: fg, every: exponential mean=5s, min_hits: 0, failover: broker.leader}\n"
    "  - {name: fh, every: exponential mean=7s, min_hits: 0, kill: controller.1, for: 2s}\n"
    "  - {name: fi, every: exponential mean=7s, min_hits: 0, partition: controller.1, for: 4s}\n"
    "  - {name: fj, every: exponential mean=2s, min_hits: 0, reset: broker.any_to_broker}\n"
    "  - {name: fk, every: exponential mean=2s, min_hits: 0, reset: broker.any_to_controller}\n"
    "  - {name: fl, every: exponential mean=2s, min_hits: 0, reset: producer.any_to_broker}\n"
    "  - {name: fm, every: exponential mean=5s, min_hits: 0, kill: consumer.any, for: 300ms}\n"
    "  - {name: fn, when: replica-fetch-answered, nth: 120, min_hits: 0, drop: this}\n"
    "  - {name: fo, when: alter-partition-sent, nth: 1, min_hits: 0, drop: this}\n"
    "  - {name: fp, when: metadata-fetch-answered, nth: 9, min_hits: 0, delay: this, for: 2s}\n"
    "  - {name: fq, when: before publish-ack-sent, nth: 70, min_hits: 0, kill: this, for: 1s}\n";
static const char power[] =
    "  - {name: fr, every: exponential mean=5s, min_hits: 0, power_loss: broker.any, for: 1s}\n"
    "  - {name: fs, every: exponential mean=9s, min_hits: 0, power_loss: broker.majority, "
    "unsynced: torn, for: "
    "1s}\n"
    "  - {name: ft, every: exponential mean=9s, min_hits: 0, disk_gone: broker.any, for: 1s}\n";

static void load(struct rig *rig, const char *keys, bool with_power) {
  struct rig_text text = {.length = 0};
  rig_add(&text, "format: 1\nname: replicas\nmeasure_capacity: false\nswarm: true\n"
                 "workload: {messages: 500, rate: 100/s}\n"
                 "topology: {producers: 2, brokers: 4, partitions: 3, consumers: 2}\ncompare:\n");
  for (size_t s = 0; s < sizeof systems / sizeof *systems; s++)
    for (size_t h = 0; h < sizeof handlers / sizeof *handlers; h++)
      rig_add(
          &text,
          "  - {label: r%zu-%zu, system: {name: %s, replication.factor: 3, session.timeout.ms: 6s, "
          "request.timeout.ms: 5s, replica.lag.time.max.ms: 2s, broker.session.timeout.ms: 2s, "
          "broker.heartbeat.interval.ms: 300%s}, handler: %s}\n",
          s, h, systems[s], keys, handlers[h]);
  rig_add(&text, "%s%s", faults, with_power ? power : "");
  rig_load(rig, text.bytes);
}

static void run_all(struct rig *rig, uint64_t seed, bool keeps) {
  for (size_t row = 0; row < rig->scenario.plan_count; row++) {
    struct run_result result = rig_run(rig, row, seed);
    const char *label = rig->scenario.plans[row].label;
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %s, seed %llu: %s", label, (unsigned long long)seed,
                  wrong);
    ck_assert_msg(result.drained, "row %s, seed %llu is stuck", label, (unsigned long long)seed);
    bool acks_1 = rig->scenario.plans[row].system == rig->scenario.plans[12].system;
    if (keeps && !acks_1)
      ck_assert_msg(result.metrics[METRIC_LOST_ACKED] == 0, "row %s, seed %llu loses", label,
                    (unsigned long long)seed);
    run_result_deinit(&result);
  }
}

START_TEST(nothing_hangs_and_nothing_acknowledged_is_lost) {
  struct rig rig;
  load(&rig, ", min.insync.replicas: 2", false);
  ck_assert_str_eq(rig.scenario.plans[12].system->name, "kafka-acks-1");
  run_all(&rig, (uint64_t)_i + 1, true);
  rig_close(&rig);
}
END_TEST

START_TEST(nothing_hangs_whatever_is_lost) {
  static const char *const keys[] = {
      "", ", unclean.leader.election.enable: true",
      ", min.insync.replicas: 2, eligible_leader_replicas: true, log_flush_interval: 500ms",
      ", min.insync.replicas: 3, strict_min_isr: false, unclean.leader.election.enable: true"};
  struct rig rig;
  load(&rig, keys[_i % 4], true);
  run_all(&rig, (uint64_t)_i + 1, false);
  rig_close(&rig);
}
END_TEST

/* What readers of the output topic were shown, and an unclean election has taken back, is lost. */
START_TEST(an_unclean_election_undoes_what_readers_saw) {
  struct rig rig;
  rig_load(
      &rig,
      "format: 1\nname: undone\nmeasure_capacity: false\nworkload: {messages: 800, rate: 200/s}\n"
      "topology: {brokers: 3, partitions: 1}\n"
      "compare:\n"
      "  - {label: unclean, system: {name: at-least-once, replication.factor: 3, "
      "replica.lag.time.max.ms: 500, broker.session.timeout.ms: 1s, broker.heartbeat.interval.ms: "
      "300, "
      "unclean.leader.election.enable: true}, handler: transform}\n"
      "  - {label: clean, system: {name: at-least-once, replication.factor: 3, "
      "replica.lag.time.max.ms: 500, broker.session.timeout.ms: 1s, broker.heartbeat.interval.ms: "
      "300}, "
      "handler: transform}\n"
      "faults:\n  - {name: fg, at: 1s, partition: broker.1, from: [broker.2, broker.3], for: 6s}\n"
      "  - {name: ff, at: 3s, kill: broker.1, for: 5s}\n");
  for (uint64_t seed = 1; seed <= 5; seed++) {
    struct run_result unclean = rig_run(&rig, 0, seed), clean = rig_run(&rig, 1, seed);
    ck_assert_str_eq(rig_conservation(&unclean), "");
    ck_assert_str_eq(rig_conservation(&clean), "");
    ck_assert(unclean.drained && clean.drained);
    ck_assert_int_gt(unclean.metrics[METRIC_LOST_ACKED], 50);
    ck_assert_int_eq(clean.metrics[METRIC_LOST_ACKED], 0);
    run_result_deinit(&unclean), run_result_deinit(&clean);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("replicas");
  tcase_set_timeout(tests, 170);
  tcase_add_loop_test(tests, nothing_hangs_and_nothing_acknowledged_is_lost, 0, 6);
  tcase_add_loop_test(tests, nothing_hangs_whatever_is_lost, 0, 8);
  tcase_add_test(tests, an_unclean_election_undoes_what_readers_saw);
  return rig_main(suite_create("kafka_replicas"), tests);
}
