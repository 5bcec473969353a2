#include "sim/runner/charts_sweep.h"

#include "sim/base/assert.h"
#include "sim/runner/chart_scripts.h"
#include "sim/runner/charts_parts.h"
#include "sim/runner/human.h"
#include "sim/runner/output.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define CELLS_LABELLED 16 /* of a map: more on one axis have no room for their numbers */
#define PANELS_MAX 12
#define CHARACTER 9.0 /* pixels */
#define PLOT_WIDTH 660.0
#define METRIC_NAME_MAX 64

/* ---- axes ---- */

static const struct sweep_key *axis_of(const struct scenario *scenario, size_t number, size_t *out_index) {
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    if (scenario->sweep[i].count < 2 || number-- > 0) continue;
    *out_index = i;
    return &scenario->sweep[i];
  }
  return NULL;
}

/* Numbers of times and sizes spread over a decade, others over two. */
static bool is_logarithmic(const struct sweep_key *key) {
  if (key->is_text || key->numbers[0] <= 0) return false;
  const bool spreads = key->type == VALUE_TIME || key->type == VALUE_MILLISECONDS || key->type == VALUE_SIZE;
  const double ratio = (double)key->numbers[key->count - 1] / (double)key->numbers[0];
  return ratio >= (spreads ? 10 : 100);
}

/* Where a value stands on the axis of a line chart, 0 to 1. */
static double place_of(const struct sweep_key *key, bool logarithmic, size_t value) {
  if (key->is_text) return (double)value / (double)(key->count - 1);
  const double low = (double)key->numbers[0], high = (double)key->numbers[key->count - 1];
  const double at = (double)key->numbers[value];
  return logarithmic ? log(at / low) / log(high / low) : (at - low) / (high - low);
}

/* "VALUE": how the CSV files say it; "TEXT": how people do. */
static void put_values(const struct sweep_key *key, const char *prefix, FILE *out) {
  fprintf(out, "%sCOLUMN = '%s'\n%sVALUES = %zu\narray %sVALUE[%zu] = [", prefix, key->column, prefix,
          key->count, prefix, key->count);
  for (size_t i = 0; i < key->count; i++) {
    if (i) fputs(", ", out);
    if (key->is_text)
      charts_put_text(out, key->texts[i], false);
    else
      fprintf(out, "\"%" PRId64 "\"", key->numbers[i]);
  }
  fprintf(out, "]\narray %sTEXT[%zu] = [", prefix, key->count);
  for (size_t i = 0; i < key->count; i++) {
    if (i) fputs(", ", out);
    charts_put_text(out, key->texts[i], true);
  }
  fputs("]\n", out);
}

/* A word stands on a line of its own where there are several. */
static size_t tic_lines(const struct sweep_key *key) {
  size_t most = 1;
  for (size_t i = 0; key->is_text && i < key->count; i++) {
    size_t lines = 1;
    for (const char *at = key->texts[i]; (at = strchr(at, ' ')) != NULL; at++) lines++;
    if (lines > most) most = lines;
  }
  return most;
}

static size_t tic_width(const char *text) {
  size_t widest = 0;
  for (const char *at = text; *at; at += strcspn(at, " "), at += *at == ' ')
    if (strcspn(at, " ") > widest) widest = strcspn(at, " ");
  return widest;
}

static void put_tic(const char *text, size_t below, FILE *out) {
  fputc('"', out);
  for (size_t i = 0; i < below; i++) fputs("\\n", out);
  for (; *text; text++) fputs(*text == ' ' ? "\\n" : *text == '%' ? "%%" : (char[]){*text, '\0'}, out);
  fputc('"', out);
}

/* Labels at the values themselves, where each has room beside the one before; else below it, else none. Returns
 * how many lines of text they take; writes nothing without `out`. */
