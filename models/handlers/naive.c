/* Does the operation and hopes that the message comes once. What is delivered again is done again.
 *
 * Breaks it: {when: handled, intent: 1, attempt: 1, kill: this}, done and not acknowledged. Does not break:
 * dedup-table. */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_work(context);
  return dg_apply(context); /* a transaction of its own */
}

const struct handler handler_naive = {
    .name = "naive",
    .about = "does the operation, every time that the message comes",
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE),
};
