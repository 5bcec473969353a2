#include "sim/base/assert.h"
#include "sim/base/schema.h"
#include "sim/kernel/time.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

__extension__ typedef __int128 wide;

/* What the end of a run adds up, beside the metrics themselves. */
struct finish {
  struct ledger *ledger;
  int64_t *metrics;
  int64_t more, less; /* effects too many and too few, of obligations whose key is forgotten */
};

static const enum metric class_of_absent[OUTCOME__COUNT] = {
    [OUTCOME_OPEN] = METRIC_ABSENT_UNKNOWN,      [OUTCOME_REJECTED] = METRIC_ABSENT_REJECTED,
    [OUTCOME_ABANDONED] = METRIC_ABSENT_UNKNOWN, [OUTCOME_UNKNOWN] = METRIC_ABSENT_UNKNOWN,
    [OUTCOME_NONE] = METRIC_LOST_UNACKED,        [OUTCOME_OK] = METRIC_LOST_ACKED,
};

static enum metric class_of(const struct entry *entry, bool stuck) {
  struct status status = entry->status;
  if (entry->effects) return entry->effects == 1 ? METRIC_ONCE : METRIC_MANY;
  if (status.flags & FLAG_DEAD_LETTERED && !MUTANT(ORACLE_DEAD_LETTER_IS_LOSS)) return METRIC_DEAD_LETTERED;
  bool awaited = status.outcome == OUTCOME_OPEN || status.outcome >= OUTCOME_NONE;
  const bool disposed = status.flags & FLAG_DISPOSED && !MUTANT(ORACLE_DISPOSAL_IS_STUCK);
  if (stuck && awaited && !disposed && !MUTANT(ORACLE_STUCK_IS_LOSS)) return METRIC_STUCK;
  if (MUTANT(ORACLE_LOSS_NOT_COUNTED)) return METRIC_ABSENT_UNKNOWN;
  if (MUTANT(ORACLE_UNKNOWN_IS_LOST) && status.outcome == OUTCOME_UNKNOWN) return METRIC_LOST_ACKED;
  if (MUTANT(ORACLE_ABANDONED_IS_REJECTED) && status.outcome == OUTCOME_ABANDONED)
    return METRIC_ABSENT_REJECTED;
  return class_of_absent[status.outcome];
}

/* What its service's database holds of it and what came of it must be the same; what is still on its way
 * counts as stuck. */
static void compare_stores(struct finish *finish, const struct entry *entry) {
  bool committed = entry->status.flags & FLAG_COMMITTED;
  if (committed == (entry->effects > 0) || MUTANT(ORACLE_COMMIT_IGNORED)) return;
  if (class_of(entry, finish->ledger->stuck) != METRIC_STUCK)
    finish->metrics[METRIC_STORE_DISAGREEMENTS]++;
}

/* An effect of a rejected operation, or of one that was rolled back. */
static bool is_phantom(const struct ledger *ledger, const struct entry *entry) {
  bool rolled_back = ledger->commits && !(entry->status.flags & FLAG_COMMITTED);
  if (MUTANT(ORACLE_ROLLBACK_IGNORED)) rolled_back = false;
  bool refused = entry->status.outcome == OUTCOME_REJECTED && !MUTANT(ORACLE_REFUSED_EFFECT_LEGAL);
  return entry->effects && (rolled_back || refused);
}

/* What an operation comes to in a key that it adds `weight` to. */
static void add_up(struct key_total *total, const struct entry *entry, int64_t weight) {
  const bool firm = entry->status.outcome >= OUTCOME_NONE;
  const bool may = entry->status.outcome != OUTCOME_REJECTED;
  total->least += firm || (may && weight < 0) ? weight : 0;
  total->most += firm || (may && weight > 0) ? weight : 0;
  total->effects += weight * entry->effects;
  if (entry->effects > 1) total->extra += weight * (entry->effects - 1);
  if (entry->effects == 0 && firm) total->missing += weight;
}

static void judge_state(struct finish *finish, uint64_t intent, const struct entry *entry, uint32_t note) {
  struct key_total *totals = finish->ledger->totals;
  switch (entry_law(entry)) {
  case LAW_COUNTS:
    add_up(&totals[entry_key(entry)], entry, 1);
    totals[entry_key(entry)].unretired++;
    break;
  case LAW_MOVES:
    add_up(&totals[entry_key(entry)], entry, -1);
    if (!MUTANT(ORACLE_TRANSFER_ONE_SIDED)) add_up(&totals[note], entry, 1);
    break;
  case LAW_OVERWRITES: rows_judge_open(finish->ledger, intent, entry); break;
  }
}

