#include "sim/cli/run_trace.h"

#include "sim/base/suggest.h"
#include "sim/runner/judge_trace.h"
#include "sim/runner/run.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define SUGGEST_MAX 256

/* Index of the row to trace, or -1 with *err set. */
static int find_row(const struct scenario *scenario, const char *label, struct err *err) {
  const char *labels[SUGGEST_MAX];
  size_t count = 0;
  if (!label && scenario->plan_count == 1) return 0;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    if (label && strcmp(label, scenario->plans[row].label) == 0) return (int)row;
    if (count < SUGGEST_MAX) labels[count++] = scenario->plans[row].label;
  }
  if (!label) {
    err_set(err, ERR_USAGE, "--trace writes one run: the scenario has %zu rows",
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

void run_trace_line(const char *path, const struct plan *plan, const struct run_result *result) {
  printf("%s: %s, seed %" PRIu64 ", %" PRIu64 " records, digest %016" PRIx64 "\n", path, plan->label,
         result->seed, result->records, result->digest);
}

static bool write_trace(const struct scenario *scenario, size_t row, const char *path,
                        const char *command, struct err *err) {
  char fresh[1024];
  snprintf(fresh, sizeof fresh, "%.1000s.new.%ld", path, (long)getpid());
  FILE *file = fopen(fresh, "wb");
  if (!file) return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  struct run_result result = {0};
  if (judge_trace_begin(file, scenario, row, 0, err)) {
    struct run *run = run_new(0, 0);
    run_execute(run, &scenario->plans[row], (uint32_t)row, scenario->seeds[0], file, command,
                &result);
    run_free(run);
  }
  const bool written = !ferror(file);
  if ((fclose(file) != 0 || !written) && err->code == ERR_NONE)
    err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  if (err->code == ERR_NONE && rename(fresh, path) != 0)
    err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  if (err->code == ERR_NONE)
    run_trace_line(path, &scenario->plans[row], &result);
  else
    unlink(fresh);
  run_result_deinit(&result);
  return err->code == ERR_NONE;
}

enum status run_trace(const struct scenario *scenario, const struct options *options,
                      const char *command) {
  struct err err = {0};
  const int row = find_row(scenario, options->row, &err);
  if (row >= 0 && scenario->seed_count > 1) {
    err_set(&err, ERR_USAGE, "--trace writes one run: the scenario has %zu seeds",
            scenario->seed_count);
    err_note(&err, "add --seed %" PRIu64, scenario->seeds[0]);
  }
  if (err.code == ERR_NONE) write_trace(scenario, (size_t)row, options->trace, command, &err);
  if (err.code == ERR_NONE) return STATUS_HELD;
  err_print(&err, stderr);
  return STATUS_USAGE;
}
