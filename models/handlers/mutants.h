/* Mechanisms of the handler host that can be switched off: see models/mutants.h. */
#ifndef MODELS_HANDLERS_MUTANTS_H
#define MODELS_HANDLERS_MUTANTS_H

#define HANDLER_MUTANTS(X)                                                                         \
  X(HOST_ONE_FENCE, "host-one-fence", "C13-holds-fence",                                           \
    "everybody who is given work has the same fencing token")                                      \
  X(HOST_EMITS_ALONE, "host-emits-alone", "C21-holds-consumer",                                    \
    "a handler's event is inserted by a statement of its own, before the COMMIT")

#endif
