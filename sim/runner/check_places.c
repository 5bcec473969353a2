#include "sim/runner/check_places.h"

#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

void check_places_init(struct check_places *places, const struct check_rules *rules, bool own_state,
                       bool own_server) {
  *places = (struct check_places){.rules = rules, .own_state = own_state, .own_server = own_server};
}

void check_places_deinit(struct check_places *places) {
  free(places->items);
  free(places->nodes);
  map_deinit(&places->counts);
}

void check_places_begin(struct check_places *places, bool collects) {
  places->count = 0;
  places->collects = collects;
  places->sites = places->calls = 0;
  map_clear(&places->counts);
  if (places->node_capacity) memset(places->nodes, 0, places->node_capacity * sizeof *places->nodes);
}

const char *check_not_tried(const struct check_rules *rules, enum check_class class) {
  switch (class) {
  case CHECK_EXECUTED_LATE:
  case CHECK_PAUSED: return rules->concurrent_delivery ? NULL : "delivery/concurrent_delivery is false";
  case CHECK_REDELIVERED:
    return rules->redelivery_horizon.ns > 0 ? NULL : "delivery/redelivery_horizon is 0s";
  case CHECK_FAILOVER: return rules->failover ? NULL : "delivery/failover is false";
  case CHECK_CLOCK: return rules->clock == CHECK_CLOCK_TOOL ? NULL : "delivery/clock is own";
  case CHECK_TENANT: return rules->tenants ? NULL : "delivery/tenants is false";
  case CHECK_PAYLOAD: return rules->changed_payload ? NULL : "delivery/changed_payload is false";
  case CHECK_POISON: return rules->poison ? NULL : "delivery/poison is false";
  case CHECK_VERSIONS: return rules->other_version ? NULL : "there is no other_version";
  case CHECK_PAIRS: return rules->pairs > 0 ? NULL : "pairs is 0";
  default: return NULL;
  }
}

/* --- Collecting --- */

static uint32_t count_up(struct check_places *places, uint64_t key) {
  return (uint32_t)++*map_put(&places->counts, key | UINT64_C(1) << 63, NULL);
}

static void add(struct check_places *places, const struct placement *at, enum check_class class,
                enum placement_kind kind) {
  if (!places->collects || check_not_tried(places->rules, class)) return;
  GROW(places->items, places->capacity, places->count + 1);
  struct check_place *place = &places->items[places->count++];
  *place = (struct check_place){.placement = *at, .class = class};
  place->placement.kind = (uint8_t)kind;
}

static bool is_one_of(const char *word, const char *const *words) {
  while (*words && strcmp(*words, word) != 0) words++;
  return *words != NULL;
}

static void before_call(struct check_places *places, const struct world *world, const struct placement *at,
                        const struct check_call *call) {
  static const char *const ends[] = {"commit", "step", "statement", NULL};
  static const char *const writes[] = {"put", "put_if", "insert_unique", "delete", "apply", "step", NULL};
  if (places->own_state) add(places, at, CHECK_KILLED, PLACED_KILL);
  if (call->may_fail) {
    add(places, at, CHECK_REFUSED, PLACED_REFUSED);
    add(places, at, CHECK_UNANSWERED, PLACED_UNSENT);
    if (is_one_of(call->what, ends)) add(places, at, CHECK_CONFLICT, PLACED_SERIALIZATION);
    if (is_one_of(call->what, writes)) add(places, at, CHECK_CONFLICT, PLACED_DEADLOCK);
  }
  if (world->count[ROLE_CACHE] > 0) add(places, at, CHECK_FAILOVER, PLACED_FAILOVER_CACHE);
  add(places, at, CHECK_TERMINATED, PLACED_TERMINATE);
}

static void after_call(struct check_places *places, const struct world *world, const struct placement *at,
                       const struct check_call *call) {
  add(places, at, CHECK_KILLED, PLACED_KILL);
  if (call->may_fail) add(places, at, CHECK_UNANSWERED, PLACED_UNANSWERED);
  if (places->own_server && strcmp(call->what, "statement") == 0) add(places, at, CHECK_KILLED_LATE, PLACED_KILL_LATE);
  add(places, at, CHECK_PAUSED, PLACED_PAUSE);
  add(places, at, CHECK_PAUSED, PLACED_PAUSE_SHORT);
  if (placement_pauses_open(world->plan)) add(places, at, CHECK_PAUSED, PLACED_PAUSE_OPEN);
}

