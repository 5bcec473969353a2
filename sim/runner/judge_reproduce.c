/* The command that repeats a violation. */
#include "sim/runner/judge.h"

#include "sim/base/assert.h"

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
static void put_point(const struct campaign *campaign, size_t plan, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  for (size_t i = 0; scenario->points && plan < scenario->plan_count && i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[plan].values[i];
    if (value == SWEEP_NONE || scenario->sweep[i].count == 1) continue;
    const char *text = scenario->sweep[i].texts[value], *quote = strchr(text, ' ') ? "'" : "";
    fprintf(out, " --set %s%s=%s%s", quote, scenario->sweep[i].path, text, quote);
  }
}

static void put_seeds(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  size_t plan;
  const size_t guilty = guilty_seed(campaign, &plan);
  if (guilty != CAMPAIGN_NO_SEED || campaign->seed_count == 1) {
    put_point(campaign, plan, out);
    fprintf(out, " --seed %" PRIu64, scenario->seeds[guilty != CAMPAIGN_NO_SEED ? guilty : 0]);
    return;
  }
  bool counted = true; /* 1, 2, 3…: what --seeds means; another list stands in the file */
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    counted &= scenario->seeds[seed] == seed + 1;
  if (counted) fprintf(out, " --seeds %zu", campaign->seed_count);
}

char *judge_reproduce(const struct campaign *campaign) {
  if (campaign->verdict != VERDICT_VIOLATED || !campaign->reproduce) return NULL;
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  fputs(campaign->reproduce, out);
  put_seeds(campaign, out);
  ASSERT(fclose(out) == 0);
  return text;
}
