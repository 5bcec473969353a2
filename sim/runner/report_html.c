/* The page around the sections: head, heading, contents, foot. */
#include "sim/runner/report_html.h"

#include "sim/base/assert.h"
#include "sim/runner/explain_svg.h"
#include "sim/runner/output.h"
#include "sim/runner/report_html_parts.h"
#include "sim/runner/summary_cells.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct {
  const char *id, *title;
  report_part *write;
} sections[] = {
    {"verdict", "Verdict", report_verdict},       {"results", "Results", report_results},
    {"charts", "Charts", report_charts},          {"faults", "Faults", report_faults},
    {"anomalies", "Anomalies", report_anomalies}, {"scenario", "Scenario", report_scenario},
    {"again", "Do it again", report_again},
};
#define SECTIONS (sizeof sections / sizeof *sections)

/* Nothing may be loaded, and nothing run, whatever is in the page. */
static const char policy[] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

static void put_head(const struct report_html *report, struct html_out *html) {
  html_begin(html, "head", NULL);
  html_void(html, "meta", "charset", "utf-8", NULL);
  html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1", NULL);
  html_void(html, "meta", "http-equiv", "Content-Security-Policy", "content", policy, NULL);
  html_void(html, "meta", "name", "color-scheme", "content", "light dark", NULL);
  html_begin(html, "title", NULL);
  html_print(html, "%s: %s - dgsim", report->campaign->scenario->name, verdict_names[report->campaign->verdict]);
  html_end(html, "title");
  html_raw(html, "<style>\n");
  report_style(html->file);
  svg_rules(html->file, ".diagram ");
  html_raw(html, "</style>\n");
  html_end(html, "head");
}

static void put_fact(struct html_out *html, const char *name, const char *value) {
  html_begin(html, "div", NULL);
  html_element(html, "dt", name, NULL);
  html_element(html, "dd", value, NULL);
  html_end(html, "div");
}

static char *text_of(const struct campaign *campaign, void (*write)(const struct campaign *, FILE *)) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  write(campaign, out);
  ASSERT(fclose(out) == 0);
  return text;
}

static void put_facts(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  char text[160];
  html_begin(html, "dl", "class", "facts", NULL);
  snprintf(text, sizeof text, "%zu", scenario->row_count);
  put_fact(html, scenario->row_count == 1 ? "guarantee" : "guarantees", text);
  if (scenario_axes(scenario) > 0) {
    snprintf(text, sizeof text, "%zu", summary_points(scenario));
    put_fact(html, "points swept", text);
  }
  char *seeds = text_of(campaign, summary_seeds);
  put_fact(html, "runs of each", seeds);
  free(seeds);
  output_intended(campaign, text, sizeof text);
  put_fact(html, scenario->plans[0].groups ? "obligations a run" : "operations a run", text);
  snprintf(text, sizeof text, "%016" PRIx64, campaign_digest(campaign));
  put_fact(html, "digest", text);
  html_end(html, "dl");
}

static void put_header(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  html_begin(html, "header", NULL);
  html_element(html, "p", "dgsim report", "class", "kind", NULL);
  html_begin(html, "h1", NULL);
  html_element(html, "span", scenario->name, NULL);
  html_raw(html, " ");
  report_word(html, campaign->verdict);
  html_end(html, "h1");
  if (scenario->about && scenario->about[0] != '\0') html_element(html, "p", scenario->about, "class", "about", NULL);
  put_facts(campaign, html);
  html_begin(html, "nav", "aria-label", "Contents", NULL);
  html_begin(html, "ul", NULL);
  for (size_t i = 0; i < SECTIONS; i++) {
    char link[32];
    snprintf(link, sizeof link, "#%s", sections[i].id);
    html_begin(html, "li", NULL);
    html_element(html, "a", sections[i].title, "href", link, NULL);
    html_end(html, "li");
  }
  html_end(html, "ul");
  html_end(html, "nav");
  html_end(html, "header");
}

static void put_section(const struct report_html *report, size_t number, struct html_out *html) {
  char heading[48];
  snprintf(heading, sizeof heading, "%s-heading", sections[number].id);
  html_begin(html, "section", "id", sections[number].id, "aria-labelledby", heading, NULL);
  html_element(html, "h2", sections[number].title, "id", heading, NULL);
  sections[number].write(report, html);
  html_end(html, "section");
}

/* What the diagrams' rules refer to: once, and where it is never folded away. */
static void put_definitions(struct html_out *html) {
  html_raw(html, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"definitions\" width=\"0\" height=\"0\" "
                 "aria-hidden=\"true\">\n");
  svg_definitions(html->file);
  html_raw(html, "</svg>\n");
}

bool report_html_write(const struct report_html *report, FILE *file) {
  struct html_out html;
  html_init(&html, file);
  html_raw(&html, "<!DOCTYPE html>\n");
  html_begin(&html, "html", "lang", "en", "xmlns", "http://www.w3.org/1999/xhtml", NULL);
  put_head(report, &html);
  html_begin(&html, "body", NULL);
  html_element(&html, "a", "To the results", "class", "skip", "href", "#main", NULL);
  put_definitions(&html);
  put_header(report->campaign, &html);
  html_begin(&html, "main", "id", "main", NULL);
  for (size_t i = 0; i < SECTIONS; i++) put_section(report, i, &html);
  html_end(&html, "main");
  html_begin(&html, "footer", NULL);
  html_begin(&html, "p", NULL);
  html_print(&html, "Written by dgsim %s. The same scenario gives this page again, byte for byte.", report->version);
  html_end(&html, "p");
  html_end(&html, "footer");
  html_end(&html, "body");
  html_end(&html, "html");
  html_finish(&html);
  return !ferror(file);
}
