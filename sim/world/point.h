/* Points: the one vocabulary for everything that can go wrong or be waited for.
 *
 * A point is a row (name, the role it happens at, what it is); an occurrence has the address
 * `point @ node, intent, attempt`. Generic points are stated by every system in shared code, so that
 * comparisons by `intent` stay paired; a system adds its own rows behind them.
 */
#ifndef SIM_WORLD_POINT_H
#define SIM_WORLD_POINT_H

#include "sim/world/role.h"

#include <stdint.h>

#define GENERIC_POINTS(X)                                                                          \
  X(COMMITTED, "committed", ROLE_DATABASE, "its business row is committed in its service's database") \
  X(PUBLISH_SENT, "publish-sent", ROLE_PRODUCER, "a request carrying the operation leaves its producer") \
  X(PUBLISH_RECEIVED, "publish-received", ROLE_BROKER, "it reached the broker; nothing is stored yet") \
  X(APPENDED, "appended", ROLE_BROKER, "the broker has stored it")                                 \
  X(PUBLISH_ACK_SENT, "publish-ack-sent", ROLE_BROKER, "the broker's confirmation leaves")         \
  X(PUBLISH_ACKED, "publish-acked", ROLE_PRODUCER, "the confirmation reached the producer")        \
  X(DELIVERY_SENT, "delivery-sent", ROLE_BROKER, "an answer carrying the operation leaves for a consumer") \
  X(DELIVERY_RECEIVED, "delivery-received", ROLE_CONSUMER, "that answer reached the consumer; no handler has it yet") \
  X(DELIVERED, "delivered", ROLE_CONSUMER, "a handler starts on it")                               \
  X(HANDLER_STEP, "handler-step", ROLE_CONSUMER, "its handler makes a call (work, statement, commit, publish)") \
  X(STATEMENT_SENT, "statement-sent", ROLE_CONSUMER, "a statement or COMMIT of its handler leaves for the database, or a request for another store") \
  X(STATEMENT_RECEIVED, "statement-received", ROLE_DATABASE, "it reached the store; nothing is done yet") \
  X(STATEMENT_ANSWERED, "statement-answered", ROLE_DATABASE, "the answer to it leaves") \
  X(STATEMENT_ANSWER_RECEIVED, "statement-answer-received", ROLE_CONSUMER, "the answer reached the consumer; its handler does not know yet") \
  X(EFFECT, "effect", ROLE_DATABASE, "a store or sink has applied it")                             \
  X(HANDLED, "handled", ROLE_CONSUMER, "its handler has returned")                                 \
  X(ACK_SENT, "ack-sent", ROLE_CONSUMER, "its acknowledgement leaves: an offset commit, a delete, the end of a transaction") \
  X(ACK_RECEIVED, "ack-received", ROLE_BROKER, "the acknowledgement reached the broker; nothing is noted yet") \
  X(ACK_APPLIED, "ack-applied", ROLE_BROKER, "the broker has noted the acknowledgement")           \
  X(ACK_ANSWER_SENT, "ack-answer-sent", ROLE_BROKER, "the answer to the acknowledgement leaves") \
  X(ACK_ANSWERED, "ack-answered", ROLE_CONSUMER, "the consumer learns that it was noted")          \
  X(REQUEST_SENT, "request-sent", ROLE_CONSUMER, "a request of its handler leaves for the provider") \
  X(REQUEST_RECEIVED, "request-received", ROLE_PROVIDER, "it reached the provider; nothing is done yet") \
  X(REQUEST_ANSWERED, "request-answered", ROLE_PROVIDER, "the provider's answer leaves")           \
  X(REQUEST_ANSWER_RECEIVED, "request-answer-received", ROLE_CONSUMER, "the answer reached the consumer; its handler does not know yet")

enum point {
  POINT_NONE,
#define X(id, name, role, about) POINT_##id,
  GENERIC_POINTS(X)
#undef X
      POINT_GENERIC__COUNT, /* a system's own rows have ids from here, in the order of its table */
  POINT__MAX = 128
};

struct point_row {
  const char *name;
  enum role role;
  const char *about;
};

extern const struct point_row generic_points[POINT_GENERIC__COUNT]; /* [POINT_NONE] is empty */

#endif
