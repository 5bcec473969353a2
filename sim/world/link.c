#include "sim/base/likely.h"
#include "sim/world/link_parts.h"

#include "sim/base/assert.h"
#include "sim/world/mutants.h"

#include <string.h>

/* How many times one transmission is lost on a connection before it is let through: at 200 ms doubling
 * this is past every timeout that there is. */
#define LOSSES_MAX 16

static const struct link_route *route_of(const struct world *world, uint16_t from, uint16_t to) {
  return &world->routes[world->nodes[from].role * ROLE__COUNT + world->nodes[to].role];
}

static uint32_t channel_of(const struct link_route *route, uint16_t from, uint16_t to) {
  return (uint32_t)(route->base + (int64_t)from * route->from_step + (int64_t)to * route->to_step);
}

struct channel *link_channel(struct world *world, uint16_t from, uint16_t to) {
  const struct link_route *route = route_of(world, from, to);
  return route->link < 0 ? NULL : &world->channels[channel_of(route, from, to)];
}

enum link_kind link_kind_between(const struct world *world, uint16_t from, uint16_t to) {
  int link = route_of(world, from, to)->link;
  return link < 0 ? LINK_KIND__COUNT : world->link_rules[link].kind;
}

void link_lose(struct world *world, struct message *message, enum loss why, uint32_t fault) {
  *trace_next(&world->trace) = (struct trace_record){
      .at = world->now.ns, .intent = message->intent, .value = why, .kind = TRACE_LOST,
      .node = message->from, .detail = (uint32_t)message->kind << 16 | message->to};
  if (world->observer && world->observer->lost)
    world->observer->lost(world->observer->context, world, message, why, fault);
  faults_hit(world, fault, message->to, message->intent);
  message_free(&world->messages, message);
}

/* Lost where it was sent: it never gets under way. */
static void lose_at_once(struct world *world, struct message *message, enum loss why, uint32_t fault) {
  if (world->observer && world->observer->sent)
    world->observer->sent(world->observer->context, world, message, -1);
  link_lose(world, message, why, fault);
}

/* The event says all by which what gets it is found: that need not wait for the message to come to the cache. */
static inline void push_to(struct world *world, struct message *message, const struct node *to, int64_t at) {
  struct event *event = queue_place(&world->queue, at);
  event_fill(event, message->port, EVENT_MESSAGE, message->kind, (uint64_t)(uintptr_t)message, (uint64_t)(uintptr_t)to);
}

static void push_arrival(struct world *world, struct message *message, int64_t at) {
  push_to(world, message, &world->nodes[message->to], at);
}

/* Sends it off; it is under way from here: an operation on its way is held. What its receiver has in memory has left the
 * nearest cache, and is back in it by the time that the message arrives. */
static inline __attribute__((always_inline)) void launch_to(struct world *world, struct message *message,
                                                            const struct node *to, int64_t at) {
  if (UNLIKELY(world->observer != NULL) && world->observer->sent)
    world->observer->sent(world->observer->context, world, message, at);
  world_hold_message(world, message->intent);
  node_fetch(to, message->port);
  push_to(world, message, to, at);
}

static void launch(struct world *world, struct message *message, int64_t at) {
  launch_to(world, message, &world->nodes[message->to], at);
}

/* Each direction's luck is its own, and so is each group's. */
static inline uint64_t address_of(struct world *world, struct message *message, const struct node *to,
                                  struct channel *channel, uint64_t way) {
  const uint64_t intent = message->intent;
  uint64_t key = channel->rules->key + way;
  if (LIKELY(intent != 0 && node_message_kind(to, message)->operation)) {
    const uint32_t group = channel->group;
    if (UNLIKELY(group > 0)) key = hash_pair(key, group);
    const uint32_t transmission = world_count_transmission(world, intent, group, channel->link, (int)way);
    message->transmission = transmission;
    if (MUTANT(WORLD_LUCK_OF_ORDER)) return hash_pair(key, ++channel->control[message->kind]);
    return hash_pair(hash_pair(key, intent), transmission);
  }
  const uint32_t of_kind = message->kind, transmission = ++channel->control[of_kind];
  message->transmission = transmission;
  const uint32_t which = (of_kind << 1 | (uint32_t)way) + 1;
  if (UNLIKELY(channel->control_of != which)) {
    key = hash_pair(key + of_kind, world->nodes[message->from].key);
    channel->control_key = hash_pair(key, world->nodes[message->to].key);
    channel->control_of = which;
  }
  return hash_pair(channel->control_key, transmission);
}

