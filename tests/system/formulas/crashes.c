/* 2.4: what a consumer's crash repeats or loses. A crash comes at a time that has nothing to do with the commits: gaps
 * between crashes are spread over many commit intervals. */
#include "tests/system/formulas/formulas.h"

#include <math.h>
#include <stdlib.h>

#define RATE 40.0 /* of crash-after.yaml */

/* How many operations were begun again after each crash of a run: of a later delivery, the crash before it counts. */
struct repeats {
  int64_t crashes[TRIAL_FACTS_MAX];
  double repeated[TRIAL_FACTS_MAX];
  size_t count;
};

static void find_crashes(const struct trial *trial, struct repeats *repeats) {
  repeats->count = 0;
  for (size_t i = 0; i < trial->fact_count; i++) {
    if (trial->facts[i].kind != FACT_NODE_DOWN) continue;
    repeats->crashes[repeats->count] = trial->facts[i].at;
    repeats->repeated[repeats->count++] = 0;
  }
}

static void count_repeats(const struct trial *trial, struct repeats *repeats) {
  find_crashes(trial, repeats);
  for (size_t i = 1; i <= trial->operation_count; i++) {
    const struct formula_operation *operation = &trial->operations[i];
    if (operation->effects < 2) continue; /* the one that was at work had no effect yet */
    for (size_t c = repeats->count; c-- > 0;) {
      if (repeats->crashes[c] > operation->delivered_last) continue;
      repeats->repeated[c] += operation->effects - 1;
      break;
    }
  }
}

/* --- Commits each interval --- */

/* The interval begins with the first record after a commit, so that 1/rate of each period nothing waits for one:
 * rate T / 2 becomes this, and is it where the interval is long. */
static double uncommitted(double rate, double seconds) {
  const double records = rate * seconds;
  return records * (1 + records / 2) / (1 + records);
}

static void interval(struct findings *findings, const char *arrivals, double seconds) {
  struct trial trial;
  static struct repeats repeats;
  trial_open(&trial, findings, "crash-after.yaml", 20, 100);
  trial_set(&trial, "workload/arrivals=%s", arrivals);
  trial_set(&trial, "system/commit_interval=%gs", seconds);
  struct sample sample = {0}, squares = {0};
  const double rate = RATE, records = rate * seconds;
  double most = 0;
  while (trial_next(&trial)) {
    count_repeats(&trial, &repeats);
    for (size_t i = 0; i < repeats.count; i++) {
      double n = repeats.repeated[i];
      sample_add(&sample, n);
      sample_add(&squares, (n - records / 2) * (n - records / 2));
      if (n > most) most = n;
    }
  }
  const bool poisson = arrivals[0] == 'p';
  find_mean(findings, &trial, &sample, uncommitted(rate, seconds), "reprocessed a crash: rate T / 2 = %g", records / 2);
  if (poisson && seconds == 1)
    find_mean(findings, &trial, &squares, records / 2 + records * records / 12,
              "its variance: rate T / 2 + (rate T)^2 / 12");
  if (!poisson) {
    find_mean(findings, &trial, &squares, records * records / 12, "its variance, uniform: (rate T)^2 / 12");
    find_within(findings, &trial, most, most, records - 2, records + 1, "the most: rate T, steady");
  }
  trial_close(&trial);
}

/* k crashes in a horizon, at rate c, their gaps X exponential. What is repeated is what came since the last commit, and
 * a restart begins the interval anew: the age of the last commit at a crash is X mod T, and where X < T the age at the
 * crash before is added, so that its mean is E[X mod T] e^(cT), with E[X mod T] = 1/c - T / (e^(cT) - 1). Where crashes
 * are rare that is T/2. */
static void horizon(struct findings *findings, double gap_s) {
  const double rate = RATE, interval_s = 1;
  struct trial trial;
  trial_open(&trial, findings, "crash-after.yaml", 50, 300);
  trial_set(&trial, "faults/crash/every=exponential mean=%gs", gap_s);
  struct sample sample = {0};
  while (trial_next(&trial)) {
    sample_add(&sample, (double)trial.result.metrics[METRIC_REEXECUTIONS]);
  }
  const double seconds = 16000 / rate;
  const double c = 1 / gap_s, age_s = (1 / c - interval_s / (exp(c * interval_s) - 1)) * exp(c * interval_s);
  find_mean(findings, &trial, &sample, seconds * c * rate * age_s,
            "%g crashes: E[duplicates] = k rate T / 2 = %g, and what restarts put off", seconds * c,
            seconds * c * rate * interval_s / 2);
  trial_close(&trial);
}

static void graceful(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "roll.yaml", 20, 100);
  trial_set(&trial, "faults/roll/mode=drain");
  double repeated = 0, lost = 0;
  while (trial_next(&trial)) {
    repeated += (double)trial.result.metrics[METRIC_REEXECUTIONS];
    lost += (double)trial.result.metrics[METRIC_LOST];
  }
  find_exactly(findings, &trial, repeated, 0, "stopped with a last commit: reprocessed");
  find_exactly(findings, &trial, lost, 0, "stopped with a last commit: lost");
  trial_close(&trial);
}

/* Four members, each with a quarter of the rate: rate T / 2 a roll. */
static void roll(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "roll.yaml", 60, 600);
  struct sample sample = {0};
  while (trial_next(&trial)) {
    size_t crashes = 0;
    for (size_t i = 0; i < trial.fact_count; i++) crashes += trial.facts[i].kind == FACT_NODE_DOWN;
    sample_add(&sample, (double)trial.result.metrics[METRIC_REEXECUTIONS] / ((double)crashes / 4));
  }
  find_mean(findings, &trial, &sample, 200 * 1.0 / 2, "a roll of 4 members, killed: rate T / 2 in all");
  trial_close(&trial);
}

