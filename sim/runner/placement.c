#include "sim/runner/placement.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/human.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/handler_call.h"
#include "sim/world/world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- Collecting --- */

static uint32_t count_up(struct map *counts, uint64_t key) {
  return (uint32_t)++*map_put(counts, key | UINT64_C(1) << 63, NULL);
}

struct placement_limits placement_limits_all(void) {
  struct placement_limits limits = {.point = POINT_NONE};
  memset(limits.kinds, 0xff, sizeof limits.kinds);
  return limits;
}

static void add(struct placements *placements, struct placement placement,
                enum placement_kind kind) {
  placement.kind = (uint8_t)kind;
  if (!((placements->kinds_here >> kind) & 1)) return;
  if (placement.site < placements->after) return;
  if (placement.site == placements->after && kind <= placements->after_kind) return;
  if (placements->leaves_out) {
    placements->same_instant++;
    return;
  }
  GROW(placements->items, placements->capacity, placements->count + 1);
  placements->items[placements->count++] = placement;
}

static void add_power_loss(struct placements *placements, const struct world *world,
                           const struct placement *placement) {
  enum role role = world->nodes[placement->node].role;
  if ((world->plan->system->no_power_loss >> role) & 1 && !placements->limits.beyond) return;
  add(placements, *placement, PLACED_POWER_LOSS);
}

static void add_deaths(struct placements *placements, const struct world *world,
                       const struct placement *placement) {
  add(placements, *placement, PLACED_KILL);
  add_power_loss(placements, world, placement);
}

static void add_departure(struct placements *placements, const struct world *world,
                          const struct placement *placement, const struct message *message) {
  add(placements, *placement, PLACED_DROP);
  add(placements, *placement, PLACED_DELAY);
  if (placements->limits.ties) add(placements, *placement, PLACED_TIE);
  if (link_kind_between(world, message->from, message->to) != LINK_KIND_CONNECTION)
    add(placements, *placement, PLACED_DUPLICATE);
  add(placements, *placement, PLACED_KILL);
  if (!message->is_reply) add(placements, *placement, PLACED_KILL_LATE);
  add_power_loss(placements, world, placement);
}

/* Whether a death here is a death at the node's last site: in the same step, nothing has been stated
 * and nothing sent since it was passed, and nothing of the node survives it. A broker or a store may have
 * noted something durable in between that no record tells. */
static bool same_instant(const struct placements *placements, const struct world *world,
                         const struct node *node, bool before) {
  bool forgets = node->role == ROLE_PRODUCER || node->role == ROLE_CONSUMER || node->role == ROLE_RELAY;
  return forgets && before && placements->last[node->id].after &&
         placements->last[node->id].step == world->counters[COUNTER_EVENTS] &&
         placements->last[node->id].records == world->trace.flushed + world->trace.count &&
         placements->last[node->id].sent == placements->sent;
}

static void note(struct placements *placements, const struct world *world, const struct node *node,
                 bool before) {
  uint64_t step = world->counters[COUNTER_EVENTS];
  if (placements->last[node->id].step != step) placements->last[node->id].paused = false;
  placements->last[node->id].step = step;
  placements->last[node->id].records = world->trace.flushed + world->trace.count;
  placements->last[node->id].sent = placements->sent;
  placements->last[node->id].after = !before;
}

static void add_pause(struct placements *placements, const struct placement *placement) {
  if (placements->last[placement->node].paused) return;
  placements->last[placement->node].paused = true;
  add(placements, *placement, PLACED_PAUSE);
}

