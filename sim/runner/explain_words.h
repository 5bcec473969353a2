/* The words of stories, as tables: a fact, a point, a loss, a death, a fault each have their row.
 *
 * In a text, %p is the peer, %m the message's kind, %w what the message is, %v and %d the fact's numbers,
 * %n how manyeth it is, %i the operation, %s a handler's call, %f the fault, %t the timer or message that was the cause, %c the
 * node that it came from. A row whose `first` is NULL is not told.
 */
#ifndef SIM_RUNNER_EXPLAIN_WORDS_H
#define SIM_RUNNER_EXPLAIN_WORDS_H

#include "sim/world/fact.h"
#include "sim/world/link.h"
#include "sim/world/node.h"
#include "sim/world/plan.h"
#include "sim/world/point.h"

struct words {
  const char *first, *again; /* again: NULL = as the first */
  const char *why_again;
  const char *brief, *brief_again; /* beside the lane of a diagram; brief_again: NULL = as the first */
};

extern const struct words words_fact[FACT__END - TRACE_FACT];
extern const struct words words_sent[POINT_GENERIC__COUNT]; /* by the point stated when it leaves */
extern const struct words words_sent_own;                   /* by a point of the system's own */
extern const struct words words_received[POINT_GENERIC__COUNT];
extern const struct words words_point[POINT_GENERIC__COUNT];
extern const char *const words_noun[POINT_GENERIC__COUNT]; /* what a message is */
extern const struct words words_loss[LOSS_UNSENT + 1]; /* first: why */
extern const struct words words_result; /* of an append that is not the operation's but its result's */
extern const struct words words_session; /* an EXPIRED of no operation: a member's session */
extern const struct words words_livelock; /* a STUCK that was found by the count of events */
extern const struct words words_node[NODE_CHANGE__COUNT];
extern const char *const words_death[DEATH_DISK + 1]; /* by fault %f */
extern const struct words words_fault[VERB__COUNT];    /* first: it begins; again: it ends; why_again: why it begins */
extern const struct words words_failed[CALL_ERROR_UNKNOWN + 1]; /* a call that was not made: what it was told */
extern const struct words words_unanswered; /* one that was made */
extern const struct words words_step;
extern const char *const words_cause[];                /* by enum cause_kind */

#endif
