/* The causal story of one operation: numbered steps, each with its time, its node, what happened and why.
 *
 * Steps are happenings of a recording that are worth telling, put into words by the tables of
 * explain_words.c; the why is the event that was under way, or what had not happened before.
 *
 * [I1] Steps are in the order of their happenings, at most one of each.
 */
#ifndef SIM_RUNNER_EXPLAIN_STORY_H
#define SIM_RUNNER_EXPLAIN_STORY_H

#include "sim/runner/explain_fates.h"
#include "sim/runner/explain_record.h"

#include <stdio.h>

#define STEP_TEXT_MAX 200
#define STEP_BRIEF_MAX 40

struct step {
  size_t happening; /* index in the record */
  int64_t at;       /* ns */
  uint16_t node;
  char what[STEP_TEXT_MAX], why[STEP_TEXT_MAX]; /* why: "" = it goes without saying */
  char brief[STEP_BRIEF_MAX];                   /* for a diagram; "" = the picture shows it */
};

/* What was counted on the way. */
struct tally {
  uint32_t publishes, copies, handed_out, received, deliveries, handled, effects, acks, acks_noted,
      suppressed, undone;
};
/* Of the operation's row in a database that states COMMITTED. */
struct row_tally {
  uint32_t committed, undone;
};

struct story {
  const struct explain_record *record; /* borrowed */
  struct step *steps;
  size_t count, capacity;
  bool *involved; /* [record->node_count]: nodes that the story is about */
  struct tally tallies[PLAN_GROUPS_MAX]; /* by group; what comes before them stands in each */
  struct row_tally row;
  enum fate fate;
  const char *outcome; /* what the client was told, in a word */
  char verdict[2 * STEP_TEXT_MAX];
};

void story_tell(const struct explain_record *record, const struct fates *fates, struct story *out);
/* Fate, outcome and verdict, from what was told: the last part of story_tell. */
void story_judge(struct story *story, const struct fates *fates);
void story_deinit(struct story *story);

/* Number of the step that tells a happening, from 1; 0 = none does. */
size_t story_step_of(const struct story *story, size_t happening);

/* `title`: which run it was; `repeat`: the command that tells it again. */
void story_print(const struct story *story, const char *title, const char *repeat, FILE *out);

#endif
