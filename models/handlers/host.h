/* The handler host: runs a consumer's handler on fibers, and is the one place that states DELIVERED.
 *
 * It is the component at port 1 of every consumer node. The system's consumer (port 0) submits a record;
 * the host starts the plan's handler on a free fiber; each call of the handler (sim/handler/dgsim.h)
 * announces the point `handler-step`, suspends the fiber, and resumes it when the answer has come. When
 * the handler has returned, the consumer's component->handled is called with the tag and status.
 *
 *   consumer --host_submit--> [fiber: handler] --statement--> database --answer--> [fiber goes on]
 *      ^------ handled(tag, status) ---------------------------------------------------'
 *
 * [I1] At most plan->threads handlers run at once; host_submit with no free thread is an assertion.
 * [I2] A crash drops the fibers; what the database had not committed is rolled back by it.
 * [I3] Each running handler is a volatile hold of the node (world_hold).
 * [I4] `handled` is never called from within host_submit, and may itself call host_submit.
 * [I5] A statement that is not answered in the database's socket_timeout, or whose connection breaks,
 *      returns DG_UNKNOWN when it may have been committed (COMMIT, a change outside of a transaction),
 *      else DG_FAILED; then its transaction is broken: everything in it returns DG_FAILED.
 *      A request to a cache likewise, in the cache's timeout: DG_UNKNOWN when it may have changed a key.
 * [I6] A transaction that a handler leaves open is rolled back when it returns.
 * [I7] dg_ack is the consumer's: it acknowledges as it does what was handled (component->acknowledge), and
 *      `handled` comes all the same, when the handler has returned; its status changes nothing more.
 * LIMIT: AMQP gives a message no id. What stands for it, message_id, is its number in the queue: as a publisher
 *        would have it that gives each publish an id of its own.
 */
#ifndef MODELS_HANDLERS_HOST_H
#define MODELS_HANDLERS_HOST_H

#include "sim/world/world.h"

extern const struct component handler_host;

#define HOST_PORT 1

/* For a system's check: whether it has what the plan's handlers need. One without a database publishes its
 * result; others go by what the system says of a message (handler->needs). */
bool host_check(const struct plan *plan, struct err *err);

/* Whether a thread is free. */
bool host_idle(const struct world *world, const struct node *node);
/* Handlers running now. */
uint32_t host_running(const struct world *world, const struct node *node);
/* What the system's consumer knows of a record beside it, as in struct dg_message. */
struct origin {
  uint64_t offset, fence;
  uint32_t partition;
  uint64_t message_id; /* the broker's own, of this copy; 0 = it has none, and the operation's stands for it */
};
/* Starts the handler on a record. `tag` comes back with `handled`. */
void host_submit(struct world *world, struct node *node, const struct record *record,
                 const struct origin *origin, uint32_t tag);

#endif
