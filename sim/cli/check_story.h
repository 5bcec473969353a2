/* The story of a failing case: what happened to one operation, from running it once more with recording. */
#ifndef SIM_CLI_CHECK_STORY_H
#define SIM_CLI_CHECK_STORY_H

#include "sim/runner/check.h"

struct check_tale {
  const struct check_outcome *outcome;
  bool ledger;        /* the tool's stores hold the effects: its own verdict stands; else that of the check */
  const char *repeat; /* the command that tells it again */
};

/* Runs a reproducing scenario in a process of its own, for its program may crash, and returns the story of the
 * operation that suffered (or of the first that did not end as it should) as text, malloc'ed; NULL when there is
 * none to tell. */
char *check_story(struct scenario *scenario, const struct check_options *options, const struct check_tale *tale);

#endif