static void on_point(void *context, const struct world *world, const struct node *node,
                     uint32_t point, bool before, uint64_t intent, const struct message *message) {
  struct placements *placements = context;
  if (node->doomed) return;
  uint64_t here = hash_pair(hash_pair(point * 2 + before, node->key), 0);
  uint32_t any = count_up(&placements->counts, here);
  uint32_t of_intent = intent ? count_up(&placements->counts, hash_pair(here, intent)) : 0;
  const struct message_kind *kind =
      message ? &world->nodes[message->to].components[message->port]->messages[message->kind] : NULL;
  bool arrives = kind && kind->received == point, leaves = kind && kind->sent == point;
  /* One message, one site: that of the first operation that it carries. */
  if (message && message->record_count > 1 && intent != message->records[0].intent) return;
  struct placement placement = {.intent = intent, .site = ++placements->sites,
                                .occurrence = intent ? of_intent : any, .point = (uint16_t)point,
                                .node = node->id, .before = before};
  GROW(placements->last, placements->last_capacity, world->node_count);
  placements->kinds_here = placements->limits.kinds[node->role];
  bool same = same_instant(placements, world, node, before);
  note(placements, world, node, before);
  if (placements->limits.point != POINT_NONE && placements->limits.point != point) return;
  if (arrives && before) return; /* nothing lies between it and its after */
  if (leaves && !before) return add_departure(placements, world, &placement, message);
  placements->leaves_out = same && !placements->all;
  add_deaths(placements, world, &placement);
  placements->leaves_out = false;
  if (!before) add_pause(placements, &placement);
}

static void on_sent(void *context, const struct world *world, const struct message *message,
                    int64_t at) {
  struct placements *placements = context;
  (void)world;
  placements->sent++;
  placements->sent_hash = hash_pair(
      hash_pair(placements->sent_hash, (uint64_t)at),
      hash_pair((uint64_t)message->from << 48 | (uint64_t)message->to << 32 | message->kind << 8 |
                    message->port,
                message->intent));
}

void placements_init(struct placements *placements, const struct placement_limits *limits) {
  *placements = (struct placements){
      .limits = *limits,
      .observer = {.context = placements, .point = on_point, .sent = on_sent}};
}

static int in_order(const void *a, const void *b) {
  const struct placement *one = a, *other = b;
  if (one->kind != other->kind) return one->kind < other->kind ? -1 : 1;
  return one->site < other->site ? -1 : one->site > other->site;
}

void placements_sort(struct placements *placements) {
  if (placements->count > 1)
    qsort(placements->items, placements->count, sizeof *placements->items, in_order);
}

void placements_deinit(struct placements *placements) {
  free(placements->items);
  free(placements->last);
  map_deinit(&placements->counts);
}

void placements_begin(struct placements *placements, const struct placement *parent, bool all) {
  placements->count = 0;
  placements->all = all;
  placements->same_instant = 0;
  placements->after = parent ? parent->site : 0;
  placements->after_kind = parent ? parent->kind : 0;
  placements->sites = 0;
  placements->sent = placements->sent_hash = 0;
  map_clear(&placements->counts);
  if (placements->last_capacity)
    memset(placements->last, 0, placements->last_capacity * sizeof *placements->last);
}

/* --- As faults --- */

struct span placement_patience(const struct plan *plan) {
  int64_t longest = plan_longest_timeout(plan).ns, round = NS_PER_S;
  static const int64_t factors[] = {2, 5, 10};
  for (int64_t unit = NS_PER_S;; unit *= 10)
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
      if (round > longest) return span_of(round);
      round = unit * factors[i];
    }
}

enum role placement_role(const struct plan *plan, uint16_t node, uint32_t *out_index) {
  uint32_t first = 0;
  for (int role = 0; role < ROLE__COUNT; role++) {
    uint32_t count = world_nodes_of(plan, (enum role)role);
    if (node < first + count) {
      *out_index = node - first + 1;
      return (enum role)role;
    }
    first += count;
  }
  ASSERT_MSG(false, "node %u is not in the plan", node);
  return ROLE__COUNT;
}

