#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"
#include "sim/kernel/time.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/ledger_usual.h"
#include "sim/oracle/mutants.h"

#include <stdlib.h>

struct ledger *ledger_new(void) {
  struct ledger *ledger = calloc(1, sizeof *ledger);
  ASSERT_MSG(ledger, "out of memory");
  ledger_limit(ledger, LEDGER_WINDOW_MIN, LEDGER_WINDOW_MAX, LEDGER_KEYS_REMEMBERED,
               LEDGER_EXCEPTIONS_MAX);
  ledger_reset(ledger, 0, 1, 1);
  return ledger;
}

void ledger_free(struct ledger *ledger) {
  if (!ledger) return;
  ledger_groups_free(ledger);
  ledger_exceptions_free(ledger);
  free(ledger->gaps);
  free(ledger->ring);
  free(ledger->recent_keys);
  free(ledger->keys);
  free(ledger->totals);
  special_free(ledger);
  free(ledger);
}

void ledger_limit(struct ledger *ledger, uint64_t window_min, uint64_t window_max,
                  uint64_t keys_remembered, uint64_t exceptions_max) {
  ASSERT(window_min && (window_min & (window_min - 1)) == 0);
  ASSERT(window_max && (window_max & (window_max - 1)) == 0);
  ASSERT(keys_remembered && (keys_remembered & (keys_remembered - 1)) == 0);
  ASSERT_LE(window_min, window_max);
  ASSERT_LE(window_max, keys_remembered); /* [W4] */
  ASSERT_LT(0, exceptions_max);
  ledger->window_min = window_min;
  ledger->window_max = window_max;
  ledger->keys_remembered = keys_remembered;
  ledger->exceptions_max = exceptions_max;
  /* All at once and not as ids are issued: what is never written costs no memory, and a run that
   * is under way allocates nothing. */
  free(ledger->recent_keys);
  ledger->recent_keys = malloc(keys_remembered * sizeof *ledger->recent_keys);
  ASSERT_MSG(ledger->recent_keys, "out of memory");
  special_free(ledger); /* it is as long */
}

void ledger_reset(struct ledger *ledger, uint32_t keys, uint32_t groups, int64_t bucket_ns) {
  ledger_window_reset(ledger);
  timeline_reset(&ledger->timeline, bucket_ns);
  ledger->key_count = keys + 1;
  ledger_exceptions_reset(ledger);
  GROW(ledger->keys, ledger->key_room, ledger->key_count);
  memset(ledger->keys, 0, ledger->key_count * sizeof *ledger->keys);
  special_reset(ledger);
  ledger->state_stated = false;
  memset(ledger->outcomes, 0, sizeof ledger->outcomes);
  memset(ledger->counts, 0, sizeof ledger->counts);
  memset(&ledger->latency, 0, sizeof ledger->latency);
  batches_reset(&ledger->latencies);
  ledger->open = 0;
  ledger->intended_first = ledger->intended_last = ledger->effect_last = 0;
  ledger->healed_last = ledger->ended_at = 0;
  ledger->ended = ledger->stuck = ledger->livelocked = false;
  ledger_groups_reset(ledger, keys, groups, bucket_ns);
}

bool ledger_stuck(const struct ledger *ledger) { return ledger->stuck; }

bool ledger_livelocked(const struct ledger *ledger) { return ledger->livelocked; }

void ledger_expect_commits(struct ledger *ledger) {
  for (uint32_t i = 0; i < ledger->groups; i++) {
    ledger_of(ledger, i)->commits = true;
    ledger_of(ledger, i)->plain.flags |= FLAG_COMMITTED;
  }
}

typedef void fact_fn(struct ledger *, const struct trace_record *, uint64_t number);

