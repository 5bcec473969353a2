/* Closed forms of consumer groups, through the whole simulator from a scenario file. Crashes come at times
 * spread evenly over the period in question, so that their phase is uniform; |z| < 4 with the variance that
 * independent ones would have, and what must be zero is tested to be zero.
 *
 *   commits each T, rate r:           N reprocessed, uniform on 0..rT, mean rT/2
 *   commits each poll of B records:   uniform on 0..B-1, mean (B-1)/2
 *   commits before each B records:    lost uniform on 1..B, mean (B+1)/2
 *   session S, heartbeats each h:     a death is detected after S - U(0,h), mean S - h/2
 *   rolling deploy of n members:      2n rebalances, with static members none
 */
#include "tests/system/rig.h"

#include "sim/world/fact.h"

#include <math.h>

#define RUNS 60

/* --- What a crash costs --- */

static void scenario(struct rig_text *text, const char *system, int messages, int rate,
                     double service_ms, double kill_ms) {
  text->length = 0;
  rig_add(text,
          "format: 1\nname: closed-form\nmeasure_capacity: false\n"
          "workload: {messages: %d, rate: %d/s, arrivals: steady, service_time: %gms}\n"
          "topology: {partitions: 1, consumers: 1}\nsystem: {%s}\nhandler: transform\n"
          "faults:\n  - {name: crash, at: %.3fms, kill: consumer.1}\n",
          messages, rate, service_ms, system, kill_ms);
}

/* The mean of a metric over crashes at `first` + i/RUNS of `period` (ms). */
static double mean_over_phases(const char *system, int messages, int rate, double service_ms,
                               double first_ms, double period_ms, enum metric metric, double most) {
  static struct rig_text text;
  double sum = 0;
  for (int i = 0; i < RUNS; i++) {
    scenario(&text, system, messages, rate, service_ms, first_ms + period_ms * i / RUNS);
    struct rig rig;
    rig_load(&rig, text.bytes);
    struct run_result result = rig_run(&rig, 0, (uint64_t)i + 1);
    double found = (double)result.metrics[metric];
    ck_assert_msg(found <= most, "%s: %.0f, at most %.0f", metric_rows[metric].name, found, most);
    sum += found;
    run_result_deinit(&result);
    rig_close(&rig);
  }
  return sum / RUNS;
}

static void check_mean(const char *what, double mean, double expected, double width) {
  double z = (mean - expected) / (width / sqrt(12) / sqrt(RUNS));
  ck_assert_msg(fabs(z) < 4, "%s: mean %.3f, the formula says %.3f (z = %.2f)", what, mean, expected, z);
}

#define GROUP "session.timeout.ms: 6000, heartbeat.interval.ms: 1000"

START_TEST(a_crash_repeats_half_a_commit_interval) {
  static const int intervals_ms[] = {200, 1000};
  int interval = intervals_ms[_i];
  char system[200];
  snprintf(system, sizeof system, "name: kafka-acks-all, commit_interval: %dms, " GROUP, interval);
  double expected = 200 * interval / 1000.0;
  double mean = mean_over_phases(system, 1600, 200, 1, 4000, interval, METRIC_DUPLICATE_DELIVERIES,
                                 expected + 4);
  check_mean("reprocessed", mean, expected / 2, expected); /* obligations that came a second time */
}
END_TEST

#define BATCH 20

START_TEST(a_crash_repeats_half_a_poll) {
  double mean = mean_over_phases("name: kafka-acks-all, commit: auto, auto.commit.interval.ms: 1, "
                                 "max.poll.records: 20, " GROUP,
                                 600, 1000, 5, 1000, 5 * BATCH * 6, METRIC_DUPLICATE_DELIVERIES,
                                 BATCH + 1);
  check_mean("reprocessed", mean, (BATCH - 1) / 2.0 + 1, BATCH); /* and the one at work */
}
END_TEST

