/* Mechanisms of applications that can be switched off: see models/mutants.h. */
#ifndef MODELS_CLIENT_MUTANTS_H
#define MODELS_CLIENT_MUTANTS_H

#define CLIENT_MUTANTS(X)                                                                          \
  X(CLIENT_RESUBMITS_UNKNOWN, "client-resubmits-unknown", "C09-holds-client",                      \
    "an application submits again what may be stored, whatever its policy says")                   \
  X(CLIENT_KEY_OF_ATTEMPT, "client-key-of-attempt", "C15-holds",                                   \
    "an idempotency key is not kept from one attempt to the next")

#endif
