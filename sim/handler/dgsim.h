/* SPDX-License-Identifier: MIT
 *
 * dgsim.h: what a message handler sees. The built-in handlers and users' own use this header only.
 *
 * A handler is one straight-line function:
 *
 *   int handle(struct dg_context *context, const struct dg_message *message) {
 *     dg_work(context);                               // the message's service time passes
 *     dg_begin(context);
 *     if (dg_insert_unique(context, "processed", message->id) == DG_EXISTS)
 *       return dg_rollback(context), DG_OK;           // seen before
 *     dg_apply(context);                              // the operation itself
 *     return dg_commit(context);
 *   }
 *
 * Every call but dg_setting takes virtual time; meanwhile other consumers run, and a crash may strike: then the call
 * never returns, the process's memory is gone, and what the stores hold is what had been committed.
 * Returning DG_OK lets the consumer acknowledge the message; anything else leaves it unacknowledged.
 *
 * [I1] A handler keeps no state of its own between calls but in the stores.
 * [I2] dg_begin .. dg_commit is one transaction of the group's database; outside of one, each
 *      statement commits by itself.
 */
#ifndef DGSIM_H
#define DGSIM_H

#include <stdint.h>

#define DG_API_VERSION 1

enum dg_status {
  DG_OK = 0,
  DG_EXISTS = 1,    /* the unique key is there already */
  DG_NOT_FOUND = 2, /* no such row */
  DG_FAILED = 3,    /* refused or rolled back: certainly not done */
  DG_UNKNOWN = 4,   /* no answer: it may have been done */
};

struct dg_message {
  uint64_t id;          /* of the operation: the same on every delivery of it */
  uint64_t key;         /* the entity that it is about */
  const void *body;     /* NULL when the scenario gives none */
  uint64_t body_size;   /* bytes */
  uint32_t delivery;    /* what the broker says: 1 = the first time, 0 = it does not count */
  uint32_t redelivered; /* 1 = the broker says that it was delivered before */
};

struct dg_context;
struct dg_api {
  uint32_t version; /* DG_API_VERSION */
  int (*begin)(struct dg_context *);
  int (*commit)(struct dg_context *);
  int (*rollback)(struct dg_context *);
  int (*get)(struct dg_context *, const char *table, uint64_t key, int64_t *out);
  int (*put)(struct dg_context *, const char *table, uint64_t key, int64_t value);
  int (*insert_unique)(struct dg_context *, const char *table, uint64_t key);
  int (*apply)(struct dg_context *);
  int (*publish)(struct dg_context *);
  int (*suppress)(struct dg_context *);
  int (*work)(struct dg_context *);
  int (*sleep)(struct dg_context *, int64_t ns);
  int64_t (*setting)(struct dg_context *, const char *key);
};
struct dg_context {
  const struct dg_api *api;
};

/* Starts a transaction. The database hears of it with the first statement. */
static inline int dg_begin(struct dg_context *c) { return c->api->begin(c); }
/* DG_OK: durable. DG_FAILED: rolled back. DG_UNKNOWN: the answer was lost. */
static inline int dg_commit(struct dg_context *c) { return c->api->commit(c); }
static inline int dg_rollback(struct dg_context *c) { return c->api->rollback(c); }
/* Reads a row's value. DG_NOT_FOUND leaves *out alone. */
static inline int dg_get(struct dg_context *c, const char *table, uint64_t key, int64_t *out) {
  return c->api->get(c, table, key, out);
}
/* Writes a row's value. */
static inline int dg_put(struct dg_context *c, const char *table, uint64_t key, int64_t value) {
  return c->api->put(c, table, key, value);
}
/* Inserts a key under a unique constraint; waits for an open transaction that holds the same key.
 * DG_EXISTS when it is there. */
static inline int dg_insert_unique(struct dg_context *c, const char *table, uint64_t key) {
  return c->api->insert_unique(c, table, key);
}
/* Does the message's operation in the group's database. */
static inline int dg_apply(struct dg_context *c) { return c->api->apply(c); }
/* Publishes the message's result to the output topic, in the consumer's transaction if it has one. */
static inline int dg_publish(struct dg_context *c) { return c->api->publish(c); }
/* Says that the message is taken for a duplicate and dropped; explains, decides nothing. */
static inline int dg_suppress(struct dg_context *c) { return c->api->suppress(c); }
/* Lets the message's service time pass. */
static inline int dg_work(struct dg_context *c) { return c->api->work(c); }
/* Lets so many ns pass. */
static inline int dg_sleep(struct dg_context *c, int64_t ns) { return c->api->sleep(c, ns); }
/* One of the handler's own keys, as the scenario sets it: times in ns, sizes in bytes, a share in parts per
 * billion, an enumeration as the place of its word, from 0. Takes no time. A key that the handler's table
 * does not have is a bug of the handler. */
static inline int64_t dg_setting(struct dg_context *c, const char *key) { return c->api->setting(c, key); }

#endif
