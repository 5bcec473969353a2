/* A second judge, written to be obviously right and slow: for each id it goes through all facts from
 * the beginning, with no window, no retirement and no memory bound. The ledger must agree with it. It
 * judges one sink group, and passes over what was stated for others. */
#ifndef TESTS_ORACLE_NAIVE_JUDGE_H
#define TESTS_ORACLE_NAIVE_JUDGE_H

#include "tests/oracle/naive_rows.h"

static inline int naive_strength(enum fact outcome) {
  switch ((int)outcome) {
    case FACT_OK: return 4;
    case FACT_NONE: return 4;
    case FACT_UNKNOWN: return 3;
    case FACT_ABANDONED: return 2;
    case FACT_REJECTED: return 1;
    default: return 0;
  }
}

static inline void naive_effect(struct naive_judge *judge, struct naive_fate *fate, size_t index,
                                int64_t intended_at) {
  const struct trace_record *fact = &judge->facts[index];
  fate->effects++;
  fate->effects_ever++;
  if (fate->effects <= 2) fate->standing[fate->effects - 1] = index + 1;
  if (fate->effects_ever == 1) {
    fate->first_effect_index = index;
    judge->latencies[judge->latency_count++] = (int64_t)fact->value - intended_at;
    if (fate->deliveries == 0) fate->deliveries = 1;
    naive_note(judge, fact, NAIVE_FIRST, -1);
  } else if (fate->effects == 1) {
    naive_note(judge, fact, NAIVE_OTHER, -1);
  } else if (fate->effects == 2 && operation_law(fate->operation) != LAW_OVERWRITES) {
    naive_note(judge, fact, NAIVE_DUPLICATE, 0);
  }
}

/* The life of one id. */
static inline void naive_follow(struct naive_judge *judge, uint64_t id) {
  struct naive_fate *fate = &judge->fates[id];
  *fate = (struct naive_fate){.outcome = FACT_BASE_};
  int64_t intended_at = 0;
  for (size_t i = 0; i < judge->count; i++) {
    const struct trace_record *fact = &judge->facts[i];
    if (fact->intent != id || !naive_concerns(judge, fact)) continue;
    if (fact->kind == FACT_INTENDED) {
      fate->issued = true;
      fate->key = fact_intended_key(fact->value);
      fate->other = fact_intended_other(fact->value);
      fate->operation = (enum operation)fact_intended_operation(fact->value);
      fate->intended_index = i + 1;
      intended_at = fact->at;
      naive_note(judge, fact, NAIVE_INTENDED, +1);
    } else if (!fate->issued) {
      judge->metrics[METRIC_PHANTOMS] += fact->kind == FACT_EFFECT;
    } else if (naive_strength(fact->kind) > 0) {
      if (naive_strength(fact->kind) > naive_strength(fate->outcome)) fate->outcome = fact->kind;
      if (naive_strength(fact->kind) == 4 && fate->firm_index == 0) fate->firm_index = i + 1;
    } else if (fact->kind == FACT_DELIVERED) {
      if (++fate->deliveries == 2) naive_note(judge, fact, NAIVE_REDELIVERED, 0);
    } else if (fact->kind == FACT_EFFECT) {
      naive_effect(judge, fate, i, intended_at);
    } else if (fact->kind == FACT_EFFECT_UNDONE && fate->effects > 0) {
      if (--fate->effects == 0) naive_note(judge, fact, NAIVE_OTHER, +1);
      if (fate->effects < 2) fate->standing[fate->effects] = 0;
    } else if (fact->kind == FACT_SUPPRESSED) {
      fate->suppressed = true;
    } else if (fact->kind == FACT_DEAD_LETTERED) {
      fate->dead_lettered = true;
    } else if (fact->kind == FACT_DEAD_LETTER_LEFT) {
      fate->dead_lettered = false;
    } else if (fact->kind == FACT_DISPOSED && fate->effects == 0) {
      fate->disposed = true;
    } else if (fact->kind == FACT_COMMITTED || fact->kind == FACT_COMMITTED_UNDONE) {
      fate->committed = fact->kind == FACT_COMMITTED;
    }
    fate->was_settled |= naive_strength(fate->outcome) == 4 && fate->effects == 1;
  }
}

static inline enum metric naive_class(const struct naive_fate *fate, bool stuck) {
  if (fate->effects > 1) return METRIC_MANY;
  if (fate->effects == 1) return METRIC_ONCE;
  if (fate->dead_lettered) return METRIC_DEAD_LETTERED;
  bool confirmed = fate->outcome == FACT_OK, silent = fate->outcome == FACT_NONE;
  bool unanswered = fate->outcome == FACT_BASE_;
  if (stuck && (confirmed || silent || unanswered) && !fate->disposed) return METRIC_STUCK;
  if (confirmed) return METRIC_LOST_ACKED;
  if (silent) return METRIC_LOST_UNACKED;
  if (fate->outcome == FACT_REJECTED) return METRIC_ABSENT_REJECTED;
  return METRIC_ABSENT_UNKNOWN;
}