/* What a kind is as a fault. */
enum lasting { INSTANT, RESTART, PATIENCE, HALF, OPEN, TIE, HORIZON };
static const struct kind_row {
  enum verb verb;
  const char *word; /* for people */
  enum lasting lasts;
  enum call_error error;
  const char *target; /* NULL = this */
  const char *more;   /* further keys, as they are written; NULL */
} rows[PLACED__COUNT] = {
    [PLACED_DROP] = {VERB_DROP, "drop", INSTANT, 0, NULL, NULL},
    [PLACED_DELAY] = {VERB_DELAY, "delay", PATIENCE, 0, NULL, NULL},
    [PLACED_DUPLICATE] = {VERB_DUPLICATE, "duplicate", INSTANT, 0, NULL, NULL},
    [PLACED_KILL] = {VERB_KILL, "kill", RESTART, 0, NULL, NULL},
    [PLACED_KILL_LATE] = {VERB_KILL, "kill (late)", RESTART, 0, NULL, NULL},
    [PLACED_POWER_LOSS] = {VERB_POWER_LOSS, "power_loss", RESTART, 0, NULL, NULL},
    [PLACED_PAUSE] = {VERB_PAUSE, "pause", PATIENCE, 0, NULL, NULL},
    [PLACED_TIE] = {VERB_DELAY, "delay by 1ns", TIE, 0, NULL, NULL},
    [PLACED_REFUSED] = {VERB_FAIL, "fail (refused)", INSTANT, CALL_ERROR_REFUSED, NULL, "error: refused"},
    [PLACED_SERIALIZATION] = {VERB_FAIL, "fail (serialization)", INSTANT, CALL_ERROR_SERIALIZATION, NULL,
                              "error: serialization"},
    [PLACED_DEADLOCK] = {VERB_FAIL, "fail (deadlock)", INSTANT, CALL_ERROR_DEADLOCK, NULL, "error: deadlock"},
    [PLACED_UNSENT] = {VERB_FAIL, "fail (unknown)", INSTANT, CALL_ERROR_UNKNOWN, NULL, "error: unknown"},
    [PLACED_UNANSWERED] = {VERB_FAIL, "fail (no answer)", INSTANT, 0, NULL, NULL},
    [PLACED_TERMINATE] = {VERB_TERMINATE, "terminate", RESTART, 0, NULL, NULL},
    [PLACED_PAUSE_SHORT] = {VERB_PAUSE, "pause (shorter)", HALF, 0, NULL, NULL},
    [PLACED_PAUSE_OPEN] = {VERB_PAUSE, "pause (shorter than a transaction)", OPEN, 0, NULL, NULL},
    [PLACED_REDELIVER] = {VERB_REDELIVER, "redeliver", HORIZON, 0, NULL, NULL},
    [PLACED_FAILOVER_CACHE] = {VERB_FAILOVER, "failover of the cache", INSTANT, 0, "cache.1", NULL},
    [PLACED_CLOCK_FORWARD] = {VERB_SKEW_CLOCK, "skew_clock forward", PATIENCE, 0, NULL,
                              "offset: 1h, direction: forward"},
    [PLACED_CLOCK_BACK] = {VERB_SKEW_CLOCK, "skew_clock back", PATIENCE, 0, NULL, "offset: 1h, direction: back"},
};

/* The horizon counts from the first delivery, and another fault may hold up what follows it. No copy outlives what a
 * queue keeps. */
static struct span within_horizon(const struct plan *plan) {
  int64_t horizon = plan->redelivery_horizon.ns;
  const int kept = schema_find(plan->system->keys, plan->system->key_count, "retention");
  if (kept >= 0 && plan->system_settings.values[kept].i < horizon) horizon = plan->system_settings.values[kept].i;
  const int64_t margin = 2 * placement_patience(plan).ns;
  return span_of(horizon > 2 * margin ? horizon - margin : horizon / 2 + 1);
}

/* Longer than a group of Kafka waits for a member's heartbeat (45 s), shorter than a database lets a transaction be
 * idle (1 min): its owner goes on in it when another has been given the work. */
#define OPEN_NS (55 * NS_PER_S)

bool placement_pauses_open(const struct plan *plan) { return placement_patience(plan).ns / 2 > OPEN_NS; }

static struct span lasts(const struct plan *plan, enum placement_kind kind) {
  switch (rows[kind].lasts) {
  case PATIENCE: return placement_patience(plan);
  case HALF: return span_of(placement_patience(plan).ns / 2);
  case OPEN: return span_of(OPEN_NS);
  case TIE: return span_of(1);
  case RESTART: return span_of(PLACEMENT_RESTART_NS);
  case HORIZON: return within_horizon(plan);
  case INSTANT: break;
  }
  return span_of(0);
}