static void on_intended(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  uint64_t intent = fact->intent;
  const uint32_t about = (uint32_t)fact->value, key = about & FACT_KEY_MASK;
  ASSERT_MSG(key < ledger->key_count, "intent %llu has key %u of %u", (unsigned long long)intent, key,
             ledger->key_count - 1);
  if (intent != ledger->next) ledger_window_skip(ledger, intent, number);
  ledger_window_make_room(ledger, intent, number);
  struct entry *entry = &ledger->ring[intent & ledger->mask];
  *entry = (struct entry){.intended_at = fact->at, .about = about};
  ledger->recent_keys[intent & (ledger->keys_remembered - 1)] = about;
  if (entry_is_special(entry)) special_intended(ledger, fact);
  if (entry_law(entry) == LAW_COUNTS) ledger->keys[key].intended++;
  ledger->next = intent + 1;
  if (ledger->counts[METRIC_INTENDED]++ == 0) ledger->intended_first = fact->at;
  ledger->intended_last = fact->at;
  ledger->outcomes[OUTCOME_OPEN]++;
  timeline_cell(&ledger->timeline, fact->at, ledger->open)->intended++;
  ledger->open++;
}

static void note_outcome(struct ledger *ledger, uint64_t intent, enum outcome outcome) {
  struct exception *exception = NULL;
  struct entry *entry = in_window(ledger, intent);
  if (!entry) {
    exception = ledger_exception_find(ledger, intent);
    if (!exception) return; /* retired, so its outcome is final; or never issued */
    entry = &exception->entry;
  }
  if (MUTANT(ORACLE_FIRST_OUTCOME) && entry->status.outcome != OUTCOME_OPEN) return;
  const bool weaker = outcome <= entry->status.outcome && !MUTANT(ORACLE_WEAKER_OUTCOME);
  if (entry->status.outcome >= OUTCOME_NONE || weaker) return;
  ledger->outcomes[entry->status.outcome]--;
  ledger->outcomes[outcome]++;
  entry->status.outcome = (uint8_t)outcome;
  if (entry_is_special(entry) && outcome >= OUTCOME_NONE)
    special_returned(ledger, intent, entry, exception);
  if (exception) ledger_exception_settle(ledger, exception);
}

#define OUTCOMES(X)                                                                                \
  X(ok, OK) X(none, NONE) X(unknown, UNKNOWN) X(rejected, REJECTED) X(abandoned, ABANDONED)
#define X(name, id)                                                                                \
  static void on_##name(struct ledger *ledger, const struct trace_record *fact, uint64_t number) { \
    (void)number;                                                                                  \
    note_outcome(ledger, fact->intent, OUTCOME_##id);                                              \
  }
OUTCOMES(X)
#undef X

