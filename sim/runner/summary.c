#include "sim/base/printable.h"
#include "sim/runner/output.h"

#include "sim/base/assert.h"
#include "sim/runner/charts_sweep.h"
#include "sim/runner/human.h"
#include "sim/runner/judge.h"
#include "sim/runner/summary_cells.h"
#include "sim/runner/summary_intervals.h"
#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS SUMMARY_COLUMNS
#define CELL SUMMARY_CELL
#define LABEL_MAX 32 /* a longer label stands on a line of its own */
#define PLANS_SHOWN_MAX 200

const char *const summary_heads[2][SUMMARY_COLUMNS] = {
    {"guarantee", "lost", "duplicated", "capacity", "goodput", "latency", "latency", "contract"},
    {"", "per run", "per run", "per s", "per s", "p50", "p99", ""}};

enum paint { PLAIN, BOLD, GREEN, RED, YELLOW };

static void paint(FILE *out, bool colour, enum paint how, const char *text) {
  static const char *const codes[] = {"", "\033[1m", "\033[32m", "\033[31m", "\033[33m"};
  if (!colour || how == PLAIN)
    fputs(text, out);
  else
    fprintf(out, "%s%s\033[0m", codes[how], text);
}

static enum paint paint_of(enum verdict verdict) {
  static const enum paint paints[VERDICT__COUNT] = {
      [VERDICT_HELD] = GREEN, [VERDICT_INCONCLUSIVE] = YELLOW, [VERDICT_VIOLATED] = RED};
  return paints[verdict];
}

typedef char table_row[COLUMNS][CELL];

void summary_fill_row(const struct campaign *campaign, size_t row, char cells[SUMMARY_COLUMNS][SUMMARY_CELL]) {
  static const enum metric metrics[COLUMNS] = {[1] = METRIC_LOST,
                                               [2] = METRIC_DUPLICATE_EFFECTS,
                                               [4] = METRIC_GOODPUT,
                                               [5] = METRIC_LATENCY_P50,
                                               [6] = METRIC_LATENCY_P99};
  for (int column = 1; column < COLUMNS - 1; column++) {
    if (column == 3) continue;
    const enum metric metric = metrics[column];
    const struct estimate estimate = campaign_estimate(campaign, row, metric);
    if (estimate.n == 0)
      snprintf(cells[column], CELL, "-");
    else
      human_estimate(metric_rows[metric].unit, estimate, cells[column], CELL);
  }
  if (campaign->capacity[row] < 0)
    snprintf(cells[3], CELL, "-");
  else
    human_number((double)campaign->capacity[row] / SCHEMA_RATE_SCALE, cells[3], CELL);
  snprintf(cells[COLUMNS - 1], CELL, "%s", campaign->contract_held[row] ? "held" : "violated");
}

/* Where something is swept, a column for each path stands behind the label: its heading on two lines, as
 * paths are long. */
struct swept_columns {
  size_t count;
  size_t widths[SWEEP_KEYS_MAX];
};

