/* The story as a log with vector clocks, for ShiViz (bestchai.bitbucket.io/shiviz): two lines an event,
 *
 *   NODE {"NODE": n, …}
 *   what happened, and why
 *
 * to be read with SHIVIZ_REGEX, which is the file's first line; the second, empty, is the delimiter of
 * several executions. Clocks are computed over the recorded events: a message joins its sender's.
 */
#ifndef SIM_RUNNER_EXPLAIN_SHIVIZ_H
#define SIM_RUNNER_EXPLAIN_SHIVIZ_H

#include "sim/runner/explain_story.h"

#include <stdio.h>

#define SHIVIZ_REGEX "(?<host>\\S+) (?<clock>{.*})\\n(?<event>.*)"

void shiviz_write(const struct story *story, FILE *out);

#endif
