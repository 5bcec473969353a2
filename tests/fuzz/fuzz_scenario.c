/* A scenario file: read for `run`, for `check` and as that of a trace. What can be read is printed, and what is
 * printed means the same: the resolved form, and that of each row's first run. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

#define PATH "fuzz.yaml"
#define PLANS 4 /* whose runs are printed */

static void read_again(const struct scenario *first, const struct registry *registry) {
  struct scenario second;
  struct err err = {0};
  char *text = fuzz_resolved(first);
  const bool loaded = scenario_load_text(PATH, text, strlen(text), false, registry, &second, &err);
  ASSERT_MSG(loaded, "its resolved form: %d:%d: %s\n%s", err.line, err.column, err.message, text);
  ASSERT_MSG(first->resolved_hash == second.resolved_hash, "its resolved form means something else:\n%s", text);
  scenario_free(&second);
  free(text);
}

static void read_run(const struct scenario *first, size_t plan, const struct registry *registry) {
  char *text = NULL, *again = NULL;
  size_t length = 0, length_again = 0;
  struct scenario second;
  struct err err = {0};
  FILE *out = open_memstream(&text, &length);
  scenario_print_run(first, plan, 0, out);
  ASSERT(fclose(out) == 0);
  const bool loaded = scenario_load_text(PATH, text, length, true, registry, &second, &err);
  ASSERT_MSG(loaded, "its run's scenario: %d:%d: %s\n%s", err.line, err.column, err.message, text);
  ASSERT_EQ(second.plan_count, 1);
  ASSERT_EQ(second.fault_count, first->fault_count);
  out = open_memstream(&again, &length_again);
  scenario_print_run(&second, 0, 0, out);
  ASSERT(fclose(out) == 0);
  scenario_free(&second);
  free(text);
  free(again);
}

static void load(const uint8_t *data, size_t size, const struct registry *registry, bool one_run) {
  struct scenario scenario;
  struct err err = {0};
  if (!scenario_load_text(PATH, (const char *)data, size, one_run, registry, &scenario, &err))
    return fuzz_check_error(&err);
  if (!one_run) read_again(&scenario, registry);
  for (size_t plan = 0; plan < scenario.plan_count && plan < PLANS && !one_run && !scenario.check.given; plan++)
    read_run(&scenario, plan, registry);
  scenario_free(&scenario);
}

void fuzz_scenario(const uint8_t *data, size_t size) {
  load(data, size, fuzz_registry(), false);
  load(data, size, fuzz_registry(), true);
  load(data, size, fuzz_check_registry(), false);
}
