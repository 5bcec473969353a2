/* The consumer's position is kept where the effect is: the offset of each partition is a row that is
 * committed with it. What lies below is skipped.
 *
 *   begin; read the partition's offset [above this record: roll back, done]; work; apply;
 *   raise the offset from what was read [another stands there: roll back, fail]; commit; acknowledge
 *
 * One row for each partition instead of one for each message. Crash before the commit: nothing happened.
 * After it: the record comes again, lies below the offset, and is skipped. A zombie, who works on a record of
 * a partition that somebody else has by now, finds the row raised, or is waited for and then is first.
 *
 * It knows a record again, not an operation: what a producer sends twice has two offsets, unless its broker
 * knows that (enable.idempotence), and what its application sends twice always.
 *
 * Needs a log, in whose order the records of a partition come one by one: a queue has no offsets, and with
 * several threads a record could raise the offset above one that is still at work.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t next = 0;
  dg_begin(context);
  dg_get(context, "offsets", message->partition, &next);
  if ((int64_t)message->offset < next) {
    dg_rollback(context);
    dg_suppress(context);
    return DG_OK;
  }
  dg_work(context);
  dg_apply(context);
  int raised = dg_put_if(context, "offsets", message->partition, next, (int64_t)message->offset + 1);
  return raised == DG_EXISTS ? DG_FAILED : dg_commit(context); /* else rolled back when it returns */
}

const struct handler handler_offsets_in_database = {
    .name = "offsets-in-database",
    .about = "keeps each partition's offset in the effect's own transaction, and skips what lies below",
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
    .needs = SAYS_OFFSET,
};
