#include "sim/runner/collect.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"
#include "sim/runner/series.h"
#include "sim/world/fact.h"
#include "sim/world/fault.h"

#include <stdlib.h>
#include <string.h>

/* Cells of the timeline at first: a 500th of the planned duration, and the drain doubles them. */
#define TIMELINE_CELLS 500

struct fault_seen {
  uint64_t hits;
  size_t window;        /* of the last beginning */
  size_t windows, kept; /* how many it had; how many of them were looked at for the result */
};

struct collector {
  struct trace *trace;
  struct ledger *ledger;
  const struct plan *plan;
  struct fault_seen *faults; /* [plan->fault_count] */
  size_t fault_room;
  struct fault_window *windows; /* end -1 = still under way */
  size_t window_count, window_room;
  int64_t last; /* time of the last record */
};

static struct fault_seen *fault_of(struct collector *collector, const struct trace_record *fact) {
  ASSERT_LT(fact->detail, collector->plan->fault_count);
  return &collector->faults[fact->detail];
}

static __attribute__((noinline)) void note(struct collector *collector, const struct trace_record *fact) {
  switch (fact->kind) {
  case FACT_FAULT_BEGAN:
    GROW(collector->windows, collector->window_room, collector->window_count + 1);
    fault_of(collector, fact)->window = collector->window_count;
    fault_of(collector, fact)->windows++;
    collector->windows[collector->window_count++] =
        (struct fault_window){.fault = fact->detail, .begin = fact->at, .end = -1};
    break;
  case FACT_FAULT_ENDED:
    ASSERT_LT(fault_of(collector, fact)->window, collector->window_count);
    collector->windows[fault_of(collector, fact)->window].end = fact->at;
    break;
  case FACT_FAULT_HIT:
    fault_of(collector, fact)->hits++;
    break;
  default:
    break;
  }
}

/* Most records are nothing to it, and all are asked: a bit for each kind, by its last six bits. A kind that
 * shares one is asked once more. */
#define KIND_BIT(kind) (UINT64_C(1) << (kind) % 64)
static const uint64_t noted = KIND_BIT(FACT_FAULT_BEGAN) | KIND_BIT(FACT_FAULT_ENDED) | KIND_BIT(FACT_FAULT_HIT);

static void collector_sink(void *context, const struct trace_record *records, size_t count,
                           uint64_t first) {
  (void)first;
  struct collector *collector = context;
  const size_t asked = collector->plan->fault_count > 0 ? count : 0; /* without faults none is about any */
  for (const struct trace_record *fact = records; fact < records + asked; fact++)
    if (UNLIKELY(noted >> fact->kind % 64 & 1)) note(collector, fact);
  collector->last = records[count - 1].at;
}

struct collector *collector_new(struct trace *trace) {
  struct collector *collector = calloc(1, sizeof *collector);
  ASSERT(collector);
  collector->trace = trace;
  collector->ledger = ledger_new();
  trace_add_mark_sink(trace, ledger_sink, collector->ledger);
  trace_add_sink(trace, collector_sink, collector);
  return collector;
}

void collector_free(struct collector *collector) {
  if (!collector) return;
  ledger_free(collector->ledger);
  free(collector->faults);
  free(collector->windows);
  free(collector);
}

static int64_t bucket_width(const struct plan *plan) {
  int64_t width = plan->workload.duration.ns / TIMELINE_CELLS;
  return width < NS_PER_MS ? NS_PER_MS : width;
}

void collector_begin(struct collector *collector, const struct plan *plan) {
  collector->plan = plan;
  ledger_reset(collector->ledger, plan->workload.keys, plan_group_count(plan), bucket_width(plan));
  if (plan_commits(plan)) ledger_expect_commits(collector->ledger);
  GROW(collector->faults, collector->fault_room, plan->fault_count);
  for (size_t i = 0; i < plan->fault_count; i++)
    collector->faults[i] = (struct fault_seen){.window = SIZE_MAX};
  collector->window_count = 0;
  collector->last = 0;
}

static void *copy_of(const void *items, size_t size) {
  void *copy = malloc(size ? size : 1);
  ASSERT(copy);
  if (size) memcpy(copy, items, size);
  return copy;
}

