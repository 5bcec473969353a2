#include "sim/runner/judge.h"

#include "sim/base/assert.h"
#include "sim/runner/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums of counts times a share in parts per billion do not fit into 64 bits. */
__extension__ typedef __int128 wide;

static const char *metric_word(unsigned metric) {
  return metric == EXPECT_CAPACITY ? "capacity" : metric_rows[metric].name;
}
static enum metric_unit metric_unit_of(unsigned metric) {
  return metric == EXPECT_CAPACITY ? UNIT_RATE : metric_rows[metric].unit;
}

#define ALL_GROUPS UINT32_MAX

/* What one judgement is about: a row, of all its groups together or of one. */
struct judged {
  size_t row;     /* a plan: a row at a point */
  size_t other;   /* the plan that it is compared with */
  uint32_t group; /* ALL_GROUPS */
};

static struct judged other_of(struct judged about) {
  return (struct judged){about.other, about.other, about.group};
}

static const int64_t *metrics_of(const struct campaign *campaign, struct judged about, size_t seed) {
  const struct run_result *result = campaign_result(campaign, about.row, seed);
  return about.group == ALL_GROUPS ? result->metrics : result->groups[about.group].metrics;
}

static int64_t value_of(const struct campaign *campaign, struct judged about, size_t seed, unsigned metric) {
  return metrics_of(campaign, about, seed)[metric];
}

/* What a bound is compared with: counts summed, times and rates meant; rates in micro-events a second,
 * as bounds are. */
static int64_t pooled(const struct campaign *campaign, struct judged about, unsigned metric) {
  if (metric == EXPECT_CAPACITY) return campaign->capacity[about.row];
  const size_t seeds = campaign->seed_count;
  const enum metric_unit unit = metric_rows[metric].unit;
  wide sum = 0;
  for (size_t seed = 0; seed < seeds; seed++) sum += value_of(campaign, about, seed, metric);
  if (unit == UNIT_COUNT) return (int64_t)sum;
  return (int64_t)((sum + (wide)seeds / 2) / (wide)seeds);
}

static void value_text(unsigned metric, int64_t value, char *out, size_t size) {
  const enum metric_unit unit = metric_unit_of(metric);
  if (unit == UNIT_COUNT)
    snprintf(out, size, "%" PRId64, value);
  else
    human_value(unit, unit == UNIT_RATE ? (double)value / SCHEMA_RATE_SCALE : (double)value, out,
                size);
}

static void say_runs(const struct campaign *campaign, unsigned metric, char *out, size_t size) {
  const size_t seeds = campaign->seed_count;
  if (metric == EXPECT_CAPACITY)
    out[0] = '\0';
  else if (seeds == 1)
    snprintf(out, size, " in 1 run");
  else
    snprintf(out, size, "%s in %zu runs", metric_unit_of(metric) == UNIT_COUNT ? "" : " on average",
             seeds);
}

/* Bounds that a row meets on its own. `value` against low and high, or shares of `intended`. */
static bool meets(const struct expectation *expectation, int64_t value, int64_t intended) {
  wide found = value, low = expectation->low, high = expectation->high;
  if (expectation->relative) {
    found *= SCHEMA_SHARE_SCALE;
    low *= intended;
    high *= intended;
  }
  switch (expectation->kind) {
  case BOUND_NONE:
    return value == 0;
  case BOUND_SOME:
    return value > 0;
  case BOUND_EXACTLY:
    return found == low;
  case BOUND_AT_LEAST:
    return found >= low;
  case BOUND_AT_MOST:
    return found <= high;
  case BOUND_BETWEEN:
    return found >= low && found <= high;
  default:
    break;
  }
  ASSERT_MSG(false, "bound %d is no bound of one row", (int)expectation->kind);
  return false;
}

/* `none` holds in each seed or not at all. */
static bool judge_none(const struct campaign *campaign, const struct expectation *expectation,
                       struct judged about, struct expectation_result *out) {
  char value[HUMAN_MAX];
  for (size_t seed = 0; seed < campaign->seed_count; seed++) {
    const int64_t count = value_of(campaign, about, seed, expectation->metric);
    if (count == 0) continue;
    value_text(expectation->metric, count, value, sizeof value);
    out->seed_index = seed;
    snprintf(out->found, sizeof out->found, "seed %" PRIu64 ": %s = %s",
             campaign->scenario->seeds[seed], metric_word(expectation->metric), value);
    return false;
  }
  return true;
}

static uint32_t violations_of(const struct campaign *campaign, struct judged about, size_t seed) {
  const struct run_result *result = campaign_result(campaign, about.row, seed);
  return about.group == ALL_GROUPS ? result->violations : result->groups[about.group].violations;
}

