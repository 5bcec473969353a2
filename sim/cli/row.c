#include "sim/cli/row.h"

#include "sim/base/suggest.h"

#include <string.h>

#define SUGGEST_MAX 256

int row_find(const struct scenario *scenario, const char *label, struct err *err) {
  const char *labels[SUGGEST_MAX];
  size_t count = 0;
  if (!label) return 0;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    if (strcmp(label, scenario->plans[row].label) == 0) return (int)row;
    if (count < SUGGEST_MAX) labels[count++] = scenario->plans[row].label;
  }
  const char *near = suggest(label, labels, count);
  err_set(err, ERR_UNKNOWN_NAME,
          near ? "no row is labelled '%s' (did you mean '%s'?)" : "no row is labelled '%s'", label,
          near);
  return -1;
}
