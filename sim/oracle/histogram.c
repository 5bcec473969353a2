#include "sim/oracle/histogram.h"

#include "sim/base/assert.h"

/* Below 32 ns a cell is one nanosecond. From there an octave [2^e, 2^(e+1)) has 32 cells of 2^(e-5)
 * each: cell = 32 * (e - 4) + the five bits below the leading one. With the leading one itself, which is 32,
 * that is 32 * (e - 5) + the first six bits; and below 32 as in the first octave, e = 5. */
enum { CELLS_AN_OCTAVE = 32, OCTAVE_BITS = 5 };

static uint32_t cell_of(uint64_t ns) {
  const uint32_t octave = 63 ^ (uint32_t)__builtin_clzll(ns | CELLS_AN_OCTAVE), width = octave - OCTAVE_BITS;
  return width * CELLS_AN_OCTAVE + (uint32_t)(ns >> width);
}

void histogram_add(struct histogram *histogram, int64_t ns) {
  histogram->cells[cell_of(ns < 0 ? 0 : (uint64_t)ns)]++;
  histogram->total++;
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  into->total += from->total;
  for (uint32_t i = 0; i < HISTOGRAM_CELLS; i++) into->cells[i] += from->cells[i];
}

int64_t histogram_upper(uint32_t cell) {
  ASSERT_LT(cell, HISTOGRAM_CELLS);
  if (cell < CELLS_AN_OCTAVE) return cell;
  uint32_t shift = cell / CELLS_AN_OCTAVE - 1;
  if (shift + OCTAVE_BITS > 62) return INT64_MAX; /* no time reaches these cells */
  uint64_t lower = (uint64_t)(CELLS_AN_OCTAVE + cell % CELLS_AN_OCTAVE) << shift;
  return (int64_t)(lower + ((UINT64_C(1) << shift) - 1));
}

int64_t histogram_quantile(const struct histogram *histogram, int64_t parts, int64_t scale) {
  ASSERT_LT(0, scale);
  ASSERT_LE(0, parts);
  ASSERT_LE(parts, scale);
  if (histogram->total == 0) return 0;
  /* The smallest rank that has at least the share parts / scale at or below it. */
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)histogram->total * (wide)parts;
  uint64_t rank = (uint64_t)((product + (wide)scale - 1) / (wide)scale);
  if (rank == 0) rank = 1;
  uint64_t seen = 0;
  for (uint32_t i = 0; i < HISTOGRAM_CELLS; i++) {
    seen += histogram->cells[i];
    if (seen >= rank) return histogram_upper(i);
  }
  ASSERT_MSG(0, "cells hold %llu values, total says %llu", (unsigned long long)seen,
             (unsigned long long)histogram->total);
  return 0;
}
