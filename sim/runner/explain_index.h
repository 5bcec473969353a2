/* What a recording looks up at each message of a run: by their keys, so that the effort does not grow with what is
 * recorded already.
 *
 * [I1] Each answer is that of a search through all transmissions, from the last to the first.
 */
#ifndef SIM_RUNNER_EXPLAIN_INDEX_H
#define SIM_RUNNER_EXPLAIN_INDEX_H

#include "sim/base/map.h"
#include "sim/runner/explain_record.h"

/* All zero: nothing is recorded. */
struct explain_index {
  struct map open;     /* the id of a message, and 1 --> the last open transmission that has it, and 1 */
  size_t *below;       /* [transmissions]: the open one before it that has the same id, and 1; 0 = none */
  size_t below_capacity;
  struct map requests; /* hash of a request --> the last of that hash, and 1 */
  struct explain_request *items;
  size_t request_count, request_capacity;
  struct explain_kind *kinds; /* by name and group: a few */
  size_t kind_count, kind_capacity;
};

void explain_index_deinit(struct explain_index *index);

/* The transmission, which is the number-th, is open; when it is a request, its answer will be known. */
void explain_index_add(struct explain_index *index, const struct transmission *transmission, size_t number);

/* How manyeth it is of this name in this group, from 1: counts it. */
uint32_t explain_index_nth(struct explain_index *index, const char *name, uint32_t group);

/* The last open transmission of that id, or NO_TRANSMISSION. */
size_t explain_index_find(const struct explain_index *index, uint32_t id);

/* The last open one of that id, of which there is one, is closed. */
void explain_index_close(struct explain_index *index, uint32_t id);

/* Whether a request was sent from `from`, as it was when it had that incarnation, to `to`, whose answer has the
 * correlation and states the point when it leaves. */
struct explain_answer {
  uint32_t correlation, incarnation, point;
  uint16_t from, to;
};
bool explain_index_asked(const struct explain_index *index, const struct explain_answer *answer);

#endif
