#include "models/kafka/client.h"

#include "sim/base/assert.h"
#include "sim/base/likely.h"

#define BACKOFF_JITTER_PARTS 20 /* of 100: RETRY_BACKOFF_JITTER = 0.2 */

void client_init(struct world *world, struct node *node, struct client *client, uint32_t slots, uint32_t near,
                 uint16_t timer_kind, slot_failed_fn *failed) {
  ASSERT_LE(near, slots);
  client->slots = ARENA_NEW(&node->arena, struct slot, near);
  client->far_slots = ARENA_FAR(&node->arena, struct slot, slots + 1 - near); /* the last one asks for metadata */
  client->near = near;
  client->slot_count = slots;
  client->next_correlation = 1;
  client->lane = world_lane(world, span_of(kafka_setting(world, KEY_REQUEST_TIMEOUT)));
  client->timer_kind = timer_kind;
  client->failed = failed;
  if (!kafka_replicated(world) || node->role == ROLE_BROKER) return;
  uint32_t count = kafka_topic_partitions(world);
  client->leaders = ARENA_FAR(&node->arena, uint32_t, count);
  client->epochs = ARENA_FAR(&node->arena, uint32_t, count);
  for (uint32_t p = 0; p < count; p++)
    client->leaders[p] = kafka_broker_of(world, p % world->plan->partitions);
}

size_t client_bytes(const struct plan *plan, size_t slots) {
  return (slots + 1) * sizeof(struct slot) + 4 * (size_t)plan->partitions * sizeof(uint32_t) + 64;
}

uint32_t client_waiting(const struct client *client) {
  uint32_t count = 0;
  for (uint32_t i = 0; i <= client->slot_count; i++) count += client_waits(client, i);
  return count;
}

/* --- Leaders --- */

/* Asks again after a back-off: a timer of the metadata slot without a request. */
static void refresh_later(struct world *world, struct node *node, const struct client *client) {
  uint64_t address = world_address(node, hash_name("metadata-backoff"), client->asked);
  world_after(world, node, 0, client->timer_kind, (uint64_t)client->slot_count << 32,
              client_backoff(world, 0, address));
}

void client_refresh(struct world *world, struct node *node, struct client *client) {
  uint32_t slot = client->slot_count;
  if (!client->leaders || node->doomed || client_waits(client, slot)) return;
  uint32_t broker = (node->index + client->asked++) % world->count[ROLE_BROKER];
  uint16_t to = (uint16_t)(world->first[ROLE_BROKER] + broker);
  client_send(world, node, client, slot, client_request(world, node, to, WIRE_METADATA));
}

void client_on_metadata(struct world *world, struct node *node, struct client *client,
                        const struct message *answer) {
  if (!client_answered(world, client, client->slot_count, answer)) return;
  if (answer->record_count == 0) refresh_later(world, node, client); /* it knows nothing itself yet */
  for (uint32_t i = 0; i < answer->record_count; i++) {
    const struct record *record = &answer->records[i];
    if (record->handle < client->epochs[record->key]) continue;
    client->epochs[record->key] = (uint32_t)record->handle;
    client->leaders[record->key] = record->extra;
  }
}

/* --- Failures --- */

struct message *client_request(struct world *world, struct node *node, uint16_t to, enum wire kind) {
  return world_message(world, node, to, 0, (uint16_t)kind);
}

void client_send(struct world *world, struct node *node, struct client *client, uint32_t index,
                 struct message *message) {
  client_send_within(world, node, client, index, message, client->lane);
}

void client_send_within(struct world *world, struct node *node, struct client *client,
                        uint32_t index, struct message *message, uint16_t lane) {
  struct slot *slot = client_slot(client, index);
  ASSERT_MSG(slot->correlation == 0, "slot %u is in use", index);
  slot->correlation = message->correlation = client->next_correlation++;
  slot->peer = message->to;
  slot->timer = world_timer(world, node, 0, lane, client->timer_kind,
                            (uint64_t)index << 32 | slot->correlation);
  world_send(world, node, message);
}

static void give_free(struct world *world, struct slot *slot) {
  if (LIKELY(slot->timer != TIMER_NONE)) world_cancel(world, slot->timer);
  slot->correlation = 0;
}

bool client_answered(struct world *world, struct client *client, uint32_t index,
                     const struct message *answer) {
  struct slot *slot = client_slot(client, index);
  if (UNLIKELY(slot->correlation == 0 || slot->correlation != answer->correlation)) return false;
  give_free(world, slot);
  return true;
}

void client_forget(struct world *world, struct client *client, uint32_t index) {
  struct slot *slot = client_slot(client, index);
  if (slot->correlation != 0) give_free(world, slot);
}

void client_disconnected(struct world *world, struct node *node, struct client *client,
                         uint16_t peer) {
  for (uint32_t i = 0; i < client->slot_count; i++) {
    const struct slot *slot = client_slot(client, i);
    if (slot->correlation == 0 || slot->peer != peer) continue;
    client_forget(world, client, i);
    client->failed(world, node, i);
  }
  if (!client->leaders || world->nodes[peer].role != ROLE_BROKER) return;
  const struct slot *asking = client_slot(client, client->slot_count);
  if (asking->correlation && asking->peer == peer) {
    client_forget(world, client, client->slot_count);
    return refresh_later(world, node, client);
  }
  client_refresh(world, node, client);
}

void client_timed_out(struct world *world, struct node *node, struct client *client,
                      uint64_t argument) {
  uint32_t index = (uint32_t)(argument >> 32);
  struct slot *slot = client_slot(client, index);
  if (index == client->slot_count && (uint32_t)argument == 0)
    return client_refresh(world, node, client);
  ASSERT_EQ(slot->correlation, (uint32_t)argument);
  slot->timer = TIMER_NONE;
  struct channel *channel = link_channel(world, node->id, slot->peer);
  if (world->link_rules[channel->link].kind == LINK_KIND_CONNECTION) {
    link_close(world, node, slot->peer);
    return client_disconnected(world, node, client, slot->peer);
  }
  slot->correlation = 0;
  if (index == client->slot_count) return refresh_later(world, node, client);
  client->failed(world, node, index);
  client_refresh(world, node, client);
}

static struct span backoff(struct world *world, int64_t nominal, int64_t most, uint32_t n, uint64_t address) {
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

struct span client_backoff(struct world *world, uint32_t n, uint64_t address) {
  return backoff(world, kafka_setting(world, KEY_RETRY_BACKOFF), kafka_setting(world, KEY_RETRY_BACKOFF_MAX), n,
                 address);
}

struct span client_reconnect_backoff(struct world *world, uint32_t n, uint64_t address) {
  return backoff(world, kafka_setting(world, KEY_RECONNECT_BACKOFF), kafka_setting(world, KEY_RECONNECT_BACKOFF_MAX), n,
                 address);
}