static const char *last_part(const char *path) {
  return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static struct swept_columns swept_columns(const struct scenario *scenario) {
  struct swept_columns columns = {.count = scenario->sweep_count};
  for (size_t i = 0; i < columns.count; i++) {
    const struct sweep_key *key = &scenario->sweep[i];
    const size_t last = human_width(last_part(key->path)), whole = human_width(key->path);
    columns.widths[i] = last > whole - last ? last : whole - last;
    for (size_t j = 0; j < key->count; j++)
      if (human_width(key->texts[j]) > columns.widths[i]) columns.widths[i] = human_width(key->texts[j]);
  }
  return columns;
}

/* `line` 0 and 1: the headings; else a plan's values. */
static void print_swept(FILE *out, const struct scenario *scenario, const struct swept_columns *columns,
                        size_t line, const struct scenario_point *point) {
  for (size_t i = 0; i < columns->count; i++) {
    const struct sweep_key *key = &scenario->sweep[i];
    char head[128];
    const int parts = (int)(last_part(key->path) - key->path);
    snprintf(head, sizeof head, "%.*s", parts > 0 ? parts : 0, key->path);
    const char *text = line == 0 ? head : line == 1 ? last_part(key->path) : "-";
    if (line > 1 && point->values[i] != SWEEP_NONE) text = key->texts[point->values[i]];
    fputs("  ", out);
    human_pad(out, text, columns->widths[i], line > 1);
  }
}

static void print_cells(FILE *out, table_row cells, const size_t widths[COLUMNS]) {
  for (int column = 1; column < COLUMNS - 1; column++) {
    fputs("  ", out);
    human_pad(out, cells[column], widths[column], true);
  }
  if (cells[COLUMNS - 1][0] != '\0') fputs("  ", out);
}

static void print_label(FILE *out, const char *label, size_t width) {
  if (human_width(label) > width) {
    fprintf(out, "%s\n", label);
    label = "";
  }
  human_pad(out, label, width, false);
}

static size_t label_width(const struct scenario *scenario, const char *heading) {
  size_t widest = human_width(heading);
  for (size_t row = 0; row < scenario->row_count; row++) {
    const size_t width = human_width(scenario->rows[row].label);
    if (width > widest && width <= LABEL_MAX) widest = width;
  }
  return widest;
}

static void print_table(const struct campaign *campaign, bool colour, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  const size_t rows = scenario->plan_count < PLANS_SHOWN_MAX ? scenario->plan_count : PLANS_SHOWN_MAX;
  const struct swept_columns swept = swept_columns(scenario);
  table_row *cells = calloc(rows + 2, sizeof *cells);
  ASSERT(cells != NULL);
  for (int i = 0; i < 2 * COLUMNS; i++)
    snprintf(cells[i / COLUMNS][i % COLUMNS], CELL, "%s", summary_heads[i / COLUMNS][i % COLUMNS]);
  size_t widths[COLUMNS] = {label_width(scenario, summary_heads[0][0])};
  for (size_t row = 0; row < rows; row++) summary_fill_row(campaign, row, cells[row + 2]);
  for (size_t i = 0; i < rows + 2; i++)
    for (int column = 1; column < COLUMNS; column++)
      if (human_width(cells[i][column]) > widths[column])
        widths[column] = human_width(cells[i][column]);
  for (size_t i = 0; i < 2; i++) {
    print_label(out, cells[i][0], widths[0]);
    print_swept(out, scenario, &swept, i, NULL);
    print_cells(out, cells[i], widths);
    fprintf(out, "%s\n", cells[i][COLUMNS - 1]);
  }
  for (size_t row = 0; row < rows; row++) {
    const bool held = campaign->contract_held[row];
    const struct scenario_point *point = &scenario->points[row];
    const bool first = scenario->rows[point->row].first == row; /* the label once, then its points */
    print_label(out, first ? scenario->plans[row].label : "", widths[0]);
    print_swept(out, scenario, &swept, 2, point);
    print_cells(out, cells[row + 2], widths);
    paint(out, colour, held ? GREEN : RED, cells[row + 2][COLUMNS - 1]);
    fputc('\n', out);
  }
  if (rows < scenario->plan_count)
    fprintf(out, "and %zu more: aggregate.csv\n", scenario->plan_count - rows);
  free(cells);
}

/* Of a row at several points: at how many, and by what. */
static void print_violations(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  for (size_t i = 0; i < scenario->row_count; i++) {
    const struct scenario_row *row = &scenario->rows[i];
    uint32_t violations = 0;
    size_t broken = 0;
    for (size_t plan = row->first; plan < row->first + row->count; plan++) {
      violations |= campaign->violations[plan];
      broken += !campaign->contract_held[plan];
    }
    if (broken == 0) continue;
    char names[256];
    verdict_describe(violations, names, sizeof names);
    fprintf(out, "%s breaks its contract", row->label);
    if (row->count > 1) fprintf(out, " at %zu of %" PRIu32 " points", broken, row->count);
    fprintf(out, ": %s\n", names);
  }
}

/* The table shows what was lost or done twice. Operations that overwrite may leave wrong rows without either. */
static void print_wrong_rows(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  for (size_t i = 0; i < scenario->row_count; i++) {
    const struct scenario_row *row = &scenario->rows[i];
    size_t wrong = 0;
    for (size_t plan = row->first; plan < row->first + row->count; plan++)
      for (size_t seed = 0; plan_overwrites(&scenario->plans[plan]) && seed < campaign->seed_count; seed++)
        wrong += campaign_result(campaign, plan, seed)->metrics[METRIC_STATE_ERRORS] > 0;
    if (wrong > 0)
      fprintf(out, "%s ends with wrong rows in %zu of %zu runs: state_errors\n", row->label, wrong,
              row->count * campaign->seed_count);
  }
}

/* Runs that drain_events has ended: a wait that takes many events looks like a livelock. */
static void print_livelocks(const struct campaign *campaign, FILE *out) {
  const struct run_result *first = NULL;
  size_t runs = 0;
  for (size_t i = 0; i < campaign->result_count; i++) {
    if (!campaign->results[i].livelocked) continue;
    if (!first) first = &campaign->results[i];
    runs++;
  }
  if (!first) return;
  fprintf(out, "%zu of %zu runs stopped: nothing got done in %" PRIu64 " events (drain_events); the first is %s, seed %" PRIu64 "\n",
          runs, campaign->result_count, campaign->scenario->plans[first->row].drain_events,
          campaign_name(campaign, first->row), first->seed);
}

/* A line for each group of each row. */
static void print_groups(const struct campaign *campaign, FILE *out) {
  static const enum metric metrics[] = {METRIC_LOST, METRIC_DUPLICATE_DELIVERIES,
                                        METRIC_DUPLICATE_EFFECTS};
  size_t widths[3] = {strlen("guarantee"), strlen("group"), strlen("handler")};
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const struct plan *plan = &campaign->scenario->plans[row];
    for (uint32_t group = 0; group < plan->group_count; group++) {
      const char *cells[] = {campaign_name(campaign, row), plan->groups[group].name,
                             plan->groups[group].handler->name};
      for (int i = 0; i < 3; i++)
        if (human_width(cells[i]) > widths[i]) widths[i] = human_width(cells[i]);
    }
  }
  fprintf(out, "\n%-*s  %-*s  %-*s  %12s  %12s  %12s\n", (int)widths[0], "guarantee", (int)widths[1],
          "group", (int)widths[2], "handler", "lost", "delivered", "duplicated");
  fprintf(out, "%*s  %12s  %12s  %12s\n", (int)(widths[0] + widths[1] + widths[2] + 4), "", "per run",
          "again", "per run");
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const struct plan *plan = &campaign->scenario->plans[row];
    for (uint32_t group = 0; group < plan->group_count; group++) {
      human_pad(out, campaign_name(campaign, row), widths[0] + 2, false);
      human_pad(out, plan->groups[group].name, widths[1] + 2, false);
      human_pad(out, plan->groups[group].handler->name, widths[2], false);
      for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        char cell[CELL];
        human_estimate(UNIT_COUNT, campaign_group_estimate(campaign, row, group, metrics[i]), cell, CELL);
        fputs("  ", out);
        human_pad(out, cell, 12, true);
      }
      fputc('\n', out);
    }
  }
}