static size_t put_tics(const struct sweep_key *key, bool logarithmic, FILE *out) {
  const size_t lines = tic_lines(key);
  double taken[] = {-1e9, -1e9}; /* by the line that a label is on */
  if (out) fputs("set xtics rotate by 0 (", out);
  for (size_t i = 0; i < key->count; i++) {
    const double at = place_of(key, logarithmic, i) * PLOT_WIDTH;
    const double half = CHARACTER * (double)(tic_width(key->texts[i]) + 1) / 2;
    size_t line = 0;
    while (line < 2 && at - half < taken[line]) line++;
    if (line < 2) taken[line] = at + half;
    if (!out) continue;
    fputs(i ? ", " : "", out);
    put_tic(line < 2 ? key->texts[i] : "", line == 1 ? lines : 0, out);
    if (key->is_text)
      fprintf(out, " %zu", i + 1);
    else
      fprintf(out, " %" PRId64, key->numbers[i]);
  }
  if (out) fputs(")\n", out);
  return taken[1] > 0 ? 2 * lines : lines;
}

/* ---- lines ---- */

/* How a metric's values are drawn: times in seconds, which gnuplot shortens; sizes in what they come to. */
struct scale {
  double factor;
  const char *word;   /* behind the metric's name */
  const char *letter; /* of a unit that gnuplot puts a prefix to */
};

static struct scale scale_of(const struct campaign *campaign, unsigned metric) {
  static const char *const sizes[] = {"B", "KiB", "MiB", "GiB"};
  double most = 0;
  size_t power = 0;
  switch (charts_metric_unit(metric)) {
  case UNIT_COUNT:
    return (struct scale){1, "per run", ""};
  case UNIT_NS:
    return (struct scale){1e-9, "", "s"};
  case UNIT_RATE:
    return (struct scale){1, "per second", ""};
  case UNIT_BYTES:
    break;
  }
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    most = fmax(most, charts_estimate(campaign, plan, metric).mean);
  while (power < 3 && most >= pow(1024, (double)(power + 1))) power++;
  return (struct scale){pow(1024, -(double)power), sizes[power], ""};
}

/* FLOOR, CEILING and LOG_Y: a logarithmic axis where values differ by more than two decades. What is 0 then
 * stands below the least, and says so. */
static void put_range(const struct campaign *campaign, unsigned metric, FILE *out) {
  struct chart_range means = CHART_RANGE_EMPTY, all = CHART_RANGE_EMPTY;
  bool zero = false;
  const double scale = scale_of(campaign, metric).factor;
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++) {
    const struct estimate estimate = charts_estimate(campaign, plan, metric);
    if (estimate.n == 0) continue;
    chart_range_widen(&means, estimate.mean * scale);
    chart_range_widen(&all, estimate.high * scale);
    zero = zero || estimate.mean == 0;
  }
  const bool logarithmic = means.most > 100 * means.least;
  const double decade = logarithmic ? pow(10, floor(log10(means.least))) : 0;
  const double floor_at = zero ? decade * 0.4 : decade;
  const double most = all.most > 0 ? all.most : 1;
  fprintf(out, "LOG_Y = %d\nFLOOR = %.6g\nCEILING = %.6g\nZERO = %d\n", logarithmic, floor_at,
          logarithmic ? most * 1.6 : most * 1.08, logarithmic && zero);
}

/* What both kinds of chart have. */
static void put_head(const struct campaign *campaign, unsigned metric, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  const struct scale scale = scale_of(campaign, metric);
  const bool map = scenario_axes(scenario) == 2;
  char name[METRIC_NAME_MAX], intended[2 * HUMAN_MAX];
  charts_sweep_name(metric, name, sizeof name);
  output_intended(campaign, intended, sizeof intended);
  fprintf(out, "# Drawn from the CSV files one folder up. By hand: gnuplot %s.gp\nNAME = ", name);
  charts_put_text(out, scenario->name, false);
  fprintf(out, "\nSUBTITLE = \"%s %s a run, %zu seed%s%s\"\n", intended, charts_things(scenario),
          campaign->seed_count, campaign->seed_count == 1 ? "" : "s",
          metric == EXPECT_CAPACITY    ? ", measured once without faults"
          : campaign->seed_count == 1 ? ""
          : map                       ? ", means"
                                      : ", mean and 95 % interval");
  fprintf(out, "ROWS = %zu\n", scenario->row_count);
  charts_put_labels(scenario, "LABEL", false, out);
  fprintf(out, "METRIC = '%s'\nUNIT = '%s'\nUNIT_WORD = '%s'\nSCALE = %.9g\n", charts_metric_word(metric),
          scale.letter, scale.word, scale.factor);
  fputs("array TITLE[1] = [", out);
  char title[METRIC_NAME_MAX];
  snprintf(title, sizeof title, "%s", charts_metric_word(metric));
  for (char *at = title; *at; at++)
    if (*at == '_') *at = ' ';
  charts_put_text(out, title, false);
  fputs("]\n", out);
}