/* The chance that what leaves then is lost: of a degraded link, which it no longer is when its time is
 * over. */
static uint64_t loss_at(const struct world *world, const struct channel *channel, int way, int64_t at) {
  if (MUTANT(WORLD_LOSS_OF_OTHER_WAY)) way = 1 - way;
  if (UNLIKELY(channel->degraded_by != NO_FAULT) && at >= channel->degraded_until)
    return world->link_rules[channel->link].loss[way];
  return channel->rules->loss[way];
}

/* A connection's losses are retransmissions: the time that they take. */
static int64_t retransmissions(struct world *world, const struct channel *channel, int way,
                               int64_t depart, uint64_t address) {
  int64_t delay = 0, timeout = RETRANSMISSION_FIRST_NS;
  for (uint64_t n = 0; n < LOSSES_MAX; n++) {
    uint64_t threshold = loss_at(world, channel, way, depart + delay);
    if (!threshold || !luck_chance(&world->luck, hash_pair(address + DRAW_LOSS, n), threshold)) break;
    delay += timeout;
    timeout = timeout * 2 < RETRANSMISSION_LAST_NS ? timeout * 2 : RETRANSMISSION_LAST_NS;
  }
  return delay;
}

static void transmit_connection(struct world *world, struct message *message,
                                struct channel *channel, int way, uint64_t address) {
  int64_t depart = message->depart + message->delay;
  int64_t at = depart + retransmissions(world, channel, way, depart, address) +
               link_latency(world, channel, address, message->size);
  if (at < channel->ways[way].last_arrival && !MUTANT(WORLD_OVERTAKES)) at = channel->ways[way].last_arrival;
  channel->ways[way].last_arrival = at;
  launch(world, message, at);
}

/* A second copy of a datagram, which shares nothing with the first. */
static void transmit_copy(struct world *world, const struct message *message, int64_t at) {
  struct message *copy = message_new(&world->messages);
  memcpy(copy, message, offsetof(struct message, one));
  copy->record_count = copy->record_class = 0;
  if (message->record_count) {
    struct record *records = message_records(&world->messages, copy, message->record_count);
    for (uint32_t i = 0; i < message->record_count; i++) records[i] = message->records[i];
  }
  if (MUTANT(WORLD_NO_COPY)) return message_free(&world->messages, copy);
  launch(world, copy, at);
}

/* What a degraded link has made of this transmission that the plan's would not have: slower, or of another
 * fate. The luck is the same. */
static void credit_degraded(struct world *world, const struct message *message,
                            const struct channel *channel, uint64_t address) {
  const struct link_rules *now = channel->rules, *plain = &world->link_rules[channel->link];
  int way = message->direction;
  bool connection = now->kind == LINK_KIND_CONNECTION;
  uint64_t loss = connection ? hash_pair(address + DRAW_LOSS, 0) : address + DRAW_LOSS;
  bool other = now->latency != plain->latency || now->bandwidth != plain->bandwidth;
  other = other || luck_chance(&world->luck, loss, now->loss[way]) !=
                       luck_chance(&world->luck, loss, plain->loss[way]);
  if (now->kind == LINK_KIND_DATAGRAM) {
    uint64_t doubled = address + DRAW_DUPLICATE, overtaken = address + DRAW_OVERTAKEN;
    other = other || luck_chance(&world->luck, doubled, now->duplication) !=
                         luck_chance(&world->luck, doubled, plain->duplication);
    other = other || luck_chance(&world->luck, overtaken, now->reordering) !=
                         luck_chance(&world->luck, overtaken, plain->reordering);
  }
  if (other) faults_hit(world, channel->degraded_by, message->from, message->intent);
}

