/* Who coordinates the groups and the transactions, and how that moves.
 *
 *   client            old coordinator                  new coordinator
 *     | JOIN (parked) ----->|                                |
 *     |                     | move_coordinator               |
 *     |<-- NOT_COORDINATOR -| resigns: timers are void       | LOADING
 *     | COMMIT ----------------------------------------------->|
 *     |<------------------------------- COORDINATOR_LOADING -|
 *     |                     |                                | loaded: ACTIVE
 *     |                     |            markers of PREPARE_* again, with the next coordinator epoch ->
 *     | COMMIT ----------------------------------------------->|
 *
 * What a coordinator knows is in the internal topics (__consumer_offsets, __transaction_state): members,
 * generations, owners, committed and pending offsets, transactions. Parked requests, sessions and timers are
 * its own, and end with it: sessions begin anew, an interrupted rebalance begins again.
 *
 * [C1] At most one broker acts on the internal topics: who leads them, and only once it has loaded them.
 * [C2] A coordinator that has resigned changes nothing, and has no parked request and no timer of theirs.
 * [C3] A marker of an older coordinator epoch than the newest that a partition knows of its producer is
 *      TRANSACTION_COORDINATOR_FENCED: neither written nor answered.
 * Checked by tests/system/test_coordinator.c and scenarios/claims/C10-holds-coordinator-move.yaml,
 * C06-holds-coordinator-move.yaml.
 * LIMIT: the internal topics have one partition each, and the same leader. Their replicas are taken as always
 * in sync: all of what is durable passes over, whoever dies, and a write of who does not lead them any more
 * reaches nobody.
 * LIMIT: it moves only when it is told to, to the next broker that is up; while its broker is down its
 * clients wait, also with replicas.
 * LIMIT: loading takes COORDINATOR_LOAD_NS whatever there is to load, and FindCoordinator no time.
 * LIMIT: InitProducerId without a transactional id, which any broker answers, is asked of it too.
 */
#ifndef MODELS_KAFKA_COORDINATOR_H
#define MODELS_KAFKA_COORDINATOR_H

#include "models/kafka/broker.h"

#define COORDINATOR_LOAD_NS (10 * NS_PER_MS)

/* Whether this broker is the coordinator and has loaded what there is. */
bool coordinator_active(const struct world *world, const struct node *node);
/* The epoch of who leads the internal topics. */
uint32_t coordinator_epoch(const struct node *node);

/* A request to the coordinator: done here, or refused. */
message_fn coordinator_on_request;
timer_fn coordinator_on_session, coordinator_on_rebalance, coordinator_on_retention, coordinator_on_sweep,
    coordinator_on_markers, coordinator_on_loaded;

/* The first broker to start makes the internal topics, the others find them. */
void coordinator_make(struct world *world, struct node *node);
void coordinator_reset(struct broker_disk *disk);
void coordinator_free(struct broker_disk *disk);
/* move_coordinator strikes this broker: how many things under way it perturbed, 0 = it stays. */
uint32_t coordinator_struck(struct world *world, struct node *node);

#endif
