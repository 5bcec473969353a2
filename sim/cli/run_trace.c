#include "sim/cli/run_trace.h"

#include "sim/base/suggest.h"
#include "sim/runner/run.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define SUGGEST_MAX 256

/* Index of the row, or -1 with *err set. */
static int find_row(const struct scenario *scenario, const char *label, const char *option,
                    struct err *err) {
  const char *labels[SUGGEST_MAX];
  size_t count = 0;
  if (!label && scenario->plan_count == 1) return 0;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    if (label && strcmp(label, scenario->plans[row].label) == 0) return (int)row;
    if (count < SUGGEST_MAX) labels[count++] = scenario->plans[row].label;
  }
  if (!label) {
    err_set(err, ERR_USAGE, "%s writes one run: the scenario has %zu rows", option,
            scenario->plan_count);
    err_note(err, "add --row '%s'", scenario->plans[0].label);
    return -1;
  }
  const char *near = suggest(label, labels, count);
  err_set(err, ERR_UNKNOWN_NAME,
          near ? "no row is labelled '%s' (did you mean '%s'?)" : "no row is labelled '%s'", label,
          near);
  return -1;
}

int run_trace_row(const struct scenario *scenario, const struct options *options,
                  const char *option, struct err *err) {
  const int row = find_row(scenario, options->row, option, err);
  if (row < 0 || scenario->seed_count == 1) return row;
  err_set(err, ERR_USAGE, "%s writes one run: the scenario has %zu seeds", option,
          scenario->seed_count);
  err_note(err, "add --seed %" PRIu64, scenario->seeds[0]);
  return -1;
}

static bool write_trace(const struct scenario *scenario, size_t row, const char *path,
                        const char *command, struct err *err) {
  char fresh[1024];
  snprintf(fresh, sizeof fresh, "%.1000s.new.%ld", path, (long)getpid());
  FILE *file = fopen(fresh, "wb");
  if (!file) return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  struct run *run = run_new(0, 0);
  struct run_result result = {0};
  run_execute(run, &scenario->plans[row], (uint32_t)row, scenario->seeds[0], file, command,
              &result);
  run_free(run);
  const bool written = !ferror(file);
  if (fclose(file) != 0 || !written || rename(fresh, path) != 0) {
    err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
    unlink(fresh);
  } else {
    printf("%s: %s, seed %" PRIu64 ", %" PRIu64 " records, digest %016" PRIx64 "\n", path,
           scenario->plans[row].label, result.seed, result.records, result.digest);
  }
  run_result_deinit(&result);
  return err->code == ERR_NONE;
}

enum status run_trace(const struct scenario *scenario, const struct options *options,
                      const char *command) {
  struct err err = {0};
  const int row = run_trace_row(scenario, options, "--trace", &err);
  if (err.code == ERR_NONE) write_trace(scenario, (size_t)row, options->trace, command, &err);
  if (err.code == ERR_NONE) return STATUS_HELD;
  err_print(&err, stderr);
  return STATUS_USAGE;
}
