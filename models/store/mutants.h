/* Mechanisms of stores that can be switched off: see models/mutants.h. */
#ifndef MODELS_STORE_MUTANTS_H
#define MODELS_STORE_MUTANTS_H

#define STORE_MUTANTS(X)                                                                           \
  X(DATABASE_NO_FSYNC, "database-no-fsync", "C02-holds-disk",                                      \
    "a commit is answered without a flush, as with PostgreSQL's fsync=off")                        \
  X(DATABASE_NO_NATURAL_KEY, "database-no-natural-key", "C12-holds-natural",                       \
    "an insert under a natural key is not refused when its row is there")

#endif
