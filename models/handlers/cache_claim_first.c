/* Deduplication by a key in a cache, the claim before the effect: SET id NX EX ttl.
 *
 *   set the id if it is absent [there already: done]; work; apply; acknowledge
 *
 * One atomic request decides between two consumers, and inside the ttl no message is done twice. But the
 * claim says "somebody began", and is read as "it was done". Crash after the claim: the message comes again,
 * finds its own claim, and is dropped: lost, unless it comes again after the ttl. The same when the answer
 * to the claim is lost, or when apply fails.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 1, kill: this}, right after the claim. Does not break:
 * dedup-table, which commits mark and effect together; nor cache-lease, whose claim is short.
 */
#include "models/handlers/cache_keys.h"
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t ttl = dg_setting(context, "ttl");
  int claimed = dg_cache_set_if_absent(context, "processed", message->idempotency_key, 1, ttl);
  if (claimed == DG_EXISTS) {
    dg_suppress(context);
    return DG_OK;
  }
  if (claimed != DG_OK) return claimed;
  dg_work(context);
  return dg_apply(context);
}

static const struct key keys[] = {CACHE_KEY_TTL};

const struct handler handler_cache_claim_first = {
    .name = "cache-claim-first",
    .about = "sets the message's id in a cache if it is absent, then does the operation",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS),
    .uses = HANDLER_USES(DATABASE) | HANDLER_USES(CACHE),
};
