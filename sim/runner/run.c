#include "sim/runner/run.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/recording.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Cells of the timeline at first: a 500th of the planned duration, and the drain doubles them. */
#define TIMELINE_CELLS 500

struct run {
  struct world *world;
  struct ledger *ledger;
  FILE *trace;
  struct recording *recording; /* NULL = nobody asks */
};

static void trace_to_others(void *context, const struct trace_record *records, size_t count,
                          uint64_t first) {
  struct run *run = context;
  if (run->trace) trace_file_sink(run->trace, records, count, first);
  if (run->recording) recording_records(run->recording, records, count);
}

void run_record(struct run *run, struct recording *recording) { run->recording = recording; }

struct run *run_new(size_t base_offset, unsigned char fill) {
  struct run *run = calloc(1, sizeof *run);
  ASSERT(run);
  run->world = world_new(base_offset, fill);
  run->ledger = ledger_new();
  trace_add_sink(&run->world->trace, ledger_sink, run->ledger);
  trace_add_sink(&run->world->trace, trace_to_others, run);
  return run;
}

void run_free(struct run *run) {
  if (!run) return;
  world_free(run->world);
  ledger_free(run->ledger);
  free(run);
}

static int64_t bucket_width(const struct plan *plan) {
  int64_t width = plan->workload.duration.ns / TIMELINE_CELLS;
  return width < NS_PER_MS ? NS_PER_MS : width;
}

static void *copy_of(const void *items, size_t size) {
  void *copy = malloc(size ? size : 1);
  ASSERT(copy);
  if (size) memcpy(copy, items, size);
  return copy;
}

static void take_windows(const struct world *world, struct run_result *out) {
  size_t count = world->faults.window_count;
  if (count > RESULT_WINDOWS_MAX) count = RESULT_WINDOWS_MAX;
  out->windows = calloc(count ? count : 1, sizeof *out->windows);
  ASSERT(out->windows);
  out->window_count = count;
  for (size_t i = 0; i < count; i++) {
    const struct fault_window_seen *seen = &world->faults.windows[i];
    out->windows[i] = (struct fault_window){
        .fault = seen->fault, .begin = seen->begin, .end = seen->end < 0 ? world->now.ns : seen->end};
  }
}

static void take_faults(const struct world *world, struct run_result *out) {
  size_t count = world->faults.count;
  out->fault_hits = calloc(count ? count : 1, sizeof *out->fault_hits);
  out->fault_applies = calloc(count ? count : 1, sizeof *out->fault_applies);
  ASSERT(out->fault_hits && out->fault_applies);
  for (size_t i = 0; i < count; i++) {
    out->fault_hits[i] = world->faults.items[i].hits;
    out->fault_applies[i] = world->faults.items[i].applies;
    out->metrics[METRIC_FAULTS_EFFECTIVE] += world->faults.items[i].hits > 0;
  }
  take_windows(world, out);
}

static void take_ledger(const struct run *run, struct run_result *out) {
  size_t count;
  const struct timeline_bucket *timeline =
      ledger_timeline(run->ledger, &count, &out->timeline_width);
  out->timeline = copy_of(timeline, count * sizeof *timeline);
  out->timeline_count = count;
  out->latency = copy_of(ledger_latency(run->ledger), sizeof *out->latency);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void run_execute(struct run *run, const struct plan *plan, uint32_t row, uint64_t seed, FILE *trace,
                 const char *command, struct run_result *out) {
  struct world *world = run->world;
  const struct assert_context context = {&world->now.ns, seed, command};
  assert_context_set(&context);
  *out = (struct run_result){.row = row, .seed = seed};
  double begun = seconds();
  run->trace = trace;
  if (trace) trace_file_begin(trace, &(struct err){0}); /* what fails shows when the file is closed */
  world->faults.observer = run->recording ? recording_fault : NULL;
  world->faults.observer_context = run->recording;
  ledger_reset(run->ledger, plan->workload.keys, bucket_width(plan));
  world_reset(world, plan, seed);
  uint64_t grown = grow_count();
  world_run(world);
  out->grown = grow_count() - grown;
  ledger_finish(run->ledger, out->metrics);
  out->digest = trace_digest(&world->trace);
  out->records = world->trace.flushed;
  out->drained = !world->stuck;
  out->end_ns = world->now.ns;
  take_faults(world, out);
  take_ledger(run, out);
  if (run->recording) recording_end(run->recording, world);
  uint32_t allowed = plan->system->allows & ~plan->handler->forbids;
  out->violations = verdict_violations(out->metrics, allowed);
  out->verdict = out->violations ? VERDICT_VIOLATED : VERDICT_HELD;
  out->wall_s = seconds() - begun;
  run->trace = NULL;
  assert_context_set(NULL);
}

void run_result_deinit(struct run_result *result) {
  free(result->fault_hits);
  free(result->fault_applies);
  free(result->windows);
  free(result->latency);
  free(result->timeline);
  *result = (struct run_result){0};
}

/* --- Capacity --- */

/* How many operations are kept open: enough that no stage ever waits for the workload, which is several
 * full batches for every handler; and how many are measured. */
#define CAPACITY_OPEN_PER_THREAD 400
#define CAPACITY_ROUNDS 12

static struct plan saturated(const struct plan *plan) {
  struct plan copy = *plan;
  uint64_t threads = (uint64_t)plan->counts[ROLE_CONSUMER] * plan->threads;
  copy.workload.outstanding = threads * CAPACITY_OPEN_PER_THREAD;
  copy.workload.messages = copy.workload.outstanding * CAPACITY_ROUNDS;
  copy.workload.intents = NULL;
  copy.fault_count = 0;
  for (int i = 0; i < LINK__COUNT; i++)
    copy.links[i].request_loss = copy.links[i].reply_loss = copy.links[i].duplication =
        copy.links[i].reordering = 0;
  return copy;
}

/* Obligations with a first effect per second, over the middle half of a timeline. */
static int64_t middle_rate(const struct timeline_bucket *cells, size_t count, int64_t width) {
  uint64_t total = 0, seen = 0, inside = 0;
  size_t used = 0;
  for (size_t i = 0; i < count; i++) total += cells[i].first_effects;
  for (size_t i = 0; i < count; i++) {
    uint64_t before = seen;
    seen += cells[i].first_effects;
    if (before * 4 < total || seen * 4 > total * 3) continue;
    inside += cells[i].first_effects;
    used++;
  }
  if (used == 0) return 0;
  return (int64_t)((__int128)inside * NS_PER_S * SCHEMA_RATE_SCALE / ((__int128)width * (int64_t)used));
}

int64_t run_capacity(struct run *run, const struct plan *plan, uint64_t seed, const char *command) {
  struct plan copy = saturated(plan);
  /* A first guess of the duration, so that the cells are fine enough: two handlers' worth a thread. */
  copy.workload.duration = span_of((int64_t)(copy.workload.messages / (plan->counts[ROLE_CONSUMER] * (uint64_t)plan->threads)) * 2 * NS_PER_MS);
  struct run_result result;
  run_execute(run, &copy, 0, seed, NULL, command, &result);
  int64_t rate = middle_rate(result.timeline, result.timeline_count, result.timeline_width);
  run_result_deinit(&result);
  run->world->plan = NULL; /* the copy is gone: the next run lays its nodes out anew */
  return rate;
}
