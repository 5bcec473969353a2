/* Acknowledges first, then does the operation: at most once, by the handler's own hand.
 *
 *   acknowledge; work; apply
 *
 * Crash in between: the message does not come again, and the operation is lost. The acknowledgement is not
 * waited for: one that is lost, or an offset that is noted and not committed yet, brings the message again
 * all the same. Systems have settings that wait, and lose without ever doubling: commit: before-processing
 * of a log, delete: before-processing of sqs, acknowledgement: automatic of rabbitmq.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 2, kill: this}, during the work. Does not break:
 * dedup-table, which is acknowledged when it has committed.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_ack(context);
  dg_work(context);
  return dg_apply(context); /* a transaction of its own */
}

const struct handler handler_commit_first = {
    .name = "commit-first",
    .about = "acknowledges the message, then does the operation",
    .handle = handle,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE),
};
