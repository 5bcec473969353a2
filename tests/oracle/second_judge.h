/* A second judge, in another style than the ledger: it keeps every fact that decides, sorts them into one
 * story for each obligation when the run is over, and asks each story the questions of sim/oracle/README.md.
 * It has no window, no retirement and no memory of keys; it takes O(n) memory and O(n log n) time, so that it
 * can judge every run that there is, however long. Whoever wants numbers that are right, and does not mind
 * waiting, would write it so: the ledger must agree with it on each of them.
 *
 *   facts, in order of the trace  ->  stories (intent, its facts in order)  ->  classes and flags, by counting
 *                                 ->  rows (key, the stories that are about it)  ->  final states
 *                                 ->  moments                                    ->  timeline
 *
 * [J1] Nothing of sim/oracle but the names of its metrics and the shape of what is compared (timeline cells,
 *      batches) is used: no law of it.
 * [J2] A run of several groups is judged once for each, as if the others did not exist, and summed up.
 */
#ifndef TESTS_ORACLE_SECOND_JUDGE_H
#define TESTS_ORACLE_SECOND_JUDGE_H

#include "sim/kernel/trace.h"
#include "sim/oracle/batches.h"
#include "sim/oracle/ledger.h"
#include "sim/oracle/metric.h"
#include "sim/world/claim.h"
#include "sim/world/fact.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct second_fact {
  struct trace_record record;
  uint64_t number; /* of the record in its trace, from 1 */
};

/* What is known of one obligation, all of it read from its facts. */
struct second_story {
  uint64_t intent;
  const struct second_fact *const *facts; /* from the one that says it is intended, in order */
  size_t count;
  const struct second_fact *intended;
  enum operation operation;
  uint32_t key, other; /* other: of a transfer, the key that it adds to */
  enum fact told;      /* the strongest answer; FACT_BASE_: none yet */
  uint64_t returned;   /* number of the fact that made it firm; UINT64_MAX: it is not */
  int64_t standing;    /* effects, at the end */
  const struct second_fact *first_effect; /* NULL: it never had one */
  bool changed_again;  /* it overwrites, and doing it again changed the row */
};

/* Something that shows in the timeline. */
enum second_what { SECOND_INTENDED, SECOND_FIRST, SECOND_DOUBLED, SECOND_REDELIVERED, SECOND_OTHER };
struct second_moment {
  int64_t at;
  enum second_what what;
  int open; /* by how much it changes how many are open */
};

/* What the effects make of a key's row, and what the store says of it. */
struct second_row {
  bool of_operations;   /* some operation that overwrites was wanted on it */
  bool absent, unsure;  /* unsure: an effect was taken back, and none has written the row since */
  uint64_t value;       /* id of who wrote it; 0 = as it was at first */
  uint64_t newest;      /* largest id applied to it; 0 = nobody's, or not known */
  uint64_t state;       /* as stated */
};

/* What is found of one group. */
struct second_group {
  int64_t metrics[METRIC__COUNT]; /* prices and faults are the run's: 0 here */
  struct second_story *stories;   /* by intent */
  size_t story_count;
  struct second_row *rows; /* by key */
};

struct second_latency {
  uint64_t number; /* of the fact of the first effect */
  int64_t ns;
};

struct second_judge {
  uint32_t keys, groups, faults; /* keys: 0 to this */
  bool commits;                  /* a service's database states COMMITTED */
  struct second_fact *facts;
  size_t count, room;
  uint64_t seen; /* records */

  /* After second_finish: */
  struct second_group by_group[LEDGER_GROUPS_MAX];
  int64_t metrics[METRIC__COUNT]; /* of the whole run */
  bool stuck;
  int64_t latest; /* when the last effect that is a first one is visible */
  struct second_latency *latencies; /* of all groups, in order of the facts */
  int64_t *sorted;                  /* the same, by value */
  size_t latency_count;
  struct second_moment *moments;
  size_t moment_count, moment_room;
  const struct second_fact **pointers; /* those of stories */
};

/* Empties it for a run; to be freed with second_free, and to be zero before the first time. */
void second_begin(struct second_judge *judge, uint32_t keys, uint32_t groups, uint32_t faults, bool commits);
trace_sink second_sink; /* context: the judge */
void second_finish(struct second_judge *judge);
void second_free(struct second_judge *judge);

/* CLAIM_BIT()s of what happened in a group; with LEDGER_GROUPS_MAX: in the run. */
uint32_t second_anomalies(const struct second_judge *judge, uint32_t group);

/* The timeline as it must be, for cells that are `width` wide at first. Returns how many cells. */
size_t second_timeline(const struct second_judge *judge, int64_t width,
                       struct timeline_bucket cells[LEDGER_BUCKETS_MAX], int64_t *out_width);

/* Mean, rounded half up, of latencies from `first` to `first + count - 1`; 0 of none. */
int64_t second_mean(const struct second_judge *judge, size_t first, size_t count);

/* second_rows.c: final states, and what overwrites. For second_judge.c only. */

/* Goes through a group's effects in order: sets changed_again, counts stale overwrites. */
void second_follow_rows(struct second_judge *judge, uint32_t group);
void second_judge_states(struct second_judge *judge, uint32_t group);

/* second_times.c: of a group, then of the run. */

void second_tell_latencies(struct second_judge *judge, uint32_t group);
void second_tell_all_latencies(struct second_judge *judge);

/* For all parts. */
bool second_concerns(const struct second_fact *fact, uint32_t group);
struct second_story *second_story_of(struct second_group *group, uint64_t intent); /* NULL: never intended */
void second_note(struct second_judge *judge, const struct second_fact *fact, enum second_what what, int open);
static inline bool second_is_firm(const struct second_story *story) { return story->returned != UINT64_MAX; }

#endif
