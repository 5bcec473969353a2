/* A scenario of scenarios/claims, run with all its seeds. */
#ifndef TESTS_SYSTEM_CLAIMS_H
#define TESTS_SYSTEM_CLAIMS_H

#include "tests/system/rig.h"

static inline void claims_run(struct rig *rig, const char *scenario, struct campaign *campaign) {
  char path[128];
  snprintf(path, sizeof path, "scenarios/claims/%s.yaml", scenario);
  rig_open(rig, path);
  const struct campaign_options options = {.workers = 2, .command = "a test"};
  campaign_run(&rig->scenario, &options, campaign);
}

#endif
