/* The consumer client: member of the group, poll loop, commits.
 *
 *   INIT --producer id--> JOINING --joined--> OFFSETS --positions--> RUNNING
 *                            ^                                         | heartbeat: rebalance
 *                            '----- committed ------ REVOKING <--------'
 *                                                    STOPPING --committed--> LEAVE, exit
 *
 * RUNNING: fetch from each leader; hand record after record to the handler; commit by the key `commit`:
 *   before-processing   each batch is committed first; a crash loses what was committed, not processed
 *   after-processing    every commit_interval what has been processed; a crash repeats what was not
 *   in-transaction      every commit_interval outputs and offsets in one transaction
 *
 * Volatile: everything. Durable: committed offsets, at the coordinator.
 *
 * [I1] A record is handed to the handler only while its partition is assigned in this generation.
 * [I2] Only what has been handled is committed (after-processing, in-transaction).
 * LIMIT: a fetch that finds nothing is parked at the broker until there is something, not for
 * fetch.max.wait.ms: an idle consumer asks again every request.timeout.ms.
 * LIMIT: one handler at a time; a batch is not fetched ahead while one from the same leader is processed.
 */
#ifndef MODELS_KAFKA_CONSUMER_H
#define MODELS_KAFKA_CONSUMER_H

#include "models/handlers/host.h"
#include "models/kafka/client.h"
#include "sim/handler/dgsim.h"

enum { STAGE_INIT, STAGE_JOINING, STAGE_OFFSETS, STAGE_RUNNING, STAGE_REVOKING, STAGE_STOPPING, CONSUMER_STAGE__COUNT };
enum { TIMER_REQUEST, TIMER_HEARTBEAT, TIMER_COMMIT, TIMER_RETRY, TIMER_RECORD, CONSUMER_TIMER__COUNT };
enum { SLOT_COORDINATOR, SLOT_HEARTBEAT, SLOT_COMMIT, SLOT_FETCH }; /* SLOT_FETCH + broker, then outputs */

#define PROCESSED_MAX 1000 /* records of one commit; partitions of a topic at the most */

/* Steps of a commit, in order; each mode has its own path through them (commit.c). */
enum commit_step { COMMIT_IDLE, COMMIT_ADD, COMMIT_OUTPUTS, COMMIT_OFFSETS, COMMIT_END, COMMIT_ABORT };

struct output {
  uint64_t intent;
  uint32_t key, partition;
};
struct output_batch { /* under way to one partition of the output topic */
  uint32_t first, count; /* in sorted order of `outputs` */
  bool done;
};
struct consumer {
  struct client client;
  uint64_t member;
  uint64_t generation;
  uint32_t *assigned; /* partitions */
  uint32_t assigned_count, rotation;
  uint64_t *position;  /* by partition: next to hand to the handler */
  uint64_t *fetched;   /* by partition: next to fetch */
  uint64_t *committed; /* by partition: known to be committed */
  struct record *buffer; /* ring: fetched, not handled */
  uint32_t buffer_head, buffer_count, buffer_capacity, safe; /* safe: committed, may be handled */
  uint32_t *buffered; /* by broker */
  struct record current;
  uint32_t tag;
  bool working; /* the handler has `current` */
  struct record *processed; /* handled, not committed: room for twice PROCESSED_MAX */
  uint32_t processed_count, committing; /* committing: how many the commit under way covers */
  uint32_t commit_timer; /* TIMER_NONE = not armed */
  bool commit_due;
  enum commit_step step;
  struct output *outputs; /* published, not acknowledged */
  uint32_t output_count, flushing;
  int32_t *sequence; /* by output partition, of this epoch */
  struct batch producer;
  bool begun;              /* a transaction: something was sent that may have begun it */
  int64_t flush_began_ns;  /* COMMIT_OUTPUTS: since when */
  uint16_t heartbeat_lane, commit_lane;
};

static inline struct consumer *consumer_of(struct node *node) { return node->state[0]; }
/* Place in the ring of the n-th record fetched and not handled. */
static inline uint32_t consumer_place(const struct consumer *consumer, uint32_t n) {
  uint32_t place = consumer->buffer_head + n;
  return place < consumer->buffer_capacity ? place : place - consumer->buffer_capacity;
}
static inline int64_t commit_mode(const struct world *world) {
  return kafka_setting(world, KEY_COMMIT);
}

/* Goes on with whatever can be done now: commit, next record, fetch, rejoin, leave. */
void consumer_pump(struct world *world, struct node *node);
/* Gives up membership as it is: nothing more of it counts. Then joins anew. */
void consumer_rejoin(struct world *world, struct node *node);
/* A fenced transactional client begins again with InitProducerId. */
void consumer_restart(struct world *world, struct node *node);
void consumer_retry_later(struct world *world, struct node *node, uint32_t slot);

/* --- commit.c --- */

/* Something was handled: note it, and see to it that it is committed in time. */
void commit_note(struct world *world, struct node *node, const struct record *record);
/* Starts a commit of what there is, if none is under way. */
void commit_start(struct world *world, struct node *node);
/* Sends the current step (again). */
void commit_send(struct world *world, struct node *node);
/* Nothing is left to be committed. */
bool commit_clean(const struct consumer *consumer);
void commit_forget(struct world *world, struct node *node);
message_fn commit_on_committed, commit_on_added, commit_on_output, commit_on_offsets, commit_on_ended;
timer_fn commit_on_timer;
int commit_publish(struct world *world, struct node *node, uint32_t tag, uint64_t intent, uint32_t key);
static inline uint32_t slot_output(const struct world *world, uint32_t partition) {
  return SLOT_FETCH + world->count[ROLE_BROKER] + partition;
}

#endif
