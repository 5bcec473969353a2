/* The state of a database node, and what its files share. See database.h. */
#ifndef MODELS_STORE_DATABASE_STATE_H
#define MODELS_STORE_DATABASE_STATE_H

#include "models/store/database.h"
#include "models/store/isolation.h"
#include "models/store/change_log.h"
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
    bool open;       /* counts for max_connections */
  } connections[PEER_CONNECTIONS]; /* by epoch */
  uint32_t broken; /* epochs below this are known to be broken */
};
/* One write that the disk may yet lose, with what was there before it. */
struct undo {
  enum write_kind kind;
  bool existed;
  bool unique; /* DELETE: there was a unique key, too */
  uint32_t table;
  uint64_t key, intent;
  int64_t before;
  uint64_t commit; /* whose write it is: its number, from 1 */
  int64_t at;      /* ns: when it was committed */
  bool deleted;    /* the job deleted this unique key, the oldest */
  struct outbox_row row; /* of an outbox table's writes: as it was */
};

/* When a unique row was inserted: kept in this order where rows have a retention. */
struct aged {
  uint64_t key;
  int64_t at; /* ns */
  uint32_t table;
};
#define NOT_ASKED INT64_MAX
/* A change that a replica may not have seen yet, and what a SELECT found before it. */
struct recent {
  uint64_t key;
  int64_t before;
  int64_t at; /* ns */
  uint64_t commit;
  uint32_t table;
  bool existed;
};

struct database {
  struct tables tables;     /* durable */
  struct outbox_table outbox; /* durable; of a service's database */
  struct change_log changes;  /* likewise, of one whose log is read */
  struct message *reader;     /* volatile: who waits for the next change, or NULL */
  struct undo *undo;        /* writes of commits from `flushed` + 1 on, or all of them; in order */
  size_t undo_count, undo_capacity;
  uint64_t commits, flushed; /* how many there were; so many of them no power loss takes back */
  bool remembers;            /* the disk itself may go, or a standby take over: keeps the undoing of all commits */
  bool lied;                 /* the flush that is being written down: it is not on the disk */
  bool states_commits;       /* an operation that it applies is COMMITTED, no EFFECT */
  int64_t retention, prune_every; /* ns; 0 = rows are kept for ever */
  struct aged *aged;              /* [aged_first, aged_end): rows with a retention */
  size_t aged_first, aged_end, aged_capacity;
  int64_t behind; /* ns that a replica is behind; 0 = not at all, or nobody reads one */
  struct recent *recent; /* [recent_first, recent_end): changes that it may not have seen; durable, as it is */
  size_t recent_first, recent_end, recent_capacity;
  struct sessions sessions; /* volatile, as is all below */
  struct isolation isolation;
  struct peer *peers;       /* by node id; in the arena */
  int64_t connections;      /* open ones */
  bool flushing;
  int64_t flush_started; /* ns; may be still to come */
  uint16_t idle_lane, wait_lane;
  bool prune_armed;
  int64_t prune_asked; /* ns: since then the job waits for a flush; NOT_ASKED */
};

enum { TIMER_FLUSH, TIMER_IDLE, TIMER_PRUNE, TIMER_WAIT, TIMER__COUNT };

static inline struct database *database_of(const struct node *node) { return node->disk[0]; }
static inline struct transaction *transaction_at(struct database *database, uint32_t index) {
  return &database->sessions.transactions[index];
}
static inline uint32_t client_id(const struct message *request) { return (uint32_t)request->d; }

/* --- database_connection.c --- */

/* A connection to this client broke: its transactions are rolled back when all that was sent on it came. */
void database_disconnected(struct world *world, struct node *node, uint16_t peer);
/* Before each request, and after it: the last that a broken connection brings closes it. */
void database_note_seen(struct world *world, struct node *node, const struct message *request);
void database_close_if_last(struct world *world, struct node *node, uint16_t peer, uint32_t epoch);
/* Whether a statement's connection is open, or may be: max_connections. */
bool database_connects(struct world *world, struct node *node, const struct message *request);

/* --- database_statement.c --- */

void database_answer(struct world *world, struct node *node, const struct message *request,
                     int status, int64_t value);
