/* A Bloom filter before an exact table: it saves the look-up of what is surely new.
 *
 *   begin; seen: look for the id [there: roll back, done]; work; apply; insert the id; commit; remember
 *
 * What the filter denies needs no look-up, and that is nearly everything. What it takes for seen is looked
 * up, so that a false positive costs one statement and no message. After a crash, or on another consumer,
 * the filter denies what the table has: then the work is done in vain, the insert at the end finds the id
 * under its unique constraint, and all is rolled back. So nothing is lost or doubled, whatever the filter
 * says; it only decides what is cheap. Its table is never pruned, so that no copy comes too late.
 */
#include "models/mutants.h"
#include "models/store/local.h"
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int drop(struct dg_context *context) {
  dg_rollback(context);
  dg_suppress(context);
  return DG_OK;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t marked;
  dg_begin(context);
  if (dg_local_seen(context, message->idempotency_key) == DG_EXISTS &&
      (MUTANT(BLOOM_TRUSTED) || dg_get(context, "processed", message->idempotency_key, &marked) == DG_OK))
    return drop(context);
  dg_work(context);
  dg_apply(context);
  if (dg_insert_unique(context, "processed", message->idempotency_key) == DG_EXISTS) return drop(context);
  int committed = dg_commit(context); /* DG_FAILED when a statement before it has failed */
  if (committed == DG_OK) dg_local_mark(context, message->idempotency_key);
  return committed;
}

const struct handler handler_bloom_backed = {
    .name = "bloom-backed",
    .about = "a Bloom filter that saves look-ups in an exact table, which decides",
    .keys = bloom_keys,
    .key_count = KEY_BLOOM_SINGLE__COUNT,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
    .local = &local_bloom,
};
