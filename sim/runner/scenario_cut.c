/* One run cut out of a scenario that has been read: the same reading, with one row at one point, and one
 * seed. Where anything depends on the point, the resolved form has it in `sweep` alone, so the reading of the
 * first point does for all. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

/* Whether it is said of this plan, and a run of this plan alone shows whether it holds. */
static bool stays(const struct expectation *expectation, size_t plan) {
  if (expectation->metric == EXPECT_CAPACITY || expectation->kind >= BOUND_AT_LEAST_OF) return false;
  for (size_t i = 0; i < expectation->row_count; i++)
    if (expectation->rows[i] == plan) return true;
  return false;
}

static void cut_expect(const struct reader *whole, const struct scenario *scenario, size_t plan,
                       struct reader *out, struct scenario *out_scenario) {
  struct pool *pool = out->pool;
  out->statements = POOL_NEW(pool, struct statement, whole->statement_count);
  out->statement_count = 0;
  out_scenario->expectations = POOL_NEW(pool, struct expectation, scenario->expectation_count);
  out_scenario->expectation_count = 0;
  for (size_t i = 0; i < whole->statement_count; i++) {
    const struct statement *from = &whole->statements[i];
    struct statement *to = &out->statements[out->statement_count];
    *to = (struct statement){.rows = from->rows ? scenario->plans[plan].label : NULL,
                             .groups = from->groups,
                             .about = from->about,
                             .first = out_scenario->expectation_count};
    for (size_t j = 0; j < from->count; j++) {
      const struct expectation *expectation = &scenario->expectations[from->first + j];
      if (!stays(expectation, plan)) continue;
      out_scenario->expectations[out_scenario->expectation_count++] = *expectation;
      to->count++;
    }
    if (to->count > 0) out->statement_count++;
  }
}

/* Of each swept key that the row has, the value of the point. */
static void cut_sweep(const struct scenario *scenario, size_t plan, struct reader *out,
                      struct scenario *out_scenario) {
  const struct scenario_point *point = &scenario->points[plan];
  out_scenario->sweep = POOL_NEW(out->pool, struct sweep_key, scenario->sweep_count);
  out_scenario->sweep_count = 0;
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    if (point->values[i] == SWEEP_NONE) continue;
    struct sweep_key *key = &out_scenario->sweep[out_scenario->sweep_count++];
    *key = scenario->sweep[i];
    key->texts += point->values[i];
    key->count = 1;
  }
}

void scenario_cut_relays(const struct plan *plan, struct reader *inout) {
  if (plan->publisher && plan->publisher->relay) return;
  inout->topology.values[TOPOLOGY_RELAYS].i = 0;
  inout->topology.given[TOPOLOGY_RELAYS] = NULL;
}

void scenario_cut(const struct reader *whole, const struct scenario *scenario, size_t plan,
                  size_t seed, struct pool *pool, struct reader *out,
                  struct scenario *out_scenario) {
  ASSERT_LT(plan, scenario->plan_count);
  ASSERT_LT(seed, scenario->seed_count);
  const uint32_t row = scenario->points[plan].row;
  *out_scenario = *scenario;
  out_scenario->seeds += seed;
  out_scenario->plans += plan;
  out_scenario->points += plan;
  out_scenario->seed_count = out_scenario->plan_count = out_scenario->row_count = 1;
  out_scenario->measure_capacity = false; /* that takes a run of its own */
  *out = *whole;
  out->pool = pool;
  out->scenario = out_scenario;
  out->one_run = true;
  out->seeds_from = "one run";
  out->rows += row;
  out->row_count = 1;
  out_scenario->rows = POOL_NEW(pool, struct scenario_row, 1);
  *out_scenario->rows = (struct scenario_row){scenario->rows[row].label, 0, 1};
  scenario_cut_relays(out_scenario->plans, out);
  cut_sweep(scenario, plan, out, out_scenario);
  cut_expect(whole, scenario, plan, out, out_scenario);
}

static void cut_faults(const struct scenario_part *part, struct reader *reader,
                       struct scenario *scenario) {
  struct fault_plan *faults = POOL_NEW(reader->pool, struct fault_plan, part->fault_count);
  struct fault_reading *readings = POOL_NEW(reader->pool, struct fault_reading, part->fault_count);
  size_t count = 0;
  for (size_t i = 0; i < scenario->fault_count; i++)
    for (size_t j = 0; j < part->fault_count; j++)
      if (part->faults[j] == i) {
        faults[count] = scenario->faults[i];
        readings[count++] = reader->faults[i];
      }
  scenario->faults = faults;
  scenario->fault_count = count;
  reader->faults = readings;
}

void scenario_cut_part(const struct scenario_part *part, struct reader *reader,
                       struct scenario *scenario) {
  struct pool *pool = reader->pool;
  reader->intents = part->intents;
  reader->arrivals_file = NULL;
  reader->derived = WORKLOAD__COUNT;
  reader->workload.values[WORKLOAD_MESSAGES].i = (int64_t)part->intent_count;
  cut_faults(part, reader, scenario);
  scenario->name = part->name;
  scenario->about = part->about;
  scenario->expectations = POOL_NEW(pool, struct expectation, 1);
  scenario->expectations[0] = (struct expectation){.metric = part->metric, .kind = BOUND_NONE};
  scenario->expectation_count = 1;
  reader->statements = POOL_NEW(pool, struct statement, 1);
  reader->statements[0] = (struct statement){.count = 1};
  reader->statement_count = 1;
}