START_TEST(commit_before_processing_loses_half_a_poll) {
  double mean = mean_over_phases("name: at-most-once, max.poll.records: 20, " GROUP, 600, 1000, 5,
                                 1000, 5 * BATCH * 6, METRIC_LOST_UNACKED, BATCH);
  check_mean("lost", mean, (BATCH + 1) / 2.0, BATCH);
}
END_TEST

/* --- What the group does --- */

struct group_story {
  int64_t down_at, expired_at; /* ns; the first, 0 = none */
  int rebalances;
};

static void story_sink(void *context, const struct trace_record *records, size_t count,
                       uint64_t first) {
  (void)first;
  struct group_story *story = context;
  for (size_t i = 0; i < count; i++) {
    const struct trace_record *record = &records[i];
    if (record->kind == FACT_NODE_DOWN && story->down_at == 0) story->down_at = record->at;
    if (record->kind == FACT_EXPIRED && story->expired_at == 0) story->expired_at = record->at;
    story->rebalances += record->kind == FACT_REBALANCED;
  }
}

static struct group_story story_of(const char *text, int64_t out_metrics[METRIC__COUNT]) {
  struct group_story story = {0};
  struct rig rig;
  rig_load(&rig, text);
  run_observe(rig.run, NULL, story_sink, &story);
  struct run_result result = rig_run(&rig, 0, 1);
  memcpy(out_metrics, result.metrics, METRIC__COUNT * sizeof *out_metrics);
  run_result_deinit(&result);
  rig_close(&rig);
  return story;
}

START_TEST(a_death_is_detected_half_a_heartbeat_before_the_session_timeout) {
  static struct rig_text text;
  int64_t metrics[METRIC__COUNT];
  double sum = 0;
  for (int i = 0; i < RUNS; i++) {
    scenario(&text, "name: kafka-acks-all, " GROUP, 800, 100, 1, 3000 + 1000.0 * i / RUNS);
    struct group_story story = story_of(text.bytes, metrics);
    double after = (double)(story.expired_at - story.down_at) / 1e9;
    ck_assert_msg(5 <= after && after < 6.05, "detected after %.3f s", after);
    sum += after;
  }
  check_mean("detection, s", sum / RUNS, 5.5, 1);
}
END_TEST

#define MEMBERS 4

static struct group_story deploy(const char *ids, int64_t out_metrics[METRIC__COUNT]) {
  static struct rig_text text;
  text.length = 0;
  rig_add(&text,
          "format: 1\nname: deploy\nmeasure_capacity: false\nworkload: {messages: 4000, rate: 100/s}\n"
          "topology: {partitions: 8, consumers: %d}\n"
          "system: {name: kafka-acks-all, commit_interval: 1s, group.instance.id: %s, " GROUP "}\n"
          "faults:\n",
          MEMBERS, ids);
  for (int i = 0; i < MEMBERS; i++)
    rig_add(&text, "  - {name: f%d, at: %ds, terminate: consumer.%d, grace: 5s, for: 4s}\n", i,
            3 + 8 * i, i + 1);
  return story_of(text.bytes, out_metrics);
}

START_TEST(a_rolling_deploy_rebalances_twice_a_member_and_static_ones_never) {
  int64_t metrics[METRIC__COUNT];
  struct group_story dynamic = deploy("none", metrics);
  ck_assert_int_eq(dynamic.rebalances - 1, 2 * MEMBERS); /* the first one made the group */
  ck_assert_int_eq(metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
  struct group_story fixed = deploy("by-index", metrics);
  ck_assert_int_eq(fixed.rebalances - 1, 0);
  ck_assert_int_eq(metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("groups");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_crash_repeats_half_a_commit_interval, 0, 2);
  tcase_add_test(tests, a_crash_repeats_half_a_poll);
  tcase_add_test(tests, commit_before_processing_loses_half_a_poll);
  tcase_add_test(tests, a_death_is_detected_half_a_heartbeat_before_the_session_timeout);
  tcase_add_test(tests, a_rolling_deploy_rebalances_twice_a_member_and_static_ones_never);
  return rig_main(suite_create("closed forms of groups"), tests);
}
