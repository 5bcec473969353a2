/* Faults of a world: each a line of its own, of any verb, timing and target. */
#include "tests/system/swarm/world.h"

#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Somebody who is there, mostly. */
static const char *draw_role(struct draw *draw, const struct swarm_shape *shape) {
  static const char *const others[] = {"cache", "provider", "relay", "producer_database", "controller"};
  const bool there[] = {shape->cache, shape->provider, shape->relays, shape->producer_database, shape->replicated};
  const uint32_t other = draw_below(draw, 5);
  if (there[other] && draw_chance(draw, 60)) return others[other];
  static const char *const always[] = {"producer", "broker", "consumer", "consumer", "database"};
  return always[draw_below(draw, 5)];
}

/* "consumer.2", "broker.leader" … */
static void draw_nodes(struct draw *draw, const struct swarm_shape *shape, char *out, size_t size) {
  const char *role = draw_role(draw, shape);
  switch (draw_below(draw, 10)) {
  case 0:
  case 1: snprintf(out, size, "%s.any", role); break;
  case 2: snprintf(out, size, "%s.all", role); break;
  case 3: snprintf(out, size, "broker.leader"); break;
  case 4: snprintf(out, size, "broker.%s", shape->system->coordinator ? "coordinator" : "minority"); break;
  case 5: snprintf(out, size, "[%s.1, consumer.any]", role); break;
  default: snprintf(out, size, "%s.%u", role, draw_chance(draw, 70) ? 1 : 1 + draw_below(draw, 3));
  }
}

/* Those that only some understand are mostly sent to them. */
static void draw_target(struct draw *draw, const struct swarm_shape *shape, enum verb verb, char *out, size_t size) {
  const char *store = shape->cache ? "cache.1" : shape->producer_database ? "producer_database.1" : "database.1";
  draw_nodes(draw, shape, out, size);
  if (verb == VERB_FAILOVER) snprintf(out, size, "%s", shape->replicated && draw_below(draw, 2) ? "broker.leader" : store);
  if (verb == VERB_MOVE_COORDINATOR) snprintf(out, size, "broker.coordinator");
  if (verb == VERB_LOSE_SLOT) snprintf(out, size, "%s", shape->producer_database ? "producer_database.1" : "database.1");
}

/* A link that there is, mostly. */
static void draw_link(struct draw *draw, const struct swarm_shape *shape, char *out, size_t size) {
  static const enum link always[] = {LINK_PRODUCER_TO_BROKER, LINK_CONSUMER_TO_BROKER, LINK_CONSUMER_TO_DATABASE};
  enum link link = always[draw_below(draw, 3)];
  if (shape->cache && draw_chance(draw, 30)) link = LINK_CONSUMER_TO_CACHE;
  if (shape->provider && draw_chance(draw, 30)) link = LINK_CONSUMER_TO_PROVIDER;
  if (shape->relays && draw_chance(draw, 30)) link = draw_below(draw, 2) ? LINK_RELAY_TO_BROKER : LINK_RELAY_TO_DATABASE;
  if (shape->producer_database && draw_chance(draw, 20)) link = LINK_PRODUCER_TO_DATABASE;
  if (shape->replicated && draw_chance(draw, 30)) link = draw_below(draw, 2) ? LINK_BROKER_TO_BROKER : LINK_BROKER_TO_CONTROLLER;
  const struct link_row *row = &link_rows[link];
  if (draw_below(draw, 3) == 0)
    snprintf(out, size, "%s.any_to_%s", role_names[row->from], role_names[row->to]);
  else
    snprintf(out, size, "%s", row->name);
}

static const char *draw_point(struct draw *draw, const struct swarm_shape *shape) {
  const struct system *system = shape->system;
  const uint32_t own = (uint32_t)system->point_count, generic = POINT_GENERIC__COUNT - 1;
  if (own > 0 && draw_chance(draw, 30)) return system->points[draw_below(draw, own)].name;
  return generic_points[1 + draw_below(draw, generic)].name;
}

struct line {
  char text[SWARM_LINE_MAX];
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...);
static void put(struct line *line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
  va_end(arguments);
  line->length += (size_t)length;
  if (line->length >= sizeof line->text) line->length = sizeof line->text - 1;
}

static void put_trigger(struct line *line, struct draw *draw, const struct swarm_shape *shape) {
  put(line, "when: %s%s", draw_chance(draw, 30) ? "before " : "", draw_point(draw, shape));
  switch (draw_below(draw, 6)) {
  case 0: break;
  case 1: put(line, ", attempt: %u", 1 + draw_below(draw, 3)); break;
  case 2:
  case 3: put(line, ", intent: %u", 1 + draw_below(draw, shape->messages)); break;
  case 4: put(line, ", intent: %u, attempt: %u", 1 + draw_below(draw, shape->messages), 1 + draw_below(draw, 2)); break;
  default: put(line, ", nth: %" PRIu64, draw_octaves(draw, 1, shape->messages));
  }
  if (draw_chance(draw, 10)) put(line, ", node: %s.any", draw_role(draw, shape));
  if (draw_chance(draw, 30) && strstr(line->text, "handler-step")) put(line, ", call: %s", draw_below(draw, 2) ? "commit" : "apply");
}

