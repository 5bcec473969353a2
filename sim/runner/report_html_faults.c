/* The faults: what was declared, when each was under way, what it struck and how often, and whether any did nothing. */
#include "sim/base/assert.h"
#include "sim/runner/human.h"
#include "sim/runner/judge.h"
#include "sim/runner/report_html_parts.h"
#include "sim/runner/summary_cells.h"
#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <stdlib.h>

#define WINDOWS_SHOWN 3

static size_t faults_of(const struct scenario *scenario) {
  return scenario->fault_count < REPORT_FAULTS_MAX ? scenario->fault_count : REPORT_FAULTS_MAX;
}

static void put_declared(const struct scenario *scenario, size_t fault, struct html_out *html) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  scenario_print_fault(scenario, fault, out);
  ASSERT(fclose(out) == 0);
  html_begin(html, "td", "class", "declared", NULL);
  html_element(html, "code", text, NULL);
  html_end(html, "td");
  free(text);
}

/* The first run in which it has a target. */
static const struct run_result *first_run(const struct campaign *campaign, size_t fault) {
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++) {
    const struct run_result *result = campaign_result(campaign, plan, 0);
    if (result->fault_applies[fault]) return result;
  }
  return NULL;
}

static void put_windows(const struct campaign *campaign, size_t fault, struct html_out *html) {
  const struct run_result *result = first_run(campaign, fault);
  size_t count = 0;
  html_begin(html, "td", "class", "when", NULL);
  for (size_t i = 0; result && i < result->window_count; i++) {
    const struct fault_window *window = &result->windows[i];
    if (window->fault != fault || count++ >= WINDOWS_SHOWN) continue;
    const double begin = (double)window->begin * 1e-9;
    if (count > 1) html_void(html, "br", NULL);
    if (window->end == window->begin)
      html_print(html, "at %.5g s", begin);
    else
      html_print(html, "%.5g s to %.5g s", begin, (double)(window->end < 0 ? result->end_ns : window->end) * 1e-9);
  }
  if (count > WINDOWS_SHOWN) {
    html_void(html, "br", NULL);
    html_print(html, "and %zu more", count - WINDOWS_SHOWN);
  }
  if (count == 0) html_text(html, "never");
  html_end(html, "td");
}

/* Runs in which it struck anything, of those in which it might. */
static void put_runs(const struct campaign *campaign, size_t fault, struct html_out *html) {
  size_t hit = 0, applies = 0;
  for (size_t i = 0; i < campaign->result_count; i++) {
    applies += campaign->results[i].fault_applies[fault] != 0;
    hit += campaign->results[i].fault_hits[fault] > 0;
  }
  html_begin(html, "td", "class", "number", NULL);
  html_print(html, "%zu of %zu", hit, applies);
  html_end(html, "td");
}

static void put_effective(const struct campaign *campaign, size_t fault, struct html_out *html) {
  const struct summary_fault notes = summary_fault(campaign, fault);
  html_begin(html, "td", NULL);
  if (notes.missed[0] != '\0') {
    report_word(html, VERDICT_INCONCLUSIVE);
    html_print(html, ": %s", notes.missed);
  } else if (campaign->fault_hits[fault] > 0) {
    html_text(html, "yes");
  } else if (notes.where[0] == '\0') {
    html_text(html, "no, and need not be");
  }
  if (notes.where[0] != '\0') html_element(html, "span", notes.where, "class", "why", NULL);
  html_end(html, "td");
}

static void put_fault(const struct campaign *campaign, size_t fault, struct html_out *html) {
  const struct fault_verb *verb = &fault_verbs[campaign->scenario->faults[fault].verb];
  char hits[HUMAN_MAX];
  snprintf(hits, sizeof hits, "%" PRIu64, campaign->fault_hits[fault]);
  html_begin(html, "tr", NULL);
  report_label(html, campaign->scenario->faults[fault].name);
  html_begin(html, "td", NULL);
  html_element(html, "code", verb->name, NULL);
  html_element(html, "span", verb->hit, "class", "why", NULL);
  html_end(html, "td");
  put_declared(campaign->scenario, fault, html);
  put_windows(campaign, fault, html);
  report_number(html, hits);
  put_runs(campaign, fault, html);
  put_effective(campaign, fault, html);
  html_end(html, "tr");
}

