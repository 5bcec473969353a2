/* An SVG file as part of a page: what gnuplot wrote, or somebody who stands in its place.
 *
 * [S1] What comes out is well-formed, and has no elements but shapes, texts and what paints them: no script, no
 *      style sheet, no handler of events, no address but `#…` and pictures in `data:`. A file with anything else
 *      is refused as a whole.
 * [S2] Every id, and what refers to it, gets a prefix, so that several may stand in one page.
 * The root loses its size, which the page decides, and gets a role and a name; titles of parts, which would show
 * under the pointer and say nothing, are left out.
 */
#ifndef SIM_RUNNER_SVG_EMBED_H
#define SIM_RUNNER_SVG_EMBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct svg_embedding {
  const char *prefix; /* of ids: letters, digits and hyphens */
  const char *title, *about;
};

/* Writes it. False: it was refused, and nothing is written. */
bool svg_embed(const char *text, size_t length, const struct svg_embedding *how, FILE *out);

#endif
