/* A deduplication table in a transaction of its own, the effect before the mark (the other order is
 * mark-first). In a cache: cache-effect-first.
 *
 *   look for the id [there: done]; work; apply; note the id; acknowledge
 *
 * Nothing is lost: what is not marked is done again. Crash between effect and mark: the message comes
 * again, finds no mark, and is done twice. So do two copies that come at the same time: neither finds
 * the other's mark.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 3, kill: this}, right after the effect. Does not
 * break: dedup-table, which commits both together.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t marked;
  int found = dg_get(context, "processed", message->idempotency_key, &marked);
  if (found == DG_OK) {
    dg_suppress(context);
    return DG_OK;
  }
  if (found != DG_NOT_FOUND) return found;
  dg_work(context);
  int applied = dg_apply(context); /* a transaction of its own */
  if (applied != DG_OK) return applied;
  return dg_put(context, "processed", message->idempotency_key, 1);
}

const struct handler handler_effect_first = {
    .name = "effect-first",
    .about = "does the operation, then notes the message's id, in two transactions",
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
