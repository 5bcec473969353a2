/* A fault at consumers that have nothing to do strikes all the same: what they wait with is a request or a
 * lease, and the broker holds it. */
#include "tests/system/rig.h"

static const char *const systems[] = {"kafka-acks-all", "kafka-transactional", "sqs-standard", "rabbitmq-confirms",
                                      "rabbitmq-auto-ack"};
static const char *const verbs[] = {"kill", "power_loss", "terminate", "deploy"};
#define SYSTEMS (sizeof systems / sizeof *systems)
#define VERBS (sizeof verbs / sizeof *verbs)

static struct run_result play(uint32_t consumers, const char *rest) {
  static struct rig_text text;
  struct rig rig;
  text.length = 0;
  rig_add(&text, "format: 1\nname: idle\nmeasure_capacity: false\nluck: none\n"
                 "topology: {consumers: %u}\n%s", consumers, rest);
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  rig_close(&rig);
  return result;
}

START_TEST(an_idle_consumer_that_ends_is_a_hit) {
  char rest[300];
  snprintf(rest, sizeof rest,
           "system: %s\nworkload: {intents: [{at: 1s}, {at: 10min}]}\n"
           "faults: [{at: 307s, %s: consumer.all, for: 1s}]\n",
           systems[_i / (int)VERBS], verbs[_i % (int)VERBS]);
  struct run_result result = play(2, rest);
  ck_assert(result.drained);
  ck_assert_msg(result.fault_hits[0] >= 2, "%llu hits\n%s", (unsigned long long)result.fault_hits[0], rest);
  run_result_deinit(&result);
}
END_TEST

/* Nothing comes any more: whoever ends then takes nothing with it. */
START_TEST(an_idle_consumer_that_waits_for_nothing_is_no_hit) {
  char rest[300];
  snprintf(rest, sizeof rest,
           "system: %s\nworkload: {intents: [{at: 1s}, {at: 2s}]}\n"
           "faults: [{at: 907s, kill: consumer.all, for: 1s, min_hits: 0}]\n", systems[_i]);
  struct run_result result = play(2, rest);
  ck_assert(result.drained);
  ck_assert_uint_eq(result.fault_hits[0], 0);
  run_result_deinit(&result);
}
END_TEST

/* Two that strike at once: of a process that is down nothing is left to strike. */
START_TEST(who_is_down_already_is_no_hit) {
  char rest[300];
  snprintf(rest, sizeof rest,
           "system: %s\nworkload: {intents: [{at: 1s}, {at: 10min}]}\n"
           "faults:\n  - {at: 307s, kill: consumer.all, for: 1min}\n"
           "  - {at: 340s, kill: consumer.all, for: 1s, min_hits: 0}\n",
           systems[_i]);
  struct run_result result = play(2, rest);
  ck_assert(result.drained);
  ck_assert_uint_ge(result.fault_hits[0], 2);
  ck_assert_uint_eq(result.fault_hits[1], 0);
  run_result_deinit(&result);
}
END_TEST

/* Its channel was closed for its consumer_timeout, and it does not subscribe anew: nothing is held for it. */
START_TEST(a_consumer_that_has_no_subscription_any_more_is_no_hit) {
  struct run_result result = play(1,
      "system: {name: rabbitmq-quorum, consumer_timeout: 1min, on_consumer_timeout: stops}\n"
      "workload: {intents: [{at: 1s}, {at: 20min}], service_time: 4min}\n"
      "faults:\n  - {at: 907s, min_hits: 0, kill: consumer.all, for: 1s}\n");
  ck_assert_uint_eq(result.fault_hits[0], 0);
  run_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, an_idle_consumer_that_ends_is_a_hit, 0, (int)(SYSTEMS * VERBS));
  tcase_add_loop_test(tests, an_idle_consumer_that_waits_for_nothing_is_no_hit, 0, (int)SYSTEMS);
  tcase_add_loop_test(tests, who_is_down_already_is_no_hit, 0, (int)SYSTEMS);
  tcase_add_test(tests, a_consumer_that_has_no_subscription_any_more_is_no_hit);
  return rig_main(suite_create("idle consumers"), tests);
}
