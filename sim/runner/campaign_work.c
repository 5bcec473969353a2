#include "sim/runner/campaign_work.h"

#include "sim/base/assert.h"
#include "sim/base/zeroed.h"
#include "sim/runner/precision.h"
#include "sim/runner/result_pack.h"

#include <stdlib.h>
#include <string.h>

/* --- Items --- */

/* Capacity is measured without faults: points of a row that differ in them alone share it. */
static size_t capacity_plan(const struct scenario *scenario, size_t plan) {
  size_t first = plan;
  if (scenario->sweep_count == 0) return plan;
  for (size_t other = plan; other-- > scenario->rows[scenario->points[plan].row].first;) {
    bool same = true;
    for (size_t i = 0; i < scenario->sweep_count && same; i++)
      same = strncmp(scenario->sweep[i].path, "faults/", 7) == 0 ||
             scenario->points[other].values[i] == scenario->points[plan].values[i];
    if (same) first = other;
  }
  return first;
}

static void plan_capacities(struct work *work) {
  const struct scenario *scenario = work->scenario;
  work->capacity_plans = zeroed(scenario->plan_count, sizeof *work->capacity_plans);
  for (size_t plan = 0; scenario->measure_capacity && plan < scenario->plan_count; plan++)
    if (capacity_plan(scenario, plan) == plan) work->capacity_plans[work->capacities++] = plan;
}

size_t campaign_items(const struct scenario *scenario) {
  size_t capacities = 0;
  for (size_t plan = 0; scenario->measure_capacity && plan < scenario->plan_count; plan++)
    capacities += capacity_plan(scenario, plan) == plan;
  return capacities + scenario->plan_count * scenario->seed_count;
}

static bool is_capacity(const struct work *work, size_t item) { return item < work->capacities; }

static size_t plan_of(const struct work *work, size_t item) {
  if (is_capacity(work, item)) return work->capacity_plans[item];
  const size_t run = item - work->capacities;
  return work->done_of_seed ? run % work->scenario->plan_count : run / work->scenario->seed_count;
}

static size_t seed_index_of(const struct work *work, size_t item) {
  if (is_capacity(work, item)) return 0;
  const size_t run = item - work->capacities;
  return work->done_of_seed ? run / work->scenario->plan_count : run % work->scenario->seed_count;
}

static uint64_t seed_of(const struct work *work, size_t item) {
  return work->scenario->seeds[seed_index_of(work, item)];
}

/* Index of a run's result in the campaign. */
static size_t result_of(const struct work *work, size_t item) {
  return plan_of(work, item) * work->scenario->seed_count + seed_index_of(work, item);
}

void work_init(struct work *work, const struct scenario *scenario, const struct campaign_options *options,
               struct campaign *campaign) {
  *work = (struct work){.scenario = scenario, .options = options, .campaign = campaign};
  plan_capacities(work);
  work->items = work->end = work->capacities + campaign->result_count;
  if (scenario->precision_count > 0) {
    work->done_of_seed = zeroed(scenario->seed_count, sizeof *work->done_of_seed);
    work->look = precision_next_look(scenario->seed_count, 0);
  }
  work->states = zeroed(work->items, 1);
  work->differs = zeroed(work->items, 1);
  for (size_t item = 0; item < work->items; item++) work->mine += work_is_mine(work, item);
  pthread_mutex_init(&work->mutex, NULL);
}

void work_deinit(struct work *work) {
  pthread_mutex_destroy(&work->mutex);
  free(work->states);
  free(work->differs);
  free(work->done_of_seed);
  free(work->capacity_plans);
}

/* --- Doing --- */

bool work_is_mine(const struct work *work, size_t item) {
  const unsigned shards = work->options->shards;
  return shards <= 1 || item % shards == work->options->shard - 1;
}

static bool is_open(const struct work *work, size_t item) {
  return work->states[item] == WORK_TO_DO && work_is_mine(work, item);
}

bool work_take(struct work *work, size_t *out_item) {
  pthread_mutex_lock(&work->mutex);
  while (work->next < work->end && !is_open(work, work->next)) work->next++;
  const bool some = work->next < work->end && work->err.code == ERR_NONE;
  if (some) {
    *out_item = work->next++;
    work->states[*out_item] = WORK_TAKEN;
  }
  pthread_mutex_unlock(&work->mutex);
  return some;
}

