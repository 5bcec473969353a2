/* How a story ends: the verdict in words, and the story as text. */
#include "sim/runner/explain_story.h"

#include <inttypes.h>
#include <stdio.h>

static bool stored_twice(const struct tally *t) { return t->copies > 1 && t->deliveries >= t->copies; }
static bool delivered_twice(const struct tally *t) { return t->deliveries > 1; }
static bool taken_back(const struct tally *t) { return t->undone > 0; }
static bool never_sent(const struct tally *t) { return t->publishes == 0 && t->copies == 0; }
static bool never_stored(const struct tally *t) { return t->copies == 0; }
static bool dropped_unseen(const struct tally *t) { return t->suppressed > 0 && t->deliveries == 1; }
static bool dropped_as_known(const struct tally *t) { return t->suppressed > 0; }
static bool noted_first(const struct tally *t) { return t->acks_noted > 0; }
static bool delivered(const struct tally *t) { return t->deliveries > 0; }
static bool always(const struct tally *t) { return t->copies > 0; }

/* Why it ended so: the first row that fits. */
static const struct {
  bool effects; /* more than one, or none */
  bool (*fits)(const struct tally *);
  const char *because;
} reasons[] = {
    {true, stored_twice, "it was stored more than once: its producer sent it again, not knowing that it had been stored"},
    {true, delivered_twice, "it was delivered again, as no acknowledgement had been noted, and nothing recognised it"},
    {false, taken_back, "its effect was there, and was lost again with what had not been synced"},
    {false, never_sent, "it never left its producer"},
    {false, never_stored, "it was never stored, and nobody sent it again"},
    {false, dropped_unseen, "a dedup store took it for a duplicate, and it had never been delivered before"},
    {false, dropped_as_known, "a dedup store took it for a duplicate, and its first execution had come to nothing"},
    {false, noted_first, "it was acknowledged before it took effect, so that nobody delivers it again"},
    {false, delivered, "it was delivered, and its work came to nothing"},
    {false, always, "it was stored, and no handler ever got it"},
};

static const char *reason(const struct tally *tally) {
  const uint32_t effects = tally->effects - tally->undone;
  if (effects == 1) return NULL;
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].effects == (effects > 1) && reasons[i].fits(tally))
      return reasons[i].because;
  return NULL;
}

/* What is wrong between the row in a database and what came of the operation elsewhere, in a group. Where no service
 * has that database, it is the first group's. */
static const char *disagreement(const struct story *story, uint32_t group) {
  const struct tally *tally = &story->tallies[group];
  const struct plan *plan = story->record->plan;
  const bool states = plan_services(plan) > 0 || (group == 0 && plan_commits(plan));
  const bool row = story->row.committed > story->row.undone, effect = tally->effects > tally->undone;
  if (!states || row == effect) return NULL;
  return row ? "its row is committed, and nothing else will ever come of it: the two disagree"
             : "it took effect, and its row is not in the database: a phantom";
}

void story_judge(struct story *story, const struct fates *fates) {
  const uint32_t group = fates_worst_group(fates, story->record->intent);
  const struct fate_entry *entry = fates_at(fates, story->record->intent, group);
  const struct group_plan *groups = story->record->plan->groups;
  story->fate = fates_of(fates, story->record->intent);
  story->outcome = entry->outcome ? trace_kind_name(entry->outcome) : "nothing";
  const char *disagrees = disagreement(story, group), *because = disagrees ? disagrees : reason(&story->tallies[group]);
  snprintf(story->verdict, sizeof story->verdict,
           "operation %" PRIu64 ": %s%s%s (%u effect%s, %u deliver%s, the client was told: %s)%s%s",
           story->record->intent, fate_rows[story->fate].name, groups ? " in group " : "",
           groups ? groups[group].name : "", entry->effects,
           entry->effects == 1 ? "" : "s", entry->deliveries, entry->deliveries == 1 ? "y" : "ies",
           story->outcome, because ? ": " : "", because ? because : "");
}

void story_print(const struct story *story, const char *title, const char *repeat, FILE *out) {
  const int64_t begin = story->count > 0 ? story->steps[0].at : 0;
  fprintf(out, "%s\n", title);
  fprintf(out, "times count from %" PRId64 ".%09" PRId64 " s of the run, when it was wanted\n\n",
          begin / NS_PER_S, begin % NS_PER_S);
  for (size_t i = 0; i < story->count; i++) {
    const struct step *step = &story->steps[i];
    const int64_t us = (step->at - begin) / NS_PER_US;
    fprintf(out, "%3zu  %4" PRId64 ".%06" PRId64 " s  %-12s %s\n", i + 1, us / 1000000, us % 1000000,
            story->record->nodes[step->node].name, step->what);
    if (step->why[0]) fprintf(out, "%33s why: %s\n", "", step->why);
  }
  if (story->record->truncated)
    fprintf(out, "(more happened around it than %d records: some of it is left out)\n",
            EXPLAIN_AROUND_MAX);
  fprintf(out, "\nverdict: %s\nrepeat:  %s\n", story->verdict, repeat);
}
