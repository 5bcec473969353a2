/* What a Kafka producer holds: records that queue, batches in flight or waiting for their retry. */
#ifndef MODELS_KAFKA_PRODUCER_H
#define MODELS_KAFKA_PRODUCER_H

#include "models/kafka/client.h"
#include "sim/base/bits.h"

#define IN_FLIGHT_MAX 16
#define NO_INDEX UINT32_MAX
#define BUFFER_RECORDS_MAX 65536
/* Lists that are short as a rule: so many have room near by (arena_widen). */
#define PENDING_NEAR 16
#define OUTGOING_NEAR 16

/* Each a cache line of its own: which of them comes next is the luck of keys. */
struct pending { /* a record */
  _Alignas(CACHE_LINE) struct operation_request request;
  int64_t created_ns;
  uint32_t next;
};
struct outgoing { /* a batch: in flight, or waiting for its retry */
  _Alignas(CACHE_LINE) uint32_t first;
  uint32_t count; /* of pending records; 0 = free */
  uint32_t partition;
  int32_t sequence;
  uint16_t epoch;
  uint16_t attempts;
  bool rewritten;                  /* under a newer epoch: earlier copies of it may be in the log */
  uint32_t number;                 /* of its partition's batches */
  int64_t created_ns, retry_at_ns; /* created: its first record */
  uint32_t next;                   /* list of its partition: retry, or flying */
};
struct queue_of_partition {
  _Alignas(CACHE_LINE) uint32_t first; /* of pending */
  uint32_t last, count;
  uint32_t retry;              /* list of outgoing, by sequence */
  uint32_t flying;             /* idempotent: list of those in flight, by number */
  int32_t sequence;            /* of the next record */
  int32_t expected;            /* the one after the last that was acknowledged */
  int32_t after_expired;       /* unresolved: the one after the batch that expired */
  uint16_t epoch;              /* bumped locally when a sequence is missing */
  uint16_t in_flight;          /* batches; see producer_counts_apart */
  uint32_t cut;                /* batches so far */
  bool unresolved;             /* one has expired, and it is not known whether it is in the log */
};
enum { TIMER_REQUEST, TIMER_RETRY, TIMER_LINGER, TIMER_EXPIRY, TIMER_CONNECT, TIMER__COUNT };

/* To a broker, as the producer sees it. */
struct connection {
  uint32_t in_flight; /* batches */
  bool gone;          /* broken, and not made again yet: nothing is sent */
  uint8_t attempts;   /* to make it again, since it broke */
  uint16_t ever;      /* attempts: keys their luck */
};
/* What every message needs comes first, in two cache lines; connections, ready, the slots, and the first of its lists
 * follow it in memory. */
struct producer {
  _Alignas(CACHE_LINE) struct client client; /* slots: 0 = init; IN_FLIGHT_MAX for each broker, about an outgoing; one
                                                for each broker, to connect again */
  struct pending *pending; /* room for PENDING_NEAR of them, or for all */
  struct queue_of_partition *queues;
  struct outgoing *outgoing; /* likewise: one for each slot, and as many waiting */
  uint32_t pending_free, outgoing_free; /* lists; behind them comes what was never used */
  uint64_t *ready; /* partitions with records that queue, or batches that wait for a retry */
  struct connection *connections; /* by broker */
  uint32_t waiting; /* records that queue and batches that wait for a retry */
  uint16_t batch_records, limit;
  uint32_t id;         /* producer id, NO_PRODUCER */
  bool awaits_id;
  bool no_order;    /* idempotent, on a link that keeps no order */
  bool expiry;      /* a timer for records that queue is set */
  bool outputs;     /* producer_of_outputs */
  uint32_t pending_used, pending_room, pending_count;
  uint32_t outgoing_used, outgoing_room, outgoing_count;
};
_Static_assert(offsetof(struct producer, pending_used) <= 2 * CACHE_LINE, "two cache lines");

static inline struct producer *producer_of(struct node *node) { return node->state[0]; }

/* Whether it publishes what consumers have to tell: to the output topic, of as many partitions. */
static inline bool producer_of_outputs(const struct world *world, const struct node *node) {
  return node->role == ROLE_RELAY && world->plan->publisher->of_consumers;
}

/* Whether a partition has something to be sent, now or later: its place in `ready` follows when it has been
 * drained. */
