/* appendfsync always: what waited for the one thread when it began is executed together, one flush makes it
 * durable, and the answers leave then. */
#include "models/store/cache_state.h"

#include "models/mutants.h"
#include "sim/base/grow.h"

static bool flushes_first(const struct world *world) {
  return cache_setting(world, KEY_CACHE_APPENDONLY) &&
         cache_setting(world, KEY_CACHE_APPENDFSYNC) == CACHE_FSYNC_ALWAYS;
}

void cache_batch_drop(struct world *world, struct cache *cache) {
  for (size_t i = 0; i < cache->held_count; i++) world_release(world, cache->held[i]);
  cache->held_count = 0;
  cache->batch_open = false;
}

/* One flush for all writes of the batch. False: the process dies of it, and they were never made. */
static bool flush(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  int64_t takes = node_takes(world, node, NODE_DISK, world->plan->costs.values[COST_CACHE_FLUSH].i);
  enum flush flush = MUTANT(CACHE_NO_FSYNC) ? FLUSH_LIED : node_flush(world, node);
  if (flush == FLUSH_FAILED) {
    uint64_t kept = cache->flushed > cache->batch_from ? cache->flushed : cache->batch_from;
    cache_log_take_back(world, node, cache->written - kept);
    return false;
  }
  if (flush == FLUSH_DONE) cache->flushed = cache->written;
  node->depart += takes;
  node->core_free[0] = node->depart;
  world_count(world, COUNTER_DURABLE_WRITES, cache->written - cache->batch_from);
  return true;
}

static void end(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  bool go = cache->written == cache->batch_from || flush(world, node);
  size_t sent = 0;
  for (; go && sent < cache->held_count && !node->doomed; sent++)
    world_send(world, node, cache->held[sent]);
  for (size_t i = sent; i < cache->held_count; i++) world_release(world, cache->held[i]);
  cache->held_count = 0;
  cache->batch_open = false;
}

void cache_batch_begin(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  if (!flushes_first(world)) return;
  if (cache->batch_open) {
    if (cache->batch_left > 0) cache->batch_left--;
    return;
  }
  cache->batch_open = true;
  cache->batch++;
  cache->batch_from = cache->written;
  cache->batch_left = (uint32_t)node->inbox_count;
  if (cache->batch_left == 0) return;
  /* Of those that wait some may get lost before they are served: then it is over when it would have been. */
  int64_t rest = cache->batch_left * world->plan->costs.values[COST_CACHE_REQUEST].i;
  world_after(world, node, 0, CACHE_TIMER_BATCH, cache->batch, span_of(node->depart + rest - world->now.ns));
}

void cache_batch_end(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  if (cache->batch_open && cache->batch_left == 0) end(world, node);
}

void cache_batch_over(struct world *world, struct node *node, uint64_t argument) {
  struct cache *cache = cache_of(node);
  if (!cache->batch_open || cache->batch != argument) return;
  node->depart = node->core_free[0] > world->now.ns ? node->core_free[0] : world->now.ns;
  end(world, node);
  node->depart = 0;
}

void cache_answer(struct world *world, struct node *node, struct message *answer) {
  struct cache *cache = cache_of(node);
  if (!cache->batch_open) return world_send(world, node, answer);
  GROW(cache->held, cache->held_capacity, cache->held_count + 1);
  cache->held[cache->held_count++] = answer;
}
