/* Amazon SQS, standard and FIFO queue: messages and keys.
 *
 *   producer              broker.1 (the queue)                consumer
 *      | SEND ----------------->|                                 |
 *      |<-------------- SEND_OK |  stored, on several machines    |
 *      |                        |<----------------------- RECEIVE |  long poll: parked until there is
 *      |                        | RECEIVE_OK -------------------->|  a message or wait_time is over
 *      |                        |  hidden for visibility_timeout  |  handler
 *      |                        |<---------------- CHANGE_TIMEOUT |  while it runs (extend_visibility), or
 *      |                        | CHANGE_TIMEOUT_OK ------------->|  when it has failed (after_failure)
 *      |                        |<------------------------ DELETE |  the acknowledgement
 *      |                        | DELETE_OK --------------------->|
 *
 * Every request is a call of its own over HTTPS: a per-request link. One lost answer is lost alone.
 * Answers carry a status: a call may be refused.
 *
 * sqs-standard claims: at least once, in no order. What a handler does twice is its own affair. Broken by
 * `delete: before-processing` and a consumer that dies at work: lost, though acknowledged. Redelivered
 * without any fault: by a handler slower than the visibility timeout (scenarios/claims/C05-breaks-slow), by
 * a copy on another server (C05-breaks-copies).
 *
 * sqs-fifo claims more: what a producer sends again within deduplication_interval of the first that was
 * accepted is one message (broken by a later retry: C16-breaks-window), and a group, the operation's key,
 * is handled in order, as long as no dead-letter queue takes something out and sends of a group do not
 * overtake each other. Not that a handler runs once: C16-breaks-visibility.
 *
 * A producer that gives up (max_attempts) breaks nothing: it is told UNKNOWN.
 *
 * LIMIT: one queue, on broker.1; further brokers stand by. The service replicates: what it has accepted
 *        survives the death of broker.1 in any way, which is then unavailable until it is back.
 * LIMIT: no batch calls: each message is sent and deleted by a call of its own.
 * LIMIT: no quotas on calls a second (FIFO: 300 of each action, without high throughput mode).
 * LIMIT: a FIFO queue looks through all its messages for a group that is free, not only the first 120000.
 */
#ifndef MODELS_SQS_WIRE_H
#define MODELS_SQS_WIRE_H

#include "sim/world/world.h"

/* Of all answers but RECEIVE_OK: a = the client's place of the call, as in the request; b = status. */
enum sqs_message {
  SQS_SEND,       /* one record; a */
  SQS_SEND_OK,    /* a, b */
  SQS_RECEIVE,    /* a = most messages, b = ns to wait for one, c = receive request attempt id, 0 = none */
  SQS_RECEIVE_OK, /* records, maybe none: handle and extra = receipt, count = receives so far; b = status */
  SQS_DELETE,     /* one record: intent, handle and extra; a */
  SQS_DELETE_OK,  /* a, b */
  SQS_CHANGE_TIMEOUT,    /* ChangeMessageVisibility: as DELETE; b = ns from now on */
  SQS_CHANGE_TIMEOUT_OK, /* a, b */
  SQS_MESSAGE__COUNT
};

enum sqs_status {
  SQS_OK,
  SQS_OVER_LIMIT,       /* of a short poll: as many in flight as there may be */
  SQS_RECEIPT_EXPIRED,  /* of a FIFO queue's DELETE: no longer in flight by this receipt */
  SQS_NOT_IN_FLIGHT,    /* of CHANGE_TIMEOUT: likewise */
  SQS_TIMEOUT_TOO_LONG, /* of CHANGE_TIMEOUT: more than SQS_HIDDEN_MAX from the receive */
  SQS_UNANSWERED,       /* the client's: all attempts are used up */
};

extern const struct message_kind sqs_messages[SQS_MESSAGE__COUNT];

/* Points of its own, beside the generic ones. */
enum sqs_point {
  POINT_RECEIVE_SENT = POINT_GENERIC__COUNT,
  POINT_RECEIVE_RECEIVED,
  POINT_CHANGE_SENT,
  POINT_CHANGE_RECEIVED,
  POINT_SQS__END
};

enum sqs_key {
  KEY_SQS_VISIBILITY_TIMEOUT,
  KEY_SQS_WAIT_TIME,
  KEY_SQS_MAX_MESSAGES,
  KEY_SQS_REQUEST_TIMEOUT,
  KEY_SQS_MAX_ATTEMPTS,
  KEY_SQS_RETRY_BACKOFF,
  KEY_SQS_RETRY_BACKOFF_MAX,
  KEY_SQS_DELETE,
  KEY_SQS_EXTEND_VISIBILITY,
  KEY_SQS_AFTER_FAILURE,
  KEY_SQS_MAX_RECEIVE_COUNT,
  KEY_SQS_REDRIVE_AT,
  KEY_SQS_RETENTION,
  KEY_SQS_DELAY,
  KEY_SQS_IN_FLIGHT_LIMIT,
  KEY_SQS_COMMON__COUNT,
  /* of the standard queue only */
  KEY_SQS_OLD_RECEIPTS = KEY_SQS_COMMON__COUNT,
  KEY_SQS_COPY_REDELIVERY,
  KEY_SQS_COPY_REDELIVERY_AFTER,
  KEY_SQS_STANDARD__COUNT,
  /* of the FIFO queue only */
  KEY_SQS_DEDUPLICATION_INTERVAL = KEY_SQS_COMMON__COUNT,
  KEY_SQS_SEND_ORDER,
  KEY_SQS_RECEIVE_ATTEMPT_ID,
  KEY_SQS_FIFO__COUNT
};
enum { SQS_DELETE_AFTER_PROCESSING, SQS_DELETE_BEFORE_PROCESSING };
enum { SQS_FAILURE_LEAVE, SQS_FAILURE_MAKE_VISIBLE };
enum { SQS_OLD_RECEIPTS_DELETE, SQS_OLD_RECEIPTS_IGNORE };
enum { SQS_SEND_ONE_AT_A_TIME, SQS_SEND_CONCURRENT };

#define SQS_RECEIVE_MAX 10 /* MaxNumberOfMessages */
/* A message is hidden no longer than this after a receive, whoever extends it. SQS developer guide. */
#define SQS_HIDDEN_MAX (12 * NS_PER_H)
/* Headers and envelope of a call: an assumption, which counts on links with a bandwidth only. */
#define SQS_CALL_BYTES 256

static inline int64_t sqs_setting(const struct world *world, enum sqs_key key) {
  return world->plan->system_settings.values[key].i;
}

static inline uint16_t sqs_queue_node(const struct world *world) {
  return (uint16_t)world->first[ROLE_BROKER];
}

extern const struct component sqs_producer, sqs_queue, sqs_consumer;
extern const struct component sqs_fifo_producer, sqs_fifo_queue, sqs_fifo_consumer;

#endif
