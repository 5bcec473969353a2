/* Mutants: each mechanism that a claim rests on can be switched off, to see that the claim then fails.
 *
 * A normal build has none of this: MUTANT(ID) is the constant 0. A build with DGSIM_MUTANTS (only a
 * test's) reads `mutant_on`. A row: identifier, name, the scenario that must become violated without the
 * mechanism, what is off. A system's rows stand in its own folder's mutants.h.
 *
 *   if (!MUTANT(SQS_NO_VISIBILITY)) hide(message);
 */
#ifndef MODELS_MUTANTS_H
#define MODELS_MUTANTS_H

#include "models/client/mutants.h"
#include "models/handlers/mutants.h"
#include "models/kafka/mutants.h"
#include "models/outbox/mutants.h"
#include "models/rabbitmq/mutants.h"
#include "models/sqs/mutants.h"
#include "models/store/mutants.h"

#define MUTANTS(X)                                                                                 \
  KAFKA_MUTANTS(X) SQS_MUTANTS(X) RABBIT_MUTANTS(X) STORE_MUTANTS(X) CLIENT_MUTANTS(X) OUTBOX_MUTANTS(X) \
  HANDLER_MUTANTS(X)

enum mutant {
  MUTANT_NONE,
#define X(id, name, scenario, about) MUTANT_##id,
  MUTANTS(X)
#undef X
      MUTANT__COUNT
};

#ifdef DGSIM_MUTANTS
extern enum mutant mutant_on; /* set by the test before a run, read by the models */
#define MUTANT(id) (mutant_on == MUTANT_##id)
#else
#define MUTANT(id) 0
#endif

#endif
