/* Runs of a user's program in processes of their own.
 *
 *   tool --request--> worker (forked) --run, probe, judge--> answer: outcome, places, lines
 *
 * A worker is a copy of the tool as it was when it was forked: it has the plan and the references, and needs no
 * more than the number of what it is to do. It runs one request after the other. When it dies (a plug-in that
 * crashes) or does not answer in time (one that loops), that is the outcome of its request, and the next request
 * gets a new worker.
 *
 * [W1] A worker dies with the tool (PR_SET_PDEATHSIG), and what it has started with it: it is a process group of its
 *      own, which ends with it.
 * [W2] Nothing of a run is left when the next begins, but memory to use again, and what the program keeps in places
 *      that no reset command empties.
 */
#ifndef SIM_RUNNER_CHECK_WORKER_H
#define SIM_RUNNER_CHECK_WORKER_H

#include "sim/runner/check_judge.h"
#include "sim/runner/check_places.h"

#define CHECK_OPERATIONS_MAX SCENARIO_CHECK_MESSAGES_MAX

/* What is known before a worker is forked, and everything that it works with. */
struct check_world {
  const struct scenario *scenario;
  const struct check_options *options;
  const struct check_rules *rules;
  struct plan plan; /* of the row, without luck, its operations listed; no variant */
  struct intent_plan intents[CHECK_OPERATIONS_MAX];
  bool ledger;      /* the clean run stated effects */
  bool ready;       /* there is a reference: cases are judged */
  struct effect_lines clean; /* reference of the plan itself, sorted, masked */
  struct effect_lines expected[VARIANT__COUNT]; /* of each variant that has had its clean run, or is in it */
  struct effect_lines expected_other; /* of a changed payload: the second message came first */
  bool lines_of[VARIANT__COUNT];                /* the above is there */
  char masked[256];
  char accounts[256]; /* kinds of lines whose numbers are accounts (check_find_accounts) */
};

/* The variant's two operations, put into a plan. */
void check_set_variant(struct plan *plan, enum variant variant);

struct check_request {
  struct check_case what;
  bool wants_places, wants_lines;
  uint32_t places_max; /* evenly chosen, and all of the operations that its faults are about; 0 = all */
  uint8_t without; /* in clean runs: 1 or 2 of a variant's two operations is left out; 0 = none */
};

struct check_answer {
  struct check_outcome outcome;
  uint64_t effects; /* EFFECT facts that stand */
  uint32_t calls, exits;
  char exit_text[PROGRAM_EXIT_ROOM]; /* of the first of them */
  struct check_place *places; /* owned */
  size_t place_count;
  struct effect_lines lines; /* owned */
};
void check_answer_deinit(struct check_answer *answer);

/* Does them all, in as many workers as wanted. `stop_at_failure`: requests behind the first that fails may be left
 * undone; *out_done says how many are done from the beginning. Answers are owned by the caller. False: no worker
 * could begin; there are no answers. */
bool check_do(struct check_world *world, unsigned workers, const struct check_request *requests, size_t count,
              bool stop_at_failure, struct check_answer *answers, size_t *out_done, struct err *err);

#endif
