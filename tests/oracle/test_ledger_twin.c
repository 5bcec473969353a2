/* The ledger against its naive twin, on random facts in any order, under every pressure on memory, for
 * one to three sink groups: each group's books, and their sums. And the second judge, which judges whole runs
 * (tests/system/two_judges.h), against the twin: they have nothing in common but the law. */
#include "tests/oracle/feed.h"
#include "tests/oracle/naive_judge.h"
#include "tests/oracle/second_judge.h"

#include "sim/base/hash.h"
#include "sim/oracle/ledger.h"
#include "tests/run_suite.h"

#define FACTS_MAX 8000
#define GROUPS_MAX 3

/* libcheck's own assertions write to a pipe each time, which is too slow for millions of them. */
#define EXPECT_OP(a, op, b)                                                                        \
  do {                                                                                             \
    long long left_ = (long long)(a), right_ = (long long)(b);                                     \
    if (!(left_ op right_)) ck_abort_msg(#a " " #op " " #b ": %lld, %lld", left_, right_);         \
  } while (0)

struct generator {
  uint64_t state;
  struct trace_record facts[FACTS_MAX];
  size_t count;
  int64_t now;
  uint64_t next; /* id that comes next */
  uint32_t keys, groups;
  bool commits; /* services have databases */
  const enum operation *palette; /* what is wanted: PALETTE_SIZE, one as likely as another */
};

/* Increments alone, one kind alone, and mixtures. */
static const enum operation palettes[][4] = {
    {OPERATION_INCREMENT, OPERATION_INCREMENT, OPERATION_INCREMENT, OPERATION_INCREMENT},
    {OPERATION_SET, OPERATION_SET, OPERATION_SET, OPERATION_SET},
    {OPERATION_PUT, OPERATION_PUT, OPERATION_DELETE, OPERATION_SET},
    {OPERATION_PUT, OPERATION_DELETE, OPERATION_SET, OPERATION_SET},
    {OPERATION_TRANSFER, OPERATION_TRANSFER, OPERATION_INCREMENT, OPERATION_TRANSFER},
    {OPERATION_INSERT_NATURAL_KEY, OPERATION_INSERT_SURROGATE_KEY, OPERATION_PUT, OPERATION_TRANSFER},
};
enum { PALETTES = sizeof palettes / sizeof palettes[0], PALETTE_SIZE = 4 };

static uint64_t draw(struct generator *generator, uint64_t bound) {
  return hash_mix(generator->state += 0x9e3779b97f4a7c15u) % bound;
}

static void state_fact(struct generator *generator, enum fact kind, uint64_t intent,
                       uint64_t value, uint32_t detail) {
  EXPECT_OP(generator->count, <, FACTS_MAX);
  generator->facts[generator->count++] = (struct trace_record){
      .at = generator->now, .intent = intent, .value = value, .kind = kind, .detail = detail};
}

/* How strange a sequence is: weights of the kinds, and how far behind the newest id facts speak. */
struct profile {
  unsigned intended, ok, none, unknown, rejected, abandoned, delivered, effect, undone, dead_lettered,
      disposed, suppressed, healed, event, committed, rolled_back;
  unsigned reach; /* ids back; 0 = any */
  bool with_gaps;
};

static const struct profile profiles[] = {
    /* in, ok, no, un, re, ab, de, ef, ud, dl, di, su, he, ev, co, rb, reach */
    {10, 9, 0, 0, 0, 0, 10, 9, 0, 0, 0, 0, 0, 2, 9, 0, 3, false}, /* well-behaved, now and then late */
    {10, 10, 0, 2, 1, 1, 12, 12, 1, 1, 1, 1, 1, 1, 10, 1, 8, false},
    {10, 20, 0, 0, 0, 0, 20, 30, 6, 0, 0, 2, 0, 0, 20, 2, 0, false}, /* late effects and undoing */
    {10, 0, 12, 0, 0, 0, 10, 10, 2, 0, 0, 1, 0, 0, 10, 0, 6, false}, /* no confirmations */
    {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 5, 5, 5, 0, true},       /* anything goes */
    {10, 10, 1, 1, 1, 1, 10, 20, 3, 1, 1, 1, 0, 0, 0, 0, 5, true},
};
enum { PROFILES = sizeof profiles / sizeof profiles[0] };

static enum fact draw_kind(struct generator *generator, const struct profile *profile) {
  const struct {
    unsigned weight;
    enum fact kind;
  } kinds[] = {
      {profile->intended, FACT_INTENDED},
      {profile->ok, FACT_OK},
      {profile->none, FACT_NONE},
      {profile->unknown, FACT_UNKNOWN},
      {profile->rejected, FACT_REJECTED},
      {profile->abandoned, FACT_ABANDONED},
      {profile->delivered, FACT_DELIVERED},
      {profile->effect, FACT_EFFECT},
      {profile->undone, FACT_EFFECT_UNDONE},
      {profile->dead_lettered, FACT_DEAD_LETTERED},
      {profile->dead_lettered, FACT_DEAD_LETTER_LEFT},
      {profile->disposed, FACT_DISPOSED},
      {profile->suppressed, FACT_SUPPRESSED},
      {profile->healed, FACT_HEALED},
      {profile->event, FACT_APPENDED},
      {profile->committed, FACT_COMMITTED},
      {profile->rolled_back, FACT_COMMITTED_UNDONE},
  };
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) sum += kinds[i].weight;
  uint64_t at = draw(generator, sum);
  for (size_t i = 0;; i++) {
    if (at < kinds[i].weight) return kinds[i].kind;
    at -= kinds[i].weight;
  }
}