static struct selector_item item_of(const struct plan *plan, enum role role, uint32_t index) {
  const struct node_title title = world_title(plan, role, index);
  return (struct selector_item){.which = WHICH_INDEX, .role = role, .word = title.word, .index = title.place,
                                .count = title.place, .offset = index - title.place};
}

struct fault_plan placement_fault(const struct plan *plan, const struct placement *placement,
                                  const char *name) {
  struct fault_plan fault = {
      .name = name,
      .key = hash_name(name),
      .verb = rows[placement->kind].verb,
      .error = rows[placement->kind].error,
      .grace = span_of(PLACEMENT_GRACE_NS),
      .timing = TIMING_WHEN,
      .point = placement->point,
      .before = placement->before,
      .call = placement->call,
      .intent = placement->intent,
      .chance = SCHEMA_SHARE_SCALE,
      .min_hits = 1,
      .target = {.count = 1, .items = {{.which = WHICH_THIS}}},
      .lasts = lasts(plan, (enum placement_kind)placement->kind),
  };
  if (placement->intent)
    fault.attempt = placement->occurrence;
  else
    fault.nth = placement->occurrence;
  if (fault.verb == VERB_SKEW_CLOCK) {
    fault.skew = span_of(PLACEMENT_SKEW_NS);
    fault.skew_direction = placement->kind == PLACED_CLOCK_BACK ? SKEW_BACK : SKEW_FORWARD;
  }
  if (rows[placement->kind].target) /* the one of the first group */
    fault.target.items[0] = item_of(plan, ROLE_CACHE, 1);
  if (placement->kind == PLACED_KILL_LATE) fault.late = span_of(PLACEMENT_LATE_NS);
  fault.when_node.count = 1;
  uint32_t index;
  enum role role = placement_role(plan, placement->node, &index);
  fault.when_node.items[0] = item_of(plan, role, index);
  return fault;
}

const char *placement_point(const struct plan *plan, const struct placement *placement) {
  uint32_t point = placement->point;
  if (point < POINT_GENERIC__COUNT) return generic_points[point].name;
  return plan->system->points[point - POINT_GENERIC__COUNT].name;
}

uint32_t placement_find_point(const struct plan *plan, const char *name) {
  for (uint32_t i = POINT_NONE + 1; i < POINT_GENERIC__COUNT + plan->system->point_count; i++)
    if (strcmp(placement_point(plan, &(struct placement){.point = (uint16_t)i}), name) == 0) return i;
  return POINT_NONE;
}

const char *placement_verb(const struct placement *placement) {
  return rows[placement->kind].word;
}

void placement_write(const struct plan *plan, const struct placement *placement, FILE *out) {
  uint32_t index;
  enum role role = placement_role(plan, placement->node, &index);
  struct node_title title = world_title(plan, role, index);
  static const struct key span_key = {.name = "for", .type = VALUE_TIME};
  char span[64];
  fprintf(out, "{when: %s%s, node: %s.%u", placement->before ? "before " : "",
          placement_point(plan, placement), title.word, title.place);
  if (placement->call) fprintf(out, ", call: %s", handler_call_names[placement->call - 1]);
  if (placement->intent)
    fprintf(out, ", intent: %" PRIu64 ", attempt: %u", placement->intent, placement->occurrence);
  else
    fprintf(out, ", nth: %u", placement->occurrence);
  const struct kind_row *row = &rows[placement->kind];
  fprintf(out, ", %s: %s", fault_verbs[row->verb].name, row->target ? row->target : "this");
  if (row->more) fprintf(out, ", %s", row->more);
  struct span length = lasts(plan, (enum placement_kind)placement->kind);
  if (length.ns > 0) {
    schema_format(&span_key, (union value){.i = length.ns}, span, sizeof span);
    fprintf(out, ", for: %s", span);
  }
  if (placement->kind == PLACED_KILL_LATE) {
    schema_format(&span_key, (union value){.i = PLACEMENT_LATE_NS}, span, sizeof span);
    fprintf(out, ", late: %s", span);
  }
  fputc('}', out);
}