/* What may become of a datagram: when it arrives. */
static int64_t overtaken_or_doubled(struct world *world, const struct message *message,
                                    const struct channel *channel, uint64_t address, int64_t at) {
  const struct link_rules *rules = channel->rules;
  if (luck_chance(&world->luck, address + DRAW_OVERTAKEN, rules->reordering))
    at += 4 * link_latency(world, channel, hash_pair(address, DRAW_OVERTAKEN), message->size);
  if (luck_chance(&world->luck, address + DRAW_DUPLICATE, rules->duplication))
    transmit_copy(world, message,
                  message->depart + link_latency(world, channel, hash_pair(address, DRAW_COPY), message->size));
  return at;
}

static void transmit_alone(struct world *world, struct message *message, struct channel *channel, int way,
                           uint64_t address) {
  const int of = MUTANT(WORLD_LOSS_OF_OTHER_WAY) ? 1 - way : way;
  if (luck_chance(&world->luck, address + DRAW_LOSS, channel->rules->loss[of]))
    return lose_at_once(world, message, LOSS_LINK, NO_FAULT);
  if (channel->ways[way].cuts) return lose_at_once(world, message, LOSS_CUT, channel->ways[way].cut_by);
  int64_t at = message->depart + message->delay + link_latency(world, channel, address, message->size);
  if (message->duplicated)
    transmit_copy(world, message, at + link_latency(world, channel, hash_pair(address, DRAW_COPY), 0));
  if (channel->kind == LINK_KIND_DATAGRAM)
    at = overtaken_or_doubled(world, message, channel, address, at);
  launch(world, message, at);
}

/* All but what goes alone on a channel that no fault has to do with. */
static __attribute__((noinline)) void transmit_unplain(struct world *world, struct message *message,
                                                       struct channel *channel, int way, uint64_t address) {
  const bool connection = channel->kind == LINK_KIND_CONNECTION;
  if (message->dropped) {
    if (connection) link_drop(world, channel, message);
    return lose_at_once(world, message, LOSS_DROPPED, NO_FAULT);
  }
  if (channel->degraded_by != NO_FAULT) credit_degraded(world, message, channel, address);
  if (connection)
    transmit_connection(world, message, channel, way, address);
  else
    transmit_alone(world, message, channel, way, address);
}

/* Which channel it takes, and which way; an answer knows both from its request. */
static inline void find_way(const struct world *world, struct message *message, const struct node *from,
                            const struct node *to) {
  const struct link_route *route = &world->routes[from->role * ROLE__COUNT + to->role];
  ASSERT_MSG(route->link >= 0, "no link between %s and %s", role_names[from->role], role_names[to->role]);
  message->channel = channel_of(route, message->from, message->to);
  message->direction = route->direction;
}

/* Gives it its place on a connection; false: it answers on one that is gone. */
static inline bool join_connection(struct message *message, struct channel *channel, uint64_t way) {
  if (message->is_reply && message->epoch != channel->epoch) return false;
  message->epoch = channel->epoch;
  message->sequence = ++channel->sent[way];
  channel->used = true;
  return true;
}

void link_transmit(struct world *world, struct message *message, const struct node *from, const struct node *to) {
  if (!message->is_reply) find_way(world, message, from, to);
  struct channel *channel = &world->channels[message->channel];
  const uint64_t way = message->direction;
  ASSERT_MSG(channel->ends[1 - way] == message->to, "this channel does not lead to %s", role_names[to->role]);
  world_count(world, COUNTER_TRANSMISSIONS, 1);
  if (UNLIKELY(!channel->plain) && channel->kind == LINK_KIND_CONNECTION && !join_connection(message, channel, way))
    return lose_at_once(world, message, LOSS_STALE, channel->reset_by);
  const uint64_t address = address_of(world, message, to, channel, way);
  if (UNLIKELY(!channel->plain || message->dropped || message->duplicated || MUTANT(WORLD_LOSS_OF_OTHER_WAY)))
    return transmit_unplain(world, message, channel, (int)way, address);
  if (UNLIKELY(luck_chance(&world->luck, address + DRAW_LOSS, channel->rules->loss[way])))
    return lose_at_once(world, message, LOSS_LINK, NO_FAULT);
  launch_to(world, message, to,
            message->depart + message->delay + link_latency(world, channel, address, message->size));
}

