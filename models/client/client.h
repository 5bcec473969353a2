/* Applications above the producers: see sim/world/client.h for what the world does with a policy.
 *
 *   none      submits once
 *   retrying  submits again what was refused; what is unknown only if told to (resubmit_unknown)
 *
 * Claims of `retrying` with its default: nothing more is stored than the producers store, and what was
 * refused gets another chance. With resubmit_unknown: what is stored though nobody knows is stored again,
 * under ids that no broker can connect with the first ones (scenarios/claims/C09-breaks-resend.yaml,
 * C11-breaks-resubmit.yaml). A consumer that deduplicates by the operation's id is not bothered.
 */
#ifndef MODELS_CLIENT_CLIENT_H
#define MODELS_CLIENT_CLIENT_H

#include "sim/world/client.h"

extern const struct client_policy client_none, client_retrying;

#endif
