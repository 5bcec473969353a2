/* How an application or relay talks to its service's database: one request at a time for each thing that
 * it has under way, with the driver's own time limit.
 *
 *   session_request ... session_ask --answer--> session_answered
 *                          |--socket_timeout-----> on_timer of the component
 *                          '--connection broken--> session_lost, for each that waits
 *
 * A transaction is begun by its first statement and numbered by who begins it; what is not committed when
 * the connection breaks is rolled back by the database.
 *
 * LIMIT: everything of a process shares one connection, so a reset breaks all its open transactions; a pool
 *        would lose those of one connection only.
 */
#ifndef MODELS_OUTBOX_SESSION_H
#define MODELS_OUTBOX_SESSION_H

#include "models/store/wire.h"
#include "sim/world/world.h"

#define PUBLISHER_PORT 1 /* of a producer's application and of a relay */

/* A request that waits for its answer. */
struct session_wait {
  uint32_t correlation; /* 0 = none */
  uint32_t timer;
};

/* The service's database: the producers' service has its own, the consumers' is the group's. */
static inline struct node *session_database(struct world *world) {
  return world_node(world, ROLE_DATABASE, plan_services(world->plan) ? world->plan->counts[ROLE_DATABASE] : 0);
}

/* The lane of socket_timeout, for `start`. */
uint16_t session_lane(struct world *world);

/* A fresh request, to be filled in. transaction: 0 = a statement by itself; `begins`: its first. */
struct message *session_request(struct world *world, const struct node *node, uint16_t kind, uint64_t intent,
                                uint32_t transaction, bool begins);
/* Sends it. The timer, of this kind, comes with `tag` when no answer has. correlation: not 0, and of
 * nothing else that waits. */
void session_ask(struct world *world, struct node *node, struct session_wait *wait, struct message *message,
                 uint32_t correlation, uint16_t lane, uint16_t timer_kind, uint64_t tag);
/* Whether it is the answer that this one waits for; it waits no longer then. */
bool session_answered(struct world *world, struct session_wait *wait, const struct message *answer);
/* Its connection broke: it waits no longer. */
void session_lost(struct world *world, struct session_wait *wait);
/* Its timer has come: likewise. */
static inline void session_timed_out(struct session_wait *wait) { wait->correlation = 0; }

#endif
