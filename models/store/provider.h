/* An external provider, as a payment API over HTTPS: one for all groups, each with an account of its own.
 *
 *   handler host                          provider
 *      | CHARGE (account, key, amount) ------>|  valid? key known? then the execution begins
 *      |                                      |  service_time
 *      |                                      |  it is charged, or it fails; a key's result is saved
 *      |<------------------------- ANSWER     |
 *
 *   plain   executes each request. An idempotency key is a header that it does not know.
 *   keyed   a request with an idempotency key does what Stripe documents for its API v1 ("Idempotent
 *           requests", docs.stripe.com/api/idempotent_requests):
 *
 *             the key is new                       executed; the result, a failure too, is saved
 *             known, other parameters              refused (DG_MISMATCH), nothing is saved
 *             under way                            refused (DG_CONFLICT; HTTP 409), nothing is saved
 *             known                                the saved result is answered, nothing is executed
 *             older than the retention             as if it were new
 *             the request is not valid             refused (DG_FAILED), nothing is saved
 *
 *           Others differ: cache_failures, compare_parameters and retention say how.
 *
 * Durable: charges, and keys with their results; a charge and the result of its key are one step. What
 * is under way is volatile: when the process dies, its keys are as if they had never come, nothing of it
 * is charged, and who asked gets no answer.
 *
 * [I1] A charge is an external effect: EFFECT is stated when it is executed, and nothing takes it back.
 * [I2] Of requests with one key, within the retention, at most one is charged.
 * [I3] DG_FAILED, DG_CONFLICT and DG_MISMATCH mean that this request is not charged.
 * [I4] STATE is the number of charges of each account holder, for each group that calls the provider.
 *
 * Neither durable writes nor the memory of keys are counted as prices: they are the provider's, not ours.
 *
 * LIMIT: a provider that answers 500 has certainly not charged; Stripe's manual ("Advanced error handling")
 * says to treat such a result as indeterminate.
 * LIMIT: a key is pruned as soon as it may be; Stripe says only that it is kept for at least the retention.
 * LIMIT: one process that serves any number of requests at once: no rate limit (HTTP 429), no queue.
 * LIMIT: the power or the disk of its machine may go, no data goes with it: it keeps copies elsewhere.
 * LIMIT: charges are counted, amounts are not added up.
 */
#ifndef MODELS_STORE_PROVIDER_H
#define MODELS_STORE_PROVIDER_H

#include "models/store/wire.h"
#include "sim/world/world.h"

/* In the order of both tables; those from RETENTION on are of `keyed` alone. */
enum provider_key {
  KEY_PROVIDER_TIMEOUT,
  KEY_PROVIDER_SERVICE_TIME,
  KEY_PROVIDER_FAILURES,
  KEY_PROVIDER_RETENTION,
  KEY_PROVIDER_CACHE_FAILURES,
  KEY_PROVIDER_COMPARE_PARAMETERS,
  KEY_PROVIDER__COUNT
};

static inline int64_t provider_setting(const struct world *world, enum provider_key key) {
  return world->plan->provider.settings.values[key].i;
}

extern const struct component provider_component;
extern const struct store store_plain, store_keyed;

#endif
