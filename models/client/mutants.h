/* Mechanisms of applications that can be switched off: see models/mutants.h. */
#ifndef MODELS_CLIENT_MUTANTS_H
#define MODELS_CLIENT_MUTANTS_H

#define CLIENT_MUTANTS(X)                                                                          \
  X(CLIENT_RESUBMITS_UNKNOWN, "client-resubmits-unknown", "C09-holds-client",                      \
    "an application submits again what may be stored, whatever its policy says")

#endif
