/* Making a violation small: from a run of any size to the smallest world that shows the same.
 *
 *   1  what is needed    declared faults and losses of links are taken away one by one, as long as the
 *                        run still shows it: what stays says which *sorts* of fault it takes (a message
 *                        lost, a consumer killed…), and which operation suffered
 *   2  the small world   without luck: that operation alone, then with one and two more; one node of
 *                        each role, then two consumers, then the topology that was given
 *   3  the search        every placement of one fault of these sorts in these worlds, smallest first,
 *                        then of two, then of three (explore.h). The first that shows the same metric
 *                        is the result: no fault and no operation less would do
 *   4  its own world     after one fault in the small worlds: the declared faults that are needed, as
 *                        declared, with one, two or three of the operations (shrink_own.h)
 *   5  otherwise         faults of all sorts, and `same_sorts` is false
 *
 * An exhaustive search from below instead of taking away from above: it ends at the minimum and not at
 * the nearest place where nothing more can be taken away, and it costs milliseconds. Ids of operations
 * are kept; times are round from the start.
 */
#ifndef SIM_RUNNER_SHRINK_H
#define SIM_RUNNER_SHRINK_H

#include "sim/runner/explore.h"

#include <stdbool.h>
#include <stdint.h>

#define SHRINK_MESSAGES_MAX 3
#define SHRINK_FAULTS_MAX 3

/* What is to be made small: a run of a row that reaches the scenario's goal. */
struct shrink_case {
  const struct scenario *scenario;
  uint32_t row;
  uint64_t seed;
  const struct placement *placements; /* beside the plan's own faults; NULL = none */
  unsigned count;
  enum metric metric; /* that shows it */
};

struct shrunk {
  bool found, same_sorts;
  bool own_world; /* found by step 4: the faults are the scenario's, and nothing is placed */
  uint32_t kept[SHRINK_FAULTS_MAX]; /* [count] then: indexes into the scenario's faults */
  unsigned lossy_links; /* then: in use, each as good as a fault */
  struct plan plan; /* the small world; its faults are none */
  struct intent_plan intents[SHRINK_MESSAGES_MAX];
  struct group_plan groups[PLAN_GROUPS_MAX];
  struct placement placements[EXPLORE_FAULTS_MAX];
  unsigned count;
  uint64_t suspect;  /* the operation that suffered */
  uint64_t executed; /* runs that it took */
};

/* *out holds pointers into itself: it is not to be copied. False: no such small world (found is false). */
bool shrink(const struct shrink_case *violation, const struct explore_options *options,
            struct shrunk *out);

#endif
