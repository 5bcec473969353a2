/* What the naive judge (naive_judge.h) notes of each operation. */
#ifndef TESTS_ORACLE_NAIVE_FATES_H
#define TESTS_ORACLE_NAIVE_FATES_H

#include "sim/oracle/metric.h"
#include "sim/world/fact.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAIVE_IDS 600
#define NAIVE_EVENTS 20000
#define NAIVE_KEYS 8

enum naive_what { NAIVE_INTENDED, NAIVE_FIRST, NAIVE_DUPLICATE, NAIVE_REDELIVERED, NAIVE_OTHER };

/* Something that the timeline shows. */
struct naive_event {
  int64_t at;
  enum naive_what what;
  int open; /* by how much it changes how many are open */
};

/* What the effects make of a key's row, where operations overwrite it. */
struct naive_row {
  bool absent, unsure;
  uint64_t value, newest;
};

struct naive_fate {
  bool issued, suppressed, dead_lettered, disposed, committed;
  enum operation operation;
  uint32_t other; /* of a transfer */
  size_t intended_index, firm_index; /* numbers (from 1) of the records; firm_index 0 = it is not */
  bool changed_again; /* it overwrites, and doing it again changed the row */
  bool was_settled; /* had a final outcome and one effect at some time: may have retired */
  uint32_t key;
  int effects, deliveries, effects_ever;
  size_t first_effect_index;
  size_t standing[2]; /* numbers (from 1) of the first two effects that stand; 0 = none */
  enum fact outcome; /* FACT_BASE_ = none yet */
};

struct naive_judge {
  const struct trace_record *facts;
  size_t count;
  uint32_t keys, group;
  bool commits; /* services have databases */
  uint64_t ids; /* those that facts speak of are below this */
  int64_t metrics[METRIC__COUNT];
  struct naive_fate fates[NAIVE_IDS];
  int64_t latencies[NAIVE_IDS];
  size_t latency_count;
  struct naive_event events[NAIVE_EVENTS];
  size_t event_count;
  struct naive_row rows[NAIVE_KEYS];
  bool too_many; /* operations of one row for every order to be tried */
};

static inline void naive_note(struct naive_judge *judge, const struct trace_record *fact,
                              enum naive_what what, int open) {
  if (judge->event_count == NAIVE_EVENTS) abort();
  judge->events[judge->event_count++] = (struct naive_event){fact->at, what, open};
}

/* Whether a fact is about this group: what a store or a broker did for another one is not. */
static inline bool naive_concerns(const struct naive_judge *judge, const struct trace_record *fact) {
  switch (fact->kind) {
    case FACT_DELIVERED:
    case FACT_EFFECT:
    case FACT_EFFECT_UNDONE:
    case FACT_DEAD_LETTERED:
    case FACT_DEAD_LETTER_LEFT:
    case FACT_DISPOSED:
    case FACT_SUPPRESSED: return fact->detail == judge->group;
    case FACT_STATE: return fact_state_group(fact->detail) == judge->group;
    default: return true;
  }
}

#endif
