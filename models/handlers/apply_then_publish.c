/* Dual write of a consumer: it changes its database and publishes an event, and nothing holds the two
 * together. The message's id is in the change's transaction, so that nothing is applied twice.
 *
 *   database-first   begin; insert the id; work; apply; commit; publish
 *   publish-first    begin; insert the id; work; publish; apply; commit
 *
 * database-first: who dies between commit and publication is given the message again, finds its id, and
 * never publishes. publish-first: where the commit then fails the event is out, of a change that was rolled
 * back; the message comes again, and so does the event.
 *
 * LIMIT: publishing only hands the event over: the system's consumer sends it with its next commit of offsets,
 *        or at once where it commits before it processes. There is no call that waits for a confirmation.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

enum { DATABASE_FIRST, PUBLISH_FIRST };

static int handle(struct dg_context *context, const struct dg_message *message) {
  const int64_t order = dg_setting(context, "order");
  dg_begin(context);
  int inserted = dg_insert_unique(context, "processed", message->idempotency_key);
  if (inserted == DG_EXISTS) {
    dg_rollback(context);
    dg_suppress(context);
    return DG_OK;
  }
  if (inserted == DG_OK) {
    dg_work(context);
    if (order == PUBLISH_FIRST) dg_publish(context);
    dg_apply(context);
  }
  int committed = dg_commit(context);
  if (committed != DG_OK || order == PUBLISH_FIRST) return committed;
  return dg_publish(context);
}

static const struct key keys[] = {
    {.name = "order",
     .type = VALUE_ENUM,
     .value_default = "database-first",
     .choices = "database-first publish-first",
     .help = "which of the two writes comes first",
     .source = "ours: both orders are in use, and neither holds"},
};

const struct handler handler_apply_then_publish = {
    .name = "apply-then-publish",
    .about = "changes its database and publishes an event, one after the other",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE),
    .commits = true,
};
