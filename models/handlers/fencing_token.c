/* The database remembers the largest fencing token of whoever has worked on something, and refuses who comes
 * with an older one.
 *
 *   work; begin; read the largest token [above this one: fail]; write this one if that still stands there
 *   [another does: fail]; apply; commit; acknowledge
 *
 * A zombie, who was stopped while its work was given to somebody else, cannot write any more once the other
 * has: token and effect are in one transaction, and the token's row is locked until it ends. It is no
 * deduplication: what an owner has committed before it died, the next one does again.
 *
 * The token is the message's fence: on a log a group's generation, for each partition; on sqs how often a
 * message was received, for each message. A number that begins anew while the database remembers refuses
 * everybody: a group that was gone for offsets.retention.minutes, or that has another name, needs rows of its
 * own.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  uint64_t what = message->partition ? message->partition : message->id;
  int64_t largest = 0, token = (int64_t)message->fence;
  dg_work(context);
  dg_begin(context);
  dg_get(context, "fence", what, &largest);
  if (largest > token || dg_put_if(context, "fence", what, largest, token) == DG_EXISTS)
    return DG_FAILED; /* rolled back when it returns */
  dg_apply(context);
  return dg_commit(context);
}

const struct handler handler_fencing_token = {
    .name = "fencing-token",
    .about = "refuses the effect of who has an older token than one that was there",
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE),
    .needs = SAYS_FENCE,
};
