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
  /* with appendfsync always */
  struct message **held; /* answers that wait for the flush of their batch */
  size_t held_count, held_capacity;
  bool batch_open;
  uint32_t batch;        /* number of the last */
  uint32_t batch_left;   /* requests that are still to join it */
  uint64_t batch_from;   /* writes before it: those from there on are its own */
};

enum { CACHE_TIMER_FLUSH, CACHE_TIMER_EXPIRY, CACHE_TIMER_BATCH, CACHE_TIMER__COUNT };

static inline struct cache *cache_of(const struct node *node) { return node->disk[0]; }

/* To be called whenever keys have changed: accounts for them and waits for the next to run out. */
void cache_changed(struct world *world, struct node *node, int64_t bytes_before);

/* --- cache_log.c: what the disk and the replica have --- */

/* Notes a write before it is made. */
void cache_log_note(struct world *world, struct cache *cache, const struct cache_write *write);
/* Takes back the last writes, as if they had never been made. */
void cache_log_take_back(struct world *world, struct node *node, uint64_t count);
/* A write waits for its flush: see to it that there will be one. */
void cache_log_flush_later(struct world *world, struct node *node);
timer_fn cache_log_flushed;
/* The process dies: takes back what that loses. */
void cache_log_crash(struct world *world, struct node *node, bool power);
void cache_log_disk_lost(struct world *world, struct node *node);
/* A replica becomes the primary. Returns how many writes that it lacked were lost. */
uint32_t cache_log_failover(struct world *world, struct node *node);

/* --- cache_batch.c: appendfsync always --- */

/* Around each request. */
void cache_batch_begin(struct world *world, struct node *node);
void cache_batch_end(struct world *world, struct node *node);
/* Sends an answer: now, or with its batch. */
void cache_answer(struct world *world, struct node *node, struct message *answer);
/* Nobody gets the answers that are held. */
void cache_batch_drop(struct world *world, struct cache *cache);
timer_fn cache_batch_over;

#endif
