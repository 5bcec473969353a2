#include "tests/system/swarm/world.h"

#include "sim/world/cost.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 200 /* to draw a world that is not refused */

void swarm_add(struct swarm_world *world, const char *format, ...) {
  va_list arguments;
  if (world->count == SWARM_LINES_MAX) abort();
  va_start(arguments, format);
  const int length = vsnprintf(world->lines[world->count++], SWARM_LINE_MAX, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= SWARM_LINE_MAX) abort();
}

void swarm_remove(struct swarm_world *world, size_t line) {
  memmove(world->lines[line], world->lines[line + 1], (--world->count - line) * sizeof *world->lines);
}

size_t swarm_text(const struct swarm_world *world, char *out, size_t size) {
  size_t length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < world->count && length < size; i++)
    length += (size_t)snprintf(out + length, size - length, "%s\n", world->lines[i]);
  if (length >= size) abort();
  return length;
}

bool swarm_load(const struct swarm_world *world, const struct registry *registry, struct scenario *out,
                struct err *err) {
  static _Thread_local char text[SWARM_TEXT_MAX];
  const size_t length = swarm_text(world, text, sizeof text);
  *err = (struct err){.code = ERR_NONE};
  return scenario_load_text("swarm.yaml", text, length, false, registry, out, err);
}

/* Whether nothing hangs on a line. */
static bool is_alone(const struct swarm_world *world, size_t line) {
  return line + 1 == world->count || strspn(world->lines[line + 1], " ") <= strspn(world->lines[line], " ");
}

/* --- Slots --- */

/* Some keys of a model. Times that are long by default are mostly drawn, so that they are met by faults that
 * last seconds. `density`: percent of the other keys. */
static void add_keys(struct swarm_world *world, struct draw *draw, const struct key *keys, size_t count,
                     uint32_t density, const char *indent) {
  for (size_t i = 0; i < count; i++) {
    const bool is_time = keys[i].type == VALUE_TIME || keys[i].type == VALUE_MILLISECONDS;
    union value standard = {.i = 0};
    struct err err = {.code = ERR_NONE};
    if (is_time && keys[i].value_default) schema_parse(&keys[i], keys[i].value_default, &standard, &err);
    char value[120];
    if (!draw_chance(draw, standard.i >= INT64_C(5000000000) ? density + 40 : density)) continue;
    draw_value(draw, &keys[i], value, sizeof value);
    swarm_add(world, "%s%s: %s", indent, keys[i].name, value);
  }
}

/* Where the first is drawn the second follows, as the loader refuses it otherwise. */
static const struct {
  const char *larger, *smaller;
} pairs[] = {{"session.timeout.ms", "heartbeat.interval.ms"},
             {"broker.session.timeout.ms", "broker.heartbeat.interval.ms"},
             {"transaction.max.timeout.ms", "transaction.timeout.ms"},
             {"transaction.timeout.ms", "commit_interval"},
             {"retry.backoff.max.ms", "retry.backoff.ms"},
             {"delivery.timeout.ms", "request.timeout.ms"}};

static bool is_key(const char *line, const char *key) {
  const size_t indent = strspn(line, " "), length = strlen(key);
  return strncmp(line + indent, key, length) == 0 && line[indent + length] == ':';
}

static void keep_pairs(struct swarm_world *world, struct draw *draw, size_t first) {
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    unsigned larger = 0;
    for (size_t line = first; line < world->count; line++)
      if (is_key(world->lines[line], pairs[i].larger)) larger = (unsigned)strtoul(strchr(world->lines[line], ':') + 1, NULL, 10);
    for (size_t line = first; line < world->count && larger > 0; line++)
      if (is_key(world->lines[line], pairs[i].smaller)) swarm_remove(world, line--);
    if (larger > 0) swarm_add(world, "  %s: %ums", pairs[i].smaller, larger / (2 + draw_below(draw, 4)));
  }
}

