/* The request side of a Kafka client: one slot for each request that may be under way at once.
 *
 * [I1] An answer counts only if its slot still waits for exactly that request (correlation).
 * [I2] A request that is not answered in request.timeout.ms, or whose connection breaks, fails once;
 *      on a timeout the client closes the connection, which fails everything else on it too.
 *
 * Where leaders move, producers and consumers keep what they know of them: from the start the first
 * assignment, then what a broker answers to METADATA. They ask when a request has failed, or was refused
 * for want of leadership, one broker after the other until one answers; what is older than what they know
 * (by leader epoch) they ignore. A partition without a leader keeps its last one.
 * LIMIT: metadata.max.age.ms (5 minutes) is not modelled: nobody asks without a cause.
 */
#ifndef MODELS_KAFKA_CLIENT_H
#define MODELS_KAFKA_CLIENT_H

#include "models/kafka/wire.h"
#include "sim/base/likely.h"

struct slot {
  uint32_t correlation; /* 0 = free */
  uint32_t timer;
  uint32_t subject; /* the component's own: what the request is about */
  uint16_t peer;
};

/* A slot's request failed: timed out or cut off. It is free again; others on the same connection may be
 * about to fail, so that nothing new is to be sent from here. */
typedef void slot_failed_fn(struct world *world, struct node *node, uint32_t slot);

struct client {
  struct slot *slots; /* the first `near` of them; the others are at the far end of the arena */
  uint32_t next_correlation;
  uint16_t lane; /* request.timeout.ms */
  uint16_t timer_kind; /* of the component: argument = slot << 32 | correlation */
  uint32_t slot_count;
  uint32_t asked;    /* how many brokers were asked for metadata so far */
  slot_failed_fn *failed;
  uint32_t *leaders; /* by topic partition: broker index; NULL = leaders do not move, or a broker's own */
  uint32_t *epochs;  /* of those leaders */
  struct slot *far_slots;
  uint32_t near;
};
_Static_assert(sizeof(struct client) <= CACHE_LINE, "one cache line");

/* `near`: so many of the slots, the first, are of requests that most messages need. */
void client_init(struct world *world, struct node *node, struct client *client, uint32_t slots, uint32_t near,
                 uint16_t timer_kind, slot_failed_fn *failed);

static inline struct slot *client_slot(const struct client *client, uint32_t slot) {
  return LIKELY(slot < client->near) ? &client->slots[slot] : &client->far_slots[slot - client->near];
}

/* Room that a client with so many slots needs in the arena, bytes. */
size_t client_bytes(const struct plan *plan, size_t slots);

/* Who leads a topic partition, as far as this client knows: index among brokers, and node. */
static inline uint32_t client_broker(const struct world *world, const struct client *client,
                                     uint32_t topic_partition) {
  if (UNLIKELY(client->leaders != NULL)) return client->leaders[topic_partition];
  uint32_t partitions = world->plan->partitions;
  return kafka_broker_of(world, topic_partition < partitions ? topic_partition
                                                             : topic_partition - partitions);
}
static inline uint16_t client_leader(const struct world *world, const struct client *client,
                                     uint32_t topic_partition) {
  return (uint16_t)(world->first[ROLE_BROKER] + client_broker(world, client, topic_partition));
}
/* What it knows of leaders may be old: asks, unless it is asking already. */
void client_refresh(struct world *world, struct node *node, struct client *client);
/* For the component's WIRE_METADATA_ANSWER. */
void client_on_metadata(struct world *world, struct node *node, struct client *client,
                        const struct message *answer);

/* A message for broker node `to`; send it with client_send. */
struct message *client_request(struct world *world, struct node *node, uint16_t to, enum wire kind);
void client_send(struct world *world, struct node *node, struct client *client, uint32_t slot,
                 struct message *message);
/* The same with a timeout of its own: JoinGroup waits for the whole group. */
void client_send_within(struct world *world, struct node *node, struct client *client, uint32_t slot,
                        struct message *message, uint16_t lane);
static inline bool client_waits(const struct client *client, uint32_t slot) {
  return client_slot(client, slot)->correlation != 0;
}
/* How many requests are under way: looks at every slot. */
uint32_t client_waiting(const struct client *client);
/* Whether an answer is the one that its slot waits for; frees the slot if so. */
bool client_answered(struct world *world, struct client *client, uint32_t slot,
                     const struct message *answer);
/* Forgets a request: its answer, if it comes, is ignored. */
void client_forget(struct world *world, struct client *client, uint32_t slot);

/* For the component's timer and disconnected. */
void client_timed_out(struct world *world, struct node *node, struct client *client,
                      uint64_t argument);
void client_disconnected(struct world *world, struct node *node, struct client *client,
                         uint16_t peer);

/* Exponential back-off with 20 % jitter (Kafka's ExponentialBackoff, CommonClientConfigs): before the
 * n-th retry, n from 0. `address` keys the jitter. */
struct span client_backoff(struct world *world, uint32_t n, uint64_t address);
/* The same before the n-th attempt to connect again (ClusterConnectionStates). */
struct span client_reconnect_backoff(struct world *world, uint32_t n, uint64_t address);

#endif
