/* Mechanisms of stores that can be switched off: see models/mutants.h. */
#ifndef MODELS_STORE_MUTANTS_H
#define MODELS_STORE_MUTANTS_H

#define STORE_MUTANTS(X)                                                                           \
  X(DATABASE_CLEAN_FORGETS, "database-clean-forgets", "C02-holds-failover",                        \
    "a clean failover of a database does not wait for the standby")                                \
  X(CONNECTOR_NO_SNAPSHOT, "connector-no-snapshot", "C24-holds-standby",                           \
    "a connector whose slot is gone does not read the table, whatever snapshot.mode says")         \
  X(CONNECTOR_STOPS_AT_ONCE, "connector-stops-at-once", "C23-holds-stop",                          \
    "a connector that is stopped does not store how far it is")                                    \
  X(SLOT_TELLS_NO_GAP, "slot-tells-no-gap", "C24-holds-created",                                   \
    "who reads from before the beginning of a slot is given what is behind it, and not told")      \
  X(DATABASE_NO_FSYNC, "database-no-fsync", "C02-holds-disk",                                      \
    "a commit is answered without a flush, as with PostgreSQL's fsync=off")                        \
  X(CACHE_NO_TTL, "cache-no-ttl", "C19-holds-lease", "a key of a cache never runs out")            \
  X(CACHE_SET_ALWAYS, "cache-set-always", "C19-holds-lease",                                       \
    "a request to set an absent key sets one that is there")                                       \
  X(CACHE_NO_FSYNC, "cache-no-fsync", "C19-holds-power-loss",                                      \
    "with appendfsync always a write is answered without a flush")                                 \
  X(CACHE_CLEAN_FORGETS, "cache-clean-forgets", "C19-holds-failover",                              \
    "a clean failover does not wait for the replica")                                              \
  X(PROVIDER_NO_REPLAY, "provider-no-replay", "C14-holds",                                         \
    "a known idempotency key does not keep the provider from charging again")                      \
  X(PROVIDER_NO_CONFLICT, "provider-no-conflict", "C14-holds-conflict",                            \
    "a request is executed beside one with the same key that is under way")                        \
  X(PROVIDER_NO_COMPARE, "provider-no-compare", "C14-holds-mismatch",                              \
    "a known idempotency key with other parameters gets the saved result")                         \
  X(PROVIDER_FORGETS, "provider-forgets", "C14-holds",                                             \
    "idempotency keys are in the provider's memory only, and die with its process")                \
  X(DATABASE_NEVER_PRUNES, "database-never-prunes", "C17-holds-bounded",                           \
    "rows of handled ids are kept for ever, whatever their retention")                             \
  X(BLOOM_NEVER_ROTATES, "bloom-never-rotates", "C18-holds-rotation",                              \
    "a filter's oldest generation is not emptied: in the end everything looks seen")               \
  X(BLOOM_TRUSTED, "bloom-trusted", "C18-holds-backed",                                            \
    "what the filter takes for seen is not looked up in the exact table")                          \
  X(LRU_REMEMBERS_NOTHING, "lru-remembers-nothing", "C20-holds-entries", "no id is remembered")    \
  X(DATABASE_NOT_SERIALIZABLE, "database-not-serializable", "C13-holds-serializable",              \
    "transactions are not checked for what others have changed meanwhile")                         \
  X(DATABASE_UNCONDITIONAL, "database-unconditional", "C13-holds-offsets",                         \
    "a conditional write does not look at what stands there")                                      \
  X(DATABASE_NO_NATURAL_KEY, "database-no-natural-key", "C12-holds-natural",                       \
    "an insert under a natural key is not refused when its row is there")

#endif