/* Of a row at all its points, over all seeds; "-": it has no such target. */
static void put_hits(const struct campaign *campaign, const struct scenario_row *row, size_t fault, struct html_out *html) {
  uint64_t hits = 0;
  bool applies = false;
  for (size_t i = row->first * campaign->seed_count; i < (row->first + row->count) * campaign->seed_count; i++) {
    hits += campaign->results[i].fault_hits[fault];
    applies |= campaign->results[i].fault_applies[fault] != 0;
  }
  char text[HUMAN_MAX] = "-";
  if (applies) snprintf(text, sizeof text, "%" PRIu64, hits);
  report_number(html, text);
}

static void put_matrix(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  if (scenario->row_count < 2) return;
  const bool folded = report_fold(html, scenario->row_count, REPORT_LINES_OPEN, "Hits by guarantee", false);
  report_table(html, "How often each fault struck each guarantee, in all its runs (-: it has no such target)");
  html_begin(html, "thead", NULL);
  html_begin(html, "tr", NULL);
  html_element(html, "th", "guarantee", "scope", "col", NULL);
  for (size_t fault = 0; fault < faults_of(scenario); fault++)
    html_element(html, "th", scenario->faults[fault].name, "scope", "col", "class", "number", NULL);
  html_end(html, "tr");
  html_end(html, "thead");
  html_begin(html, "tbody", NULL);
  for (size_t i = 0; i < scenario->row_count; i++) {
    html_begin(html, "tr", NULL);
    report_label(html, scenario->rows[i].label);
    for (size_t fault = 0; fault < faults_of(scenario); fault++) put_hits(campaign, &scenario->rows[i], fault, html);
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
}

static void put_left_out(const struct campaign *campaign, struct html_out *html) {
  uint64_t left_out = 0;
  for (size_t i = 0; i < campaign->result_count; i++) left_out += campaign->results[i].windows_left_out;
  if (left_out == 0) return;
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "Times are kept of %d windows a run, of each fault the first ones: ", RESULT_WINDOWS_MAX);
  html_print(html, "%" PRIu64 " later ones are left out. Hits are of all.", left_out);
  html_end(html, "p");
}

void report_faults(const struct report_html *report, struct html_out *html) {
  static const char *const heads[] = {"fault", "verb, and what a hit is", "declared", "under way, in the first run",
                                      ">hits", ">runs with hits", "effective"};
  const struct campaign *campaign = report->campaign;
  const struct scenario *scenario = campaign->scenario;
  if (scenario->fault_count == 0) {
    html_element(html, "p", "The scenario declares none: what is shown is a day on which nothing breaks, but for what links lose.",
                 "class", "note", NULL);
    return;
  }
  const bool folded = report_fold(html, scenario->fault_count, REPORT_PLANS_OPEN, "Faults", campaign->verdict == VERDICT_INCONCLUSIVE);
  report_table(html, "What was declared, and what came of it in all runs");
  report_heads(html, heads, 7);
  for (size_t fault = 0; fault < faults_of(scenario); fault++) put_fault(campaign, fault, html);
  report_table_end(html);
  report_fold_end(html, folded);
  put_left_out(campaign, html);
  if (scenario->fault_count > REPORT_FAULTS_MAX) {
    html_begin(html, "p", "class", "note", NULL);
    html_print(html, "%zu more are left out: ", scenario->fault_count - REPORT_FAULTS_MAX);
    html_element(html, "a", "faults.csv", "href", "faults.csv", NULL);
    html_end(html, "p");
  }
  put_matrix(campaign, html);
}
