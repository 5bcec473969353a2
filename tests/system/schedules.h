/* Random fault schedules: what a test that draws whole scenarios from a few choices shares with the others. */
#ifndef TESTS_SYSTEM_SCHEDULES_H
#define TESTS_SYSTEM_SCHEDULES_H

#include "sim/base/hash.h"
#include "tests/system/rig.h"

#ifndef SCHEDULES
#define SCHEDULES 60
#endif
#ifndef SCHEDULE_FIRST
#define SCHEDULE_FIRST 0
#endif
#define SCHEDULE_CHUNK (SCHEDULES / 10) /* schedules of one test: each is a process of its own */

/* A stream of choices: the n-th number of a schedule. */
struct choices {
  const char *swarm; /* every swarm has its own */
  uint64_t schedule, count;
};

static inline uint32_t choose(struct choices *choices, uint32_t bound) {
  uint64_t number = hash_pair(hash_pair(hash_name(choices->swarm), choices->schedule), choices->count++);
  return (uint32_t)((number >> 32) * bound >> 32);
}

/* Writes a scenario, and returns the seed to run it with. */
typedef uint32_t write_schedule_fn(struct rig_text *text, uint64_t schedule);

static inline void schedule_check_row(const struct run_result *result, size_t row, bool keeps, const char *text,
                                      uint32_t seed) {
  const long long lost = (long long)result->metrics[METRIC_LOST_ACKED],
                  doubled = (long long)result->metrics[METRIC_DUPLICATE_EFFECTS];
  const bool single = row != 1;
  const char *conservation = rig_conservation(result);
  char violations[200];
  verdict_describe(result->violations, violations, sizeof violations);
  const bool good = result->drained && conservation[0] == '\0' && (!keeps || lost == 0) &&
                    (!single || doubled == 0) && result->verdict == VERDICT_HELD;
  ck_assert_msg(good, "row %zu, seed %u: lost_acked %lld, duplicate_effects %lld, violates %s%s %s\n%s", row, seed,
                lost, doubled, violations, result->drained ? "" : ", stuck", conservation, text);
}

/* One chunk of schedules of which every row keeps its contract and drains. Row 1 may double; rows before
 * `first_keeps` may lose what was acknowledged. */
static inline void schedules_hold(int chunk, write_schedule_fn *write, size_t first_keeps) {
  static struct rig_text text;
  const uint64_t first = SCHEDULE_FIRST + (uint64_t)chunk * SCHEDULE_CHUNK;
  for (uint64_t schedule = first; schedule < first + SCHEDULE_CHUNK; schedule++) {
    const uint32_t seed = write(&text, schedule);
    struct rig rig;
    rig_load(&rig, text.bytes);
    for (size_t row = 0; row < rig.scenario.plan_count; row++) {
      struct run_result result = rig_run(&rig, row, seed);
      schedule_check_row(&result, row, row >= first_keeps, text.bytes, seed);
      run_result_deinit(&result);
    }
    rig_close(&rig);
  }
}

#endif
