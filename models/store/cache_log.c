/* The log of writes: what the disk and the replica have of them, and what is taken back without. */
#include "models/store/cache_state.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <string.h>

#define EVERYSEC_NS NS_PER_S
#define WRITE_BACK_NS (30 * NS_PER_S) /* Linux: dirty_expire_centisecs */

static const struct cache_write *last_write(const struct cache *cache) {
  return &cache->writes[cache->write_first + cache->write_count - 1];
}

/* Writes on their way to the replica are the last ones: whether one made at `at` still is. */
static bool replicated(const struct world *world, int64_t at) {
  if (cache_setting(world, KEY_CACHE_REPLICAS) == 0) return true;
  return at + cache_setting(world, KEY_CACHE_REPLICATION_DELAY) <= world->now.ns;
}

/* --- Notes --- */

/* Forgets what nothing can take back any more. */
static void trim(const struct world *world, struct cache *cache) {
  while (cache->write_count > 0) {
    uint64_t number = cache->written - cache->write_count + 1;
    if (number > cache->flushed || !replicated(world, cache->writes[cache->write_first].at)) break;
    cache->write_first++;
    cache->write_count--;
  }
  if (cache->write_first < cache->write_count + 64) return;
  memmove(cache->writes, cache->writes + cache->write_first, cache->write_count * sizeof *cache->writes);
  cache->write_first = 0;
}

void cache_log_note(struct world *world, struct cache *cache, const struct cache_write *write) {
  trim(world, cache);
  size_t end = cache->write_first + cache->write_count;
  GROW(cache->writes, cache->write_capacity, end + 1);
  cache->writes[end] = *write;
  cache->write_count++;
  cache->written++;
}

static void take_back(struct world *world, struct cache *cache) {
  const struct cache_write *write = last_write(cache);
  keyspace_put(&cache->keys, write->name, write->key, write->before, world->now.ns);
  cache->write_count--;
  cache->written--;
  if (cache->flushed > cache->written) cache->flushed = cache->written;
  if (cache->batch_from > cache->written) cache->batch_from = cache->written;
}

/* --- Flushes --- */

/* With `everysec` one begins a second after the last, or at once; the kernel's own comes when what was
 * written is so old. */
void cache_log_flush_later(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  if (cache->flushing || cache->flushed == cache->written) return;
  int64_t begins = cache->flush_started + EVERYSEC_NS;
  if (cache_setting(world, KEY_CACHE_APPENDFSYNC) == CACHE_FSYNC_NO)
    begins = world->now.ns + WRITE_BACK_NS;
  if (begins < world->now.ns) begins = world->now.ns;
  int64_t takes = node_takes(world, node, NODE_DISK, world->plan->costs.values[COST_CACHE_FLUSH].i);
  cache->flushing = true;
  cache->flush_started = begins;
  world_after(world, node, 0, CACHE_TIMER_FLUSH, 0, span_of(begins + takes - world->now.ns));
}

/* It has what was written when it began. */
void cache_log_flushed(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct cache *cache = cache_of(node);
  enum flush flush = node_flush(world, node);
  if (flush == FLUSH_FAILED) return;
  uint64_t upto = cache->written;
  size_t after = cache->write_count;
  while (after > 0 && cache->writes[cache->write_first + after - 1].at > cache->flush_started) {
    after--;
    upto--;
  }
  if (flush == FLUSH_DONE && upto > cache->flushed) cache->flushed = upto;
  cache->flushing = false;
  trim(world, cache);
  cache_log_flush_later(world, node);
}

/* --- What is lost --- */

void cache_log_take_back(struct world *world, struct node *node, uint64_t count) {
  struct cache *cache = cache_of(node);
  int64_t before = cache->keys.bytes;
  ASSERT_LE(count, cache->write_count);
  for (; count > 0; count--) take_back(world, cache);
  world_dedup_bytes(world, cache->keys.bytes - before);
}

static void lose(struct world *world, struct node *node, uint64_t count) {
  if (count > 0) faults_hit(world, node->down_by, node->id, 0);
  cache_log_take_back(world, node, count);
}

static void forget(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  if (cache->keys.live > 0) faults_hit(world, node->down_by, node->id, 0);
  world_dedup_bytes(world, -cache->keys.bytes);
  keyspace_clear(&cache->keys);
  cache->write_first = cache->write_count = 0;
  cache->flushed = cache->written;
}

/* Of the writes that are not on the disk a power loss leaves none, or, of a torn write, the first few. */
static uint64_t lost_with_power(struct world *world, const struct node *node, uint64_t count) {
  bool torn = node->down_by != NO_FAULT && faults_rules(world, node->down_by)->unsynced == UNSYNCED_TORN;
  if (!torn) return count;
  return luck_choice(&world->luck, world_address(node, hash_name("torn"), node->incarnation), count + 1);
}

void cache_log_crash(struct world *world, struct node *node, bool power) {
  struct cache *cache = cache_of(node);
  if (!cache_setting(world, KEY_CACHE_APPENDONLY)) return forget(world, node);
  if (power) lose(world, node, lost_with_power(world, node, cache->written - cache->flushed));
  if (power || node->death == DEATH_EXIT) cache->flushed = cache->written;
}

void cache_log_disk_lost(struct world *world, struct node *node) { forget(world, node); }

uint32_t cache_log_failover(struct world *world, struct node *node) {
  struct cache *cache = cache_of(node);
  int64_t before = cache->keys.bytes;
  uint32_t count = 0;
  for (; cache->write_count > 0 && !replicated(world, last_write(cache)->at); count++)
    take_back(world, cache);
  if (count > 0) cache_changed(world, node, before);
  return count;
}
