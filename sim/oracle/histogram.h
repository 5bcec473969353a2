/* Latencies in integer, log-linear cells: 32 cells an octave, so a reported quantile is at most 1/32
 * (3.2 %) above the true one. Sums over runs cell by cell. */
#ifndef SIM_ORACLE_HISTOGRAM_H
#define SIM_ORACLE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_CELLS (32 * 64)

struct histogram {
  uint64_t total;
  uint64_t cells[HISTOGRAM_CELLS];
};

void histogram_add(struct histogram *histogram, int64_t ns); /* negative counts as 0 */
void histogram_merge(struct histogram *into, const struct histogram *from);
/* Upper edge (ns) of the cell that holds the quantile parts / scale; 0 when empty. */
int64_t histogram_quantile(const struct histogram *histogram, int64_t parts, int64_t scale);
int64_t histogram_upper(uint32_t cell); /* upper edge of a cell, ns, inclusive */

#endif
