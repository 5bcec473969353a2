/* 2.5: how long it takes until a failure is noticed, and what stands still or is lost meanwhile. */
#include "tests/system/formulas/formulas.h"

#include <math.h>

#define NS 1e9

/* From a node's death to the end of its session, in s. */
static double noticed(const struct trial *trial) {
  const struct trace_record *down = trial_fact(trial, FACT_NODE_DOWN, 0);
  const struct trace_record *expired = trial_fact(trial, FACT_EXPIRED, 0);
  return down && expired ? (double)(expired->at - down->at) / NS : NAN;
}

static void session(struct findings *findings, const char *file, double session_s, double heartbeat_s) {
  struct trial trial;
  trial_open(&trial, findings, file, 100, 400);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial)) {
    double seconds = noticed(&trial);
    sample_add(&sample, seconds);
    if (seconds < least) least = seconds;
    if (seconds > most) most = seconds;
  }
  find_mean(findings, &trial, &sample, session_s - heartbeat_s / 2, "noticed after S - h/2, s");
  find_within(findings, &trial, least, most, session_s - heartbeat_s, session_s + 0.001, "noticed within S - h to S, s");
  trial_close(&trial);
}

/* The coordinator looks for transactions that are too old each 10 s. */
static void open_transaction(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "open-transaction.yaml", 1, 1);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  const int phases = findings->whole ? 400 : 100;
  const size_t runs = (size_t)phases;
  for (size_t i = 0; i < runs; i++) {
    trial_close(&trial);
    trial_open(&trial, findings, "open-transaction.yaml", 1, 1);
    trial_set(&trial, "faults/crash/intent=%zu", 20 + 1000 * i / runs);
    while (trial_next(&trial)) {
      const struct trace_record *down = trial_fact(&trial, FACT_NODE_DOWN, 0);
      const struct trace_record *aborted = trial_fact(&trial, FACT_TRANSACTION_ABORTED, 0);
      double seconds = down && aborted ? (double)(aborted->at - down->at) / NS : NAN;
      sample_add(&sample, seconds);
      if (seconds < least) least = seconds;
      if (seconds > most) most = seconds;
    }
  }
  trial.setting_count = 0;
  find_mean(findings, &trial, &sample, 15 + 5, "stall behind an open transaction: timeout - a + 5 s, a = 0");
  find_within(findings, &trial, least, most, 14.99, 25.01, "stall, s: timeout to timeout + 10 s");
  trial_close(&trial);
}

/* What was committed within the standby's delay. */
static void unclean(struct findings *findings) {
  const double rate = 400, delay_s = 0.05, mean = rate * delay_s;
  struct trial trial;
  trial_open(&trial, findings, "unclean.yaml", 1800, 4000);
  uint64_t lost = 0, n = 0;
  struct sample squares = {0};
  while (trial_next(&trial)) {
    double some = (double)trial.result.metrics[METRIC_LOST_ACKED];
    lost += (uint64_t)some;
    n++;
    sample_add(&squares, (some - mean) * (some - mean));
  }
  find_count(findings, &trial, lost, mean * (double)n,
             "standby behind by d, lost of %llu takeovers: rate d = %g each",
             (unsigned long long)n, mean);
  find_mean(findings, &trial, &squares, mean, "the variance of what is lost, as it is a Poisson number: rate d");
  trial_close(&trial);
}

/* The follower's fetch is parked at the leader while nothing is there, and takes two hops after each answer. A record
 * is lost that came after the last answer that will be followed by another fetch. */
static void leader(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "replicas.yaml", 400, 2000);
  struct sample sample = {0};
  while (trial_next(&trial)) sample_add(&sample, (double)trial.result.metrics[METRIC_LOST_ACKED]);
  find_mean(findings, &trial, &sample, 100 * 0.05, "acks=1, the leader dies, its follower a hop d behind: rate d");
  trial_close(&trial);
}

static void in_sync(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "follower.yaml", 100, 400);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial)) {
    const struct trace_record *began = trial_fact(&trial, FACT_FAULT_BEGAN, 0);
    int64_t first = INT64_MAX;
    for (size_t i = 1; i <= trial.operation_count; i++) {
      const struct formula_operation *operation = &trial.operations[i];
      if (operation->intended > began->at && operation->answered < first) first = operation->answered;
    }
    double seconds = (double)(first - began->at) / NS;
    sample_add(&sample, seconds);
    if (seconds < least) least = seconds;
    if (seconds > most) most = seconds;
  }
  find_mean(findings, &trial, &sample, 4 + 1, "a follower leaves the in-sync set: lag + lag/4 in the mean, s");
  find_within(findings, &trial, least, most, 3.99, 6.01, "within lag to 1.5 lag, s");
  trial_close(&trial);
}

#define MARK_BYTES (85 + 40) /* models/store/keyspace.h: a key, and its expiry */

static void everysec(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "everysec.yaml", 200, 1000);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial)) {
    double lost = (double)trial.operation_count -
                  (double)trial.result.metrics[METRIC_DEDUP_BYTES_END] / MARK_BYTES;
    sample_add(&sample, lost);
    if (lost < least) least = lost;
    if (lost > most) most = lost;
  }
  find_mean(findings, &trial, &sample, 500 * (0.5 + 0.0007), "appendfsync everysec, power lost: marks gone, rate 0.5 s");
  find_within(findings, &trial, least, most, 0, 500 * 1.2, "marks gone: none to a second's");
  trial_close(&trial);
}

/* Without group commit a commit would take the flush; it waits for the rest of the one under way besides. */
static void group_commit(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "group-commit.yaml", 1, 10);
  struct series series = {.length = 500};
  while (trial_next(&trial)) {
    series_cut(&series);
    for (size_t i = 1000; i <= trial.operation_count; i++)
      series_add(&series, (double)(trial.operations[i].effect - trial.operations[i].delivered) / 1e6);
  }
  find_mean(findings, &trial, &series.sample, 20 + 10 + 0.102, "group commit of F = 20 ms adds F/2: F + F/2, ms");
  trial_close(&trial);
}

void formulas_detection(struct findings *findings) {
  session(findings, "death.yaml", 6, 1);
  session(findings, "broker-death.yaml", 9, 2);
  open_transaction(findings);
  unclean(findings);
  leader(findings);
  in_sync(findings);
  everysec(findings);
  group_commit(findings);
}
