/* Serializable isolation: what transactions have read, and what has changed since.
 *
 * The rule, first committer wins: a transaction has the snapshot of its first statement. A statement that
 * touches a row or unique key which a transaction has changed that committed after that snapshot fails
 * (DG_CONFLICT), and so does a commit with changes when anything that it touched has been changed so, or is
 * by a commit that stands before it in the queue. Touched is what a statement names, read or written, there
 * or not: looking for a key that is absent and then finding it taken is a conflict. Commits are in the order
 * of their queue then, as if one had run after the other.
 *
 * PostgreSQL's serializable snapshot isolation allows more (PostgreSQL 16 manual, 13.2.3; Ports and Grittner,
 * VLDB 2012): it reads old versions from the snapshot, and a read that somebody has overwritten is no
 * failure by itself, but two such dependencies in a row are. It fails what this fails where two transactions
 * look for the same key and then both write it; an update of what was changed after the snapshot fails there
 * as here ("could not serialize access due to concurrent update").
 * LIMIT: rows are touched one by one, there are no predicates over ranges; inserts that make rows of one key
 *        touch that key, and conflict.
 *
 * [S1] Volatile; memory follows open transactions and the rows changed while any was open.
 * [S2] At read committed nothing of it is kept, and everything is allowed.
 */
#ifndef MODELS_STORE_ISOLATION_H
#define MODELS_STORE_ISOLATION_H

#include "models/store/sessions.h"
#include "sim/base/map.h"

struct touch {
  uint64_t row; /* sessions_row */
  uint32_t next; /* of its transaction, or free */
};
struct isolation {
  struct map changed; /* row -> number of the commit that changed it last */
  struct touch *touches;
  size_t capacity;
  uint32_t count, free_list;
  uint64_t commits;
  bool serializable;
};

void isolation_clear(struct isolation *isolation, bool serializable); /* keeps memory */
void isolation_free(struct isolation *isolation);

/* A statement of a transaction touches a row. False: it was changed after its snapshot. */
bool isolation_touch(struct isolation *isolation, struct transaction *transaction, uint32_t table,
                     uint64_t key);
/* Whether a transaction with changes may be queued for its commit. */
bool isolation_allows(const struct isolation *isolation, const struct sessions *sessions,
                      const struct transaction *transaction);
/* A commit's changes become visible: first that it is the next one, then each row. */
void isolation_commits(struct isolation *isolation);
void isolation_changes(struct isolation *isolation, uint32_t table, uint64_t key);
/* A transaction begins; and it is over; `live`: how many are left. */
void isolation_begins(const struct isolation *isolation, struct transaction *transaction);
void isolation_ends(struct isolation *isolation, struct transaction *transaction, uint32_t live);

#endif
