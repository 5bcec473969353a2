/* Transactional outbox of a consumer that changes its database and has to tell others: the mark of the
 * message, the change and the event are committed together, and a relay publishes the event.
 *
 *   begin; insert the id; [there already: roll back, done]; work; apply; emit; commit; acknowledge
 *                                        relay: SELECT; publish to the output topic; mark
 *
 * Crash before the commit: nothing happened, and there is no event. Crash after it: the message comes again
 * and is suppressed, the event waits for its relay. There is nothing between the two.
 *
 * The relay publishes at least once: who reads the output topic has to know an event again by its id.
 * LIMIT: that reader is not simulated; an event that is there twice counts as two effects.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int inserted = dg_insert_unique(context, "processed", message->idempotency_key);
  if (inserted == DG_EXISTS) {
    dg_rollback(context);
    dg_suppress(context);
    return DG_OK;
  }
  if (inserted == DG_OK) {
    dg_work(context);
    dg_apply(context);
    dg_emit(context);
  }
  return dg_commit(context); /* DG_FAILED when a statement before it has failed */
}

const struct handler handler_outbox = {
    .name = "outbox",
    .about = "commits the message's id, the change and its event in one transaction; a relay "
             "publishes the event",
    .handle = handle,
    .forbids = CLAIM_NOTHING, /* its relay publishes at least once */
    .uses = HANDLER_USES(DATABASE),
    .commits = true,
    .emits = true,
};
