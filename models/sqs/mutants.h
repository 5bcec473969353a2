/* Mechanisms of Amazon SQS that can be switched off: see models/mutants.h. */
#ifndef MODELS_SQS_MUTANTS_H
#define MODELS_SQS_MUTANTS_H

#define SQS_MUTANTS(X)                                                                             \
  X(SQS_NO_VISIBILITY_TIMEOUT, "sqs-no-visibility-timeout", "C05-holds",                           \
    "a received message is not hidden")                                                            \
  X(SQS_EXTENSION_IGNORED, "sqs-extension-ignored", "C05-holds-extended",                          \
    "a longer timeout is confirmed and not set")                                                   \
  X(SQS_DEAD_LETTER_OFF_BY_ONE, "sqs-dead-letter-off-by-one", "C05-holds-dead-letter",             \
    "a message is handed out once more before it is set aside")                                    \
  X(SQS_FIFO_NO_DEDUPLICATION, "sqs-fifo-no-deduplication", "C16-holds",                           \
    "a FIFO queue does not remember what it has accepted")                                         \
  X(SQS_FIFO_WINDOW_TOO_SHORT, "sqs-fifo-window-too-short", "C16-holds",                           \
    "it remembers for a hundredth of the interval")                                                \
  X(SQS_FIFO_GROUP_NOT_BLOCKED, "sqs-fifo-group-not-blocked", "C16-holds",                         \
    "a group gives more messages while some of it are in flight")                                  \
  X(SQS_FIFO_DELETE_OF_EXPIRED, "sqs-fifo-delete-of-expired", "C16-holds-late-delete",             \
    "a receipt deletes after its visibility timeout")                                              \
  X(SQS_FIFO_ATTEMPT_IGNORED, "sqs-fifo-attempt-ignored", "C16-holds-receive-attempt",             \
    "a repeated receive gets other messages")

#endif
