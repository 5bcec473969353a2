/* The marks of a diagram: SVG texts, the style sheet, and the legend that explains each shape. */
#ifndef SIM_RUNNER_EXPLAIN_SVG_H
#define SIM_RUNNER_EXPLAIN_SVG_H

#include <stdio.h>

#define SVG_TEXT_WIDTH 6.2 /* pixels, of a character of 12 px, on average */

enum legend_id {
  LEGEND_REQUEST,
  LEGEND_ANSWER,
  LEGEND_LOST,
  LEGEND_STEP,
  LEGEND_EFFECT,
  LEGEND_EFFECT_AGAIN,
  LEGEND_HANDLER,
  LEGEND_DOWN,
  LEGEND_PAUSED,
  LEGEND_CUT,
  LEGEND_BREAK,
  LEGEND__COUNT
};

struct svg_sign {
  const char *text;
  const char *shape; /* SVG in a box of 40 by 20; class "sign" instead of "arrow", which is a message */
};
extern const struct svg_sign svg_legend[LEGEND__COUNT];

/* The rules of the classes that shapes and texts use, each selector behind `scope`: "", or an ancestor and a blank
 * where other things have a style sheet too. And what the rules refer to, once a document. */
void svg_rules(FILE *out, const char *scope);
void svg_definitions(FILE *out);

void svg_escaped(FILE *out, const char *text);
/* A text, escaped. svg_label is for what stands over lines: it has a halo. */
void svg_text(FILE *out, double x, double y, const char *class, const char *text);
void svg_label(FILE *out, double x, double y, const char *class, const char *text);

#endif
