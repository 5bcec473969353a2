/* 2.7: copies that escape deduplication. Attempts at t_0 = 0 < t_1 < …, answers lost with probability p each alone and
 * requests never: attempt l is made with probability p^l, so that a copy escapes a window W, fixed from the first copy
 * on, with p^j, j the first attempt later than W. Links are per-request. */
#include "tests/system/formulas/formulas.h"

#include <math.h>
#include <stdio.h>

struct count {
  uint64_t many, n;
  double lost;
};

static struct count run(struct trial *trial) {
  struct count count = {0};
  while (trial_next(trial)) {
    count.many += (uint64_t)trial->result.metrics[METRIC_MANY];
    count.n += trial->operation_count;
    count.lost += (double)trial->result.metrics[METRIC_LOST];
  }
  return count;
}

/* --- Windows of time --- */

enum backoff { CONSTANT, DOUBLING, CAPPED };

/* The first attempt later than W: at i b, or at i s and gaps of 9 s 2^(i-1), or of 20 s at most. */
static int first_later(enum backoff backoff, double window_s) {
  double at = 0, gap = backoff == CONSTANT ? 0 : 9;
  for (int i = 1;; i++) {
    at += 1 + gap;
    if (at > window_s) return i;
    gap *= 2;
    if (backoff == CAPPED && gap > 20) gap = 20;
  }
}

static const char *const backoffs[] = {"constant b = 1 s: j = floor(W/b) + 1", "doubling, b = 9 s",
                                       "doubling from 9 s to 20 s"};

static void window(struct findings *findings, enum backoff backoff, double window_s, double p) {
  const int j = first_later(backoff, window_s);
  const uint64_t seeds = (uint64_t)ceil(0.075 / pow(p, j));
  struct trial trial;
  trial_open(&trial, findings, backoff == CONSTANT ? "window.yaml" : "window-client.yaml", seeds, 10 * seeds);
  trial_set(&trial, "links/producer_to_broker/reply_loss=%g%%", p * 100);
  trial_set(&trial, "handler/retention=%gs", window_s);
  if (backoff == CAPPED) trial_set(&trial, "client/backoff_max=20s");
  struct count count = run(&trial);
  find_share(findings, &trial, count.many, count.n, pow(p, j), "escapes W = %g s: p^j, j = %d; %s", window_s, j,
             backoffs[backoff]);
  find_exactly(findings, &trial, count.lost, 0, "W = %g s, lost", window_s);
  trial_close(&trial);
}

static void fifo(struct findings *findings, double window_s) {
  const double p = 0.5;
  const int j = first_later(CONSTANT, window_s);
  const uint64_t seeds = (uint64_t)ceil(0.075 / pow(p, j));
  struct trial trial;
  trial_open(&trial, findings, "window-fifo.yaml", seeds, 10 * seeds);
  trial_set(&trial, "system/deduplication_interval=%gs", window_s);
  struct count count = run(&trial);
  find_share(findings, &trial, count.many, count.n, pow(p, j), "FIFO queue, interval %g s: p^j, j = %d", window_s, j);
  trial_close(&trial);
}

static void unbounded(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "window-client.yaml", 1, 10);
  trial_set(&trial, "handler/retention=0s");
  struct count count = run(&trial);
  find_exactly(findings, &trial, (double)count.many, 0, "escapes a table that keeps every id");
  trial_close(&trial);
}

/* --- Outages --- */

/* An operation is accepted at a moment of an outage of D = 20 s that any is as likely as any other: it is X, uniform,
 * to its end. It is asked again each 250 ms until then, so that a copy later than W = 10.1 s comes when X > 10 s. */
static void outage(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "window-outage.yaml", 1, 20);
  uint64_t within = 0, many = 0, outside = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      bool cut = operation->answered - operation->intended > 100000000; /* 2 ms elsewhere */
      within += cut;
      many += cut && operation->effects > 1;
      outside += !cut && operation->effects > 1;
    }
  find_share(findings, &trial, many, within, 0.5, "accepted in an outage of 20 s, X uniform: P(X > W) = 1 - W/D");
  find_exactly(findings, &trial, (double)outside, 0, "accepted outside of outages: escapes");
  trial_close(&trial);
}

static void outages(struct findings *findings, double window_s) {
  struct trial trial;
  trial_open(&trial, findings, "window-outages.yaml", 1, 1);
  trial_set(&trial, "handler/retention=%dms", (int)(window_s * 1000) + 100);
  uint64_t within = 0, many = 0, outside = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      const bool cut = fmod((double)operation->intended / 1e9 + 100, 200) < 1;
      within += cut;
      many += cut && operation->effects > 1;
      outside += !cut && operation->effects > 1;
    }
  find_share(findings, &trial, many, within, exp(-window_s / 10),
             "accepted at the beginning of an outage X ~ Exp(10 s): P(X > W) = e^(-W/10 s), W = %g s", window_s);
  trial_close(&trial);
}

