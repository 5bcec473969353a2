#include "sim/runner/explore.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/runner/workers.h"
#include "sim/world/fact.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 64 /* children of one unit of work */

/* Names key luck: the same for all placements at one level. */
const char *const explore_fault_names[EXPLORE_FAULTS_MAX] = {"placed-1", "placed-2", "placed-3",
                                                             "placed-4"};

/* A run that is gone on from. */
struct inner {
  uint64_t fingerprint;
  struct placement placement;
  uint32_t parent; /* of the level before */
  uint32_t children, same_instant; /* placements after it; left out among them */
  bool pruned;
};
struct level {
  struct inner *items;
  size_t count, capacity;
};

struct unit {
  uint32_t parent, first; /* child */
  uint32_t executed;
  bool violated;
  uint32_t child; /* that violates */
  struct inner *found; /* not of the last level */
  uint8_t metrics[CHUNK]; /* by child: that shows a violation, or METRIC__COUNT; of level 1 only */
};

struct search {
  const struct plan *plan;
  struct goal goal;
  const struct explore_options *options;
  uint64_t seed;
  struct level levels[EXPLORE_FAULTS_MAX];
  unsigned depth;  /* of the runs to be executed now */
  bool last;       /* nothing is gone on from there */
  struct unit *units;
  size_t unit_count;
  atomic_size_t next, best; /* best: first unit that has found a violation */
  atomic_uint_fast64_t done; /* runs of this level, for the progress line */
  atomic_flag printing;
  double begun, printed; /* seconds; printed: guarded by `printing` */
};

/* What one thread works with. */
struct hand {
  struct search *search;
  struct run *run;
  struct plan plan;
  struct fault_plan *faults; /* room for the placements behind the plan's own */
  struct placements children, after;
  uint64_t records_hash;
};

/* --- Plans --- */

static struct fault_plan *with_room(const struct plan *plan) {
  size_t count = plan->fault_count + EXPLORE_FAULTS_MAX;
  struct fault_plan *faults = calloc(count, sizeof *faults);
  ASSERT(faults != NULL);
  if (plan->fault_count) memcpy(faults, plan->faults, plan->fault_count * sizeof *faults);
  return faults;
}

static void place(struct hand *hand, unsigned level, const struct placement *placement) {
  const struct plan *plan = hand->search->plan;
  hand->faults[plan->fault_count + level - 1] = placement_fault(plan, placement, explore_fault_names[level - 1]);
}

/* Puts the faults of an inner run of a level in place. */
static void place_path(struct hand *hand, unsigned level, uint32_t index) {
  for (; level > 0; level--) {
    const struct inner *inner = &hand->search->levels[level].items[index];
    place(hand, level, &inner->placement);
    index = inner->parent;
  }
}

/* --- Runs --- */

/* Everything but what names the faults. */
static void hash_records(void *context, const struct trace_record *records, size_t count,
                         uint64_t first) {
  struct hand *hand = context;
  (void)first;
  for (size_t i = 0; i < count; i++) {
    const struct trace_record *record = &records[i];
    if (record->kind >= FACT_FAULT_BEGAN && record->kind <= FACT_FAULT_HIT) continue;
    uint64_t words = hash_pair((uint64_t)record->at, record->intent);
    words = hash_pair(words, record->value);
    words = hash_pair(words, (uint64_t)record->kind << 48 | (uint64_t)record->node << 32 |
                                 record->detail);
    hand->records_hash = hash_pair(hand->records_hash, words);
  }
}

static enum metric judge(struct hand *hand, unsigned level, int64_t *metrics) {
  const struct search *search = hand->search;
  uint64_t digest;
  hand->plan.fault_count = search->plan->fault_count + level;
  uint32_t violations = run_judge(hand->run, &hand->plan, search->seed, search->options->command,
                                  metrics, &digest);
  return goal_reached(&search->goal, hand->run, metrics, violations);
}

