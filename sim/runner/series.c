#include "sim/runner/series.h"

#include "sim/base/assert.h"

#include <stdlib.h>

/* Results are kept by the ten thousand: no room that is not used. */
static struct bytes shrunk(struct bytes bytes) {
  unsigned char *items = realloc(bytes.items, bytes.count > 0 ? bytes.count : 1);
  ASSERT_MSG(items, "out of memory for a result");
  return (struct bytes){.items = items, .count = bytes.count, .capacity = bytes.count > 0 ? bytes.count : 1};
}

struct bytes series_of_latency(const struct histogram *latency) {
  struct bytes bytes = {0};
  for (uint32_t cell = 0, next = 0; cell < HISTOGRAM_CELLS; cell++) {
    if (latency->cells[cell] == 0) continue;
    bytes_unsigned(&bytes, cell - next);
    bytes_unsigned(&bytes, latency->cells[cell]);
    next = cell + 1;
  }
  return shrunk(bytes);
}

struct bytes series_of_timeline(const struct timeline_bucket *timeline, size_t count) {
  struct bytes bytes = {0};
  int64_t open = 0;
  for (size_t i = 0, next = 0; i < count; i++) {
    const struct timeline_bucket *cell = &timeline[i];
    if ((cell->intended | cell->first_effects | cell->duplicate_effects | cell->duplicate_deliveries) == 0 &&
        cell->open == open)
      continue;
    bytes_unsigned(&bytes, i - next);
    bytes_unsigned(&bytes, cell->intended);
    bytes_unsigned(&bytes, cell->first_effects);
    bytes_unsigned(&bytes, cell->duplicate_effects);
    bytes_unsigned(&bytes, cell->duplicate_deliveries);
    bytes_signed(&bytes, (int64_t)((uint64_t)cell->open - (uint64_t)open));
    open = cell->open;
    next = i + 1;
  }
  return shrunk(bytes);
}

static struct bytes_reader reader_of(const struct bytes *series) {
  return (struct bytes_reader){.at = series->items, .end = series->items ? series->items + series->count : NULL};
}

bool series_add_latency(const struct bytes *series, struct histogram *into) {
  struct bytes_reader reader = reader_of(series);
  for (uint64_t cell = 0; reader.at < reader.end; cell++) {
    cell += bytes_read_up_to(&reader, HISTOGRAM_CELLS - 1);
    const uint64_t count = bytes_read_unsigned(&reader);
    if (cell >= HISTOGRAM_CELLS || reader.bad) return false;
    into->cells[cell] += count;
    into->total += count;
  }
  return true;
}

bool series_read_timeline(const struct bytes *series, size_t count, struct timeline_bucket *out) {
  struct bytes_reader reader = reader_of(series);
  int64_t open = 0;
  size_t next = 0;
  while (reader.at < reader.end) {
    const uint64_t quiet = bytes_read_up_to(&reader, LEDGER_BUCKETS_MAX);
    if (quiet >= count - next) return false;
    for (uint64_t i = 0; i < quiet; i++) out[next++] = (struct timeline_bucket){.open = open};
    struct timeline_bucket *cell = &out[next++];
    cell->intended = (uint32_t)bytes_read_up_to(&reader, UINT32_MAX);
    cell->first_effects = (uint32_t)bytes_read_up_to(&reader, UINT32_MAX);
    cell->duplicate_effects = (uint32_t)bytes_read_up_to(&reader, UINT32_MAX);
    cell->duplicate_deliveries = (uint32_t)bytes_read_up_to(&reader, UINT32_MAX);
    open = (int64_t)((uint64_t)open + (uint64_t)bytes_read_signed(&reader));
    cell->open = open;
    if (reader.bad) return false;
  }
  while (next < count) out[next++] = (struct timeline_bucket){.open = open};
  return true;
}
