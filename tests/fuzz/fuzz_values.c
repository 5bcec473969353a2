/* A single value of each type: what was read is written as text that is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/base/schema.h"
#include "sim/runner/distribution.h"

#include <stdlib.h>
#include <string.h>

static void read_distribution(const char *text) {
  struct distribution *first, *second;
  struct err err = {0};
  if (!distribution_parse(text, &first, &err)) return fuzz_check_error(&err);
  ASSERT_MSG(distribution_parse(first->text, &second, &err), "'%s' is not read: %s", first->text, err.message);
  ASSERT_MSG(strcmp(first->text, second->text) == 0, "'%s' is read as '%s'", first->text, second->text);
  distribution_free(first);
  distribution_free(second);
}

static void read_scalar(const struct key *key, const char *text) {
  union value value, again;
  struct err err = {0};
  char written[64];
  if (!schema_parse(key, text, &value, &err)) {
    ASSERT(err.message[0]);
    return;
  }
  schema_format(key, value, written, sizeof written);
  ASSERT_MSG(schema_parse(key, written, &again, &err), "'%s' is not read: %s", written, err.message);
  ASSERT_EQ(value.i, again.i);
}

void fuzz_values(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size);
  for (int type = 0; type < VALUE__COUNT; type++) {
    const struct key free_key = {.name = "fuzz", .type = (enum value_type)type, .choices = "one two three"};
    const struct key bounded = {.name = "fuzz", .type = (enum value_type)type, .choices = "one", .min = 2, .max = 1000};
    if (type == VALUE_DISTRIBUTION) continue;
    read_scalar(&free_key, text);
    read_scalar(&bounded, text);
  }
  read_distribution(text);
  free(text);
}