uint32_t database_begin(struct world *world, struct node *node, const struct message *request);
/* Its statement waits for nobody any more: no timeout cancels it. */
void database_wait_over(struct world *world, struct transaction *transaction);
/* Ends a transaction, written or not, and lets those go on who waited for it. */
void database_end(struct world *world, struct node *node, uint32_t index);
void database_abort(struct world *world, struct node *node, uint32_t index);
enum locked { LOCKED, LOCKED_KEPT, LOCKED_REFUSED }; /* kept: the request waits; refused: it is answered */
enum locked database_lock(struct world *world, struct node *node, uint32_t index, struct message *request,
                          uint32_t table, uint64_t key);
/* A change of one row or unique key; and: all changes of a statement are noted, it is answered or, when it is
 * its own transaction, committed. They return whether the request is kept. */
bool database_change(struct world *world, struct node *node, uint32_t index, struct message *request,
                     const struct write *write);
bool database_noted(struct world *world, struct node *node, uint32_t index, struct message *request);
/* Executes a statement of an open transaction. Returns whether the request is kept. */
bool database_execute(struct world *world, struct node *node, uint32_t index,
                      struct message *request);

/* Rolls back the transaction of a statement that cannot be done, and answers DG_FAILED. */
void database_refuse(struct world *world, struct node *node, uint32_t index,
                     const struct message *request);
/* Rolls back what cannot be serialized, and answers so. */
void database_conflict(struct world *world, struct node *node, uint32_t index,
                       const struct message *request);

/* --- database_condition.c --- */

/* A row as the transaction sees it; *out = 0 where there is none, or a unique key alone. */
bool database_row(const struct database *database, uint32_t index, uint32_t table, uint64_t key,
                  int64_t *out);
bool database_has_unique(const struct database *database, uint32_t index, uint32_t table, uint64_t key);
/* Whether a change may be made, as the transaction sees its row: DG_OK, or what the statement answers. */
int database_condition(const struct database *database, uint32_t index, const struct message *request,
                       const struct write *write);

/* --- database_apply.c: an operation. Returns whether the request is kept --- */

bool database_apply(struct world *world, struct node *node, uint32_t index, struct message *request,
                    struct write *own);

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
/* Something waits for a flush: starts one, unless one is under way, which then is followed by another. */
void database_want_flush(struct world *world, struct node *node);

/* --- database_prune.c: the retention of unique rows --- */

void database_prune_start(struct world *world, struct node *node);
/* A unique row is there, and accounted; and what takes that back, newest first. */
void database_row_inserted(struct world *world, struct node *node, uint32_t table, uint64_t key);
void database_row_uninserted(struct world *world, struct database *database);
/* Takes back the deletion of the row that was deleted last; `existed`: it had not been deleted by others before. */
void database_row_undeleted(struct world *world, struct database *database, bool existed);
timer_fn database_on_prune;
/* The flush that the job waited for has ended. */
void database_prune(struct world *world, struct node *node);

/* --- database_undo.c: what the disk may yet lose --- */

/* To be called for each write, before it is made. */
void database_note(struct database *database, const struct write *write, int64_t now_ns);
void database_note_deleted(struct database *database, const struct aged *row, int64_t now_ns);
/* A true flush: everything committed so far is on the disk. */
void database_note_flushed(struct database *database);
/* Takes back all commits behind the first so many: a fault has hit. */
void database_undo(struct world *world, struct node *node, uint64_t commits);
/* Takes back those that are younger than `at`. Returns how many. */
uint32_t database_undo_since(struct world *world, struct node *node, int64_t at_ns);
void database_disk_lost(struct world *world, struct node *node);

/* The process dies: writes those of the flush under way that survive. */
void database_salvage(struct world *world, struct node *node, bool power);

/* --- database_replica.c: reads of a replica --- */

void database_replica_start(const struct world *world, struct node *node);
void database_replica_clear(struct database *database);
/* To be called for each change of a row or unique key, before it is made; and: commits behind the first so many
 * are taken back. */
void database_replica_note(struct database *database, uint32_t table, uint64_t key, int64_t now_ns);
void database_replica_undo(struct database *database, uint64_t commits);
message_fn database_replica_read;

/* --- database_rows.c: what is there in the end, to who looks on --- */

void database_show_rows(const struct world *world, const struct node *node);

/* --- database_slot.c --- */

message_fn database_slot_read, database_slot_create, database_slot_confirm;
/* Tells who waits what has changed since. */
void database_serve_reader(struct world *world, struct node *node);
void database_drop_reader(struct world *world, struct database *database);

/* --- database_failover.c --- */

uint32_t database_struck(struct world *world, struct node *node, uint32_t fault, bool begins);

#endif