static size_t rows_with_target(const struct campaign *campaign, size_t fault) {
  const struct scenario *scenario = campaign->scenario;
  size_t rows = 0;
  for (size_t row = 0; row < scenario->row_count; row++)
    rows += campaign_result(campaign, scenario->rows[row].first, 0)->fault_applies[fault] != 0;
  return rows;
}

struct summary_fault summary_fault(const struct campaign *campaign, size_t fault) {
  const struct fault_plan *plan = &campaign->scenario->faults[fault];
  const size_t rows = campaign->scenario->row_count,
               applicable = rows_with_target(campaign, fault);
  struct summary_fault notes = {"", ""};
  if (applicable == 0)
    snprintf(notes.where, sizeof notes.where, "not applicable: no row has such a target");
  else if (applicable < rows)
    snprintf(notes.where, sizeof notes.where, "applicable in %zu of %zu rows", applicable, rows);
  if (applicable > 0 && judge_fault_missed(campaign, fault))
    snprintf(notes.missed, sizeof notes.missed,
             campaign->fault_hits[fault] == 0 ? "never hit" : "fewer hits than %u", plan->min_hits);
  return notes;
}

static void print_fault_note(const struct campaign *campaign, size_t fault, bool colour, FILE *out) {
  const struct summary_fault notes = summary_fault(campaign, fault);
  if (notes.missed[0] != '\0') {
    fputs("  ", out);
    paint(out, colour, YELLOW, notes.missed);
  }
  if (notes.where[0] != '\0') fprintf(out, "  %s", notes.where);
}

