/* What came of a check, for people, as TAP 13 and as JUnit XML.
 *
 *   human        a table of classes, what is judged, then `412 of 412 recovered` or the first failing case: the
 *                anomaly by name, the evidence, the faults as entries of a scenario, the file that reproduces it, the
 *                command, the story
 *   TAP, JUnit   a test case for each class, through report.h: not tried is skipped, with the reason
 *
 * Nothing is decided here but the verdict of the whole, from what was counted. */
#ifndef SIM_RUNNER_CHECK_REPORT_H
#define SIM_RUNNER_CHECK_REPORT_H

#include "sim/runner/check.h"
#include "sim/runner/report.h"

#include <stdio.h>

/* A case that was kept (check_save.h), tried again. Inconclusive and without evidence it is not reached any more:
 * the program makes other calls by now. That decides nothing, as the check itself tries every place that there is. */
struct check_kept {
  const char *path;
  enum verdict verdict; /* held: FIXED */
  const char *evidence; /* "" = nothing to say */
};

struct check_report {
  const struct scenario *scenario;
  const struct check_result *result;
  const struct check_small *small; /* the first failure, made small; NULL = it is as it was found */
  const char *path;                /* of the scenario that reproduces it; NULL = none */
  const char *again;               /* the exact command that repeats it; NULL = none */
  const char *story;               /* "" = none */
  const struct check_kept *kept;
  size_t kept_count;
};

/* Held, violated, or inconclusive where nothing can be judged, or the declared faults were never effective; of
 * both the check and the kept cases, the worst. */
enum verdict check_verdict(const struct check_report *report);
int check_exit_status(const struct check_report *report); /* 0, 1 or 2 */

void check_report_human(const struct check_report *report, FILE *out);
/* The last line of it. */
void check_report_line(const struct check_report *report, FILE *out);
/* One suite; `out` has begun with report_begin. */
void check_report_suite(const struct check_report *report, struct report *out);

#endif