static void add_model(struct swarm_world *world, struct draw *draw, const char *slot, const char *name,
                      const struct key *keys, size_t count, uint32_t density) {
  swarm_add(world, "%s:", slot);
  swarm_add(world, "  name: %s", name);
  const size_t first = world->count;
  add_keys(world, draw, keys, count, density, "  ");
  keep_pairs(world, draw, first);
}

static const struct handler *draw_handler(struct draw *draw, const struct registry *registry) {
  return registry->handlers[draw_below(draw, (uint32_t)registry->handler_count)];
}

/* Returns HANDLER_USES()s. */
static uint32_t add_groups(struct swarm_world *world, struct draw *draw, const struct registry *registry,
                           uint32_t density) {
  static const char *const names[] = {"inventory", "payment", "mail"};
  const uint32_t count = 1 + draw_below(draw, 3);
  char value[120];
  uint32_t uses = 0;
  swarm_add(world, "groups:");
  for (uint32_t i = 0; i < count; i++) {
    const struct handler *handler = draw_handler(draw, registry);
    while (handler->commits || handler->uses == 0) handler = draw_handler(draw, registry); /* of one topic */
    uses |= handler->uses;
    swarm_add(world, "  %s:", names[i]);
    swarm_add(world, "    consumers: %u", 1 + draw_below(draw, 2));
    draw_distribution(draw, value, sizeof value);
    if (draw_chance(draw, 20)) swarm_add(world, "    service_time: %s", value);
    swarm_add(world, "    handler:");
    swarm_add(world, "      name: %s", handler->name);
    add_keys(world, draw, handler->keys, handler->key_count, density, "      ");
  }
  return uses;
}

static void add_stores(struct swarm_world *world, struct draw *draw, const struct registry *registry,
                       uint32_t uses, uint32_t density) {
  static const char *const slots[ROLE__COUNT] = {
      [ROLE_DATABASE] = "database", [ROLE_CACHE] = "cache", [ROLE_PROVIDER] = "provider"};
  for (enum role role = 0; role < ROLE__COUNT; role++) {
    const struct store *store = registry->stores[draw_below(draw, (uint32_t)registry->store_count)];
    if (!slots[role] || !(uses >> role & 1)) continue;
    while (store->role != role) store = registry->stores[draw_below(draw, (uint32_t)registry->store_count)];
    add_model(world, draw, slots[role], store->name, store->keys, store->key_count, density);
  }
}

/* Who publishes: mostly the system's own producer (NULL), else one that fits the handler. */
static const struct publisher *draw_publisher(struct draw *draw, const struct registry *registry,
                                              const struct handler *handler) {
  const struct publisher *publisher = registry->publishers[draw_below(draw, (uint32_t)registry->publisher_count)];
  const bool emits = handler && handler->emits;
  if (!emits && (draw_chance(draw, 50) || (handler && handler->commits))) return NULL;
  for (int i = 0; publisher->of_consumers != emits && i < 64; i++)
    publisher = registry->publishers[draw_below(draw, (uint32_t)registry->publisher_count)];
  return publisher;
}

/* --- What is wanted --- */

/* Operations of all kinds in one list: those that overwrite on even keys, the others on odd ones; or all that
 * add up, transfers too, which may come to any key. */
static uint32_t add_intents(struct swarm_world *world, struct draw *draw, uint32_t messages) {
  static const char *const rows[] = {"set", "put", "delete"};
  static const char *const sums[] = {"increment", "insert-surrogate-key", "insert-natural-key", "transfer"};
  uint64_t id = 0, at = 0;
  const bool moves = draw_chance(draw, 40);
  swarm_add(world, "  intents:");
  for (uint32_t i = 0; i < messages; i++) {
    const uint32_t key = 1 + draw_below(draw, 5);
    id += draw_chance(draw, 90) ? 1 : 1 + draw_below(draw, 5);
    at += draw_octaves(draw, 1, 100);
    swarm_add(world, "    - {id: %" PRIu64 ", at: %" PRIu64 "ms, key: %u, operation: %s}", id, at, key,
              moves || key % 2 ? sums[draw_below(draw, moves ? 4 : 3)] : rows[draw_below(draw, 3)]);
  }
  return (uint32_t)at;
}