/* The run of a path with its placements. `parent` NULL: level 0. */
static enum metric observe(struct hand *hand, unsigned level, const struct placement *parent,
                           struct placements *out, int64_t *metrics) {
  placements_begin(out, parent, !hand->search->options->prune);
  hand->records_hash = 0;
  run_observe(hand->run, &out->observer, hash_records, hand);
  enum metric metric = judge(hand, level, metrics);
  run_observe(hand->run, NULL, NULL, NULL);
  return metric;
}

static void note_inner(struct hand *hand, struct unit *unit, const struct placement *placement) {
  unit->found[unit->executed] = (struct inner){
      .fingerprint = hash_pair(hand->records_hash, hand->after.sent_hash),
      .placement = *placement,
      .parent = unit->parent,
      .children = (uint32_t)hand->after.count,
      .same_instant = (uint32_t)hand->after.same_instant,
  };
}

static void do_unit(struct hand *hand, struct unit *unit) {
  struct search *search = hand->search;
  unsigned level = search->depth - 1;
  int64_t metrics[METRIC__COUNT];
  const struct inner *parent = &search->levels[level].items[unit->parent];
  place_path(hand, level, unit->parent);
  observe(hand, level, level > 0 ? &parent->placement : NULL, &hand->children, metrics);
  ASSERT_EQ(hand->children.count, parent->children);
  placements_sort(&hand->children);
  size_t end = unit->first + CHUNK < parent->children ? unit->first + CHUNK : parent->children;
  if (!search->last) unit->found = calloc(end - unit->first, sizeof *unit->found);
  for (size_t child = unit->first; child < end; child++) {
    const struct placement *placement = &hand->children.items[child];
    place(hand, level + 1, placement);
    enum metric metric = search->last ? judge(hand, level + 1, metrics)
                                      : observe(hand, level + 1, placement, &hand->after, metrics);
    if (!search->last) note_inner(hand, unit, placement);
    unit->metrics[unit->executed++] = (uint8_t)metric;
    if (metric == METRIC__COUNT) continue;
    if (!unit->violated) unit->child = (uint32_t)child;
    unit->violated = true;
    if (level > 0) return;
  }
}

static void hand_init(struct hand *hand, struct search *search) {
  *hand = (struct hand){.search = search, .run = run_new(0, 0), .plan = *search->plan,
                        .faults = with_room(search->plan)};
  hand->plan.faults = hand->faults;
  placements_init(&hand->children, &search->options->limits);
  placements_init(&hand->after, &search->options->limits);
}

