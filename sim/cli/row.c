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

/* The keys that leave a choice in the row, as they are picked. */
static void say_choice(const struct scenario *scenario, const struct scenario_row *row, const char *what,
                       struct err *err) {
  const struct scenario_point *point = &scenario->points[row->first];
  err_set(err, ERR_USAGE, "%s at one point: row '%s' has %u", what, row->label,
          (unsigned)row->count);
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const struct sweep_key *key = &scenario->sweep[i];
    if (point->values[i] == SWEEP_NONE || key->count == 1) continue;
    const size_t length = strlen(err->note);
    snprintf(err->note + length, sizeof err->note - length, "%s --set '%s=%s'",
             length ? "" : "pick it, such as", key->path, key->texts[0]);
  }
}

bool row_has_one_point(const struct scenario *scenario, int plan, const char *what, struct err *err) {
  for (size_t i = 0; i < scenario->row_count; i++) {
    const struct scenario_row *row = &scenario->rows[i];
    const bool meant = plan < 0 || scenario->points[plan].row == i;
    if (!meant || row->count == 1) continue;
    say_choice(scenario, row, what, err);
    return false;
  }
  return true;
}
