/* The comparison of two judges finds what it should: a second judge that is not told of one fact disagrees,
 * whatever kind of fact that is. That they agree otherwise is what scripts/swarm.sh is about. */
#include "tests/system/two_judges.h"
#include "tests/system/rig.h"

#define SEEDS 40

static const char text[] =
    "format: 1\nmeasure_capacity: false\n"
    "workload: {messages: 60, rate: 100/s, keys: 3, operation: put}\n"
    "topology: {producers: 2, consumers: 2}\n"
    "system: {name: sqs-standard, visibility_timeout: 400ms, request_timeout: 300ms, max_receive_count: 2}\n"
    "handler: mark-first\n"
    "faults:\n"
    "  - {name: crash, every: exponential mean=100ms, kill: consumer.any, for: 100ms}\n"
    "  - {name: cut, at: 200ms, partition: producer.1, for: 500ms}\n"
    "  - {name: once, when: delivery-sent, drop: this}\n"
    "  - {name: never, when: effect, intent: 60, attempt: 90, kill: this}\n";

/* One of several facts of a kind: that it is the last one, or the first, may make no difference. */
enum { KINDS_MAX = 128 };
struct places {
  uint64_t first[KINDS_MAX]; /* number of the first record of each kind of fact; 0 = there is none */
};

static void note_places(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct places *places = context;
  for (size_t i = 0; i < count; i++) {
    const unsigned kind = records[i].kind - TRACE_FACT;
    if (records[i].kind >= TRACE_FACT && kind < KINDS_MAX && places->first[kind] == 0) places->first[kind] = first + i + 1;
  }
}

START_TEST(they_agree_when_both_are_told_everything) {
  struct rig rig;
  struct two_judges judges = {.said = ""};
  struct run_result result;
  rig_load(&rig, text);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    ck_assert_msg(two_judges_run(&judges, rig.run, rig.scenario.plans, 0, seed, "a test", &result), "%s", judges.said);
    run_result_deinit(&result);
  }
  two_judges_free(&judges);
  rig_close(&rig);
}
END_TEST

/* Without the first fact of a kind; in some run there is one that makes a difference. */
static bool is_missed(struct two_judges *judges, struct rig *rig, enum fact kind) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct places places = {{0}};
    struct run_result result;
    run_observe(rig->run, NULL, note_places, &places);
    result = rig_run(rig, 0, seed);
    run_result_deinit(&result);
    judges->unheard = places.first[kind - TRACE_FACT];
    if (judges->unheard == 0) continue;
    const bool agree = two_judges_run(judges, rig->run, rig->scenario.plans, 0, seed, "a test", &result);
    run_result_deinit(&result);
    if (!agree) return true;
  }
  return false;
}

START_TEST(a_judge_that_misses_a_fact_disagrees) {
  static const enum fact kinds[] = {FACT_INTENDED, FACT_OK,      FACT_DELIVERED, FACT_EFFECT,    FACT_SUPPRESSED,
                                    FACT_STATE,    FACT_COUNTER, FACT_DRAINED,   FACT_FAULT_HIT, FACT_DEAD_LETTERED,
                                    FACT_HEALED};
  struct rig rig;
  struct two_judges judges = {.said = ""};
  rig_load(&rig, text);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    ck_assert_msg(is_missed(&judges, &rig, kinds[i]), "nobody misses '%s'", trace_kind_name(kinds[i]));
  two_judges_free(&judges);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("two judges");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, they_agree_when_both_are_told_everything);
  tcase_add_test(tests, a_judge_that_misses_a_fact_disagrees);
  return rig_main(suite_create("system/two_judges"), tests);
}
