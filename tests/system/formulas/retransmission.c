/* 2.1 to 2.3: requests are lost with probability q, their answers with p, each alone, and the sender asks again:
 * until it is answered, or for A attempts. f = 1 - (1-q)(1-p). Links are per-request: on a connection loss
 * is delay. */
#include "tests/system/formulas/formulas.h"

#include <math.h>

enum { PLAIN, UNCONFIRMED };

static void lose(struct trial *trial, double q, double p) {
  trial_set(trial, "links/producer_to_broker/request_loss=%g%%", q * 100);
  trial_set(trial, "links/producer_to_broker/reply_loss=%g%%", p * 100);
}

static double failure(double q, double p) { return 1 - (1 - q) * (1 - p); }

/* --- 2.1: until it is answered --- */

static void copies(struct findings *findings, const char *kind, double q, double p) {
  struct trial trial;
  trial_open(&trial, findings, "copies.yaml", 3, 50);
  trial_set(&trial, "links/producer_to_broker/kind=%s", kind);
  lose(&trial, q, p);
  struct sample sample = {0}, attempts = {0}, squares = {0};
  uint64_t with[5] = {0}, more = 0, lost = 0;
  const double mean = 1 / (1 - p);
  while (trial_next(&trial)) {
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      sample_add(&sample, operation->effects);
      sample_add(&squares, (operation->effects - mean) * (operation->effects - mean));
      sample_add(&attempts, 1 + operation->retries);
      if (operation->effects < 5) with[operation->effects]++;
      more += operation->effects > 1;
    }
    lost += (uint64_t)trial.result.metrics[METRIC_LOST];
  }
  find_share(findings, &trial, more, sample.n, p, "P(any duplicate) = p");
  for (int k = 1; k <= 3 && pow(p, k - 1) * (1 - p) > 0.008; k++)
    find_share(findings, &trial, with[k], sample.n, pow(p, k - 1) * (1 - p), "P(K = %d) = p^%d (1-p)", k, k - 1);
  find_mean(findings, &trial, &sample, mean, "E[K] = 1/(1-p)");
  find_mean(findings, &trial, &squares, p / ((1 - p) * (1 - p)), "Var K = p/(1-p)^2");
  find_mean(findings, &trial, &attempts, 1 / ((1 - q) * (1 - p)), "E[attempts] = 1/((1-q)(1-p))");
  find_exactly(findings, &trial, (double)lost, 0, "lost");
  trial_close(&trial);
}

static void connection(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "copies.yaml", 1, 20);
  trial_set(&trial, "links/producer_to_broker/kind=connection");
  trial_set(&trial, "system/request.timeout.ms=30s");
  double copies = 0, lost = 0;
  while (trial_next(&trial)) {
    copies += (double)trial.result.metrics[METRIC_REEXECUTIONS];
    lost += (double)trial.result.metrics[METRIC_LOST];
  }
  find_exactly(findings, &trial, copies, 0, "on a connection loss is delay: copies");
  find_exactly(findings, &trial, lost, 0, "on a connection loss is delay: lost");
  trial_close(&trial);
}

/* The same of a provider: each request that arrives is a charge, or, with a key, the first is, and the others are answered
 * with its result. */
static void charges(struct findings *findings, bool keyed, double q, double p) {
  struct trial trial;
  trial_open(&trial, findings, keyed ? "charges-keyed.yaml" : "charges.yaml", 2, 20);
  trial_set(&trial, "links/consumer_to_provider/request_loss=%g%%", q * 100);
  trial_set(&trial, "links/consumer_to_provider/reply_loss=%g%%", p * 100);
  struct sample sample = {0};
  uint64_t many = 0;
  double lost = 0, beyond = 0;
  while (trial_next(&trial)) {
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      sample_add(&sample, keyed ? operation->replays : operation->effects - 1);
      many += operation->effects > 1;
    }
    lost += (double)trial.result.metrics[METRIC_LOST];
    beyond += (double)trial.result.metrics[METRIC_REEXECUTIONS];
  }
  find_mean(findings, &trial, &sample, p / (1 - p), "provider, %s: p/(1-p)",
            keyed ? "with a key, saved results" : "charges beyond the first");
  if (keyed)
    find_exactly(findings, &trial, beyond, 0, "provider, with a key: charges beyond the first");
  else
    find_share(findings, &trial, many, sample.n, p, "provider: P(charged more than once) = p");
  find_exactly(findings, &trial, lost, 0, "provider: not charged");
  trial_close(&trial);
}

