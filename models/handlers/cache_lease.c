/* Deduplication by a key in a cache with two states: in progress, for as long as the lease; then done, for
 * the ttl.
 *
 *   set the id to "in progress" if it is absent, for the lease
 *     [there, done: done; there, in progress: leave it unacknowledged]
 *   work; apply; set the id to "done", for the ttl; acknowledge
 *
 * Nothing is lost: only what was applied is called done, and a claim whose holder died runs out with its
 * lease; the message comes again and is done then. Two consumers at once do not both work on it, as long as
 * the first is done inside its lease.
 * What it does not promise: that nothing is done twice. Crash between the effect and "done", a request or an
 * answer lost there, or work that outlives the lease: twice. The cache cannot commit with the effect.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 3, kill: this}, right after the effect. Does not break:
 * dedup-table, which commits both together.
 */
#include "models/handlers/cache_keys.h"
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

enum state { IN_PROGRESS, DONE };

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t state = IN_PROGRESS, lease = dg_setting(context, "lease");
  int claimed = dg_cache_set_if_absent(context, "processed", message->idempotency_key, IN_PROGRESS, lease);
  if (claimed == DG_EXISTS) {
    int found = dg_cache_get(context, "processed", message->idempotency_key, &state);
    if (found != DG_OK || state != DONE) return DG_FAILED;
    dg_suppress(context);
    return DG_OK;
  }
  if (claimed != DG_OK) return claimed;
  dg_work(context);
  int applied = dg_apply(context);
  if (applied != DG_OK) return applied;
  return dg_cache_set(context, "processed", message->idempotency_key, DONE, dg_setting(context, "ttl"));
}

static const struct key keys[] = {
    CACHE_KEY_TTL,
    {
        .name = "lease",
        .type = VALUE_TIME,
        .value_default = "30s",
        .min = NS_PER_MS,
        .max = NS_PER_D,
        .help = "how long a message counts as being worked on, if nobody says that it is done",
        .source = "ours; as long as the default visibility timeout of SQS",
    },
};

const struct handler handler_cache_lease = {
    .name = "cache-lease",
    .about = "claims the message's id in a cache for a short lease, does the operation, then marks it as done",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_NOTHING, /* doubles are rare with it, not excluded */
    .uses = HANDLER_USES(DATABASE) | HANDLER_USES(CACHE),
    .waits = "lease",
};
