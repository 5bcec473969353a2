#include "sim/oracle/metric.h"

#include <string.h>

const struct metric_row metric_rows[METRIC__COUNT] = {
#define X(id, name, column, unit, about) [METRIC_##id] = {name, column, unit, about},
    METRICS(X)
#undef X
};

bool metric_of_group(enum metric metric) {
  return metric != METRIC_ROUND_TRIPS && metric != METRIC_DURABLE_WRITES &&
         metric != METRIC_DEDUP_BYTES_PEAK && metric != METRIC_FAULTS_EFFECTIVE &&
         metric != METRIC_EVENTS &&
         !(metric >= METRIC_DATABASE_READS && metric <= METRIC_DEDUP_BYTES_END);
}

bool metric_is_known(enum metric metric, const int64_t metrics[METRIC__COUNT]) {
  if (metric < METRIC_LATENCY_MEAN || metric > METRIC_LATENCY_P999) return true;
  /* The last is for effects that were all undone. */
  return metrics[METRIC_ONCE] + metrics[METRIC_MANY] > 0 || metrics[METRIC_LATENCY_P999] > 0;
}

int metric_find(const char *name) {
  for (int i = 0; i < METRIC__COUNT; i++)
    if (strcmp(metric_rows[i].name, name) == 0) return i;
  return -1;
}
