/* Final states. What legal serial orders leave is reasoned out here for each value that is stated, from the
 * operations of its key alone; tests/oracle/naive_rows.h tries the orders themselves. */
#include "tests/oracle/second_judge.h"

#include <stdlib.h>

static bool overwrites(const struct second_story *story) {
  return operation_law(story->operation) == LAW_OVERWRITES;
}

/* --- What the effects leave --- */

/* Writes what an operation does to a row; returns whether that is now other than before, as far as is known. */
static bool write_row(struct second_row *row, const struct second_story *story) {
  const struct second_row before = *row;
  if (story->operation == OPERATION_SET) {
    if (!row->absent) row->value = story->intent; /* what was not certain is not made so */
  } else {
    row->absent = story->operation == OPERATION_DELETE;
    row->value = row->absent ? 0 : story->intent;
    row->unsure = false;
  }
  if (story->intent > row->newest) row->newest = story->intent;
  return !before.unsure && (before.absent != row->absent || before.value != row->value);
}

static void apply(struct second_judge *judge, struct second_group *books, const struct second_fact *fact,
                  struct second_story *story, int64_t times) {
  struct second_row *row = &books->rows[story->key];
  const uint64_t newest = row->newest;
  if (!write_row(row, story)) return;
  if (story->intent < newest) books->metrics[METRIC_STALE_OVERWRITES]++;
  if (times < 2 || story->changed_again) return;
  story->changed_again = true;
  second_note(judge, fact, SECOND_DOUBLED, 0);
}

void second_follow_rows(struct second_judge *judge, uint32_t group) {
  struct second_group *books = &judge->by_group[group];
  int64_t *times = calloc(books->story_count + 1, sizeof *times); /* that each story's effects stand, so far */
  bool any = false;
  books->rows = calloc((size_t)judge->keys + 1, sizeof *books->rows);
  if (!books->rows || !times) abort();
  for (size_t i = 0; i < books->story_count; i++)
    if (overwrites(&books->stories[i])) any = books->rows[books->stories[i].key].of_operations = true;
  for (size_t i = 0; i < judge->count && any; i++) {
    const struct second_fact *fact = &judge->facts[i];
    const bool done = fact->record.kind == FACT_EFFECT, undone = fact->record.kind == FACT_EFFECT_UNDONE;
    if ((!done && !undone) || !second_concerns(fact, group)) continue;
    struct second_story *story = second_story_of(books, fact->record.intent);
    if (!story || !overwrites(story) || fact->number < story->intended->number) continue;
    int64_t *standing = &times[story - books->stories];
    if (done) {
      apply(judge, books, fact, story, ++*standing);
    } else if (*standing > 0) {
      --*standing;
      books->rows[story->key].unsure = true;
      books->rows[story->key].newest = 0;
    }
  }
  free(times);
}

/* --- Sums --- */

/* What operations come to on one key. */
struct sum {
  int64_t firm, up, down; /* of those that may be there or not: what raises it, what lowers it */
  int64_t applied;        /* all effects that stand */
  int64_t extra, missing; /* of them: beyond the first of each; of what is firm and has none */
};

static void add(struct sum *sum, const struct second_story *story, int64_t weight) {
  if (second_is_firm(story))
    sum->firm += weight;
  else if (story->told != FACT_REJECTED)
    *(weight > 0 ? &sum->up : &sum->down) += weight;
  sum->applied += weight * story->standing;
  if (story->standing > 1) sum->extra += weight * (story->standing - 1);
  if (story->standing == 0 && second_is_firm(story)) sum->missing += weight;
}

static bool may_be(const struct sum *sum, int64_t value) {
  return value >= sum->firm + sum->down && value <= sum->firm + sum->up;
}

static void judge_sum(const struct sum *sum, int64_t value, int64_t *metrics) {
  const bool as_said = value == sum->applied;
  if (as_said && may_be(sum, value)) return;
  metrics[METRIC_STATE_ERRORS]++;
  if (!as_said) return; /* the store holds something else than it said: no operation explains that */
  const bool doubled = sum->extra != 0 && may_be(sum, value - sum->extra);
  const bool lost = sum->missing != 0 && may_be(sum, value + sum->missing);
  const bool both = !doubled && !lost && sum->extra != 0 && sum->missing != 0 &&
                    may_be(sum, value - sum->extra + sum->missing);
  metrics[METRIC_STATE_DOUBLED] += doubled || both;
  metrics[METRIC_STATE_LOST] += lost || both;
}

/* --- Orders --- */

/* The operations of a row that were not refused, by id; who returned before another was wanted is before it. */
struct orders {
  const struct second_story **stories;
  size_t count;
};

static bool is_before(const struct second_story *a, const struct second_story *b) {
  return a->returned < b->intended->number;
}

/* Whether some PUT, done or not known to be, can stand behind every firm DELETE and before `last`. */
static bool can_be_there(const struct orders *orders, const struct second_story *last) {
  bool deleted = false;
  for (size_t i = 0; i < orders->count; i++)
    deleted |= orders->stories[i]->operation == OPERATION_DELETE && second_is_firm(orders->stories[i]);
  if (!deleted) return true;
  for (size_t i = 0; i < orders->count; i++) {
    const struct second_story *put = orders->stories[i];
    if (put->operation != OPERATION_PUT || is_before(last, put)) continue;
    bool behind = true;
    for (size_t k = 0; k < orders->count && behind; k++)
      behind = orders->stories[k]->operation != OPERATION_DELETE || !second_is_firm(orders->stories[k]) ||
               !is_before(put, orders->stories[k]);
    if (behind) return true;
  }
  return false;
}

