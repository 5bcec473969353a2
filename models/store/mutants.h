/* Mechanisms of stores that can be switched off: see models/mutants.h. */
#ifndef MODELS_STORE_MUTANTS_H
#define MODELS_STORE_MUTANTS_H

#define STORE_MUTANTS(X)                                                                           \
  X(DATABASE_NO_FSYNC, "database-no-fsync", "C02-holds-disk",                                      \
    "a commit is answered without a flush, as with PostgreSQL's fsync=off")                        \
  X(DATABASE_NOT_SERIALIZABLE, "database-not-serializable", "C13-holds-serializable",              \
    "transactions are not checked for what others have changed meanwhile")                         \
  X(DATABASE_UNCONDITIONAL, "database-unconditional", "C13-holds-offsets",                         \
    "a conditional write does not look at what stands there")

#endif