static inline bool producer_has_work(const struct queue_of_partition *queue) {
  return queue->count > 0 || queue->retry != NO_INDEX;
}
static inline void producer_note_ready(struct producer *producer, uint32_t partition) {
  if (producer_has_work(&producer->queues[partition]))
    bits_put(producer->ready, partition);
  else
    bits_take(producer->ready, partition);
}

/* Whether what is under way has to be known partition by partition: where leaders move a partition may have requests
 * under way to two of them, and an idempotent producer asks whether anything is outstanding. Elsewhere the connection
 * knows it all, and the answer to a request need not touch the partition. */
static inline bool producer_counts_apart(const struct producer *producer) {
  return UNLIKELY(producer->client.leaders != NULL || producer->id != NO_PRODUCER);
}

/* Where a partition's batches go, as far as the producer knows: index among brokers. */
static inline uint32_t producer_broker(const struct world *world, const struct producer *producer, uint32_t partition) {
  const uint32_t target = UNLIKELY(producer->outputs) ? kafka_output(world, partition) : partition;
  return client_broker(world, &producer->client, target);
}

/* --- producer_expiry.c --- */

/* Whether delivery.timeout.ms is over for a batch. */
static inline bool producer_overdue(const struct world *world, const struct outgoing *batch) {
  return world->now.ns - batch->created_ns >= kafka_setting(world, KEY_DELIVERY_TIMEOUT);
}
/* Ends a batch that has been sent: its operations may or may not be in the log. */
void producer_expire(struct world *world, struct producer *producer, uint32_t index);
/* Sees to it that what waits in a partition expires on time: behind a batch that has failed, or for a connection. */
void producer_watch(struct world *world, struct node *node, uint32_t partition);
/* Ends what has waited for too long, for TIMER_EXPIRY. */
void producer_expire_waiting(struct world *world, struct node *node);

/* --- producer_connections.c --- */

/* The connection to a broker is gone. It is made again after reconnect.backoff.ms: once the broker has answered
 * API_VERSIONS, it is there (NetworkClient). What waits for it waits until then, and uses up no attempt. */
void producer_connection_lost(struct world *world, struct node *node, uint16_t peer);
/* The slot of an attempt; its timer; and what follows when it fails. */
static inline uint32_t producer_connect_slot(const struct world *world, uint32_t broker) {
  return 1 + IN_FLIGHT_MAX * world->count[ROLE_BROKER] + broker;
}
void producer_connect(struct world *world, struct node *node, uint64_t broker);
void producer_connect_later(struct world *world, struct node *node, uint32_t broker);
/* Whether the answer makes a connection. */
bool producer_connected(struct world *world, struct node *node, const struct message *answer);

/* --- producer_batches.c --- */

uint32_t producer_take_outgoing(struct node *node);
void producer_put_outgoing(struct producer *producer, uint32_t index);
/* NO_INDEX: buffer.memory is full. */
uint32_t producer_take_pending(struct node *node);
/* Returns the calls of a batch and frees it. */
void producer_settle(struct world *world, struct producer *producer, uint32_t index,
                     enum outcome outcome);
/* Cuts the next batch off a partition's queue. */
uint32_t producer_cut(struct node *node, uint32_t partition);
/* Returns what has queued since before an instant: it was never sent. */
void producer_expire_queue(struct world *world, struct producer *producer, uint32_t partition,
                           int64_t before_ns);
/* Puts a batch into its partition's retry list, in the order of sequences. */
void producer_list_retry(struct producer *producer, uint32_t index);

/* What an idempotent producer makes of OUT_OF_ORDER_SEQUENCE; the batch is tried again in any case
 * (TransactionManager.canRetry). */
void producer_out_of_order(struct producer *producer, uint32_t index);
/* A batch that was sent has expired: whether its sequences are in the log is not known. */
void producer_unresolved(struct producer *producer, uint32_t index);
/* Once nothing is outstanding: goes on behind what was acknowledged, or from 0 in a new epoch. */
void producer_resolve(struct producer *producer, uint32_t partition);
/* An idempotent producer's batch is in flight; and is so no longer. */
void producer_fly(struct producer *producer, uint32_t index);
void producer_land(struct producer *producer, uint32_t index);
/* The oldest batch of an idempotent producer's partition that is in flight, by number; UINT32_MAX = none. */
uint32_t producer_oldest(const struct producer *producer, uint32_t partition);

#endif
