/* Mutants of models: each mechanism that a claim rests on can be switched off, to see that the claim then
 * fails. sim/base/mutant.h says how. A row names the scenario that must become violated without the
 * mechanism, and what is off. A system's rows stand in its own folder's mutants.h.
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
#include "sim/base/mutant.h"

#define MUTANTS(X)                                                                                 \
  KAFKA_MUTANTS(X) SQS_MUTANTS(X) RABBIT_MUTANTS(X) STORE_MUTANTS(X) CLIENT_MUTANTS(X) OUTBOX_MUTANTS(X) \
  HANDLER_MUTANTS(X)

enum models_mutant {
  MUTANT_MODELS_BEFORE_ = MUTANT_MODELS_FIRST - 1,
#define X(id, name, scenario, about) MUTANT_##id,
  MUTANTS(X)
#undef X
      MUTANT_MODELS_END
};

#endif