void work_return(struct work *work, size_t item) {
  pthread_mutex_lock(&work->mutex);
  if (work->states[item] == WORK_TAKEN) {
    work->states[item] = WORK_TO_DO;
    if (item < work->next) work->next = item;
  }
  pthread_mutex_unlock(&work->mutex);
}

size_t work_left(struct work *work) {
  pthread_mutex_lock(&work->mutex);
  const size_t left = work->err.code == ERR_NONE ? work->mine - work->done : 0;
  pthread_mutex_unlock(&work->mutex);
  return left;
}

static bool same_run(const struct run_result *a, const struct run_result *b) {
  return a->digest == b->digest && a->records == b->records &&
         memcmp(a->metrics, b->metrics, sizeof a->metrics) == 0;
}

void work_execute(const struct work *work, size_t item, struct run *run, struct run *again,
                  struct work_outcome *out) {
  const size_t index = plan_of(work, item);
  const struct plan *plan = &work->scenario->plans[index];
  const uint64_t seed = seed_of(work, item);
  const char *command = work->options->command;
  *out = (struct work_outcome){0};
  if (is_capacity(work, item)) {
    out->capacity = run_capacity(run, plan, seed, command);
    if (again) out->differs = run_capacity(again, plan, seed, command) != out->capacity;
    return;
  }
  run_execute(run, plan, (uint32_t)index, seed, NULL, command, &out->run);
  if (!again) return;
  struct run_result second;
  run_execute(again, plan, (uint32_t)index, seed, NULL, command, &second);
  out->differs = !same_run(&second, &out->run);
  run_result_deinit(&second);
}

void work_outcome_deinit(struct work_outcome *outcome) { run_result_deinit(&outcome->run); }

static bool write_row(struct work *work, size_t item, const struct work_outcome *outcome, struct err *err) {
  struct bytes bytes = {0};
  if (!work->journal) return true;
  work_pack(work, item, outcome, &bytes);
  const bool written = journal_append(work->journal, item, &bytes, err);
  bytes_free(&bytes);
  return written;
}

/* All seeds from here on are surplus, whether they are there or not. */
static void end_at(struct work *work, size_t seeds) {
  work->end = work->capacities + seeds * work->scenario->plan_count;
  work->mine = work->done = 0;
  for (size_t item = 0; item < work->end; item++) {
    work->mine += work_is_mine(work, item);
    work->done += work->states[item] == WORK_DONE;
  }
  if (work->restored > work->done) work->restored = work->done;
}

/* One more run is there. A look is at the seeds before the first that is not there yet, so it does not matter which
 * others are. */
static void look(struct work *work, size_t seed) {
  const struct scenario *scenario = work->scenario;
  struct campaign *campaign = work->campaign;
  work->done_of_seed[seed]++;
  while (work->prefix < work->look && work->done_of_seed[work->prefix] == scenario->plan_count) {
    if (++work->prefix < work->look) continue;
    campaign->looks++;
    campaign->precise =
        precision_reached(scenario, campaign->results, scenario->seed_count, work->prefix, &campaign->gap);
    if (campaign->precise || work->prefix == scenario->seed_count) {
      end_at(work, work->prefix);
      return;
    }
    work->look = precision_next_look(scenario->seed_count, work->look);
  }
}

/* With the mutex. */
static void put(struct work *work, size_t item, struct work_outcome *outcome) {
  if (work->states[item] == WORK_DONE || item >= work->end) { /* [W1]; surplus */
    work_outcome_deinit(outcome);
    return;
  }
  if (is_capacity(work, item))
    work->campaign->capacity[plan_of(work, item)] = outcome->capacity;
  else
    work->campaign->results[result_of(work, item)] = outcome->run;
  work->differs[item] = outcome->differs;
  work->states[item] = WORK_DONE;
  work->done++;
  if (work->done_of_seed && !is_capacity(work, item)) look(work, seed_index_of(work, item));
}

void work_done(struct work *work, size_t item, struct work_outcome *outcome) {
  struct err err = {0};
  ASSERT_LT(item, work->items);
  const bool written = write_row(work, item, outcome, &err); /* [W3] */
  pthread_mutex_lock(&work->mutex);
  if (written)
    put(work, item, outcome);
  else if (work->err.code == ERR_NONE)
    work->err = err;
  pthread_mutex_unlock(&work->mutex);
  if (!written) work_outcome_deinit(outcome);
}