static bool concerns_a_group(enum fact kind) {
  return kind == FACT_DELIVERED || kind == FACT_EFFECT || kind == FACT_EFFECT_UNDONE ||
         kind == FACT_DEAD_LETTERED || kind == FACT_DEAD_LETTER_LEFT || kind == FACT_DISPOSED ||
         kind == FACT_SUPPRESSED;
}

static uint64_t draw_intended(struct generator *generator) {
  const enum operation operation = generator->palette[draw(generator, PALETTE_SIZE)];
  const uint32_t key = (uint32_t)draw(generator, generator->keys + 1);
  const bool moves = operation_law(operation) == LAW_MOVES;
  const uint32_t other = (key + 1 + (uint32_t)draw(generator, generator->keys)) % (generator->keys + 1);
  return fact_intended(key, operation, moves ? other : 0);
}

static void generate(struct generator *generator, const struct profile *profile, size_t count,
                     uint64_t ids_max) {
  generator->count = 0;
  generator->now = 0;
  generator->next = 1;
  generator->keys = 1 + (uint32_t)draw(generator, 3);
  generator->palette = palettes[draw(generator, 2) ? draw(generator, PALETTES) : 0];
  generator->groups = draw(generator, 3) ? 1 : 1 + (uint32_t)draw(generator, GROUPS_MAX);
  generator->commits = draw(generator, 2) == 0;
  uint64_t step = draw(generator, 8) ? 20 : 100000;
  while (generator->count < count) {
    generator->now += (int64_t)draw(generator, step);
    enum fact kind = draw_kind(generator, profile);
    if (kind == FACT_INTENDED) {
      if (profile->with_gaps && draw(generator, 4) == 0)
        generator->next += 1 + draw(generator, draw(generator, 6) ? 3 : 90);
      if (generator->next > ids_max) return;
      state_fact(generator, kind, generator->next++, draw_intended(generator), 0);
    } else if (kind == FACT_APPENDED && draw(generator, 2)) {
      state_fact(generator, (enum fact)TRACE_ARRIVED, generator->next - 1, 0, 0);
    } else {
      uint64_t reach = profile->reach ? profile->reach + 1 : generator->next + 1;
      uint64_t back = draw(generator, reach);
      uint64_t id = back > generator->next ? 0 : generator->next - back;
      uint64_t value = kind == FACT_EFFECT ? (uint64_t)generator->now + draw(generator, 50) : 0;
      uint64_t groups = concerns_a_group(kind) ? generator->groups : 1;
      state_fact(generator, kind, id, value, groups > 1 ? (uint32_t)draw(generator, groups) : 0);
    }
  }
}

/* What the stores say at the end: mostly the truth. */
static void state_states(struct generator *generator, struct naive_judge *judge, uint32_t group) {
  naive_judge(judge, generator->facts, generator->count, generator->keys, group);
  for (uint32_t key = 0; key <= generator->keys; key++) {
    if (draw(generator, 5) == 0) continue;
    int64_t value = naive_truth(judge, key);
    if (draw(generator, 4) == 0) value = (int64_t)((uint64_t)value + draw(generator, 3) - 1); /* wraps */
    if (naive_overwritten(judge, key) && draw(generator, 8) == 0)
      value = draw(generator, 2) ? (int64_t)FACT_STATE_ABSENT : (int64_t)draw(generator, generator->next);
    state_fact(generator, FACT_STATE, 0, (uint64_t)value, fact_state(group, key));
  }
}

