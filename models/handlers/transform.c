/* Read, process, write: publishes a result to the output topic for each message. Whether it appears once
 * is the system's business: the output is in the consumer's transaction if it has one. */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_work(context);
  return dg_publish(context);
}

const struct handler handler_transform = {
    .name = "transform",
    .about = "publishes a result to the output topic for each message",
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_NOTHING,
};
