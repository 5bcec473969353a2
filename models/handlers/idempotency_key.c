/* Our own service, doing with its database what a payment API does for its callers: the idempotency key, the
 * parameters that it came with, the effect and the result are one transaction.
 *
 *   begin; insert the key [there already: read what is saved, roll back, answer with it];
 *   work; apply; save parameters and result; commit; acknowledge
 *
 * Whoever comes with a known key and the same parameters gets the saved result, and nothing is done. With
 * other parameters it is refused: the key is another operation's. A copy at the same time waits at the
 * unique constraint, where a payment API refuses it as a conflict: then the key is there, or the first has
 * failed and it takes its place. Nothing is saved of what fails: with its transaction goes its key.
 *
 * dedup-table with an answer: what it costs more is two rows. As there, a job of the database deletes keys
 * that are older than their retention (models/store/database_prune.c), and whoever comes later is new: that
 * breaks it.
 *
 * LIMIT: the job that deletes old keys leaves their parameters and results, which nobody reads without the key;
 * their next use overwrites them.
 */
#include "sim/handler/dgsim.h"
#include "sim/kernel/time.h"
#include "sim/world/model.h"

/* What the operation asks for, to be compared. */
static int64_t parameters_of(const struct dg_message *message) {
  return (int64_t)(message->key << 32 | (message->body_size & UINT32_MAX));
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  const uint64_t key = message->idempotency_key;
  int64_t parameters = 0, result = DG_OK;
  dg_begin(context);
  int inserted = dg_insert_unique(context, "idempotency_keys", key);
  if (inserted == DG_EXISTS) {
    int found = dg_get(context, "parameters", key, &parameters);
    if (found == DG_OK) found = dg_get(context, "results", key, &result);
    dg_rollback(context);
    if (found != DG_OK) return found;
    dg_suppress(context);
    return parameters == parameters_of(message) ? (int)result : DG_OK; /* refused: that is its answer */
  }
  if (inserted == DG_OK) {
    dg_work(context);
    dg_apply(context);
    dg_put(context, "parameters", key, parameters_of(message));
    dg_put(context, "results", key, DG_OK);
  }
  return dg_commit(context); /* DG_FAILED when a statement before it has failed */
}

static const struct key keys[] = {
    {"retention", VALUE_TIME, "24h", NULL, 0, 3660 * NS_PER_D,
     "how long a key and its result are kept at least; 0s = for ever", "Stripe API v1: at least 24 hours"},
    {"prune_every", VALUE_TIME, "1h", NULL, NS_PER_MS, 366 * NS_PER_D,
     "how often the job runs that deletes keys older than retention", "ours"},
};

const struct handler handler_idempotency_key = {
    .name = "idempotency-key",
    .about = "saves key, parameters and result with the effect, and answers a known key with its result",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE),
};
