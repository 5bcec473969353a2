#include "sim/cli/run_trace.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/cli/row.h"
#include "sim/runner/fresh_file.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/judge_trace.h"
#include "sim/runner/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define ANOTHER_LOOK_NS 50000000

void run_trace_line(const char *path, const struct plan *plan, const struct run_result *result, FILE *out) {
  fprintf(out, "%s: %s, seed %" PRIu64 ", %" PRIu64 " records, digest %016" PRIx64 "\n", PRINTABLE(path), plan->label,
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

struct tracing {
  const struct scenario *scenario;
  size_t row;
  const char *command;
  FILE *file;
  struct run_result result;
};

static void *execute(void *context) {
  struct tracing *tracing = context;
  const struct scenario *scenario = tracing->scenario;
  struct run *run = run_new(0, 0);
  run_execute(run, &scenario->plans[tracing->row], (uint32_t)tracing->row, scenario->seeds[0], tracing->file,
              tracing->command, &tracing->result);
  run_free(run);
  return NULL;
}

/* A run may take long, and its trace much of a disk: told to end, the process leaves nothing of it. */
static void execute_watched(struct tracing *tracing, struct fresh_file *fresh) {
  struct interrupt interrupt;
  pthread_t thread;
  interrupt_begin(&interrupt);
  const int failed = pthread_create(&thread, NULL, execute, tracing);
  ASSERT_MSG(failed == 0, "cannot start a thread: %s", strerror(failed));
  struct timespec until;
  do {
    if (interrupt_seen(&interrupt) != 0) {
      fprintf(stderr, "dgsim: interrupted: '%s' is not written\n", PRINTABLE(fresh->path));
      fresh_unlink(fresh);
      interrupt_die(interrupt.signal);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ANOTHER_LOOK_NS;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  } while (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0);
  interrupt_end(&interrupt);
}

static bool write_trace(const struct scenario *scenario, size_t row, const char *path,
                        const char *command, struct err *err) {
  struct fresh_file fresh;
  struct tracing tracing = {.scenario = scenario, .row = row, .command = command};
  if (!fresh_open(&fresh, path, err)) return false;
  tracing.file = fresh.file;
  FILE *told = fresh.is_output ? stderr : stdout;
  bool good = judge_trace_begin(fresh.file, scenario, row, 0, err);
  if (good)
    execute_watched(&tracing, &fresh);
  else
    fresh_abandon(&fresh);
  good = good && fresh_commit(&fresh, err);
  if (good) run_trace_line(path, &scenario->plans[row], &tracing.result, told);
  run_result_deinit(&tracing.result);
  return good;
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
