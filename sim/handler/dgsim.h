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
 * A handler of one's own is compiled into a shared object that has one symbol, `dg_plugin`, and is tried by
 * `dgsim check FILE --plugin consumer.so`:
 *
 *   const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "payments", .handle = handle};
 *
 * [I1] A handler keeps no state of its own between messages but in the stores, and in the keys that its
 *      process remembers (dg_local_mark). What a plug-in keeps in variables of its own ends with its process.
 * [I2] dg_begin .. dg_commit is one transaction of the group's database; outside of one, each
 *      statement commits by itself.
 */
#ifndef DGSIM_H
#define DGSIM_H

#include <stdint.h>

#define DG_API_VERSION 2

enum dg_status {
  DG_OK = 0,
  DG_EXISTS = 1,    /* the unique key is there already */
  DG_NOT_FOUND = 2, /* no such row */
  DG_FAILED = 3,    /* refused or rolled back: certainly not done */
  DG_UNKNOWN = 4,   /* no answer: it may have been done */
  DG_CONFLICT = 5,  /* certainly not done, or rolled back, as another is in its way; worth another try */
  DG_MISMATCH = 6,  /* not done: the idempotency key came with other parameters before */
};

struct dg_message {
  uint64_t id;          /* of the operation: the same on every delivery of it */
  uint64_t key;         /* the entity that it is about */
  const void *body;     /* NULL when the scenario gives none */
  uint64_t body_size;   /* bytes */
  uint32_t delivery;    /* what the broker says: 1 = the first time, 0 = it does not count */
  uint32_t redelivered; /* 1 = the broker says that it was delivered before */
  uint64_t idempotency_key; /* by which it is to be known again: as the sender's policy has it, else `id` */
  uint64_t offset;      /* in its partition of a log: rises from record to record */
  uint32_t partition;   /* of a log, from 1; 0 = the broker has none, and `offset` says nothing */
  uint64_t fence;       /* rises with whoever is given this work next: a group's generation, how often a
                           queue has handed the message out; 0 = the broker says nothing of the kind */
  /* Since version 2. */
  uint64_t message_id;  /* the broker's own, of this copy: a second publication of the operation has another */
  uint64_t tenant;      /* whose operation it is, from 1: `id` is unique among those of one tenant */
  int64_t amount;       /* what the operation is to change, in the smallest unit of its currency */
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
  int (*local_seen)(struct dg_context *, uint64_t key);
  int (*local_mark)(struct dg_context *, uint64_t key);
  int (*delete_row)(struct dg_context *, const char *table, uint64_t key);
  int (*put_if)(struct dg_context *, const char *table, uint64_t key, int64_t expected, int64_t value);
  int (*acknowledge)(struct dg_context *);
  int64_t (*setting)(struct dg_context *, const char *key);
  int (*cache_get)(struct dg_context *, const char *keys, uint64_t key, int64_t *out);
  int (*cache_set)(struct dg_context *, const char *keys, uint64_t key, int64_t value, int64_t ttl_ns);
  int (*cache_set_if_absent)(struct dg_context *, const char *keys, uint64_t key, int64_t value,
                             int64_t ttl_ns);
  int (*cache_delete)(struct dg_context *, const char *keys, uint64_t key);
  int (*charge)(struct dg_context *, uint64_t idempotency_key, int64_t amount, int64_t *out);
  int (*emit)(struct dg_context *);
  /* Since version 2. */
  int (*step)(struct dg_context *, const char *name);
  int64_t (*now)(struct dg_context *);
  int (*acknowledge_all)(struct dg_context *);
  int (*get_replica)(struct dg_context *, const char *table, uint64_t key, int64_t *out);
};
struct dg_context {
  const struct dg_api *api;
};

/* What a shared object exports as `dg_plugin`. */
struct dg_plugin {
  uint32_t version; /* DG_API_VERSION of the header that it was compiled with */
  const char *name;
  int (*handle)(struct dg_context *context, const struct dg_message *message); /* enum dg_status */
};
/* Declared so that it is seen from outside however the object is compiled: with hidden symbols, or as C++,
 * where a constant is otherwise its file's own. */
#ifdef __GNUC__
__attribute__((visibility("default")))
#endif
extern const struct dg_plugin dg_plugin;

/* Starts a transaction. The database hears of it with the first statement. */
static inline int dg_begin(struct dg_context *c) { return c->api->begin(c); }
/* DG_OK: durable. DG_FAILED, DG_CONFLICT: rolled back. DG_UNKNOWN: the answer was lost. */
static inline int dg_commit(struct dg_context *c) { return c->api->commit(c); }
static inline int dg_rollback(struct dg_context *c) { return c->api->rollback(c); }
/* Reads a row's value, 0 of a unique key without one. DG_NOT_FOUND leaves *out alone. */
static inline int dg_get(struct dg_context *c, const char *table, uint64_t key, int64_t *out) {
  return c->api->get(c, table, key, out);
}
/* Writes a row's value. */
static inline int dg_put(struct dg_context *c, const char *table, uint64_t key, int64_t value) {
  return c->api->put(c, table, key, value);
}
/* Writes a row's value if it is `expected`; a row that is not there counts as 0. DG_EXISTS: another value
 * stands there, nothing was written. Where the committed row is as expected, or 0 is, it waits for an open
 * transaction that has changed the row, and looks again. */
