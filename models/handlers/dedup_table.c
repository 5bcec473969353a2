/* Deduplication by a table: the message's key and the effect are committed together. Separate transactions
 * for the two are mark-first and effect-first.
 *
 *   begin; insert the id; [there already: roll back, done]; work; apply; commit; acknowledge
 *
 * The insert goes first. It claims the id before anything is spent on the message: a copy that comes
 * later finds the id and costs one statement and no work; a copy that comes at the same time waits at
 * the unique constraint until this transaction has committed (then it finds the id) or has failed (then
 * it does the work). Only this one id is locked during the work; the row that the operation changes is
 * locked last, just before the commit.
 *
 * Crash before the commit: nothing happened, the message comes again. Crash after it: the message comes
 * again and is suppressed. An answer to COMMIT that is lost returns DG_UNKNOWN: the message is left
 * unacknowledged, and its next delivery finds out.
 *
 * The table grows with the number of messages, unless ids have a retention: then a job of the database
 * deletes older ones (models/store/database_prune.c), and a copy that comes later is done again.
 *
 * Breaks it: a retention that is shorter than the time until the last copy comes (C17-breaks-early).
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
  }
  return dg_commit(context); /* DG_FAILED when a statement before it has failed */
}

static const struct key keys[] = {
    {"retention", VALUE_TIME, "0s", NULL, 0, 3660 * NS_PER_D,
     "how long an id stands in the table at least; 0s = for ever",
     "ours: nothing is deleted unless somebody says so"},
    {"prune_every", VALUE_TIME, "1min", NULL, NS_PER_MS, 366 * NS_PER_D,
     "how often the job runs that deletes ids older than retention",
     "ours: the shortest gap of a cron schedule, as pg_cron has it"},
};

const struct handler handler_dedup_table = {
    .name = "dedup-table",
    .about = "inserts the message's id under a unique constraint in the effect's own transaction",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
