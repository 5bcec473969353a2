/* 2.10: what is committed in a database and has to be published as well. */
#include "tests/system/formulas/formulas.h"

#include <math.h>

enum { BY_ID, BY_FLAG };

/* Ids are drawn at the insert. Who goes by the last one skips what commits behind a later one: something as soon as
 * commits overlap and take different times, nothing when all take the same. */
static void cursor(struct findings *findings, size_t row, bool varies) {
  struct trial trial;
  trial_open(&trial, findings, "cursor.yaml", 20, 200);
  trial.row = row;
  if (varies) trial_set(&trial, "links/producer_to_database/latency=lognormal median=1ms p99=20ms");
  double lost = 0, least = 1e9, most = 0;
  while (trial_next(&trial)) {
    double some = (double)trial.result.metrics[METRIC_LOST];
    lost += some;
    if (some < least) least = some;
    if (some > most) most = some;
  }
  if (row == BY_ID && varies)
    find_within(findings, &trial, least, most, 1, 1000, "cursor on id, durations vary: skipped in each run, more than 0");
  else
    find_exactly(findings, &trial, lost, 0, "%s, durations %s: skipped", row == BY_ID ? "cursor on id" : "a flag in each row",
                 varies ? "vary" : "are the same");
  trial_close(&trial);
}

static void slow_commit(struct findings *findings, size_t row) {
  struct trial trial;
  trial_open(&trial, findings, "slow-commit.yaml", 20, 200);
  trial.row = row;
  double lost = 0;
  while (trial_next(&trial)) lost += (double)trial.result.metrics[METRIC_LOST];
  find_exactly(findings, &trial, lost, row == BY_ID ? (double)trial.seeds : 0, "one of two commits is late, %s: skipped",
               row == BY_ID ? "cursor on id" : "a flag in each row");
  trial_close(&trial);
}

static size_t crashes_of(const struct trial *trial) {
  size_t crashes = 0;
  for (size_t i = 0; i < trial->fact_count; i++) crashes += trial->facts[i].kind == FACT_NODE_DOWN;
  return crashes;
}

/* What has been sent is done. Database first: from the COMMIT's request to the event's, a round trip of 20 ms. Publish
 * first: from the event's to the COMMIT's, two. */
static void dual_write(struct findings *findings, const char *order, double window_ms) {
  struct trial trial;
  trial_open(&trial, findings, "dual.yaml", 18, 100);
  trial_set(&trial, "publisher/order=%s", order);
  uint64_t crashes = 0, apart = 0;
  while (trial_next(&trial)) {
    crashes += crashes_of(&trial);
    apart += (uint64_t)trial.result.metrics[METRIC_STORE_DISAGREEMENTS];
  }
  find_share(findings, &trial, apart, crashes, window_ms / 100, "dual write, %s: a crash parts the two, window / gap",
             order);
  trial_close(&trial);
}

/* From the event's request to the mark's, a round trip of 40 ms. */
static void publish_then_mark(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "relay.yaml", 12, 100);
  uint64_t crashes = 0, twice = 0;
  double lost = 0;
  while (trial_next(&trial)) {
    crashes += crashes_of(&trial);
    twice += (uint64_t)trial.result.metrics[METRIC_REEXECUTIONS];
    lost += (double)trial.result.metrics[METRIC_LOST];
  }
  find_share(findings, &trial, twice, crashes, 0.4, "publish then mark: a crash doubles, window / gap");
  find_exactly(findings, &trial, lost, 0, "publish then mark: lost");
  trial_close(&trial);
}

/* Of a batch of B those that were sent, the one under way among them: uniform on 1 to B. */
static void batch(struct findings *findings, int size) {
  struct trial trial;
  trial_open(&trial, findings, "relay-batch.yaml", 20, 200);
  trial_set(&trial, "publisher/batch=%d", size);
  struct sample sample = {0};
  while (trial_next(&trial))
    sample_add(&sample, (double)trial.result.metrics[METRIC_REEXECUTIONS] / (double)crashes_of(&trial));
  find_mean(findings, &trial, &sample, (size + 1) / 2.0, "batch of B = %d, published again: (B+1)/2", size);
  trial_close(&trial);
}

void formulas_outboxes(struct findings *findings) {
  cursor(findings, BY_ID, true);
  cursor(findings, BY_ID, false);
  cursor(findings, BY_FLAG, true);
  slow_commit(findings, BY_ID);
  slow_commit(findings, BY_FLAG);
  dual_write(findings, "database-first", 20);
  dual_write(findings, "publish-first", 40);
  publish_then_mark(findings);
  batch(findings, 20);
}
