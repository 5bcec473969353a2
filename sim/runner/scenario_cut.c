/* One run cut out of a scenario that has been read: the same reading, with one row and one seed. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

/* Whether it is said of this row, and a run of this row alone shows whether it holds. */
static bool stays(const struct expectation *expectation, size_t row) {
  if (expectation->metric == EXPECT_CAPACITY || expectation->kind >= BOUND_AT_LEAST_OF) return false;
  for (size_t i = 0; i < expectation->row_count; i++)
    if (expectation->rows[i] == row) return true;
  return false;
}

static void cut_expect(const struct reader *whole, const struct scenario *scenario, size_t row,
                       struct reader *out, struct scenario *out_scenario) {
  struct pool *pool = out->pool;
  out->statements = POOL_NEW(pool, struct statement, whole->statement_count);
  out->statement_count = 0;
  out_scenario->expectations = POOL_NEW(pool, struct expectation, scenario->expectation_count);
  out_scenario->expectation_count = 0;
  for (size_t i = 0; i < whole->statement_count; i++) {
    const struct statement *from = &whole->statements[i];
    struct statement *to = &out->statements[out->statement_count];
    *to = (struct statement){.rows = from->rows ? whole->rows[row].label : NULL,
                             .groups = from->groups,
                             .about = from->about,
                             .first = out_scenario->expectation_count};
    for (size_t j = 0; j < from->count; j++) {
      const struct expectation *expectation = &scenario->expectations[from->first + j];
      if (!stays(expectation, row)) continue;
      out_scenario->expectations[out_scenario->expectation_count++] = *expectation;
      to->count++;
    }
    if (to->count > 0) out->statement_count++;
  }
}

void scenario_cut(const struct reader *whole, const struct scenario *scenario, size_t row,
                  size_t seed, struct pool *pool, struct reader *out,
                  struct scenario *out_scenario) {
  ASSERT_LT(row, scenario->plan_count);
  ASSERT_LT(seed, scenario->seed_count);
  *out_scenario = *scenario;
  out_scenario->seeds += seed;
  out_scenario->plans += row;
  out_scenario->seed_count = out_scenario->plan_count = 1;
  out_scenario->measure_capacity = false; /* that takes a run of its own */
  *out = *whole;
  out->pool = pool;
  out->scenario = out_scenario;
  out->one_run = true;
  out->seeds_from = "one run";
  out->rows += row;
  out->row_count = 1;
  cut_expect(whole, scenario, row, out, out_scenario);
}
