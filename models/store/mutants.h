/* Mechanisms of stores that can be switched off: see models/mutants.h. */
#ifndef MODELS_STORE_MUTANTS_H
#define MODELS_STORE_MUTANTS_H

#define STORE_MUTANTS(X)                                                                           \
  X(DATABASE_NO_FSYNC, "database-no-fsync", "C02-holds-disk",                                      \
    "a commit is answered without a flush, as with PostgreSQL's fsync=off")

#endif