/* The latest firm operation that stands against a row that `writer` has written; NULL = none does. */
static const struct second_story *against_writer(const struct orders *orders, const struct second_story *writer) {
  const struct second_story *latest_deleting = NULL;
  for (size_t i = orders->count; i-- > 0;) {
    const struct second_story *story = orders->stories[i];
    if (!second_is_firm(story)) continue;
    if (is_before(writer, story)) return story;
    if (story->operation == OPERATION_DELETE && !latest_deleting) latest_deleting = story;
  }
  return writer->operation == OPERATION_PUT || can_be_there(orders, writer) ? NULL : latest_deleting;
}

/* The same of a row that is not there: no DELETE can be behind all firm PUTs. */
static const struct second_story *against_absence(const struct orders *orders) {
  const struct second_story *put = NULL;
  for (size_t i = 0; i < orders->count; i++)
    if (orders->stories[i]->operation == OPERATION_PUT && second_is_firm(orders->stories[i])) put = orders->stories[i];
  for (size_t i = 0; i < orders->count && put; i++)
    if (orders->stories[i]->operation == OPERATION_DELETE && !is_before(orders->stories[i], put)) return NULL;
  return put;
}

/* The same of a row that is as it was at first. */
static const struct second_story *against_nobody(const struct orders *orders) {
  for (size_t i = orders->count; i-- > 0;)
    if (second_is_firm(orders->stories[i])) return orders->stories[i];
  return NULL;
}

/* Whether anybody can have left the row so, and who stands against it. */
static bool has_author(const struct orders *orders, uint64_t state, const struct second_story **out_against) {
  *out_against = NULL;
  if (state == 0) {
    *out_against = against_nobody(orders);
    return true;
  }
  for (size_t i = 0; i < orders->count; i++) {
    const struct second_story *story = orders->stories[i];
    if (state == FACT_STATE_ABSENT && story->operation == OPERATION_DELETE) {
      *out_against = against_absence(orders);
      return true;
    }
    if (state == story->intent && story->operation != OPERATION_DELETE) {
      *out_against = against_writer(orders, story);
      return true;
    }
  }
  return false;
}

static void judge_row(const struct second_row *row, const struct orders *orders, int64_t *metrics) {
  const bool as_said = row->unsure || row->state == (row->absent ? FACT_STATE_ABSENT : row->value);
  const struct second_story *against;
  const bool authored = has_author(orders, row->state, &against);
  if (as_said && authored && !against) return;
  metrics[METRIC_STATE_ERRORS]++;
  if (!as_said || !authored) return;
  metrics[against->standing > 0 ? METRIC_STATE_STALE : METRIC_STATE_LOST]++;
}

/* --- All keys --- */

static int by_key(const void *a, const void *b) {
  const struct second_story *left = *(const struct second_story *const *)a;
  const struct second_story *right = *(const struct second_story *const *)b;
  if (left->key != right->key) return left->key < right->key ? -1 : 1;
  return left->intent < right->intent ? -1 : 1;
}

static void judge_sums(const struct second_judge *judge, struct second_group *books) {
  struct sum *sums = calloc((size_t)judge->keys + 1, sizeof *sums);
  if (!sums) abort();
  for (size_t i = 0; i < books->story_count; i++) {
    const struct second_story *story = &books->stories[i];
    if (overwrites(story)) continue;
    const bool moves = operation_law(story->operation) == LAW_MOVES;
    add(&sums[story->key], story, moves ? -1 : 1);
    if (moves) add(&sums[story->other], story, 1);
  }
  for (uint32_t key = 0; key <= judge->keys; key++)
    if (!books->rows[key].of_operations) judge_sum(&sums[key], (int64_t)books->rows[key].state, books->metrics);
  free(sums);
}

static void judge_rows(struct second_group *books) {
  const struct second_story **stories = calloc(books->story_count + 1, sizeof(struct second_story *));
  size_t count = 0;
  if (!stories) abort();
  for (size_t i = 0; i < books->story_count; i++)
    if (overwrites(&books->stories[i])) stories[count++] = &books->stories[i];
  qsort(stories, count, sizeof *stories, by_key);
  for (size_t from = 0, to; from < count; from = to) {
    struct orders orders = {.stories = stories + from};
    const uint32_t key = stories[from]->key;
    for (to = from; to < count && stories[to]->key == key; to++)
      if (stories[to]->told != FACT_REJECTED) orders.stories[orders.count++] = stories[to]; /* moves up */
    judge_row(&books->rows[key], &orders, books->metrics);
  }
  free(stories);
}

void second_judge_states(struct second_judge *judge, uint32_t group) {
  struct second_group *books = &judge->by_group[group];
  bool any = false;
  for (size_t i = 0; i < judge->count; i++) {
    const struct second_fact *fact = &judge->facts[i];
    if (fact->record.kind != FACT_STATE || !second_concerns(fact, group)) continue;
    const uint32_t key = fact_state_key(fact->record.detail);
    if (key > judge->keys) abort();
    any = true;
    books->rows[key].state = fact->record.value;
  }
  if (!any) return; /* effects that are no database's have no states */
  judge_sums(judge, books);
  judge_rows(books);
}
