/* The command that repeats a violation. */
#include "sim/runner/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Index of the earliest seed that alone shows the violation, and of whom: of all plans where none does. */
static size_t guilty_seed(const struct campaign *campaign, size_t *out_plan) {
  const struct scenario *scenario = campaign->scenario;
  size_t guilty = CAMPAIGN_NO_SEED;
  *out_plan = scenario->plan_count;
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    const struct expectation_result *result = &campaign->expectations[i];
    if (result->holds || result->seed_index >= guilty) continue;
    guilty = result->seed_index;
    *out_plan = result->plan;
  }
  if (scenario->expectation_count > 0) return guilty;
  for (size_t i = 0; i < campaign->result_count; i++)
    if (campaign->results[i].violations != 0 && i % campaign->seed_count < guilty) {
      guilty = i % campaign->seed_count;
      *out_plan = i / campaign->seed_count;
    }
  return guilty;
}

/* " --set PATH=VALUE" for what is swept, quoted where a shell would take it apart. */
static size_t put_point(const struct campaign *campaign, size_t plan, char *out, size_t size) {
  const struct scenario *scenario = campaign->scenario;
  size_t length = 0;
  for (size_t i = 0; scenario->points && plan < scenario->plan_count && i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[plan].values[i];
    if (value == SWEEP_NONE || scenario->sweep[i].count == 1) continue;
    const char *text = scenario->sweep[i].texts[value], *quote = strchr(text, ' ') ? "'" : "";
    const int wrote = snprintf(out + length, size - length, " --set %s%s=%s%s", quote,
                               scenario->sweep[i].path, text, quote);
    if (wrote < 0 || (size_t)wrote >= size - length) return 0;
    length += (size_t)wrote;
  }
  return length;
}

void judge_reproduce(const struct campaign *campaign, char *out, size_t size) {
  const struct scenario *scenario = campaign->scenario;
  out[0] = '\0';
  if (campaign->verdict != VERDICT_VIOLATED || !campaign->reproduce) return;
  size_t plan;
  char point[512] = "";
  const size_t guilty = guilty_seed(campaign, &plan);
  if (put_point(campaign, plan, point, sizeof point) == 0) point[0] = '\0';
  if (guilty != CAMPAIGN_NO_SEED || campaign->seed_count == 1) {
    snprintf(out, size, "%s%s --seed %" PRIu64, campaign->reproduce, point,
             scenario->seeds[guilty != CAMPAIGN_NO_SEED ? guilty : 0]);
    return;
  }
  bool counted = true; /* 1, 2, 3…: what --seeds means; another list stands in the file */
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    counted &= scenario->seeds[seed] == seed + 1;
  if (counted)
    snprintf(out, size, "%s --seeds %zu", campaign->reproduce, campaign->seed_count);
  else
    snprintf(out, size, "%s", campaign->reproduce);
}
