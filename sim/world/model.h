/* What a model is to the world: tables.
 *
 * A system (a row of models/registry.h) says which component runs on each role, which messages it
 * sends, which keys it has and what it claims. A component is a state table: for every state and every
 * message a function, or NULL: a message that no state expects is a protocol breach and stops the run
 * by name. One node holds up to NODE_PORTS components: port 0 is the system's, port 1 what works above it
 * (the handler host on consumers, a publisher's application on producers, its relay on relays) or nothing.
 */
#ifndef SIM_WORLD_MODEL_H
#define SIM_WORLD_MODEL_H

#include "sim/base/err.h"
#include "sim/base/schema.h"
#include "sim/kernel/time.h"
#include "sim/world/call.h"
#include "sim/world/claim.h"
#include "sim/world/point.h"
#include "sim/world/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_context;
struct dg_message;
struct local_kind;
struct message;
struct node;
struct plan;
struct program;
struct world;

#define NODE_NOBODY UINT16_MAX /* no node's id */

enum link_kind { LINK_KIND_CONNECTION, LINK_KIND_PER_REQUEST, LINK_KIND_DATAGRAM, LINK_KIND__COUNT };

struct message_kind {
  const char *name;
  uint32_t sent, received; /* generic or own points stated at send and at arrival; POINT_NONE */
  bool operation; /* luck keyed by the lowest operation it carries; else a control request */
  bool reply;     /* answers a request: counts as a round trip */
};

typedef void message_fn(struct world *world, struct node *node, struct message *message);
typedef void timer_fn(struct world *world, struct node *node, uint64_t argument);

/* Which side of the process's life `start` is called at. */
enum start_reason { START_FIRST, START_AGAIN };

struct operation_request; /* sim/world/workload.h */

struct component {
  const char *name;
  /* Builds the volatile state in node->arena (node->state[port]); node->disk[port] is as the crash
   * left it (NULL at START_FIRST of the world's first run). */
  void (*start)(struct world *, struct node *, enum start_reason);
  /* on[stage * message_count + message kind]; NULL = no stage expects it there. */
  message_fn *const *on;
  const char *const *stage_names;
  uint16_t stage_count, message_count;
  const struct message_kind *messages;
  timer_fn *const *on_timer; /* [timer kind] */
  const char *const *timer_names;
  uint16_t timer_count;
  /* Optional: room that `start` needs in the arena, bytes; default 64 KiB. */
  size_t (*arena_bytes)(const struct plan *);
  /* Optional, servers: CPU time of serving a request, ns. Requests then queue for the node's cores. */
  int64_t (*cost)(const struct world *, const struct message *);
  /* Optional, producers: the application asks for an operation. */
  void (*submit)(struct world *, struct node *, const struct operation_request *);
  /* Optional, of what submits to the component below it: its call with this tag has ended (call.h). */
  void (*returned)(struct world *, struct node *, uint64_t tag, enum outcome);
  /* Optional. SIGTERM, to the topmost component that has it: finish, then pass it on to the one below, or
   * call node_exit. Where none has it the process exits at once. */
  void (*terminate)(struct world *, struct node *);
  /* Optional. A connection to `peer` broke: requests under way there are of unknown fate. */
  void (*disconnected)(struct world *, struct node *, uint16_t peer);
  /* Optional. How many requests, deliveries, leases or unsynced writes are under way: what a crash or
   * a drain perturbs. */
  uint32_t (*busy)(const struct world *, const struct node *);
  /* Optional. The process dies now. `power`: so does the page cache: drop what was not synced from
   * node->disk. The volatile state is still readable; no messages, no timers from here. */
  void (*crash)(struct world *, struct node *, bool power);
  /* Optional. The machine died with its disk; called after `crash`, with power lost. States EFFECT_UNDONE
   * of what is gone, gives up what was held for it, and empties node->disk as for a first start. Without
   * it a lost disk is no more than lost power: data that the contract keeps elsewhere. */
  void (*disk_lost)(struct world *, struct node *);
  /* Optional, consumers: the host has finished the record submitted with this tag; status is
   * enum dg_status. */
  void (*handled)(struct world *, struct node *, uint32_t tag, int status);
  /* Optional, consumers: the handler of this tag wants its record acknowledged now, whatever it returns
   * later. */
  void (*acknowledge)(struct world *, struct node *, uint32_t tag);
  /* Optional, consumers: likewise, with everything that was handed out before it (dg_ack_all). */
  void (*acknowledge_all)(struct world *, struct node *, uint32_t tag);
  /* Optional, consumers: a handler publishes the result of `intent`; returns enum dg_status at once. */
  int (*publish)(struct world *, struct node *, uint32_t tag, uint64_t intent, uint32_t key);
  /* Optional. A fault that only the system understands (failover, move_coordinator, redeliver) strikes this node, or
   * ends (both are instants and only begin). A step of its own; the node may be down or paused: its state
   * is not there then (node->alive). faults_rules(world, fault) has the verb and its keys. Returns how many
   * things under way it perturbed. */
  uint32_t (*struck)(struct world *, struct node *, uint32_t fault, bool begins);
  /* Optional: at the end of a run: state STATE facts. */
  void (*finish)(struct world *, struct node *);
  /* Optional: empties node->disk[port] for another run (keeping memory), and frees it for good. */
  void (*disk_reset)(struct world *, struct node *);
  void (*disk_free)(struct node *);
};

