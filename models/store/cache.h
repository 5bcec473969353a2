/* The cache of a consumer group, in the manner of Redis: one thread, keys with a time to live, and a log of
 * writes that is on the disk sooner or later.
 *
 *   handler host                     cache
 *      | SET_IF_ABSENT (ttl) ---------->|  one request after the other; done when its service starts
 *      |<---------------------- ANSWER  |  when it ends: DG_OK, or DG_EXISTS and nothing is changed
 *
 *   writes so far:   [ on the disk | written, not flushed | ]         lost with the power
 *                    [ with the replica   | on their way  | ]         lost by an unclean failover
 *
 * Durable, with appendonly: after a kill everything, as the operating system has what was written before it
 * was answered; after a power loss what had been flushed: with appendfsync `always` all that was answered,
 * with `everysec` all but the last second, with `no` all but what the kernel has not written back (30 s).
 * Without appendonly nothing survives the process. (Redis manual, "Redis persistence".)
 *
 * Replication is asynchronous: a write is answered before a replica has it, and is there replication_delay
 * later. The fault `failover` makes a replica the primary, at this node: its connections break.
 * `election: clean` is Redis' own command FAILOVER, which stops writes and waits for the replica: nothing is
 * lost. `election: unclean` is what Sentinel does when the primary is taken for dead: the replica has no
 * more than it has, and the writes on their way to it are gone, although they were answered.
 *
 * [I1] A request is atomic: of two SET_IF_ABSENT of one key one is done and the other finds it there.
 * [I2] A key is not there from the instant on at which its time to live has passed, to the nanosecond.
 * [I3] What was answered is lost by a power loss, a lost disk, an unclean failover, or without appendonly by
 *      any death; and by nothing else. Writes are lost from the last one back, without a gap.
 *      With appendfsync always, requests that wait when the thread is free are executed together, and share
 *      one flush; all their answers leave when it has ended.
 * [I4] Keys are accounted as dedup memory with KEYSPACE_KEY_BYTES and KEYSPACE_EXPIRY_BYTES, until the
 *      instant at which they run out.
 *
 * LIMIT: no snapshots (RDB): with appendonly off a restart finds nothing.
 * LIMIT: a cache has all the memory that it needs: nothing is evicted.
 * LIMIT: no automatic failover: replicas take over when a fault says so, at once, and only at a node that
 *        is up; a cache that is down comes back as itself.
 * LIMIT: Redis removes what has run out by sampling, ten times a second, so that its memory falls later.
 * LIMIT: with everysec a flush that takes long never holds up writes (Redis: after 2 s).
 * LIMIT: a flush that fails ends the process, also where Redis would go on and refuse writes (everysec).
 * LIMIT: all threads of a consumer share one connection.
 */
#ifndef MODELS_STORE_CACHE_H
#define MODELS_STORE_CACHE_H

#include "models/store/wire.h"
#include "sim/world/world.h"

enum cache_key {
  KEY_CACHE_TIMEOUT,
  KEY_CACHE_APPENDONLY,
  KEY_CACHE_APPENDFSYNC,
  KEY_CACHE_REPLICAS,
  KEY_CACHE_REPLICATION_DELAY,
  KEY_CACHE__COUNT
};
enum cache_fsync { CACHE_FSYNC_NO, CACHE_FSYNC_EVERYSEC, CACHE_FSYNC_ALWAYS };

static inline int64_t cache_setting(const struct world *world, enum cache_key key) {
  return world->plan->cache.settings.values[key].i;
}

extern const struct component cache_component;
extern const struct store store_redis;

#endif
