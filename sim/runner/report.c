#include "sim/runner/report.h"

#include "sim/runner/judge.h"

#include <inttypes.h>
#include <string.h>

struct report_case {
  char name[256];
  char detail[512]; /* what was found; "" = nothing to say */
  enum verdict verdict;
};

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

/* Text of an XML attribute; control characters, which XML 1.0 cannot hold, become blanks. */
static void put_xml(FILE *out, const char *text) {
  for (; *text != '\0'; text++) switch (*text) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    default:
      fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

/* TAP gives # and newlines a meaning. */
static void put_tap(FILE *out, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '#') fputc('\\', out);
    fputc(*text == '\n' ? ' ' : *text, out);
  }
}

static void put_case(struct report *report, const char *suite, const struct report_case *item) {
  FILE *out = report->out;
  report->cases++;
  if (report->format == REPORT_TAP) {
    fprintf(out, "%s %zu - ", item->verdict == VERDICT_HELD ? "ok" : "not ok", report->cases);
    put_tap(out, suite);
    fputs(": ", out);
    put_tap(out, item->name);
    fputc('\n', out);
    if (item->verdict != VERDICT_HELD)
      fprintf(out, "# %s: %s\n", verdict_names[item->verdict], item->detail);
    return;
  }
  fputs("    <testcase classname=\"", out);
  put_xml(out, suite);
  fputs("\" name=\"", out);
  put_xml(out, item->name);
  if (item->verdict == VERDICT_HELD) {
    fputs("\"/>\n", out);
    return;
  }
  const char *element = item->verdict == VERDICT_VIOLATED ? "failure" : "error";
  fprintf(out, "\"><%s message=\"", element);
  put_xml(out, item->detail);
  fprintf(out, "\" type=\"%s\"/></testcase>\n", verdict_names[item->verdict]);
}

static void begin_suite(struct report *report, const char *name, size_t tests, size_t failures,
                        size_t errors) {
  if (report->format != REPORT_JUNIT) return;
  fputs("  <testsuite name=\"", report->out);
  put_xml(report->out, name);
  fprintf(report->out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n", tests, failures,
          errors);
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

void report_campaign(struct report *report, const struct campaign *campaign) {
  struct report_case item;
  const char *suite = campaign->scenario->name;
  size_t counts[VERDICT__COUNT] = {0}, total = 0;
  for (; report_case(campaign, total, &item); total++) counts[item.verdict]++;
  begin_suite(report, suite, total, counts[VERDICT_VIOLATED], counts[VERDICT_INCONCLUSIVE]);
  for (size_t i = 0; i < total && report_case(campaign, i, &item); i++)
    put_case(report, suite, &item);
  end_suite(report);
  char command[1024];
  judge_reproduce(campaign, command, sizeof command);
  if (report->format == REPORT_TAP && command[0] != '\0')
    fprintf(report->out, "# again: %s\n", command);
}

void report_error(struct report *report, const char *path, const struct err *err) {
  struct report_case item = {.verdict = VERDICT_INCONCLUSIVE};
  snprintf(item.name, sizeof item.name, "can be run");
  if (err->line > 0)
    snprintf(item.detail, sizeof item.detail, "line %d, column %d: %.440s", err->line, err->column,
             err->message);
  else
    snprintf(item.detail, sizeof item.detail, "%.500s", err->message);
  begin_suite(report, path, 1, 0, 1);
  put_case(report, path, &item);
  end_suite(report);
}

void report_end(struct report *report) {
  if (report->format == REPORT_TAP)
    fprintf(report->out, "1..%zu\n", report->cases);
  else
    fputs("</testsuites>\n", report->out);
  fflush(report->out);
}
