/* Bounded exhaustive search: every placement of up to K faults over the points that a run reaches.
 *
 *   level 0   the row as the scenario has it
 *   level 1   for each site of that run and each verb: the same run with this one fault
 *   level k   for each run of level k - 1: each site after its last fault, each verb
 *
 * Faults are placed in the order in which they strike, so each set of them is reached once. Runs are
 * executed again from the start; what is after a fault is enumerated in the run that has the fault, so
 * points that only a retry or a recovery reaches are sites too.
 *
 * Pruned, unless `prune` is off:
 *   same run       its events, facts and transmissions are those of another run of its level whose last
 *                  fault strikes no later: whatever follows from it follows from the other
 *   same instant   a death of a producer or consumer, of which nothing survives, where it has done nothing
 *                  since a death that is placed too
 * There is no pruning by what a good outcome was made from (lineage): a fault here does not only omit. A
 * process that dies closes its connections, a lease that runs out makes a second delivery, so all that
 * kept quiet supports the outcome as well, and with that half counted next to nothing is left to prune.
 *
 * [X1] The violation found is the first of the smallest level, in the order of verbs (losing a message
 *      before all others) and sites, and the counts are those of a search by one worker: equal for any
 *      number of workers. Level 1 is always searched whole, and every sort of violation there is listed.
 * [X2] With and without pruning the verdict is the same (tests/system/test_explore.c).
 */
#ifndef SIM_RUNNER_EXPLORE_H
#define SIM_RUNNER_EXPLORE_H

#include "sim/runner/goal.h"
#include "sim/runner/placement.h"

#define EXPLORE_FAULTS_MAX 4
#define EXPLORE_INNER_MAX 20000000 /* runs of a level that is gone on from */

struct explore_options {
  unsigned faults;  /* K */
  unsigned workers; /* 0 = one for each core */
  struct placement_limits limits;
  bool prune, progress;
  size_t inner_max; /* 0 = EXPLORE_INNER_MAX */
  const char *command;
};

struct explore_level {
  uint64_t executed;
  uint64_t same_run;     /* placements not executed: their run is another one's */
  uint64_t same_instant; /* likewise */
};

/* Violations by one fault: of one verb at one point. */
struct explore_sort {
  struct placement first;
  enum metric metric; /* of the first */
  uint32_t count;
};

struct explore_result {
  struct explore_level levels[EXPLORE_FAULTS_MAX + 1];
  uint64_t sites;      /* of level 0 */
  uint64_t first;      /* placements at level 1: the size of the space is about its K-th power / K! */
  bool violated;
  bool too_large;      /* EXPLORE_INNER_MAX was reached: nothing is said of more faults than `reached` */
  unsigned reached;    /* levels that were searched whole */
  unsigned count;      /* faults of the violation */
  struct placement placements[EXPLORE_FAULTS_MAX];
  enum metric metric;  /* that shows it */
  int64_t metrics[METRIC__COUNT]; /* of that run */
  struct explore_sort *sorts; /* of level 1; owned */
  size_t sort_count;
  double wall_s;
};

void explore_result_deinit(struct explore_result *result);

/* Searches one row with the scenario's first seed. `announce` (may be NULL) is called once, when level 0
 * has told the size of the space. */
void explore_row(const struct scenario *scenario, uint32_t row, const struct explore_options *options,
                 void (*announce)(const struct explore_result *so_far), struct explore_result *out);

/* Likewise of any plan, for a goal and a seed. */
void explore_plan(const struct plan *plan, const struct goal *goal, uint64_t seed,
                  const struct explore_options *options,
                  void (*announce)(const struct explore_result *so_far), struct explore_result *out);

/* Placements that the search has covered, with none at all as one of them; what would follow from a
 * pruned one follows from the other that is the same, and is not counted twice. */
uint64_t explore_covered(const struct explore_result *result);

/* The i-th placed fault of a run is called so; names key luck. */
extern const char *const explore_fault_names[EXPLORE_FAULTS_MAX];

#endif
