/* M/M/1: Poisson arrivals, one server with exponential service, mean 1 ms, at a utilisation of 80 %; two
 * events a customer. The mean time that customers wait is compared with the closed form.
 *
 *   mm1 CUSTOMERS     so many are served
 *
 * Prints "events=… cpu_ns=… customers=… wait_ns=… evidence=…". Exit status 1 when the mean wait is more
 * than four standard errors from rho / (mu - lambda) = 4 ms.
 */
#include "tests/bench/engine.h"

#include "sim/base/assert.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SERVICE_NS NS_PER_MS
#define GAP_NS (NS_PER_MS * 5 / 4)
/* Waits of neighbours resemble each other: the asymptotic variance of their mean, times the number of
 * customers, is rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4, in services^2 (Daley, "The serial
 * correlation coefficients of waiting times in a stationary single server queue", 1968). */
#define WAIT_NS (4 * NS_PER_MS)
#define WAIT_VARIANCE (0.8 * (2 + 5 * 0.8 - 4 * 0.64 + 0.512) / (0.2 * 0.2 * 0.2 * 0.2))

enum { ARRIVAL = 1, DEPARTURE };

struct line {
  const struct quantile_table *gap, *service;
  int64_t *arrivals; /* a ring: of who waits */
  uint64_t room, head, waiting;
  bool busy;
  uint64_t arrived, begun, served;
  int64_t waited; /* ns, of all who have begun: 10^9 customers of some ms each fit */
};

static void stand(struct line *line, int64_t at) {
  if (line->waiting == line->room) {
    line->arrivals = realloc(line->arrivals, 2 * line->room * sizeof *line->arrivals);
    ASSERT(line->arrivals);
    for (uint64_t i = 0; i < line->head; i++) line->arrivals[line->room + i] = line->arrivals[i];
    line->room *= 2;
  }
  line->arrivals[(line->head + line->waiting++) & (line->room - 1)] = at;
}

static void serve(struct engine *engine, struct line *line, int64_t arrived) {
  line->busy = true;
  line->waited += engine->now - arrived;
  uint64_t customer = ++line->begun;
  int64_t service = luck_time(&engine->luck, hash_pair(DEPARTURE, customer), line->service);
  struct event *done = queue_place(&engine->queue, engine->now + service);
  done->node = 1;
  done->kind = DEPARTURE;
  done->detail = 0;
  done->a = customer;
  done->b = 0;
}

static void on_arrival(struct engine *engine, const struct event *event) {
  engine_record(engine, event);
  struct line *line = engine->model;
  uint64_t customer = ++line->arrived;
  int64_t gap = luck_time(&engine->luck, hash_pair(ARRIVAL, customer), line->gap);
  struct event *next = queue_place(&engine->queue, event->at + gap);
  next->node = 0;
  next->kind = ARRIVAL;
  next->detail = 0;
  next->a = customer + 1;
  next->b = 0;
  if (line->busy)
    stand(line, event->at);
  else
    serve(engine, line, event->at);
}

static void on_departure(struct engine *engine, const struct event *event) {
  engine_record(engine, event);
  struct line *line = engine->model;
  line->served++;
  line->busy = false;
  if (line->waiting == 0) return;
  int64_t arrived = line->arrivals[line->head];
  line->head = (line->head + 1) & (line->room - 1);
  line->waiting--;
  serve(engine, line, arrived);
}

int main(int argc, char **argv) {
  uint64_t customers = engine_count(argc > 1 ? argv[1] : NULL, "mm1 CUSTOMERS");
  struct engine *engine = malloc(sizeof *engine);
  ASSERT(engine);
  struct quantile_table *gap = engine_exponential(GAP_NS), *service = engine_exponential(SERVICE_NS);
  struct line line = {.gap = gap, .service = service, .room = 64};
  line.arrivals = malloc(line.room * sizeof *line.arrivals);
  ASSERT(line.arrivals);
  engine_init(engine);
  engine->model = &line;
  engine->on_event[ARRIVAL] = on_arrival;
  engine->on_event[DEPARTURE] = on_departure;
  queue_push(&engine->queue, &(struct event){.kind = ARRIVAL, .a = 1});
  uint64_t begin = engine_cpu_ns();
  while (line.served < customers) engine_run(engine, 1);
  uint64_t evidence = trace_digest(&engine->trace), end = engine_cpu_ns();
  int64_t wait = line.waited / (int64_t)line.begun;
  printf("events=%" PRIu64 " cpu_ns=%" PRIu64 " customers=%" PRIu64 " wait_ns=%" PRId64 " evidence=%016" PRIx64
         "\n",
         engine->events, end - begin, customers, wait, evidence);
  double error = SERVICE_NS * sqrt(WAIT_VARIANCE / (double)customers);
  bool agrees = fabs((double)(wait - WAIT_NS)) <= 4 * error;
  if (!agrees)
    fprintf(stderr, "mm1: a mean wait of %" PRId64 " ns; %lld ns is expected, give or take %.0f\n", wait,
            (long long)WAIT_NS, error);
  engine_deinit(engine);
  free(line.arrivals);
  free(engine);
  free(gap);
  free(service);
  return agrees ? 0 : 1;
}
