#include "sim/runner/report.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/runner/judge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void expectation_case(const struct campaign *campaign, size_t index,
                             struct report_case *out) {
  const struct expectation *expectation = &campaign->scenario->expectations[index];
  const struct expectation_result *result = &campaign->expectations[index];
  snprintf(out->name, sizeof out->name, "%s", expectation->text);
  out->verdict = result->holds     ? VERDICT_HELD
                 : result->unknown ? VERDICT_INCONCLUSIVE
                                   : VERDICT_VIOLATED;
  if (result->holds)
    snprintf(out->detail, sizeof out->detail, "%s", result->found);
  else
    snprintf(out->detail, sizeof out->detail, "%s:%d:%d: found %s", campaign->scenario->path,
             expectation->line, expectation->column, result->found);
}

static void contract_case(const struct campaign *campaign, size_t row, struct report_case *out) {
  snprintf(out->name, sizeof out->name, "contract of %.240s", campaign_name(campaign, row));
  out->verdict = campaign->contract_held[row] ? VERDICT_HELD : VERDICT_VIOLATED;
  char names[256];
  verdict_describe(campaign->violations[row], names, sizeof names);
  if (!campaign->contract_held[row])
    snprintf(out->detail, sizeof out->detail, "broken by %s", names);
}

static void fault_case(const struct campaign *campaign, size_t fault, struct report_case *out) {
  const struct fault_plan *plan = &campaign->scenario->faults[fault];
  snprintf(out->name, sizeof out->name, "fault %s was effective", plan->name);
  out->verdict = judge_fault_missed(campaign, fault) ? VERDICT_INCONCLUSIVE : VERDICT_HELD;
  snprintf(out->detail, sizeof out->detail, "%" PRIu64 " hits, at least %u needed",
           campaign->fault_hits[fault], plan->min_hits);
}

static void verify_case(const struct campaign *campaign, struct report_case *out) {
  snprintf(out->name, sizeof out->name, "every run repeats");
  out->verdict = campaign->verify_mismatches > 0 ? VERDICT_VIOLATED : VERDICT_HELD;
  snprintf(out->detail, sizeof out->detail, "%zu differed", campaign->verify_mismatches);
}

/* The index-th case; false when there are no more. */
static bool report_case(const struct campaign *campaign, size_t index, struct report_case *out) {
  const struct scenario *scenario = campaign->scenario;
  *out = (struct report_case){.verdict = VERDICT_HELD};
  const size_t claims =
      scenario->expectation_count > 0 ? scenario->expectation_count : scenario->plan_count;
  if (index < claims) {
    if (scenario->expectation_count > 0)
      expectation_case(campaign, index, out);
    else
      contract_case(campaign, index, out);
    return true;
  }
  index -= claims;
  for (size_t fault = 0; fault < scenario->fault_count; fault++) {
    if (!campaign->fault_applicable[fault]) continue;
    if (index-- > 0) continue;
    fault_case(campaign, fault, out);
    return true;
  }
  if (!campaign->verified || index > 0) return false;
  verify_case(campaign, out);
  return true;
}

/* The next character, or what stands for it: control characters, which XML 1.0 cannot hold, are blanks, and what is
 * no UTF-8 is '?'. Returns what follows. */
static const char *put_character(FILE *out, const char *text) {
  const char *next = text;
  const size_t length = printable_next(&next);
  if (length > 0)
    fwrite(text, 1, length, out);
  else
    fputc((unsigned char)*text < 0x20 ? ' ' : '?', out);
  return next;
}

static const char *xml_entity(char byte) {
  switch (byte) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  default:
    return NULL;
  }
}

/* Text of an XML attribute or, with its lines, of an element. */
static void put_xml(FILE *out, const char *text, bool lines) {
  while (*text != '\0') {
    const char *entity = lines && *text == '\n' ? "\n" : xml_entity(*text);
    if (entity)
      fputs(entity, out), text++;
    else
      text = put_character(out, text);
  }
}

/* TAP gives # and newlines a meaning. */
static void put_tap(FILE *out, const char *text) {
  while (*text != '\0') {
    if (*text == '#') fputc('\\', out);
    text = put_character(out, text);
  }
}

/* Comment lines. */
static void put_tap_comment(FILE *out, const char *text) {
  while (*text != '\0') {
    fputs("# ", out);
    while (*text != '\0' && *text != '\n') text = put_character(out, text);
    fputc('\n', out);
    text += *text == '\n';
  }
}

static void put_tap_case(struct report *report, const char *suite, const struct report_case *item) {
  FILE *out = report->out;
  const bool passed = item->skipped || item->verdict == VERDICT_HELD;
  fprintf(out, "%s %zu - ", passed ? "ok" : "not ok", report->cases);
  put_tap(out, suite);
  fputs(": ", out);
  put_tap(out, item->name);
  if (item->skipped) {
    fputs(" # SKIP ", out);
    put_tap(out, item->detail);
  }
  fputc('\n', out);
  if (passed) return;
  fprintf(out, "# %s: ", verdict_names[item->verdict]);
  for (const char *at = item->detail; *at;) at = put_character(out, at);
  fputc('\n', out);
  if (item->more) put_tap_comment(out, item->more);
}

