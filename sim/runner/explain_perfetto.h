/* The story as a Chrome trace (JSON trace event format), for ui.perfetto.dev: a thread a node, slices for
 * handlers and steps, flows for messages, the windows of faults as a process of their own.
 *
 * [I1] A flow that begins ends, or its begin has `"lost": true`, or `"under_way": true` when the run ended
 *      before it arrived.
 */
#ifndef SIM_RUNNER_EXPLAIN_PERFETTO_H
#define SIM_RUNNER_EXPLAIN_PERFETTO_H

#include "sim/runner/explain_story.h"

#include <stdio.h>

void perfetto_write(const struct story *story, const char *title, FILE *out);

#endif
