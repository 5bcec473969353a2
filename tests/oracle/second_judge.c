#include "tests/oracle/second_judge.h"

#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

void second_begin(struct second_judge *judge, uint32_t keys, uint32_t groups, uint32_t faults, bool commits) {
  struct second_fact *facts = judge->facts;
  struct second_moment *moments = judge->moments;
  const size_t room = judge->room, moment_room = judge->moment_room;
  judge->facts = NULL;
  judge->moments = NULL;
  second_free(judge);
  *judge = (struct second_judge){.keys = keys, .groups = groups, .faults = faults, .commits = commits,
                                 .facts = facts, .room = room, .moments = moments, .moment_room = moment_room};
}

void second_free(struct second_judge *judge) {
  for (uint32_t group = 0; group < LEDGER_GROUPS_MAX; group++) {
    free(judge->by_group[group].stories);
    free(judge->by_group[group].rows);
  }
  free(judge->facts);
  free(judge->moments);
  free(judge->latencies);
  free(judge->sorted);
  free(judge->pointers);
  *judge = (struct second_judge){0};
}

static bool is_of_interest(unsigned kind) {
  switch (kind) {
  case FACT_INTENDED: case FACT_OK: case FACT_NONE: case FACT_UNKNOWN: case FACT_REJECTED: case FACT_ABANDONED:
  case FACT_DELIVERED: case FACT_EFFECT: case FACT_EFFECT_UNDONE: case FACT_DEAD_LETTERED:
  case FACT_DEAD_LETTER_LEFT: case FACT_DISPOSED: case FACT_STATE: case FACT_STUCK: case FACT_HEALED:
  case FACT_DRAINED: case FACT_COUNTER: case FACT_SUPPRESSED: case FACT_FAULT_HIT: case FACT_REPLAYED:
  case FACT_KEY_CONFLICT: case FACT_KEY_MISMATCH: case FACT_COMMITTED: case FACT_COMMITTED_UNDONE: return true;
  default: return false;
  }
}

void second_sink(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  (void)first;
  struct second_judge *judge = context;
  for (size_t i = 0; i < count; i++) {
    judge->seen++;
    if (!is_of_interest(records[i].kind)) continue;
    GROW(judge->facts, judge->room, judge->count + 1);
    judge->facts[judge->count++] = (struct second_fact){records[i], judge->seen};
  }
}

/* What a store, a broker or a host did for a group concerns that one alone; the rest concerns all. */
bool second_concerns(const struct second_fact *fact, uint32_t group) {
  switch (fact->record.kind) {
  case FACT_DELIVERED: case FACT_EFFECT: case FACT_EFFECT_UNDONE: case FACT_DEAD_LETTERED:
  case FACT_DEAD_LETTER_LEFT: case FACT_DISPOSED: case FACT_SUPPRESSED: case FACT_REPLAYED:
  case FACT_KEY_CONFLICT: case FACT_KEY_MISMATCH: return fact->record.detail == group;
  case FACT_STATE: return fact_state_group(fact->record.detail) == group;
  default: return true;
  }
}

void second_note(struct second_judge *judge, const struct second_fact *fact, enum second_what what, int open) {
  GROW(judge->moments, judge->moment_room, judge->moment_count + 1);
  judge->moments[judge->moment_count++] = (struct second_moment){fact->record.at, what, open};
}

/* --- Stories --- */

static int by_intent(const void *a, const void *b) {
  const struct second_fact *left = *(const struct second_fact *const *)a;
  const struct second_fact *right = *(const struct second_fact *const *)b;
  if (left->record.intent != right->record.intent) return left->record.intent < right->record.intent ? -1 : 1;
  return left->number < right->number ? -1 : 1;
}

static bool is_about_an_operation(unsigned kind) {
  return kind != FACT_STATE && kind != FACT_STUCK && kind != FACT_HEALED && kind != FACT_DRAINED &&
         kind != FACT_COUNTER && kind != FACT_FAULT_HIT;
}

/* How much a client knows. A refusal of one attempt says nothing of another that may have been stored, and who
 * died knows less than who waited. */
static int strength(unsigned told) {
  switch (told) {
  case FACT_REJECTED: return 1;
  case FACT_ABANDONED: return 2;
  case FACT_UNKNOWN: return 3;
  case FACT_NONE: return 4;
  case FACT_OK: return 4;
  default: return 0;
  }
}

static size_t count_of(const struct second_story *story, unsigned kind) {
  size_t count = 0;
  for (size_t i = 0; i < story->count; i++) count += story->facts[i]->record.kind == kind;
  return count;
}

