/* report.html: a campaign as one page for people, that needs nothing but itself: no script, no address outside.
 *
 * Verdict in words; the table; charts; what each fault struck; what went wrong, the first of each kind told as a story;
 * the resolved scenario; how to make it again. It is a function of the campaign, of the charts, and of how it was
 * asked for, so it has the same bytes for any number of workers: no time, no machine.
 *
 * Its size is bounded (REPORT_*_MAX here and in report_html_parts.h); where something is left out, the page says so, and
 * in which file it stands. Stories cost two runs each: at most REPORT_STORIES_MAX, and REPORT_EVENTS_MAX events in all.
 */
#ifndef SIM_RUNNER_REPORT_HTML_H
#define SIM_RUNNER_REPORT_HTML_H

#include "sim/runner/campaign.h"
#include "sim/runner/interrupt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define REPORT_STORIES_MAX 6
#define REPORT_EVENTS_MAX 4000000 /* of runs that are done again: below a second */

struct report_file {
  const char *name, *about;
};

struct report_html {
  const struct campaign *campaign;
  const char *version;
  const char *charts;               /* the directory that they are in now */
  const struct report_file *files;  /* that stand beside it */
  size_t file_count;
  struct interrupt *interrupt;      /* has begun, and keeps it from beginning another story; may be NULL */
};

/* False: a write failed. */
bool report_html_write(const struct report_html *report, FILE *file);

#endif
