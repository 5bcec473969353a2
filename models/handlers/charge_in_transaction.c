/* Deduplication by a table, with the effect outside: the key is committed in the database, and between the
 * insert and the commit an external provider charges.
 *
 *   begin; insert the key [there already: roll back, done]; work; charge; commit; acknowledge
 *
 * The transaction covers what is in the database, and the charge is not. Crash between charge and commit,
 * a charge whose answer is lost, a commit that fails: the key is rolled back, the charge is not, and the
 * message comes again to a table that knows nothing. Meanwhile the row is locked for as long as the
 * provider takes.
 *
 * With `idempotency_key: operation` the provider knows what the table forgot, and there is one charge.
 *
 * Breaks it: {when: handler-step, intent: 1, attempt: 4, kill: this}, right after the charge. Does not
 * break: the same with the key, against a provider that knows it.
 */
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

#define AMOUNT 100

static int handle(struct dg_context *context, const struct dg_message *message) {
  uint64_t key = dg_setting(context, "idempotency_key") ? message->idempotency_key : 0;
  dg_begin(context);
  int inserted = dg_insert_unique(context, "processed", message->idempotency_key);
  if (inserted == DG_EXISTS) {
    dg_rollback(context);
    dg_suppress(context);
    return DG_OK;
  }
  if (inserted == DG_OK) {
    dg_work(context);
    int charged = dg_charge(context, key, AMOUNT, NULL);
    if (charged != DG_OK) {
      dg_rollback(context);
      return charged;
    }
  }
  return dg_commit(context);
}

static const struct key keys[] = {
    {"idempotency_key", VALUE_ENUM, "none", "none operation", 0, 0,
     "the key that the provider gets with the request", NULL},
};

const struct handler handler_charge_in_transaction = {
    .name = "charge-in-transaction",
    .about = "inserts the message's key, has the provider charge, then commits the key",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .handle = handle,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(DATABASE) | HANDLER_USES(PROVIDER),
};
