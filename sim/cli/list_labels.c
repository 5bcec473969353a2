#include "sim/cli/list_labels.h"

enum status list_labels(const struct registry *registry, const char *path, struct err *err) {
  struct scenario scenario;
  if (!scenario_load(path, registry, NULL, 0, 0, &scenario, err)) return STATUS_USAGE;
  for (size_t i = 0; i < scenario.row_count; i++) puts(scenario.rows[i].label);
  scenario_free(&scenario);
  return STATUS_HELD;
}
