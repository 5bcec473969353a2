#include "sim/cli/run_record.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/cli/run_trace.h"
#include "sim/runner/fresh_file.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/recording.h"
#include "sim/runner/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything that writing a record needs to know. */
struct record {
  const struct scenario *scenario;
  const struct plan *plan;
  const char *directory;
  struct scenario_record about;
  bool *applies, made; /* made: the directory was not there before */
  const char *written[3];
  size_t written_count;
  struct recording recording;
  struct run_result result;
};

typedef bool part_writer(const struct record *record, FILE *file);

static bool write_arrivals(const struct record *record, FILE *file) {
  return recording_write_arrivals(&record->recording, record->plan, file);
}
static bool write_faults(const struct record *record, FILE *file) {
  return recording_write_faults(&record->recording, record->plan, &record->result, file);
}
static bool write_scenario(const struct record *record, FILE *file) {
  scenario_print_recorded(record->scenario, &record->about, file);
  return true;
}

/* In one piece: written beside its place and renamed. */
static bool write_part(struct record *record, const char *name, part_writer *write,
                       struct err *err) {
  char path[1024];
  struct fresh_file fresh;
  snprintf(path, sizeof path, "%.900s/%s", record->directory, name);
  if (!fresh_open(&fresh, path, err)) return false;
  if (write(record, fresh.file)) {
    if (!fresh_commit(&fresh, err)) return false;
    record->written[record->written_count++] = name;
    return true;
  }
  err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  fresh_abandon(&fresh);
  return false;
}

/* A record that does not do is none. */
static void remove_record(const struct record *record) {
  char path[1024];
  for (size_t i = 0; i < record->written_count; i++) {
    snprintf(path, sizeof path, "%.900s/%s", record->directory, record->written[i]);
    unlink(path);
  }
  if (record->made) rmdir(record->directory);
}

static bool write_record(struct record *record, struct err *err) {
  record->made = mkdir(record->directory, 0777) == 0;
  if (!record->made && errno != EEXIST)
    return err_set(err, ERR_IO, "cannot make the directory '%s': %s", record->directory,
                   strerror(errno));
  struct interrupt interrupt;
  interrupt_begin(&interrupt); /* three files that belong together: signals wait for them */
  const bool good = write_part(record, RECORD_ARRIVALS, write_arrivals, err) &&
                    (!record->about.has_faults || write_part(record, RECORD_FAULTS, write_faults, err)) &&
                    write_part(record, RECORD_SCENARIO, write_scenario, err);
  if (!good) remove_record(record);
  interrupt_end(&interrupt);
  return good;
}

static bool check_recordable(const struct record *record, struct err *err) {
  if (record->plan->workload.outstanding > 0) {
    err_set(err, ERR_USAGE, "--record: with 'outstanding' the arrivals are a consequence, not luck");
    return err_note(err, "they come as the row gets its work done; give rate instead");
  }
  return true;
}

/* A record speaks of one row only, so it cannot name what that row does not have. */
static void find_applying(struct record *record) {
  const struct plan *plan = record->plan;
  record->applies = calloc(plan->fault_count + 1, sizeof *record->applies);
  ASSERT(record->applies);
  for (size_t i = 0; i < plan->fault_count; i++)
    record->applies[i] = record->result.fault_applies[i] &&
                         (plan->faults[i].timing != TIMING_WHEN || plan->faults[i].point != POINT_NONE);
  record->about.applies = record->applies;
}

static bool run_again(const struct record *record, const struct registry *registry,
                      const char *command, uint64_t *out_digest, struct err *err) {
  char path[1024];
  struct scenario again;
  snprintf(path, sizeof path, "%.900s/" RECORD_SCENARIO, record->directory);
  if (!scenario_load(path, registry, NULL, 0, 0, &again, err)) return false;
  struct run *run = run_new(0, 0);
  struct run_result result = {0};
  run_execute(run, &again.plans[0], 0, again.seeds[0], NULL, command, &result);
  *out_digest = result.digest;
  run_result_deinit(&result);
  run_free(run);
  scenario_free(&again);
  return true;
}

static enum status record_run(struct record *record, const struct registry *registry,
                              const char *command, struct err *err) {
  struct run *run = run_new(0, 0);
  run_record(run, &record->recording);
  run_execute(run, record->plan, (uint32_t)record->about.plan, record->about.seed, NULL, command,
              &record->result);
  run_free(run);
  record->about.hits = record->result.fault_hits;
  record->about.absent = record->recording.absent;
  uint64_t digest = 0;
  find_applying(record);
  if (!check_recordable(record, err) || !write_record(record, err)) return STATUS_USAGE;
  if (!run_again(record, registry, command, &digest, err)) {
    remove_record(record);
    return STATUS_USAGE;
  }
  if (digest != record->result.digest) {
    remove_record(record);
    fprintf(stderr, "%s: the record gives digest %016" PRIx64 ", the run had %016" PRIx64 "\n",
            PRINTABLE(record->directory), digest, record->result.digest);
    return STATUS_INTERNAL;
  }
  printf("%s/scenario.yaml: %s, seed %" PRIu64 ", %zu arrivals, %zu beginnings of faults, digest "
         "%016" PRIx64 "\n",
         PRINTABLE(record->directory), record->plan->label, record->about.seed,
         record->recording.arrival_count, record->recording.beginning_count, digest);
  return STATUS_HELD;
}

enum status run_record_file(const struct scenario *scenario, const struct registry *registry,
                            const struct options *options, const char *command) {
  struct err err = {0};
  const int row = run_trace_row(scenario, options, "--record", &err);
  enum status status = STATUS_USAGE;
  if (row >= 0) {
    const struct plan *plan = &scenario->plans[row];
    struct record record = {.scenario = scenario, .plan = plan, .directory = options->record};
    record.about = (struct scenario_record){.plan = (size_t)row, .seed = scenario->seeds[0],
                                            .has_faults = recording_has_faults(plan)};
    status = record_run(&record, registry, command, &err);
    recording_deinit(&record.recording);
    run_result_deinit(&record.result);
    free(record.applies);
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  return status;
}