static inline int dg_put_if(struct dg_context *c, const char *table, uint64_t key, int64_t expected,
                            int64_t value) {
  return c->api->put_if(c, table, key, expected, value);
}
/* Deletes a key's row and unique key. DG_NOT_FOUND: there is neither. */
static inline int dg_delete(struct dg_context *c, const char *table, uint64_t key) {
  return c->api->delete_row(c, table, key);
}
/* Inserts a key under a unique constraint; waits for an open transaction that holds the same key, also for one that
 * deletes it. DG_EXISTS when it is there. */
static inline int dg_insert_unique(struct dg_context *c, const char *table, uint64_t key) {
  return c->api->insert_unique(c, table, key);
}
/* Does the message's operation, whichever it is, to the row of its key in the group's database. DG_EXISTS:
 * it inserts a row whose id is there already; an open transaction is rolled back. */
static inline int dg_apply(struct dg_context *c) { return c->api->apply(c); }
/* Publishes the message's result to the output topic, in the consumer's transaction if it has one. */
static inline int dg_publish(struct dg_context *c) { return c->api->publish(c); }
/* Writes the event of the message's result into the outbox table of the group's database, in the open
 * transaction; a relay publishes it to the output topic once that is committed. Of handlers that say that
 * they emit; DG_FAILED of others. */
static inline int dg_emit(struct dg_context *c) { return c->api->emit(c); }
/* The consumer may acknowledge the message from here on, as if the handler had returned DG_OK: by itself, as
 * it does that, and without waiting for the broker. What the handler returns does not matter any more. */
static inline int dg_ack(struct dg_context *c) { return c->api->acknowledge(c); }
/* The same, with everything that this consumer was handed before it (of this partition, of a log), whether
 * that is handled or not: an offset commit, `multiple` of AMQP. DG_FAILED: the broker has nothing like it. */
static inline int dg_ack_all(struct dg_context *c) { return c->api->acknowledge_all(c); }
/* Marks a step that the handler does by itself, where the simulator cannot see it: the process may die here.
 * `name` explains. DG_OK: go on. Anything else is what the step is to be told that it came to, as if its own
 * store had said so; what it did is still done. Takes as long as a statement. */
static inline int dg_step(struct dg_context *c, const char *name) { return c->api->step(c, name); }
/* The time by this consumer's clock, in ns since the run began, below 0 where a fault has set it back so far.
 * Takes no time. */
static inline int64_t dg_now(struct dg_context *c) { return c->api->now(c); }
/* As dg_get, from a replica of the database that follows it replication_delay behind, whatever the open
 * transaction has written. */
static inline int dg_get_replica(struct dg_context *c, const char *table, uint64_t key, int64_t *out) {
  return c->api->get_replica(c, table, key, out);
}
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

/* The group's cache. A key is a name and a number, as in "processed:17"; each call is a request of its own,
 * in no transaction. To a read that gets no answer DG_FAILED, to a write DG_UNKNOWN. */

/* DG_NOT_FOUND: no such key, or its time is over; leaves *out alone. */
static inline int dg_cache_get(struct dg_context *c, const char *keys, uint64_t key, int64_t *out) {
  return c->api->cache_get(c, keys, key, out);
}
/* Sets a key, whatever it was, to be there for so many ns; 0 = for ever. */
static inline int dg_cache_set(struct dg_context *c, const char *keys, uint64_t key, int64_t value,
                               int64_t ttl_ns) {
  return c->api->cache_set(c, keys, key, value, ttl_ns);
}
/* The same, when it is not there (SET NX PX); DG_EXISTS when it is, and nothing is changed. */
static inline int dg_cache_set_if_absent(struct dg_context *c, const char *keys, uint64_t key,
                                         int64_t value, int64_t ttl_ns) {
  return c->api->cache_set_if_absent(c, keys, key, value, ttl_ns);
}
/* DG_NOT_FOUND: there was no such key. */
static inline int dg_cache_delete(struct dg_context *c, const char *keys, uint64_t key) {
  return c->api->cache_delete(c, keys, key);
}
/* Has the external provider charge the message's key, outside of every transaction: what is charged stays.
 * `idempotency_key` 0 = none; `amount` above 0. DG_OK: *out (may be NULL) is the number of the charge.
 * DG_FAILED, DG_MISMATCH, and DG_CONFLICT where a request with the same key is under way: this request is
 * not charged. DG_UNKNOWN: no answer came. */
static inline int dg_charge(struct dg_context *c, uint64_t idempotency_key, int64_t amount, int64_t *out) {
  return c->api->charge(c, idempotency_key, amount, out);
}
/* Whether the process itself remembers a key: DG_EXISTS or DG_NOT_FOUND. It does so in a Bloom filter or
 * in a set of bounded size, as the handler's row says; DG_FAILED: that names neither. A filter may take a
 * key for another that it has seen. The memory is this consumer's alone, and ends with its process. */
static inline int dg_local_seen(struct dg_context *c, uint64_t key) { return c->api->local_seen(c, key); }
static inline int dg_local_mark(struct dg_context *c, uint64_t key) { return c->api->local_mark(c, key); }

#endif