/* Needs HEIGHT. */
static void put_terminal(unsigned metric, FILE *out) {
  char name[METRIC_NAME_MAX];
  charts_sweep_name(metric, name, sizeof name);
  fputs(chart_script_common, out);
  fprintf(out, "set output '%s.svg'\n\n", name);
}

/* A closed form beside what was measured: y by x, y as the metric's own number, x in the unit of the column, of
 * words their number in the list. It is of the first row whose handler has one; NULL: none has. */
static const struct closed_form *closed_form_of(const struct campaign *campaign, unsigned metric,
                                                const struct sweep_key *key, char *out, size_t size) {
  static const char of_handler[] = "handler/";
  const struct scenario *scenario = campaign->scenario;
  if (strncmp(key->path, of_handler, sizeof of_handler - 1) != 0) return NULL;
  for (size_t row = 0; row < scenario->row_count; row++) {
    const struct plan *plan = &scenario->plans[scenario->rows[row].first];
    const struct closed_form *form = plan->handler ? plan->handler->closed_form : NULL;
    if (form && form->write(plan, charts_metric_word(metric), key->path + sizeof of_handler - 1, out, size)) return form;
  }
  return NULL;
}

/* The key has a line for each of its entries where there is one: its name is long. */
static void put_overlay(const struct closed_form *form, const char *expression, FILE *out) {
  fputs("OVERLAY = ", out);
  charts_put_text(out, form ? form->name : "", false);
  fprintf(out, "\noverlay(x) = SCALE * (%s)\n", expression);
  fputs("if (OVERLAY ne '') { KEY_COLUMNS = 1; KEY_LINES = ROWS + 1 }\n"
        "HEIGHT = 500 + 19 * KEY_LINES + 17 * (TIC_LINES - 1)\n",
        out);
}

static void put_lines(const struct campaign *campaign, unsigned metric, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  size_t index = 0, columns;
  const struct sweep_key *key = axis_of(scenario, 0, &index);
  ASSERT(key);
  char expression[256] = "NaN";
  const struct closed_form *form = closed_form_of(campaign, metric, key, expression, sizeof expression);
  const size_t lines = charts_key_lines(scenario, scenario->row_count, 12, &columns);
  const bool logarithmic = is_logarithmic(key);
  put_head(campaign, metric, out);
  fprintf(out, "KEY_COLUMNS = %zu\nKEY_LINES = %zu\nTIC_LINES = %zu\n", columns, lines,
          put_tics(key, logarithmic, NULL));
  put_overlay(form, expression, out);
  put_terminal(metric, out);
  put_values(key, "X", out);
  fprintf(out, "XLABEL = '%s'\nX_IS_TEXT = %d\nLOG_X = %d\n", key->path, key->is_text, logarithmic);
  const double low = key->is_text ? 1 : (double)key->numbers[0];
  const double high = key->is_text ? (double)key->count : (double)key->numbers[key->count - 1];
  const double room = key->is_text ? 0.5 : logarithmic ? pow(high / low, 0.03) : (high - low) * 0.03;
  fprintf(out, "XLOW = %.9g\nXHIGH = %.9g\n", logarithmic ? low / room : low - room,
          logarithmic ? high * room : high + room);
  put_range(campaign, metric, out);
  fprintf(out, "array SWEPT[%zu] = [", scenario->row_count);
  for (size_t row = 0; row < scenario->row_count; row++)
    fprintf(out, "%s%d", row ? ", " : "",
            scenario->points[scenario->rows[row].first].values[index] != SWEEP_NONE);
  fputs("]\n", out);
  put_tics(key, logarithmic, out);
  fputs("\n", out);
  fputs(chart_script_sweep_lines, out);
}

/* ---- maps ---- */

static size_t widest_text(const struct sweep_key *key) {
  size_t widest = 0;
  for (size_t i = 0; i < key->count; i++)
    if (human_width(key->texts[i]) > widest) widest = human_width(key->texts[i]);
  return widest;
}

