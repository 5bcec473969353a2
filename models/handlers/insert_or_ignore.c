/* Does the operation; a row that is there already counts as done.
 *
 *   work; apply [its row is there: done]; acknowledge
 *
 * Idempotent by a natural key: where an operation inserts a row whose id is its own, the database refuses
 * the second, and the handler takes that for what it is. There is no table of ids to prune: the rows are
 * the table. Of every other operation it is what naive is.
 *
 * The work before the refusal is done again each time. Where that is a charge, it is charged again.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_work(context);
  int applied = dg_apply(context); /* a transaction of its own */
  if (applied != DG_EXISTS) return applied;
  dg_suppress(context);
  return DG_OK;
}

const struct handler handler_insert_or_ignore = {
    .name = "insert-or-ignore",
    .about = "does the operation; when its row is there already, takes it for done",
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE),
};
