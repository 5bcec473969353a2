/* What a single filter loses, as a formula for charts to draw beside what was measured. */
#include "models/store/local.h"
#include "sim/world/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of fresh messages one after the other, on one consumer: the i-th is dropped with (1 - e^(-ki/m))^k. */
static bool losses(const struct plan *plan, const char *metric, const char *key, char *out, size_t size) {
  int64_t hashes = plan->handler_settings.values[KEY_BLOOM_HASHES].i;
  bool known = plan->counts[ROLE_CONSUMER] == 1 && !plan->groups && hashes > 0;
  bool loss = strcmp(metric, "lost") == 0 || strcmp(metric, "false_suppressions") == 0;
  if (!known || !loss || strcmp(key, "size") != 0) return false;
  snprintf(out, size, "sum [i=0:%" PRIu64 "] (1 - exp(-%" PRId64 ".0 * i / (8.0 * x)))**%" PRId64,
           plan->workload.messages - 1, hashes, hashes);
  return true;
}
const struct closed_form bloom_losses = {"formula: the sum of (1 - e^(-ki/m))^k", losses};
