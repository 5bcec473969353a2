#include "sim/runner/run.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/collect.h"
#include "sim/runner/recording.h"
#include "sim/runner/series.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <time.h>

struct run {
  struct world *world;
  struct collector *collector;
  FILE *trace;
  trace_sink *records; /* the observer's; NULL */
  void *records_context;
  struct recording *recording; /* NULL = nobody asks */
};

static void trace_onward(void *context, const struct trace_record *records, size_t count,
                         uint64_t first) {
  struct run *run = context;
  if (run->trace) trace_file_sink(run->trace, records, count, first);
  if (run->records) run->records(run->records_context, records, count, first);
  if (run->recording) recording_records(run->recording, records, count);
}

void run_record(struct run *run, struct recording *recording) { run->recording = recording; }

struct run *run_new(size_t base_offset, unsigned char fill) {
  struct run *run = calloc(1, sizeof *run);
  ASSERT(run);
  run->world = world_new(base_offset, fill);
  run->collector = collector_new(&run->world->trace);
  trace_add_sink(&run->world->trace, trace_onward, run);
  return run;
}

void run_free(struct run *run) {
  if (!run) return;
  collector_free(run->collector);
  world_free(run->world);
  free(run);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void run_observe(struct run *run, const struct observer *observer, trace_sink *records,
                 void *context) {
  run->world->observer = observer;
  run->records = records;
  run->records_context = context;
}

static void simulate(struct run *run, const struct plan *plan, uint64_t seed, const char *command) {
  struct world *world = run->world;
  const struct assert_context context = {&world->now.ns, seed, command};
  assert_context_set(&context);
  world->faults.observer = run->recording ? recording_fault : NULL;
  world->faults.observer_context = run->recording;
  collector_begin(run->collector, plan);
  world_reset(world, plan, seed);
  world_run(world);
  if (run->recording) {
    trace_flush(&world->trace);
    recording_end(run->recording, world);
  }
  assert_context_set(NULL);
}

uint32_t run_judge(struct run *run, const struct plan *plan, uint64_t seed, const char *command,
                   int64_t out_metrics[METRIC__COUNT], uint64_t *out_digest) {
  simulate(run, plan, seed, command);
  return collector_judge(run->collector, out_metrics, out_digest);
}

const int64_t *run_group(const struct run *run, uint32_t group) {
  return collector_group(run->collector, group);
}

void run_execute(struct run *run, const struct plan *plan, uint32_t row, uint64_t seed, FILE *trace,
                 const char *command, struct run_result *out) {
  *out = (struct run_result){.row = row, .seed = seed};
  double begun = seconds();
  uint64_t grown = grow_count();
  run->trace = trace;
  simulate(run, plan, seed, command);
  out->grown = grow_count() - grown;
  collector_finish(run->collector, out);
  out->wall_s = seconds() - begun;
  run->trace = NULL;
}

/* --- Capacity --- */

/* How many operations are kept open: so many that no stage waits for the workload. That begins with several
 * full batches for every handler and doubles until it makes no difference any more: a transaction that
 * commits once a second hides a second's worth. And how many are measured. */
#define CAPACITY_OPEN_PER_THREAD 400
#define CAPACITY_OPEN_PER_THREAD_MAX 6400
#define CAPACITY_GAIN_PARTS 50 /* less than one in so many is no difference */
#define CAPACITY_ROUNDS 12

static struct plan saturated(const struct plan *plan, uint64_t open_per_thread) {
  struct plan copy = *plan;
  uint64_t threads = (uint64_t)plan->counts[ROLE_CONSUMER] * plan->threads;
  copy.workload.outstanding = threads * open_per_thread;
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

static int64_t saturated_rate(struct run *run, const struct plan *plan, uint64_t open_per_thread,
                              uint64_t seed, const char *command) {
  struct plan copy = saturated(plan, open_per_thread);
  copy.workload.duration = span_of(NS_PER_MS); /* cells begin fine, and double as it takes longer */
  struct run_result result;
  run_execute(run, &copy, 0, seed, NULL, command, &result);
  struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
  ASSERT(series_read_timeline(&result.timeline, result.timeline_count, cells));
  int64_t rate = middle_rate(cells, result.timeline_count, result.timeline_width);
  run_result_deinit(&result);
  run->world->plan = NULL; /* the copy is gone: the next run lays its nodes out anew */
  return rate;
}

int64_t run_capacity(struct run *run, const struct plan *plan, uint64_t seed, const char *command) {
  int64_t most = 0;
  for (uint64_t open = CAPACITY_OPEN_PER_THREAD; open <= CAPACITY_OPEN_PER_THREAD_MAX; open *= 2) {
    int64_t rate = saturated_rate(run, plan, open, seed, command);
    bool gain = rate > most + most / CAPACITY_GAIN_PARTS;
    if (rate > most) most = rate;
    if (!gain) break;
  }
  return most;
}