/* Returns about how long operations arrive, in ms. */
static uint32_t add_workload(struct swarm_world *world, struct draw *draw, uint32_t messages, bool charges) {
  static const char *const operations[] = {"increment", "increment", "set", "put", "delete",
                                           "transfer",  "insert-surrogate-key", "insert-natural-key"};
  char value[120];
  uint32_t lasts = 1000;
  swarm_add(world, "workload:");
  if (!charges && messages <= 40 && draw_chance(draw, 25)) {
    lasts = add_intents(world, draw, messages);
  } else {
    swarm_add(world, "  messages: %u", messages);
    if (draw_chance(draw, 10))
      swarm_add(world, "  outstanding: %" PRIu64, draw_octaves(draw, 1, 20));
    else {
      const uint32_t rate = (uint32_t)draw_octaves(draw, 5, 500);
      swarm_add(world, "  rate: %u/s", rate);
      lasts = messages * 1000 / rate;
    }
    swarm_add(world, "  keys: %" PRIu64, draw_octaves(draw, 1, 30));
    if (draw_chance(draw, 30)) swarm_add(world, "  arrivals: steady");
    swarm_add(world, "  operation: %s", charges ? "charge" : operations[draw_below(draw, 8)]);
  }
  if (draw_chance(draw, 30)) swarm_add(world, "  size: %" PRIu64 "B", draw_octaves(draw, 16, 65535));
  draw_distribution(draw, value, sizeof value);
  if (draw_chance(draw, 60)) swarm_add(world, "  service_time: %s", value);
  return lasts;
}

static void add_topology(struct swarm_world *world, struct draw *draw, bool grouped, bool relays) {
  swarm_add(world, "topology:");
  swarm_add(world, "  producers: %u", 1 + draw_below(draw, 3));
  swarm_add(world, "  brokers: %u", 1 + draw_below(draw, 5));
  swarm_add(world, "  partitions: %u", 1 + draw_below(draw, 5));
  if (!grouped) swarm_add(world, "  consumers: %u", 1 + draw_below(draw, 4));
  swarm_add(world, "  threads: %u", 1 + draw_below(draw, 4));
  if (draw_chance(draw, 30)) swarm_add(world, "  cores: %u", 1 + draw_below(draw, 4));
  if (relays && draw_chance(draw, 50)) swarm_add(world, "  relays: %u", 1 + draw_below(draw, 2));
}

/* allowed: kinds, as struct link_rule has them. */
static void add_link(struct swarm_world *world, struct draw *draw, const char *name, uint32_t allowed) {
  static const char *const shares[] = {"1%", "2%", "5%", "20%"};
  const bool datagrams = (allowed >> LINK_KIND_DATAGRAM & 1) && draw_chance(draw, 40);
  char value[120];
  swarm_add(world, "  %s:", name);
  draw_distribution(draw, value, sizeof value);
  if (datagrams || ((allowed >> LINK_KIND_PER_REQUEST & 1) && draw_chance(draw, 20)))
    swarm_add(world, "    kind: %s", datagrams ? "datagram" : "per-request");
  if (strcmp(name, "default") == 0 && draw_chance(draw, 70)) /* no table to be made: a third of a world's cost */
    swarm_add(world, "    latency: %" PRIu64 "us", draw_octaves(draw, 100, 20000));
  else if (draw_chance(draw, 40))
    swarm_add(world, "    latency: %s", value);
  if (draw_chance(draw, 50)) swarm_add(world, "    loss: %s", shares[draw_below(draw, 4)]);
  else if (draw_chance(draw, 30)) swarm_add(world, "    request_loss: %s", shares[draw_below(draw, 4)]);
  else if (draw_chance(draw, 30)) swarm_add(world, "    reply_loss: %s", shares[draw_below(draw, 4)]);
  if (datagrams && draw_chance(draw, 70)) swarm_add(world, "    duplication: %s", shares[draw_below(draw, 4)]);
  if (datagrams && draw_chance(draw, 70)) swarm_add(world, "    reordering: %s", shares[draw_below(draw, 4)]);
  if (draw_chance(draw, 15)) swarm_add(world, "    bandwidth: %" PRIu64 "KiB/s", draw_octaves(draw, 16, 16384));
}

