/* Applications above the producers: see sim/world/client.h for what the world does with a policy.
 *
 *   none      submits once
 *   retrying  submits again what was refused; what is unknown only if told to (resubmit_unknown)
 *
 * Claims of `retrying` with its default: nothing more is stored than the producers store, and what was
 * refused gets another chance. With resubmit_unknown: what is stored though nobody knows is stored again,
 * under ids that no broker can connect with the first ones (scenarios/claims/C09-breaks-resend.yaml,
 * C11-breaks-resubmit.yaml). A consumer that deduplicates by an idempotency key is not bothered, if the key
 * is that of the operation (`key`):
 *
 *   per-request  the operation's: the same on every attempt; what `none` has, too
 *   per-user     the entity's: the second operation of an entity is taken for a repeat of the first
 *   per-message  of each attempt its own: a repeat is taken for another operation
 *                (scenarios/claims/C15-*.yaml)
 *
 * What a producer or an SDK sends again by itself is the same attempt, and has the same key.
 * LIMIT: the deduplication id of sqs-fifo is the operation's on every attempt, whatever `key` says.
 */
#ifndef MODELS_CLIENT_CLIENT_H
#define MODELS_CLIENT_CLIENT_H

#include "sim/world/client.h"

struct plan;
struct record;

extern const struct client_policy client_none, client_retrying;

/* The idempotency key that the application has put on this copy of the message. */
uint64_t client_key(const struct plan *plan, const struct record *record);

#endif
