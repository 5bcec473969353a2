/* A distribution of times as a table of integers, so that no floating point reaches an event.
 *
 * The unit interval is cut into QUANTILE_CELLS equal cells, each holding the mean of the distribution
 * over that cell, rounded to ns; the first and the last cell are cut again, QUANTILE_LEVELS deep,
 * because that is where tails are:
 *
 *   body    |.|                    ...                    |.|
 *   low[0]  ^ cut into |.|  ...  | |          |.|  ...  |.| ^ cut into: high[0]
 *   low[1]             ^ cut into ...                   ^ cut into: high[1] ...
 *
 * Never read, because they are cut further: body[0], body[last], low[l][0] and high[l][last] for every
 * level l but the last (last = QUANTILE_CELLS - 1). The deepest level answers its own low[…][0] and
 * high[…][last]. The table's mean is the distribution's, to rounding. Tables are built by
 * sim/runner/distribution.h; their hash is in the manifest.
 *
 * [I1] narrow[c] == body[c] for every c that is read, or `narrowed` is false.
 */
#ifndef SIM_KERNEL_QUANTILE_H
#define SIM_KERNEL_QUANTILE_H

#include "sim/base/likely.h"

#include <stdbool.h>
#include <stdint.h>

#define QUANTILE_BITS 9 /* a narrow body of 2 KiB: several tables stay in the first cache */
#define QUANTILE_CELLS (1 << QUANTILE_BITS)
#define QUANTILE_LEVELS 3

struct quantile_table {
  bool constant;  /* every draw is `median` */
  int64_t median; /* ns */
  int64_t mean;   /* ns, of the table */
  bool narrowed;  /* no value of the body is 2^32 ns (4.3 s) or more: draws read `narrow` */
  uint32_t narrow[QUANTILE_CELLS]; /* the body, in half the room; see quantile_narrow */
  /* low[0] cuts body[0], high[0] the last of body; low[l] cuts low[l - 1][0], high[l] the last of
   * high[l - 1]. Not filled in when constant. */
  int64_t body[QUANTILE_CELLS];
  int64_t low[QUANTILE_LEVELS][QUANTILE_CELLS];
  int64_t high[QUANTILE_LEVELS][QUANTILE_CELLS];
};

/* Fills in `narrow`, if the body fits. What is drawn is the same before and after. */
void quantile_narrow(struct quantile_table *table);

/* The value at a number whose top QUANTILE_BITS are all 0 or all 1. With all 0, the next QUANTILE_BITS
 * bits are a cell of low[0]; where these are all 0 too, the next a cell of low[1], and so on; with all 1
 * likewise in high. */
int64_t quantile_tail(const struct quantile_table *table, uint64_t uniform);

/* The value at a uniform 64-bit number, of a table that is not constant. */
static inline int64_t quantile_at(const struct quantile_table *table, uint64_t uniform) {
  uint64_t cell = uniform >> (64 - QUANTILE_BITS);
  if (LIKELY(cell - 1 < QUANTILE_CELLS - 2))
    return LIKELY(table->narrowed) ? table->narrow[cell] : table->body[cell];
  return quantile_tail(table, uniform);
}

#endif
