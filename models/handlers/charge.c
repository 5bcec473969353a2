/* Has the external provider charge the message's account, every time that the message comes.
 *
 *   work; charge; acknowledge
 *
 * Whatever brings the message again charges again: a crash after the charge, an answer that is lost, a
 * transaction of the broker that is aborted: none of them takes back what an external system has done.
 *
 * Breaks it: {when: request-answered, intent: 1, attempt: 1, drop: this}. Does not break: charge-with-key,
 * against a provider that knows the key.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

#define AMOUNT 100

static int handle(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_work(context);
  return dg_charge(context, 0, AMOUNT, NULL);
}

const struct handler handler_charge = {
    .name = "charge",
    .about = "has the provider charge, every time that the message comes",
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_NOTHING,
    .uses = HANDLER_USES(PROVIDER),
};