/* The last fact that is one of two; NULL = there is neither. */
static const struct second_fact *last_of(const struct second_story *story, unsigned one, unsigned other) {
  for (size_t i = story->count; i-- > 0;)
    if (story->facts[i]->record.kind == one || story->facts[i]->record.kind == other) return story->facts[i];
  return NULL;
}

static bool ends_with(const struct second_story *story, unsigned kind, unsigned opposite) {
  const struct second_fact *last = last_of(story, kind, opposite);
  return last && last->record.kind == kind;
}

static void read_answers(struct second_story *story) {
  story->told = FACT_BASE_;
  story->returned = UINT64_MAX;
  for (size_t i = 0; i < story->count; i++) {
    const struct second_fact *fact = story->facts[i];
    if (strength(fact->record.kind) > strength(story->told)) story->told = fact->record.kind;
    if (strength(fact->record.kind) == 4 && fact->number < story->returned) story->returned = fact->number;
  }
}

/* Effects that come and go; taking one back where none stands says nothing. */
static void read_effects(struct second_judge *judge, struct second_story *story) {
  const bool overwrites = operation_law(story->operation) == LAW_OVERWRITES;
  for (size_t i = 0; i < story->count; i++) {
    const struct second_fact *fact = story->facts[i];
    if (fact->record.kind == FACT_EFFECT) {
      const bool first = story->first_effect == NULL;
      if (first) story->first_effect = fact;
      story->standing++;
      if (story->standing == 1) second_note(judge, fact, first ? SECOND_FIRST : SECOND_OTHER, -1);
      if (story->standing == 2 && !overwrites) second_note(judge, fact, SECOND_DOUBLED, 0);
    } else if (fact->record.kind == FACT_EFFECT_UNDONE && story->standing > 0) {
      story->standing--;
      if (story->standing == 0) second_note(judge, fact, SECOND_OTHER, +1);
    }
  }
}

/* The fact that hands it out for the second time; an effect that nobody has handed out before counts as one. */
static const struct second_fact *second_delivery(const struct second_story *story) {
  size_t handed = 0;
  for (size_t i = 0; i < story->count; i++) {
    const struct second_fact *fact = story->facts[i];
    if (fact == story->first_effect && handed == 0) handed = 1;
    if (fact->record.kind == FACT_DELIVERED && ++handed == 2) return fact;
  }
  return NULL;
}

/* Whether policy took it away when it had no effect: taking away what is done is no loss. */
static bool was_disposed_of(const struct second_story *story) {
  int64_t standing = 0;
  for (size_t i = 0; i < story->count; i++) {
    const unsigned kind = story->facts[i]->record.kind;
    if (kind == FACT_DISPOSED && standing == 0) return true;
    if (kind == FACT_EFFECT) standing++;
    if (kind == FACT_EFFECT_UNDONE && standing > 0) standing--;
  }
  return false;
}

static enum metric class_of(const struct second_story *story, bool stuck) {
  if (story->standing > 1) return METRIC_MANY;
  if (story->standing == 1) return METRIC_ONCE;
  if (ends_with(story, FACT_DEAD_LETTERED, FACT_DEAD_LETTER_LEFT)) return METRIC_DEAD_LETTERED;
  const bool doubtful = story->told == FACT_UNKNOWN || story->told == FACT_ABANDONED;
  if (stuck && !doubtful && story->told != FACT_REJECTED && !was_disposed_of(story)) return METRIC_STUCK;
  if (story->told == FACT_OK) return METRIC_LOST_ACKED;
  if (story->told == FACT_NONE) return METRIC_LOST_UNACKED;
  return story->told == FACT_REJECTED ? METRIC_ABSENT_REJECTED : METRIC_ABSENT_UNKNOWN;
}

static void count_story(struct second_judge *judge, const struct second_story *story, int64_t *metrics) {
  const bool effected = story->standing > 0, overwrites = operation_law(story->operation) == LAW_OVERWRITES;
  const bool committed = ends_with(story, FACT_COMMITTED, FACT_COMMITTED_UNDONE);
  const enum metric class = class_of(story, judge->stuck);
  metrics[METRIC_INTENDED]++;
  metrics[METRIC_OK] += story->told == FACT_OK;
  metrics[METRIC_NONE] += story->told == FACT_NONE;
  metrics[METRIC_UNKNOWN] += story->told == FACT_UNKNOWN;
  metrics[METRIC_REJECTED] += story->told == FACT_REJECTED;
  metrics[METRIC_ABANDONED] += story->told == FACT_ABANDONED;
  metrics[class]++;
  metrics[METRIC_LOST] += class == METRIC_LOST_ACKED || class == METRIC_LOST_UNACKED;
  metrics[METRIC_EFFECTS] += story->standing;
  metrics[METRIC_REEXECUTIONS] += story->standing > 1 ? story->standing - 1 : 0;
  metrics[METRIC_DUPLICATE_EFFECTS] += story->standing > 1 && (!overwrites || story->changed_again);
  metrics[METRIC_DUPLICATE_DELIVERIES] += second_delivery(story) != NULL;
  metrics[METRIC_FALSE_SUPPRESSIONS] += !effected && count_of(story, FACT_SUPPRESSED) > 0;
  metrics[METRIC_PHANTOMS] += effected && (story->told == FACT_REJECTED || (judge->commits && !committed));
  metrics[METRIC_STORE_DISAGREEMENTS] += judge->commits && effected != committed && class != METRIC_STUCK;
}

