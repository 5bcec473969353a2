/* Several sink groups: the first one's books have the others', and the sums. */
#include "sim/base/assert.h"
#include "sim/kernel/time.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

#include <stdlib.h>

void ledger_groups_reset(struct ledger *ledger, uint32_t keys, uint32_t groups, int64_t bucket_ns) {
  ASSERT(groups >= 1 && groups <= LEDGER_GROUPS_MAX);
  ledger->groups = groups;
  if (groups > 1 && !ledger->merged) {
    ledger->merged = calloc(1, sizeof *ledger->merged);
    ASSERT_MSG(ledger->merged, "out of memory");
  }
  ledger->together = groups > 1 ? &ledger->merged->latencies : NULL;
  if (ledger->together) batches_reset(ledger->together);
  for (uint32_t i = 1; i < groups; i++) {
    struct ledger **other = &ledger->others[i - 1];
    if (!*other) *other = ledger_new();
    if ((*other)->window_min != ledger->window_min || (*other)->window_max != ledger->window_max ||
        (*other)->keys_remembered != ledger->keys_remembered ||
        (*other)->exceptions_max != ledger->exceptions_max)
      ledger_limit(*other, ledger->window_min, ledger->window_max, ledger->keys_remembered,
                   ledger->exceptions_max);
    ledger_reset(*other, keys, 1, bucket_ns);
    (*other)->together = ledger->together;
  }
}

void ledger_groups_free(struct ledger *ledger) {
  for (uint32_t i = 0; i < LEDGER_GROUPS_MAX - 1; i++) ledger_free(ledger->others[i]);
  free(ledger->merged);
}

static void add_counts(const int64_t *from, int64_t out[METRIC__COUNT]) {
  for (enum metric i = 0; i < METRIC__COUNT; i++)
    if (metric_rows[i].unit == UNIT_COUNT && metric_of_group(i)) out[i] += from[i];
}

/* `out` is the first group's so far; prices are the run's, and so is the time to drain. */
void ledger_groups_finish(struct ledger *ledger, int64_t out[METRIC__COUNT]) {
  struct histogram *latency = &ledger->merged->latency;
  int64_t last = ledger->effect_last;
  *latency = ledger->latency;
  for (uint32_t i = 1; i < ledger->groups; i++) {
    const struct ledger *other = ledger_of(ledger, i);
    if (!MUTANT(ORACLE_GROUPS_NOT_ADDED)) add_counts(other->metrics, out);
    histogram_merge(latency, &other->latency);
    if (other->effect_last > last) last = other->effect_last;
  }
  for (enum metric i = 0; i < METRIC__COUNT; i++)
    if (!metric_of_group(i)) ledger->metrics[i] = 0;
  out[METRIC_GOODPUT] = ledger_rate(out[METRIC_ONCE], last - ledger->intended_first);
  out[METRIC_LATENCY_MEAN] = batches_mean(ledger->together);
  out[METRIC_LATENCY_P50] = histogram_quantile(latency, 50, 100);
  out[METRIC_LATENCY_P99] = histogram_quantile(latency, 99, 100);
  out[METRIC_LATENCY_P999] = histogram_quantile(latency, 999, 1000);
}

static void add_cells(struct timeline_bucket *to, const struct timeline_bucket *from) {
  to->intended += from->intended;
  to->first_effects += from->first_effects;
  to->duplicate_effects += from->duplicate_effects;
  to->duplicate_deliveries += from->duplicate_deliveries;
  to->open += from->open;
}

/* Brought to the same time the groups' cells are equally wide: widths double as time goes on. */
const struct timeline *ledger_groups_timeline(const struct ledger *ledger) {
  struct timeline *sum = &ledger->merged->timeline;
  int64_t last = 0;
  for (uint32_t i = 0; i < ledger->groups; i++) {
    const struct timeline *timeline = &ledger_of(ledger, i)->timeline;
    int64_t at = (int64_t)timeline->current * timeline->width;
    if (at > last) last = at;
  }
  memset(sum, 0, sizeof *sum);
  for (uint32_t i = 0; i < ledger->groups; i++) {
    struct ledger *one = ledger_of(ledger, i);
    struct timeline *timeline = &one->timeline;
    if (last >= timeline->end) timeline_advance(timeline, last, one->open);
    timeline->cells[timeline->current].open = one->open;
    for (size_t cell = 0; cell <= timeline->current; cell++)
      add_cells(&sum->cells[cell], &timeline->cells[cell]);
    sum->current = timeline->current;
    sum->width = timeline->width;
  }
  return sum;
}

size_t ledger_groups_bytes(const struct ledger *ledger) {
  size_t bytes = ledger->merged ? sizeof *ledger->merged : 0;
  for (uint32_t i = 0; i < LEDGER_GROUPS_MAX - 1; i++)
    if (ledger->others[i]) bytes += ledger_bytes(ledger->others[i]);
  return bytes;
}