/* --- Commits in the poll loop --- */

#define POLL 20

static void each_poll(struct findings *findings) {
  struct trial trial;
  static struct repeats repeats;
  trial_open(&trial, findings, "crash-poll.yaml", 4, 40);
  struct sample sample = {0};
  double least = 1e9, most = 0;
  while (trial_next(&trial)) {
    count_repeats(&trial, &repeats);
    for (size_t i = 0; i < repeats.count; i++) {
      sample_add(&sample, repeats.repeated[i]);
      if (repeats.repeated[i] < least) least = repeats.repeated[i];
      if (repeats.repeated[i] > most) most = repeats.repeated[i];
    }
  }
  find_mean(findings, &trial, &sample, (POLL - 1) / 2.0, "commits each %d records: (B-1)/2", POLL);
  find_within(findings, &trial, least, most, 0, POLL - 1, "commits each %d records: from 0 to B-1", POLL);
  trial_close(&trial);
}

/* A poll takes c, the timer T: committed at the first poll after it, each c ceil(T/c), and only what earlier polls
 * had returned. A record takes 4 ms, a round trip and a commit: 5 ms in all. */
static void poll_loop(struct findings *findings, double timer_ms) {
  const double record_ms = 4 + 2 * 0.1 + 0.75 + 0.05, poll_ms = POLL * record_ms;
  const double period_ms = poll_ms * ceil(timer_ms / poll_ms);
  struct trial trial;
  static struct repeats repeats;
  trial_open(&trial, findings, "crash-poll.yaml", 8, 100);
  trial_set(&trial, "system/auto.commit.interval.ms=%gms", timer_ms);
  struct sample sample = {0};
  while (trial_next(&trial)) {
    count_repeats(&trial, &repeats);
    for (size_t i = 0; i < repeats.count; i++) sample_add(&sample, repeats.repeated[i]);
  }
  find_mean(findings, &trial, &sample, (period_ms / record_ms - 1) / 2,
            "polls of %g ms, timer %g ms: T_eff = c ceil(T/c) = %g ms, (rate T_eff - 1) / 2", poll_ms, timer_ms,
            period_ms);
  trial_close(&trial);
}

/* Commit before processing: lost from the one at work to the end of the poll, uniform on 1 to B. */
static void commit_before(struct findings *findings) {
  struct trial trial;
  static struct repeats repeats;
  trial_open(&trial, findings, "crash-poll.yaml", 8, 40);
  trial_set(&trial, "system/commit=before-processing");
  struct sample sample = {0};
  double most = 0;
  while (trial_next(&trial)) {
    find_crashes(&trial, &repeats);
    size_t gaps = 0;
    double lost = 0; /* one behind the other, which are of one crash */
    for (size_t i = 1; i <= trial.operation_count; i++) {
      if (trial.operations[i].effects == 0) {
        lost++;
        continue;
      }
      if (lost > most) most = lost;
      if (lost > 0) {
        sample_add(&sample, lost);
        gaps++;
      }
      lost = 0;
    }
    for (size_t i = gaps; i < repeats.count; i++) sample_add(&sample, 0); /* between two polls */
  }
  find_mean(findings, &trial, &sample, (POLL + 1) / 2.0, "commits before each %d records, lost: (B+1)/2", POLL);
  find_within(findings, &trial, most, most, POLL, POLL, "commits before each %d records, the most lost: B", POLL);
  trial_close(&trial);
}

/* --- An acknowledgement for each message --- */

/* What had been sent to the database is done, so the window is from there to its answer: two ways of 20 ms, a
 * statement and a commit, of 100 ms between messages. */
static void acknowledge(struct findings *findings) {
  const double window_ms = 2 * 20 + 0.75, gap_ms = 100;
  struct trial trial;
  static struct repeats repeats;
  trial_open(&trial, findings, "crash-acknowledge.yaml", 12, 100);
  uint64_t crashes = 0, repeated = 0;
  double lost = 0;
  while (trial_next(&trial)) {
    count_repeats(&trial, &repeats);
    crashes += repeats.count;
    for (size_t i = 0; i < repeats.count; i++) repeated += repeats.repeated[i] > 0;
    lost += (double)trial.result.metrics[METRIC_LOST];
  }
  find_share(findings, &trial, repeated, crashes, window_ms / gap_ms,
             "P(a crash repeats) = window from effect to acknowledgement / gap");
  find_exactly(findings, &trial, lost, 0, "an acknowledgement for each message: lost");
  trial_close(&trial);
}

static void lost_delete(struct findings *findings, double q) {
  struct trial trial;
  trial_open(&trial, findings, "lost-delete.yaml", 2, 20);
  trial_set(&trial, "links/consumer_to_broker/request_loss=%g%%", q * 100);
  uint64_t again = 0, n = 0;
  while (trial_next(&trial)) {
    again += (uint64_t)trial.result.metrics[METRIC_DUPLICATE_DELIVERIES];
    n += trial.operation_count;
  }
  find_share(findings, &trial, again, n, q, "P(delivered again) = P(acknowledgement lost)");
  trial_close(&trial);
}

void formulas_crashes(struct findings *findings) {
  interval(findings, "poisson", 1);
  interval(findings, "poisson", 0.4);
  interval(findings, "steady", 1);
  horizon(findings, 10);
  horizon(findings, 2);
  graceful(findings);
  roll(findings);
  each_poll(findings);
  poll_loop(findings, 50);
  poll_loop(findings, 210);
  commit_before(findings);
  acknowledge(findings);
  lost_delete(findings, 0.05);
  lost_delete(findings, 0.2);
}
