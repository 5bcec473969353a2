/* Kafka's loss table, through whole runs: what may become of a record that was acknowledged, by acks,
 * min.insync.replicas and who fails. Nobody reads before the failures are over, so that what the log loses
 * is lost. And the closed form of acks=1: a leader that dies loses what it has acknowledged in one
 * replication delay, Poisson with mean rate x delay. */
#include "tests/system/rig.h"

#include <math.h>

#define SEEDS 12

enum failure {
  LEADER_DIES, /* kill: its page cache survives, but another one leads */
  LEADER_LOSES_POWER,
  ALONE_THEN_POWER,   /* the in-sync set has shrunk to the leader, which then loses power */
  ALONE_THEN_UNCLEAN, /* the same, it dies, and unclean elections are allowed */
  ALL_LOSE_POWER,
  CLEAN_HANDOVER, /* asked to stop */
};
static const struct {
  const char *faults, *keys;
} failures[] = {
    [LEADER_DIES] = {"  - {name: f, at: 1500ms, kill: broker.1, for: 5s}\n", ""},
    [LEADER_LOSES_POWER] = {"  - {name: f, at: 1500ms, power_loss: broker.1, for: 5s}\n", ""},
    [ALONE_THEN_POWER] =
        {"  - {name: g, at: 1s, partition: broker.1, from: [broker.2, broker.3], for: 8s}\n"
         "  - {name: f, at: 4s, power_loss: broker.1, for: 12s}\n",
         ""},
    [ALONE_THEN_UNCLEAN] =
        {"  - {name: g, at: 1s, partition: broker.1, from: [broker.2, broker.3], for: 8s}\n"
         "  - {name: f, at: 4s, kill: broker.1, for: 12s}\n",
         ", unclean.leader.election.enable: true"},
    [ALL_LOSE_POWER] =
        {"  - {name: f, at: 1500ms, power_loss: [broker.1, broker.2, broker.3], for: 2s}\n", ""},
    [CLEAN_HANDOVER] = {"  - {name: f, at: 1500ms, terminate: broker.1, grace: 20s, for: 5s}\n",
                        ""},
};

enum loss { NOTHING, SOME, ANY };
static const struct {
  const char *system, *keys;
  enum failure failure;
  enum loss acked, unacked;
} table[] = {
    {"kafka-acks-0", "", LEADER_DIES, NOTHING, SOME},
    {"kafka-acks-0", "", CLEAN_HANDOVER, NOTHING, ANY},
    {"kafka-acks-1", "", LEADER_DIES, SOME, NOTHING},
    {"kafka-acks-1", ", min.insync.replicas: 2", LEADER_DIES, SOME,
     NOTHING}, /* for acks=all only */
    {"kafka-acks-1", "", ALONE_THEN_UNCLEAN, SOME, NOTHING},
    {"kafka-acks-all", "", LEADER_DIES, NOTHING, NOTHING},
    {"kafka-acks-all", "", LEADER_LOSES_POWER, NOTHING, NOTHING},
    {"kafka-acks-all", "", CLEAN_HANDOVER, NOTHING, NOTHING},
    {"kafka-acks-all", "", ALONE_THEN_POWER, SOME, NOTHING},
    {"kafka-acks-all", "", ALONE_THEN_UNCLEAN, SOME, NOTHING},
    {"kafka-acks-all", "", ALL_LOSE_POWER, SOME, NOTHING},
    {"kafka-acks-all", ", min.insync.replicas: 2", LEADER_DIES, NOTHING, NOTHING},
    {"kafka-acks-all", ", min.insync.replicas: 2", LEADER_LOSES_POWER, NOTHING, NOTHING},
    /* It comes back as the last of its set, and everybody drops what it has lost: KIP-966. */
    {"kafka-acks-all", ", min.insync.replicas: 2", ALONE_THEN_POWER, SOME, NOTHING},
    {"kafka-acks-all", ", min.insync.replicas: 2, eligible_leader_replicas: true", ALONE_THEN_POWER,
     NOTHING, NOTHING},
    {"kafka-acks-all", ", min.insync.replicas: 2", ALONE_THEN_UNCLEAN, NOTHING, NOTHING},
    {"kafka-acks-all", ", min.insync.replicas: 2", ALL_LOSE_POWER, SOME, NOTHING},
    {"kafka-idempotent", ", min.insync.replicas: 2", LEADER_DIES, NOTHING, NOTHING},
    {"kafka-idempotent", ", min.insync.replicas: 2", LEADER_LOSES_POWER, NOTHING, NOTHING},
};

