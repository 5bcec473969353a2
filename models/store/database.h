/* The transactional database of a consumer group, or of the service that the producers are (node->service),
 * in the manner of PostgreSQL.
 *
 *   handler host                        database
 *      | INSERT_UNIQUE (begins) ---------->|  locks the key, or waits for who holds it
 *      |<------------------------- ANSWER  |
 *      | APPLY --------------------------->|  locks the row; nobody else sees the change
 *      |<------------------------- ANSWER  |
 *      | COMMIT -------------------------->|  into the next flush of the write-ahead log
 *      |<------------------------- ANSWER  |  when it has ended: durable and visible from here
 *
 * A transaction is begun by its first statement (as drivers do, which send BEGIN along with it) and
 * belongs to the connection that it came on. Transaction 0 is a single statement, committed at once.
 *
 * Durable: balances, rows, unique keys, as of the commits whose flush has ended; after a kill also of
 * those in the flush that was under way: the operating system has that write and finishes it.
 * Volatile: open and waiting transactions, locks, commits that wait for the next flush.
 *
 * [I1] Read committed: a transaction's changes are seen by others from its commit's end on, not before.
 * [I2] Of two transactions that write one row or insert one unique key, the later waits until the
 *      earlier has ended; an insert then finds the key there, or takes it. It waits for who deletes it, too.
 * [I3] EFFECT is stated at a commit's end, once for each operation that it applies; what a power loss
 *      interrupts was never stated, so nothing of it has to be undone. Only what a flush lied about is:
 *      all commits since the last true flush go with the power, and EFFECT_UNDONE says which.
 * [I4] Flushes follow each other; commits that come during one share the next (group commit). Each
 *      commit with changes counts as one durable write, however many share a flush; a commit without
 *      changes is free.
 * [I5] A broken connection rolls its transactions back, after what had been sent on it before has been
 *      executed. A client that fell silent (its machine lost power) keeps its locks until
 *      idle_in_transaction_session_timeout.
 * [I6] A statement of a transaction that is not open (any more) answers DG_FAILED.
 * [I7] A unique key of a unique table is accounted with DATABASE_UNIQUE_ROW_BYTES as dedup memory, from
 *      its commit until it is deleted: at the first time of the job (a multiple of prune_every) at which it
 *      is older than the handler's retention; 0s is for ever. A natural key is not: it is the row itself.
 * [I8] A conditional write and a delete look for what is committed. When they find it they wait for who holds
 *      the row, and then go by what stands there; a write that expects 0, of no row, is an insert as in [I2]. A
 *      delete takes row and unique key.
 * [I9] Serializable: see isolation.h. A transaction that fails answers DG_CONFLICT and is rolled back.
 * [I10] No more than max_connections are open; a statement on a further one answers DG_FAILED (PostgreSQL:
 *      too many clients already). A pool that queues for them would be the client's.
 * [I11] The insert of a row under a natural key that is there fails: the statement answers DG_EXISTS and
 *      its transaction is rolled back, as after any error in PostgreSQL. DATABASE_INSERT_UNIQUE is an
 *      INSERT … ON CONFLICT DO NOTHING: it answers the same and the transaction goes on.
 * [I12] A transfer locks both rows before it changes one, the lower key first; its effect is one.
 * [I13] A service's database, and that of a group whose handler `commits`, states COMMITTED and
 *      COMMITTED_UNDONE where others state EFFECT and EFFECT_UNDONE, and no STATE. They alone have an outbox
 *      table: outbox_table.h, database_outbox.c.
 * [I14] A statement that has waited for locks for statement_timeout, all in all, is cancelled: it has done nothing,
 *      answers DG_FAILED, and its transaction is rolled back (PostgreSQL: canceling statement due to statement
 *      timeout). Its caller's patience, socket_timeout, is another: the statement goes on without it.
 *
 * The fault `failover` has a standby take over at this node: connections break, and what was open or waited
 * for a flush is gone. `election: clean` is a switchover, or a synchronous standby: what was committed is
 * there. `unclean`: the standby replicates asynchronously and lacks the commits of the last
 * replication_delay; they are undone as if they had never been. DATABASE_GET_REPLICA reads what that standby
 * has, as long as it follows (database_replica.c). A replication slot is not on the standby
 * unless sync_replication_slots says so.
 *
 * LIMIT: a standby takes over at once, and only at a node that is up. No vacuum, no checkpoint stalls.
 * A flush that fails is a PANIC (PostgreSQL 12; data_sync_retry off): the process stops, whoever waited
 * for that flush gets no answer, and recovery, from the log that is on the disk, does not know of it.
 * LIMIT: on a real machine the failed write may still be in the page cache, and then recovery finds it.
 * LIMIT: all threads of a consumer share one connection: a reset breaks all their transactions.
 * LIMIT: a caller whose socket_timeout is over gives up the statement (PostgreSQL's JDBC driver: the connection).
 * LIMIT: statement_timeout counts waiting only, which is all that takes long here.
 * LIMIT: a deadlock is found at once (PostgreSQL: after deadlock_timeout, 1 s); the later waiter's
 *        transaction is rolled back.
 * LIMIT: a waiting transaction of a broken connection ends at once (PostgreSQL: when its wait ends); a
 *        single statement that waits is executed nevertheless.
 */
#ifndef MODELS_STORE_DATABASE_H
#define MODELS_STORE_DATABASE_H

#include "models/store/wire.h"
#include "sim/world/world.h"

/* A row with its index entry: 24 bytes tuple header, 8 id, 4 line pointer; the index 12 more. */
#define DATABASE_UNIQUE_ROW_BYTES 48

enum database_key {
  KEY_DATABASE_SOCKET_TIMEOUT,
  KEY_DATABASE_STATEMENT_TIMEOUT, /* 0 = none */
  KEY_DATABASE_IDLE_TIMEOUT,
  KEY_DATABASE_ISOLATION, /* enum isolation_level */
  KEY_DATABASE_MAX_CONNECTIONS,
  KEY_DATABASE_SLOT_KEEPS,
  KEY_DATABASE_REPLICATION_DELAY,
  KEY_DATABASE_SYNC_SLOTS,
  KEY_DATABASE__COUNT
};
enum isolation_level { ISOLATION_READ_COMMITTED, ISOLATION_SERIALIZABLE };

static inline int64_t database_setting(const struct world *world, enum database_key key) {
  return world->plan->database.settings.values[key].i;
}

extern const struct component database_component;
extern const struct store store_transactional;

#endif
