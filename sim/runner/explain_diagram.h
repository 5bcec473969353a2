/* A space-time diagram of one operation's story, as an SVG file that needs nothing else.
 *
 *   producer.1   broker.1    consumer.1   database.1
 *       |           |            |            |        a lane a node, time downwards
 *       |---------->|            |            |        a message; lost ones end in a cross
 *       |           |----------->#            |        thick: a handler is at work
 *      ===         ===          ===          ===       nothing happens for a while
 *
 * Steps have the numbers of the story. Distances are compressed: order is exact, length is not.
 *
 * [I1] An arrow (class "arrow") for each transmission of the operation, a cross (class "cross") for each
 *      that was lost.
 * [I2] No two labels of one lane are on one line.
 */
#ifndef SIM_RUNNER_EXPLAIN_DIAGRAM_H
#define SIM_RUNNER_EXPLAIN_DIAGRAM_H

#include "sim/runner/explain_story.h"

#include <stdio.h>

void diagram_write(const struct story *story, const char *title, FILE *out);
/* The same as an element of a page, which has the rules and definitions of explain_svg.h; `attributes` of it. */
void diagram_write_part(const struct story *story, const char *title, const char *attributes, FILE *out);

#endif