/* Mostly while operations arrive. */
static void put_timing(struct line *line, struct draw *draw, const struct swarm_shape *shape, bool this_only) {
  const uint64_t lasts = shape->lasts_ms < 40 ? 40 : shape->lasts_ms;
  const uint32_t way = this_only ? 2 : draw_below(draw, 3);
  if (way == 0) {
    put(line, "at: %ums", 1 + draw_below(draw, (uint32_t)lasts + (draw_chance(draw, 30) ? 4000 : 0)));
  } else if (way == 1) {
    put(line, draw_below(draw, 2) ? "every: exponential mean=%" PRIu64 "ms" : "every: %" PRIu64 "ms", draw_octaves(draw, lasts / 20 + 1, lasts));
    if (draw_chance(draw, 60)) put(line, ", times: %u", 1 + draw_below(draw, 4));
    if (draw_chance(draw, 20)) put(line, ", at: %" PRIu64 "ms", draw_octaves(draw, 1, lasts));
    if (draw_chance(draw, 20)) put(line, ", until: %" PRIu64 "ms", draw_octaves(draw, lasts, 8 * lasts));
    if (draw_chance(draw, 20)) put(line, ", stability: %" PRIu64 "ms", draw_octaves(draw, 10, 1000));
  } else {
    put_trigger(line, draw, shape);
  }
}

/* Some of a verb's own keys; one that has no default, mostly. */
static void put_keys(struct line *line, struct draw *draw, const struct swarm_shape *shape, const struct fault_verb *verb) {
  char value[120];
  for (size_t i = 0; i < verb->key_count; i++) {
    const struct fault_key *key = &verb->keys[i];
    if (!draw_chance(draw, verb->keys[i].key.value_default[0] ? 40 : 30) && strcmp(key->key.name, "offset") != 0) continue;
    if (key->kind == FAULT_KEY_NODES)
      draw_nodes(draw, shape, value, sizeof value);
    else
      draw_value(draw, &key->key, value, sizeof value);
    put(line, ", %s: %s", key->key.name, value);
  }
}

static bool somebody_understands(const struct swarm_shape *shape, enum verb verb) {
  if (verb == VERB_LOSE_SLOT) return shape->slots;
  if (verb == VERB_FAILOVER) return shape->replicated || shape->cache || shape->producer_database;
  return shape->system->verbs >> verb & 1;
}

static void add_fault(struct swarm_world *world, struct draw *draw, const struct swarm_shape *shape) {
  enum verb number = (enum verb)draw_below(draw, VERB__COUNT);
  while (number == VERB_SKEW_CLOCK /* nobody here reads one */ ||
         (fault_verbs[number].of_system && !somebody_understands(shape, number)))
    number = (enum verb)draw_below(draw, VERB__COUNT);
  const struct fault_verb *verb = &fault_verbs[number];
  struct line line = {.length = 0};
  char target[80];
  const bool this_only = verb->target == FAULT_TARGET_THIS;
  put(&line, "  - {");
  put_timing(&line, draw, shape, this_only);
  const bool when = strstr(line.text, "when: ") != NULL;
  if (verb->target == FAULT_TARGET_LINK)
    draw_link(draw, shape, target, sizeof target);
  else if (this_only || (when && draw_chance(draw, 60)))
    snprintf(target, sizeof target, "this");
  else
    draw_target(draw, shape, number, target, sizeof target);
  put(&line, ", %s: %s", verb->name, target);
  /* for: "" = it is an instant, NULL = must be given */
  const char *standard = verb->for_default;
  if (!standard || (standard[0] && draw_chance(draw, 70))) put(&line, ", for: %" PRIu64 "ms", draw_octaves(draw, 20, 5000));
  put_keys(&line, draw, shape, verb);
  if (draw_chance(draw, 10)) put(&line, ", chance: 50%%");
  put(&line, ", min_hits: 0}");
  swarm_add(world, "%s", line.text);
}

void swarm_add_faults(struct swarm_world *world, struct draw *draw, const struct swarm_shape *shape) {
  const uint32_t count = draw_chance(draw, 5) ? 0 : 1 + draw_below(draw, 7);
  if (count == 0) return;
  swarm_add(world, "faults:");
  for (uint32_t i = 0; i < count; i++) add_fault(world, draw, shape);
}
