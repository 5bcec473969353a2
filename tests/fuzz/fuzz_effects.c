/* What a probe prints, line by line; and what is made of it against what the rest of the input says it should be. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/runner/check_judge.h"

#include <stdlib.h>
#include <string.h>

static const char text_of_plan[] =
    "format: 1\nworkload: {keys: 2, intents: [{at: 0s}, {at: 1ms, key: 2}, {at: 2ms}]}\ncheck: {}\n";

static void read_lines(char *text, struct effect_lines *out) {
  for (char *line; (line = strsep(&text, "\n"));) {
    struct err err = {0};
    if (!effect_lines_parse(out, line, &err)) ASSERT(err.message[0]);
  }
  effect_lines_sort(out);
}

void fuzz_effects(const uint8_t *data, size_t size) {
  static struct scenario scenario;
  struct err err = {0};
  if (!scenario.plans)
    ASSERT_MSG(scenario_load_text("fuzz.yaml", text_of_plan, sizeof text_of_plan - 1, false, fuzz_check_registry(),
                                  &scenario, &err),
               "%s", err.message);
  char *text = fuzz_text(data, size), *cut = strstr(text, "----\n"), masked[256], accounts[256];
  struct effect_lines expected = {0}, found = {0}, other = {0};
  struct check_outcome outcome = {0};
  if (cut) *cut = '\0';
  read_lines(text, &expected);
  if (cut) read_lines(cut + 5, &found);
  check_mask(&expected, &found, masked, sizeof masked);
  check_without(&found, masked);
  check_find_accounts(&scenario.plans[0], &expected, accounts, sizeof accounts);
  check_name_accounts(&expected, accounts);
  check_name_accounts(&found, accounts);
  effect_lines_sort(&expected);
  effect_lines_sort(&found);
  check_expect(&scenario.plans[0], &expected, &found, false, &other);
  check_lines(&scenario.plans[0], &expected, &found, &outcome);
  check_unwanted(&scenario.plans[0], &expected, &found, &outcome);
  effect_lines_deinit(&expected);
  effect_lines_deinit(&found);
  effect_lines_deinit(&other);
  free(text);
}
