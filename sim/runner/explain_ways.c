#include "sim/runner/explain_ways.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/point.h"

#include <stdlib.h>

struct arrival {
  uintptr_t name;
  uint16_t from, to;
  int64_t at;
  size_t last; /* the last that was sent, of those of the same way until here */
};

static int compare(const struct arrival *x, const struct arrival *y) {
  if (x->name != y->name) return x->name < y->name ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (x->to != y->to) return x->to < y->to ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}
static int by_way(const void *a, const void *b) { return compare(a, b); }

static bool same_way(const struct arrival *x, const struct arrival *y) {
  return x->name == y->name && x->from == y->from && x->to == y->to;
}

bool ways_is_own(const struct ways *ways, const char *name) {
  for (size_t i = 0; i < ways->own_count; i++)
    if (ways->own[i] == name) return true;
  return false;
}

void ways_init(struct ways *ways, const struct explain_record *record) {
  *ways = (struct ways){.record = record};
  ways->arrivals = calloc(record->transmission_count + 1, sizeof *ways->arrivals);
  ASSERT(ways->arrivals);
  for (size_t i = 0; i < record->transmission_count; i++) {
    const struct transmission *sent = &record->transmissions[i];
    if (sent->fate == FATE_ARRIVED)
      ways->arrivals[ways->arrival_count++] =
          (struct arrival){(uintptr_t)sent->name, sent->from, sent->to, sent->end_at, i};
    if (sent->sent_point < POINT_GENERIC__COUNT || ways_is_own(ways, sent->name)) continue;
    GROW(ways->own, ways->own_capacity, ways->own_count + 1);
    ways->own[ways->own_count++] = sent->name;
  }
  qsort(ways->arrivals, ways->arrival_count, sizeof *ways->arrivals, by_way);
  for (size_t i = 1; i < ways->arrival_count; i++) {
    struct arrival *arrival = &ways->arrivals[i];
    if (same_way(arrival, arrival - 1) && arrival->last < arrival[-1].last) arrival->last = arrival[-1].last;
  }
}

void ways_deinit(struct ways *ways) {
  free(ways->arrivals);
  free(ways->own);
  *ways = (struct ways){0};
}

const struct transmission *ways_last(const struct ways *ways, const char *name, uint16_t from, uint16_t to,
                                     int64_t at) {
  const struct arrival wanted = {.name = (uintptr_t)name, .from = from, .to = to, .at = at};
  size_t low = 0, high = ways->arrival_count; /* what comes before low is at most wanted, from high on more */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (compare(&ways->arrivals[middle], &wanted) <= 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || !same_way(&ways->arrivals[low - 1], &wanted)) return NULL;
  return &ways->record->transmissions[ways->arrivals[low - 1].last];
}
