/* One operation's story: its steps, and their diagram. */
#include "sim/runner/explain.h"
#include "sim/runner/explain_diagram.h"
#include "sim/runner/report_html_parts.h"

#include "sim/base/assert.h"
#include "sim/kernel/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* `.` is the folder of the page: the resolved scenario and what it reads stand beside it. */
char *report_explain_command(const struct report_html *report, size_t plan, uint64_t seed, uint64_t intent) {
  const struct scenario *scenario = report->campaign->scenario;
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  fputs("dgsim explain .", out);
  if (intent > 0) fprintf(out, " %" PRIu64, intent);
  fputs(" --row ", out);
  report_shell_word(out, scenario->plans[plan].label);
  fprintf(out, " --seed %" PRIu64, seed);
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[plan].values[i];
    if (value == SWEEP_NONE || scenario->sweep[i].count == 1) continue;
    char set[512];
    snprintf(set, sizeof set, "%s=%s", scenario->sweep[i].path, scenario->sweep[i].texts[value]);
    fputs(" --set ", out);
    report_shell_word(out, set);
  }
  ASSERT(fclose(out) == 0);
  return text;
}

static void put_step(const struct story *story, size_t number, struct html_out *html) {
  const struct step *step = &story->steps[number];
  const int64_t us = (step->at - story->steps[0].at) / NS_PER_US;
  char text[48];
  html_begin(html, "tr", NULL);
  snprintf(text, sizeof text, "%zu", number + 1);
  html_element(html, "th", text, "scope", "row", "class", "number", NULL);
  snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
  report_number(html, text);
  report_cell(html, story->record->nodes[step->node].name);
  html_begin(html, "td", "class", "what", NULL);
  html_text(html, step->what);
  if (step->why[0] != '\0') {
    html_begin(html, "span", "class", "why", NULL);
    html_print(html, "why: %s", step->why);
    html_end(html, "span");
  }
  html_end(html, "td");
  html_end(html, "tr");
}

static void put_steps(const struct story *story, struct html_out *html) {
  static const char *const heads[] = {">step", ">time, s", "where", "what happened"};
  char caption[128];
  if (story->count == 0) return;
  const int64_t begin = story->steps[0].at;
  snprintf(caption, sizeof caption, "Step by step; times count from %" PRId64 ".%09" PRId64 " s of the run", begin / NS_PER_S,
           begin % NS_PER_S);
  report_table(html, caption);
  report_heads(html, heads, 4);
  for (size_t i = 0; i < story->count && i < REPORT_STEPS_MAX; i++) put_step(story, i, html);
  report_table_end(html);
  const bool long_one = story->count > REPORT_STEPS_MAX;
  if (!long_one && !story->record->truncated) return;
  html_begin(html, "p", "class", "note", NULL);
  html_print(html, "%zu steps in all; %s.", story->count,
             long_one ? "the command below tells the others" : "more happened around them than is kept");
  html_end(html, "p");
}

static void put_diagram(const struct explanation *explanation, size_t number, struct html_out *html) {
  char heading[48];
  if (explanation->story.count > REPORT_STEPS_MAX) return;
  snprintf(heading, sizeof heading, "Diagram of story %zu", number);
  html_begin(html, "figure", NULL);
  html_begin(html, "div", "class", "scroll", "role", "region", "aria-label", heading, "tabindex", "0", NULL);
  diagram_write_part(&explanation->story, explanation->title, "class=\"diagram\" role=\"img\"", html->file);
  html_end(html, "div");
  html_element(html, "figcaption",
               "The same steps in space and time: a line for each node, time downwards. The order is exact, distances are not.",
               NULL);
  html_end(html, "figure");
}

static void put_title(const struct report_html *report, const struct report_story *story, const struct explanation *told,
                      struct html_out *html) {
  html_begin(html, "summary", NULL);
  html_begin(html, "h3", NULL);
  html_print(html, "Story %zu: operation %" PRIu64 " is %s, under %s, seed %" PRIu64, story->number, told->record.intent,
             fate_rows[told->story.fate].name, campaign_name(report->campaign, story->plan), story->seed);
  html_end(html, "h3");
  html_end(html, "summary");
}

bool report_tell(const struct report_html *report, const struct report_story *story, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  struct explanation told;
  char id[32];
  const uint64_t intent = explain_tell_first(campaign->scenario, story->plan, story->seed, (enum fate)story->fate,
                                             campaign->command ? campaign->command : "", &told);
  if (intent == 0) return false;
  snprintf(id, sizeof id, "story-%zu", story->number);
  html_begin(html, "details", "class", "story", "open", story->number == 1 ? "open" : NULL, NULL);
  put_title(report, story, &told, html);
  html_element(html, "p", told.story.verdict, "id", id, NULL);
  put_steps(&told.story, html);
  put_diagram(&told, story->number, html);
  char *command = report_explain_command(report, story->plan, story->seed, intent);
  report_command(html, command);
  free(command);
  html_end(html, "details");
  explain_deinit(&told);
  return true;
}