static bool judge_violates(const struct campaign *campaign, const struct expectation *expectation,
                           struct judged about, struct expectation_result *out) {
  char names[120];
  uint32_t found = 0;
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    found |= violations_of(campaign, about, seed);
  verdict_describe(found, names, sizeof names);
  snprintf(out->found, sizeof out->found, "violates %s", names);
  const uint32_t exactly = expectation->violations;
  const uint32_t either = expectation->violations_either;
  if ((found & ~(either & ~exactly)) == exactly && (either == 0 || (found & either))) return true;
  /* A seed that shows an anomaly that was not expected says it all; one that is missing takes all. */
  for (size_t seed = campaign->seed_count; seed-- > 0;)
    if (violations_of(campaign, about, seed) & ~(exactly | either))
      out->seed_index = seed;
  return false;
}

/* Whether row is less (sign -1) or more (+1) than the other, beyond chance where there are seeds. */
static bool differs(const struct campaign *campaign, const struct expectation *expectation,
                    struct judged about, int sign) {
  const size_t seeds = campaign->seed_count;
  const struct judged other = other_of(about);
  if (seeds == 1 || expectation->metric == EXPECT_CAPACITY) {
    const int64_t a = pooled(campaign, about, expectation->metric);
    const int64_t b = pooled(campaign, other, expectation->metric);
    return sign < 0 ? a < b : a > b;
  }
  int64_t *values = calloc(2 * seeds, sizeof *values);
  ASSERT(values != NULL);
  for (size_t seed = 0; seed < seeds; seed++) {
    values[seed] = value_of(campaign, about, seed, expectation->metric);
    values[seeds + seed] = value_of(campaign, other, seed, expectation->metric);
  }
  double correlation;
  const struct estimate difference = statistics_paired(values, values + seeds, seeds, &correlation);
  free(values);
  return sign < 0 ? difference.high < 0 : difference.low > 0;
}

static bool against_other(const struct campaign *campaign, const struct expectation *expectation,
                          struct judged about) {
  const wide value = pooled(campaign, about, expectation->metric);
  const wide other = pooled(campaign, other_of(about), expectation->metric);
  switch (expectation->kind) {
  case BOUND_AT_LEAST_OF:
    return value * SCHEMA_SHARE_SCALE >= other * expectation->share;
  case BOUND_AT_MOST_OF:
    return value * SCHEMA_SHARE_SCALE <= other * expectation->share;
  case BOUND_SAME_AS:
    return value == other;
  case BOUND_LESS_THAN:
    return differs(campaign, expectation, about, -1);
  case BOUND_MORE_THAN:
    return differs(campaign, expectation, about, +1);
  default:
    break;
  }
  ASSERT_MSG(false, "bound %d is no bound on another row", (int)expectation->kind);
  return false;
}

/* "lost = 12 (0.01 % of 120000) in 20 runs", "capacity = 9000/s (at-least-once: 12000/s)" */
static void say_found(const struct campaign *campaign, const struct expectation *expectation,
                      struct judged about, char *out, size_t size) {
  const int64_t found = pooled(campaign, about, expectation->metric);
  char value[HUMAN_MAX], runs[HUMAN_MAX], more[112] = "";
  value_text(expectation->metric, found, value, sizeof value);
  say_runs(campaign, expectation->metric, runs, sizeof runs);
  if (expectation->kind >= BOUND_AT_LEAST_OF) {
    char other[HUMAN_MAX];
    value_text(expectation->metric, pooled(campaign, other_of(about), expectation->metric), other,
               sizeof other);
    snprintf(more, sizeof more, " (%.48s: %s)",
             campaign->scenario->plans[about.other].label, other);
  } else if (expectation->relative) {
    const int64_t intended = pooled(campaign, about, METRIC_INTENDED);
    snprintf(more, sizeof more, " (%.3g %% of %" PRId64 ")",
             intended > 0 ? 100.0 * (double)found / (double)intended : 0, intended);
  }
  snprintf(out, size, "%s = %s%s%s", metric_word(expectation->metric), value, more, runs);
}

/* Whether some run has no such number: a bound on a latency says nothing of a run in which nothing had an effect. */
static bool is_unknown(const struct campaign *campaign, struct judged about, unsigned metric, size_t *out_seed) {
  if (metric >= METRIC__COUNT) return false;
  for (size_t seed = 0; seed < campaign->seed_count; seed++) {
    if (metric_is_known((enum metric)metric, metrics_of(campaign, about, seed))) continue;
    *out_seed = seed;
    return true;
  }
  return false;
}

