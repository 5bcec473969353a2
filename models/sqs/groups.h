/* The order of a FIFO queue: message groups. An operation's key is its group.
 *
 *   group 7:   [3: in flight] [4: in flight] [9] [12]      blocked
 *   group 8:   [5] [10]                                    ready
 *
 * A receive takes as many as it may of the first ready group, in order, then of the next.
 *
 * [G1] A group with a message in flight gives no more to later receives, until all of them are deleted,
 *      visible again, disposed of or dead: its head that nobody can handle holds up the rest.
 * [G2] Within a group messages are handed out in the order in which they were accepted, also again.
 *      What comes back from the dead-letter queue goes to the end.
 * [G3] A group is in the list of ready ones exactly when it has messages, none of them in flight.
 * LIMIT: among ready groups it is the turn of the one that has been ready longest; Amazon says nothing of
 *        it but that it tries to return many of one group.
 */
#ifndef MODELS_SQS_GROUPS_H
#define MODELS_SQS_GROUPS_H

#include "models/sqs/store.h"

extern const struct sqs_order sqs_order_fifo;

#endif