static void hand_deinit(struct hand *hand) {
  run_free(hand->run);
  free(hand->faults);
  placements_deinit(&hand->children);
  placements_deinit(&hand->after);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* A line on a terminal's stderr, rewritten ten times a second, once a second has passed. */
static void show_progress(struct search *search, size_t unit) {
  double now = seconds();
  if (!search->options->progress || now - search->begun < 1 || !isatty(STDERR_FILENO)) return;
  if (atomic_flag_test_and_set(&search->printing)) return;
  if (now - search->printed >= 0.1) {
    search->printed = now;
    fprintf(stderr, "\r  %u fault%s  %" PRIuFAST64 " executed, %zu %% of the level, %.0f s\033[K",
            search->depth, search->depth == 1 ? " " : "s", atomic_load(&search->done),
            100 * unit / search->unit_count, now - search->begun);
    fflush(stderr);
  }
  atomic_flag_clear(&search->printing);
}

static void clear_progress(struct search *search) {
  if (search->printed > 0) fputs("\r\033[K", stderr);
  search->printed = 0;
}

/* Units in order; none behind the first that has found something. */
static void work(void *context) {
  struct search *search = context;
  struct hand hand;
  hand_init(&hand, search);
  for (;;) {
    size_t index = atomic_fetch_add(&search->next, 1);
    if (index >= search->unit_count) break;
    if (index > atomic_load(&search->best) && search->depth > 1) break;
    struct unit *unit = &search->units[index];
    do_unit(&hand, unit);
    atomic_fetch_add(&search->done, unit->executed);
    show_progress(search, index);
    size_t best = atomic_load(&search->best);
    while (unit->violated && index < best &&
           !atomic_compare_exchange_weak(&search->best, &best, index)) {}
  }
  hand_deinit(&hand);
}

/* --- Levels --- */

static void make_units(struct search *search) {
  const struct level *parents = &search->levels[search->depth - 1];
  size_t capacity = 0;
  search->unit_count = 0;
  search->units = NULL;
  for (size_t i = 0; i < parents->count; i++) {
    if (parents->items[i].pruned) continue;
    for (uint32_t first = 0; first < parents->items[i].children; first += CHUNK) {
      GROW(search->units, capacity, search->unit_count + 1);
      search->units[search->unit_count++] = (struct unit){.parent = (uint32_t)i, .first = first};
    }
  }
  atomic_store(&search->next, 0);
  atomic_store(&search->done, 0);
  atomic_store(&search->best, SIZE_MAX);
}

/* Of runs that are the same, the one whose last fault strikes first is gone on from. */
static void prune(struct level *level) {
  struct map seen = {0};
  for (size_t i = 0; i < level->count; i++) {
    bool fresh;
    uint64_t *index = map_put(&seen, level->items[i].fingerprint | 1, &fresh);
    if (fresh) {
      *index = i;
    } else if (level->items[i].placement.site < level->items[*index].placement.site) {
      level->items[*index].pruned = true;
      *index = i;
    } else {
      level->items[i].pruned = true;
    }
  }
  map_deinit(&seen);
}

/* Sums up the units, up to the first that has found something; keeps the runs to go on from. */
static void gather(struct search *search, struct explore_result *out) {
  struct explore_level *counts = &out->levels[search->depth];
  const struct level *parents = &search->levels[search->depth - 1];
  size_t best = atomic_load(&search->best);
  for (size_t i = 0; i < search->unit_count; i++) {
    const struct unit *unit = &search->units[i];
    if (i <= best || search->depth == 1) counts->executed += unit->executed;
    if (!unit->found) continue;
    struct level *level = &search->levels[search->depth];
    GROW(level->items, level->capacity, level->count + unit->executed);
    memcpy(level->items + level->count, unit->found, unit->executed * sizeof *unit->found);
    level->count += unit->executed;
    free(unit->found);
  }
  if (best != SIZE_MAX && search->depth > 1) return;
  for (size_t i = 0; i < parents->count; i++) {
    counts->same_instant += parents->items[i].same_instant;
    if (parents->items[i].pruned) counts->same_run += parents->items[i].children;
  }
}

/* The path of what a unit has found, and its run once more for its numbers. */
static void take_violation(struct search *search, const struct unit *unit,
                           struct explore_result *out) {
  struct hand hand;
  hand_init(&hand, search);
  unsigned level = search->depth - 1;
  uint32_t index = unit->parent;
  const struct inner *parent = &search->levels[level].items[index];
  place_path(&hand, level, index);
  observe(&hand, level, level > 0 ? &parent->placement : NULL, &hand.children, out->metrics);
  out->violated = true;
  out->count = search->depth;
  placements_sort(&hand.children);
  out->placements[level] = hand.children.items[unit->child];
  for (; level > 0; level--) {
    out->placements[level - 1] = search->levels[level].items[index].placement;
    index = search->levels[level].items[index].parent;
  }
  place(&hand, search->depth, &out->placements[search->depth - 1]);
  out->metric = judge(&hand, search->depth, out->metrics);
  ASSERT(out->metric != METRIC__COUNT);
  hand_deinit(&hand);
}

/* What else one fault does, by verb and point. */
static void take_sorts(struct search *search, struct explore_result *out) {
  struct hand hand;
  size_t capacity = 0;
  hand_init(&hand, search);
  observe(&hand, 0, NULL, &hand.children, (int64_t[METRIC__COUNT]){0});
  placements_sort(&hand.children);
  for (size_t i = 0; i < hand.children.count; i++) {
    enum metric metric = (enum metric)search->units[i / CHUNK].metrics[i % CHUNK];
    const struct placement *placement = &hand.children.items[i];
    size_t sort = 0;
    if (metric == METRIC__COUNT) continue;
    while (sort < out->sort_count && (out->sorts[sort].first.kind != placement->kind ||
                                      out->sorts[sort].first.point != placement->point ||
                                      out->sorts[sort].first.before != placement->before))
      sort++;
    if (sort == out->sort_count) {
      GROW(out->sorts, capacity, sort + 1);
      out->sorts[out->sort_count++] = (struct explore_sort){*placement, metric, 0};
    }
    out->sorts[sort].count++;
  }
  hand_deinit(&hand);
}

void explore_result_deinit(struct explore_result *result) {
  free(result->sorts);
  *result = (struct explore_result){0};
}

static void start(struct search *search, struct explore_result *out) {
  struct hand hand;
  hand_init(&hand, search);
  out->metric = observe(&hand, 0, NULL, &hand.children, out->metrics);
  out->violated = out->metric != METRIC__COUNT;
  out->levels[0].executed = 1;
  out->sites = hand.children.sites;
  out->first = hand.children.count + hand.children.same_instant;
  struct level *root = &search->levels[0];
  GROW(root->items, root->capacity, 1);
  root->items[root->count++] =
      (struct inner){.children = (uint32_t)hand.children.count,
                     .same_instant = (uint32_t)hand.children.same_instant};
  hand_deinit(&hand);
}

static void search_level(struct search *search, struct explore_result *out) {
  make_units(search);
  workers_run(search->options->workers, search->unit_count, work, search);
  clear_progress(search);
  gather(search, out);
  size_t best = atomic_load(&search->best);
  if (best != SIZE_MAX) take_violation(search, &search->units[best], out);
  if (best != SIZE_MAX && search->depth == 1) take_sorts(search, out);
  free(search->units);
}

void explore_row(const struct scenario *scenario, uint32_t row,
                 const struct explore_options *options,
                 void (*announce)(const struct explore_result *so_far),
                 struct explore_result *out) {
  const struct goal goal = {scenario, row, METRIC__COUNT};
  explore_plan(&scenario->plans[row], &goal, scenario->seeds[0], options, announce, out);
}

void explore_plan(const struct plan *plan, const struct goal *goal, uint64_t seed,
                  const struct explore_options *options,
                  void (*announce)(const struct explore_result *so_far),
                  struct explore_result *out) {
  ASSERT_LE(options->faults, EXPLORE_FAULTS_MAX);
  double begun = seconds();
  *out = (struct explore_result){0};
  struct search search = {
      .plan = plan, .goal = *goal, .options = options, .seed = seed, .begun = begun};
  atomic_flag_clear(&search.printing);
  start(&search, out);
  if (announce) announce(out);
  for (search.depth = 1; search.depth <= options->faults && !out->violated; search.depth++) {
    search.last = search.depth == options->faults;
    search_level(&search, out);
    if (out->violated) break;
    out->reached = search.depth;
    if (search.last) break;
    if (options->prune) prune(&search.levels[search.depth]);
    size_t most = options->inner_max ? options->inner_max : EXPLORE_INNER_MAX;
    out->too_large = search.levels[search.depth].count > most;
    if (out->too_large) break;
  }
  for (unsigned i = 0; i < EXPLORE_FAULTS_MAX; i++) free(search.levels[i].items);
  out->wall_s = seconds() - begun;
}

uint64_t explore_covered(const struct explore_result *result) {
  uint64_t sum = 0;
  for (unsigned i = 0; i <= EXPLORE_FAULTS_MAX; i++)
    sum += result->levels[i].executed + result->levels[i].same_run + result->levels[i].same_instant;
  return sum;
}
