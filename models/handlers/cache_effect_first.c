/* Deduplication by a key in a cache, the effect before the mark: GET id; work; SET id EX ttl.
 *
 *   look for the id [there: done]; work; apply; set the id; acknowledge
 *
 * Nothing is lost: what is not marked is done again. With one consumer, and as long as no request to a store
 * is lost, every copy that comes inside the ttl finds the mark. Crash between effect and mark, or a mark
 * whose request is lost: done twice. So is what comes after the ttl, and what comes to two consumers at
 * once: both look before either has set the mark. And whatever makes the cache forget (a restart, a power
 * loss, a failover) makes the handler repeat.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 3, kill: this}, right after the effect. Does not break:
 * dedup-table, which commits both together.
 */
#include "models/handlers/cache_keys.h"
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t marked;
  int found = dg_cache_get(context, "processed", message->idempotency_key, &marked);
  if (found == DG_OK) {
    dg_suppress(context);
    return DG_OK;
  }
  if (found != DG_NOT_FOUND) return found;
  dg_work(context);
  int applied = dg_apply(context);
  if (applied != DG_OK) return applied;
  return dg_cache_set(context, "processed", message->idempotency_key, 1, dg_setting(context, "ttl"));
}

static const struct key keys[] = {CACHE_KEY_TTL};

const struct handler handler_cache_effect_first = {
    .name = "cache-effect-first",
    .about = "does the operation, then sets the message's id in a cache",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE) | HANDLER_USES(CACHE),
};
