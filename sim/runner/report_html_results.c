/* The table, how sure it is, and how guarantees differ: the cells of the summary, with all plans. */
#include "sim/runner/human.h"
#include "sim/runner/intervals.h"
#include "sim/runner/report_html_parts.h"
#include "sim/runner/summary_cells.h"

static size_t lines_of(const struct scenario *scenario) {
  return scenario->plan_count < REPORT_PLANS_MAX ? scenario->plan_count : REPORT_PLANS_MAX;
}

static void begin_heads(const struct scenario *scenario, struct html_out *html) {
  html_begin(html, "thead", NULL);
  html_begin(html, "tr", NULL);
  html_element(html, "th", "guarantee", "scope", "col", NULL);
  report_swept_heads(scenario, html);
}

static void end_heads(struct html_out *html) {
  html_end(html, "tr");
  html_end(html, "thead");
  html_begin(html, "tbody", NULL);
}

static void begin_line(const struct scenario *scenario, size_t plan, struct html_out *html) {
  html_begin(html, "tr", NULL);
  report_label(html, scenario->plans[plan].label);
  report_swept_cells(scenario, plan, html);
}

static void put_more(const struct scenario *scenario, const char *file, struct html_out *html) {
  if (scenario->plan_count <= REPORT_PLANS_MAX) return;
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "%zu more are left out: ", scenario->plan_count - REPORT_PLANS_MAX);
  html_element(html, "a", file, "href", file, NULL);
  html_end(html, "p");
}

static void put_table(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  const bool folded = report_fold(html, scenario->plan_count, REPORT_PLANS_OPEN, "Each guarantee at each point", report_broken(campaign));
  report_table(html, campaign->seed_count > 1 ? "What happened, and what it cost: means of runs with 95 % intervals"
                                              : "What happened, and what it cost: one run");
  begin_heads(scenario, html);
  for (int i = 1; i < SUMMARY_COLUMNS; i++) {
    html_begin(html, "th", "scope", "col", "class", i < SUMMARY_COLUMNS - 1 ? "number" : NULL, NULL);
    html_print(html, "%s %s", summary_heads[0][i], summary_heads[1][i]);
    html_end(html, "th");
  }
  end_heads(html);
  for (size_t plan = 0; plan < lines_of(scenario); plan++) {
    char cells[SUMMARY_COLUMNS][SUMMARY_CELL] = {""};
    summary_fill_row(campaign, plan, cells);
    begin_line(scenario, plan, html);
    for (int i = 1; i < SUMMARY_COLUMNS - 1; i++) report_number(html, cells[i]);
    html_begin(html, "td", NULL);
    report_word(html, campaign->contract_held[plan] ? VERDICT_HELD : VERDICT_VIOLATED);
    html_end(html, "td");
    html_end(html, "tr");
  }
  report_table_end(html);
  put_more(scenario, "aggregate.csv", html);
  report_fold_end(html, folded);
}