static void at_step(struct check_places *places, const struct world *world, const struct node *node,
                    const struct placement *at) {
  const struct check_call *call = &places->nodes[node->id];
  if (at->before)
    before_call(places, world, at, call);
  else
    after_call(places, world, at, call);
}

/* The message that the point belongs to leaves its sender there. */
static bool leaves(const struct world *world, uint32_t point, bool before, const struct message *message) {
  return message && !before &&
         world->nodes[message->to].components[message->port]->messages[message->kind].sent == point;
}

static void at_message(struct check_places *places, const struct placement *at) {
  switch (at->point) {
  case POINT_DELIVERED:
    if (!at->before) add(places, at, CHECK_KILLED, PLACED_KILL);
    if (!at->before) add(places, at, CHECK_CLOCK, PLACED_CLOCK_FORWARD);
    if (!at->before) add(places, at, CHECK_CLOCK, PLACED_CLOCK_BACK);
    break;
  case POINT_HANDLED:
    add(places, at, CHECK_KILLED, PLACED_KILL);
    if (!at->before) add(places, at, CHECK_PAUSED, PLACED_PAUSE);
    break;
  case POINT_ACK_ANSWERED:
    if (!at->before) add(places, at, CHECK_KILLED, PLACED_KILL);
    break;
  case POINT_ACK_APPLIED:
    if (!at->before) add(places, at, CHECK_REDELIVERED, PLACED_REDELIVER);
    break;
  default: break;
  }
}

static void at_departure(struct check_places *places, const struct placement *at) {
  switch (at->point) {
  case POINT_STATEMENT_SENT:
  case POINT_REQUEST_SENT:
    add(places, at, CHECK_EXECUTED_LATE, PLACED_DELAY);
    add(places, at, CHECK_KILLED_LATE, PLACED_KILL_LATE);
    break;
  case POINT_ACK_SENT:
    add(places, at, CHECK_ACK_LOST, PLACED_DROP);
    add(places, at, CHECK_ACK_LOST, PLACED_DELAY);
    add(places, at, CHECK_KILLED, PLACED_KILL);
    break;
  case POINT_ACK_ANSWER_SENT: add(places, at, CHECK_ACK_LOST, PLACED_DROP); break;
  case POINT_PUBLISH_ACK_SENT: add(places, at, CHECK_REPUBLISHED, PLACED_DROP); break;
  default: break;
  }
}

void check_places_call(struct check_places *places, const struct world *world, const struct node *node,
                       const char *what, bool may_fail) {
  GROW(places->nodes, places->node_capacity, world->node_count);
  places->nodes[node->id].what = what;
  places->nodes[node->id].may_fail = may_fail;
  places->calls++;
}

void check_places_point(struct check_places *places, const struct world *world, const struct node *node,
                        uint32_t point, bool before, uint64_t intent, const struct message *message) {
  if (node->doomed) return;
  GROW(places->nodes, places->node_capacity, world->node_count);
  const uint64_t here = hash_pair(hash_pair(point * 2 + before, node->key), world->handler_call);
  const uint32_t any = count_up(places, here);
  const uint32_t of_intent = intent ? count_up(places, hash_pair(here, intent)) : 0;
  if (message && message->record_count > 1 && intent != message->records[0].intent) return;
  const struct placement at = {.intent = intent, .site = ++places->sites,
                               .occurrence = intent ? of_intent : any, .point = (uint16_t)point,
                               .node = node->id, .before = before,
                               .call = world->handler_call};
  const bool acknowledges = point == POINT_ACK_SENT || point == POINT_ACK_ANSWER_SENT || point == POINT_ACK_ANSWERED;
  if (!intent && !acknowledges) return; /* no operation is at stake there alone */
  if (point == POINT_HANDLER_STEP)
    at_step(places, world, node, &at);
  else if (leaves(world, point, before, message))
    at_departure(places, &at);
  else
    at_message(places, &at);
}
