/* What became of each operation of one run, from its facts alone: where a story is worth telling.
 *
 * One small entry an operation and group; an operation's fate is that of the group where it ended worst; the counts of a result are the ledger's (sim/oracle), which is
 * independent of this table and stays the judge. LIMIT: phantoms are no operation and have no story.
 */
#ifndef SIM_RUNNER_EXPLAIN_FATES_H
#define SIM_RUNNER_EXPLAIN_FATES_H

#include "sim/kernel/trace.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an operation may end. Rank: 0 = as it should; 1 = the worst, told first; name; what it means. */
#define FATES(X)                                                                                   \
  X(ONCE, 0, "once", "it took effect once")                                                        \
  X(MANY, 1, "doubled", "it took effect more than once")                                           \
  X(LOST_ACKED, 1, "lost", "it has no effect, though the client was told ok")                      \
  X(LOST_UNACKED, 1, "lost", "it has no effect, and the client was never told anything")           \
  X(STUCK, 1, "stuck", "it has no effect, and the run had to be stopped")                          \
  X(DEAD_LETTERED, 1, "dead-lettered", "it was set aside in a dead-letter queue")                  \
  X(STATE_ERROR, 1, "state error", "its key's final value is not the sum of its effects")          \
  X(REORDERED, 2, "reordered", "it took effect after a later operation on its key")                \
  X(ABSENT_UNKNOWN, 2, "absent", "it has no effect, and the client knows that this may be")        \
  X(ABSENT_REJECTED, 0, "rejected", "it has no effect, as the client was told")

enum fate {
#define X(id, rank, name, about) FATE_##id,
  FATES(X)
#undef X
      FATE__COUNT
};
struct fate_row {
  unsigned rank;
  const char *name, *about;
};
extern const struct fate_row fate_rows[FATE__COUNT];

struct fate_entry {
  uint32_t key;
  uint16_t outcome; /* enum fact: OK, NONE, UNKNOWN, REJECTED, ABANDONED; 0 = none yet */
  uint16_t deliveries, effects, suppressed;
  bool reordered, dead_lettered, state_wrong;
};

struct fates; /* of one run */

/* The plan is borrowed: its workload's ids may have gaps. */
struct fates *fates_new(const struct plan *plan);
void fates_free(struct fates *fates);
void fates_reset(struct fates *fates); /* for another run of the same workload */
trace_sink fates_sink;                 /* context = the fates */
void fates_finish(struct fates *fates); /* after the run: compares the state with the effects */

/* Whether the workload has an operation of this id; the others want one that is there. */
bool fates_has(const struct workload_plan *workload, uint64_t intent);
const struct fate_entry *fates_at(const struct fates *fates, uint64_t intent, uint32_t group);
enum fate fates_in(const struct fates *fates, uint64_t intent, uint32_t group);
enum fate fates_of(const struct fates *fates, uint64_t intent);
uint32_t fates_worst_group(const struct fates *fates, uint64_t intent);

/* The lowest operation of the lowest rank above 0 that there is; 0 = all is as it should. */
uint64_t fates_first(const struct fates *fates);
/* The lowest operation that ended so; 0 = none did. */
uint64_t fates_first_of(const struct fates *fates, enum fate fate);

#endif
