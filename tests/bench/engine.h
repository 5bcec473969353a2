/* What the kernel's benchmarks share: events of 32 bytes in the kernel's queue, dispatched by kind
 * through a table of functions as the world does, keyed luck in tables of integers, and a trace whose
 * digest is taken. The clock of the process only measures: times, order and digest are the seed's.
 */
#ifndef TESTS_BENCH_ENGINE_H
#define TESTS_BENCH_ENGINE_H

#include "sim/kernel/luck.h"
#include "sim/kernel/quantile.h"
#include "sim/kernel/queue.h"
#include "sim/kernel/time.h"
#include "sim/kernel/trace.h"

#include <stdbool.h>
#include <stdint.h>

#define ENGINE_KINDS 8

struct engine;
typedef void engine_fn(struct engine *engine, const struct event *event);

struct engine {
  struct queue queue;
  struct trace trace;
  struct luck luck;
  int64_t now;     /* ns */
  uint64_t events; /* popped */
  bool traced;     /* else the handlers leave no records: what trace and digest cost */
  engine_fn *on_event[ENGINE_KINDS];
  void *model; /* of the benchmark; the engine does not look at it */
};

/* The caller's storage; luck of seed 1, traced. */
void engine_init(struct engine *engine);
void engine_deinit(struct engine *engine);

/* Pops and dispatches `events` events. The queue must not run empty (assertion). */
void engine_run(struct engine *engine, uint64_t events);

/* An exponential distribution of this mean, ns, as a table; the caller frees it. */
struct quantile_table *engine_exponential(int64_t mean);

/* ns of processor time that this process has used: what others do at the same time does not count. */
uint64_t engine_cpu_ns(void);

/* A count from a command line: 1 or more; ends the program with status 64 and `usage` otherwise. */
uint64_t engine_count(const char *text, const char *usage);

/* The record of an event: what a handler of the world does first. */
static inline void engine_record(struct engine *engine, const struct event *event) {
  if (!engine->traced) return;
  *trace_next(&engine->trace) = (struct trace_record){.at = event->at,
                                                      .intent = event->a,
                                                      .value = event->b,
                                                      .kind = event->kind,
                                                      .node = (uint16_t)event->node,
                                                      .detail = event->detail};
}

#endif
