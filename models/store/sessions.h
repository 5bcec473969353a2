/* What a database holds in memory: open transactions, their unwritten changes, and locks.
 *
 *            begin            lock held by another         it has ended
 *   (free) --------> [open] -----------------------> [waiting] ---------> [open]
 *      ^               | commit with changes
 *      |               '--------------------> [committing] --flushed--.
 *      '---- end: changes dropped or written, locks released <--------'
 *
 * A statement outside of a transaction runs in one of its own (client id 0), committed at once.
 *
 * [I1] A row or unique key is locked by at most one transaction, from its first change until it ends;
 *      others wait in the order in which they came.
 * [I2] A transaction waits for at most one lock; a wait that would close a circle is refused.
 * [I3] Only transactions that wait or commit keep a request.
 *
 * Pools and queues are in grown memory that outlives a crash; their contents do not: sessions_clear.
 */
#ifndef MODELS_STORE_SESSIONS_H
#define MODELS_STORE_SESSIONS_H

#include "models/store/operation.h"
#include "sim/base/map.h"
#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSION_NONE UINT32_MAX

enum transaction_state {
  TRANSACTION_FREE,
  TRANSACTION_OPEN,
  TRANSACTION_WAITING,
  TRANSACTION_COMMITTING,
};
enum write_kind {
  WRITE_PUT,
  WRITE_APPLY,       /* what an operation makes of its own row: its effect */
  WRITE_APPLY_OTHER, /* what it makes of the second row that it has */
  WRITE_UNIQUE,
  WRITE_DELETE,
  WRITE_OUTBOX_INSERT, /* these four: outbox_table.h; key = id */
  WRITE_OUTBOX_PUBLISHED,
  WRITE_OUTBOX_CURSOR, /* value = id */
  WRITE_OUTBOX_GONE,
};
static inline bool write_is_outbox(enum write_kind kind) { return kind >= WRITE_OUTBOX_INSERT; }

/* A change of a row: PUT writes `value`, APPLY what the operation of `intent` makes of it. */
struct write {
  uint64_t key, intent;
  int64_t value;
  uint32_t table, next; /* next: of its transaction, or free */
  enum write_kind kind;
  enum operation operation; /* WRITE_APPLY, WRITE_APPLY_OTHER */
};
struct transaction {
  enum transaction_state state;
  uint16_t node; /* who began it, over which connection */
  uint32_t incarnation, epoch;
  uint32_t id;         /* the client's number of it; 0 = a single statement */
  uint32_t generation; /* of this place: tells a stale timer */
  uint32_t first_write, last_write, first_lock;
  uint32_t waits_for; /* lock */
  uint32_t next;      /* in the queue of that lock, or of commits, or free */
  struct message *request;
  uint32_t timer;
  uint32_t wait_timer; /* of its statement, once that has waited */
  int64_t active_at, ready_at; /* ns: last statement; commit: its service has ended */
  uint64_t snapshot;    /* of isolation.h, as is: */
  uint32_t first_touch;
};
struct lock {
  uint64_t row; /* key of the map */
  uint32_t owner, first_waiting, last_waiting;
  uint32_t next;          /* of its owner, or free */
  uint32_t next_released;
  bool released; /* is in the list of those whose queue is still to be served */
};
struct sessions {
  struct transaction *transactions;
  struct write *writes;
  struct lock *locks;
  size_t transaction_capacity, write_capacity, lock_capacity;
  uint32_t transaction_count, write_count, lock_count; /* places ever used */
  uint32_t free_transaction, free_write, free_lock;
  uint32_t live;
  uint32_t released; /* locks whose queue is still to be served */
  uint32_t first_commit, last_commit;
  struct map by_client; /* node, incarnation, id -> transaction + 1 */
  struct map by_row;    /* table, key -> lock + 1 */
};

void sessions_clear(struct sessions *sessions); /* keeps memory */
void sessions_free(struct sessions *sessions);

/* Begins a transaction for the sender of a request. */
uint32_t sessions_begin(struct sessions *sessions, const struct message *request, uint32_t id,
                        int64_t now_ns);
/* The sender's open transaction, or SESSION_NONE. */
uint32_t sessions_find(const struct sessions *sessions, const struct message *request, uint32_t id);

enum lock_result { LOCK_TAKEN, LOCK_WAITS, LOCK_DEADLOCK };
/* Locks a row for a transaction. LOCK_WAITS: it stands in the queue now; its request must be kept. */
enum lock_result sessions_lock(struct sessions *sessions, uint32_t transaction, uint32_t table,
                               uint64_t key);
/* Whether another transaction has locked a row. */
bool sessions_is_locked(const struct sessions *sessions, uint32_t transaction, uint32_t table, uint64_t key);
void sessions_write(struct sessions *sessions, uint32_t transaction, const struct write *write);

/* A row or unique key as a number, not 0. */
uint64_t sessions_row(uint32_t table, uint64_t key);
/* Whether a unique key is there for the transaction, if `exists` says so of what is committed. */
bool sessions_unique(const struct sessions *sessions, uint32_t transaction, uint32_t table, uint64_t key,
                     bool exists);
/* What a write makes of its row; not of a unique key. */
void write_change(const struct write *write, struct row *row);
/* What a committed row becomes by the transaction's own changes. */
void sessions_overlay(const struct sessions *sessions, uint32_t transaction, uint32_t table,
                      uint64_t key, struct row *row);

/* Ends a transaction: frees its changes, leaves a queue that it stands in, releases its locks. Then
 * sessions_wake, until it returns SESSION_NONE, gives the next transaction that may go on. */
void sessions_end(struct sessions *sessions, uint32_t transaction);
uint32_t sessions_wake(struct sessions *sessions);

/* The queue of commits, in order. */
void sessions_queue_commit(struct sessions *sessions, uint32_t transaction, int64_t ready_ns);
void sessions_dequeue_commit(struct sessions *sessions);

#endif
