#include "sim/oracle/verdict.h"
#include "sim/oracle/mutants.h"

#include <stdio.h>

const char *const verdict_names[VERDICT__COUNT] = {
    [VERDICT_HELD] = "held",
    [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_VIOLATED] = "violated",
};

/* An anomaly is counted by the metric of its name: one without a metric does not compile. */
static const enum metric metric_of[ANOMALY__COUNT] = {
#define X(id, name, about) [ANOMALY_##id] = METRIC_##id,
    ANOMALIES(X)
#undef X
};

uint32_t verdict_violations(const int64_t metrics[METRIC__COUNT], uint32_t allowed) {
  uint32_t happened = 0;
  for (int i = 0; i < ANOMALY__COUNT; i++)
    if (metrics[metric_of[i]] > MUTANT(ORACLE_ONE_IS_NONE)) happened |= UINT32_C(1) << i;
  if (MUTANT(ORACLE_ALLOWS_REST) && allowed) return 0;
  return happened & ~allowed;
}

void verdict_describe(uint32_t anomalies, char *out, size_t size) {
  if (size == 0) return;
  out[0] = '\0';
  size_t used = 0;
  for (int i = 0; i < ANOMALY__COUNT; i++) {
    if (!(anomalies & (UINT32_C(1) << i))) continue;
    int length = snprintf(out + used, size - used, "%s%s", used ? ", " : "", anomaly_names[i]);
    used += (size_t)length;
    if (used >= size) return;
  }
  if (used == 0) snprintf(out, size, "none");
}
