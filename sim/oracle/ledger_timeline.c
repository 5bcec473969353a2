#include "sim/base/assert.h"
#include "sim/kernel/time.h"
#include "sim/oracle/ledger_state.h"

#include <string.h>

void timeline_reset(struct timeline *timeline, int64_t width) {
  ASSERT_LT(0, width);
  memset(timeline->cells, 0, (timeline->current + 1) * sizeof *timeline->cells);
  timeline->current = 0;
  timeline->width = timeline->end = width;
}

/* Two cells become one; its `open` is the later one's, which the current cell does not know yet. */
static void halve(struct timeline *timeline) {
  struct timeline_bucket *cells = timeline->cells;
  for (size_t i = 0; i < LEDGER_BUCKETS_MAX / 2; i++) {
    struct timeline_bucket a = cells[2 * i], b = cells[2 * i + 1];
    cells[i] = (struct timeline_bucket){
        .intended = a.intended + b.intended,
        .first_effects = a.first_effects + b.first_effects,
        .duplicate_effects = a.duplicate_effects + b.duplicate_effects,
        .duplicate_deliveries = a.duplicate_deliveries + b.duplicate_deliveries,
        .open = b.open,
    };
  }
  memset(cells + LEDGER_BUCKETS_MAX / 2, 0, LEDGER_BUCKETS_MAX / 2 * sizeof *cells);
  timeline->current /= 2;
  timeline->width *= 2;
}
_Static_assert(LEDGER_BUCKETS_MAX % 2 == 0, "cells merge in pairs");

void timeline_advance(struct timeline *timeline, int64_t at, int64_t open) {
  ASSERT_LE(0, at);
  ASSERT_LE(at, TIME_MAX_NS);
  while (at / timeline->width >= LEDGER_BUCKETS_MAX) halve(timeline);
  size_t target = (size_t)(at / timeline->width);
  for (; timeline->current < target; timeline->current++)
    timeline->cells[timeline->current].open = open;
  timeline->end = (int64_t)(target + 1) * timeline->width;
}
