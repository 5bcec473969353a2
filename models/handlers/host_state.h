/* The state of a handler host, and what its files share. See host.h. */
#ifndef MODELS_HANDLERS_HOST_STATE_H
#define MODELS_HANDLERS_HOST_STATE_H

#include "models/handlers/host.h"
#include "sim/base/likely.h"
#include "sim/handler/dgsim.h"
#include "sim/handler/execute.h"
#include "sim/handler/fiber.h"
#include "sim/handler/program.h"
#include "sim/world/handler_call.h"

/* A thread's transaction, as the consumer sees it. */
enum client_transaction {
  CLIENT_TRANSACTION_NONE,
  CLIENT_TRANSACTION_BEGUN,  /* the database has not heard of it yet */
  CLIENT_TRANSACTION_OPEN,
  CLIENT_TRANSACTION_BROKEN, /* it will never commit; the database may still hold it */
};

/* What every call of every message needs comes first, then the message, then what only some calls need. */
struct thread {
  struct dg_context context; /* first: what the handler gets points to its thread */
  struct fiber *fiber; /* while it has a handler that has not returned; NULL */
  struct world *world;
  struct node *node;
  const struct handler *handler; /* the group's, and its keys' values */
  uint64_t intent; /* the operation that it is, whatever the message says */
  int64_t now;     /* ns, by the consumer's clock, when it was last resumed */
  const char *about; /* the name of its table in words, or another argument, while the call is made; NULL */
  uint32_t index, tag;
  enum handler_call call;
  int status;      /* what the call returns */
  int returned;   /* what the handler returned */
  uint32_t next_free;
  enum client_transaction transaction;
  bool read_clock; /* since it was last resumed */
  bool running;
  bool calling;    /* a call is under way */
  bool works_first; /* see sim/world/model.h */
  bool worked;     /* and its first call has been made ahead of the handler */
  bool again;      /* it is to be done once more when the thread wakes */
  bool cut_off;    /* its connection broke, see `disconnected` of host.c */
  struct dg_message message;
  const struct settings *settings;
  void *process;   /* of the user's program that has the message; NULL */
  uint64_t handed_most; /* messages that it is handed in a run */
  char *body;      /* room for what it says; NULL: nobody reads it */
  uint32_t calls;  /* that it has made for this message */
  uint32_t transaction_id;
  uint64_t table;  /* arguments of the call: hash of the table's name */
  uint64_t key;
  int64_t value;
  int64_t ttl;     /* ns */
  int64_t expected; /* of a conditional write */
  dg_perform *perform; /* what a call of execute.h does, and with what */
  void *argument;
  int64_t result;  /* what it read */
  uint32_t awaiting; /* correlation of the request under way, 0 = none */
  uint32_t round;    /* of correlations */
  uint32_t timer;    /* of the request under way */
  uint16_t asked;    /* node that it went to */
};
/* What every message needs comes last, where the first thread follows in memory. */
struct host {
  void *process; /* of the user's program (sim/handler/program.h); NULL = not started */
  const struct local_kind *local_kind; /* of the keys that the process remembers itself; NULL = none */
  void *local;                         /* in the arena */
  int64_t local_held;                  /* bytes of it, as accounted */
  uint32_t transactions; /* numbered so far */
  uint16_t lanes[ROLE__COUNT]; /* of the timeouts of calls, by the role of who is asked */
  uint32_t thread_count;
  void *fibers; /* of all consumers */
  struct thread *threads;
  uint32_t running, free_thread;
  uint32_t thread_bits;  /* low bits of a correlation: the thread */
  bool submitting;
};

enum { HOST_TIMER_WAKE, HOST_TIMER_ANSWER, HOST_TIMER_RETURNED, HOST_TIMER__COUNT };

static inline struct host *host_of(const struct node *node) { return node->state[HOST_PORT]; }

extern const struct dg_host_api host_api; /* what handlers call: each suspends its fiber */

/* One call: what it does, and how its thread learns what came of it. */
struct call_row {
  /* true = done, thread->status is set; false = it waits. */
  bool (*perform)(struct world *, struct node *, struct thread *);
  /* Optional, of calls that ask a store: its answer, behind status and value; and that none came. */
  void (*answered)(struct thread *, const struct message *);
  void (*unanswered)(struct thread *);
  bool at_once; /* it never waits */
};

/* Whether a fault or an observer waits for the steps of handlers. */
static inline bool host_step_seen(const struct world *world) {
  return world_armed(world, POINT_HANDLER_STEP) || UNLIKELY(world->observer != NULL);
}

/* Does what a suspended handler asked for: true = done, thread->status is set; false = it waits. */
bool host_perform(struct world *world, struct node *node, struct thread *thread);
/* On the fiber: makes a call that never waits, where nobody looks on and no fault may strike at its point. False:
 * the host makes it, or, when its node has died of it, the handler is not to go on. */
bool host_call_at_once(struct thread *thread);
/* Whether its call asks somebody else, and so can be refused, or lose its answer. */
bool host_call_may_fail(const struct thread *thread);
/* What a call is told that a fault has failed: before it was made, or after. */
void host_call_failed(struct world *world, struct node *node, struct thread *thread, enum call_error error,
                      bool made);
/* The request under way got no answer: sets status. */
void host_interrupted(struct world *world, struct thread *thread);
/* An answer of a store. */
void host_answered(struct world *world, struct thread *thread, const struct message *answer);

/* For the files with calls: a request of this thread to a store's node, and sending it. The latter
 * returns false: the thread waits. */
struct message *host_request(struct world *world, const struct node *node, const struct thread *thread,
                             const struct node *store, uint16_t kind);
bool host_ask(struct world *world, struct node *node, struct thread *thread, struct message *message);
static inline bool host_done(struct thread *thread, int status) {
  thread->status = status;
  return true;
}

/* --- host_database.c --- */

extern const struct call_row host_database_calls[CALL__COUNT];
/* The handler has returned: lets go of a transaction that it left open. */
void host_abandon_transaction(struct world *world, struct node *node, struct thread *thread);

/* --- host_program.c: the user's own program --- */

size_t host_program_bytes(const struct plan *plan); /* of a node's arena */
void host_program_start(struct world *world, struct node *node);
/* Fills in what a message says that a user's program reads. */
void host_program_message(struct world *world, struct node *node, struct thread *thread);
/* On the fiber. */
int host_program_handle(struct thread *thread);
/* It calls once more. False: it has done so too often, and gets no answer any more. */
bool host_program_calls(struct thread *thread);
void host_program_terminate(struct world *world, struct node *node);
/* The node's process has died, or the run is over. */
void host_program_crash(struct world *world, struct node *node);
void host_program_over(struct world *world, struct node *node);

/* --- host_cache.c --- */

extern const struct call_row host_cache_calls[CALL__COUNT];
/* --- host_provider.c --- */

extern const struct call_row host_provider_calls[CALL__COUNT];
struct span host_provider_timeout(const struct world *world);
/* --- host_local.c: the keys that the process remembers itself --- */

extern const struct call_row host_local_calls[CALL__COUNT];
size_t host_local_bytes(const struct plan *plan); /* of a node's arena */
void host_local_start(struct world *world, struct node *node);
void host_local_crash(struct world *world, struct node *node);

#endif
