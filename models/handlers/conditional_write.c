/* The entity has a version, the number of the operation that it shows; the effect is made only if the version
 * is still the one that was read, and older than this operation.
 *
 *   read the entity's version [not older: done]; work; begin;
 *   write the new version if the old one stands there [another does: roll back, fail]; apply; commit;
 *   acknowledge
 *
 * One row for each entity instead of one for each message, and nothing to prune. Nothing is locked during the
 * work: who comes second finds another version, and its message comes again. A copy finds its own version.
 *
 * Holds where the messages of an entity come in the order of their numbers, and what is overtaken may be left
 * out: a log, operations that set. On a queue an operation that comes after a later one is dropped for a
 * repeat: right for the last write to win, a false suppression for an increment.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t version = 0;
  int found = dg_get(context, "version", message->key, &version);
  if (found != DG_OK && found != DG_NOT_FOUND) return found;
  if (version >= (int64_t)message->id) {
    dg_suppress(context);
    return DG_OK;
  }
  dg_work(context);
  dg_begin(context);
  if (dg_put_if(context, "version", message->key, version, (int64_t)message->id) == DG_EXISTS)
    return DG_FAILED; /* rolled back when it returns */
  dg_apply(context);
  return dg_commit(context);
}

const struct handler handler_conditional_write = {
    .name = "conditional-write",
    .about = "changes an entity only if its version is the one that was read, and older than the operation",
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
