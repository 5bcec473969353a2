/* A run's latencies and its timeline, as a result keeps them: packed, as a campaign keeps all its results, and most
 * cells of both are empty.
 *
 *   latencies   of each cell that is not empty: how many empty ones stand before it, its count
 *   timeline    of each cell in which something happened: how many without stand before it, its counts, by how much
 *               `open` changed
 *
 * Numbers are those of sim/base/bytes.h. */
#ifndef SIM_RUNNER_SERIES_H
#define SIM_RUNNER_SERIES_H

#include "sim/base/bytes.h"
#include "sim/oracle/histogram.h"
#include "sim/oracle/ledger.h"

/* Packed; `items` is the caller's. */
struct bytes series_of_latency(const struct histogram *latency);
struct bytes series_of_timeline(const struct timeline_bucket *timeline, size_t count);

/* Adds the latencies to a histogram. False: these are no latencies, and some of them may have been added. */
bool series_add_latency(const struct bytes *series, struct histogram *into);
/* Writes `count` cells, at most LEDGER_BUCKETS_MAX. False: these are not so many cells. */
bool series_read_timeline(const struct bytes *series, size_t count, struct timeline_bucket *out);

#endif
