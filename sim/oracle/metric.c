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

int metric_find(const char *name) {
  for (int i = 0; i < METRIC__COUNT; i++)
    if (strcmp(metric_rows[i].name, name) == 0) return i;
  return -1;
}