/* --- Arriving --- */

/* Whether its sender had died before it left. */
static bool never_left(const struct world *world, const struct message *message) {
  const struct node *from = &world->nodes[message->from];
  bool died = from->incarnation == message->from_incarnation
                  ? !from->alive
                  : from->incarnation == message->from_incarnation + 1;
  return died && message->depart > from->died_at && !MUTANT(WORLD_SENT_WHEN_DEAD);
}

/* Ran into a cut on a connection: it, or the head of its line, is sent again later. */
static void stall(struct world *world, struct message *message, struct channel *channel,
                  bool current) {
  int way = message->direction;
  int64_t timeout = RETRANSMISSION_FIRST_NS;
  uint32_t rounds = current ? channel->ways[way].stall_rounds++ : message->stalls;
  for (uint32_t i = 0; i < rounds && timeout < RETRANSMISSION_LAST_NS; i++) timeout *= 2;
  if (timeout > RETRANSMISSION_LAST_NS) timeout = RETRANSMISSION_LAST_NS;
  if (message->stalls++ == 0)
    faults_hit(world, channel->ways[way].cut_by, message->to, message->intent);
  if (current) {
    channel->ways[way].stalled_by = NO_FAULT;
    channel->ways[way].stall_until = world->now.ns + timeout;
    if (channel->ways[way].stalled_since < 0) channel->ways[way].stalled_since = world->now.ns;
  }
  push_arrival(world, message, world->now.ns + timeout);
}

/* It comes when the channel is free again. */
static void wait_clogged(struct world *world, struct message *message, const struct channel *channel) {
  faults_hit(world, channel->clogged_by, message->to, message->intent);
  push_arrival(world, message, channel->clogged_until);
}

uint64_t link_old_limit(const struct channel *channel, uint32_t epoch, int way) {
  uint32_t age = channel->epoch - epoch;
  if (way == 1) return age == 1 ? channel->ways[1].old_limit : 0;
  return age <= LINK_OLD_EPOCHS ? channel->request_limits[epoch % LINK_OLD_EPOCHS] : 0;
}

/* Delivery on a connection where it is not simply the next: false = taken care of. */
static bool arrive_out_of_turn(struct world *world, struct message *message, struct channel *channel) {
  int way = message->direction;
  bool current = message->epoch == channel->epoch;
  if (!current && message->sequence > link_old_limit(channel, message->epoch, way)) {
    if (channel->half_open && way == 0) link_to_stranger(world, channel, message);
    world_unhold_message(world, message->intent);
    return link_lose(world, message, LOSS_RESET, channel->reset_by), false;
  }
  /* Behind a head of line that is sent again, even when it would arrive at that same instant, or has waited
   * for the same paused node, having come to it later [I1]. */
  if (current && (world->now.ns < channel->ways[way].stall_until ||
                  message->sequence != channel->ways[way].arrived + 1)) {
    int64_t at = channel->ways[way].stall_until;
    uint32_t by = channel->ways[way].stalled_by;
    if (message->stalls++ == 0)
      faults_hit(world, by != NO_FAULT ? by : channel->ways[way].cut_by, message->to, message->intent);
    push_arrival(world, message, at > world->now.ns ? at : world->now.ns);
    return false;
  }
  if (UNLIKELY(channel->clogged_until > world->now.ns)) {
    if (current) {
      channel->ways[way].stall_until = channel->clogged_until;
      channel->ways[way].stalled_by = channel->clogged_by;
    }
    return wait_clogged(world, message, channel), false;
  }
  if (channel->ways[way].cuts && !(MUTANT(WORLD_PARTITION_LEAKS) && message->sequence % 2 == 0)) {
    if (current && channel->ways[way].stalled_since >= 0 &&
        world->now.ns - channel->ways[way].stalled_since >= CONNECTION_GIVES_UP_NS) {
      link_reset(world, channel, channel->ways[way].cut_by);
      world_unhold_message(world, message->intent);
      return link_lose(world, message, LOSS_RESET, channel->reset_by), false;
    }
    return stall(world, message, channel, current), false;
  }
  if (current) {
    channel->ways[way].arrived = message->sequence;
    channel->ways[way].stall_rounds = 0;
    channel->ways[way].stalled_since = -1;
  }
  return true;
}

