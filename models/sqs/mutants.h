/* Mechanisms of Amazon SQS that can be switched off: see models/mutants.h. */
#ifndef MODELS_SQS_MUTANTS_H
#define MODELS_SQS_MUTANTS_H

#define SQS_MUTANTS(X)                                                                             \
  X(SQS_NO_VISIBILITY_TIMEOUT, "sqs-no-visibility-timeout", "C05-holds",                           \
    "a received message is not hidden")

#endif