/* --- Windows of entries --- */

static double poisson_tail(double mean, int least) {
  double term = exp(-mean), below = 0;
  for (int i = 0; i < least; i++) {
    below += term;
    term *= mean / (i + 1);
  }
  return 1 - below;
}

/* Few copies, so that their gaps of 1 s hardly overlap. */
static void entries(struct findings *findings, int most) {
  const double rate = 100, gap_s = 1;
  struct trial trial;
  trial_open(&trial, findings, "entries.yaml", 10, 100);
  trial_set(&trial, "handler/entries=%d", most);
  uint64_t copies = 0, again = 0;
  while (trial_next(&trial)) {
    copies += (uint64_t)trial.result.metrics[METRIC_DELIVERED] - trial.operation_count;
    again += (uint64_t)trial.result.metrics[METRIC_REEXECUTIONS];
  }
  find_share(findings, &trial, again, copies, poisson_tail(rate * gap_s, most),
             "escapes the last N = %d ids: P(Poisson(rate gap) >= N)", most);
  trial_close(&trial);
}

/* A window that each copy begins anew is escaped only when some single gap is longer: here all are 100 others long. */
static void sliding(struct findings *findings, int most) {
  struct trial trial;
  trial_open(&trial, findings, "entries.yaml", 1, 10);
  trial_set(&trial, "workload/arrivals=steady");
  trial_set(&trial, "links/producer_to_broker/reply_loss=10%%");
  trial_set(&trial, "handler/entries=%d", most);
  uint64_t copies = 0, again = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i + 200 <= trial.operation_count; i++) { /* behind the last there are not so many others */
      copies += trial.operations[i].deliveries - 1u;
      again += trial.operations[i].effects - 1u;
    }
  find_exactly(findings, &trial, (double)again, most < 100 ? (double)copies : 0,
               "window anew with each copy, gaps of 100 others, N = %d: %s of %llu escape", most,
               most < 100 ? "all" : "none", (unsigned long long)copies);
  trial_close(&trial);
}

static void five_batches(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "five-batches.yaml", 2, 20);
  struct count count = run(&trial);
  find_exactly(findings, &trial, (double)count.many, 0, "ring of 5 batches, at most 5 in flight: copies");
  find_exactly(findings, &trial, count.lost, 0, "ring of 5 batches, at most 5 in flight: lost");
  trial_close(&trial);
}

/* --- A mark and an effect, and a crash between them --- */

/* What was sent to cache or database is done there. Lost: from the claim's request to the effect's, a round trip of 20 ms
 * and 20 ms of work. Doubled: from the effect's request to the mark's, a round trip of 20 ms. */
static void between(struct findings *findings, size_t row) {
  const double window_ms[] = {40.002, 20.002};
  struct trial trial;
  trial_open(&trial, findings, "claim.yaml", row ? 18 : 12, 100);
  trial.row = row;
  uint64_t crashes = 0, wrong = 0;
  double other = 0;
  while (trial_next(&trial)) {
    for (size_t i = 0; i < trial.fact_count; i++) crashes += trial.facts[i].kind == FACT_NODE_DOWN;
    wrong += (uint64_t)trial.result.metrics[row ? METRIC_REEXECUTIONS : METRIC_LOST];
    other += (double)trial.result.metrics[row ? METRIC_LOST : METRIC_REEXECUTIONS];
  }
  find_share(findings, &trial, wrong, crashes, window_ms[row] / 100, "a crash %s: P(it comes in between) = window / gap",
             row ? "doubles" : "loses");
  find_exactly(findings, &trial, other, 0, "%s", row ? "lost" : "doubled");
  trial_close(&trial);
}

void formulas_windows(struct findings *findings) {
  window(findings, CONSTANT, 1.5, 0.5);
  window(findings, CONSTANT, 3.5, 0.5);
  window(findings, CONSTANT, 5.5, 0.5);
  window(findings, CONSTANT, 1.5, 0.25);
  window(findings, DOUBLING, 20, 0.25);
  window(findings, DOUBLING, 100, 0.5);
  window(findings, DOUBLING, 400, 0.5);
  window(findings, CAPPED, 100, 0.5);
  fifo(findings, 1.5);
  fifo(findings, 3.5);
  fifo(findings, 5.5);
  unbounded(findings);
  outage(findings);
  outages(findings, 5);
  outages(findings, 3);
  entries(findings, 90);
  entries(findings, 100);
  entries(findings, 104);
  sliding(findings, 130);
  sliding(findings, 90);
  five_batches(findings);
  between(findings, 0);
  between(findings, 1);
}
