/* The state of a database node, and what its files share. See database.h. */
#ifndef MODELS_STORE_DATABASE_STATE_H
#define MODELS_STORE_DATABASE_STATE_H

#include "models/store/database.h"
#include "models/store/outbox_table.h"
#include "models/store/sessions.h"
#include "models/store/tables.h"

/* What is known of a client's connections: requests of the current one and of some before may come. */
#define PEER_CONNECTIONS (LINK_OLD_EPOCHS + 1)
struct peer {
  struct peer_connection {
    uint32_t number; /* its epoch + 1; 0 = none yet */
    uint64_t seen;   /* sequence of the last request executed */
    uint64_t limit;  /* of the last that a broken connection will still bring */
    bool closing;    /* broken, and something is still to come */
  } connections[PEER_CONNECTIONS]; /* by epoch */
  uint32_t broken; /* epochs below this are known to be broken */
};
/* One write that the disk may yet lose, with what was there before it. */
struct undo {
  enum write_kind kind;
  bool existed;
  uint32_t table;
  uint64_t key, intent;
  int64_t before;
  uint64_t commit; /* whose write it is: its number, from 1 */
  struct outbox_row row; /* of an outbox table's writes: as it was */
};

struct database {
  struct tables tables;     /* durable */
  struct outbox_table outbox; /* durable; of a service's database */
  struct undo *undo;        /* writes of commits from `flushed` + 1 on, or all of them; in order */
  size_t undo_count, undo_capacity;
  uint64_t commits, flushed; /* how many there were; so many of them no power loss takes back */
  bool remembers;            /* the disk itself may go: all commits may have to be taken back */
  bool lied;                 /* the flush that is being written down: it is not on the disk */
  struct sessions sessions; /* volatile, as is all below */
  struct peer *peers;       /* by node id; in the arena */
  bool flushing;
  int64_t flush_started; /* ns; may be still to come */
  uint16_t idle_lane;
};

enum { TIMER_FLUSH, TIMER_IDLE, TIMER__COUNT };

static inline struct database *database_of(const struct node *node) { return node->disk[0]; }
static inline struct transaction *transaction_at(struct database *database, uint32_t index) {
  return &database->sessions.transactions[index];
}
static inline uint32_t client_id(const struct message *request) { return (uint32_t)request->d; }

/* --- database_statement.c --- */

void database_answer(struct world *world, struct node *node, const struct message *request,
                     int status, int64_t value);
uint32_t database_begin(struct world *world, struct node *node, const struct message *request);
/* Ends a transaction, written or not, and lets those go on who waited for it. */
void database_end(struct world *world, struct node *node, uint32_t index);
void database_abort(struct world *world, struct node *node, uint32_t index);
/* Executes a statement of an open transaction. Returns whether the request is kept. */
bool database_execute(struct world *world, struct node *node, uint32_t index,
                      struct message *request);

/* Answers that the statement has failed, and rolls its transaction back. */
void database_refuse(struct world *world, struct node *node, uint32_t index, struct message *request);
/* The statement waits for a lock; true: the request is kept. */
bool database_wait(struct node *node, uint32_t index, struct message *request);

/* --- database_outbox.c --- */

/* As database_execute, for statements on the outbox table. */
bool database_outbox(struct world *world, struct node *node, uint32_t index, struct message *request);
void database_outbox_write(struct world *world, struct node *node, const struct write *write);
void database_outbox_note(struct database *database, const struct write *write, struct undo *undo);
void database_outbox_undo(struct world *world, struct node *node, const struct undo *undo);
void database_outbox_abandon(struct database *database, uint32_t index);

/* --- database_commit.c --- */

/* Commits an open transaction. Returns whether the request is kept. */
bool database_commit(struct world *world, struct node *node, uint32_t index,
                     struct message *request);
timer_fn database_flushed;
/* --- database_undo.c: what the disk may yet lose --- */

/* To be called for each write, before it is made. */
void database_note(struct database *database, const struct write *write);
/* A true flush: everything committed so far is on the disk. */
void database_note_flushed(struct database *database);
/* Takes back all commits behind the first so many. */
void database_undo(struct world *world, struct node *node, uint64_t commits);
void database_disk_lost(struct world *world, struct node *node);

/* The process dies: writes those of the flush under way that survive. */
void database_salvage(struct world *world, struct node *node, bool power);

#endif