static void judge(struct finish *finish, uint64_t intent, const struct entry *entry, uint32_t note,
                  bool keyless) {
  int64_t *metrics = finish->metrics;
  metrics[class_of(entry, finish->ledger->stuck)]++;
  metrics[METRIC_EFFECTS] += entry->effects;
  if (entry->effects > 1) metrics[METRIC_REEXECUTIONS] += entry->effects - 1;
  /* What counts shows in any state, each time. */
  if (entry->effects > 1 &&
      (entry_law(entry) != LAW_OVERWRITES || (entry->status.flags & FLAG_CHANGED_AGAIN)))
    metrics[METRIC_DUPLICATE_EFFECTS] += 1 + MUTANT(ORACLE_DUPLICATE_TWICE);
  metrics[METRIC_PHANTOMS] += is_phantom(finish->ledger, entry);
  if (finish->ledger->commits) compare_stores(finish, entry);
  if (!entry->effects && entry->status.flags & FLAG_SUPPRESSED && !MUTANT(ORACLE_SUPPRESSION_BELIEVED))
    metrics[METRIC_FALSE_SUPPRESSIONS]++;
  if (!finish->ledger->state_stated) return;
  if (keyless) {
    if (entry->effects)
      finish->more += entry->effects - 1;
    else
      finish->less++;
    return;
  }
  judge_state(finish, intent, entry, note);
}

static void judge_exception(struct finish *finish, const struct exception *exception) {
  judge(finish, exception->intent, &exception->entry, exception->note, exception->keyless);
}

static void judge_all(struct finish *finish) {
  struct ledger *ledger = finish->ledger;
  const uint64_t oldest = ledger->next - ledger->capacity; /* wraps while there are fewer */
  for (uint64_t i = 0; i < ledger->capacity; i++) {
    if (ledger->ring[i].status.flags & FLAG_ELSEWHERE) continue;
    const uint64_t intent = oldest + ((i - oldest) & ledger->mask);
    judge(finish, intent, &ledger->ring[i], special_note(ledger, intent), false);
  }
  for (size_t i = 0; i < ledger->exception_count; i++)
    if (ledger->exceptions[i].intent) judge_exception(finish, &ledger->exceptions[i]);
  for (size_t page = 0; page < ledger->archive.count; page++) {
    struct archive_reader reader = archive_open(&ledger->archive, page);
    struct exception exception;
    while (archive_next(&reader, &exception)) judge_exception(finish, &exception);
  }
  finish->metrics[METRIC_ONCE] += (int64_t)ledger->retired;
  finish->metrics[METRIC_EFFECTS] += (int64_t)ledger->retired;
}

/* Where a sum is one that every serial order of the operations could leave: all that are firm, none
 * that was refused, each at most once. And what the store holds must be what it said it applied.
 * LIMIT: an effect that comes or goes LEDGER_KEYS_REMEMBERED ids late has no known key, so a store
 * that disagrees with its facts by no more than all of those together is not noticed. */
static void judge_sum(const struct finish *finish, uint32_t key) {
  const struct ledger *ledger = finish->ledger;
  const struct key_total *total = &ledger->totals[key];
  int64_t *metrics = finish->metrics, more = finish->more, less = finish->less;
  int64_t retired = ledger->keys[key].intended - total->unretired;
  if (ledger->special.used) { /* of a transfer it may be either way */
    retired += ledger->special.rows[key].retired;
    more = less = more + less;
  }
  const int64_t least = total->least + retired;
  const int64_t most = total->most + retired + MUTANT(ORACLE_STATE_OFF_BY_ONE);
  const wide off = (wide)total->state - (total->effects + retired);
  const bool as_stated = (off <= more && -off <= less) || MUTANT(ORACLE_STATE_BELIEVED);
  if (as_stated && total->state >= least && total->state <= most) return;
  metrics[METRIC_STATE_ERRORS]++;
  if (!as_stated) return;
  const wide once = (wide)total->state - total->extra, all = (wide)total->state + total->missing;
  bool doubled = total->extra != 0 && once >= least && once <= most;
  bool lost = total->missing != 0 && all >= least && all <= most;
  if (!doubled && !lost && total->extra != 0 && total->missing != 0) {
    const wide neither = once + total->missing;
    doubled = lost = neither >= least && neither <= most;
  }
  metrics[METRIC_STATE_DOUBLED] += doubled;
  metrics[METRIC_STATE_LOST] += lost;
}

static void judge_row(const struct finish *finish, uint32_t key) {
  const enum row_verdict verdict = rows_verdict(finish->ledger, key);
  finish->metrics[METRIC_STATE_ERRORS] += verdict != ROW_LEGAL;
  finish->metrics[METRIC_STATE_STALE] += verdict == ROW_STALE;
  finish->metrics[METRIC_STATE_LOST] += verdict == ROW_LOST;
}

static void judge_keys(const struct finish *finish) {
  const struct ledger *ledger = finish->ledger;
  if (!ledger->state_stated) return;
  for (uint32_t key = 0; key < ledger->key_count; key++) {
    if (ledger->special.used && ledger->special.rows[key].overwritten)
      judge_row(finish, key);
    else
      judge_sum(finish, key);
  }
}

