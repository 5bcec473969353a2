/* The story of a failing case: what happened to one operation, from running it once more with recording. */
#ifndef SIM_CLI_CHECK_STORY_H
#define SIM_CLI_CHECK_STORY_H

#include "sim/runner/check.h"

/* Runs a reproducing scenario in a process of its own, for its program may crash, and returns the story of an
 * operation (0 = the first that did not end as it should) as text, malloc'ed; NULL when there is none to tell. */
char *check_story(struct scenario *scenario, const struct check_options *options, uint64_t intent,
                  const char *repeat);

#endif
