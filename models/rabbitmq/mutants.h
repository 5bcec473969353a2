/* Mechanisms of RabbitMQ that can be switched off: see models/mutants.h. */
#ifndef MODELS_RABBITMQ_MUTANTS_H
#define MODELS_RABBITMQ_MUTANTS_H

#define RABBIT_MUTANTS(X)                                                                          \
  X(RABBIT_CONFIRM_BEFORE_WRITE, "rabbitmq-confirm-before-write", "C07-holds",                     \
    "a classic queue confirms a persistent message that it has only in memory")                    \
  X(RABBIT_NO_REQUEUE, "rabbitmq-no-requeue", "C07-holds",                                         \
    "the unacknowledged messages of a lost connection are not requeued")                           \
  X(RABBIT_ACK_OF_ANY_CHANNEL, "rabbitmq-ack-of-any-channel", "C07-holds-stale-ack",               \
    "a consumer acknowledges on its new channel what had come on the old one")                     \
  X(RABBIT_NO_PREFETCH, "rabbitmq-no-prefetch", "C07-holds-prefetch",                              \
    "a consumer gets any number of messages")                                                      \
  X(RABBIT_COMMIT_ALONE, "rabbitmq-commit-alone", "C07-holds-failover",                            \
    "the leader of a quorum queue confirms what only itself has")                                  \
  X(RABBIT_VOTE_FOR_ANYBODY, "rabbitmq-vote-for-anybody", "C07-holds-election",                    \
    "a replica votes for a candidate whose log is not up to date")                                 \
  X(RABBIT_NO_CLOSE_OK, "rabbitmq-no-close-ok", "C29-holds-deploy",                                \
    "a process that stops exits without waiting for the answer to its close")

#endif
