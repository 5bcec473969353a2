/* Has the external provider charge, with an idempotency key, and asks again until it knows.
 *
 *   work; charge with the key [no answer, or the key is under way: sleep, again]; acknowledge
 *
 * The provider remembers what the consumer forgets in a crash: a copy, a retry, a lost answer, all get the
 * result of the one charge. What the consumer does not learn in its attempts it leaves unacknowledged: the
 * next delivery asks with the same key.
 *
 *   idempotency_key: operation   one key, for ever: the right one, while the provider remembers it. Where
 *                                it saves failures too, a failure stays the answer.
 *                    failure     another key after each failure, and only then: each key of an operation
 *                                is asked in turn, until one has succeeded. A delivery begins with the
 *                                first and goes past any number of saved failures: were they counted as
 *                                attempts, so many failures in a row would be its end.
 *                    attempt     another key each time: no retry is known for one, and each charges.
 *   amount: changes              asks for another amount each time, as a price that is reckoned anew. A
 *                                provider that compares refuses, and the message stays unacknowledged, for
 *                                somebody to look at: that another request with this key has begun does
 *                                not say that it was charged. Who took it for that would lose what the
 *                                provider dies with.
 *
 * Breaks it: the provider's retention is over before the message comes again; a saved failure.
 */
#include "sim/handler/dgsim.h"
#include "sim/kernel/time.h"
#include "sim/world/model.h"

#define AMOUNT 100
#define PAUSES 3 /* that differ: 1, 2 and 4 times the first */

enum idempotency_key { KEY_OF_OPERATION, KEY_OF_FAILURE, KEY_OF_ATTEMPT };

/* The n-th key of an operation, from 0: far from all others. */
static uint64_t nth_key(uint64_t key, uint64_t n) { return key ^ n * UINT64_C(0x9E3779B97F4A7C15); }

static int handle(struct dg_context *context, const struct dg_message *message) {
  const int64_t attempts = dg_setting(context, "attempts"), pause = dg_setting(context, "backoff");
  const int64_t which = dg_setting(context, "idempotency_key"), changes = dg_setting(context, "amount");
  const int64_t before = message->delivery ? (message->delivery - 1) * attempts : 0;
  int64_t tries = 0, failures = 0; /* tries: but for those that another key makes good */
  int status = DG_UNKNOWN;
  dg_work(context);
  for (int64_t i = 0; tries < attempts; i++) {
    if (i > 0) dg_sleep(context, pause << (i < PAUSES ? i - 1 : PAUSES - 1));
    int64_t n = which == KEY_OF_ATTEMPT ? before + i : which == KEY_OF_FAILURE ? failures : 0;
    int64_t amount = AMOUNT + (changes ? before + i : 0);
    status = dg_charge(context, nth_key(message->idempotency_key, (uint64_t)n), amount, NULL);
    if (status == DG_OK || status == DG_MISMATCH) break;
    failures += status == DG_FAILED;
    tries += status != DG_FAILED || which != KEY_OF_FAILURE;
  }
  return status;
}

enum { KEY_IDEMPOTENCY_KEY, KEY_ATTEMPTS, KEY_BACKOFF, KEY_AMOUNT, KEY__COUNT };

static const struct key keys[KEY__COUNT] = {
    [KEY_IDEMPOTENCY_KEY] = {"idempotency_key", VALUE_ENUM, "operation", "operation failure attempt", 0, 0,
                             "what has a key of its own: each operation, each failure, or each attempt", NULL},
    [KEY_ATTEMPTS] = {"attempts", VALUE_COUNT, "3", NULL, 1, 10,
                      "requests to the provider in one delivery, at most; with a key for each failure those "
                      "without an answer, or in conflict",
                      "ours; Stripe's libraries: no retry in older versions, one or two in newer ones"},
    [KEY_BACKOFF] = {"backoff", VALUE_TIME, "500ms", NULL, 0, NS_PER_H,
                     "before the second request; then twice as long each time, up to four times",
                     "stripe-node, stripe-ruby: at first 0.5 s, at most 2 s"},
    [KEY_AMOUNT] = {"amount", VALUE_ENUM, "same", "same changes", 0, 0,
                    "whether a retry asks for the same amount", NULL},
};

const struct handler handler_charge_with_key = {
    .name = "charge-with-key",
    .about = "has the provider charge with an idempotency key, and asks again until it knows",
    .keys = keys,
    .key_count = KEY__COUNT,
    .handle = handle,
    .works_first = true,
    .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS),
    .uses = HANDLER_USES(PROVIDER),
    .waits = "backoff",
};
