/* The four facts of an operation that goes as most do: an increment, intended, delivered, done and confirmed
 * once, while it stands in the window. Almost all facts of a long run are these, so they are noted here by what
 * they need and nothing else: no call, and no question that an unusual one would raise. For ledger.c only.
 *
 * [U1] A function here says false, and has changed nothing, where anything is not as usual: then the fact's
 *      own function in ledger.c notes it. True: it has done what that function would have done.
 * [U2] Parts of a status are read as wide as they are written, and never together: DELIVERED is often noted
 *      just before EFFECT, and a wider read has to wait until the narrow write has left the processor.
 */
#ifndef SIM_ORACLE_LEDGER_USUAL_H
#define SIM_ORACLE_LEDGER_USUAL_H

#include "sim/base/likely.h"
#include "sim/kernel/time.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

/* The entry of an id that stands in the window, or NULL [W1]. */
static inline struct entry *in_window(struct ledger *ledger, uint64_t intent) {
  /* One comparison for both ends: an id from `next` on wraps to a huge age. */
  if (UNLIKELY(ledger->next - 1 - intent >= ledger->capacity)) return NULL;
  struct entry *entry = &ledger->ring[intent & ledger->mask];
  return UNLIKELY(entry->status.flags & FLAG_ELSEWHERE) ? NULL : entry;
}

/* What a first effect adds, beside what the entry says of it. Returns its latency. */
static inline int64_t count_first_effect(struct ledger *ledger, const struct entry *entry,
                                         const struct trace_record *fact) {
  const int64_t visible_at = MUTANT(ORACLE_LATENCY_OF_FACT) ? fact->at : (int64_t)fact->value;
  const int64_t latency = LIKELY(visible_at > entry->intended_at) ? visible_at - entry->intended_at : 0;
  histogram_add(&ledger->latency, latency);
  batches_add(&ledger->latencies, latency);
  if (LIKELY(visible_at > ledger->effect_last)) ledger->effect_last = visible_at;
  uint64_t *latest = &ledger->keys[entry_key(entry)].latest;
  if (LIKELY(fact->intent > *latest))
    *latest = fact->intent;
  else
    ledger->counts[METRIC_REORDERED] += !MUTANT(ORACLE_ORDER_IGNORED);
  return latency;
}

static inline bool usual_intended(struct ledger *ledger, const struct trace_record *fact) {
  const uint64_t intent = fact->intent, key = fact->value; /* of an increment, that is all */
  struct entry *entry = &ledger->ring[intent & ledger->mask];
  if (UNLIKELY(intent != ledger->next || key >= ledger->key_count || !timeline_is_at(&ledger->timeline, fact->at)))
    return false;
  /* The one that stood there retires. So this is not the first one that is intended. */
  if (UNLIKELY(entry->effects != 1 || !status_equal(entry->status, ledger->plain) || !ledger->plain_fixed ||
               entry_is_special(entry)))
    return false;
  ledger->retired++;
  *entry = (struct entry){.intended_at = fact->at, .about = (uint32_t)key};
  ledger->recent_keys[intent & (ledger->keys_remembered - 1)] = (uint32_t)key;
  ledger->keys[key].intended++;
  ledger->next = intent + 1;
  ledger->counts[METRIC_INTENDED]++;
  ledger->intended_last = fact->at;
  ledger->outcomes[OUTCOME_OPEN]++;
  ledger->timeline.cells[ledger->timeline.current].intended++;
  ledger->open++;
  return true;
}

static inline bool usual_ok(struct ledger *ledger, uint64_t intent) {
  struct entry *entry = in_window(ledger, intent);
  if (UNLIKELY(!entry || entry->status.outcome != OUTCOME_OPEN || entry_is_special(entry))) return false;
  entry->status.outcome = OUTCOME_OK;
  ledger->outcomes[OUTCOME_OPEN]--;
  ledger->outcomes[OUTCOME_OK]++;
  return true;
}

static inline bool usual_delivered(struct ledger *ledger, uint64_t intent) {
  struct entry *entry = in_window(ledger, intent);
  if (UNLIKELY(!entry || entry->status.deliveries != 0)) return false;
  entry->status.deliveries = 1;
  ledger->counts[METRIC_DELIVERED]++;
  return true;
}

static inline bool usual_effect(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  struct entry *entry = in_window(ledger, fact->intent);
  if (UNLIKELY(!entry || entry->effects != 0 || entry->status.flags & FLAG_EFFECTED || entry->status.deliveries == 0 ||
               entry_is_special(entry) || fact->value > TIME_MAX_NS || !timeline_is_at(&ledger->timeline, fact->at)))
    return false;
  entry->effects = 1;
  entry->first_effect = (uint32_t)(number + 1);
  entry->status.flags |= FLAG_EFFECTED;
  ledger->open--;
  ledger->timeline.cells[ledger->timeline.current].first_effects++;
  count_first_effect(ledger, entry, fact);
  return true;
}

/* Where there is one group: whose it is need not be asked, but that it is that one's must be. */
static inline bool noted_as_usual(struct ledger *ledger, const struct trace_record *fact, uint64_t number) {
  switch (fact->kind) {
  case FACT_INTENDED: return usual_intended(ledger, fact);
  case FACT_OK: return usual_ok(ledger, fact->intent);
  case FACT_DELIVERED: return fact->detail == 0 && usual_delivered(ledger, fact->intent);
  case FACT_EFFECT: return fact->detail == 0 && usual_effect(ledger, fact, number);
  default: return false;
  }
}

#endif
