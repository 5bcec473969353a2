/* The verdict in words, what was expected, and what each guarantee promises. */
#include "sim/runner/judge.h"
#include "sim/runner/report_html_parts.h"
#include "sim/runner/summary_cells.h"
#include "sim/runner/tables.h"

#include <inttypes.h>
#include <string.h>

static void put_reason(const struct campaign *campaign, FILE *out) {
  static const char *const words[VERDICT__COUNT] = {
      [VERDICT_HELD] = "It held: ", [VERDICT_INCONCLUSIVE] = "Nothing can be concluded: ",
      [VERDICT_VIOLATED] = "It was violated: "};
  fputs(words[campaign->verdict], out);
  summary_reason(campaign, out);
  bool missed = false;
  for (size_t fault = 0; fault < campaign->scenario->fault_count; fault++) missed |= judge_fault_missed(campaign, fault);
  fputs(campaign->verdict == VERDICT_INCONCLUSIVE && missed
            ? ". What was declared, and never did anything, was not tested: that nothing else was seen means nothing."
            : ".",
        out);
}

static void put_missed(const struct campaign *campaign, FILE *out) {
  const char *between = "Missed: ";
  for (size_t fault = 0; fault < campaign->scenario->fault_count; fault++) {
    if (!judge_fault_missed(campaign, fault)) continue;
    fprintf(out, "%sfault %s (%s)", between, campaign->scenario->faults[fault].name, summary_fault(campaign, fault).missed);
    between = ", ";
  }
}

static void put_sure(const struct campaign *campaign, FILE *out) {
  if (campaign->verdict != VERDICT_HELD) return;
  if (campaign->seed_count < 10)
    fprintf(out, "So it was in %zu %s of each guarantee: an example, not a rate.", campaign->seed_count,
            campaign->seed_count == 1 ? "run" : "runs");
  else
    fprintf(out, "What was seen in none of %zu runs happens in at most 3/%zu of all such runs, at 95 %%.",
            campaign->seed_count, campaign->seed_count);
}

static void put_deterministic(const struct campaign *campaign, FILE *out) {
  if (!campaign->verified) return;
  if (campaign->verify_mismatches == 0)
    fputs("Every run was done twice, with memory laid out differently: equal.", out);
  else
    fprintf(out, "NOT DETERMINISTIC: %zu differed when they were repeated.", campaign->verify_mismatches);
}

static void put_place(const struct campaign *campaign, const struct expectation *expectation, struct html_out *html) {
  html_begin(html, "span", "class", "why", NULL);
  html_print(html, "%s:%d:%d", campaign->scenario->path, expectation->line, expectation->column);
  html_end(html, "span");
}

static void put_expectations(const struct campaign *campaign, struct html_out *html) {
  static const char *const heads[] = {"verdict", "expected", "found"};
  const struct scenario *scenario = campaign->scenario;
  if (scenario->expectation_count == 0) return;
  const bool folded = report_fold(html, scenario->expectation_count, REPORT_PLANS_OPEN, "What was expected",
                                  campaign->verdict == VERDICT_VIOLATED);
  report_table(html, "What the scenario expects, and what was found");
  report_heads(html, heads, 3);
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    const struct expectation_result *result = &campaign->expectations[i];
    html_begin(html, "tr", NULL);
    html_begin(html, "td", NULL);
    report_word(html, summary_expectation(result));
    html_end(html, "td");
    html_begin(html, "th", "scope", "row", NULL);
    html_text(html, scenario->expectations[i].text);
    if (!result->holds) put_place(campaign, &scenario->expectations[i], html);
    html_end(html, "th");
    report_cell(html, result->found);
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
}

/* --- Contracts, a line a row --- */

static uint32_t row_allows(const struct plan *plan) {
  uint32_t allows = ~UINT32_C(0); /* what all groups allow: else one would promise less than it does */
  for (uint32_t group = 0; group < plan_group_count(plan); group++) allows &= plan_allows(plan, group);
  return allows;
}

static void put_names(struct html_out *html, uint32_t anomalies) {
  char names[512], *at = names;
  verdict_describe(anomalies, names, sizeof names);
  html_begin(html, "td", "class", "names", NULL);
  if (anomalies == 0) html_text(html, "nothing");
  for (char *end; anomalies != 0 && at; at = end ? end + 2 : NULL) {
    end = strstr(at, ", ");
    if (end) *end = '\0';
    html_element(html, "code", at, NULL);
    html_raw(html, end ? " " : "");
  }
  html_end(html, "td");
}

static void put_contract(const struct campaign *campaign, const struct scenario_row *row, struct html_out *html) {
  uint32_t violations = 0;
  size_t broken = 0;
  for (size_t plan = row->first; plan < row->first + row->count; plan++) {
    violations |= campaign->violations[plan];
    broken += !campaign->contract_held[plan];
  }
  html_begin(html, "td", NULL);
  report_word(html, broken ? VERDICT_VIOLATED : VERDICT_HELD);
  if (broken > 0 && row->count > 1) html_print(html, " at %zu of %" PRIu32 " points", broken, row->count);
  if (broken > 0) {
    char names[512];
    verdict_describe(violations, names, sizeof names);
    html_begin(html, "span", "class", "why", NULL);
    html_print(html, "by %s", names);
    html_end(html, "span");
  }
  html_end(html, "td");
}

bool report_broken(const struct campaign *campaign) {
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    if (!campaign->contract_held[plan]) return true;
  return false;
}

static void put_contracts(const struct campaign *campaign, struct html_out *html) {
  static const char *const heads[] = {"guarantee", "system", "handler", "its contract allows", "contract"};
  const struct scenario *scenario = campaign->scenario;
  const bool folded = report_fold(html, scenario->row_count, REPORT_LINES_OPEN, "Contracts", report_broken(campaign));
  report_table(html, "What each guarantee promises, and whether that held");
  report_heads(html, heads, 5);
  for (size_t i = 0; i < scenario->row_count; i++) {
    const struct scenario_row *row = &scenario->rows[i];
    const struct plan *plan = &scenario->plans[row->first];
    html_begin(html, "tr", NULL);
    report_label(html, row->label);
    html_element(html, "td", plan->system->name, "class", "name", NULL);
    html_element(html, "td", tables_handler(plan), "class", "name", NULL);
    put_names(html, row_allows(plan));
    put_contract(campaign, row, html);
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
}

void report_verdict(const struct report_html *report, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  report_paragraph(campaign, put_reason, "lead", html);
  report_paragraph(campaign, put_missed, "note", html);
  report_paragraph(campaign, put_sure, "note", html);
  report_paragraph(campaign, summary_gap, "note", html);
  report_paragraph(campaign, put_deterministic, "note", html);
  put_expectations(campaign, html);
  put_contracts(campaign, html);
}
