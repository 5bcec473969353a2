#include "models/store/cache.h"

#include "models/store/cache_state.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>

/* --- Keys --- */

void cache_changed(struct world *world, struct node *node, int64_t bytes_before) {
  struct cache *cache = cache_of(node);
  world_dedup_bytes(world, cache->keys.bytes - bytes_before);
  int64_t next = keyspace_next_expiry(&cache->keys);
  if (next >= cache->expiry_armed) return;
  cache->expiry_armed = next;
  world_after(world, node, 0, CACHE_TIMER_EXPIRY, (uint64_t)next, span_of(next - world->now.ns));
}

/* A later timer than the one that is armed now was overtaken: it finds nothing to do. */
static void on_expiry(struct world *world, struct node *node, uint64_t argument) {
  struct cache *cache = cache_of(node);
  int64_t before = cache->keys.bytes;
  if (cache->expiry_armed == (int64_t)argument) cache->expiry_armed = INT64_MAX;
  keyspace_expire(&cache->keys, world->now.ns);
  cache_changed(world, node, before);
}

/* Changes a key, now: with the memory that it takes, and the flush that it waits for. */
static void write_key(struct world *world, struct node *node, uint64_t name, uint64_t key,
                      struct keyspace_value value) {
  struct cache *cache = cache_of(node);
  int64_t now = world->now.ns, before = cache->keys.bytes;
  cache_log_note(world, cache,
                 &(struct cache_write){.name = name, .key = key, .at = now,
                                       .before = keyspace_get(&cache->keys, name, key, now)});
  keyspace_put(&cache->keys, name, key, value, now);
  if (!cache_setting(world, KEY_CACHE_APPENDONLY))
    cache->flushed = cache->written;
  else if (!cache->batch_open)
    cache_log_flush_later(world, node);
  cache_changed(world, node, before);
}

/* --- Requests --- */

static void answer(struct world *world, struct node *node, const struct message *request, int status,
                   int64_t value) {
  struct message *message = world_answer(world, node, request, STORE_ANSWER);
  message->intent = request->intent;
  message->a = status;
  message->b = value;
  message->size = STORE_WIRE_BYTES;
  cache_answer(world, node, message);
}

static struct keyspace_value find(const struct world *world, const struct node *node,
                                  const struct message *request) {
  return keyspace_get(&cache_of(node)->keys, (uint64_t)request->a, (uint64_t)request->b, world->now.ns);
}

static void write_and_answer(struct world *world, struct node *node, const struct message *request,
                             bool exists) {
  struct keyspace_value value = {.exists = exists, .value = request->c,
                                 .expires = request->d ? world->now.ns + request->d : 0};
  if (MUTANT(CACHE_NO_TTL)) value.expires = 0;
  write_key(world, node, (uint64_t)request->a, (uint64_t)request->b, value);
  answer(world, node, request, DG_OK, 0);
}

static void on_request(struct world *world, struct node *node, struct message *request) {
  struct keyspace_value found = find(world, node, request);
  cache_batch_begin(world, node);
  if (request->kind == CACHE_GET)
    answer(world, node, request, found.exists ? DG_OK : DG_NOT_FOUND, found.value);
  else if (request->kind == CACHE_DELETE && !found.exists)
    answer(world, node, request, DG_NOT_FOUND, 0);
  else if (request->kind == CACHE_SET_IF_ABSENT && found.exists && !MUTANT(CACHE_SET_ALWAYS))
    answer(world, node, request, DG_EXISTS, 0);
  else
    write_and_answer(world, node, request, request->kind != CACHE_DELETE);
  cache_batch_end(world, node);
}

static int64_t cost(const struct world *world, const struct message *request) {
  (void)request;
  return world->plan->costs.values[COST_CACHE_REQUEST].i;
}

/* --- Life and death --- */

static void start(struct world *world, struct node *node, enum start_reason reason) {
  if (!node->disk[0]) {
    struct cache *fresh = node->disk[0] = calloc(1, sizeof *fresh);
    ASSERT(fresh);
    fresh->flush_started = -NS_PER_S;
  }
  struct cache *cache = cache_of(node);
  if (reason == START_AGAIN) cache->flush_started = world->now.ns;
  node->cores = 1;
  cache->flushing = cache->batch_open = false;
  cache->expiry_armed = INT64_MAX;
  int64_t before = cache->keys.bytes;
  keyspace_expire(&cache->keys, world->now.ns); /* what ran out while it was down */
  cache_changed(world, node, before);
  cache_log_flush_later(world, node);
}

static void crash(struct world *world, struct node *node, bool power) {
  cache_batch_drop(world, cache_of(node));
  cache_log_crash(world, node, power);
}

static void finish(struct world *world, struct node *node) { cache_batch_drop(world, cache_of(node)); }

