#include "sim/runner/check_report.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/runner/yaml_out.h"

#include <stdlib.h>
#include <string.h>

#define OTHERS_MAX 20 /* further failures that are listed */

/* ---- the whole ---- */

/* What hung twice may still be the machine's doing: it is said, and no verdict. */
static bool all_hung(const struct check_result *result) {
  for (size_t i = 0; i < result->failure_count; i++)
    if (result->failures[i].outcome.failure != PROGRAM_HUNG) return false;
  return true;
}

static enum verdict own_verdict(const struct check_report *report) {
  const struct check_result *result = report->result;
  const bool declared = report->scenario->check.cases == CHECK_CASES_DECLARED;
  if (result->unjudged) return VERDICT_INCONCLUSIVE;
  if (result->failure_count > 0) return all_hung(result) ? VERDICT_INCONCLUSIVE : VERDICT_VIOLATED;
  if (result->tried == 0) return VERDICT_INCONCLUSIVE;
  return declared && result->counts[CHECK_DECLARED].tried == 0 ? VERDICT_INCONCLUSIVE : VERDICT_HELD;
}

static bool not_reached(const struct check_kept *kept) {
  return kept->verdict == VERDICT_INCONCLUSIVE && (!kept->evidence || *kept->evidence == '\0');
}

enum verdict check_verdict(const struct check_report *report) {
  enum verdict verdict = own_verdict(report);
  for (size_t i = 0; i < report->kept_count; i++) {
    const struct check_kept *kept = &report->kept[i];
    if (kept->verdict == VERDICT_VIOLATED) return VERDICT_VIOLATED;
    if (kept->verdict == VERDICT_INCONCLUSIVE && !not_reached(kept) && verdict == VERDICT_HELD)
      verdict = VERDICT_INCONCLUSIVE;
  }
  return verdict;
}

int check_exit_status(const struct check_report *report) {
  static const int statuses[VERDICT__COUNT] = {
      [VERDICT_HELD] = 0, [VERDICT_VIOLATED] = 1, [VERDICT_INCONCLUSIVE] = 2};
  return statuses[check_verdict(report)];
}

/* ---- one failure ---- */

/* "duplicate_effects: a re-execution left a different state", "hung". */
static void put_what(const struct check_outcome *outcome, FILE *out) {
  static const char *const programs[PROGRAM_FAILURE__COUNT] = {
      [PROGRAM_HUNG] = "it did not answer in time",
      [PROGRAM_DIED] = "it ended by itself",
      [PROGRAM_MALFORMED] = "it said what cannot be understood",
      [PROGRAM_CHATTY] = "it said too much",
      [PROGRAM_NOT_STARTED] = "it could not be started",
      [PROGRAM_NO_RESOURCES] = "the machine lacks what it needs",
      [PROGRAM_CANNOT_JUDGE] = "there is nothing to judge it by",
  };
  if (outcome->verdict == CHECK_PROGRAM)
    fprintf(out, "%s: %s", program_failure_names[outcome->failure], programs[outcome->failure]);
  else
    fprintf(out, "%s: %s", anomaly_names[outcome->anomaly], anomaly_abouts[outcome->anomaly]);
}

/* Lines, each behind the margin; nothing where there is no text. */
static void put_lines(const char *text, const char *margin, FILE *out) {
  char *tidy = strdup(text);
  ASSERT(tidy);
  text_tidy(tidy);
  for (const char *at = tidy; *at;) {
    const size_t length = strcspn(at, "\n");
    fprintf(out, "%s%.*s\n", margin, (int)length, at);
    at += length + (at[length] == '\n');
  }
  free(tidy);
}

static void put_case(const struct check_report *report, const struct check_failure *failure,
                     const struct check_small *small, FILE *out) {
  const struct check_case *what = small ? &small->what : &failure->what;
  const struct plan *plan = small ? &small->plan : &report->scenario->plans[0];
  fprintf(out, "  class     %s: %s\n", check_class_rows[what->class].name, check_class_rows[what->class].about);
  if (what->variant != VARIANT_NONE) fprintf(out, "  variant   %s\n", variant_names[what->variant]);
  if (what->mixed) fprintf(out, "  versions  every second consumer runs the other one\n");
  const struct scenario *scenario = report->scenario;
  for (size_t i = 0; what->class == CHECK_DECLARED && i < scenario->fault_count; i++)
    fprintf(out, "%s%s", i ? ", " : "  faults    of the file: ", scenario->faults[i].name);
  if (what->class == CHECK_DECLARED && scenario->fault_count > 0) fputc('\n', out);
  for (unsigned i = 0; i < what->count; i++) {
    fputs(i ? "            - " : "  faults    - ", out);
    placement_write(plan, &what->placements[i], out);
    fputc('\n', out);
  }
  if (small && small->small)
    fprintf(out, "  with      %llu operation%s\n", (unsigned long long)plan->workload.messages,
            plan->workload.messages == 1 ? "" : "s");
}

