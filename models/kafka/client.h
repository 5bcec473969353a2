/* The request side of a Kafka client: one slot for each request that may be under way at once.
 *
 * [I1] An answer counts only if its slot still waits for exactly that request (correlation).
 * [I2] A request that is not answered in request.timeout.ms, or whose connection breaks, fails once;
 *      on a timeout the client closes the connection, which fails everything else on it too.
 */
#ifndef MODELS_KAFKA_CLIENT_H
#define MODELS_KAFKA_CLIENT_H

#include "models/kafka/wire.h"

struct slot {
  uint32_t correlation; /* 0 = free */
  uint32_t timer;
  uint16_t peer;
};

/* A slot's request failed: timed out or cut off. It is free again; others on the same connection may be
 * about to fail, so that nothing new is to be sent from here. */
typedef void slot_failed_fn(struct world *world, struct node *node, uint32_t slot);

struct client {
  struct slot *slots;
  uint32_t slot_count;
  uint32_t next_correlation;
  uint16_t lane; /* request.timeout.ms */
  uint16_t timer_kind; /* of the component: argument = slot << 32 | correlation */
  slot_failed_fn *failed;
};

void client_init(struct world *world, struct node *node, struct client *client, uint32_t slots,
                 uint16_t timer_kind, slot_failed_fn *failed);

/* A message for broker node `to`; send it with client_send. */
struct message *client_request(struct world *world, struct node *node, uint16_t to, enum wire kind);
void client_send(struct world *world, struct node *node, struct client *client, uint32_t slot,
                 struct message *message);
/* The same with a timeout of its own: JoinGroup waits for the whole group. */
void client_send_within(struct world *world, struct node *node, struct client *client, uint32_t slot,
                        struct message *message, uint16_t lane);
static inline bool client_waits(const struct client *client, uint32_t slot) {
  return client->slots[slot].correlation != 0;
}
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

#endif
