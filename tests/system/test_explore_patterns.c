/* Patterns under every placement of faults: those that keep their word against any two, and those that break
 * by one or two, found by searching alone. */
#include "tests/system/rig.h"

#include "sim/runner/explore.h"

static const char world[] = "format: 1\nname: pattern\nluck: none\nmeasure_capacity: false\n"
                            "workload: {messages: 2, rate: 10/s, arrivals: steady}\n"
                            "topology: {partitions: 1, consumers: 2}\n";

static void explore_at(const char *rest, unsigned faults, uint32_t point, struct explore_result *out) {
  struct rig rig;
  struct rig_text text = {.length = 0};
  rig_add(&text, "%s%s", world, rest);
  rig_load(&rig, text.bytes);
  struct explore_options options = {.faults = faults, .workers = 2, .prune = true,
                                    .limits = placement_limits_all(), .command = "a test"};
  options.limits.point = point;
  explore_row(&rig.scenario, 0, &options, NULL, out);
  rig_close(&rig);
}

static void explore(const char *rest, unsigned faults, struct explore_result *out) {
  explore_at(rest, faults, POINT_NONE, out);
}

static const char *const held[] = {
    "system: sqs-standard\nhandler: idempotency-key\n",
    "system: sqs-standard\nhandler: charge-with-key\nprovider: keyed\n",
    "system: sqs-standard\nhandler: {name: charge-in-transaction, idempotency_key: operation}\nprovider: keyed\n",
    /* of a cache that forgets nothing */
    "system: sqs-standard\nhandler: cache-claim-first\ncache: {appendfsync: always}\n"
    "expect: [{duplicate_effects: none, stuck: none}]\n",
    "system: sqs-standard\nhandler: cache-lease\nexpect: [{lost: none, stuck: none}]\n",
};

START_TEST(no_two_faults_break_it) {
  struct explore_result result;
  explore(held[_i], 2, &result);
  ck_assert_msg(!result.violated, "%s%s", held[_i], metric_rows[result.metric].name);
  ck_assert_uint_eq(result.reached, 2);
  ck_assert_uint_ge(explore_covered(&result), 10000);
  explore_result_deinit(&result);
}
END_TEST

/* Handler, how many faults it takes, by which anomaly it shows. */
static const struct {
  const char *text;
  unsigned faults;
  enum metric metric;
} broken[] = {
    {"system: sqs-standard\nhandler: effect-first\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: sqs-standard\nhandler: mark-first\n", 1, METRIC_LOST_ACKED},
    {"system: sqs-standard\nhandler: check-then-insert\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: sqs-standard\nhandler: cache-claim-first\n", 1, METRIC_LOST_ACKED},
    {"system: sqs-standard\nhandler: cache-effect-first\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: sqs-standard\nhandler: cache-lease\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: sqs-standard\nhandler: charge-in-transaction\nprovider: keyed\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: sqs-standard\nhandler: charge-with-key\nprovider: plain\n", 1, METRIC_DUPLICATE_EFFECTS},
    {"system: kafka-transactional\nhandler: charge\nprovider: keyed\n", 1, METRIC_DUPLICATE_EFFECTS},
};

START_TEST(searching_finds_where_it_breaks) {
  struct explore_result result;
  explore(broken[_i].text, broken[_i].faults, &result);
  ck_assert_msg(result.violated, "%sholds", broken[_i].text);
  ck_assert_uint_eq(result.count, broken[_i].faults);
  ck_assert_int_eq(result.metric, broken[_i].metric);
  explore_result_deinit(&result);
}
END_TEST

/* Faults at acknowledgements only, where handlers with marks in a cache promise to suppress what comes again:
 * while the mark lives, and while the cache has it. */
#define QUEUE "system: {name: sqs-standard, visibility_timeout: 2s}\n"
#define FAILOVER(election)                                                                         \
  QUEUE "handler: cache-effect-first\ncache: {replicas: 1, replication_delay: 1s}\n"               \
        "faults: [{when: handled, intent: 1, attempt: 1, failover: cache.1, election: " election "}]\n"
static const struct {
  const char *text;
  bool holds;
} again[] = {
    {QUEUE "handler: {name: cache-effect-first, ttl: 1min}\n", true},
    {QUEUE "handler: {name: cache-claim-first, ttl: 1min}\n", true},
    {QUEUE "handler: {name: cache-lease, ttl: 1min, lease: 1s}\n", true},
    {QUEUE "handler: {name: cache-effect-first, ttl: 1s}\n", false},
    {FAILOVER("clean"), true},
    {FAILOVER("unclean"), false},
};

START_TEST(a_mark_suppresses_what_comes_again_while_it_is_there) {
  struct explore_result result;
  explore_at(again[_i].text, again[_i].holds ? 2 : 1, POINT_ACK_SENT, &result);
  ck_assert_msg(result.violated != again[_i].holds, "%s", again[_i].text);
  if (result.violated) ck_assert_int_eq(result.metric, METRIC_DUPLICATE_EFFECTS);
  ck_assert_uint_ge(explore_covered(&result), 10);
  explore_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("patterns");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, no_two_faults_break_it, 0, sizeof held / sizeof *held);
  tcase_add_loop_test(tests, searching_finds_where_it_breaks, 0, sizeof broken / sizeof *broken);
  tcase_add_loop_test(tests, a_mark_suppresses_what_comes_again_while_it_is_there, 0,
                      sizeof again / sizeof *again);
  return rig_main(suite_create("system/explore-patterns"), tests);
}
