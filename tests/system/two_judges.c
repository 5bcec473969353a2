#include "tests/system/two_judges.h"

#include "sim/runner/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool differ(struct two_judges *judges, const char *what, long place, int64_t ledger, int64_t second) {
  if (ledger == second) return false;
  snprintf(judges->said, sizeof judges->said, "%s (%ld): the ledger says %lld, the second judge %lld", what, place,
           (long long)ledger, (long long)second);
  return true;
}

static bool metrics_agree(struct two_judges *judges, const struct run_result *result) {
  for (int i = 0; i < METRIC__COUNT; i++)
    if (differ(judges, metric_rows[i].name, -1, result->metrics[i], judges->second.metrics[i])) return false;
  for (uint32_t group = 0; result->groups && group < judges->second.groups; group++)
    for (enum metric i = 0; i < METRIC__COUNT; i++)
      if (differ(judges, metric_rows[i].name, (long)group, result->groups[group].metrics[i],
                 metric_of_group(i) ? judges->second.by_group[group].metrics[i] : 0))
        return false;
  return true;
}

/* What each group's contract does not allow, and the verdict that follows. */
static bool verdicts_agree(struct two_judges *judges, const struct plan *plan, const struct run_result *result) {
  uint32_t violations = 0;
  for (uint32_t group = 0; group < judges->second.groups; group++) {
    const uint32_t own = second_anomalies(&judges->second, group) & ~plan_allows(plan, group);
    if (result->groups && differ(judges, "violations", (long)group, result->groups[group].violations, own)) return false;
    violations |= own;
  }
  return !differ(judges, "violations", -1, result->violations, violations) &&
         !differ(judges, "verdict", -1, result->verdict, violations ? VERDICT_VIOLATED : VERDICT_HELD) &&
         !differ(judges, "drained", -1, result->drained, !judges->second.stuck) &&
         !differ(judges, "records", -1, (int64_t)result->records, (int64_t)judges->second.seen);
}

/* How often each latency comes: as many, cell by cell, as all of them are. */
static bool latencies_agree(struct two_judges *judges, const struct run_result *result) {
  static struct histogram told, found;
  const struct second_judge *second = &judges->second;
  memset(&told, 0, sizeof told);
  memset(&found, 0, sizeof found);
  if (!series_add_latency(&result->latency, &told)) return !differ(judges, "latencies are torn", -1, 1, 0);
  for (size_t i = 0; i < second->latency_count; i++) histogram_add(&found, second->latencies[i].ns);
  for (uint32_t i = 0; i < HISTOGRAM_CELLS; i++)
    if (differ(judges, "latencies of a cell", (long)i, (int64_t)told.cells[i], (int64_t)found.cells[i])) return false;
  const bool batched = second->latency_count >= 64 && result->latencies;
  for (uint32_t i = 0; batched && i < result->latencies->count; i++) {
    const uint64_t length = result->latencies->length;
    if (differ(judges, "mean of a batch", (long)i, result->latencies->means[i], second_mean(second, i * length, length)))
      return false;
  }
  return true;
}

static bool timelines_agree(struct two_judges *judges, const struct plan *plan, const struct run_result *result) {
  static struct timeline_bucket told[LEDGER_BUCKETS_MAX], found[LEDGER_BUCKETS_MAX];
  int64_t width = plan->workload.duration.ns / 500; /* as sim/runner/collect.c begins; at least a millisecond */
  if (width < 1000000) width = 1000000;
  const size_t count = second_timeline(&judges->second, width, found, &width);
  if (differ(judges, "cells of the timeline", -1, (int64_t)result->timeline_count, (int64_t)count)) return false;
  if (count == 0) return true;
  if (differ(judges, "width of cells", -1, result->timeline_width, width)) return false;
  if (!series_read_timeline(&result->timeline, count, told)) return !differ(judges, "the timeline is torn", -1, 1, 0);
  for (size_t i = 0; i < count; i++)
    if (differ(judges, "timeline: intended", (long)i, told[i].intended, found[i].intended) ||
        differ(judges, "timeline: first_effects", (long)i, told[i].first_effects, found[i].first_effects) ||
        differ(judges, "timeline: duplicate_effects", (long)i, told[i].duplicate_effects, found[i].duplicate_effects) ||
        differ(judges, "timeline: duplicate_deliveries", (long)i, told[i].duplicate_deliveries,
               found[i].duplicate_deliveries) ||
        differ(judges, "timeline: open", (long)i, told[i].open, found[i].open))
      return false;
  return true;
}

static void tell_second(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct two_judges *judges = context;
  const uint64_t unheard = judges->unheard - 1 - first; /* its place here; else huge */
  if (unheard >= count) {
    second_sink(&judges->second, records, count, first);
    return;
  }
  second_sink(&judges->second, records, unheard, first);
  judges->second.seen++;
  second_sink(&judges->second, records + unheard + 1, count - unheard - 1, first);
}

bool two_judges_run(struct two_judges *judges, struct run *run, const struct plan *plan, uint32_t row,
                    uint64_t seed, const char *command, struct run_result *out) {
  judges->said[0] = '\0';
  second_begin(&judges->second, plan->workload.keys, plan_group_count(plan), (uint32_t)plan->fault_count,
               plan_commits(plan));
  run_observe(run, NULL, tell_second, judges);
  run_execute(run, plan, row, seed, NULL, command, out);
  run_observe(run, NULL, NULL, NULL);
  second_finish(&judges->second);
  return metrics_agree(judges, out) && verdicts_agree(judges, plan, out) && latencies_agree(judges, out) &&
         timelines_agree(judges, plan, out);
}

void two_judges_free(struct two_judges *judges) { second_free(&judges->second); }
