/* The files of a campaign, in a directory that can be copied (sim/runner/README.md):
 *
 *   <out>/<scenario>/report.html  summary.txt  runs.csv  aggregate.csv  paired.csv  timeline.csv
 *                    latency.csv  faults.csv  groups.csv  resolved.yaml  manifest.json  charts/NAME.{gp,svg}
 *   <out>/latest -> <scenario>
 *
 * Each file is written beside its place and renamed, so none is ever half there. CSV through libcsv,
 * JSON through jansson, charts through gnuplot from the CSV files, by column name.
 *
 * [I1] manifest.json goes first and comes last: where it is, all the others are of the campaign that it tells of, also
 *      when the process was killed between them, and when two wrote at once.
 */
#ifndef SIM_RUNNER_OUTPUT_H
#define SIM_RUNNER_OUTPUT_H

#include "sim/base/err.h"
#include "sim/runner/campaign.h"
#include "sim/runner/interrupt.h"

#include <stdbool.h>
#include <stdio.h>

#define OUTPUT_CHART_LIMIT_MS 60000

struct output_options {
  const char *out;     /* directory, "results" by default */
  const char *version; /* of the program */
  bool charts;         /* false: the scripts only, gnuplot is not run */
  bool report;         /* report.html: report_html.h */
  int64_t chart_limit_ms;      /* for each; 0 = OUTPUT_CHART_LIMIT_MS */
  struct interrupt *interrupt; /* has begun; NULL = signals are not asked for */
};

/* The files that there may be in <out>/<scenario>, by number: name, and what is in it; NULL: there are no more. */
const char *output_name(size_t index, const char **out_about);

/* Makes <out>/<scenario> and sees that files can be written there, before a campaign is run for them.
 * False: a clear error. */
bool output_check(const char *out, const char *scenario_name, struct err *err);

/* Removes what processes that were killed left half written in <out>/<scenario>. */
void output_clean(const char *out, const char *scenario_name);

/* Writes all files. *out_directory (512 bytes) is where they are. False: a clear error, and what was
 * there before is untouched; so it is when a signal was seen meanwhile. A gnuplot that is missing, fails or hangs is a
 * warning on stderr, no error. */
bool output_write(const struct campaign *campaign, const struct output_options *options,
                  char out_directory[512], struct err *err);

/* Writes one more file, <out>/<scenario>/<folder>/<name>, by rename. *out_path says where. `write` is
 * called with `context`; what fails in it shows in ferror. False: a clear error. */
bool output_add(const char *out, const char *scenario_name, const char *folder, const char *name,
                void (*write)(void *context, FILE *file), void *context, char out_path[512],
                struct err *err);

/* Likewise <directory>/<name>. */
bool output_file(const char *directory, const char *name, void (*write)(void *context, FILE *file), void *context,
                 char out_path[512], struct err *err);

/* How many operations a run has, for people: "1000", or "100 to 1000" where that is swept. */
void output_intended(const struct campaign *campaign, char *out, size_t size);

/* The table and the verdict, as on the terminal; `colour`: ANSI colours. Also summary.txt. */
void output_summary(const struct campaign *campaign, bool colour, FILE *out);

#endif