/* Whether a fault puts off what a dead process had sent; then it is on its way again. */
static bool put_off(struct world *world, struct message *message) {
  const struct node *from = &world->nodes[message->from];
  if (from->late_until <= world->now.ns || message->late || message->is_reply) return false;
  if (from->alive ? from->incarnation != message->from_incarnation + 1
                  : from->incarnation != message->from_incarnation)
    return false;
  message->late = true;
  faults_hit(world, from->down_by, message->to, message->intent);
  push_arrival(world, message, from->late_until);
  return true;
}

/* Its sender has died since, or has died and come back: whether it arrives all the same. */
static bool arrive_bereft(struct world *world, struct message *message) {
  if (never_left(world, message)) {
    uint32_t fault = world->nodes[message->from].down_by;
    world_unhold_message(world, message->intent);
    return link_lose(world, message, LOSS_UNSENT, fault), false;
  }
  return !put_off(world, message);
}

static inline bool arrive_connection(struct world *world, struct message *message, struct channel *channel) {
  struct channel_way *way = &channel->ways[message->direction];
  if (channel->troubled || message->epoch != channel->epoch || message->sequence != way->arrived + 1)
    return arrive_out_of_turn(world, message, channel);
  way->arrived = message->sequence;
  return true;
}

/* Delivery of what comes alone, on a channel that a fault has to do with. */
static bool arrive_troubled(struct world *world, struct message *message, const struct channel *channel) {
  if (channel->clogged_until > world->now.ns) return wait_clogged(world, message, channel), false;
  if (channel->ways[message->direction].cuts == 0) return true;
  world_unhold_message(world, message->intent);
  return link_lose(world, message, LOSS_CUT, channel->ways[message->direction].cut_by), false;
}

/* Delivery on a channel that is not plain: false = taken care of. */
static inline bool arrive_unplain(struct world *world, struct message *message, struct channel *channel) {
  if (channel->kind == LINK_KIND_CONNECTION) return arrive_connection(world, message, channel);
  return !channel->troubled || arrive_troubled(world, message, channel);
}

static void arrive_at_stranger(struct world *world, struct message *message, struct channel *channel) {
  link_to_stranger(world, channel, message);
  world_unhold_message(world, message->intent);
  link_lose(world, message, LOSS_RESET, world->nodes[message->to].down_by);
}

bool link_arrive(struct world *world, struct message *message, const struct node *to) {
  const struct node *from = &world->nodes[message->from];
  if (UNLIKELY(!from->alive || from->incarnation != message->from_incarnation) && !arrive_bereft(world, message))
    return false;
  struct channel *channel = &world->channels[message->channel];
  if (!channel->plain && !arrive_unplain(world, message, channel)) return false;
  if (UNLIKELY(channel->half_open) && to->alive && message->direction == 0 && !MUTANT(WORLD_HALF_OPEN_SERVED))
    return arrive_at_stranger(world, message, channel), false;
  /* No branch on what kind it is, which is luck. */
  bool stale = (message->is_reply & (message->to_incarnation != to->incarnation)) && !MUTANT(WORLD_STALE_ANSWER);
  if (LIKELY(to->alive && !stale)) return true;
  world_unhold_message(world, message->intent);
  if (stale) return link_lose(world, message, LOSS_STALE, NO_FAULT), false;
  return link_refuse(world, message, channel), false;
}