void formulas_retransmission(struct findings *findings) {
  static const double losses[][2] = {{0, 0.1}, {0.05, 0.1}, {0.3, 0.1}, {0.05, 0.3}, {0.2, 0.05}};
  for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
    copies(findings, "per-request", losses[i][0], losses[i][1]);
  copies(findings, "datagram", 0.05, 0.1);
  connection(findings);
  charges(findings, false, 0.05, 0.1);
  charges(findings, false, 0.3, 0.3);
  charges(findings, true, 0.05, 0.1);
  charges(findings, true, 0.3, 0.3);
}

/* --- 2.2: for A attempts --- */

struct tally {
  uint64_t unknown, never, stored, both, lost, once, n;
  struct sample copies, beyond;
};

static void run(struct trial *trial, struct tally *tally) {
  while (trial_next(trial)) {
    const int64_t *metrics = trial->result.metrics;
    tally->lost += (uint64_t)metrics[METRIC_LOST_ACKED];
    for (size_t i = 1; i <= trial->operation_count; i++) {
      const struct formula_operation *operation = &trial->operations[i];
      bool unknown = operation->answer == FACT_UNKNOWN;
      tally->n++;
      tally->unknown += unknown;
      tally->never += operation->effects == 0;
      tally->stored += unknown && operation->effects > 0;
      tally->both += operation->effects > 1;
      tally->once += operation->effects == 1;
      sample_add(&tally->copies, operation->effects);
      sample_add(&tally->beyond, operation->effects > 1 ? operation->effects - 1 : 0);
    }
  }
}

static void attempts(struct findings *findings, double q, double p, int count) {
  const double f = failure(q, p), never = pow(q, count), failed = pow(f, count);
  struct trial trial;
  struct tally tally = {0};
  trial_open(&trial, findings, "copies.yaml", 3, 400);
  lose(&trial, q, p);
  trial_set(&trial, "system/retries=%d", count - 1);
  run(&trial, &tally);
  find_share(findings, &trial, tally.never, tally.n, never, "never stored: q^A, A = %d", count);
  find_share(findings, &trial, tally.unknown, tally.n, failed, "reported as failed: f^A, A = %d", count);
  find_share(findings, &trial, tally.stored, tally.n, failed - never, "stored, reported as failed: f^A - q^A, A = %d",
             count);
  const double mean = (1 - q) * (1 - failed) / (1 - f);
  find_mean(findings, &trial, &tally.copies, mean, "E[copies] = (1-q)(1-f^A)/(1-f), A = %d", count);
  if (count > 1)
    find_mean(findings, &trial, &tally.beyond, mean - (1 - never), "E[duplicates] = E[copies] - (1-q^A), A = %d",
              count);
  find_exactly(findings, &trial, (double)tally.lost, 0, "lost of what was reported as stored, A = %d", count);
  trial_close(&trial);
}

static void unconfirmed(struct findings *findings, double q, double p) {
  struct trial trial;
  struct tally tally = {0};
  trial_open(&trial, findings, "copies.yaml", 2, 20);
  trial.row = UNCONFIRMED;
  lose(&trial, q, p);
  run(&trial, &tally);
  find_share(findings, &trial, tally.never, tally.n, q, "acks=0, lost: q");
  find_exactly(findings, &trial, (double)tally.both, 0, "acks=0, copies");
  trial_close(&trial);
}

static void deduplicated(struct findings *findings, double q, double p, int count) {
  struct trial trial;
  struct tally tally = {0};
  trial_open(&trial, findings, "deduplicated.yaml", 2, 20);
  lose(&trial, q, p);
  trial_set(&trial, "workload/rate=50/s"); /* so that none waits for others until its time is over */
  if (count)
    trial_set(&trial, "system/retries=%d", count - 1);
  else
    trial_set(&trial, "system/delivery.timeout.ms=10h");
  run(&trial, &tally);
  find_exactly(findings, &trial, (double)tally.both, 0, "with the broker's deduplication, copies");
  if (count == 0)
    find_exactly(findings, &trial, (double)tally.once, (double)tally.n, "with it and no limit of attempts, stored once");
  trial_close(&trial);
}

