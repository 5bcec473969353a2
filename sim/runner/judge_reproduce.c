/* The command that repeats a violation. */
#include "sim/runner/judge.h"

#include <inttypes.h>
#include <stdio.h>

/* Index of the earliest seed that alone shows the violation. */
static size_t guilty_seed(const struct campaign *campaign) {
  const struct scenario *scenario = campaign->scenario;
  size_t guilty = CAMPAIGN_NO_SEED;
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    const struct expectation_result *result = &campaign->expectations[i];
    if (!result->holds && result->seed_index < guilty) guilty = result->seed_index;
  }
  if (scenario->expectation_count > 0) return guilty;
  for (size_t i = 0; i < campaign->result_count; i++)
    if (campaign->results[i].violations != 0 && i % scenario->seed_count < guilty)
      guilty = i % scenario->seed_count;
  return guilty;
}

void judge_reproduce(const struct campaign *campaign, char *out, size_t size) {
  const struct scenario *scenario = campaign->scenario;
  out[0] = '\0';
  if (campaign->verdict != VERDICT_VIOLATED || !campaign->reproduce) return;
  const size_t guilty = guilty_seed(campaign);
  if (guilty != CAMPAIGN_NO_SEED || scenario->seed_count == 1) {
    snprintf(out, size, "%s --seed %" PRIu64, campaign->reproduce,
             scenario->seeds[guilty != CAMPAIGN_NO_SEED ? guilty : 0]);
    return;
  }
  bool counted = true; /* 1, 2, 3…: what --seeds means; another list stands in the file */
  for (size_t seed = 0; seed < scenario->seed_count; seed++)
    counted &= scenario->seeds[seed] == seed + 1;
  if (counted)
    snprintf(out, size, "%s --seeds %zu", campaign->reproduce, scenario->seed_count);
  else
    snprintf(out, size, "%s", campaign->reproduce);
}
