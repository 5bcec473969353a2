/* 2.8: queues. What waits together is not independent: means are of batches of consecutive operations, so long that they
 * do not go together. */
#include "tests/system/formulas/formulas.h"

#include <math.h>
#include <stdlib.h>

/* --- A consumer as a queue --- */

#define BATCH 5000

struct watched {
  struct series wait, time, found; /* s, s, operations there already when one comes */
  struct series waits;             /* whether it waits */
  struct series later[3];          /* whether its time is over these quantiles, s */
  double quantiles[3];
  double little; /* largest difference of the mean latency from the integral of how many are there */
};

static int by_time(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* The integral of how many are there, over time, from two sorted lists of events. */
static double integral(const struct trial *trial) {
  size_t n = trial->operation_count;
  int64_t *left = malloc(n * sizeof *left);
  if (!left) abort();
  for (size_t i = 0; i < n; i++) left[i] = trial->operations[i + 1].effect;
  qsort(left, n, sizeof *left, by_time);
  double area = 0;
  int64_t now = 0, here = 0;
  for (size_t in = 0, out = 0; out < n;) {
    bool arrives = in < n && trial->operations[in + 1].intended <= left[out];
    int64_t at = arrives ? trial->operations[in + 1].intended : left[out];
    area += (double)here * (double)(at - now);
    now = at;
    here += arrives ? 1 : -1;
    in += arrives;
    out += !arrives;
  }
  free(left);
  return area;
}

static void watch(struct trial *trial, struct watched *watched) {
  while (trial_next(trial)) {
    size_t oldest = 1;
    for (size_t i = 1; i <= trial->operation_count; i++) {
      const struct formula_operation *operation = &trial->operations[i];
      double wait = (double)(operation->delivered - operation->intended) / 1e9;
      double time = (double)(operation->effect - operation->intended) / 1e9;
      series_add(&watched->wait, wait);
      series_add(&watched->waits, wait > 100e-6);
      series_add(&watched->time, time);
      while (trial->operations[oldest].effect <= operation->intended) oldest++; /* of one server: in order */
      series_add(&watched->found, (double)(i - oldest));
      for (int q = 0; q < 3; q++) series_add(&watched->later[q], time > watched->quantiles[q]);
    }
    double difference = fabs((double)trial->result.metrics[METRIC_LATENCY_MEAN] -
                             integral(trial) / (double)trial->operation_count);
    if (difference > watched->little) watched->little = difference;
  }
}

static struct watched watched_new(void) {
  struct watched watched = {0};
  watched.wait.length = watched.time.length = watched.found.length = watched.waits.length = BATCH;
  for (int q = 0; q < 3; q++) watched.later[q].length = BATCH;
  return watched;
}

static void single(struct findings *findings, double rate) {
  static const double shares[] = {0.5, 0.9, 0.95};
  const double mu = 10, rho = rate / mu;
  struct trial trial;
  trial_open(&trial, findings, "queue.yaml", rate > 6 ? 5 : 3, 20);
  trial_set(&trial, "workload/rate=%g/s", rate);
  struct watched watched = watched_new();
  for (int q = 0; q < 3; q++) watched.quantiles[q] = -log(1 - shares[q]) / (mu - rate);
  watch(&trial, &watched);
  find_mean(findings, &trial, &watched.time.sample, 1 / (mu - rate), "M/M/1, load %g: E[T] = 1/(mu - rate), s", rho);
  find_mean(findings, &trial, &watched.wait.sample, rho / (mu - rate), "M/M/1: E[Wq] = load/(mu - rate), s");
  find_mean(findings, &trial, &watched.found.sample, rho / (1 - rho), "M/M/1: found there, L = load/(1 - load)");
  find_mean(findings, &trial, &watched.waits.sample, rho, "M/M/1: P(has to wait) = load");
  for (int q = 0; q < 3; q++)
    find_mean(findings, &trial, &watched.later[q].sample, 1 - shares[q],
              "M/M/1: P(T > -ln(1 - %g)/(mu - rate)) = %g", shares[q], 1 - shares[q]);
  find_within(findings, &trial, watched.little, watched.little, 0, 1,
              "Little: mean latency = integral of how many are there / their number, ns apart");
  trial_close(&trial);
}

static void general(struct findings *findings, const char *service, const char *name, double mean_s,
                    double square_s2) {
  const double rate = 7;
  struct trial trial;
  trial_open(&trial, findings, "queue.yaml", 3, 20);
  trial_set(&trial, "workload/service_time=%s", service);
  struct watched watched = watched_new();
  watch(&trial, &watched);
  find_mean(findings, &trial, &watched.wait.sample, rate * square_s2 / (2 * (1 - rate * mean_s)),
            "%s, load %g: E[Wq] = rate E[S^2]/(2(1 - load)), s", name, rate * mean_s);
  trial_close(&trial);
}

static void several(struct findings *findings, int servers, double load) {
  const double mu = 10, rate = load * servers * mu, a = rate / mu;
  double term = 1, sum = 1;
  for (int k = 1; k < servers; k++) sum += term *= a / k;
  term *= a / servers;
  const double busy = term / (1 - load), waits = busy / (sum + busy); /* Erlang C */
  struct trial trial;
  trial_open(&trial, findings, "queue.yaml", 3, 20);
  trial_set(&trial, "topology/threads=%d", servers);
  trial_set(&trial, "workload/rate=%g/s", rate);
  struct watched watched = watched_new();
  watch(&trial, &watched);
  find_mean(findings, &trial, &watched.waits.sample, waits, "M/M/%d, load %g: P(has to wait), Erlang C", servers, load);
  find_mean(findings, &trial, &watched.wait.sample, waits / (servers * mu - rate),
            "M/M/%d: E[Wq] = P(has to wait)/(c mu - rate), s", servers);
  trial_close(&trial);
}

/* --- Retries inflate load --- */

/* All that there is to do, over the time in which it comes: above 1 it takes that much longer. */
static void inflated(struct findings *findings, double rate) {
  const double p = 0.3, mean_s = 0.01, load = rate / (1 - p) * mean_s;
  struct trial trial;
  trial_open(&trial, findings, "inflated.yaml", 12, 60);
  trial_set(&trial, "workload/rate=%g/s", rate);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial)) {
    int64_t last = 0;
    for (size_t i = 1; i <= trial.operation_count; i++)
      if (trial.operations[i].delivered_last > last) last = trial.operations[i].delivered_last;
    double longer = (double)last / (double)trial.operations[trial.operation_count].intended;
    sample_add(&sample, longer);
    if (longer < least) least = longer;
    if (longer > most) most = longer;
  }
  if (load > 1)
    find_mean(findings, &trial, &sample, load, "load %g, with copies rate E[S]/(1-p) = %.3f: done after so much of the time",
              rate * mean_s, load);
  else
    find_within(findings, &trial, least, most, 1, 1.02, "load %g, with copies %.3f: stable, done in time",
                rate * mean_s, load);
  trial_close(&trial);
}

