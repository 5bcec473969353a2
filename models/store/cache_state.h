/* The state of a cache node, and what its files share. See cache.h. */
#ifndef MODELS_STORE_CACHE_STATE_H
#define MODELS_STORE_CACHE_STATE_H

#include "models/store/cache.h"
#include "models/store/keyspace.h"

/* One write that the disk or the replica may not have yet, with what was there before it. */
struct cache_write {
  uint64_t name, key;
  struct keyspace_value before;
  int64_t at; /* ns */
};
struct cache {
  struct keyspace keys;
  struct cache_write *writes; /* from `first` on, in order; the last is number `written` */
  size_t write_first, write_count, write_capacity;
  uint64_t written, flushed; /* how many writes there were; so many of them no power loss takes back */
  int64_t flush_started;     /* ns; of the last flush to begin */
  bool flushing;             /* volatile, as is all below: a flush is under way, or will begin */
  int64_t expiry_armed;      /* ns; INT64_MAX = no timer waits for a key to run out */
};

enum { CACHE_TIMER_FLUSH, CACHE_TIMER_EXPIRY, CACHE_TIMER__COUNT };

static inline struct cache *cache_of(const struct node *node) { return node->disk[0]; }

/* Changes a key, now: with the memory that it takes, the log and the flush that it waits for. False: the
 * process dies of that flush, before it does. */
bool cache_write(struct world *world, struct node *node, uint64_t name, uint64_t key,
                 struct keyspace_value value);
/* To be called whenever keys have changed: accounts for them and waits for the next to run out. */
void cache_changed(struct world *world, struct node *node, int64_t bytes_before);

/* --- cache_log.c: what the disk and the replica have --- */

/* Notes a write before it is made. */
void cache_log_note(struct world *world, struct cache *cache, const struct cache_write *write);
/* A write waits for its flush: see to it that there will be one. */
void cache_log_flush_later(struct world *world, struct node *node);
timer_fn cache_log_flushed;
/* The process dies: takes back what that loses. */
void cache_log_crash(struct world *world, struct node *node, bool power);
void cache_log_disk_lost(struct world *world, struct node *node);
/* A replica becomes the primary. Returns how many writes that it lacked were lost. */
uint32_t cache_log_failover(struct world *world, struct node *node);

#endif
