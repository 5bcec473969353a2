#include "tests/bench/engine.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOG_BITS 40
__extension__ typedef unsigned __int128 wide;

void engine_init(struct engine *engine) {
  *engine = (struct engine){.traced = true};
  queue_init(&engine->queue);
  trace_init(&engine->trace);
  luck_init(&engine->luck, LUCK_DRAWN, 1);
}

void engine_deinit(struct engine *engine) {
  trace_deinit(&engine->trace);
  queue_deinit(&engine->queue);
}

void engine_run(struct engine *engine, uint64_t events) {
  struct event event;
  for (uint64_t i = 0; i < events; i++) {
    bool more = queue_pop(&engine->queue, &event);
    ASSERT(more);
    engine->now = event.at;
    engine->events++;
    engine->on_event[event.kind](engine, &event);
  }
}

/* -ln(numerator / 2^bits) of a mean, ns; numerator in [1, 2^bits]. The binary logarithm comes bit by bit
 * from squaring: no floating point reaches an event here either. */
static int64_t exponential_ns(uint64_t numerator, int bits, int64_t mean) {
  int top = 63 - __builtin_clzll(numerator);
  uint64_t mantissa = numerator << (63 - top); /* in [1, 2), 63 bits after the point */
  uint64_t fraction = 0;
  for (int i = 0; i < LOG_BITS; i++) {
    wide square = (wide)mantissa * mantissa >> 63;
    bool two = square >> 64 != 0;
    mantissa = (uint64_t)(two ? square >> 1 : square);
    fraction = fraction << 1 | two;
  }
  uint64_t log2 = ((uint64_t)(bits - top) << LOG_BITS) - fraction;
  const uint64_t ln2 = 693147181, scale = 1000000000;
  return (int64_t)((wide)(log2 >> 8) * ln2 / scale * (uint64_t)mean >> (LOG_BITS - 8));
}

/* Each cell holds the value at its middle. */
struct quantile_table *engine_exponential(int64_t mean) {
  struct quantile_table *table = calloc(1, sizeof *table);
  ASSERT(table);
  for (uint64_t c = 0; c < QUANTILE_CELLS; c++) {
    uint64_t middle = 2 * c + 1, above = 2 * QUANTILE_CELLS - middle;
    int bits = QUANTILE_BITS + 1;
    table->body[c] = exponential_ns(above, bits, mean);
    for (int level = 0; level < QUANTILE_LEVELS; level++) {
      bits += QUANTILE_BITS;
      table->low[level][c] = exponential_ns((UINT64_C(1) << bits) - middle, bits, mean);
      table->high[level][c] = exponential_ns(above, bits, mean);
    }
  }
  table->mean = mean;
  table->median = exponential_ns(1, 1, mean);
  return table;
}

uint64_t engine_cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

uint64_t engine_count(const char *text, const char *usage) {
  char *end = NULL;
  errno = 0;
  uint64_t count = text ? strtoull(text, &end, 10) : 0;
  if (count > 0 && *end == '\0' && *text != '-' && errno == 0) return count;
  fprintf(stderr, "usage: %s\n", usage);
  exit(64);
}