/* Of each point which rows have the most there, or within a fiftieth of it; no row where all have. */
static void put_most(const struct campaign *campaign, unsigned metric, const struct sweep_key *x, size_t x_index,
                     const struct sweep_key *y, size_t y_index, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  fputs("$MOST_AT << END\n0,0,0\n", out); /* as in the CSV files */
  for (size_t point = 0; point < x->count * y->count; point++) {
    const uint32_t at_x = (uint32_t)(point % x->count), at_y = (uint32_t)(point / x->count);
    double most = 0, least = INFINITY;
    for (int pass = 0; pass < 2; pass++)
      for (size_t plan = 0; plan < scenario->plan_count; plan++) {
        const uint32_t *values = scenario->points[plan].values;
        if (values[x_index] != SWEEP_NONE && values[x_index] != at_x) continue;
        if (values[y_index] != SWEEP_NONE && values[y_index] != at_y) continue;
        const struct estimate estimate = charts_estimate(campaign, plan, metric);
        if (estimate.n == 0) continue;
        const double mean = estimate.mean;
        most = fmax(most, mean);
        least = fmin(least, mean);
        if (pass && mean >= 0.98 * most && least < 0.98 * most)
          fprintf(out, "%zu,%u,%u\n", (size_t)scenario->points[plan].row + 1, at_x + 1, at_y + 1);
      }
  }
  fputs("END\n", out);
}

static void put_map(const struct campaign *campaign, unsigned metric, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  size_t x_index = 0, y_index = 0;
  const struct sweep_key *x = axis_of(scenario, 0, &x_index), *y = axis_of(scenario, 1, &y_index);
  ASSERT(x && y);
  const size_t panels = scenario->row_count < PANELS_MAX ? scenario->row_count : PANELS_MAX;
  const size_t across = panels == 1 ? 1 : panels <= 6 ? 2 : 3, down = (panels + across - 1) / across;
  size_t cell = y->count <= 4 ? 52 : y->count <= 8 ? 40 : 26;
  const size_t panel = 92 + cell * y->count;
  put_head(campaign, metric, out);
  if (panels < scenario->row_count)
    fprintf(out, "SUBTITLE = SUBTITLE.\", the first %zu rows of %zu\"\n", panels, scenario->row_count);
  if (panels > 1) fputs("SUBTITLE = SUBTITLE.\"; framed: the most of the rows, or within 2 %\"\n", out);
  fprintf(out, "HEIGHT = %zu\n", 72 + down * panel);
  put_terminal(metric, out);
  put_values(x, "X", out);
  put_values(y, "Y", out);
  put_most(campaign, metric, x, x_index, y, y_index, out);
  const double scale = scale_of(campaign, metric).factor;
  struct chart_range range = CHART_RANGE_EMPTY;
  for (size_t plan = 0; plan < scenario->plan_count; plan++)
    chart_range_widen(&range, charts_estimate(campaign, plan, metric).mean * scale);
  const bool logarithmic = range.most > 100 * range.least;
  fprintf(out, "XLABEL = '%s'\nYLABEL = '%s'\nPANELS = %zu\nACROSS = %zu\nDOWN = %zu\n", x->path, y->path,
          panels, across, down);
  fprintf(out, "LEFT = %.5g\nPANEL = %zu\n", (CHARACTER * (double)widest_text(y) + 56) / 900, panel);
  fprintf(out, "LOG_Z = %d\nLEAST = %.6g\nMOST = %.6g\nNUMBERS = %d\n\n", logarithmic,
          logarithmic ? range.least / 2 : 0, range.most > 0 ? range.most : 1,
          x->count <= CELLS_LABELLED / across && y->count <= CELLS_LABELLED);
  fputs(chart_script_sweep_map, out);
}

bool charts_sweep_write(const struct campaign *campaign, const char *directory, struct err *err) {
  unsigned metrics[SWEEP_CHARTS_MAX];
  const size_t count = charts_sweep_metrics(campaign, metrics);
  const bool map = scenario_axes(campaign->scenario) == 2;
  for (size_t i = 0; i < count; i++) {
    char name[METRIC_NAME_MAX];
    charts_sweep_name(metrics[i], name, sizeof name);
    if (!charts_write_one(directory, name, campaign, metrics[i], map ? put_map : put_lines, err))
      return false;
  }
  return true;
}
