/* Deduplication by a look and an insert: SELECT, then INSERT, in the effect's own transaction.
 *
 *   begin; look for the key [there: roll back, done]; work; apply; insert the key
 *   [constraint, and it is there by now: roll back, done]; commit; acknowledge
 *
 * Crashes do not hurt it: key and effect are committed together. Two copies at the same time do, if nothing
 * stands behind the look. At read committed neither sees the other's key before its commit, so both find
 * nothing and both do the work; the later one waits for the row that the operation changes, and then changes
 * it again. A unique constraint stops it at the insert, all its work for nothing; serializable isolation
 * stops it where it comes upon what the other has changed (models/store/isolation.h).
 *
 * Breaks it: a copy for another consumer while the first is at work, for example
 * {when: publish-ack-sent, intent: 1, attempt: 1, drop: this} on a queue whose producer repeats the send
 * before the handler is done. Does not break: dedup-table, where the second insert waits and then finds
 * the key; constraint: true; database: {isolation: serializable}.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t value;
  dg_begin(context);
  int seen = dg_get(context, "processed", message->idempotency_key, &value) == DG_OK;
  if (!seen) {
    dg_work(context);
    dg_apply(context);
    seen = (dg_setting(context, "constraint")
                ? dg_insert_unique(context, "processed", message->idempotency_key)
                : dg_put(context, "processed", message->idempotency_key, 1)) == DG_EXISTS;
  }
  if (!seen) return dg_commit(context); /* DG_FAILED when a statement before it has failed */
  dg_rollback(context);
  dg_suppress(context);
  return DG_OK;
}

static const struct key keys[] = {
    {"constraint", VALUE_BOOL, "false", NULL, 0, 0, "whether the key is unique in its table",
     "ours: a plain table; the pattern's mistake is to leave it so"},
};

const struct handler handler_check_then_insert = {
    .name = "check-then-insert",
    .about = "looks for the message's key, then inserts it, in the effect's transaction",
    .keys = keys,
    .key_count = 1,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
