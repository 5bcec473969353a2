#include "sim/runner/charts.h"

#include "sim/runner/chart_scripts.h"
#include "sim/runner/charts_parts.h"
#include "sim/runner/charts_sweep.h"
#include "sim/runner/human.h"
#include "sim/runner/output.h"
#include "sim/runner/tables.h"
#include "sim/world/fault_verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WRAP 30           /* characters of a tic label on one line */
#define KEY_CHARACTERS 97 /* of a line of the key */
#define TIMELINE_BINS 240

void charts_put_text(FILE *out, const char *text, bool tic) {
  fputc('"', out);
  size_t column = 0;
  for (const char *c = text; *c != '\0'; c++, column++) {
    const bool plus = strncmp(c, " + ", 3) == 0;
    if (tic && (plus || (column >= WRAP && (*c == ' ' || *c == '-')))) {
      fputs(*c == '-' ? "-\\n" : "\\n", out);
      column = 0;
    } else if (*c == '"' || *c == '\\') {
      fprintf(out, "\\%c", *c);
    } else if (*c == '%' && tic) {
      fputs("%%", out);
    } else {
      fputc(*c, out);
    }
  }
  fputc('"', out);
}

/* Characters of the longest line of a wrapped label. */
static size_t wrapped_width(const char *text) {
  size_t widest = 0, column = 0;
  for (const char *c = text; *c != '\0'; c++, column++) {
    if (strncmp(c, " + ", 3) == 0 || (column >= WRAP && (*c == ' ' || *c == '-'))) column = 0;
    if (column + 1 > widest) widest = column + 1;
  }
  return widest;
}

void charts_put_labels(const struct scenario *scenario, const char *array, bool tic, FILE *out) {
  fprintf(out, "array %s[%zu] = [", array, scenario->row_count);
  for (size_t row = 0; row < scenario->row_count; row++) {
    if (row > 0) fputs(", ", out);
    charts_put_text(out, scenario->rows[row].label, tic);
  }
  fputs("]\n", out);
}

const char *charts_things(const struct scenario *scenario) {
  return scenario->plans[0].groups ? "obligations" : "operations";
}

static bool any_fault(const struct campaign *campaign) {
  for (size_t i = 0; i < campaign->result_count; i++)
    if (campaign->results[i].window_count > 0) return true;
  return false;
}

size_t charts_key_lines(const struct scenario *scenario, size_t entries, size_t more,
                        size_t *out_columns) {
  size_t longest = 14;
  for (size_t row = 0; row < scenario->row_count; row++)
    if (human_width(scenario->rows[row].label) > longest)
      longest = human_width(scenario->rows[row].label);
  *out_columns = KEY_CHARACTERS / (longest + more + 9);
  if (*out_columns == 0) *out_columns = 1;
  return (entries + *out_columns - 1) / *out_columns;
}

/* What the charts of one point have: the labels and the room that they take. */
static void put_common(const struct campaign *campaign, const char *name, bool faults,
                       int key_space, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  size_t margin = 8, columns;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    const char *label = scenario->plans[row].label;
    if (wrapped_width(label) > margin) margin = wrapped_width(label);
  }
  const size_t lines =
      charts_key_lines(scenario, scenario->plan_count + (faults ? 3 : 0), 0, &columns);
  const size_t rows_above = scenario->plan_count > 6 ? scenario->plan_count - 6 : 0;
  fprintf(out, "# Drawn from the CSV files one folder up. By hand: gnuplot %s.gp\n", name);
  fputs("NAME = ", out);
  charts_put_text(out, scenario->name, false);
  char intended[2 * HUMAN_MAX];
  output_intended(campaign, intended, sizeof intended);
  const char *things = charts_things(scenario);
  fprintf(out, "\nTHINGS = '%s'\nSUBTITLE = \"%s %s a run, %zu seed%s%s\"\n", things, intended, things,
          campaign->seed_count, campaign->seed_count == 1 ? "" : "s",
          key_space ? (faults && campaign->seed_count > 1 ? ", faults of the first seed are shaded"
                       : faults                           ? ", faults are shaded"
                                                          : "")
          : campaign->seed_count > 1 ? ", mean and 95 % interval"
                                     : "");
  fprintf(out, "ROWS = %zu\n", scenario->plan_count);
  charts_put_labels(scenario, "LABEL", false, out);
  charts_put_labels(scenario, "TIC", true, out);
  fprintf(out, "MARGIN = %zu\nKEY_COLUMNS = %zu\nKEY_LINES = %zu\n", margin + 3, columns, lines);
  fprintf(out, "HEIGHT = %zu\n", 520 + (key_space ? 19 * lines : 38 * rows_above));
  fprintf(out, "SEED = '%" PRIu64 "'\n", scenario->seeds[0]);
  fputs(chart_script_common, out);
  fprintf(out, "set output '%s.svg'\n\n", name);
}