static void print_faults(const struct campaign *campaign, bool colour, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  if (scenario->fault_count == 0) return;
  size_t name_width = strlen("fault"), verb_width = strlen("verb");
  for (size_t i = 0; i < scenario->fault_count; i++) {
    const size_t name = human_width(scenario->faults[i].name);
    const size_t verb = strlen(fault_verbs[scenario->faults[i].verb].name);
    if (name > name_width) name_width = name;
    if (verb > verb_width) verb_width = verb;
  }
  fputc('\n', out);
  human_pad(out, "fault", name_width + 2, false);
  human_pad(out, "verb", verb_width + 2, false);
  fputs("      hits\n", out);
  for (size_t i = 0; i < scenario->fault_count; i++) {
    human_pad(out, scenario->faults[i].name, name_width + 2, false);
    human_pad(out, fault_verbs[scenario->faults[i].verb].name, verb_width + 2, false);
    fprintf(out, "%10" PRIu64, campaign->fault_hits[i]);
    print_fault_note(campaign, i, colour, out);
    fputc('\n', out);
  }
}

enum verdict summary_expectation(const struct expectation_result *result) {
  return result->holds ? VERDICT_HELD : result->unknown ? VERDICT_INCONCLUSIVE : VERDICT_VIOLATED;
}

static void print_expectations(const struct campaign *campaign, bool colour, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  if (scenario->expectation_count == 0) return;
  fputs("\nexpected\n", out);
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    const struct expectation *expectation = &scenario->expectations[i];
    const struct expectation_result *result = &campaign->expectations[i];
    const enum verdict verdict = summary_expectation(result);
    fputs("  ", out);
    paint(out, colour, paint_of(verdict), verdict_names[verdict]);
    fprintf(out, "  %s\n", expectation->text);
    if (result->holds)
      fprintf(out, "        %s\n", result->found);
    else
      fprintf(out, "        found %s\n        %s:%d:%d\n", result->found, PRINTABLE(scenario->path),
              expectation->line, expectation->column);
  }
}

void summary_reason(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  size_t held = 0, unknown = 0, broken = 0, missed = 0;
  for (size_t i = 0; i < scenario->expectation_count; i++) {
    held += campaign->expectations[i].holds;
    unknown += !campaign->expectations[i].holds && campaign->expectations[i].unknown;
  }
  for (size_t row = 0; row < scenario->plan_count; row++) broken += !campaign->contract_held[row];
  for (size_t i = 0; i < scenario->fault_count; i++) missed += judge_fault_missed(campaign, i);
  if (scenario->expectation_count > 0)
    fprintf(out, "%zu of %zu expectations held", held, scenario->expectation_count);
  else
    fprintf(out, "%zu of %zu contracts held", scenario->plan_count - broken,
            scenario->plan_count);
  if (unknown > 0) fprintf(out, ", %zu not known", unknown);
  if (missed > 0) fprintf(out, ", %zu of %zu faults missed", missed, scenario->fault_count);
}

