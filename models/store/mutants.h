/* Mechanisms of stores that can be switched off: see models/mutants.h. */
#ifndef MODELS_STORE_MUTANTS_H
#define MODELS_STORE_MUTANTS_H

#define STORE_MUTANTS(X)                                                                           \
  X(DATABASE_NO_FSYNC, "database-no-fsync", "C02-holds-disk",                                      \
    "a commit is answered without a flush, as with PostgreSQL's fsync=off")                                      \
  X(DATABASE_NEVER_PRUNES, "database-never-prunes", "C17-holds-bounded",                           \
    "rows of handled ids are kept for ever, whatever their retention")                             \
  X(BLOOM_NEVER_ROTATES, "bloom-never-rotates", "C18-holds-rotation",                              \
    "a filter's oldest generation is not emptied: in the end everything looks seen")               \
  X(BLOOM_TRUSTED, "bloom-trusted", "C18-holds-backed",                                            \
    "what the filter takes for seen is not looked up in the exact table")                          \
  X(LRU_REMEMBERS_NOTHING, "lru-remembers-nothing", "C20-holds-entries",                               \
    "no id is remembered")

#endif