/* What not every system tells of a message (struct dg_message). */
enum message_says {
  SAYS_OFFSET = 1, /* its partition and place there, in whose order it comes */
  SAYS_FENCE = 2,  /* a number that rises with whoever gets the work next */
};

struct link_rule {
  bool used;
  enum link_kind kind;       /* the default */
  uint32_t allowed;          /* bit (1 << enum link_kind) */
};

struct system {
  const char *name, *about;
  const char *stands_for; /* a generic name: what it is an alias of, in words; else NULL */
  const struct key *keys;
  size_t key_count;
  /* Optional: relations between keys. Sets message and note, no place. */
  bool (*check)(const struct plan *, struct err *);
  const struct component *components[ROLE__COUNT]; /* NULL = no node of this role */
  const struct component *host; /* port 1 of consumers: runs the handler */
  struct link_rule links[LINK__COUNT];
  const struct point_row *points; /* own, ids from POINT_GENERIC__COUNT */
  size_t point_count;
  const char *handler; /* default of the `handler` slot */
  uint32_t allows;     /* CLAIM_BIT()s: the anomalies of its contract */
  uint32_t no_power_loss; /* 1u << enum role: its contract assumes that these do not lose power */
  bool groups;         /* it delivers every operation to each of several groups of consumers */
  uint32_t says;       /* enum message_says: what its messages tell a handler */
  uint32_t verbs;      /* 1u << enum verb: faults of its own that it understands, see `struck` */
  /* Optional: the id of the node that `broker.leader` is now, NODE_NOBODY when there is none; default
   * broker.1. Asked between two events: it may read every node. */
  uint16_t (*leader)(const struct world *);
  /* Likewise `broker.coordinator`; without it, that is not applicable to the system. */
  uint16_t (*coordinator)(const struct world *);
  const char *ack;     /* which message its generic `ack-sent` is, in words */
  /* Optional: how many controllers a plan has, apart from what the topology says; default none. */
  uint32_t (*controllers)(const struct plan *);
  /* The longest timeout of its own settings, for drain_limit: plan_longest_timeout adds the stores'. */
  struct span (*longest_timeout)(const struct plan *);
};

/* What a formula says of a metric, for charts over swept keys: never for a result. */
struct closed_form {
  const char *name; /* as it stands in a chart */
  /* The metric's value in a run of this plan along a key of the handler: as an expression of gnuplot in x,
   * the key's number. False: it says nothing of them. */
  bool (*write)(const struct plan *, const char *metric, const char *key, char *out, size_t size);
};

/* A handler: a pattern of the source, in models/handlers. */
struct handler {
  const char *name, *about;
  const struct key *keys;
  size_t key_count;
  int (*handle)(struct dg_context *, const struct dg_message *); /* enum dg_status */
  uint32_t forbids; /* anomalies that it takes out of the system's allowed set */
  uint32_t uses;    /* HANDLER_USES()s: stores that its calls go to */
  const char *waits; /* its key that says how long a message may have to wait until it is handled; or NULL */
  const struct local_kind *local; /* what its process remembers keys in; NULL = it does not */
  const struct closed_form *closed_form; /* optional */
  uint32_t needs;   /* enum message_says: what it reads of a message beyond id, key and idempotency key */
  bool commits; /* the group is a service: its database states COMMITTED, and the effect is the event of it in
                   the output topic */
  struct program *program; /* sim/handler/program.h: the user's own, which is asked instead of `handle`; NULL */
  bool reads_clock;   /* it asks for the time (dg_now), which skew_clock puts wrong; the user's own program always may */
  bool reads_replica; /* it reads a replica of its database; the user's own program always may */
  bool works_first; /* its first call is dg_work: the host makes it before the handler has a stack to leave */
  bool emits;   /* that event leaves through the outbox of this database: it takes a publisher `of_consumers` */
};
#define HANDLER_USES(role) (UINT32_C(1) << ROLE_##role)

/* A publisher: what an application does to have an operation in its database and published, in
 * models/outbox. `direct` has nothing of its own: the system's producer gets the operation. */
struct publisher {
  const char *name, *about;
  const struct key *keys;
  size_t key_count;
  const struct component *application; /* on producers, port 1: has `submit`; NULL = they only submit */
  const struct component *relay;       /* on relays, port 1, above the system's producer; NULL = no relays */
  bool database;   /* the service has a database, which states COMMITTED */
  bool reads_log;  /* the relay reads its log, through a slot that is there from the beginning */
  bool of_consumers; /* the service is the consumers' group: the relay reads the group's database and
                        publishes to the output topic */
  uint32_t allows; /* CLAIM_BIT()s that it adds to what the system's contract allows */
  /* Optional: the longest time that its settings make it wait, for drain_limit. */
  struct span (*longest_wait)(const struct settings *);
};

/* A store: a database, cache or provider, in models/store. */
struct store {
  const char *name, *about;
  const struct key *keys;
  size_t key_count;
  enum role role;
  const struct component *component;
  struct link_rule link; /* of who calls it; a database is called over a connection */
  uint32_t verbs;        /* 1u << enum verb: faults of its own that it understands, see `struck` */
  /* The longest timeout of its settings, for drain_limit; NULL = none. */
  struct span (*longest_timeout)(const struct settings *);
};

#endif
