/* Where everything of a diagram stands: lanes from left to right in the order of nodes, a line for each
 * happening from top to bottom. Lines keep a least distance, so that no two labels of a lane meet; more
 * time is more distance, but far less than in proportion, and a long wait is a break of fixed height. So is the
 * middle of a story that is too long for a picture: a browser shows thousands of lines, not a million.
 */
#ifndef SIM_RUNNER_EXPLAIN_LAYOUT_H
#define SIM_RUNNER_EXPLAIN_LAYOUT_H

#include "sim/runner/explain_story.h"

#define LAYOUT_LEFT 150 /* x of the first lane, pixels */
#define LAYOUT_LANE 230
#define LAYOUT_RIGHT 190 /* room behind the last lane */
#define LAYOUT_TOP 112
#define LAYOUT_NONE (-1.0)
#define LAYOUT_WAIT_NS (250 * NS_PER_MS) /* from here on a wait is a break */
#define LAYOUT_LINES_MAX 800 /* with more, so many are left: half of them from the beginning, half from the end */

struct layout {
  const struct story *story;
  double width, height; /* of the part with lanes: height = where they end */
  double *x;            /* [nodes]; LAYOUT_NONE = no lane */
  double *y;            /* [record->end]; LAYOUT_NONE = no line */
  double *y_from;       /* [record->end]; its line or that of the next that has one, or height */
  struct layout_way {
    double sent, ended;         /* lines on which it begins and ends, or LAYOUT_NONE */
    bool sent_step, ended_step; /* steps of the story are there */
  } *ways;              /* [transmissions] */
  struct wait {
    double y; /* of the middle of the break */
    int64_t lasts;
    size_t left_out; /* lines; 0 = nothing happens meanwhile */
  } *waits;
  size_t wait_count;
};

void layout_make(const struct story *story, struct layout *out);
void layout_free(struct layout *layout);

/* The line of a happening, or of the next that has one; the end when there is none. */
double layout_line_from(const struct layout *layout, size_t happening);

#endif
