/* How connections end. */
#include "sim/world/link_parts.h"

#include "sim/world/mutants.h"

#include <string.h>

static void tell_incarnation(struct world *world, struct channel *channel, int end,
                             uint32_t incarnation, int64_t at) {
  queue_push(&world->queue,
             &(struct event){.at = at, .node = channel->ends[end], .kind = EVENT_DISCONNECT,
                             .detail = channel->ends[1 - end], .b = incarnation});
}

static void tell_disconnected(struct world *world, struct channel *channel, int end, int64_t at) {
  tell_incarnation(world, channel, end, world->nodes[channel->ends[end]].incarnation, at);
}

void link_refuse(struct world *world, struct message *message, struct channel *channel) {
  const struct node *to = &world->nodes[message->to];
  if (world->link_rules[channel->link].kind == LINK_KIND_CONNECTION && !death_of_machine(to->death)) {
    uint64_t address = hash_pair(hash_name("refused"), message->sequence);
    address = hash_pair(address, world->nodes[message->from].key ^ (to->key << 1));
    tell_incarnation(world, channel, message->direction, message->from_incarnation,
                     world->now.ns + link_latency(world, channel, address, 0));
  }
  if (channel->half_open && message->direction == 0) link_to_stranger(world, channel, message);
  link_lose(world, message, LOSS_DEAD, to->down_by);
}

/* A new epoch begins; of the old one, messages up to these sequences still arrive. */
static void break_connection(struct channel *channel, uint64_t limit_out, uint64_t limit_back,
                             uint32_t fault) {
  channel->request_limits[channel->epoch % LINK_OLD_EPOCHS] = limit_out;
  channel->epoch++;
  channel->used = false;
  channel->reset_by = fault;
  channel->ways[0].old_limit = limit_out;
  channel->ways[1].old_limit = limit_back;
  for (int way = 0; way < 2; way++) {
    channel->ways[way].arrived = channel->sent[way];
    channel->ways[way].last_arrival = 0;
    channel->ways[way].stall_until = 0;
    channel->ways[way].stall_rounds = 0;
    channel->ways[way].stalled_by = NO_FAULT;
    channel->ways[way].stalled_since = -1;
  }
}

void link_reset(struct world *world, struct channel *channel, uint32_t fault) {
  if (world->link_rules[channel->link].kind != LINK_KIND_CONNECTION || !channel->used) return;
  uint64_t limits[2];
  uint64_t name = fault == NO_FAULT ? 0 : world->plan->faults[fault].key;
  for (int way = 0; way < 2; way++) {
    uint64_t under_way = channel->sent[way] - channel->ways[way].arrived;
    uint64_t address = hash_pair(name + DRAW_RESET, world->nodes[channel->ends[0]].key);
    address = hash_pair(address + (uint64_t)way, world->nodes[channel->ends[1]].key + channel->epoch);
    limits[way] = channel->sent[way] -
                  luck_choice(&world->luck, address, under_way + 1);
    if (MUTANT(WORLD_RESET_LOSES_NOTHING)) limits[way] = channel->sent[way];
  }
  break_connection(channel, limits[0], limits[1], fault);
  channel->half_open = false;
  tell_disconnected(world, channel, 0, world->now.ns);
  tell_disconnected(world, channel, 1, world->now.ns);
}

void link_drop(struct world *world, struct channel *channel, const struct message *message) {
  int64_t at = message->depart > world->now.ns ? message->depart : world->now.ns;
  uint64_t limits[2] = {channel->sent[0], channel->sent[1]};
  limits[message->direction] = message->sequence - 1;
  break_connection(channel, limits[0], limits[1], NO_FAULT); /* the drop has its hit */
  channel->half_open = false;
  tell_disconnected(world, channel, 0, at);
  tell_disconnected(world, channel, 1, at);
}

void link_close(struct world *world, struct node *node, uint16_t peer) {
  struct channel *channel = link_channel(world, node->id, peer);
  int own = channel->ends[0] == node->id ? 0 : 1; /* what it sends travels this way */
  if (own == 0) channel->half_open = false;
  if (!channel->used || world->link_rules[channel->link].kind != LINK_KIND_CONNECTION) return;
  uint64_t limits[2];
  limits[own] = channel->sent[own];
  limits[1 - own] = 0;
  break_connection(channel, limits[0], limits[1], NO_FAULT);
}

/* --- Half open --- */

enum half_open { HALF_OPEN_QUIET, HALF_OPEN_REPEATS, HALF_OPEN_REFUSED };

/* Who has connected does not know that its peer's machine is gone. */
static void leave_half_open(struct channel *channel) {
  if (channel->half_open) return;
  channel->half_open = true;
  channel->half_open_state = HALF_OPEN_QUIET;
}

