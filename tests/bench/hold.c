/* The hold model: N events pending; each that pops schedules one at now + an exponential time of mean
 * 1 ms. The kernel's own queue, keyed luck and quantile table; once with a trace record and the digest
 * for each event, once bare. The wall clock only measures: times, order and digest are those of the
 * seed, and the program fails when two rounds differ.
 *
 *   hold [EVENTS]     EVENTS measured in each round, default 3000000
 */
#include "sim/base/assert.h"
#include "sim/kernel/luck.h"
#include "sim/kernel/quantile.h"
#include "sim/kernel/queue.h"
#include "sim/kernel/time.h"
#include "sim/kernel/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5
#define LOG_BITS 40
__extension__ typedef unsigned __int128 wide;

/* -ln(numerator / 2^bits) in ns of a mean of 1 ms; numerator in [1, 2^bits]. The binary logarithm comes
 * bit by bit from squaring: no floating point reaches an event here either. */
static int64_t exponential_ns(uint64_t numerator, int bits) {
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
  const uint64_t ln2_ps = 693147181; /* ln 2 of a millisecond, in ps */
  return (int64_t)(((wide)log2 * ln2_ps >> LOG_BITS) / 1000);
}

/* Each cell holds the value at its middle. */
static struct quantile_table *exponential_table(void) {
  struct quantile_table *table = calloc(1, sizeof *table);
  ASSERT(table);
  for (uint64_t c = 0; c < QUANTILE_CELLS; c++) {
    uint64_t middle = 2 * c + 1, above = 2 * QUANTILE_CELLS - middle;
    int bits = QUANTILE_BITS + 1;
    table->body[c] = exponential_ns(above, bits);
    for (int level = 0; level < QUANTILE_LEVELS; level++) {
      bits += QUANTILE_BITS;
      table->low[level][c] = exponential_ns((UINT64_C(1) << bits) - middle, bits);
      table->high[level][c] = exponential_ns(above, bits);
    }
  }
  table->mean = NS_PER_MS;
  table->median = exponential_ns(1, 1);
  return table;
}

struct bench {
  struct queue queue;
  struct trace trace;
  struct luck luck;
  const struct quantile_table *table;
};

static inline void schedule(struct bench *bench, struct event *event) {
  event->at += luck_time(&bench->luck, hash_pair(event->a, event->b), bench->table);
  event->b++;
  queue_push(&bench->queue, event);
}

static inline void record(struct trace *trace, const struct event *event) {
  *trace_next(trace) = (struct trace_record){.at = event->at,
                                             .intent = event->a,
                                             .value = event->b,
                                             .kind = event->kind,
                                             .node = (uint16_t)event->node,
                                             .detail = event->detail};
}

static void run_bare(struct bench *bench, uint64_t events) {
  struct event event;
  for (uint64_t i = 0; i < events; i++) {
    queue_pop(&bench->queue, &event);
    schedule(bench, &event);
  }
}

static void run_recorded(struct bench *bench, uint64_t events) {
  struct event event;
  for (uint64_t i = 0; i < events; i++) {
    queue_pop(&bench->queue, &event);
    record(&bench->trace, &event);
    schedule(bench, &event);
  }
}

static uint64_t wall_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct outcome {
  uint64_t wall;     /* ns, of all measured events */
  uint64_t evidence; /* digest of the records, or the last time popped */
};

static struct outcome measure(struct bench *bench, uint64_t pending, uint64_t events,
                              bool recorded) {
  queue_reset(&bench->queue);
  trace_reset(&bench->trace);
  for (uint64_t i = 0; i < pending; i++)
    schedule(bench, &(struct event){.node = (uint32_t)(i % 100), .kind = 1, .a = i + 1});
  run_bare(bench, pending * 2); /* until the pending times have settled */
  uint64_t begin = wall_ns();
  if (recorded)
    run_recorded(bench, events);
  else
    run_bare(bench, events);
  uint64_t digest = recorded ? trace_digest(&bench->trace) : 0;
  uint64_t end = wall_ns();
  return (struct outcome){end - begin, recorded ? digest : (uint64_t)bench->queue.last};
}

static int by_value(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* The first round warms memory and is not counted. */
static uint64_t median_wall(struct bench *bench, uint64_t pending, uint64_t events, bool recorded) {
  uint64_t walls[ROUNDS];
  struct outcome first = measure(bench, pending, events, recorded);
  for (int i = 0; i < ROUNDS; i++) {
    struct outcome outcome = measure(bench, pending, events, recorded);
    ASSERT(outcome.evidence == first.evidence);
    walls[i] = outcome.wall;
  }
  qsort(walls, ROUNDS, sizeof *walls, by_value);
  return walls[ROUNDS / 2];
}

int main(int argc, char **argv) {
  uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
  if (events == 0) {
    fputs("usage: hold [EVENTS]\n", stderr);
    return 64;
  }
  static const uint64_t pendings[] = {10, 1000, 100000, 1000000};
  struct quantile_table *table = exponential_table();
  struct bench *bench = malloc(sizeof *bench);
  ASSERT(bench);
  bench->table = table;
  queue_init(&bench->queue);
  trace_init(&bench->trace);
  luck_init(&bench->luck, LUCK_DRAWN, 1);
  puts("pending,events,ns_per_event,million_per_s,bare_ns_per_event,bare_million_per_s");
  for (size_t i = 0; i < sizeof pendings / sizeof *pendings; i++) {
    double recorded = (double)median_wall(bench, pendings[i], events, true) / (double)events;
    double bare = (double)median_wall(bench, pendings[i], events, false) / (double)events;
    printf("%llu,%llu,%.1f,%.2f,%.1f,%.2f\n", (unsigned long long)pendings[i],
           (unsigned long long)events, recorded, 1e3 / recorded, bare, 1e3 / bare);
    fflush(stdout);
  }
  trace_deinit(&bench->trace);
  queue_deinit(&bench->queue);
  free(bench);
  free(table);
  return 0;
}
