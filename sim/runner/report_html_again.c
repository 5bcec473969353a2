/* The resolved scenario, and how to make all of it again. */
#include "sim/base/assert.h"
#include "sim/runner/judge.h"
#include "sim/runner/report_html_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void report_scenario(const struct report_html *report, struct html_out *html) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  scenario_print_kept(report->campaign->scenario, out);
  ASSERT(fclose(out) == 0);
  const bool cut = length > REPORT_SCENARIO_MAX;
  if (cut) text[REPORT_SCENARIO_MAX] = '\0';
  html_element(html, "p", "What was run, with nothing implied: each value, and behind it where it came from.", "class", "note",
               NULL);
  html_begin(html, "details", NULL);
  html_element(html, "summary", "resolved.yaml", NULL);
  html_begin(html, "pre", "tabindex", "0", NULL);
  html_element(html, "code", text, NULL);
  html_end(html, "pre");
  html_end(html, "details");
  if (cut)
    html_element(html, "p", "It is longer than this page takes: the file has all of it.", "class", "note", NULL);
  free(text);
}

/* --- Commands --- */

static bool are_counted(const struct scenario *scenario) {
  for (size_t i = 0; i < scenario->seed_count; i++)
    if (scenario->seeds[i] != i + 1) return false;
  return true;
}

/* As it was called, without what changes no result. */
static void put_called(const struct campaign *campaign, struct html_out *html) {
  const struct scenario *scenario = campaign->scenario;
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  fputs(campaign->reproduce, out);
  if (are_counted(scenario))
    fprintf(out, " --seeds %zu", scenario->seed_count);
  else if (scenario->seed_count == 1)
    fprintf(out, " --seed %" PRIu64, scenario->seeds[0]);
  ASSERT(fclose(out) == 0);
  html_element(html, "p", "As it was called; any number of workers gives the same files, byte for byte:", NULL);
  report_command(html, text);
  free(text);
}

static void put_violation(const struct campaign *campaign, struct html_out *html) {
  char *command = judge_reproduce(campaign);
  if (!command) return;
  html_element(html, "p", "The violation alone:", NULL);
  report_command(html, command);
  free(command);
}

static void put_fact(struct html_out *html, const char *name, const char *text) {
  html_begin(html, "tr", NULL);
  report_label(html, name);
  html_begin(html, "td", NULL);
  html_element(html, "code", text, NULL);
  html_end(html, "td");
  html_end(html, "tr");
}

static void put_facts(const struct report_html *report, struct html_out *html) {
  static const char *const heads[] = {"what", "value"};
  const struct scenario *scenario = report->campaign->scenario;
  char text[64];
  report_table(html, "What has to be the same");
  report_heads(html, heads, 2);
  put_fact(html, "dgsim", report->version);
  put_fact(html, "scenario", scenario->path);
  snprintf(text, sizeof text, "%016" PRIx64, scenario->resolved_hash);
  put_fact(html, "hash of its resolved form", text);
  snprintf(text, sizeof text, "%016" PRIx64, campaign_digest(report->campaign));
  put_fact(html, "digest of all runs", text);
  for (size_t i = 0; i < scenario->file_count && i < REPORT_FAULTS_MAX; i++) {
    snprintf(text, sizeof text, "%016" PRIx64, scenario->files[i].hash);
    put_fact(html, scenario->files[i].name, text);
  }
  report_table_end(html);
}

static void put_files(const struct report_html *report, struct html_out *html) {
  static const char *const heads[] = {"file", "what is in it"};
  report_table(html, "Files in the folder of this page");
  report_heads(html, heads, 2);
  for (size_t i = 0; i < report->file_count; i++) {
    html_begin(html, "tr", NULL);
    html_begin(html, "th", "scope", "row", NULL);
    html_element(html, "a", report->files[i].name, "href", report->files[i].name, NULL);
    html_end(html, "th");
    report_cell(html, report->files[i].about);
    html_end(html, "tr");
  }
  report_table_end(html);
}

void report_again(const struct report_html *report, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  if (campaign->reproduce) put_called(campaign, html);
  html_element(html, "p", "Or from what stands in this folder:", NULL);
  report_command(html, "dgsim run resolved.yaml");
  put_violation(campaign, html);
  put_facts(report, html);
  put_files(report, html);
}
