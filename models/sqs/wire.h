/* Amazon SQS, standard queue: its messages, as far as they are modelled, and its keys.
 *
 *   producer              broker.1 (the queue)                consumer
 *      | SEND ----------------->|                                 |
 *      |<-------------- SEND_OK |  stored, on several machines    |
 *      |                        |<----------------------- RECEIVE |  long poll: parked until there is
 *      |                        | RECEIVE_OK -------------------->|  a message or wait_time is over
 *      |                        |  hidden for visibility_timeout  |  handler
 *      |                        |<------------------------ DELETE |  the acknowledgement
 *      |                        | DELETE_OK --------------------->|
 *
 * Every request is a call of its own over HTTPS: a per-request link. One lost answer is lost alone.
 *
 * Claims: at least once, in no order. What a handler does twice is its own affair. The claim is broken by
 * `delete: before-processing` and a consumer that dies at work: lost, though acknowledged. A producer that
 * gives up (max_attempts) breaks nothing: it is told UNKNOWN.
 *
 * LIMIT: one queue, on broker.1; further brokers stand by. The service replicates: what it has accepted
 *        survives the death of broker.1 in any way, which is then unavailable until it is back.
 * LIMIT: the service's own rare duplicates (a copy on a server that was down when the message was
 *        deleted) do not happen; a message is redelivered only when its visibility timeout is over.
 * LIMIT: no retention period, no dead-letter queue, no delay, no batch calls, no ChangeMessageVisibility.
 */
#ifndef MODELS_SQS_WIRE_H
#define MODELS_SQS_WIRE_H

#include "sim/world/world.h"

enum sqs_message {
  SQS_SEND,       /* one record; a = the client's place of the call, repeated by the answer */
  SQS_SEND_OK,    /* a */
  SQS_RECEIVE,    /* a = most messages, b = ns to wait for one */
  SQS_RECEIVE_OK, /* records, maybe none: handle = receipt, count = receives so far */
  SQS_DELETE,     /* one record: intent, handle; a as in SEND */
  SQS_DELETE_OK,  /* a */
  SQS_MESSAGE__COUNT
};

extern const struct message_kind sqs_messages[SQS_MESSAGE__COUNT];

/* Points of its own, beside the generic ones. */
enum sqs_point { POINT_RECEIVE_SENT = POINT_GENERIC__COUNT, POINT_RECEIVE_RECEIVED, POINT_SQS__END };

enum sqs_key {
  KEY_SQS_VISIBILITY_TIMEOUT,
  KEY_SQS_WAIT_TIME,
  KEY_SQS_MAX_MESSAGES,
  KEY_SQS_REQUEST_TIMEOUT,
  KEY_SQS_MAX_ATTEMPTS,
  KEY_SQS_RETRY_BACKOFF,
  KEY_SQS_RETRY_BACKOFF_MAX,
  KEY_SQS_DELETE,
  KEY_SQS__COUNT
};
enum { SQS_DELETE_AFTER_PROCESSING, SQS_DELETE_BEFORE_PROCESSING };

#define SQS_RECEIVE_MAX 10 /* MaxNumberOfMessages */
/* Headers and envelope of a call: an assumption, which counts on links with a bandwidth only. */
#define SQS_CALL_BYTES 256

static inline int64_t sqs_setting(const struct world *world, enum sqs_key key) {
  return world->plan->system_settings.values[key].i;
}

static inline uint16_t sqs_queue_node(const struct world *world) {
  return (uint16_t)world->first[ROLE_BROKER];
}

extern const struct component sqs_producer, sqs_queue, sqs_consumer;

#endif