void chart_range_widen(struct chart_range *range, double value) {
  if (value > range->most) range->most = value;
  if (value > 0 && value < range->least) range->least = value;
}

static void put_loss(const struct campaign *campaign, FILE *out) {
  struct chart_range range = {INFINITY, 0}, means = {INFINITY, 0};
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const enum metric metrics[] = {METRIC_LOST, METRIC_DUPLICATE_EFFECTS};
    for (int k = 0; k < 2; k++) {
      const struct estimate estimate = campaign_estimate(campaign, row, metrics[k]);
      chart_range_widen(&range, estimate.high);
      chart_range_widen(&means, estimate.mean);
    }
  }
  /* A logarithmic axis only where the smallest bar could not be seen beside the largest. */
  const bool logarithmic = means.most > 60 * means.least;
  const double floor_at = logarithmic ? pow(10, floor(log10(means.least / 1.5))) : 0;
  const double most = range.most > 0 ? range.most : 1;
  fprintf(out, "LOGARITHMIC = %d\nFLOOR = %.6g\nCEILING = %.6g\n", logarithmic, floor_at,
          logarithmic ? most * pow(most / floor_at, 0.12) : most * 1.12);
  fputs("array METRIC[2] = ['lost', 'duplicate_effects']\n"
        "array TITLE[2] = ['lost', 'duplicate effects']\n"
        "array COLOUR[2] = ['#D55E00', '#0072B2']\n"
        "array OFFSET[2] = [-0.18, 0.18]\n",
        out);
}

/* A step of 1, 2 or 5 times a power of ten that cuts the range into at most five. */
static double step_of(double most) {
  const double decade = pow(10, floor(log10(most / 5)));
  return most / decade <= 5    ? decade
         : most / decade <= 10 ? 2 * decade
         : most / decade <= 25 ? 5 * decade
                               : 10 * decade;
}

static void put_capacity(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  struct chart_range capacity = {INFINITY, 0}, goodput = {INFINITY, 0};
  size_t margin = 8;
  for (size_t row = 0; row < scenario->plan_count; row++) {
    chart_range_widen(&capacity, (double)campaign->capacity[row] / SCHEMA_RATE_SCALE);
    chart_range_widen(&goodput, campaign_estimate(campaign, row, METRIC_GOODPUT).high);
    const size_t width = wrapped_width(scenario->plans[row].label);
    if (width > margin) margin = width;
  }
  const struct plan *plan = &scenario->plans[0];
  const double offered = (double)plan->workload.rate / SCHEMA_RATE_SCALE * plan_group_count(plan);
  chart_range_widen(&goodput, offered);
  fprintf(out, "PANELS = %d\nOFFERED = %.6g\nLEFT = %.4g\n", scenario->measure_capacity ? 2 : 1,
          offered, (double)(margin + 2) * 8 / 900);
  const double most[2] = {capacity.most > 0 ? capacity.most : 1,
                          goodput.most > 0 ? goodput.most : 1};
  fprintf(out, "array CEILING[2] = [%.6g, %.6g]\n", most[0] * 1.25, most[1] * 1.25);
  fprintf(out, "array STEP[2] = [%.6g, %.6g]\n", step_of(most[0] * 1.25), step_of(most[1] * 1.25));
  fputs("array METRIC[2] = ['capacity', 'goodput']\n"
        "array TITLE[2] = ['capacity (saturated, no faults)', 'goodput (offered rate, with the "
        "faults)']\n"
        "array COLOUR[2] = ['#56B4E9', '#009E73']\n",
        out);
}

/* Verbs by what they hit, for the colours of their windows. */
enum family { FAMILY_ROLLOUT, FAMILY_NETWORK, FAMILY_NODE, FAMILY__COUNT };
static enum family family_of(enum verb verb) {
  switch (verb) {
  case VERB_DEPLOY:
    return FAMILY_ROLLOUT;
  case VERB_PARTITION:
  case VERB_RESET:
  case VERB_CLOG:
  case VERB_DEGRADE:
  case VERB_DROP:
    return FAMILY_NETWORK;
  default:
    return FAMILY_NODE;
  }
}

/* Of the first seed, whose windows are shaded: which families had any. */
static void families_struck(const struct campaign *campaign, bool struck[FAMILY__COUNT]) {
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const struct run_result *result = campaign_result(campaign, row, 0);
    for (size_t i = 0; i < result->window_count; i++)
      struck[family_of(campaign->scenario->faults[result->windows[i].fault].verb)] = true;
  }
}

