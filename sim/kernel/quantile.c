#include "sim/kernel/quantile.h"

#define LAST (QUANTILE_CELLS - 1)
_Static_assert((QUANTILE_LEVELS + 1) * QUANTILE_BITS <= 64,
               "a uniform number has bits for all levels");

void quantile_narrow(struct quantile_table *table) {
  table->narrowed = true;
  for (int i = 1; i < LAST; i++) {
    if (table->body[i] < 0 || table->body[i] > UINT32_MAX) table->narrowed = false;
    table->narrow[i] = (uint32_t)table->body[i];
  }
}

int64_t quantile_tail(const struct quantile_table *table, uint64_t uniform) {
  uint64_t tail = uniform >> (64 - QUANTILE_BITS);
  if (tail != 0 && tail != LAST) return table->body[tail];
  const int64_t(*levels)[QUANTILE_CELLS] = tail == 0 ? table->low : table->high;
  uint64_t cell = tail;
  int level = -1;
  while (cell == tail && level + 1 < QUANTILE_LEVELS) {
    level++;
    uniform <<= QUANTILE_BITS;
    cell = uniform >> (64 - QUANTILE_BITS);
  }
  return levels[level][cell];
}
