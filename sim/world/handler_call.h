/* The calls that a handler makes (sim/handler/dgsim.h), by name: for triggers and for words. */
#ifndef SIM_WORLD_HANDLER_CALL_H
#define SIM_WORLD_HANDLER_CALL_H

/* id, name */
#define HANDLER_CALLS(X)                                                                           \
  X(BEGIN, begin)                                                                                  \
  X(COMMIT, commit)                                                                                \
  X(ROLLBACK, rollback)                                                                            \
  X(GET, get)                                                                                      \
  X(PUT, put)                                                                                      \
  X(INSERT_UNIQUE, insert_unique)                                                                  \
  X(APPLY, apply)                                                                                  \
  X(PUBLISH, publish)                                                                              \
  X(SUPPRESS, suppress)                                                                            \
  X(WORK, work)                                                                                    \
  X(SLEEP, sleep)                                                                                  \
  X(CACHE_GET, cache_get)                                                                          \
  X(CACHE_SET, cache_set)                                                                          \
  X(CACHE_SET_IF_ABSENT, cache_set_if_absent)                                                      \
  X(CACHE_DELETE, cache_delete)                                                                    \
  X(CHARGE, charge)                                                                                \
  X(LOCAL_SEEN, local_seen)                                                                        \
  X(LOCAL_MARK, local_mark)                                                                        \
  X(DELETE, delete)                                                                                \
  X(PUT_IF, put_if)                                                                                \
  X(ACKNOWLEDGE, ack)                                                                              \
  X(EMIT, emit)                                                                                    \
  X(STEP, step)                                                                                    \
  X(ACKNOWLEDGE_ALL, ack_all)                                                                      \
  X(GET_REPLICA, get_replica)                                                                      \
  X(EXECUTE, statement)

enum handler_call {
#define X(id, name) CALL_##id,
  HANDLER_CALLS(X)
#undef X
      CALL__COUNT
};
extern const char *const handler_call_names[CALL__COUNT];

/* For a key whose first word means any call: enum handler_call + 1. */
#define HANDLER_CALL_WORD(id, name) " " #name
#define HANDLER_CALL_WORDS "any" HANDLER_CALLS(HANDLER_CALL_WORD)

#endif