/* Rows that say when, or by whom, something was done differ wherever a fault has struck. */
static void put_hint(const struct check_outcome *outcome, FILE *out) {
  char kind[128];
  snprintf(kind, sizeof kind, "%s", outcome->kind);
  text_tidy(kind);
  if (kind[0]) fprintf(out, "            (no effect, but bookkeeping? check: {ignore: [%s]})\n", kind);
}

/* The first failure with all that is known of it. */
static void put_first(const struct check_report *report, FILE *out) {
  const struct check_failure *failure = &report->result->failures[0];
  const struct check_outcome *outcome = report->small ? &report->small->outcome : &failure->outcome;
  put_lines(outcome->evidence, "            ", out);
  put_hint(outcome, out);
  put_case(report, failure, report->small, out);
  if (report->path) fprintf(out, "  written   %s\n", PRINTABLE(report->path));
  if (report->again) fprintf(out, "  again     %s\n", report->again);
  if (report->story && *report->story) {
    fputc('\n', out);
    put_lines(report->story, "  ", out);
  }
}

static void put_others(const struct check_result *result, FILE *out) {
  for (size_t i = 1; i < result->failure_count && i <= OTHERS_MAX; i++) {
    const struct check_failure *failure = &result->failures[i];
    char evidence[CHECK_EVIDENCE_ROOM];
    snprintf(evidence, sizeof evidence, "%s", failure->outcome.evidence);
    text_tidy(evidence);
    evidence[strcspn(evidence, "\n")] = '\0';
    fprintf(out, "%s%-15s %s: %s\n", i == 1 ? "\nalso      " : "          ",
            check_class_rows[failure->what.class].name,
            failure->outcome.verdict == CHECK_PROGRAM ? program_failure_names[failure->outcome.failure]
                                                      : anomaly_names[failure->outcome.anomaly],
            evidence);
  }
  if (result->failure_count > OTHERS_MAX + 1)
    fprintf(out, "          and %zu more\n", result->failure_count - OTHERS_MAX - 1);
}

/* ---- for people ---- */

void check_report_line(const struct check_report *report, FILE *out) {
  const struct check_result *result = report->result;
  fprintf(out, "%u of %u recovered%s, in %.1f s\n", result->recovered, result->tried,
          result->stopped ? "; stopped at the first failure" : "", result->wall_s);
}

#define NOT_REACHED "its faults strike nothing any more: the program makes other calls"

/* What there is to say of a kept case. */
static const char *kept_evidence(const struct check_kept *kept) {
  return not_reached(kept) ? NOT_REACHED : kept->evidence ? kept->evidence : "";
}

/* A file with one case of its own has no other classes. */
static bool is_shown(const struct check_report *report, int class) {
  const bool declared = report->scenario->check.cases == CHECK_CASES_DECLARED;
  return declared ? class == CHECK_CLEAN || class == CHECK_DECLARED : class != CHECK_DECLARED;
}

static void put_table(const struct check_report *report, FILE *out) {
  const struct check_result *result = report->result;
  unsigned unreached = 0;
  fprintf(out, "  %-16s %6s %10s\n", "class", "tried", "recovered");
  for (int i = 0; i < CHECK_CLASS__COUNT; i++) {
    const struct check_count *count = &result->counts[i];
    if (!is_shown(report, i)) continue;
    if (result->stopped && count->not_tried == check_stopped) {
      unreached++;
      continue;
    }
    fprintf(out, "  %-16s", check_class_rows[i].name);
    if (count->not_tried)
      fprintf(out, " not tried: %s\n", count->not_tried);
    else
      fprintf(out, " %6u %10u\n", count->tried, count->recovered);
  }
  if (unreached > 0)
    fprintf(out, "  %u more class%s behind it; --keep-going tries them too\n", unreached, unreached == 1 ? "" : "es");
  fputc('\n', out);
}

static void put_judged(const struct check_result *result, FILE *out) {
  if (result->ledger || result->lines)
    fprintf(out, "judged by %s%s%s\n", result->ledger ? "the tool's own stores" : "",
            result->ledger && result->lines ? ", and " : "", result->lines ? "the lines of the run without faults" : "");
  if (result->masked[0] != '\0') {
    char masked[sizeof result->masked];
    memcpy(masked, result->masked, sizeof masked);
    text_tidy(masked);
    fprintf(out, "masked    %s: different in two runs without faults\n", masked);
  }
  if (result->marked > 0 || result->seen > 0)
    fprintf(out, "points    %u marked, %u seen\n", result->marked, result->seen);
}