/* --- Windows and groups: periods that are the same to the nanosecond --- */

/* From each answer (or effect) to the w-th after it, in the middle half; in ms. */
static void periods(struct trial *trial, size_t w, bool effects, double *least, double *most) {
  *least = 1e9;
  *most = 0;
  while (trial_next(trial)) {
    size_t n = trial->operation_count;
    int64_t *times = malloc(n * sizeof *times);
    if (!times) abort();
    for (size_t i = 0; i < n; i++)
      times[i] = effects ? trial->operations[i + 1].effect : trial->operations[i + 1].answered;
    qsort(times, n, sizeof *times, by_time);
    for (size_t i = n / 4; i + w < 3 * n / 4; i++) {
      double ms = (double)(times[i + w] - times[i]) / 1e6;
      if (ms < *least) *least = ms;
      if (ms > *most) *most = ms;
    }
    free(times);
  }
}

static void in_flight(struct findings *findings, int w, double broker_ms) {
  struct trial trial;
  double least, most;
  trial_open(&trial, findings, "in-flight.yaml", 1, 3);
  trial_set(&trial, "system/max.in.flight.requests.per.connection=%d", w);
  trial_set(&trial, "costs/broker_request=%dus", (int)(broker_ms * 1000));
  periods(&trial, (size_t)w, false, &least, &most);
  const double service = broker_ms + 0.001, round_trip = 2 * 20 + service, capacity = w * service;
  double period = round_trip > capacity ? round_trip : capacity;
  find_within(findings, &trial, least, most, period - 1e-9, period + 1e-9,
              "window %d, throughput min(C, w/R): ms for %d answers, %s", w, w,
              round_trip > capacity ? "w/R" : "C");
  trial_close(&trial);
}

/* Threads that come back at one instant share each flush. Where their ways differ the first to come back has the next
 * flush alone, and the others the one after it: n commits in two flushes. */
