#include "models/kafka/client.h"

#include "sim/base/assert.h"

#define BACKOFF_JITTER_PARTS 20 /* of 100: RETRY_BACKOFF_JITTER = 0.2 */

void client_init(struct world *world, struct node *node, struct client *client, uint32_t slots,
                 uint16_t timer_kind, slot_failed_fn *failed) {
  client->slots = ARENA_NEW(&node->arena, struct slot, slots);
  client->slot_count = slots;
  client->next_correlation = 1;
  client->lane = world_lane(world, span_of(kafka_setting(world, KEY_REQUEST_TIMEOUT)));
  client->timer_kind = timer_kind;
  client->failed = failed;
}

struct message *client_request(struct world *world, struct node *node, uint16_t to, enum wire kind) {
  return world_message(world, node, to, 0, (uint16_t)kind);
}

void client_send(struct world *world, struct node *node, struct client *client, uint32_t index,
                 struct message *message) {
  client_send_within(world, node, client, index, message, client->lane);
}

void client_send_within(struct world *world, struct node *node, struct client *client,
                        uint32_t index, struct message *message, uint16_t lane) {
  struct slot *slot = &client->slots[index];
  ASSERT_MSG(slot->correlation == 0, "slot %u is in use", index);
  slot->correlation = message->correlation = client->next_correlation++;
  slot->peer = message->to;
  slot->timer = world_timer(world, node, 0, lane, client->timer_kind,
                            (uint64_t)index << 32 | slot->correlation);
  world_send(world, node, message);
}

bool client_answered(struct world *world, struct client *client, uint32_t index,
                     const struct message *answer) {
  struct slot *slot = &client->slots[index];
  if (slot->correlation == 0 || slot->correlation != answer->correlation) return false;
  client_forget(world, client, index);
  return true;
}

void client_forget(struct world *world, struct client *client, uint32_t index) {
  struct slot *slot = &client->slots[index];
  if (slot->correlation == 0) return;
  if (slot->timer != TIMER_NONE) world_cancel(world, slot->timer);
  slot->correlation = 0;
}

void client_disconnected(struct world *world, struct node *node, struct client *client,
                         uint16_t peer) {
  for (uint32_t i = 0; i < client->slot_count; i++) {
    if (client->slots[i].correlation == 0 || client->slots[i].peer != peer) continue;
    client_forget(world, client, i);
    client->failed(world, node, i);
  }
}

void client_timed_out(struct world *world, struct node *node, struct client *client,
                      uint64_t argument) {
  uint32_t index = (uint32_t)(argument >> 32);
  struct slot *slot = &client->slots[index];
  ASSERT_EQ(slot->correlation, (uint32_t)argument);
  slot->timer = TIMER_NONE;
  struct channel *channel = link_channel(world, node->id, slot->peer);
  if (world->link_rules[channel->link].kind == LINK_KIND_CONNECTION) {
    link_close(world, node, slot->peer);
    return client_disconnected(world, node, client, slot->peer);
  }
  slot->correlation = 0;
  client->failed(world, node, index);
}

struct span client_backoff(struct world *world, uint32_t n, uint64_t address) {
  int64_t nominal = kafka_setting(world, KEY_RETRY_BACKOFF);
  int64_t most = kafka_setting(world, KEY_RETRY_BACKOFF_MAX);
  for (uint32_t i = 0; i < n && nominal < most; i++) nominal *= 2;
  if (nominal > most) nominal = most;
  /* A factor from 0.8 to 1.2, in parts of 2^20. */
  int64_t width = 2 * nominal * BACKOFF_JITTER_PARTS / 100;
  int64_t jitter = world->luck.mode == LUCK_NONE
                       ? width / 2
                       : (int64_t)((luck_draw(&world->luck, address) >> 44) * (uint64_t)width >> 20);
  int64_t delay = nominal - width / 2 + jitter;
  return span_of(delay < most ? delay : most);
}
