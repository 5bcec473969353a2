/* Deduplication by a table without a unique constraint: SELECT, then INSERT, in the effect's own
 * transaction.
 *
 *   begin; look for the id [there: roll back, done]; work; apply; note the id; commit; acknowledge
 *
 * Crashes do not hurt it: id and effect are committed together. Two copies at the same time do. At read
 * committed neither sees the other's id before its commit, so both find nothing and both do the work;
 * the later one waits for the row that the operation changes, and then changes it again.
 *
 * Breaks it: a copy for another consumer while the first is at work, for example
 * {when: publish-ack-sent, intent: 1, attempt: 1, drop: this} on a queue whose producer repeats the send
 * before the handler is done. Does not break: dedup-table, where the second insert waits and then finds
 * the id.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t marked;
  dg_begin(context);
  if (dg_get(context, "processed", message->id, &marked) == DG_OK) {
    dg_rollback(context);
    dg_suppress(context);
    return DG_OK;
  }
  dg_work(context);
  dg_apply(context);
  dg_put(context, "processed", message->id, 1);
  return dg_commit(context); /* DG_FAILED when a statement before it has failed */
}

const struct handler handler_check_then_insert = {
    .name = "check-then-insert",
    .about = "looks for the message's id, then inserts it, in the effect's transaction, unconstrained",
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