static void flushes(struct findings *findings, int threads, bool apart) {
  struct trial trial;
  double least, most;
  trial_open(&trial, findings, "flushes.yaml", 1, 3);
  trial_set(&trial, "topology/threads=%d", threads);
  if (apart) trial_set(&trial, "links/default/latency=uniform min=1us max=100us");
  periods(&trial, (size_t)threads, true, &least, &most);
  double period = apart ? 2 * 10 : 10 + 0.004;
  find_within(findings, &trial, least, most, period - 1e-9, period + 1e-9,
              "%d threads commit, batch %g a flush of 10 ms: ms for %d effects", threads,
              apart ? threads / 2.0 : threads, threads);
  trial_close(&trial);
}

/* --- Waiting for company --- */

static void linger(struct findings *findings, double rate, double linger_s) {
  const double records = rate * linger_s;
  struct trial trial;
  trial_open(&trial, findings, "linger.yaml", 2, 20);
  trial_set(&trial, "workload/rate=%g/s", rate);
  trial_set(&trial, "system/linger.ms=%gms", linger_s * 1000);
  struct sample sizes = {0};
  struct series waits = {.length = 500};
  while (trial_next(&trial)) {
    size_t size = 0;
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      series_add(&waits, (double)(operation->appended - operation->intended) / 1e6 - 0.1);
      size++;
      if (i < trial.operation_count && trial.operations[i + 1].appended == operation->appended) continue;
      if (i < trial.operation_count) sample_add(&sizes, (double)size);
      size = 0;
    }
  }
  find_mean(findings, &trial, &sizes, 1 + records, "linger: mean batch 1 + rate linger");
  find_mean(findings, &trial, &waits.sample, 1000 * linger_s * (1 + records / 2) / (1 + records),
            "linger: mean wait linger (1 + rate linger/2)/(1 + rate linger), ms");
  trial_close(&trial);
}

/* The interval begins with the first record after a commit: at 500 a second, C/2 but for 1 %. A commit is three
 * exchanges, of 0.2 ms and what brokers do. */
static void read_committed(struct findings *findings, double interval_s) {
  const double records = 500 * interval_s;
  struct trial trial;
  trial_open(&trial, findings, "committed.yaml", 2, 20);
  trial_set(&trial, "system/commit_interval=%gms", interval_s * 1000);
  struct series series = {.length = 1000};
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++)
      series_add(&series, (double)(trial.operations[i].effect - trial.operations[i].delivered) / 1e6 - 0.01);
  find_mean(findings, &trial, &series.sample,
            1000 * interval_s * (1 + records / 2) / (1 + records) + 3 * 0.202 - 0.1,
            "read committed: C/2 + a commit, C = %g ms, ms", interval_s * 1000);
  trial_close(&trial);
}

/* --- Head of line --- */

static void head_of_line(struct findings *findings, int receives, double timeout_s) {
  struct trial trial;
  trial_open(&trial, findings, "poison.yaml", 1, 1);
  trial_set(&trial, "system/max_receive_count=%d", receives);
  trial_set(&trial, "system/visibility_timeout=%gs", timeout_s);
  double behind = 0, beside = 0;
  while (trial_next(&trial)) {
    behind = (double)(trial.operations[2].delivered - trial.operations[1].delivered) / 1e9;
    beside = (double)(trial.operations[3].delivered - trial.operations[3].intended) / 1e9;
  }
  find_within(findings, &trial, behind, behind, receives * timeout_s, receives * timeout_s + 0.01,
              "behind a poison message: M V = %d x %g s", receives, timeout_s);
  find_within(findings, &trial, beside, beside, 0, 0.01, "in another group meanwhile: not held up, s");
  trial_close(&trial);
}

void formulas_queues(struct findings *findings) {
  single(findings, 5);
  single(findings, 7);
  general(findings, "100ms", "M/D/1", 0.1, 0.01);
  general(findings, "mix 50ms=90% 550ms=10%", "M/G/1, two times", 0.1, 0.9 * 0.0025 + 0.1 * 0.3025);
  general(findings, "uniform min=0s max=200ms", "M/G/1, uniform", 0.1, 0.04 / 3);
  several(findings, 2, 0.7);
  several(findings, 4, 0.75);
  inflated(findings, 56);
  inflated(findings, 87.5);
  in_flight(findings, 1, 0.02);
  in_flight(findings, 5, 0.02);
  in_flight(findings, 5, 20);
  flushes(findings, 1, false);
  flushes(findings, 8, false);
  flushes(findings, 2, true);
  flushes(findings, 8, true);
  linger(findings, 200, 0.05);
  linger(findings, 20, 0.05);
  read_committed(findings, 0.2);
  read_committed(findings, 1);
  head_of_line(findings, 3, 5);
  head_of_line(findings, 2, 7);
}