static uint32_t struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  if (!begins || !node->alive || cache_setting(world, KEY_CACHE_REPLICAS) == 0) return 0;
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->ends[1] == node->id) link_reset(world, channel, fault);
  }
  bool clean = faults_rules(world, fault)->election == ELECTION_CLEAN;
  if (clean && !MUTANT(CACHE_CLEAN_FORGETS)) return 0;
  return cache_log_failover(world, node);
}

static void disk_reset(struct world *world, struct node *node) {
  (void)world;
  struct cache *cache = cache_of(node);
  if (!cache) return;
  keyspace_clear(&cache->keys);
  cache->write_first = cache->write_count = 0;
  cache->written = cache->flushed = cache->batch_from = 0;
  cache->batch = 0;
  cache->flush_started = -NS_PER_S;
}

static void disk_free(struct node *node) {
  struct cache *cache = cache_of(node);
  if (!cache) return;
  keyspace_free(&cache->keys);
  free(cache->writes);
  free(cache->held);
  free(cache);
  node->disk[0] = NULL;
}

/* --- Tables --- */

static const char *const stages[] = {"serving"};
static message_fn *const on[STORE_MESSAGE__COUNT] = {
    [CACHE_GET] = on_request,
    [CACHE_SET] = on_request,
    [CACHE_SET_IF_ABSENT] = on_request,
    [CACHE_DELETE] = on_request,
};
static timer_fn *const on_timer[CACHE_TIMER__COUNT] = {[CACHE_TIMER_FLUSH] = cache_log_flushed,
                                                       [CACHE_TIMER_EXPIRY] = on_expiry,
                                                       [CACHE_TIMER_BATCH] = cache_batch_over};
static const char *const timer_names[CACHE_TIMER__COUNT] = {[CACHE_TIMER_FLUSH] = "flush",
                                                            [CACHE_TIMER_EXPIRY] = "expiry",
                                                            [CACHE_TIMER_BATCH] = "batch"};

const struct component cache_component = {
    .name = "cache", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = STORE_MESSAGE__COUNT, .messages = store_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = CACHE_TIMER__COUNT, .cost = cost,
    .crash = crash, .disk_lost = cache_log_disk_lost, .struck = struck,
    .finish = finish, .disk_reset = disk_reset, .disk_free = disk_free,
};

static const struct key keys[KEY_CACHE__COUNT] = {
    [KEY_CACHE_TIMEOUT] =
        {
            .name = "timeout",
            .type = VALUE_TIME,
            .value_default = "2s",
            .min = NS_PER_MS,
            .max = NS_PER_D,
            .help = "how long a consumer waits for the answer to a request",
            .source = "Jedis: Protocol.DEFAULT_TIMEOUT, 2000 ms; other clients wait longer (Lettuce: 60 s)",
        },
    [KEY_CACHE_APPENDONLY] =
        {
            .name = "appendonly",
            .type = VALUE_BOOL,
            .value_default = "true",
            .help = "whether writes go to a log on the disk; without it a restart finds nothing",
            .source = "ours; Redis' own default is no, with snapshots that a dedup store cannot live by",
        },
    [KEY_CACHE_APPENDFSYNC] =
        {
            .name = "appendfsync",
            .type = VALUE_ENUM,
            .value_default = "everysec",
            .choices = "no everysec always",
            .help = "when that log is flushed: when the kernel does (after 30 s), once a second, or "
                    "before every answer to a write",
            .source = "redis.conf: appendfsync",
        },
    [KEY_CACHE_REPLICAS] =
        {
            .name = "replicas",
            .type = VALUE_COUNT,
            .value_default = "0",
            .max = 5,
            .help = "replicas that a failover may make the primary",
            .source = "ours: a single server, as Redis starts",
        },
    [KEY_CACHE_REPLICATION_DELAY] =
        {
            .name = "replication_delay",
            .type = VALUE_TIME,
            .value_default = "1ms",
            .max = NS_PER_H,
            .help = "from the execution of a write until a replica has it, which no answer waits for",
            .source = "assumption: a hop within a data centre; a replica that is behind has more",
        },
};

static struct span longest_timeout(const struct settings *settings) {
  return span_of(settings->values[KEY_CACHE_TIMEOUT].i);
}

const struct store store_redis = {
    .name = "redis",
    .about = "a cache whose keys have a time to live, with a log of writes and replicas, as Redis",
    .keys = keys,
    .key_count = KEY_CACHE__COUNT,
    .role = ROLE_CACHE,
    .component = &cache_component,
    .link = {.used = true, .kind = LINK_KIND_CONNECTION, .allowed = UINT32_C(1) << LINK_KIND_CONNECTION},
    .verbs = 1u << VERB_FAILOVER,
    .longest_timeout = longest_timeout,
};