static inline int64_t naive_reordered(const struct naive_judge *judge) {
  int64_t reordered = 0;
  for (uint64_t id = 1; id < judge->ids; id++) {
    const struct naive_fate *fate = &judge->fates[id];
    if (!fate->effects_ever) continue;
    bool overtaken = false;
    for (uint64_t later = id + 1; later < judge->ids; later++) {
      const struct naive_fate *other = &judge->fates[later];
      overtaken |= other->effects_ever && other->key == fate->key &&
                   other->first_effect_index < fate->first_effect_index;
    }
    reordered += overtaken;
  }
  return reordered;
}

static inline void naive_times(struct naive_judge *judge) {
  int64_t first = -1, last = 0, heal = 0, end = -1, effect = 0;
  for (size_t i = 0; i < judge->count; i++) {
    const struct trace_record *fact = &judge->facts[i];
    if (fact->kind == FACT_INTENDED) {
      if (first < 0) first = fact->at;
      last = fact->at;
    }
    if (fact->kind == FACT_HEALED) heal = fact->at;
    if (fact->kind == FACT_DRAINED || fact->kind == FACT_STUCK) {
      end = fact->at;
      naive_note(judge, fact, NAIVE_OTHER, 0);
    }
  }
  for (uint64_t id = 1; id < judge->ids; id++) {
    const struct naive_fate *fate = &judge->fates[id];
    if (!fate->effects_ever) continue;
    int64_t visible = (int64_t)judge->facts[fate->first_effect_index].value;
    if (visible > effect) effect = visible;
  }
  int64_t *metrics = judge->metrics, from = heal > last ? heal : last;
  if (first >= 0 && effect > first)
    metrics[METRIC_GOODPUT] = (int64_t)(__extension__(__int128)metrics[METRIC_ONCE] * INT64_C(1000000000000000) / (effect - first));
  if (end > from) metrics[METRIC_DRAIN] = end - from;
}

/* Of a run with databases of services: what these hold against what came of it. */
static inline void naive_compare(int64_t *metrics, const struct naive_fate *fate, bool stuck) {
  bool effected = fate->effects > 0;
  metrics[METRIC_PHANTOMS] += effected && !fate->committed && fate->outcome != FACT_REJECTED;
  if (naive_class(fate, stuck) == METRIC_STUCK) return;
  metrics[METRIC_STORE_DISAGREEMENTS] += effected != fate->committed;
}

static inline void naive_add(int64_t *metrics, const struct naive_fate *fate, bool stuck) {
  metrics[METRIC_INTENDED]++;
  metrics[METRIC_OK] += fate->outcome == FACT_OK;
  metrics[METRIC_NONE] += fate->outcome == FACT_NONE;
  metrics[METRIC_UNKNOWN] += fate->outcome == FACT_UNKNOWN;
  metrics[METRIC_REJECTED] += fate->outcome == FACT_REJECTED;
  metrics[METRIC_ABANDONED] += fate->outcome == FACT_ABANDONED;
  metrics[METRIC_EFFECTS] += fate->effects;
  metrics[naive_class(fate, stuck)]++;
  if (fate->effects > 1) metrics[METRIC_REEXECUTIONS] += fate->effects - 1;
  metrics[METRIC_DUPLICATE_EFFECTS] +=
      fate->effects > 1 && (operation_law(fate->operation) != LAW_OVERWRITES || fate->changed_again);
  metrics[METRIC_DUPLICATE_DELIVERIES] += fate->deliveries > 1;
  metrics[METRIC_PHANTOMS] += fate->outcome == FACT_REJECTED && fate->effects > 0;
  metrics[METRIC_FALSE_SUPPRESSIONS] += fate->suppressed && fate->effects == 0;
}

/* All metrics but the latencies, which are left in judge->latencies. */
static inline void naive_judge(struct naive_judge *judge, const struct trace_record *facts,
                               size_t count, uint32_t keys, uint32_t group) {
  judge->facts = facts;
  judge->count = count;
  judge->keys = keys;
  judge->group = group;
  judge->latency_count = judge->event_count = 0;
  int64_t *metrics = judge->metrics;
  memset(metrics, 0, sizeof judge->metrics);
  judge->ids = 0;
  bool stuck = false;
  for (size_t i = 0; i < count; i++) {
    stuck |= facts[i].kind == FACT_STUCK;
    metrics[METRIC_DELIVERED] += facts[i].kind == FACT_DELIVERED && naive_concerns(judge, &facts[i]);
    if (facts[i].intent >= NAIVE_IDS) abort();
    if (facts[i].intent >= judge->ids) judge->ids = facts[i].intent + 1;
  }
  for (uint64_t id = 0; id < judge->ids; id++) naive_follow(judge, id);
  naive_follow_rows(judge);
  for (uint64_t id = 0; id < judge->ids; id++) {
    if (!judge->fates[id].issued) continue;
    naive_add(metrics, &judge->fates[id], stuck);
    if (judge->commits) naive_compare(metrics, &judge->fates[id], stuck);
  }
  metrics[METRIC_LOST] = metrics[METRIC_LOST_ACKED] + metrics[METRIC_LOST_UNACKED];
  metrics[METRIC_REORDERED] = naive_reordered(judge);
  naive_states(judge);
  naive_times(judge);
}

#endif