static void put_timeline(const struct campaign *campaign, FILE *out) {
  int64_t end = 0;
  for (size_t i = 0; i < campaign->result_count; i++) {
    const struct run_result *result = &campaign->results[i];
    const int64_t length = (int64_t)result->timeline_count * result->timeline_width;
    if (length > end) end = length;
  }
  const int64_t width = tables_timeline_width(campaign);
  int64_t bin = width > 0 ? width : 1;
  if (end / bin > TIMELINE_BINS) bin *= (end / bin + TIMELINE_BINS - 1) / TIMELINE_BINS;
  static const struct {
    const char *name, *shade;
  } families[FAMILY__COUNT] = {{"deploy", "#E4E4E4"}, {"network", "#C9E6F7"}, {"nodes", "#F8D0B4"}};
  bool struck[FAMILY__COUNT] = {false};
  families_struck(campaign, struck);
  fprintf(out,
          "END = %.9g\nBIN = %.9g\n"
          "array VERBS[3] = ['', '', '']\narray FAMILY[3] = ['', '', '']\n"
          "array SHADE[3] = ['white', 'white', 'white']\n", /* gnuplot reads the first even where there is none */
          end > 0 ? (double)end * 1e-9 : 1, (double)bin * 1e-9);
  int count = 0;
  for (int family = 0; family < FAMILY__COUNT; family++) {
    if (!struck[family]) continue;
    fprintf(out, "VERBS[%d] = ' ", ++count);
    for (enum verb verb = 0; verb < VERB__COUNT; verb++)
      if (family_of(verb) == (enum family)family) fprintf(out, "%s ", fault_verbs[verb].name);
    fprintf(out, "'\nFAMILY[%d] = 'fault: %s'\nSHADE[%d] = '%s'\n", count, families[family].name,
            count, families[family].shade);
  }
  fprintf(out, "FAMILIES = %d\n", count);
  fputs("array TITLE[3] = ['goodput, per s', 'lag, '.THINGS, 'duplicates, per s']\n"
        "array COLUMN[3] = ['goodput_per_s', 'open', 'duplicates_per_s']\n",
        out);
}

static void put_latency(const struct campaign *campaign, FILE *out) {
  struct chart_range latency = {INFINITY, 0};
  uint64_t most = 1, effects = 0;
  static struct histogram const empty;
  struct histogram sum = empty;
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    tables_latency_of(campaign, row, &sum);
    for (uint32_t cell = 0; cell < HISTOGRAM_CELLS; cell++)
      if (sum.cells[cell] > 0) chart_range_widen(&latency, (double)histogram_upper(cell) * 1e-9);
    if (sum.total > most) most = sum.total;
    effects += sum.total;
  }
  const bool none = latency.most <= 0;
  if (none) latency = (struct chart_range){1e-3, 1};
  /* Where there is no line: a time of 0 is not on a logarithmic axis. */
  fprintf(out, "NOTHING = '%s'\n", effects > 0 ? "all took effect at once" : "nothing had an effect");
  fprintf(out, "EMPTY = %d\nLOW = %.6g\nHIGH = %.6g\nLEAST = %.6g\n", none,
          pow(10, floor(log10(latency.least))), pow(10, ceil(log10(latency.most * 1.0001))),
          0.7 / (double)(most > 1000 ? most : 1000));
}

static const struct {
  const char *name;
  void (*values)(const struct campaign *, FILE *);
  const char *const *text;
  bool faults, key_below;
} charts[] = {{"loss-and-duplication", put_loss, &chart_script_loss, false, false},
              {"capacity-and-goodput", put_capacity, &chart_script_capacity, false, false},
              {"timeline", put_timeline, &chart_script_timeline, true, true},
              {"latency", put_latency, &chart_script_latency, false, true}};
#define CHARTS (sizeof charts / sizeof *charts)

_Static_assert(CHARTS + EXPECT_VIOLATES <= CHARTS_MAX, "room for every name");

bool charts_name(size_t number, char out[CHART_NAME_MAX]) {
  if (number >= CHARTS + EXPECT_VIOLATES) return false;
  if (number < CHARTS)
    snprintf(out, CHART_NAME_MAX, "%s", charts[number].name);
  else
    charts_sweep_name((unsigned)(number - CHARTS), out, CHART_NAME_MAX);
  return true;
}

static void put_chart(const struct campaign *campaign, unsigned which, FILE *out) {
  const bool faults = charts[which].faults && any_fault(campaign);
  put_common(campaign, charts[which].name, faults, charts[which].key_below, out);
  charts[which].values(campaign, out);
  fputs("\n", out);
  fputs(*charts[which].text, out);
}

bool charts_write_one(const char *directory, const char *name, const struct campaign *campaign,
                      unsigned which, void (*put)(const struct campaign *, unsigned which, FILE *),
                      struct err *err) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.gp", directory, name);
  FILE *file = fopen(path, "w");
  if (!file) return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
  put(campaign, which, file);
  const bool good = !ferror(file);
  if (fclose(file) == 0 && good) return true;
  return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
}

bool charts_write_scripts(const struct campaign *campaign, const char *directory, struct err *err) {
  if (scenario_axes(campaign->scenario) > 0) return charts_sweep_write(campaign, directory, err);
  for (unsigned i = 0; i < CHARTS; i++)
    if (!charts_write_one(directory, charts[i].name, campaign, i, put_chart, err)) return false;
  return true;
}
