/* A deduplication table in a transaction of its own, the mark before the effect (the other order is
 * effect-first): an insert that is committed by itself. In a cache: cache-claim-first.
 *
 *   insert the id [there already: done]; work; apply; acknowledge
 *
 * No two executions are ever let through, and that is all. Crash between mark and effect: the message
 * comes again, finds its own mark, and is dropped: lost. The same when the answer to the insert is lost,
 * or when apply fails. It doubles nothing, and loses instead.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 1, kill: this}, right after the mark. Does not
 * break: dedup-table, which commits both together.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int marked = dg_insert_unique(context, "processed", message->idempotency_key);
  if (marked == DG_EXISTS) {
    dg_suppress(context);
    return DG_OK;
  }
  if (marked != DG_OK) return marked;
  dg_work(context);
  return dg_apply(context); /* a transaction of its own */
}

const struct handler handler_mark_first = {
    .name = "mark-first",
    .about = "inserts the message's id, then does the operation, in two transactions",
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS),
    .uses = HANDLER_USES(DATABASE),
};