/* Of everything but how long it took. */
static void pack_outcome(const struct work *work, size_t item, struct work_outcome outcome, struct bytes *bytes) {
  outcome.run.wall_s = 0;
  outcome.run.grown = 0;
  work_pack(work, item, &outcome, bytes);
}

static bool same_outcome(const struct work *work, size_t item, const struct work_outcome *outcome) {
  struct work_outcome before = {.differs = work->differs[item]};
  struct bytes a = {0}, b = {0};
  if (is_capacity(work, item))
    before.capacity = work->campaign->capacity[plan_of(work, item)];
  else
    before.run = work->campaign->results[result_of(work, item)];
  pack_outcome(work, item, before, &a);
  pack_outcome(work, item, *outcome, &b);
  const bool same = a.count == b.count && memcmp(a.items, b.items, a.count) == 0;
  bytes_free(&a), bytes_free(&b);
  return same;
}

bool work_restore(struct work *work, size_t item, struct work_outcome *outcome) {
  ASSERT_LT(item, work->items);
  if (item >= work->end) {
    work_outcome_deinit(outcome);
    return true;
  }
  if (work->states[item] == WORK_DONE) {
    const bool same = same_outcome(work, item, outcome);
    work_outcome_deinit(outcome);
    return same;
  }
  ASSERT_EQ(work->states[item], WORK_TO_DO);
  work->restored++;
  put(work, item, outcome);
  return true;
}

struct work_counts work_progress(struct work *work) {
  pthread_mutex_lock(&work->mutex);
  const struct work_counts counts = {work->done, work->mine, work->restored};
  pthread_mutex_unlock(&work->mutex);
  return counts;
}

/* --- As bytes --- */

void work_pack(const struct work *work, size_t item, const struct work_outcome *outcome, struct bytes *bytes) {
  bytes_unsigned(bytes, outcome->differs);
  if (is_capacity(work, item))
    bytes_signed(bytes, outcome->capacity);
  else
    result_pack(&outcome->run, &work->scenario->plans[plan_of(work, item)], bytes);
}

bool work_unpack(const struct work *work, size_t item, struct bytes_reader *reader,
                 struct work_outcome *out) {
  *out = (struct work_outcome){0};
  if (item >= work->items) return false;
  out->differs = bytes_read_up_to(reader, 1);
  const size_t plan = plan_of(work, item);
  if (is_capacity(work, item)) {
    out->capacity = bytes_read_signed(reader);
    return bytes_read_all(reader);
  }
  if (!result_unpack(reader, &work->scenario->plans[plan], &out->run)) return false;
  out->run.row = (uint32_t)plan;
  out->run.seed = seed_of(work, item);
  return true;
}

/* --- When all is done --- */

/* Of each plan the seeds that count stand together. */
static void leave_out_surplus(const struct scenario *scenario, struct campaign *campaign, size_t seeds) {
  const size_t stride = scenario->seed_count;
  struct run_result *results = campaign->results;
  for (size_t plan = 0; plan < scenario->plan_count; plan++) {
    for (size_t seed = seeds; seed < stride; seed++) run_result_deinit(&results[plan * stride + seed]);
    memmove(results + plan * seeds, results + plan * stride, seeds * sizeof *results);
  }
  campaign->seed_count = seeds;
  campaign->result_count = scenario->plan_count * seeds;
}

void work_finish(struct work *work) {
  const struct scenario *scenario = work->scenario;
  struct campaign *campaign = work->campaign;
  for (size_t plan = 0; work->capacities > 0 && plan < scenario->plan_count; plan++)
    campaign->capacity[plan] = campaign->capacity[capacity_plan(scenario, plan)];
  const size_t seeds = (work->end - work->capacities) / scenario->plan_count;
  leave_out_surplus(scenario, campaign, seeds);
  campaign->verified = work->options->verify;
  campaign->verify_first = campaign->result_count;
  for (size_t item = work->end; item-- > 0;) {
    if (!work->differs[item]) continue;
    campaign->verify_mismatches++;
    if (!is_capacity(work, item))
      campaign->verify_first = plan_of(work, item) * seeds + seed_index_of(work, item);
  }
}