/* Sorts a group's facts, and tells each operation that was wanted its story. What was done before anybody
 * wanted it, or without, is a phantom's. */
static void tell_stories(struct second_judge *judge, uint32_t group, const struct second_fact **sorted) {
  struct second_group *books = &judge->by_group[group];
  size_t count = 0;
  for (size_t i = 0; i < judge->count; i++)
    if (is_about_an_operation(judge->facts[i].record.kind) && second_concerns(&judge->facts[i], group))
      sorted[count++] = &judge->facts[i];
  qsort(sorted, count, sizeof *sorted, by_intent);
  books->stories = calloc(count ? count : 1, sizeof *books->stories);
  if (!books->stories) abort();
  for (size_t from = 0, to; from < count; from = to) {
    const uint64_t intent = sorted[from]->record.intent;
    for (to = from; to < count && sorted[to]->record.intent == intent; to++) {}
    size_t wanted = from;
    for (; wanted < to && sorted[wanted]->record.kind != FACT_INTENDED; wanted++)
      books->metrics[METRIC_PHANTOMS] += sorted[wanted]->record.kind == FACT_EFFECT;
    if (wanted == to) continue;
    const uint64_t value = sorted[wanted]->record.value;
    books->stories[books->story_count++] = (struct second_story){
        .intent = intent, .facts = sorted + wanted, .count = to - wanted, .intended = sorted[wanted],
        .operation = (enum operation)fact_intended_operation(value), .key = fact_intended_key(value),
        .other = fact_intended_other(value)};
  }
}

struct second_story *second_story_of(struct second_group *group, uint64_t intent) {
  size_t low = 0, high = group->story_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (group->stories[middle].intent < intent)
      low = middle + 1;
    else
      high = middle;
  }
  return low < group->story_count && group->stories[low].intent == intent ? &group->stories[low] : NULL;
}

/* --- Order on a key --- */

static int by_key_and_effect(const void *a, const void *b) {
  const struct second_story *left = *(const struct second_story *const *)a;
  const struct second_story *right = *(const struct second_story *const *)b;
  if (left->key != right->key) return left->key < right->key ? -1 : 1;
  return left->first_effect->number < right->first_effect->number ? -1 : 1;
}

/* First effects that came after that of a later operation on the same key. */
static int64_t count_reordered(const struct second_group *group) {
  const struct second_story **effected = calloc(group->story_count + 1, sizeof(struct second_story *));
  size_t count = 0;
  int64_t reordered = 0;
  uint64_t latest = 0;
  if (!effected) abort();
  for (size_t i = 0; i < group->story_count; i++)
    if (group->stories[i].first_effect) effected[count++] = &group->stories[i];
  qsort(effected, count, sizeof *effected, by_key_and_effect);
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || effected[i]->key != effected[i - 1]->key) latest = 0;
    reordered += effected[i]->intent < latest;
    if (effected[i]->intent > latest) latest = effected[i]->intent;
  }
  free(effected);
  return reordered;
}

/* --- The run --- */

static void add_counter(int64_t *metrics, const struct trace_record *fact) {
  static const struct {
    enum counter counter;
    enum metric metric;
  } sums[] = {{COUNTER_ROUND_TRIPS, METRIC_ROUND_TRIPS},       {COUNTER_DURABLE_WRITES, METRIC_DURABLE_WRITES},
              {COUNTER_EVENTS, METRIC_EVENTS},                 {COUNTER_DEDUP_BYTES_PEAK, METRIC_DEDUP_BYTES_END},
              {COUNTER_DATABASE_READS, METRIC_DATABASE_READS}, {COUNTER_DATABASE_WRITES, METRIC_DATABASE_WRITES},
              {COUNTER_OUTBOX_ROWS_PEAK, METRIC_OUTBOX_ROWS_PEAK},
              {COUNTER_OUTBOX_ROWS_END, METRIC_OUTBOX_ROWS_END},
              {COUNTER_OUTBOX_BYTES_PEAK, METRIC_OUTBOX_BYTES_PEAK},
              {COUNTER_SLOT_BYTES_PEAK, METRIC_SLOT_BYTES_PEAK}};
  const int64_t value = (int64_t)fact->value;
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
    if (sums[i].counter == fact->detail) metrics[sums[i].metric] += value;
  if (fact->detail == COUNTER_DEDUP_BYTES_FORGOTTEN) metrics[METRIC_DEDUP_BYTES_END] -= value;
  if (fact->detail == COUNTER_DEDUP_BYTES_PEAK && value > metrics[METRIC_DEDUP_BYTES_PEAK])
    metrics[METRIC_DEDUP_BYTES_PEAK] = value;
}