static void put_junit_case(struct report *report, const char *suite, const struct report_case *item) {
  FILE *out = report->out;
  fputs("    <testcase classname=\"", out);
  put_xml(out, suite, false);
  fputs("\" name=\"", out);
  put_xml(out, item->name, false);
  if (!item->skipped && item->verdict == VERDICT_HELD) {
    fputs("\"/>\n", out);
    return;
  }
  const char *element = item->skipped                        ? "skipped"
                        : item->verdict == VERDICT_VIOLATED ? "failure"
                                                            : "error";
  fprintf(out, "\"><%s message=\"", element);
  put_xml(out, item->detail, false);
  if (!item->skipped) fprintf(out, "\" type=\"%s", verdict_names[item->verdict]);
  if (item->more && !item->skipped) {
    fputs("\">", out);
    put_xml(out, item->more, true);
    fprintf(out, "</%s></testcase>\n", element);
  } else {
    fputs("\"/></testcase>\n", out);
  }
}

static void put_case(struct report *report, const char *suite, const struct report_case *item) {
  report->cases++;
  (report->format == REPORT_TAP ? put_tap_case : put_junit_case)(report, suite, item);
}

/* How many there are of each. */
struct tally {
  size_t total, failures, errors, skipped;
};
static void count_case(struct tally *tally, const struct report_case *item) {
  tally->total++;
  tally->skipped += item->skipped;
  tally->failures += !item->skipped && item->verdict == VERDICT_VIOLATED;
  tally->errors += !item->skipped && item->verdict == VERDICT_INCONCLUSIVE;
}

static void begin_suite(struct report *report, const char *name, const struct tally *tally) {
  if (report->format != REPORT_JUNIT) return;
  fputs("  <testsuite name=\"", report->out);
  put_xml(report->out, name, false);
  fprintf(report->out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", tally->total, tally->failures,
          tally->errors);
  if (tally->skipped > 0) fprintf(report->out, " skipped=\"%zu\"", tally->skipped);
  fputs(">\n", report->out);
}
static void end_suite(struct report *report) {
  if (report->format == REPORT_JUNIT) fputs("  </testsuite>\n", report->out);
}

void report_begin(struct report *report, enum report_format format, FILE *out) {
  *report = (struct report){.format = format, .out = out};
  fputs(format == REPORT_TAP
            ? "TAP version 13\n"
            : "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dgsim\">\n",
        out);
}

static void put_campaign(struct report *report, const struct campaign *campaign, const char *suite) {
  struct report_case item;
  struct tally tally = {0};
  while (report_case(campaign, tally.total, &item)) count_case(&tally, &item);
  begin_suite(report, suite, &tally);
  for (size_t i = 0; i < tally.total && report_case(campaign, i, &item); i++)
    put_case(report, suite, &item);
  end_suite(report);
  char *command = judge_reproduce(campaign), *again;
  if (!command) return;
  ASSERT(asprintf(&again, "again: %s", command) > 0);
  if (report->format == REPORT_TAP) put_tap_comment(report->out, again);
  free(again);
  free(command);
}

void report_campaign(struct report *report, const struct campaign *campaign) {
  put_campaign(report, campaign, campaign->scenario->name);
}

void report_trace(struct report *report, const struct campaign *campaign, const char *path) {
  char *suite;
  ASSERT(asprintf(&suite, "%s (%s)", campaign->scenario->name, path) > 0);
  put_campaign(report, campaign, suite);
  free(suite);
}

void report_suite(struct report *report, const char *name, const struct report_case *cases, size_t count,
                  const char *comment) {
  struct tally tally = {0};
  for (size_t i = 0; i < count; i++) count_case(&tally, &cases[i]);
  begin_suite(report, name, &tally);
  for (size_t i = 0; i < count; i++) put_case(report, name, &cases[i]);
  end_suite(report);
  if (report->format == REPORT_TAP && comment) put_tap_comment(report->out, comment);
}

void report_error(struct report *report, const char *path, const struct err *err) {
  struct report_case item = {.verdict = VERDICT_INCONCLUSIVE};
  snprintf(item.name, sizeof item.name, "can be run");
  if (err->line > 0)
    snprintf(item.detail, sizeof item.detail, "line %d, column %d: %.440s", err->line, err->column,
             err->message);
  else
    snprintf(item.detail, sizeof item.detail, "%.500s", err->message);
  printable(item.detail);
  report_suite(report, PRINTABLE(path), &item, 1, NULL);
}

void report_end(struct report *report) {
  if (report->format == REPORT_TAP)
    fprintf(report->out, "1..%zu\n", report->cases);
  else
    fputs("</testsuites>\n", report->out);
  fflush(report->out);
}