/* How many windows of a fault are kept at most, so that one with many leaves those of the others. */
static size_t fair_share(const struct collector *collector) {
  size_t low = 0, high = collector->window_count;
  while (low < high) {
    const size_t share = high - (high - low) / 2;
    size_t sum = 0;
    for (size_t i = 0; i < collector->plan->fault_count; i++) {
      const size_t windows = collector->faults[i].windows;
      sum += windows < share ? windows : share;
    }
    if (sum <= RESULT_WINDOWS_MAX)
      low = share;
    else
      high = share - 1;
  }
  return low;
}

static void take_windows(struct collector *collector, struct run_result *out) {
  const size_t share = fair_share(collector);
  size_t count = 0;
  for (size_t i = 0; i < collector->window_count; i++) {
    struct fault_window *window = &collector->windows[i];
    if (window->end < 0) window->end = collector->last;
    if (collector->faults[window->fault].kept++ < share) collector->windows[count++] = *window;
  }
  out->windows = copy_of(collector->windows, count * sizeof *out->windows);
  out->window_count = count;
  out->windows_left_out = collector->window_count - count;
  collector->window_count = count;
}

static void take_faults(struct collector *collector, struct run_result *out) {
  const struct plan *plan = collector->plan;
  const size_t count = plan->fault_count;
  out->fault_hits = calloc(count ? count : 1, sizeof *out->fault_hits);
  out->fault_applies = calloc(count ? count : 1, sizeof *out->fault_applies);
  ASSERT(out->fault_hits && out->fault_applies);
  for (size_t i = 0; i < count; i++) {
    out->fault_hits[i] = collector->faults[i].hits;
    out->fault_applies[i] = faults_apply(plan, &plan->faults[i]);
    out->metrics[METRIC_FAULTS_EFFECTIVE] += collector->faults[i].hits > 0;
  }
  take_windows(collector, out);
}

static void take_ledger(const struct collector *collector, struct run_result *out) {
  size_t count;
  const struct timeline_bucket *timeline =
      ledger_timeline(collector->ledger, &count, &out->timeline_width);
  out->timeline = series_of_timeline(timeline, count);
  out->timeline_count = count;
  const struct batches *batches = ledger_latencies(collector->ledger);
  if (batches->count * batches->length >= RESULT_BATCHED_MIN) {
    struct batch_means means;
    batches_means(batches, &means);
    out->latencies = copy_of(&means, sizeof means);
  }
  out->latency = series_of_latency(ledger_latency(collector->ledger));
}

uint32_t collector_judge(struct collector *collector, int64_t out_metrics[METRIC__COUNT],
                         uint64_t *out_digest) {
  const struct plan *plan = collector->plan;
  *out_digest = trace_digest(collector->trace); /* flushes */
  ledger_finish(collector->ledger, out_metrics);
  uint32_t violations = 0;
  for (uint32_t group = 0; group < plan_group_count(plan); group++)
    violations |= verdict_violations(ledger_group(collector->ledger, group), plan_allows(plan, group));
  return violations;
}

const int64_t *collector_group(const struct collector *collector, uint32_t group) {
  return ledger_group(collector->ledger, group);
}

static void take_groups(const struct collector *collector, struct run_result *out) {
  const uint32_t count = plan_group_count(collector->plan);
  if (count == 1) return;
  out->groups = calloc(count, sizeof *out->groups);
  ASSERT(out->groups);
  for (uint32_t i = 0; i < count; i++) {
    memcpy(out->groups[i].metrics, ledger_group(collector->ledger, i), sizeof out->groups[i].metrics);
    out->groups[i].violations =
        verdict_violations(out->groups[i].metrics, plan_allows(collector->plan, i));
  }
}

void collector_finish(struct collector *collector, struct run_result *out) {
  out->violations = collector_judge(collector, out->metrics, &out->digest);
  out->records = collector->trace->flushed;
  take_faults(collector, out);
  take_ledger(collector, out);
  take_groups(collector, out);
  out->drained = !ledger_stuck(collector->ledger);
  out->livelocked = ledger_livelocked(collector->ledger);
  out->end_ns = collector->last;
  out->verdict = out->violations ? VERDICT_VIOLATED : VERDICT_HELD;
  collector->plan = NULL;
}

void run_result_deinit(struct run_result *result) {
  free(result->fault_hits);
  free(result->fault_applies);
  free(result->windows);
  free(result->latencies);
  bytes_free(&result->latency);
  bytes_free(&result->timeline);
  free(result->groups);
  *result = (struct run_result){0};
}
