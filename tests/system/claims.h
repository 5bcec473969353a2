/* scenarios/claims and the table that says what must come of them: tests/models/claims.csv. */
#ifndef TESTS_SYSTEM_CLAIMS_H
#define TESTS_SYSTEM_CLAIMS_H

#include "sim/world/claim.h"
#include "tests/system/rig.h"

#define CLAIMS_MAX 400

/* One line: in a scenario, a row holds or breaks by these anomalies. */
struct claim {
  char id[8], scenario[64], row[64], verdict[8], anomalies[160];
};
struct claims {
  struct claim items[CLAIMS_MAX];
  size_t count;
};

static inline bool claim_breaks(const struct claim *claim) {
  return strcmp(claim->verdict, "breaks") == 0;
}

static inline void claims_read(struct claims *claims) {
  FILE *file = fopen("tests/models/claims.csv", "r");
  ck_assert_ptr_nonnull(file);
  char line[400];
  claims->count = 0;
  ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
  ck_assert_str_eq(line, "claim,scenario,row,verdict,anomalies\n");
  while (fgets(line, sizeof line, file)) {
    ck_assert_uint_lt(claims->count, CLAIMS_MAX);
    struct claim *claim = &claims->items[claims->count++];
    int fields = sscanf(line, "%7[^,],%63[^,],%63[^,],%7[^,],%159[^\n]", claim->id,
                        claim->scenario, claim->row, claim->verdict, claim->anomalies);
    ck_assert_msg(fields == 5, "claims.csv: %s", line);
    ck_assert_msg(claim_breaks(claim) || strcmp(claim->verdict, "holds") == 0,
                  "claims.csv: verdict '%s'", claim->verdict);
  }
  fclose(file);
}

/* Runs a scenario of scenarios/claims with all its seeds. */
static inline void claims_run(struct rig *rig, const char *scenario, struct campaign *campaign) {
  char path[128];
  snprintf(path, sizeof path, "scenarios/claims/%s.yaml", scenario);
  rig_open(rig, path);
  const struct campaign_options options = {.workers = 2, .command = "a test"};
  campaign_run(&rig->scenario, &options, campaign);
}

static inline size_t claims_row(const struct rig *rig, const struct claim *claim) {
  for (size_t row = 0; row < rig->scenario.plan_count; row++)
    if (strcmp(rig->scenario.plans[row].label, claim->row) == 0) return row;
  ck_abort_msg("%s has no row '%s'", claim->scenario, claim->row);
}

/* The next name of a list separated by blanks, as a metric; -1 at its end. */
static inline int claims_anomaly(const char **list) {
  char name[64];
  int length = 0;
  if (sscanf(*list, "%63s%n", name, &length) != 1) return -1;
  *list += length;
  int metric = metric_find(name);
  ck_assert_msg(metric >= 0, "claims.csv: no metric '%s'", name);
  return metric;
}

#endif
