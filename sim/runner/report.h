/* A campaign as test results: TAP 13 or JUnit XML, for continuous integration.
 *
 * Cases: one for each expectation (or, without any, for each row's contract), one for each fault that
 * has a target (was it effective?), and one for --verify. Inconclusive is not a pass: TAP says `not ok`
 * and JUnit `error`, where a violation is a `failure`.
 *
 * A suite has the scenario's name; one of a trace also the trace's path, as several may be of one scenario. Bytes
 * that are no UTF-8 show as '?', control characters as blanks.
 *
 *   report_begin, then report_campaign, report_trace or report_error for each file, then report_end
 */
#ifndef SIM_RUNNER_REPORT_H
#define SIM_RUNNER_REPORT_H

#include "sim/base/err.h"
#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum report_format { REPORT_HUMAN, REPORT_TAP, REPORT_JUNIT, REPORT__COUNT };

/* One test case. */
struct report_case {
  char name[256];
  char detail[512]; /* what was found, or why it is skipped; "" = nothing to say */
  const char *more; /* lines to follow a failure: NULL = none */
  enum verdict verdict;
  bool skipped;
};

struct report {
  enum report_format format; /* not REPORT_HUMAN */
  FILE *out;
  size_t cases; /* so far */
};

void report_begin(struct report *report, enum report_format format, FILE *out);
void report_campaign(struct report *report, const struct campaign *campaign);
/* The campaign of one run that was read from the trace at `path`. */
void report_trace(struct report *report, const struct campaign *campaign, const char *path);
/* A suite of cases. `comment`: a line behind them for TAP; NULL. */
void report_suite(struct report *report, const char *name, const struct report_case *cases, size_t count,
                  const char *comment);
/* A file that could not be run. */
void report_error(struct report *report, const char *path, const struct err *err);
void report_end(struct report *report);

#endif
