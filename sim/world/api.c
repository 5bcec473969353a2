/* What models may do: the functions of world.h that are not the loop. */
#include "sim/base/likely.h"
#include "sim/world/world.h"

#include "sim/base/assert.h"
#include "sim/world/mutants.h"

#include <string.h>

static inline void fill_in(struct message *message, const struct node *from, uint16_t to, uint8_t port,
                           uint16_t kind) {
  message->from = from->id;
  message->to = to;
  message->port = port;
  message->kind = kind;
  message->from_incarnation = from->incarnation;
}

struct message *world_message(struct world *world, const struct node *from, uint16_t to, uint8_t port,
                              uint16_t kind) {
  struct message *message = message_new(&world->messages);
  fill_in(message, from, to, port, kind);
  return message;
}

/* By a jump from world_answer, which need not save for it what a call would overwrite. */
static __attribute__((noinline)) struct message *answer_in_larger_pool(struct world *world, const struct node *from,
                                                                       const struct message *request, uint16_t kind) {
  message_pool_enlarge(&world->messages);
  return world_answer(world, from, request, kind);
}

struct message *world_answer(struct world *world, const struct node *from,
                             const struct message *request, uint16_t kind) {
  if (UNLIKELY(!world->messages.free)) return answer_in_larger_pool(world, from, request, kind);
  /* All read before the answer is written to. */
  const uint32_t correlation = request->correlation, incarnation = request->from_incarnation;
  const uint32_t channel = request->channel, epoch = request->epoch;
  const uint8_t direction = request->direction ^ 1;
  struct message *answer = message_take_free(&world->messages);
  fill_in(answer, from, request->from, request->reply_port, kind);
  answer->correlation = correlation;
  answer->to_incarnation = incarnation;
  answer->channel = channel;
  answer->epoch = epoch;
  answer->direction = direction;
  answer->is_reply = true;
  return answer;
}

static uint64_t lowest_intent(const struct message *message) {
  uint64_t lowest = message->records[0].intent;
  for (uint32_t i = 1; UNLIKELY(i < message->record_count); i++)
    if (message->records[i].intent < lowest) lowest = message->records[i].intent;
  return lowest;
}

/* Its points, if somebody waits for them; false: its sender does not survive them. */
static bool announce_sent(struct world *world, struct node *from, const struct node *to, struct message *message) {
  const uint32_t sent = node_message_kind(to, message)->sent;
  if (sent == POINT_NONE || !world_armed(world, sent)) return !from->doomed;
  world_point_slow(world, from, sent, true, message->intent, message);
  if (from->doomed) return false;
  world_point_slow(world, from, sent, false, message->intent, message);
  return true;
}

void world_send(struct world *world, struct node *from, struct message *message) {
  const struct node *to = &world->nodes[message->to];
  if (message->intent == 0 && message->record_count > 0) message->intent = lowest_intent(message);
  int64_t leaves = from->depart > world->now.ns ? from->depart : world->now.ns;
  if (message->depart < leaves) message->depart = leaves;
  if (UNLIKELY(world->some_armed) ? !announce_sent(world, from, to, message) : UNLIKELY(from->doomed))
    return message_free(&world->messages, message);
  link_transmit(world, message, from, to);
}

uint16_t world_lane(struct world *world, struct span duration) {
  return timers_lane(&world->timers, duration);
}

uint32_t world_timer(struct world *world, struct node *node, uint8_t port, uint16_t lane,
                     uint16_t kind, uint64_t argument) {
  struct timer *timer = timers_start(&world->timers, &world->queue, world->now, lane);
  timer->argument = argument;
  timer->node = node->id;
  timer->incarnation = node->incarnation;
  timer->kind = (uint16_t)(kind | port << 15);
  return timer->handle;
}

void world_cancel(struct world *world, uint32_t timer) { timers_cancel(&world->timers, timer); }

void world_after(struct world *world, struct node *node, uint8_t port, uint16_t kind,
                 uint64_t argument, struct span delay) {
  struct event *event = queue_place(&world->queue, world->now.ns + delay.ns);
  event_fill(event, node->id, EVENT_TIMER, (uint16_t)(kind | port << 15), argument, node->incarnation);
}

/* An operation's memory in a group: of groups but the first it begins when it is first asked for. */
static struct operation_memory *young(struct world *world, uint64_t intent, uint32_t group) {
  struct operation_memory *first = &world->operations[intent & (OPERATION_WINDOW - 1)];
  if (UNLIKELY(first->intent != intent || first->run != world->run)) return NULL;
  if (LIKELY(group == 0)) return first;
  struct operation_memory *memory = first + (size_t)group * OPERATION_WINDOW;
  if (memory->intent != intent || memory->run != world->run)
    *memory = (struct operation_memory){.intent = intent, .run = world->run};
  return memory;
}

/* A saturating workload: an operation gives its place free when its last group has a first effect. */
static void obligation_effected(struct world *world, uint64_t intent, uint32_t group,
                                int64_t visible_ns) {
  struct operation_memory *memory = young(world, intent, group);
  if (!memory || memory->effected) return;
  memory->effected = true;
  if (++young(world, intent, 0)->ended == plan_group_count(world->plan))
    workload_effect(world, visible_ns);
}

void world_effect(struct world *world, const struct node *node, uint64_t intent, int64_t visible_ns,
                  uint32_t group) {
  if (MUTANT(WORLD_EFFECT_OF_FIRST_GROUP)) group = 0;
  world_fact(world, FACT_EFFECT, node->id, intent, (uint64_t)visible_ns, group);
  if (world->plan->workload.outstanding) obligation_effected(world, intent, group, visible_ns);
}

bool world_point_slow(struct world *world, struct node *node, uint32_t point, bool before,
                      uint64_t intent, struct message *message) {
  if (node->doomed) return false; /* nothing happens at it any more */
  if (message && message->record_count > 0) {
    for (uint32_t i = 0; i < message->record_count; i++)
      faults_point(world, node, point, before, message->records[i].intent, message);
  } else {
    faults_point(world, node, point, before, intent, message);
  }
  return !node->doomed;
}

/* An operation that has left the window counts on from here, or one that has come so often that 16 bits are
 * full: its draws stay apart from its first. */
static uint32_t count_late(struct world *world, uint64_t intent, uint32_t group, uint64_t what) {
  uint64_t key = (uint64_t)group << 56 | intent << 5 | (what + 1);
  uint64_t *count = map_put(&world->late_operations, key, NULL);
  return (uint32_t)(0x10000 + ++*count);
}

uint32_t world_count_transmission_slow(struct world *world, uint64_t intent, uint32_t group, enum link link,
                                       int direction) {
  struct operation_memory *memory = young(world, intent, group);
  if (!memory || memory->transmissions[link][direction] == UINT16_MAX)
    return count_late(world, intent, group, (uint64_t)link * 2 + (uint64_t)direction);
  return ++memory->transmissions[link][direction];
}

uint32_t world_count_execution(struct world *world, uint64_t intent, uint32_t group) {
  struct operation_memory *memory = young(world, intent, group);
  if (UNLIKELY(!memory || memory->executions == UINT16_MAX))
    return count_late(world, intent, group, (uint64_t)LINK__COUNT * 2);
  return ++memory->executions;
}

void world_dedup_bytes(struct world *world, int64_t by) {
  world->dedup_bytes += (uint64_t)by;
  if (world->dedup_bytes > world->counters[COUNTER_DEDUP_BYTES_PEAK])
    world->counters[COUNTER_DEDUP_BYTES_PEAK] = world->dedup_bytes;
}