/* Attempts at 0, 60, 130, 220 ms, each wait 20 % longer or shorter: the fourth is too late for 200 ms. */
static void delivery_timeout(struct findings *findings, int timeout_ms, int count) {
  const double q = 0.3, p = 0.3, f = failure(q, p);
  struct trial trial;
  struct tally tally = {0};
  trial_open(&trial, findings, "resubmitted.yaml", 2, 20);
  lose(&trial, q, p);
  trial_set(&trial, "system/retries=1000");
  trial_set(&trial, "system/delivery.timeout.ms=%dms", timeout_ms);
  trial_set(&trial, "client/resubmit_unknown=false");
  run(&trial, &tally);
  find_share(findings, &trial, tally.unknown, tally.n, pow(f, count),
             "delivery timeout %d ms: f^A, A = #{t_i < %d ms} = %d", timeout_ms, timeout_ms, count);
  find_share(findings, &trial, tally.never, tally.n, pow(q, count), "delivery timeout %d ms: never stored, q^A, A = %d",
             timeout_ms, count);
  trial_close(&trial);
}

static void resubmitted(struct findings *findings, double q, double p, int count) {
  const double f = failure(q, p), never = pow(q, count);
  struct trial trial;
  struct tally tally = {0};
  trial_open(&trial, findings, "resubmitted.yaml", 3, 20);
  lose(&trial, q, p);
  trial_set(&trial, "system/retries=%d", count - 1);
  run(&trial, &tally);
  find_share(findings, &trial, tally.both, tally.n, (pow(f, count) - never) * (1 - never),
             "submitted again as new: doubled, (f^A - q^A)(1 - q^A), A = %d", count);
  if (count == 2)
    find_share(findings, &trial, tally.never, tally.n, never * never, "submitted again as new: never stored, q^2A, A = %d",
               count);
  trial_close(&trial);
}

void formulas_bounded_retries(struct findings *findings) {
  for (int count = 1; count <= 3; count++) attempts(findings, 0.3, 0.3, count);
  attempts(findings, 0.2, 0.1, 2);
  unconfirmed(findings, 0.05, 0.1);
  unconfirmed(findings, 0.3, 0.1);
  deduplicated(findings, 0.3, 0.3, 0);
  deduplicated(findings, 0.3, 0.3, 3);
  delivery_timeout(findings, 55, 1);
  delivery_timeout(findings, 100, 2);
  delivery_timeout(findings, 200, 3);
  resubmitted(findings, 0.3, 0.3, 2);
  resubmitted(findings, 0.4, 0.3, 3);
}

/* --- 2.3: until when --- */

enum { KAFKA, SQS };

/* E[T] = RTT + sum over i of f^(i+1) (timeout + b_i), all in ms. */
static double completion(double round_trip, double f, double timeout, double first, double most, bool full_jitter) {
  double sum = round_trip;
  for (int i = 0; i < 200; i++) {
    double nominal = first * pow(2, i);
    if (nominal > most) nominal = most;
    double wait = full_jitter ? nominal / 2 : nominal < most ? nominal : 0.95 * most;
    sum += pow(f, i + 1) * (timeout + wait);
  }
  return sum;
}

static void latency(struct findings *findings, size_t row, double q, double p) {
  const double round_trip = 22021000 / 1e6, f = failure(q, p);
  struct trial trial;
  trial_open(&trial, findings, "completion.yaml", 2, 20);
  trial.row = row;
  lose(&trial, q, p);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial))
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      double ms = (double)(operation->answered - operation->intended) / 1e6;
      sample_add(&sample, ms);
      if (operation->retries) continue;
      if (ms < least) least = ms;
      if (ms > most) most = ms;
    }
  find_within(findings, &trial, least, most, round_trip, round_trip, "no failure: exactly RTT, ms");
  find_mean(findings, &trial, &sample, completion(round_trip, f, 200, 100, 400, row == SQS),
            "E[T] = RTT + sum f^(i+1) (timeout + E[b_i]), ms%s", row == KAFKA ? "; at the cap b = 0.95 cap" : "");
  trial_close(&trial);
}

void formulas_completion(struct findings *findings) {
  for (size_t row = KAFKA; row <= SQS; row++) {
    latency(findings, row, 0.2, 0.2);
    latency(findings, row, 0.05, 0.05);
  }
}
