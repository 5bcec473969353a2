#include "sim/cli/run_trace.h"

#include "sim/base/printable.h"
#include "sim/cli/row.h"
#include "sim/runner/judge_trace.h"
#include "sim/runner/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void run_trace_line(const char *path, const struct plan *plan, const struct run_result *result) {
  printf("%s: %s, seed %" PRIu64 ", %" PRIu64 " records, digest %016" PRIx64 "\n", PRINTABLE(path), plan->label,
         result->seed, result->records, result->digest);
}

int run_trace_row(const struct scenario *scenario, const struct options *options,
                  const char *option, struct err *err) {
  const bool which = options->row || scenario->row_count == 1;
  const int row = which ? row_find(scenario, options->row, err) : -1;
  if (!which) {
    err_set(err, ERR_USAGE, "%s writes one run: the scenario has %zu rows", option,
            scenario->row_count);
    err_note(err, "add --row '%s'", scenario->plans[0].label);
  }
  char what[64];
  snprintf(what, sizeof what, "%.20s writes one run, so it works", option);
  if (row >= 0 && !row_has_one_point(scenario, row, what, err)) return -1;
  if (row < 0 || scenario->seed_count == 1) return row;
  err_set(err, ERR_USAGE, "%s writes one run: the scenario has %zu seeds", option,
          scenario->seed_count);
  err_note(err, "add --seed %" PRIu64, scenario->seeds[0]);
  return -1;
}

/* A device or FIFO is written into; a file of ours would take its place, and its name. One that nobody reads is not
 * waited for. */
static FILE *open_special(const char *path) {
  const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return NULL;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fdopen(fd, "wb");
}

static bool write_trace(const struct scenario *scenario, size_t row, const char *path,
                        const char *command, struct err *err) {
  char fresh[1024];
  struct stat status;
  const bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
  snprintf(fresh, sizeof fresh, "%.1000s.new.%ld", path, (long)getpid());
  FILE *file = special ? open_special(path) : fopen(fresh, "wb");
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
  if (err->code == ERR_NONE && !special && rename(fresh, path) != 0)
    err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  if (err->code == ERR_NONE)
    run_trace_line(path, &scenario->plans[row], &result);
  else if (!special)
    unlink(fresh);
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