static void print_verdict(const struct campaign *campaign, bool colour, FILE *out) {
  fputs("\nverdict  ", out);
  paint(out, colour, paint_of(campaign->verdict), verdict_names[campaign->verdict]);
  fputs(": ", out);
  summary_reason(campaign, out);
  fprintf(out, "\ndigest   %016" PRIx64 "\n", campaign_digest(campaign));
  if (campaign->verified && campaign->verify_mismatches == 0)
    fprintf(out, "verified every run twice: equal\n");
  if (campaign->verify_mismatches > 0) {
    paint(out, colour, RED, "NOT DETERMINISTIC");
    fprintf(out, ": %zu differed when repeated", campaign->verify_mismatches);
    if (campaign->verify_first < campaign->result_count) {
      const struct run_result *first = &campaign->results[campaign->verify_first];
      fprintf(out, ", the first is %s, seed %" PRIu64, campaign_name(campaign, first->row),
              first->seed);
    }
    fputc('\n', out);
  }
  char *command = judge_reproduce(campaign);
  if (command) fprintf(out, "again    %s\n", command);
  free(command);
}

void summary_seeds(const struct campaign *campaign, FILE *out) {
  const size_t seeds = campaign->seed_count, most = campaign->scenario->seed_count;
  if (campaign->looks > 0)
    fprintf(out, "%zu of at most %zu seeds, %zu %s", seeds, most, campaign->looks,
            campaign->looks == 1 ? "look" : "looks");
  else
    fprintf(out, "%zu %s", seeds, seeds == 1 ? "seed" : "seeds");
}

void summary_gap(const struct campaign *campaign, FILE *out) {
  const struct precision_gap *gap = &campaign->gap;
  if (campaign->looks == 0 || campaign->precise) return;
  fprintf(out, "not precise enough: %s of %s to %.2g %% of %s, not to %.2g %%\n", metric_rows[gap->metric].name,
          campaign_name(campaign, gap->plan), 100 * gap->half,
          metric_rows[gap->metric].unit == UNIT_COUNT ? "what was intended" : "its value", 100 * gap->goal);
}

size_t summary_points(const struct scenario *scenario) {
  size_t points = 1;
  for (size_t i = 0; i < scenario->sweep_count; i++) points *= scenario->sweep[i].count;
  return points;
}

void output_intended(const struct campaign *campaign, char *out, size_t size) {
  double least = 0, most = 0;
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const double mean = campaign_estimate(campaign, row, METRIC_INTENDED).mean;
    if (row == 0 || mean < least) least = mean;
    if (row == 0 || mean > most) most = mean;
  }
  char low[HUMAN_MAX], high[HUMAN_MAX];
  human_number(least, low, sizeof low);
  human_number(most, high, sizeof high);
  snprintf(out, size, strcmp(low, high) == 0 || campaign->scenario->sweep_count == 0 ? "%s" : "%s to %s",
           low, high);
}

void output_summary(const struct campaign *campaign, bool colour, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  const size_t rows = scenario->row_count, seeds = campaign->seed_count;
  char intended[2 * HUMAN_MAX];
  output_intended(campaign, intended, sizeof intended);
  paint(out, colour, BOLD, scenario->name);
  fprintf(out, ": %zu %s", rows, rows == 1 ? "guarantee" : "guarantees");
  if (scenario_axes(scenario) > 0)
    fprintf(out, ", %zu points swept", summary_points(scenario));
  fputs(", ", out);
  summary_seeds(campaign, out);
  fprintf(out, ", %s %s a run%s\n", intended,
          scenario->plans[0].groups ? "obligations (operations times groups)" : "operations",
          seeds > 1 ? "; means with 95 % intervals" : "");
  if (scenario->about && scenario->about[0] != '\0') fprintf(out, "%s\n", scenario->about);
  fputc('\n', out);
  print_table(campaign, colour, out);
  print_violations(campaign, out);
  print_wrong_rows(campaign, out);
  print_livelocks(campaign, out);
  summary_gap(campaign, out);
  summary_intervals(campaign, out);
  if (scenario->plans[0].groups) print_groups(campaign, out);
  print_faults(campaign, colour, out);
  print_expectations(campaign, colour, out);
  charts_sweep_summary(campaign, out);
  print_verdict(campaign, colour, out);
}
