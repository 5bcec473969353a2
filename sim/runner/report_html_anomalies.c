/* What went wrong, by guarantee and kind; and which of it is told as a story: what breaks a contract first, then one of
 * each kind, then the others, as far as the bounds go. */
#include "sim/base/assert.h"
#include "sim/runner/explain_fates.h"
#include "sim/runner/report_html_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 200
#define OPERATIONS_MAX 1000000 /* and keys, times groups: what is kept of each while a story is sought */

#define NO_FATE (-1)

/* Kinds that are told of; of which some operation ends so, or none does by itself. Copies that a handler takes
 * care of are no anomaly unless a contract forbids them. */
static const struct kind {
  enum anomaly anomaly;
  enum metric metric;
  int fate;
  bool harmless;
} kinds[] = {
    {ANOMALY_LOST_ACKED, METRIC_LOST_ACKED, FATE_LOST_ACKED, false},
    {ANOMALY_LOST_UNACKED, METRIC_LOST_UNACKED, FATE_LOST_UNACKED, false},
    {ANOMALY_DUPLICATE_EFFECTS, METRIC_DUPLICATE_EFFECTS, FATE_MANY, false},
    {ANOMALY_REORDERED, METRIC_REORDERED, FATE_REORDERED, false},
    {ANOMALY_STUCK, METRIC_STUCK, FATE_STUCK, false},
    {ANOMALY_DEAD_LETTERED, METRIC_DEAD_LETTERED, FATE_DEAD_LETTERED, false},
    {ANOMALY_STATE_ERRORS, METRIC_STATE_ERRORS, FATE_STATE_ERROR, false},
    {ANOMALY_STALE_OVERWRITES, METRIC_STALE_OVERWRITES, NO_FATE, false},
    {ANOMALY_FALSE_SUPPRESSIONS, METRIC_FALSE_SUPPRESSIONS, NO_FATE, false},
    {ANOMALY_PHANTOMS, METRIC_PHANTOMS, NO_FATE, false},
    {ANOMALY_MISAPPLIED, METRIC_MISAPPLIED, NO_FATE, false},
    {ANOMALY_STORE_DISAGREEMENTS, METRIC_STORE_DISAGREEMENTS, NO_FATE, false},
    {ANOMALY_DUPLICATE_DELIVERIES, METRIC_DUPLICATE_DELIVERIES, NO_FATE, true},
    {ANOMALY_REEXECUTIONS, METRIC_REEXECUTIONS, FATE_MANY, true},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* One kind in one row, at all its points. */
struct sighting {
  size_t row, plan; /* plan: the first that shows it, of those that break their contract by it if any does */
  const struct kind *kind;
  uint64_t count;
  size_t runs, first; /* first: the index of a run of the plan */
  bool violates;
  size_t story; /* number in the page; 0 = none */
};

static bool violates(const struct campaign *campaign, size_t plan, const struct kind *kind) {
  return campaign->violations[plan] >> kind->anomaly & 1;
}

static struct sighting look(const struct campaign *campaign, size_t row, const struct kind *kind) {
  const struct scenario_row *of = &campaign->scenario->rows[row];
  struct sighting seen = {.row = row, .kind = kind};
  for (size_t plan = of->first; plan < of->first + of->count; plan++) {
    const bool worse = violates(campaign, plan, kind);
    for (size_t seed = 0; seed < campaign->seed_count; seed++) {
      const struct run_result *result = campaign_result(campaign, plan, seed);
      if (result->metrics[kind->metric] <= 0) continue;
      const bool better = seen.runs == 0 || (worse && !seen.violates && result->violations >> kind->anomaly & 1);
      if (better) seen.plan = plan, seen.first = seed, seen.violates = worse;
      seen.count += (uint64_t)result->metrics[kind->metric];
      seen.runs++;
    }
  }
  return seen;
}

static size_t look_everywhere(const struct campaign *campaign, struct sighting *out) {
  size_t count = 0;
  for (size_t row = 0; row < campaign->scenario->row_count; row++)
    for (size_t i = 0; i < KINDS; i++) {
      const struct sighting seen = look(campaign, row, &kinds[i]);
      if (seen.runs > 0 && (!kinds[i].harmless || seen.violates)) out[count++] = seen;
    }
  return count;
}

/* --- Which are told --- */

static bool is_told(const struct sighting *seen, size_t count, const struct kind *kind) {
  for (size_t i = 0; i < count; i++)
    if (seen[i].kind == kind && seen[i].story > 0) return true;
  return false;
}

/* Ends that are told of every row; of the others, one is enough, unless they break a contract. */
static bool is_worst(const struct sighting *seen) {
  return seen->kind->fate != NO_FATE && fate_rows[seen->kind->fate].rank == 1;
}

/* Of the same row, what it is the other side of: a state that is wrong as something was done twice, or lost. NULL: it
 * stands for itself. */
static const struct sighting *follows(const struct sighting *seen, size_t count, const struct sighting *one) {
  if (one->kind->anomaly != ANOMALY_STATE_ERRORS && one->kind->anomaly != ANOMALY_REEXECUTIONS) return NULL;
  for (size_t i = 0; i < count; i++)
    if (seen[i].row == one->row && &seen[i] != one && is_worst(&seen[i])) return &seen[i];
  return NULL;
}

static uint64_t cost(const struct campaign *campaign, const struct sighting *seen) {
  return 2 * (uint64_t)campaign_result(campaign, seen->plan, seen->first)->metrics[METRIC_EVENTS];
}

static bool fits(const struct campaign *campaign, const struct sighting *seen) {
  const struct plan *plan = &campaign->scenario->plans[seen->plan];
  const uint64_t most = OPERATIONS_MAX / plan_group_count(plan);
  return plan->workload.messages <= most && plan->workload.keys <= most;
}

/* Numbers them from 1 in the order of the table. */
static size_t choose(const struct campaign *campaign, struct sighting *seen, size_t count) {
  uint64_t events = 0;
  size_t stories = 0;
  for (int pass = 0; pass < 3; pass++)
    for (size_t i = 0; i < count && stories < REPORT_STORIES_MAX; i++) {
      struct sighting *one = &seen[i];
      if (one->story > 0 || one->kind->fate == NO_FATE || follows(seen, count, one)) continue;
      if (pass == 0 ? !one->violates : pass == 1 ? is_told(seen, count, one->kind) : !is_worst(one)) continue;
      if (!fits(campaign, one) || events + cost(campaign, one) > REPORT_EVENTS_MAX) continue;
      events += cost(campaign, one);
      one->story = ++stories;
    }
  stories = 0;
  for (size_t i = 0; i < count; i++)
    if (seen[i].story > 0) seen[i].story = ++stories;
  return stories;
}

/* --- Telling --- */

static void put_story_cell(const struct report_html *report, const struct sighting *seen, size_t told, struct html_out *html) {
  const uint64_t seed = report->campaign->scenario->seeds[seen->first];
  html_begin(html, "td", NULL);
  if (told > 0) {
    char link[40], text[40];
    snprintf(link, sizeof link, "#story-%zu", told);
    snprintf(text, sizeof text, "%sstory %zu", seen->story ? "" : "as in ", told);
    html_element(html, "a", text, "href", link, NULL);
  } else if (seen->kind->fate != NO_FATE) {
    char *command = report_explain_command(report, seen->plan, seed, 0);
    html_element(html, "code", command, "class", "told", NULL);
    free(command);
  }
  html_end(html, "td");
}

static void put_line(const struct report_html *report, const struct sighting *seen, size_t told, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  char text[32];
  html_begin(html, "tr", NULL);
  report_label(html, campaign->scenario->rows[seen->row].label);
  html_begin(html, "td", NULL);
  html_element(html, "code", anomaly_names[seen->kind->anomaly], NULL);
  html_element(html, "span", metric_rows[seen->kind->metric].about, "class", "why", NULL);
  html_end(html, "td");
  snprintf(text, sizeof text, "%" PRIu64, seen->count);
  report_number(html, text);
  snprintf(text, sizeof text, "%zu of %zu", seen->runs,
           campaign->seed_count * campaign->scenario->rows[seen->row].count);
  report_number(html, text);
  html_begin(html, "td", NULL);
  if (seen->violates)
    report_word(html, VERDICT_VIOLATED);
  else
    html_text(html, "allowed");
  html_end(html, "td");
  put_story_cell(report, seen, told, html);
  html_end(html, "tr");
}

static void put_table(const struct report_html *report, const struct sighting *seen, size_t count, struct html_out *html) {
  static const char *const heads[] = {"guarantee", "what", ">in all runs", ">runs with any", "by the contract", "told"};
  const bool folded = report_fold(html, count, REPORT_PLANS_OPEN, "What went wrong", false);
  report_table(html, "What went wrong, by guarantee and kind");
  report_heads(html, heads, 6);
  for (size_t i = 0; i < count && i < LINES_MAX; i++) {
    const struct sighting *other = follows(seen, count, &seen[i]);
    put_line(report, &seen[i], seen[i].story == 0 && other ? other->story : seen[i].story, html);
  }
  report_table_end(html);
  if (count > LINES_MAX)
    html_element(html, "p", "There are more: aggregate.csv has them all.", "class", "note", NULL);
  report_fold_end(html, folded);
}

static void put_story(const struct report_html *report, const struct sighting *seen, struct html_out *html) {
  const struct report_story story = {.plan = seen->plan,
                                     .seed = report->campaign->scenario->seeds[seen->first],
                                     .fate = seen->kind->fate,
                                     .number = seen->story};
  if (report->interrupt && interrupt_seen(report->interrupt) != 0) return; /* the page is not kept */
  if (report_tell(report, &story, html)) return;
  char id[32];
  snprintf(id, sizeof id, "story-%zu", seen->story);
  html_begin(html, "p", "class", "note", "id", id, NULL);
  html_print(html, "Story %zu: under %s, seed %" PRIu64 ", no operation shows %s and nothing worse: it is part of what other stories "
                   "tell, or of no operation by itself.",
             seen->story, campaign_name(report->campaign, seen->plan), story.seed, anomaly_names[seen->kind->anomaly]);
  html_end(html, "p");
}

void report_anomalies(const struct report_html *report, struct html_out *html) {
  const struct campaign *campaign = report->campaign;
  struct sighting *seen = calloc(campaign->scenario->row_count * KINDS, sizeof *seen);
  ASSERT(seen);
  const size_t count = look_everywhere(campaign, seen);
  if (count == 0)
    html_element(html, "p", "None: in every run each operation took effect once and in order, or its client knows that it did not.",
                 "class", "note", NULL);
  else {
    const size_t stories = choose(campaign, seen, count);
    put_table(report, seen, count, html);
    if (stories > 0)
      html_element(html, "p",
                   "Each story is of the first such operation: its run was run again and watched. The commands, from this "
                   "folder, tell it again, or tell another.",
                   "class", "note", NULL);
    for (size_t i = 0; i < count; i++)
      if (seen[i].story > 0) put_story(report, &seen[i], html);
  }
  free(seen);
}
