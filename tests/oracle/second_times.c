/* Latencies, goodput, the drain and the timeline: what is told in time. */
#include "tests/oracle/second_judge.h"

#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b) {
  const struct second_latency *left = a, *right = b;
  if (left->number != right->number) return left->number < right->number ? -1 : 1;
  return 0;
}

static int by_value(const void *a, const void *b) {
  const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* A quantile as it is told: a time of 2^e ns and more is only known to its leading bit and the five behind. */
static int64_t quantile(const int64_t *sorted, size_t count, uint64_t parts, uint64_t scale) {
  if (count == 0) return 0;
  const size_t rank = (parts * count + scale - 1) / scale;
  uint64_t ns = (uint64_t)sorted[rank > 0 ? rank - 1 : 0], finest = 1;
  while (ns / finest >= 64) finest *= 2;
  return (int64_t)(ns / finest * finest + finest - 1);
}

int64_t second_mean(const struct second_judge *judge, size_t first, size_t count) {
  batch_sum sum = 0;
  for (size_t i = first; i < first + count; i++) sum += judge->latencies[i].ns;
  return count ? (int64_t)((2 * sum + (batch_sum)count) / (2 * (batch_sum)count)) : 0;
}

static int64_t micro_per_second(int64_t count, int64_t ns) {
  return ns > 0 ? (int64_t)((batch_sum)count * 1000000000 * 1000000 / ns) : 0;
}

static void tell_quantiles(struct second_judge *judge, size_t first, size_t count, int64_t *metrics) {
  for (size_t i = 0; i < count; i++) judge->sorted[i] = judge->latencies[first + i].ns;
  qsort(judge->sorted, count, sizeof *judge->sorted, by_value);
  metrics[METRIC_LATENCY_MEAN] = second_mean(judge, first, count);
  metrics[METRIC_LATENCY_P50] = quantile(judge->sorted, count, 50, 100);
  metrics[METRIC_LATENCY_P99] = quantile(judge->sorted, count, 99, 100);
  metrics[METRIC_LATENCY_P999] = quantile(judge->sorted, count, 999, 1000);
}

/* When the first operation was wanted; *out_drain: from the last one, or the last heal, to the end. */
static int64_t frame(const struct second_judge *judge, int64_t *out_drain) {
  int64_t begun = 0, calm = 0, end = -1;
  bool any = false;
  for (size_t i = 0; i < judge->count; i++) {
    const struct trace_record *fact = &judge->facts[i].record;
    if (fact->kind == FACT_INTENDED && !any) begun = fact->at, any = true;
    if ((fact->kind == FACT_INTENDED || fact->kind == FACT_HEALED) && fact->at > calm) calm = fact->at;
    if (fact->kind == FACT_DRAINED || fact->kind == FACT_STUCK) end = fact->at;
  }
  *out_drain = end > calm ? end - calm : 0;
  return begun;
}

/* Latencies of stories, from when an operation is wanted until its first effect is visible. */
void second_tell_latencies(struct second_judge *judge, uint32_t group) {
  const struct second_group *books = &judge->by_group[group];
  int64_t *metrics = judge->by_group[group].metrics;
  const int64_t begun = frame(judge, &metrics[METRIC_DRAIN]);
  const size_t before = judge->latency_count;
  int64_t latest = 0;
  for (size_t i = 0; i < books->story_count; i++) {
    const struct second_story *story = &books->stories[i];
    if (!story->first_effect) continue;
    const int64_t visible = (int64_t)story->first_effect->record.value, ns = visible - story->intended->record.at;
    judge->latencies[judge->latency_count++] = (struct second_latency){story->first_effect->number, ns > 0 ? ns : 0};
    if (visible > latest) latest = visible;
  }
  const size_t count = judge->latency_count - before;
  tell_quantiles(judge, before, count, metrics);
  metrics[METRIC_GOODPUT] = micro_per_second(metrics[METRIC_ONCE], latest - begun);
  if (latest > judge->latest) judge->latest = latest;
}

void second_tell_all_latencies(struct second_judge *judge) {
  int64_t *metrics = judge->metrics;
  const int64_t begun = frame(judge, &metrics[METRIC_DRAIN]);
  metrics[METRIC_GOODPUT] = micro_per_second(metrics[METRIC_ONCE], judge->latest - begun);
  qsort(judge->latencies, judge->latency_count, sizeof *judge->latencies, by_number);
  tell_quantiles(judge, 0, judge->latency_count, metrics);
}

size_t second_timeline(const struct second_judge *judge, int64_t width,
                       struct timeline_bucket cells[LEDGER_BUCKETS_MAX], int64_t *out_width) {
  int64_t last = -1;
  for (size_t i = 0; i < judge->moment_count; i++)
    if (judge->moments[i].at > last) last = judge->moments[i].at;
  while (last / width >= LEDGER_BUCKETS_MAX) width *= 2;
  *out_width = width;
  const size_t count = last < 0 ? 0 : (size_t)(last / width) + 1;
  memset(cells, 0, count * sizeof *cells);
  for (size_t i = 0; i < judge->moment_count; i++) {
    struct timeline_bucket *cell = &cells[judge->moments[i].at / width];
    cell->intended += judge->moments[i].what == SECOND_INTENDED;
    cell->first_effects += judge->moments[i].what == SECOND_FIRST;
    cell->duplicate_effects += judge->moments[i].what == SECOND_DOUBLED;
    cell->duplicate_deliveries += judge->moments[i].what == SECOND_REDELIVERED;
    cell->open += judge->moments[i].open; /* for now, by how much it changes in this cell */
  }
  for (size_t i = 1; i < count; i++) cells[i].open += cells[i - 1].open;
  return count;
}