/* Whether there is such a link, as far as is known here. */
static bool has_link(const struct link_row *row, const struct swarm_shape *shape) {
  if (row->from == ROLE_RELAY && !shape->relays) return false;
  switch (row->to) {
  case ROLE_CACHE: return shape->cache;
  case ROLE_PROVIDER: return shape->provider;
  case ROLE_CONTROLLER: return shape->system->controllers != NULL && shape->replicated;
  case ROLE_DATABASE: return row->from != ROLE_PRODUCER || shape->producer_database;
  default: return row->from != ROLE_BROKER || shape->system->leader != NULL;
  }
}

static void add_links(struct swarm_world *world, struct draw *draw, const struct swarm_shape *shape) {
  if (draw_chance(draw, 15)) return;
  const size_t header = world->count;
  swarm_add(world, "links:");
  if (draw_chance(draw, 80)) add_link(world, draw, "default", 0);
  for (int i = 0; i < LINK__COUNT; i++)
    if (has_link(&link_rows[i], shape) && draw_chance(draw, 25)) add_link(world, draw, link_rows[i].name, shape->system->links[i].allowed);
  for (size_t line = world->count; line-- > header;) /* a header of nothing says nothing */
    if (world->lines[line][strlen(world->lines[line]) - 1] == ':' && is_alone(world, line)) swarm_remove(world, line);
}

/* --- The world --- */

/* Topics of Kafka with replicas, in place of what may have been drawn. */
static void add_replicas(struct swarm_world *world, struct draw *draw) {
  unsigned brokers = 1;
  for (size_t line = 0; line < world->count; line++) {
    if (is_key(world->lines[line], "brokers")) brokers = (unsigned)strtoul(strchr(world->lines[line], ':') + 1, NULL, 10);
    if (is_key(world->lines[line], "replication.factor") || is_key(world->lines[line], "min.insync.replicas"))
      swarm_remove(world, line--);
  }
  if (draw_chance(draw, 40)) return;
  const unsigned replicas = 1 + draw_below(draw, brokers < 3 ? brokers : 3);
  swarm_add(world, "  replication.factor: %u", replicas);
  swarm_add(world, "  min.insync.replicas: %u", 1 + draw_below(draw, replicas));
}

/* A handler that the system can have. */
static const struct handler *fitting_handler(struct draw *draw, const struct registry *registry, const struct system *system) {
  const bool topics = strstr(system->name, "kafka") || strstr(system->name, "-once");
  for (;;) {
    const struct handler *handler = draw_handler(draw, registry);
    if ((handler->commits || handler->uses == 0) && !topics) continue;
    if ((handler->needs & ~system->says) == 0) return handler;
  }
}

static void add_head(struct swarm_world *out, struct draw *draw, uint64_t number) {
  out->count = 0;
  swarm_add(out, "format: 1");
  swarm_add(out, "name: swarm-%" PRIu64, number);
  swarm_add(out, "seeds: [%u]", 1 + draw_below(draw, 1000));
  swarm_add(out, "measure_capacity: false");
  swarm_add(out, "drain_events: 5000000"); /* what a world may cost, a livelock above all */
  if (draw_chance(draw, 5)) swarm_add(out, "luck: none");
  if (draw_chance(draw, 15)) swarm_add(out, "swarm: true");
  if (draw_chance(draw, 5)) swarm_add(out, "drain_limit: %us", 1 + draw_below(draw, 60));
}