static void put_shares(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  char caption[160];
  snprintf(caption, sizeof caption, "In how many of %zu runs, and in what share of all runs: exact 95 %% intervals",
           campaign->seed_count);
  const bool folded = report_fold(html, scenario->plan_count, REPORT_LINES_OPEN, "In how many runs", false);
  report_table(html, caption);
  begin_heads(scenario, html);
  html_element(html, "th", "runs with lost", "scope", "col", "class", "number", NULL);
  html_element(html, "th", "runs with duplicated", "scope", "col", "class", "number", NULL);
  end_heads(html);
  for (size_t plan = 0; plan < lines_of(scenario); plan++) {
    char cell[SUMMARY_CELL];
    begin_line(scenario, plan, html);
    summary_share(campaign, plan, METRIC_LOST, cell);
    report_number(html, cell);
    summary_share(campaign, plan, METRIC_DUPLICATE_EFFECTS, cell);
    report_number(html, cell);
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
}

static size_t compared_plans(const struct campaign *campaign) {
  size_t count = 0;
  for (size_t plan = 0; plan < lines_of(campaign->scenario); plan++)
    count += intervals_base(campaign, plan) != INTERVALS_NO_BASE;
  return count;
}

static void put_differences(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  const size_t compared = compared_plans(campaign);
  char caption[256];
  if (compared == 0) return; /* no two rows stand at one point */
  snprintf(caption, sizeof caption,
           "How a run differs from %.100s under the same luck: paired by seed, 95 %% intervals, and the pairs' correlation",
           scenario->rows[0].label);
  const bool folded = report_fold(html, compared, REPORT_LINES_OPEN, "Differences", false);
  report_table(html, caption);
  begin_heads(scenario, html);
  for (int i = 0; i < SUMMARY_COMPARED; i++)
    html_element(html, "th", summary_compared_heads[i], "scope", "col", "class", "number", NULL);
  end_heads(html);
  for (size_t plan = 0; plan < lines_of(scenario); plan++) {
    const size_t base = intervals_base(campaign, plan);
    if (base == INTERVALS_NO_BASE) continue;
    begin_line(scenario, plan, html);
    for (int i = 0; i < SUMMARY_COMPARED; i++) {
      char cell[SUMMARY_CELL];
      summary_difference(campaign, plan, base, summary_compared[i], cell);
      report_number(html, cell);
    }
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
  const char *unpaired = intervals_unpaired(scenario);
  if (!unpaired) return;
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "Not paired: fault %s strikes each row where its system happens to be.", unpaired);
  html_end(html, "p");
}

static void put_latencies(const struct campaign *campaign, struct html_out *html) {
  static const char *const heads[] = {">mean latency", ">batches", ">correlation", ""};
  const struct scenario *scenario = campaign->scenario;
  if (!summary_is_long(campaign)) return;
  const bool folded = report_fold(html, scenario->plan_count, REPORT_LINES_OPEN, "Mean latency", false);
  report_table(html, "One run: its mean latency, with the 95 % interval of batches that follow each other");
  begin_heads(scenario, html);
  for (int i = 0; i < 4; i++)
    html_element(html, "th", heads[i] + (heads[i][0] == '>'), "scope", "col", "class", i < 3 ? "number" : NULL, NULL);
  end_heads(html);
  for (size_t plan = 0; plan < lines_of(scenario); plan++) {
    char cells[4][SUMMARY_CELL] = {""};
    summary_latency(campaign, plan, cells);
    begin_line(scenario, plan, html);
    for (int i = 0; i < 3; i++) report_number(html, cells[i]);
    report_cell(html, cells[3]);
    html_end(html, "tr");
  }
  report_table_end(html);
  report_fold_end(html, folded);
}

static void put_groups(const struct campaign *campaign, struct html_out *html) {
  static const char *const heads[] = {"group", "handler", ">lost per run", ">delivered again", ">duplicated per run"};
  static const enum metric metrics[] = {METRIC_LOST, METRIC_DUPLICATE_DELIVERIES, METRIC_DUPLICATE_EFFECTS};
  const struct scenario *scenario = campaign->scenario;
  if (!scenario->plans[0].groups) return;
  const bool folded = report_fold(html, scenario->plan_count * scenario->plans[0].group_count, REPORT_PLANS_OPEN, "Groups", false);
  report_table(html, "Each group of consumers by itself");
  begin_heads(scenario, html);
  for (int i = 0; i < 5; i++)
    html_element(html, "th", heads[i] + (heads[i][0] == '>'), "scope", "col", "class", i > 1 ? "number" : NULL, NULL);
  end_heads(html);
  for (size_t i = 0; i < lines_of(scenario); i++)
    for (uint32_t group = 0; group < scenario->plans[i].group_count; group++) {
      begin_line(scenario, i, html);
      report_cell(html, scenario->plans[i].groups[group].name);
      report_cell(html, scenario->plans[i].groups[group].handler->name);
      for (int metric = 0; metric < 3; metric++) {
        char cell[HUMAN_MAX];
        human_estimate(UNIT_COUNT, campaign_group_estimate(campaign, i, group, metrics[metric]), cell, sizeof cell);
        report_number(html, cell);
      }
      html_end(html, "tr");
    }
  report_table_end(html);
  report_fold_end(html, folded);
}

void report_results(const struct report_html *report, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  put_table(campaign, html);
  put_groups(campaign, html);
  if (campaign->seed_count == 1) {
    put_latencies(campaign, html);
    return;
  }
  put_shares(campaign, html);
  if (intervals_are_paired(campaign)) put_differences(campaign, html);
}