static void check(const char *what, int64_t found, enum loss expected, size_t row) {
  if (expected == ANY) return;
  ck_assert_msg((found > 0) == (expected == SOME), "row %zu, %s%s: %s = %lld", row,
                table[row].system, table[row].keys, what, (long long)found);
}

START_TEST(an_acknowledged_record_is_lost_as_the_table_says) {
  size_t row = (size_t)_i;
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: loss\nmeasure_capacity: false\nworkload: {messages: 800, rate: 250/s}\n"
          "topology: {producers: 2, brokers: 3, partitions: 3, consumers: 1}\n"
          "links:\n  broker_to_broker: {latency: 10ms}\n"
          "system: {name: %s, replication.factor: 3, replica.lag.time.max.ms: 1000, "
          "broker.session.timeout.ms: 3000, broker.heartbeat.interval.ms: 500%s%s}\n"
          "faults:\n  - {name: reader, at: 500ms, pause: consumer.1, for: 25s}\n%s",
          table[row].system, table[row].keys, failures[table[row].failure].keys,
          failures[table[row].failure].faults);
  struct rig rig;
  rig_load(&rig, text.bytes);
  int64_t acked = 0, unacked = 0;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    ck_assert_str_eq(rig_conservation(&result), "");
    ck_assert(result.drained);
    acked += result.metrics[METRIC_LOST_ACKED];
    unacked += result.metrics[METRIC_LOST_UNACKED];
    run_result_deinit(&result);
  }
  check("lost_acked", acked, table[row].acked, row);
  check("lost_unacked", unacked, table[row].unacked, row);
  rig_close(&rig);
}
END_TEST

/* With one follower at a distance d a record is at risk while no fetch waits for it at the leader: a fetch
 * comes 2d after the last answer to it. Busy periods of 2d follow each other as long as something came in
 * the last one, else the fetch waits for the next record: P(busy) = 2d / (2d + e^(-2rd) / r). A crash in
 * the middle of one, at an age that is uniform on 0..2d, loses what came since it began: Poisson(r age),
 * with mean r d. So the mean is r d P(busy), and r d for large r d, as 2.5 of the closed forms says. */
START_TEST(a_leader_that_dies_has_acknowledged_one_delay_too_many) {
  const double rate = 40, delay = 0.020, busy_time = 2 * delay;
  const double busy = busy_time / (busy_time + exp(-rate * busy_time) / rate);
  const double expected = rate * delay * busy;
  const double square =
      rate * busy_time * rate * busy_time / 3 * busy; /* of the Poisson's parameter */
  const int runs = 1000;
  struct rig rig;
  rig_load(
      &rig,
      "format: 1\nname: poisson\nmeasure_capacity: false\nworkload: {messages: 100, rate: 40/s}\n"
      "topology: {producers: 1, brokers: 2, partitions: 1, consumers: 1}\n"
      "links:\n  broker_to_broker: {latency: 20ms}\n  default: {latency: 10us}\n"
      "system: {name: kafka-acks-1, replication.factor: 2, broker.session.timeout.ms: 3000, "
      "broker.heartbeat.interval.ms: 500}\n"
      "faults:\n  - {name: reader, at: 100ms, pause: consumer.1, for: 10s}\n"
      "  - {name: f, at: 1500ms, power_loss: broker.1, for: 8s}\n");
  double sum = 0;
  for (uint64_t seed = 1; seed <= (uint64_t)runs; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    sum += (double)result.metrics[METRIC_LOST_ACKED];
    run_result_deinit(&result);
  }
  double z = (sum / runs - expected) / sqrt((expected + square - expected * expected) / runs);
  ck_assert_msg(fabs(z) < 4, "%.4f lost a crash, the formula says %.4f: z = %.2f", sum / runs,
                expected, z);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("loss");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, an_acknowledged_record_is_lost_as_the_table_says, 0,
                      sizeof table / sizeof *table);
  tcase_add_test(tests, a_leader_that_dies_has_acknowledged_one_delay_too_many);
  return rig_main(suite_create("kafka_loss_table"), tests);
}