/* An address of its own for each connection and end of it. */
static int64_t trip(struct world *world, const struct channel *channel, uint64_t name) {
  const uint64_t address = hash_pair(name ^ world->nodes[channel->ends[1]].key, channel->epoch);
  return link_latency(world, channel, hash_pair(address, world->nodes[channel->ends[0]].key), 0);
}

static void tell_half_open(struct world *world, struct channel *channel, uint32_t incarnation, int64_t at) {
  channel->half_open_state = HALF_OPEN_REFUSED;
  tell_incarnation(world, channel, 0, incarnation, at);
}

/* `since`, ns: when it was sent first. Each time it waits twice as long, which is as long as all before and once more. */
static void send_again(struct world *world, const struct channel *channel, uint32_t incarnation, int64_t since) {
  const int64_t doubled = world->now.ns - since + RETRANSMISSION_FIRST_NS;
  const int64_t wait = doubled < RETRANSMISSION_LAST_NS ? doubled : RETRANSMISSION_LAST_NS;
  queue_push(&world->queue, &(struct event){.at = world->now.ns + wait, .node = channel->ends[0],
                                            .kind = EVENT_RETRANSMISSION, .detail = channel->ends[1],
                                            .a = (uint64_t)since, .b = incarnation});
}

void link_to_stranger(struct world *world, struct channel *channel, const struct message *message) {
  const uint32_t incarnation = message->from_incarnation;
  if (incarnation != world->nodes[message->from].incarnation) return; /* of a connection of its own, which died with it */
  if (world->nodes[message->to].alive && channel->half_open_state != HALF_OPEN_REFUSED)
    return tell_half_open(world, channel, incarnation, world->now.ns + trip(world, channel, hash_name("unknown")));
  if (channel->half_open_state != HALF_OPEN_QUIET) return;
  channel->half_open_state = HALF_OPEN_REPEATS;
  send_again(world, channel, incarnation, world->now.ns);
}

void link_retransmission(struct world *world, const struct event *event) {
  const struct node *from = &world->nodes[event->node], *to = &world->nodes[event->detail];
  const uint32_t incarnation = (uint32_t)event->b;
  const int64_t since = (int64_t)event->a;
  struct channel *channel = link_channel(world, from->id, to->id);
  if (!channel->half_open || channel->half_open_state != HALF_OPEN_REPEATS || from->incarnation != incarnation) return;
  const bool passes = channel->ways[0].cuts == 0 && channel->ways[1].cuts == 0 && channel->clogged_until <= world->now.ns;
  if (passes && to->alive) {
    const int64_t both = trip(world, channel, hash_name("again")) + trip(world, channel, hash_name("unknown"));
    return tell_half_open(world, channel, incarnation, world->now.ns + both);
  }
  if (world->now.ns - since >= CONNECTION_GIVES_UP_NS) /* ETIMEDOUT */
    return tell_half_open(world, channel, incarnation, world->now.ns);
  send_again(world, channel, incarnation, since);
}

void link_told(struct world *world, const struct node *node, uint16_t peer) {
  struct channel *channel = link_channel(world, node->id, peer);
  if (!channel || !channel->half_open || channel->ends[0] != node->id) return;
  channel->half_open = false;
  if (channel->used) break_connection(channel, channel->ways[0].arrived, channel->sent[1], world->nodes[peer].down_by);
}

void link_node_down(struct world *world, struct node *node) {
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->ends[0] != node->id && channel->ends[1] != node->id) continue;
    if (world->link_rules[channel->link].kind != LINK_KIND_CONNECTION) continue;
    int own = channel->ends[0] == node->id ? 0 : 1;
    if (own == 0) channel->half_open = false;
    /* what older connections still had under way to it */
    if (own == 1) memset(channel->request_limits, 0, sizeof channel->request_limits);
    if (!channel->used) {
      channel->ways[1 - own].old_limit = 0;
      continue;
    }
    uint64_t limits[2];
    limits[own] = channel->sent[own];
    limits[1 - own] = 0;
    break_connection(channel, limits[0], limits[1], node->down_by);
    if (own == 1 && death_of_machine(node->death)) leave_half_open(channel);
    if (death_of_machine(node->death) || channel->half_open) continue; /* of a connection that nobody knows */
    uint64_t address = hash_pair(hash_name("closed") ^ node->key, channel->epoch);
    address = hash_pair(address, world->nodes[channel->ends[1 - own]].key);
    tell_disconnected(world, channel, 1 - own,
                      world->now.ns + link_latency(world, channel, address, 0));
  }
}