static bool judge_row(const struct campaign *campaign, const struct expectation *expectation,
                      struct judged about, struct expectation_result *out) {
  if (expectation->metric == EXPECT_VIOLATES)
    return judge_violates(campaign, expectation, about, out);
  const bool against = expectation->kind >= BOUND_AT_LEAST_OF;
  if (expectation->metric == EXPECT_CAPACITY &&
      (campaign->capacity[about.row] < 0 ||
       (against && campaign->capacity[about.other] < 0))) {
    out->unknown = true;
    snprintf(out->found, sizeof out->found, "capacity was not measured");
    return false;
  }
  size_t seed;
  if (is_unknown(campaign, about, expectation->metric, &seed) ||
      (against && is_unknown(campaign, other_of(about), expectation->metric, &seed))) {
    out->unknown = true;
    snprintf(out->found, sizeof out->found, "seed %" PRIu64 ": nothing had an effect, so there is no %s",
             campaign->scenario->seeds[seed], metric_word(expectation->metric));
    return false;
  }
  say_found(campaign, expectation, about, out->found, sizeof out->found);
  if (against) return against_other(campaign, expectation, about);
  if (expectation->kind == BOUND_NONE && expectation->metric < METRIC__COUNT)
    return judge_none(campaign, expectation, about, out);
  return meets(expectation, pooled(campaign, about, expectation->metric),
               pooled(campaign, about, METRIC_INTENDED));
}

/* Whose numbers these are, where a statement is about several. */
static void say_whose(const struct campaign *campaign, const struct expectation *expectation,
                      struct judged about, const char *found, char *out, size_t size) {
  const struct plan *plan = &campaign->scenario->plans[about.row];
  const bool row = expectation->row_count > 1, group = expectation->group_count > 1;
  snprintf(out, size, "%.180s%s%s%s%.160s", row ? campaign_name(campaign, about.row) : "", row && group ? ", " : "",
           group ? plan->groups[about.group].name : "", row || group ? ": " : "", found);
}

static void judge_expectation(const struct campaign *campaign,
                              const struct expectation *expectation,
                              struct expectation_result *out) {
  *out = (struct expectation_result){.holds = true, .seed_index = CAMPAIGN_NO_SEED};
  const size_t groups = expectation->group_count ? expectation->group_count : 1;
  for (size_t i = 0; i < expectation->row_count * groups && (out->holds || out->unknown); i++) {
    struct expectation_result one = {.seed_index = CAMPAIGN_NO_SEED};
    const struct judged about = {
        expectation->rows[i / groups], expectation->others ? expectation->others[i / groups] : 0,
        expectation->group_count ? expectation->groups[i % groups] : ALL_GROUPS};
    one.holds = judge_row(campaign, expectation, about, &one);
    /* The first speaks for those that hold, and for those that are not known; one that does not hold, for all. */
    if (i > 0 && (one.holds || (one.unknown && out->unknown))) continue;
    char found[sizeof one.found];
    memcpy(found, one.found, sizeof found);
    *out = one;
    out->plan = about.row;
    say_whose(campaign, expectation, about, found, out->found, sizeof out->found);
  }
}

bool judge_fault_missed(const struct campaign *campaign, size_t fault) {
  return campaign->fault_applicable[fault] &&
         campaign->fault_hits[fault] < campaign->scenario->faults[fault].min_hits;
}

static void judge_faults(struct campaign *campaign) {
  for (size_t fault = 0; fault < campaign->scenario->fault_count; fault++) {
    campaign->fault_hits[fault] = 0;
    campaign->fault_applicable[fault] = false;
    for (size_t i = 0; i < campaign->result_count; i++) {
      campaign->fault_hits[fault] += campaign->results[i].fault_hits[fault];
      if (campaign->results[i].fault_applies[fault]) campaign->fault_applicable[fault] = true;
    }
  }
}

static enum verdict worse(enum verdict a, enum verdict b) { return a > b ? a : b; }

void judge_campaign(struct campaign *campaign) {
  const struct scenario *scenario = campaign->scenario;
  enum verdict verdict = VERDICT_HELD;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    campaign->violations[row] = 0;
    for (size_t seed = 0; seed < campaign->seed_count; seed++)
      campaign->violations[row] |= campaign_result(campaign, row, seed)->violations;
    campaign->contract_held[row] = campaign->violations[row] == 0;
    if (!campaign->contract_held[row] && scenario->expectation_count == 0)
      verdict = VERDICT_VIOLATED;
  }
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    struct expectation_result *result = &campaign->expectations[i];
    judge_expectation(campaign, &scenario->expectations[i], result);
    if (!result->holds)
      verdict = worse(verdict, result->unknown ? VERDICT_INCONCLUSIVE : VERDICT_VIOLATED);
  }
  judge_faults(campaign);
  for (size_t fault = 0; fault < scenario->fault_count; fault++)
    if (judge_fault_missed(campaign, fault)) verdict = worse(verdict, VERDICT_INCONCLUSIVE);
  campaign->verdict = verdict;
}
