/* The charts that gnuplot drew, in the page. */
#include "sim/runner/charts.h"
#include "sim/runner/charts_sweep.h"
#include "sim/runner/report_html_parts.h"
#include "sim/runner/svg_embed.h"

#include "sim/base/assert.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is to be seen, for those who do not see it; of any other name: of a sweep. */
static const struct {
  const char *name, *title, *about;
} known[] = {
    {"loss-and-duplication", "Loss and duplication",
     "Bars: how much was lost, and how many effects were doubled, in a run of each guarantee, with 95 % intervals. The table of results has the numbers."},
    {"capacity-and-goodput", "Capacity and goodput",
     "Bars: how much each guarantee can do a second without faults, and what it did under them. The table of results has the numbers."},
    {"timeline", "Over time",
     "Lines over virtual time, one a guarantee: goodput a second, what is open, and duplicates a second. The windows of faults are shaded. "
     "timeline.csv and faults.csv have the numbers."},
    {"latency", "Latency",
     "Lines, one a guarantee: the share of what took longer than a time, both axes logarithmic. latency.csv has the numbers."},
};

static void describe(const char *name, char *title, size_t title_size, const char **about) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, name) == 0) {
      snprintf(title, title_size, "%s", known[i].title);
      *about = known[i].about;
      return;
    }
  static const char sweep[] = "sweep-";
  snprintf(title, title_size, "%s", name + (strncmp(name, sweep, strlen(sweep)) == 0 ? strlen(sweep) : 0));
  for (char *at = title; *at != '\0'; at++)
    if (*at == '_') *at = ' ';
  title[0] = (char)toupper((unsigned char)title[0]);
  *about = "A metric against what is swept: a line for each guarantee with its 95 % band, or a map for each. The table of results, "
           "and aggregate.csv, have the numbers.";
}

/* The file as it is. malloc'ed; NULL: it is not there, or larger than the page takes. */
static char *read_chart(const char *path, size_t *out_length, bool *out_large) {
  FILE *file = fopen(path, "r");
  *out_large = false;
  if (!file) return NULL;
  char *text = malloc(REPORT_CHART_MAX + 1);
  ASSERT(text);
  *out_length = fread(text, 1, REPORT_CHART_MAX + 1, file);
  fclose(file);
  if (*out_length <= REPORT_CHART_MAX) return text;
  *out_large = true;
  free(text);
  return NULL;
}

/* Why it is not in the page. */
static void put_absent(const char *name, const char *why, struct html_out *html) {
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "charts/%s.svg %s.", name, why);
  html_end(html, "p");
}

/* Returns whether the chart is to be had, though not here. */
static bool put_chart(const struct report_html *report, size_t number, const char *name, struct html_out *html) {
  char path[1200], title[CHART_NAME_MAX], prefix[24], heading[32];
  const char *about;
  size_t length;
  bool large;
  snprintf(path, sizeof path, "%.1000s/%s.gp", report->charts, name);
  if (access(path, R_OK) != 0) return false;
  snprintf(path, sizeof path, "%.1000s/%s.svg", report->charts, name);
  char *text = read_chart(path, &length, &large);
  if (!text && !large) return true;
  describe(name, title, sizeof title, &about);
  snprintf(prefix, sizeof prefix, "chart-%zu", number + 1);
  snprintf(heading, sizeof heading, "%s-heading", prefix);
  html_begin(html, "figure", "class", "chart", "id", prefix, NULL);
  html_element(html, "h3", title, "id", heading, NULL);
  html_begin(html, "div", "class", "scroll", "role", "region", "aria-labelledby", heading, "tabindex", "0", NULL);
  const struct svg_embedding how = {.prefix = prefix, .title = title, .about = about};
  if (large)
    put_absent(name, "is too large for this page", html);
  else if (!svg_embed(text, length, &how, html->file))
    put_absent(name, "is not as gnuplot draws it, so it is left out", html);
  html_end(html, "div");
  html_element(html, "figcaption", about, NULL);
  html_end(html, "figure");
  free(text);
  return false;
}

static void put_how(size_t missing, struct html_out *html) {
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "%zu %s not drawn: there was no gnuplot, or it was not to be run (--no-charts). ", missing,
             missing == 1 ? "chart is" : "charts are");
  html_text(html, "The scripts are in charts/; from this folder, ");
  html_element(html, "code", "cd charts && for script in *.gp; do gnuplot \"$script\"; done", NULL);
  html_text(html, " draws them. The same command as before with --resume, and without --no-charts, puts them in here.");
  html_end(html, "p");
}

void report_charts(const struct report_html *report, struct html_out *html) {
  char name[CHART_NAME_MAX];
  size_t missing = 0;
  report_paragraph(report->campaign, charts_sweep_same, "note", html);
  for (size_t i = 0; charts_name(i, name); i++) missing += put_chart(report, i, name, html);
  if (missing > 0) put_how(missing, html);
  if (scenario_axes(report->campaign->scenario) > 2)
    html_element(html, "p", "More than two keys are swept: there is no chart of that. The table of results has every point.", "class",
                 "note", NULL);
}
