#include "sim/oracle/metric.h"

#include <string.h>

const struct metric_row metric_rows[METRIC__COUNT] = {
#define X(id, name, column, unit, about) [METRIC_##id] = {name, column, unit, about},
    METRICS(X)
#undef X
};

int metric_find(const char *name) {
  for (int i = 0; i < METRIC__COUNT; i++)
    if (strcmp(metric_rows[i].name, name) == 0) return i;
  return -1;
}
