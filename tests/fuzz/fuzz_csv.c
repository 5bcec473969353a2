/* The tables beside a scenario: arrivals, faults; and those of claims, which are read by the same reader. The first
 * byte says which. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/runner/claims.h"
#include "sim/runner/csv_in.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool take_row(void *context, const struct yaml_node *cells, size_t count) {
  size_t *bytes = context;
  for (size_t i = 0; i < count; i++) {
    ASSERT_LT(0, cells[i].line);
    ASSERT_LT(0, cells[i].column);
    *bytes += strlen(cells[i].text);
  }
  return true;
}

static void read_cells(const char *path) {
  struct err err = {0};
  struct pool *pool = pool_new();
  size_t bytes = 0;
  struct csv_in_bytes bytes_read;
  const struct yaml_source *source = csv_in_file(pool, path, &bytes_read, &err);
  if (!source || !csv_in_read(source, take_row, &bytes, &err)) fuzz_check_error(&err);
  pool_free(pool);
}

static void read_beside(const char *before, const char *path, const char *behind) {
  char text[512];
  struct scenario scenario, again;
  struct err err = {0};
  snprintf(text, sizeof text, "%s{file: %s}%s", before, path, behind);
  if (!scenario_load_text("fuzz.yaml", text, strlen(text), false, fuzz_registry(), &scenario, &err))
    return fuzz_check_error(&err);
  char *resolved = fuzz_resolved(&scenario);
  ASSERT_MSG(scenario_load_text("fuzz.yaml", resolved, strlen(resolved), false, fuzz_registry(), &again, &err),
             "its resolved form: %s", err.message);
  ASSERT(again.resolved_hash == scenario.resolved_hash);
  scenario_free(&again);
  scenario_free(&scenario);
  free(resolved);
}

static void put(const char *name, const char *text, size_t length) {
  const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ASSERT(file >= 0);
  ASSERT(write(file, text, length) == (ssize_t)length);
  close(file);
}

/* Up to a line "----" claims.csv, behind it verdicts.csv. */
static void read_claims(const uint8_t *data, size_t size) {
  struct claims claims;
  struct err err = {0};
  char *text = fuzz_text(data, size), *cut = strstr(text, "----\n");
  const size_t first = cut ? (size_t)(cut - text) : size, second = cut ? first + 5 : size;
  ASSERT(mkdir("claims", 0700) == 0 || access("claims", W_OK) == 0);
  put("claims/claims.csv", text, first);
  put("claims/verdicts.csv", text + second, size - second);
  if (claims_load("claims", &claims, &err))
    claims_free(&claims);
  else
    fuzz_check_error(&err);
  free(text);
}

void fuzz_csv(const uint8_t *data, size_t size) {
  if (size == 0) return;
  const char *path = fuzz_file(0, data + 1, size - 1);
  switch (data[0]) {
  case 'a': return read_beside("format: 1\nsystem: at-least-once\nworkload: {arrivals: ", path, "}\n");
  case 'f': return read_beside("format: 1\ncompare: [at-least-once, sqs-standard]\nfaults:\n  - ", path, "\n");
  case 'c': return read_claims(data + 1, size - 1);
  default: read_cells(path);
  }
}