static void on_delivered(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  ledger->counts[METRIC_DELIVERED]++;
  struct entry *entry = in_window(ledger, fact->intent);
  if (!entry) {
    struct exception *exception = ledger_exception_reach(ledger, fact->intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  if (entry->status.deliveries == 2 || ++entry->status.deliveries == 1) return;
  if (MUTANT(ORACLE_REDELIVERY_MISSED) && entry->effects) return;
  ledger->counts[METRIC_DUPLICATE_DELIVERIES]++;
  timeline_cell(&ledger->timeline, fact->at, ledger->open)->duplicate_deliveries++;
}

/* From no standing effect to one. */
static void apply_effect(struct ledger *ledger, const struct trace_record *fact, struct entry *entry,
                         uint64_t number) {
  struct timeline_bucket *cell = timeline_cell(&ledger->timeline, fact->at, ledger->open);
  ledger->open--;
  entry->effects = 1;
  entry->first_effect = (uint32_t)(number + 1);
  if (entry->status.flags & FLAG_EFFECTED) return; /* undone and done again */
  entry->status.flags |= FLAG_EFFECTED;
  if (entry->status.deliveries == 0) entry->status.deliveries = 1; /* [I5] */
  cell->first_effects++;
  ASSERT_MSG(fact->value <= TIME_MAX_NS, "effect of %llu is visible from %lld",
             (unsigned long long)fact->intent, (long long)fact->value);
  const int64_t latency = count_first_effect(ledger, entry, fact);
  if (ledger->together) batches_add(ledger->together, latency);
}

static void on_effect(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  struct entry *entry = in_window(ledger, fact->intent);
  if (entry && entry->effects == 0) {
    apply_effect(ledger, fact, entry, number);
    if (entry_is_special(entry)) special_effect(ledger, fact->intent, entry);
    return;
  }
  if (!entry && MUTANT(ORACLE_LATE_DUPLICATE_MISSED) && ledger_was_issued(ledger, fact->intent)) return;
  struct exception *exception = entry ? ledger_set_aside(ledger, fact->intent, entry, number)
                                      : ledger_exception_reach(ledger, fact->intent);
  if (!exception) {
    if (!MUTANT(ORACLE_PHANTOM_MISSED)) ledger->counts[METRIC_PHANTOMS]++;
    return;
  }
  entry = &exception->entry;
  if (entry->effects == 0) {
    apply_effect(ledger, fact, entry, number);
    exception->first = number + 1;
  } else if (++entry->effects == 2) {
    exception->second = number + 1;
  }
  bool doubled = entry->effects == 2 && entry_law(entry) != LAW_OVERWRITES;
  if (entry_is_special(entry)) doubled |= special_effect(ledger, fact->intent, entry);
  if (doubled) timeline_cell(&ledger->timeline, fact->at, ledger->open)->duplicate_effects++;
  if (exception->keyless) ledger->special.unsure = true;
  ledger_exception_settle(ledger, exception);
}

static void on_effect_undone(struct ledger *ledger, const struct trace_record *fact,
                             uint64_t number) {
  (void)number;
  struct exception *exception = NULL;
  struct entry *entry = in_window(ledger, fact->intent);
  if (!entry) {
    exception = ledger_exception_reach(ledger, fact->intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  if (entry->effects == 0 || MUTANT(ORACLE_UNDONE_STANDS)) return;
  if (--entry->effects == 0) {
    timeline_cell(&ledger->timeline, fact->at, ledger->open);
    ledger->open++;
  }
  if (entry_is_special(entry)) special_undone(ledger, entry);
  if (!exception) return;
  if (exception->keyless) ledger->special.unsure = true;
  if (entry->effects == 0) exception->first = 0;
  if (entry->effects == 1) exception->second = 0;
  ledger_exception_settle(ledger, exception);
}

static void note_flag(struct ledger *ledger, uint64_t intent, enum entry_flag flag) {
  struct entry *entry = in_window(ledger, intent);
  if (!entry) {
    struct exception *exception = ledger_exception_reach(ledger, intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  entry->status.flags |= (uint8_t)flag;
}

static void on_suppressed(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  note_flag(ledger, fact->intent, FLAG_SUPPRESSED);
}

static void on_dead_lettered(struct ledger *ledger, const struct trace_record *fact,
                             uint64_t number) {
  (void)number;
  note_flag(ledger, fact->intent, FLAG_DEAD_LETTERED);
}

/* It is back in its path, or gone for good. */
static void on_dead_letter_left(struct ledger *ledger, const struct trace_record *fact,
                                uint64_t number) {
  (void)number;
  struct exception *exception = NULL;
  struct entry *entry = in_window(ledger, fact->intent);
  if (!entry) {
    exception = ledger_exception_find(ledger, fact->intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  if (!MUTANT(ORACLE_DEAD_LETTER_FOR_EVER)) entry->status.flags &= (uint8_t)~FLAG_DEAD_LETTERED;
  if (exception) ledger_exception_settle(ledger, exception);
}

static void on_committed(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  struct exception *exception = NULL;
  struct entry *entry = in_window(ledger, fact->intent);
  if (!entry) {
    exception = ledger_exception_reach(ledger, fact->intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  if (fact->kind == FACT_COMMITTED)
    entry->status.flags |= FLAG_COMMITTED;
  else
    entry->status.flags &= (uint8_t)~FLAG_COMMITTED;
  if (exception) ledger_exception_settle(ledger, exception);
}

/* What has an effect may be disposed of: retention does so to every message, and must not make each
 * an exception. */
static void on_disposed(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  struct entry *entry = in_window(ledger, fact->intent);
  if (!entry) {
    struct exception *exception = ledger_exception_find(ledger, fact->intent);
    if (!exception) return;
    entry = &exception->entry;
  }
  if (entry->effects == 0) entry->status.flags |= FLAG_DISPOSED;
}

static void on_state(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  uint32_t key = fact_state_key(fact->detail);
  ASSERT_LT(key, ledger->key_count);
  if (!ledger->state_stated) {
    GROW(ledger->totals, ledger->total_room, ledger->key_count);
    memset(ledger->totals, 0, ledger->key_count * sizeof *ledger->totals);
    ledger->state_stated = true;
  }
  ledger->totals[key].state = (int64_t)fact->value;
}

#define COUNTED(X) X(replayed, REPLAYS) X(key_conflict, KEY_CONFLICTS) X(key_mismatch, KEY_MISMATCHES)
#define X(name, id)                                                                                \
  static void on_##name(struct ledger *ledger, const struct trace_record *fact, uint64_t number) { \
    (void)fact, (void)number;                                                                      \
    ledger->counts[METRIC_##id]++;                                                                 \
  }
COUNTED(X)
#undef X

static void on_healed(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  if (fact->at > ledger->healed_last) ledger->healed_last = fact->at;
}

static void on_end(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  timeline_cell(&ledger->timeline, fact->at, ledger->open);
  ledger->ended = true;
  ledger->ended_at = fact->at;
  if (fact->kind != FACT_STUCK) return;
  ledger->stuck = true;
  ledger->livelocked = fact->value > 0;
}

static void on_counter(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  (void)number;
  int64_t value = (int64_t)fact->value, *counts = ledger->counts;
  switch (fact->detail) {
    case COUNTER_ROUND_TRIPS: counts[METRIC_ROUND_TRIPS] += value; break;
    case COUNTER_DURABLE_WRITES: counts[METRIC_DURABLE_WRITES] += value; break;
    case COUNTER_EVENTS: counts[METRIC_EVENTS] += value; break;
    case COUNTER_DEDUP_BYTES_PEAK:
      if (value > counts[METRIC_DEDUP_BYTES_PEAK]) counts[METRIC_DEDUP_BYTES_PEAK] = value;
      counts[METRIC_DEDUP_BYTES_END] += value;
      break;
    case COUNTER_DEDUP_BYTES_FORGOTTEN: counts[METRIC_DEDUP_BYTES_END] -= value; break;
    case COUNTER_DATABASE_READS: counts[METRIC_DATABASE_READS] += value; break;
    case COUNTER_DATABASE_WRITES: counts[METRIC_DATABASE_WRITES] += value; break;
    case COUNTER_OUTBOX_ROWS_PEAK: counts[METRIC_OUTBOX_ROWS_PEAK] += value; break;
    case COUNTER_OUTBOX_ROWS_END: counts[METRIC_OUTBOX_ROWS_END] += value; break;
    case COUNTER_OUTBOX_BYTES_PEAK: counts[METRIC_OUTBOX_BYTES_PEAK] += value; break;
    case COUNTER_SLOT_BYTES_PEAK: counts[METRIC_SLOT_BYTES_PEAK] += value; break;
    default: break; /* a price that no metric shows */
  }
}

/* Whose books a fact stands in: by how many bits its `detail` is shifted to give the group. */
enum scope {
  SCOPE_GROUP = 0,                   /* that of `detail` */
  SCOPE_STATE = FACT_STATE_KEY_BITS, /* likewise, beside the key */
  SCOPE_RUN = 32,                    /* the first's, for all */
  SCOPE_EVERY = 33,                  /* all groups': what clients do, and how the run goes */
};
_Static_assert(SCOPE_STATE < SCOPE_RUN, "all of a detail's 32 bits are shifted out where there is no group");
struct fact_row {
  fact_fn *on;
  enum scope scope;
};
#define FACT_ROWS(X)                                                                               \
  X(INTENDED, on_intended, SCOPE_EVERY) \
  X(OK, on_ok, SCOPE_EVERY) \
  X(NONE, on_none, SCOPE_EVERY) \
  X(UNKNOWN, on_unknown, SCOPE_EVERY) \
  X(REJECTED, on_rejected, SCOPE_EVERY) \
  X(ABANDONED, on_abandoned, SCOPE_EVERY) \
  X(DELIVERED, on_delivered, SCOPE_GROUP) \
  X(EFFECT, on_effect, SCOPE_GROUP) \
  X(EFFECT_UNDONE, on_effect_undone, SCOPE_GROUP) \
  X(DEAD_LETTERED, on_dead_lettered, SCOPE_GROUP) \
  X(DEAD_LETTER_LEFT, on_dead_letter_left, SCOPE_GROUP) \
  X(DISPOSED, on_disposed, SCOPE_GROUP) \
  X(STATE, on_state, SCOPE_STATE) \
  X(STUCK, on_end, SCOPE_EVERY) \
  X(HEALED, on_healed, SCOPE_EVERY) \
  X(DRAINED, on_end, SCOPE_EVERY) \
  X(COUNTER, on_counter, SCOPE_RUN) \
  X(SUPPRESSED, on_suppressed, SCOPE_GROUP) \
  X(REPLAYED, on_replayed, SCOPE_GROUP) \
  X(KEY_CONFLICT, on_key_conflict, SCOPE_GROUP) \
  X(KEY_MISMATCH, on_key_mismatch, SCOPE_GROUP) \
  X(COMMITTED, on_committed, SCOPE_EVERY) \
  X(COMMITTED_UNDONE, on_committed, SCOPE_EVERY)
static const struct fact_row fact_rows[FACT__END - TRACE_FACT] = {
#define X(id, on, scope) [FACT_##id - TRACE_FACT] = {on, scope},
    FACT_ROWS(X)
#undef X
};
#define X(id, on, scope) | UINT64_C(1) << (FACT_##id - TRACE_FACT)
_Static_assert((0 FACT_ROWS(X)) == FACTS_JUDGED, "the ledger has a row for what is judged, and for nothing else");
#undef X

static __attribute__((noinline)) /* as what is usual does not come here */
void note(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  const struct fact_row *row = &fact_rows[fact->kind - TRACE_FACT];
  const uint64_t group = (uint64_t)fact->detail >> row->scope;
  ASSERT_LT(group, ledger->groups);
  row->on(ledger_of(ledger, (uint32_t)group), fact, number);
  for (uint32_t i = 1; i < ledger->groups && row->scope == SCOPE_EVERY; i++)
    row->on(ledger_of(ledger, i), fact, number);
}

void ledger_sink(void *context, const struct trace_record *records, const uint16_t *places, size_t count,
                 uint64_t first) {
  struct ledger *ledger = context;
  const uint16_t *const end = places + count;
  if (ledger->groups == 1) {
    for (const uint16_t *place = places; place < end; place++)
      if (UNLIKELY(!noted_as_usual(ledger, &records[*place], first + *place)))
        note(ledger, &records[*place], first + *place);
  } else {
    for (const uint16_t *place = places; place < end; place++)
      note(ledger, &records[*place], first + *place);
  }
  for (uint32_t i = 0; i < ledger->groups; i++) {
    struct ledger *one = ledger_of(ledger, i);
    one->timeline.cells[one->timeline.current].open = one->open;
  }
}
