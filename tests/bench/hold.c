/* The hold model: N events pending; each that pops schedules one at now + an exponential time of mean
 * 1 ms.
 *
 *   hold PENDING EVENTS [untraced]     EVENTS are measured, after twice PENDING to settle
 *
 * Prints "events=… cpu_ns=… evidence=…"; evidence is the digest, or the time last popped.
 */
#include "tests/bench/engine.h"

#include "sim/base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const usage = "hold PENDING EVENTS [untraced]";

static void on_due(struct engine *engine, const struct event *event) {
  engine_record(engine, event);
  const struct quantile_table *table = engine->model;
  int64_t delay = luck_time(&engine->luck, hash_pair(event->a, event->b), table);
  struct event *next = queue_place(&engine->queue, event->at + delay);
  next->node = event->node;
  next->kind = event->kind;
  next->detail = event->detail;
  next->a = event->a;
  next->b = event->b + 1;
}

int main(int argc, char **argv) {
  uint64_t pending = engine_count(argc > 1 ? argv[1] : NULL, usage);
  uint64_t events = engine_count(argc > 2 ? argv[2] : NULL, usage);
  struct engine *engine = malloc(sizeof *engine);
  ASSERT(engine);
  struct quantile_table *table = engine_exponential(NS_PER_MS);
  engine_init(engine);
  engine->traced = argc < 4 || strcmp(argv[3], "untraced") != 0;
  engine->model = table;
  engine->on_event[1] = on_due;
  for (uint64_t i = 0; i < pending; i++)
    on_due(engine, &(struct event){.node = (uint32_t)(i % 100), .kind = 1, .a = i + 1});
  engine_run(engine, pending * 2);
  uint64_t begin = engine_cpu_ns();
  engine_run(engine, events);
  uint64_t evidence = engine->traced ? trace_digest(&engine->trace) : (uint64_t)engine->now;
  uint64_t end = engine_cpu_ns();
  printf("events=%" PRIu64 " cpu_ns=%" PRIu64 " evidence=%016" PRIx64 "\n", events, end - begin, evidence);
  engine_deinit(engine);
  free(engine);
  free(table);
  return 0;
}