static void draw_once(uint64_t number, uint64_t attempt, const struct registry *registry, struct swarm_world *out) {
  static const uint32_t densities[] = {0, 3, 6, 12, 30};
  struct draw first = draw_of(number, 0), draw = draw_of(number, attempt + 1);
  const uint32_t density = densities[draw_below(&draw, 5)], messages = (uint32_t)draw_octaves(&draw, 3, 60);
  const struct system *system = registry->systems[draw_below(&first, (uint32_t)registry->system_count)];
  const struct handler *handler = fitting_handler(&draw, registry, system);
  const struct client_policy *client = registry->clients[draw_below(&draw, (uint32_t)registry->client_count)];
  const bool grouped = system->groups && draw_chance(&draw, 15);
  const struct publisher *publisher = draw_publisher(&draw, registry, grouped ? NULL : handler);
  const bool charges = !grouped && (handler->uses & HANDLER_USES(PROVIDER));
  if (charges && publisher && publisher->database) publisher = NULL; /* no database charges */
  struct swarm_shape shape = {.system = system, .messages = messages};
  uint32_t uses = handler->uses;
  add_head(out, &draw, number);
  shape.lasts_ms = add_workload(out, &draw, messages, charges);
  add_topology(out, &draw, grouped, publisher && publisher->relay);
  if (draw_chance(&draw, 20)) {
    swarm_add(out, "costs:");
    add_keys(out, &draw, cost_keys, COST__COUNT, 30, "  ");
  }
  add_model(out, &draw, "system", system->name, system->keys, system->key_count, density);
  if (system->controllers) add_replicas(out, &draw);
  if (grouped)
    uses = add_groups(out, &draw, registry, density);
  else
    add_model(out, &draw, "handler", handler->name, handler->keys, handler->key_count, density);
  if (draw_chance(&draw, 90)) add_stores(out, &draw, registry, uses, density);
  if (draw_chance(&draw, 40)) add_model(out, &draw, "client", client->name, client->keys, client->key_count, density);
  if (publisher)
    add_model(out, &draw, "publisher", publisher->name, publisher->keys, publisher->key_count, density);
  shape.cache = uses & HANDLER_USES(CACHE);
  shape.provider = uses & HANDLER_USES(PROVIDER);
  shape.relays = publisher && publisher->relay;
  shape.producer_database = publisher && publisher->database;
  shape.slots = publisher && publisher->reads_log;
  for (size_t i = 0; i < out->count; i++)
    shape.replicated |= is_key(out->lines[i], "replication.factor") && strstr(out->lines[i], ": 1") == NULL;
  add_links(out, &draw, &shape);
  swarm_add_faults(out, &draw, &shape);
}

/* Takes away the keys that a message is about. */
static bool remove_named(struct swarm_world *world, const char *message) {
  for (size_t line = 0; line < world->count; line++) {
    const size_t indent = strspn(world->lines[line], " ");
    char key[80];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(world->lines[line] + indent, ":"), world->lines[line] + indent);
    if (indent < 2 || strlen(key) < 6 || strstr(message, key) == NULL || !is_alone(world, line)) continue;
    swarm_remove(world, line);
    return true;
  }
  return false;
}

/* What the loader says of a line is true of that line: without it the rest is another world. What it says of a
 * model is about some of its keys. */
static bool repair(struct swarm_world *world, const struct err *err) {
  if (err->line < 1 || (size_t)err->line > world->count) return remove_named(world, err->message);
  const size_t line = (size_t)err->line - 1;
  if (is_key(world->lines[line], "name") || !is_alone(world, line)) return remove_named(world, err->message);
  swarm_remove(world, line);
  return true;
}

void swarm_draw(uint64_t number, const struct registry *registry, struct swarm_world *out,
                struct scenario *out_scenario, struct swarm_refusals *refusals) {
  struct err err;
  for (uint64_t attempt = 0; attempt < ATTEMPTS; attempt++) {
    draw_once(number, attempt, registry, out);
    for (;;) {
      if (swarm_load(out, registry, out_scenario, &err)) return;
      if (!repair(out, &err)) break;
      refusals->lines++;
    }
    refusals->worlds++;
    if (getenv("SWARM_TELL")) fprintf(stderr, "%s (line %d: %s)\n", err.message, err.line, err.source_line);
  }
  fprintf(stderr, "world %" PRIu64 ": refused %d times, at last: %s\n", number, ATTEMPTS, err.message);
  abort();
}