/* Prices, and how many of the declared faults hit anything. */
static void count_prices(struct second_judge *judge) {
  bool *hit = calloc(judge->faults + 1, sizeof *hit);
  if (!hit) abort();
  for (size_t i = 0; i < judge->count; i++) {
    const struct trace_record *fact = &judge->facts[i].record;
    if (fact->kind == FACT_COUNTER) add_counter(judge->metrics, fact);
    if (fact->kind == FACT_FAULT_HIT && fact->detail < judge->faults) hit[fact->detail] = true;
  }
  for (uint32_t i = 0; i < judge->faults; i++) judge->metrics[METRIC_FAULTS_EFFECTIVE] += hit[i];
  free(hit);
}

static void judge_group(struct second_judge *judge, uint32_t group) {
  struct second_group *books = &judge->by_group[group];
  int64_t *metrics = books->metrics;
  tell_stories(judge, group, judge->pointers + group * judge->count);
  for (size_t i = 0; i < books->story_count; i++) {
    struct second_story *story = &books->stories[i];
    second_note(judge, story->intended, SECOND_INTENDED, +1);
    read_answers(story);
    read_effects(judge, story);
    const struct second_fact *again = second_delivery(story);
    if (again) second_note(judge, again, SECOND_REDELIVERED, 0);
  }
  second_follow_rows(judge, group);
  for (size_t i = 0; i < books->story_count; i++) count_story(judge, &books->stories[i], metrics);
  for (size_t i = 0; i < judge->count; i++) {
    if (!second_concerns(&judge->facts[i], group)) continue;
    const unsigned kind = judge->facts[i].record.kind;
    metrics[METRIC_DELIVERED] += kind == FACT_DELIVERED;
    metrics[METRIC_REPLAYS] += kind == FACT_REPLAYED;
    metrics[METRIC_KEY_CONFLICTS] += kind == FACT_KEY_CONFLICT;
    metrics[METRIC_KEY_MISMATCHES] += kind == FACT_KEY_MISMATCH;
  }
  metrics[METRIC_REORDERED] = count_reordered(books);
  second_judge_states(judge, group);
  second_tell_latencies(judge, group);
}

/* Counts of groups sum up; the rest is of all obligations together. */
static void sum_up(struct second_judge *judge) {
  int64_t *metrics = judge->metrics;
  for (enum metric i = 0; i < METRIC__COUNT; i++)
    for (uint32_t group = 0; group < judge->groups && metric_rows[i].unit == UNIT_COUNT; group++)
      metrics[i] += judge->by_group[group].metrics[i];
  count_prices(judge);
  second_tell_all_latencies(judge);
}

void second_finish(struct second_judge *judge) {
  const size_t most = judge->count * judge->groups + 1;
  judge->pointers = calloc(most, sizeof(struct second_fact *));
  judge->latencies = calloc(most, sizeof *judge->latencies);
  judge->sorted = calloc(most, sizeof *judge->sorted);
  if (!judge->pointers || !judge->latencies || !judge->sorted) abort();
  for (size_t i = 0; i < judge->count; i++) {
    const unsigned kind = judge->facts[i].record.kind;
    judge->stuck |= kind == FACT_STUCK;
    if (kind == FACT_STUCK || kind == FACT_DRAINED) second_note(judge, &judge->facts[i], SECOND_OTHER, 0);
  }
  for (uint32_t group = 0; group < judge->groups; group++) judge_group(judge, group);
  sum_up(judge);
}

uint32_t second_anomalies(const struct second_judge *judge, uint32_t group) {
  const int64_t *metrics = group < judge->groups ? judge->by_group[group].metrics : judge->metrics;
  uint32_t happened = 0;
  for (int i = 0; i < ANOMALY__COUNT; i++) {
    int metric = 0; /* of the same name */
    while (metric < METRIC__COUNT && strcmp(metric_rows[metric].name, anomaly_names[i]) != 0) metric++;
    if (metric == METRIC__COUNT) abort();
    if (metrics[metric] > 0) happened |= UINT32_C(1) << i;
  }
  return happened;
}