int64_t ledger_rate(int64_t count, int64_t span_ns) {
  if (span_ns <= 0) return 0;
  const wide rate = (wide)count * NS_PER_S * SCHEMA_RATE_SCALE / span_ns;
  return rate < INT64_MAX ? (int64_t)rate : INT64_MAX;
}

static void fill_times(const struct ledger *ledger, int64_t *metrics) {
  metrics[METRIC_GOODPUT] = ledger_rate(metrics[METRIC_ONCE], ledger->effect_last - ledger->intended_first);
  metrics[METRIC_LATENCY_MEAN] = batches_mean(&ledger->latencies);
  metrics[METRIC_LATENCY_P50] = histogram_quantile(&ledger->latency, 50, 100);
  metrics[METRIC_LATENCY_P99] = histogram_quantile(&ledger->latency, 99, 100);
  metrics[METRIC_LATENCY_P999] = histogram_quantile(&ledger->latency, 999, 1000);
  int64_t from = ledger->intended_last;
  if (ledger->healed_last > from) from = ledger->healed_last;
  if (ledger->ended && ledger->ended_at > from) metrics[METRIC_DRAIN] = ledger->ended_at - from;
}

static void finish_one(struct ledger *ledger) {
  int64_t *out = ledger->metrics;
  memcpy(out, ledger->counts, sizeof ledger->counts);
  struct finish finish = {.ledger = ledger, .metrics = out};
  judge_all(&finish);
  out[METRIC_OK] = ledger->outcomes[OUTCOME_OK];
  out[METRIC_NONE] = ledger->outcomes[OUTCOME_NONE];
  out[METRIC_UNKNOWN] = ledger->outcomes[OUTCOME_UNKNOWN];
  out[METRIC_REJECTED] = ledger->outcomes[OUTCOME_REJECTED];
  out[METRIC_ABANDONED] = ledger->outcomes[OUTCOME_ABANDONED];
  out[METRIC_LOST] = out[METRIC_LOST_ACKED] + out[METRIC_LOST_UNACKED];
  judge_keys(&finish);
  fill_times(ledger, out);
  /* [I1] */
  ASSERT_EQ(out[METRIC_ONCE] + out[METRIC_MANY] + out[METRIC_LOST] + out[METRIC_ABSENT_UNKNOWN] +
                out[METRIC_ABSENT_REJECTED] + out[METRIC_DEAD_LETTERED] + out[METRIC_STUCK],
            out[METRIC_INTENDED]);
  ASSERT_EQ(out[METRIC_ONCE] + out[METRIC_MANY] + out[METRIC_REEXECUTIONS], out[METRIC_EFFECTS]);
}

void ledger_finish(struct ledger *ledger, int64_t out[METRIC__COUNT]) {
  for (uint32_t i = 0; i < ledger->groups; i++) finish_one(ledger_of(ledger, i));
  memcpy(out, ledger->metrics, sizeof ledger->metrics);
  if (ledger->groups > 1) ledger_groups_finish(ledger, out);
}

const int64_t *ledger_group(const struct ledger *ledger, uint32_t group) {
  ASSERT_LT(group, ledger->groups);
  return ledger_of(ledger, group)->metrics;
}

const struct histogram *ledger_latency(const struct ledger *ledger) {
  return ledger->groups > 1 ? &ledger->merged->latency : &ledger->latency;
}

const struct batches *ledger_latencies(const struct ledger *ledger) {
  return ledger->together ? ledger->together : &ledger->latencies;
}

const struct timeline_bucket *ledger_timeline(const struct ledger *ledger, size_t *out_count,
                                              int64_t *out_width) {
  const struct timeline *timeline =
      ledger->groups > 1 ? ledger_groups_timeline(ledger) : &ledger->timeline;
  *out_count = ledger->counts[METRIC_INTENDED] || ledger->ended ? timeline->current + 1 : 0;
  *out_width = timeline->width;
  return timeline->cells;
}

bool ledger_evidence(const struct ledger *ledger, uint32_t group, uint64_t intent,
                     uint64_t *out_first, uint64_t *out_second) {
  ASSERT_LT(group, ledger->groups);
  struct exception exception;
  if (!ledger_exception_look(ledger_of(ledger, group), intent, &exception)) return false;
  *out_first = exception.first;
  *out_second = exception.second;
  return true;
}

size_t ledger_bytes(const struct ledger *ledger) {
  return sizeof *ledger + ledger->ring_room * sizeof *ledger->ring +
         ledger->keys_remembered * sizeof *ledger->recent_keys +
         ledger->key_room * sizeof *ledger->keys + ledger->total_room * sizeof *ledger->totals +
         ledger_exceptions_bytes(ledger) + ledger->gap_room * sizeof *ledger->gaps +
         special_bytes(ledger) + ledger_groups_bytes(ledger);
}