static void feed(struct generator *generator, struct ledger *ledger) {
  for (size_t from = 0; from < generator->count;) {
    size_t count = 1 + draw(generator, 40);
    if (count > generator->count - from) count = generator->count - from;
    feed_ledger(ledger, generator->facts + from, count, from);
    from += count;
  }
}

static int by_value(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void check_latency(int64_t *latencies, size_t count, int64_t got, int64_t parts,
                          int64_t scale) {
  if (count == 0) {
    EXPECT_OP(got, ==, 0);
    return;
  }
  qsort(latencies, count, sizeof *latencies, by_value);
  size_t rank = ((size_t)parts * count + (size_t)scale - 1) / (size_t)scale;
  int64_t truth = latencies[rank - 1];
  EXPECT_OP(got, >=, truth);
  EXPECT_OP(got, <=, truth + truth / 32);
}

/* What all groups' judges have seen. */
static void check_cells(const struct naive_judge *judges, uint32_t groups, const struct timeline_bucket *cells,
                        size_t count, int64_t width) {
  static struct timeline_bucket expected[LEDGER_BUCKETS_MAX];
  memset(expected, 0, sizeof expected);
  int64_t last = -1;
  for (uint32_t g = 0; g < groups; g++)
    for (size_t i = 0; i < judges[g].event_count; i++)
      if (judges[g].events[i].at > last) last = judges[g].events[i].at;
  EXPECT_OP(last / width, <, LEDGER_BUCKETS_MAX);
  EXPECT_OP(count, ==, last < 0 ? 0 : (size_t)(last / width) + 1);
  for (uint32_t g = 0; g < groups; g++)
    for (size_t i = 0; i < judges[g].event_count; i++) {
      const struct naive_event *event = &judges[g].events[i];
      struct timeline_bucket *cell = &expected[event->at / width];
      cell->intended += event->what == NAIVE_INTENDED;
      cell->first_effects += event->what == NAIVE_FIRST;
      cell->duplicate_effects += event->what == NAIVE_DUPLICATE;
      cell->duplicate_deliveries += event->what == NAIVE_REDELIVERED;
      for (size_t later = (size_t)(event->at / width); later < count; later++)
        expected[later].open += event->open;
    }
  for (size_t i = 0; i < count; i++) {
    EXPECT_OP(cells[i].intended, ==, expected[i].intended);
    EXPECT_OP(cells[i].first_effects, ==, expected[i].first_effects);
    EXPECT_OP(cells[i].duplicate_effects, ==, expected[i].duplicate_effects);
    EXPECT_OP(cells[i].duplicate_deliveries, ==, expected[i].duplicate_deliveries);
    EXPECT_OP(cells[i].open, ==, expected[i].open);
  }
}

static void check_timeline(const struct naive_judge *judges, uint32_t groups,
                           const struct ledger *ledger, int64_t bucket_ns) {
  size_t count;
  int64_t width, last = -1;
  const struct timeline_bucket *cells = ledger_timeline(ledger, &count, &width);
  for (uint32_t g = 0; g < groups; g++)
    for (size_t i = 0; i < judges[g].event_count; i++)
      if (judges[g].events[i].at > last) last = judges[g].events[i].at;
  while (last / bucket_ns >= LEDGER_BUCKETS_MAX) bucket_ns *= 2;
  EXPECT_OP(width, ==, bucket_ns);
  check_cells(judges, groups, cells, count, width);
}

/* Whoever has more than one effect can be shown with the records of two of them; but the first of an
 * id that had retired is forgotten, and so are both where exceptions were put away. */
static void check_evidence(const struct naive_judge *judge, const struct ledger *ledger, bool packs) {
  for (uint64_t id = 1; id < judge->ids; id++) {
    const struct naive_fate *fate = &judge->fates[id];
    uint64_t first, second;
    bool shown = ledger_evidence(ledger, judge->group, id, &first, &second);
    if (!shown) {
      EXPECT_OP(fate->effects, <, 2);
      continue;
    }
    if (first || !(packs || fate->was_settled)) EXPECT_OP(first, ==, fate->standing[0]);
    if (second || !packs) EXPECT_OP(second, ==, fate->standing[1]);
  }
}

static bool is_latency(int metric) {
  return metric == METRIC_LATENCY_MEAN || metric == METRIC_LATENCY_P50 || metric == METRIC_LATENCY_P99 || metric == METRIC_LATENCY_P999;
}

static void check_latencies(int64_t *latencies, size_t count, const int64_t *metrics) {
  int64_t sum = 0, n = (int64_t)count;
  for (size_t i = 0; i < count; i++) sum += latencies[i];
  EXPECT_OP(metrics[METRIC_LATENCY_MEAN], ==, n ? (2 * sum + n) / (2 * n) : 0);
  check_latency(latencies, count, metrics[METRIC_LATENCY_P50], 50, 100);
  check_latency(latencies, count, metrics[METRIC_LATENCY_P99], 99, 100);
  check_latency(latencies, count, metrics[METRIC_LATENCY_P999], 999, 1000);
}

static bool is_explained(int metric) {
  return metric == METRIC_STATE_DOUBLED || metric == METRIC_STATE_STALE || metric == METRIC_STATE_LOST;
}

/* What an operation whose key is forgotten may change. */
static bool is_of_states(int metric) {
  return is_explained(metric) || metric == METRIC_STATE_ERRORS || metric == METRIC_STALE_OVERWRITES ||
         metric == METRIC_DUPLICATE_EFFECTS;
}

/* Their sums in batches, in the order of the facts. */
static void check_batches(const struct naive_judge *judge, const struct batches *batches) {
  static int64_t by_fact[FACTS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < judge->count; i++) by_fact[i] = -1;
  for (uint64_t id = 0; id < judge->ids; id++)
    if (judge->fates[id].effects_ever > 0)
      by_fact[judge->fates[id].first_effect_index] = judge->latencies[count++];
  EXPECT_OP(batches->count * batches->length + batches->filled, ==, count);
  size_t next = 0;
  for (uint32_t i = 0; i < batches->count; i++) {
    int64_t sum = 0;
    for (uint64_t k = 0; k < batches->length; next++)
      if (by_fact[next] >= 0) sum += by_fact[next], k++;
    EXPECT_OP((int64_t)batches->sums[i], ==, sum);
  }
}

/* On a ledger's memory. */
struct pressure {
  uint64_t window_min, window_max, keys_remembered, exceptions_max;
  bool forgets_keys, packs; /* exceptions, that is */
};

static struct pressure draw_pressure(struct generator *generator) {
  struct pressure pressure = {.window_min = UINT64_C(1) << draw(generator, 7)};
  pressure.window_max = pressure.window_min << draw(generator, 4);
  pressure.forgets_keys = draw(generator, 4) == 0;
  pressure.keys_remembered = pressure.forgets_keys ? pressure.window_max : 1024;
  pressure.packs = draw(generator, 2);
  pressure.exceptions_max = pressure.packs ? UINT64_C(1) << draw(generator, 7) : 1 << 14;
  return pressure;
}

/* One group's numbers. */
static void check_group(const struct ledger *ledger, struct naive_judge *judge, const struct pressure *pressure,
                        bool overwrites, uint64_t seed) {
  const bool forgets_keys = pressure->forgets_keys;
  const int64_t *metrics = ledger_group(ledger, judge->group);
  for (int i = 0; i < METRIC__COUNT; i++) {
    if (is_latency(i)) continue;
    if (i == METRIC_STATE_ERRORS && forgets_keys && !overwrites) {
      EXPECT_OP(metrics[i], <=, judge->metrics[i]); /* misses some, invents none */
      continue;
    }
    if (forgets_keys && (overwrites ? is_of_states(i) : is_explained(i))) continue;
    if (judge->too_many && (is_explained(i) || i == METRIC_STATE_ERRORS)) continue;
    if (metrics[i] != judge->metrics[i])
      ck_abort_msg("sequence %llu, group %u: %s is %lld, not %lld", (unsigned long long)seed,
                   judge->group, metric_rows[i].name, (long long)metrics[i],
                   (long long)judge->metrics[i]);
  }
  check_latencies(judge->latencies, judge->latency_count, metrics);
  check_evidence(judge, ledger, pressure->packs);
}

/* All groups together: counts are sums, latencies those of all. */
static void check_sums(const struct ledger *ledger, const int64_t *metrics,
                       const struct naive_judge *judges, uint32_t groups) {
  static int64_t latencies[GROUPS_MAX * NAIVE_IDS];
  size_t count = 0;
  for (uint32_t g = 0; g < groups; g++) {
    memcpy(latencies + count, judges[g].latencies, judges[g].latency_count * sizeof *latencies);
    count += judges[g].latency_count;
  }
  check_latencies(latencies, count, metrics);
  for (enum metric i = 0; i < METRIC__COUNT; i++) {
    int64_t sum = 0;
    if (metric_rows[i].unit != UNIT_COUNT || !metric_of_group(i)) continue;
    for (uint32_t g = 0; g < groups; g++) sum += ledger_group(ledger, g)[i];
    EXPECT_OP(metrics[i], ==, sum);
  }
  EXPECT_OP(metrics[METRIC_DRAIN], ==, judges[0].metrics[METRIC_DRAIN]);
}

/* All numbers of the second judge. */
static void check_second(struct second_judge *second, struct generator *generator, struct naive_judge *judges,
                         int64_t bucket_ns, uint64_t seed) {
  static struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
  second_begin(second, generator->keys, generator->groups, 0, generator->commits);
  second_sink(second, generator->facts, generator->count, 0);
  second_finish(second);
  for (uint32_t g = 0; g < generator->groups; g++) {
    const int64_t *metrics = second->by_group[g].metrics;
    for (int i = 0; i < METRIC__COUNT; i++) {
      if (is_latency(i) || (judges[g].too_many && (is_explained(i) || i == METRIC_STATE_ERRORS))) continue;
      if (metrics[i] != judges[g].metrics[i])
        ck_abort_msg("sequence %llu, group %u: %s is %lld to the second judge, not %lld", (unsigned long long)seed, g,
                     metric_rows[i].name, (long long)metrics[i], (long long)judges[g].metrics[i]);
    }
    check_latencies(judges[g].latencies, judges[g].latency_count, metrics);
  }
  const size_t count = second_timeline(second, bucket_ns, cells, &bucket_ns);
  check_cells(judges, generator->groups, cells, count, bucket_ns);
}

static void compare(struct ledger *ledger, struct second_judge *second, struct generator *generator,
                    struct naive_judge *judges, int64_t bucket_ns, const struct pressure *pressure, uint64_t seed) {
  int64_t metrics[METRIC__COUNT];
  ledger_reset(ledger, generator->keys, generator->groups, bucket_ns);
  if (generator->commits) ledger_expect_commits(ledger);
  feed(generator, ledger);
  ledger_finish(ledger, metrics);
  bool overwrites = false;
  for (unsigned i = 0; i < PALETTE_SIZE; i++)
    overwrites |= operation_law(generator->palette[i]) == LAW_OVERWRITES;
  for (uint32_t g = 0; g < generator->groups; g++) {
    judges[g].commits = generator->commits;
    naive_judge(&judges[g], generator->facts, generator->count, generator->keys, g);
    if (generator->groups == 1) check_batches(&judges[g], ledger_latencies(ledger));
    check_group(ledger, &judges[g], pressure, overwrites, seed);
  }
  check_sums(ledger, metrics, judges, generator->groups);
  check_second(second, generator, judges, bucket_ns, seed);
  if (pressure->forgets_keys && overwrites) return; /* a forgotten operation is taken for an increment */
  check_timeline(judges, generator->groups, ledger, bucket_ns);
}

static void run_sequences(uint64_t seed_first, uint64_t seed_count, size_t facts_max,
                          uint64_t ids_max) {
  struct ledger *ledger = ledger_new();
  struct second_judge second = {0};
  struct generator *generator = calloc(1, sizeof *generator);
  struct naive_judge *judges = calloc(GROUPS_MAX, sizeof *judges);
  for (uint64_t seed = seed_first; seed < seed_first + seed_count; seed++) {
    generator->state = seed * 0x2545f4914f6cdd1du;
    const struct profile *profile = &profiles[draw(generator, PROFILES)];
    generate(generator, profile, 1 + draw(generator, facts_max), ids_max);
    uint64_t end = draw(generator, 4);
    if (end) state_fact(generator, end == 1 ? FACT_STUCK : FACT_DRAINED, 0, 0, 0);
    for (uint32_t g = 0; g < generator->groups; g++)
      if (draw(generator, 2)) state_states(generator, &judges[g], g);
    int64_t bucket_ns = 1 + (int64_t)draw(generator, 50);
    const struct pressure pressure = draw_pressure(generator);
    ledger_limit(ledger, pressure.window_min, pressure.window_max, pressure.keys_remembered,
                 pressure.exceptions_max);
    compare(ledger, &second, generator, judges, bucket_ns, &pressure, seed);
  }
  second_free(&second);
  free(judges);
  free(generator);
  ledger_free(ledger);
}

START_TEST(agrees_on_100000_short_sequences) { run_sequences(1, 100000, 120, 40); }
END_TEST

START_TEST(agrees_on_long_sequences) { run_sequences(1000001, 60, 6000, NAIVE_IDS - 3); }
END_TEST

int main(void) {
  Suite *suite = suite_create("ledger and its naive twin");
  TCase *tcase = tcase_create("twin");
  tcase_set_timeout(tcase, 600);
  tcase_add_test(tcase, agrees_on_100000_short_sequences);
  tcase_add_test(tcase, agrees_on_long_sequences);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