static void put_kept(const struct check_report *report, FILE *out) {
  static const char *const words[VERDICT__COUNT] = {
      [VERDICT_HELD] = "FIXED", [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE", [VERDICT_VIOLATED] = "STILL FAILS"};
  bool forgettable = false;
  for (size_t i = 0; i < report->kept_count; i++) {
    const struct check_kept *kept = &report->kept[i];
    forgettable = forgettable || kept->verdict == VERDICT_HELD || not_reached(kept);
    fprintf(out, "%-12s %s\n", not_reached(kept) ? "NOT REACHED" : words[kept->verdict], PRINTABLE(kept->path));
    if (kept->verdict != VERDICT_HELD) put_lines(kept_evidence(kept), "             ", out);
  }
  if (forgettable) fputs("             they stay, and are tried each time: delete a file to forget its case\n", out);
  if (report->kept_count > 0) fputc('\n', out);
}

void check_report_human(const struct check_report *report, FILE *out) {
  const struct check_result *result = report->result;
  const struct plan *plan = &report->scenario->plans[0];
  put_kept(report, out);
  const unsigned long long operations = plan->workload.messages;
  fprintf(out, "%s: %s, %llu operation%s, %u call%s in the run without faults\n\n", report->scenario->name,
          plan->system->name, operations, operations == 1 ? "" : "s", result->calls, result->calls == 1 ? "" : "s");
  put_table(report, out);
  put_judged(result, out);
  if (result->failure_count > 0) {
    const struct check_outcome *outcome = &result->failures[0].outcome;
    fprintf(out, "%s ", result->unjudged || all_hung(result) ? "unjudged " : "FAILED   ");
    put_what(outcome, out);
    fputc('\n', out);
    put_first(report, out);
    put_others(result, out);
    fputc('\n', out);
  }
  if (report->scenario->check.cases == CHECK_CASES_DECLARED && own_verdict(report) == VERDICT_INCONCLUSIVE &&
      !result->unjudged)
    fputs("inconclusive: the declared faults were never effective\n", out);
  check_report_line(report, out);
}

/* ---- for machines ---- */

static char *text_of(const struct check_report *report, const struct check_failure *failure, bool first) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  ASSERT_MSG(out, "out of memory");
  if (first)
    put_first(report, out);
  else
    put_case(report, failure, NULL, out);
  ASSERT(fclose(out) == 0);
  return text;
}

/* "duplicate_effects: a re-execution left a different state: op-2 charge: 2 instead of 1" */
static void put_detail(const struct check_failure *failure, struct report_case *item) {
  FILE *out = fmemopen(item->detail, sizeof item->detail - 1, "w");
  ASSERT_MSG(out, "out of memory");
  put_what(&failure->outcome, out);
  fprintf(out, "; %.300s", failure->outcome.evidence);
  fclose(out);
  text_tidy(item->detail);
}

/* A class; *out_text is owned by the caller. */
static void class_case(const struct check_report *report, enum check_class class, struct report_case *item,
                       char **out_text) {
  const struct check_result *result = report->result;
  const struct check_count *count = &result->counts[class];
  *item = (struct report_case){.verdict = VERDICT_HELD, .skipped = count->not_tried != NULL};
  snprintf(item->name, sizeof item->name, "%s", check_class_rows[class].name);
  if (count->not_tried) snprintf(item->detail, sizeof item->detail, "%s", count->not_tried);
  for (size_t i = 0; i < result->failure_count; i++) {
    const struct check_failure *failure = &result->failures[i];
    if (failure->what.class != class) continue;
    item->verdict = result->unjudged || all_hung(result) ? VERDICT_INCONCLUSIVE : VERDICT_VIOLATED;
    item->skipped = false;
    put_detail(failure, item);
    item->more = *out_text = text_of(report, failure, i == 0);
    return;
  }
}

static void kept_case(const struct check_kept *kept, struct report_case *item) {
  *item = (struct report_case){.verdict = kept->verdict, .skipped = not_reached(kept)};
  snprintf(item->name, sizeof item->name, "%s is fixed", PRINTABLE(kept->path));
  snprintf(item->detail, sizeof item->detail, "%s", kept_evidence(kept));
  text_tidy(item->name);
  text_tidy(item->detail);
}

void check_report_suite(const struct check_report *report, struct report *out) {
  const size_t most = report->kept_count + CHECK_CLASS__COUNT;
  struct report_case *cases = calloc(most, sizeof *cases);
  char **texts = calloc(most, sizeof *texts), comment[128];
  size_t count = 0;
  ASSERT(cases && texts);
  for (size_t i = 0; i < report->kept_count; i++) kept_case(&report->kept[i], &cases[count++]);
  for (int class = 0; class < CHECK_CLASS__COUNT; class++) {
    if (!is_shown(report, class)) continue;
    class_case(report, (enum check_class)class, &cases[count], &texts[count]);
    count++;
  }
  if (report->scenario->check.cases == CHECK_CASES_DECLARED && own_verdict(report) == VERDICT_INCONCLUSIVE &&
      !report->result->unjudged)
    cases[count - 1] = (struct report_case){.name = "declared", .verdict = VERDICT_INCONCLUSIVE,
                                            .detail = "the declared faults were never effective"};
  snprintf(comment, sizeof comment, "%u of %u recovered", report->result->recovered, report->result->tried);
  report_suite(out, report->scenario->name, cases, count, comment);
  for (size_t i = 0; i < most; i++) free(texts[i]);
  free(texts);
  free(cases);
}
