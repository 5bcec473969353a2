/* A producer's connections to brokers, as far as they break (NetworkClient, ClusterConnectionStates of Kafka 4.0).
 *
 *   there --broken, timed out--> gone --reconnect.backoff.ms--> asking (API_VERSIONS) --answer--> there
 *                                  ^------ broken, socket.connection.setup.timeout.ms ---'
 *
 * LIMIT: making a connection takes one round trip, without that of TCP's own handshake; connections are there from
 *        the start; socket.connection.setup.timeout.max.ms is not modelled, the timeout does not grow; and consumers
 *        send to brokers whose connection is gone, and are refused.
 */
#include "models/kafka/producer.h"

void producer_connect_later(struct world *world, struct node *node, uint32_t broker) {
  struct connection *connection = &producer_of(node)->connections[broker];
  const uint32_t attempts = connection->attempts;
  if (attempts < UINT8_MAX) connection->attempts++;
  const uint64_t n = (uint64_t)broker << 16 | connection->ever++;
  const uint64_t address = world_address(node, hash_name("reconnect-backoff"), n);
  world_after(world, node, 0, TIMER_CONNECT, broker, client_reconnect_backoff(world, attempts, address));
}

void producer_connection_lost(struct world *world, struct node *node, uint16_t peer) {
  struct producer *producer = producer_of(node);
  if (world->nodes[peer].role != ROLE_BROKER) return; /* a relay's database */
  const uint32_t broker = (uint32_t)(peer - world->first[ROLE_BROKER]);
  struct connection *connection = &producer->connections[broker];
  if (connection->gone) return; /* an attempt is under way, or waits */
  connection->gone = true;
  connection->attempts = 0;
  producer->expiry = false; /* what has been sent waits now, too */
  producer_connect_later(world, node, broker);
}

void producer_connect(struct world *world, struct node *node, uint64_t broker) {
  const uint16_t to = (uint16_t)(world->first[ROLE_BROKER] + broker);
  const uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_CONNECTION_SETUP_TIMEOUT)));
  client_send_within(world, node, &producer_of(node)->client, producer_connect_slot(world, (uint32_t)broker),
                     client_request(world, node, to, WIRE_API_VERSIONS), lane);
}

bool producer_connected(struct world *world, struct node *node, const struct message *answer) {
  struct producer *producer = producer_of(node);
  const uint32_t broker = (uint32_t)(answer->from - world->first[ROLE_BROKER]);
  if (!client_answered(world, &producer->client, producer_connect_slot(world, broker), answer)) return false;
  producer->connections[broker].gone = false;
  return true;
}
