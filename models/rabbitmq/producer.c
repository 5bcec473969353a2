/* The producer: publishes each operation, and remembers it until the broker has confirmed it.
 *
 *   submit --> [waits for a connection] --PUBLISH--> [unconfirmed] --CONFIRM--> OK
 *                  ^                                     |  |  '--RETURN, or nack the first time--> REJECTED
 *                  '--- republish: true ---- connection lost or confirm_timeout
 *                                                        '-- republish: false, give_up_after --> UNKNOWN
 *
 * RabbitMQ's clients do not retry: what was unconfirmed is published again by the application, as the
 * guides have it, under a new sequence number: the broker stores it again.
 *
 * Volatile: everything.
 *
 * [I1] A call is returned exactly once. OK when it was confirmed; NONE, without confirms, when it was
 *      written to the socket; UNKNOWN when it was given up after it had been sent; REJECTED when no
 *      attempt can have been stored: it was never sent, or its one attempt was refused, or it was returned.
 *      Without confirms a publish between two connections fails: REJECTED.
 * [I2] Sequence numbers begin with 1 on each session; a confirm of another session confirms nothing.
 * [I3] What is published again keeps the order in which it was submitted.
 * [I4] No more than outstanding_confirms are unconfirmed; the others wait for their turn.
 * [I5] Asked to stop it finishes what it has, closes, and exits when the broker has answered that: what went
 *      without a confirm has arrived too. What comes meanwhile is refused, REJECTED.
 */
#include "models/rabbitmq/amqp.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/workload.h"

#include <stdlib.h>

#define NO_PLACE UINT32_MAX

enum { TIMER_CONFIRM = AMQP_TIMER__COUNT, TIMER_GIVE_UP, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };

struct publish {
  struct operation_request request;
  uint64_t sequence; /* on this session; 0 = not sent on it */
  uint32_t attempts;
  uint32_t confirm_timer, give_up_timer;
  uint32_t previous, next; /* in the order of submission; next: also of free places */
};
/* Memory that outlives an incarnation, not its contents. */
struct publishes {
  struct publish *items;
  size_t capacity;
  uint32_t count, free_list, first, last;
  uint32_t unsent;      /* the first in order that was not sent on this session, NO_PLACE */
  uint32_t unconfirmed; /* sent on it */
  uint32_t *by_sequence; /* ring: place, NO_PLACE = settled */
  size_t sequence_capacity;
  uint64_t sequence_first, sequence_next; /* below the first all are settled */
};
struct producer {
  struct amqp client;
  uint16_t confirm_lane, give_up_lane;
};

static struct producer *producer_of(const struct node *node) { return node->state[0]; }
static struct publishes *publishes_of(const struct node *node) { return node->disk[0]; }

static bool confirms(const struct world *world) { return rabbit_setting(world, KEY_RABBIT_CONFIRMS); }

/* --- What is under way --- */

static uint32_t take_place(struct publishes *publishes) {
  uint32_t place = publishes->free_list;
  if (place != NO_PLACE) {
    publishes->free_list = publishes->items[place].next;
  } else {
    place = publishes->count++;
    GROW(publishes->items, publishes->capacity, publishes->count);
  }
  publishes->items[place] = (struct publish){.previous = publishes->last, .next = NO_PLACE,
                                             .confirm_timer = TIMER_NONE,
                                             .give_up_timer = TIMER_NONE};
  if (publishes->last == NO_PLACE)
    publishes->first = place;
  else
    publishes->items[publishes->last].next = place;
  publishes->last = place;
  return place;
}

static uint32_t *by_sequence(const struct publishes *publishes, uint64_t sequence) {
  return &publishes->by_sequence[sequence & (publishes->sequence_capacity - 1)];
}

static void cancel(struct world *world, uint32_t *timer) {
  if (*timer != TIMER_NONE) world_cancel(world, *timer);
  *timer = TIMER_NONE;
}

static void settle(struct world *world, struct node *node, uint32_t place, enum outcome outcome) {
  struct publishes *publishes = publishes_of(node);
  struct publish *publish = &publishes->items[place];
  cancel(world, &publish->confirm_timer);
  cancel(world, &publish->give_up_timer);
  if (publish->sequence) *by_sequence(publishes, publish->sequence) = NO_PLACE;
  if (publish->sequence) publishes->unconfirmed--;
  if (publishes->unsent == place) publishes->unsent = publish->next;
  if (publish->previous == NO_PLACE)
    publishes->first = publish->next;
  else
    publishes->items[publish->previous].next = publish->next;
  if (publish->next == NO_PLACE)
    publishes->last = publish->previous;
  else
    publishes->items[publish->next].previous = publish->previous;
  uint32_t call = publish->request.call;
  publish->next = publishes->free_list;
  publishes->free_list = place;
  call_return(world, call, outcome);
}

static void exit_when_done(struct world *world, struct node *node) {
  if (node->stage != STAGE_STOPPING || publishes_of(node)->first != NO_PLACE || node->doomed) return;
  amqp_close(world, node); /* [I5] */
}

/* --- Publishing --- */

static struct message *publish_message(struct world *world, struct node *node,
                                       const struct operation_request *request) {
  struct message *message = amqp_message(world, node, RABBIT_PUBLISH);
  operation_record(request, message_records(&world->messages, message, 1));
  message->c = rabbit_setting(world, KEY_RABBIT_MANDATORY);
  message->size += request->size;
  return message;
}

static void number(struct publishes *publishes, uint32_t place) {
  uint64_t count = publishes->sequence_next - publishes->sequence_first;
  if (count == publishes->sequence_capacity) {
    size_t old = publishes->sequence_capacity;
    GROW(publishes->by_sequence, publishes->sequence_capacity, old + 1);
    for (uint64_t at = publishes->sequence_first; old && at < publishes->sequence_next; at++)
      *by_sequence(publishes, at) = publishes->by_sequence[at & (old - 1)];
  }
  publishes->unconfirmed++;
  publishes->items[place].sequence = publishes->sequence_next++;
  *by_sequence(publishes, publishes->items[place].sequence) = place;
}

static void publish(struct world *world, struct node *node, uint32_t place) {
  struct publish *publish = &publishes_of(node)->items[place];
  number(publishes_of(node), place);
  if (publish->attempts++ > 0)
    world_fact(world, FACT_RETRIED, node->id, publish->request.intent, 0, 0);
  publish->confirm_timer =
      world_timer(world, node, 0, producer_of(node)->confirm_lane, TIMER_CONFIRM, place);
  struct message *message = publish_message(world, node, &publish->request);
  message->b = (int64_t)publish->sequence;
  world_send(world, node, message);
}

/* Publishes what waits, as far as the window allows. [I4] */
static void publish_more(struct world *world, struct node *node) {
  struct publishes *publishes = publishes_of(node);
  int64_t most = rabbit_setting(world, KEY_RABBIT_OUTSTANDING);
  while (publishes->unsent != NO_PLACE && (most == 0 || publishes->unconfirmed < most) && !node->doomed) {
    uint32_t place = publishes->unsent;
    publishes->unsent = publishes->items[place].next;
    publish(world, node, place);
  }
}

/* It waited for the first connection, and is done when it is sent. */
static void publish_blindly(struct world *world, struct node *node, uint32_t place) {
  world_send(world, node, publish_message(world, node, &publishes_of(node)->items[place].request));
  if (!node->doomed) settle(world, node, place, OUTCOME_NONE);
}

static void submit(struct world *world, struct node *node, const struct operation_request *request) {
  uint8_t state = producer_of(node)->client.state;
  if (node->stage == STAGE_STOPPING || (state == AMQP_CLOSED && !confirms(world)))
    return call_return(world, request->call, OUTCOME_REJECTED);
  if (state == AMQP_OPEN && !confirms(world)) {
    world_send(world, node, publish_message(world, node, request));
    return call_return(world, request->call, OUTCOME_NONE);
  }
  uint32_t place = take_place(publishes_of(node));
  struct publish *taken = &publishes_of(node)->items[place];
  taken->request = *request;
  taken->give_up_timer =
      world_timer(world, node, 0, producer_of(node)->give_up_lane, TIMER_GIVE_UP, place);
  struct publishes *publishes = publishes_of(node);
  if (publishes->unsent == NO_PLACE) publishes->unsent = place;
  if (state == AMQP_OPEN) publish_more(world, node);
}

static void opened(struct world *world, struct node *node) {
  struct publishes *publishes = publishes_of(node);
  publishes->sequence_first = publishes->sequence_next = 1;
  publishes->unsent = publishes->first;
  publishes->unconfirmed = 0;
  if (confirms(world)) return publish_more(world, node);
  while (publishes->unsent != NO_PLACE && !node->doomed) publish_blindly(world, node, publishes->unsent);
}

static void closed(struct world *world, struct node *node) {
  struct publishes *publishes = publishes_of(node);
  bool republish = rabbit_setting(world, KEY_RABBIT_REPUBLISH);
  for (uint32_t at = publishes->first; at != NO_PLACE;) {
    struct publish *publish = &publishes->items[at];
    uint32_t next = publish->next;
    cancel(world, &publish->confirm_timer);
    if (publish->sequence) publishes->unconfirmed--;
    publish->sequence = 0;
    if (!republish && publish->attempts > 0) settle(world, node, at, OUTCOME_UNKNOWN);
    at = next;
  }
  exit_when_done(world, node);
}

/* --- Answers --- */

static uint32_t place_of(const struct publishes *publishes, uint64_t sequence) {
  if (sequence < publishes->sequence_first || sequence >= publishes->sequence_next) return NO_PLACE;
  return *by_sequence(publishes, sequence);
}

static void confirmed(struct world *world, struct node *node, uint64_t sequence, bool refused) {
  struct publishes *publishes = publishes_of(node);
  uint32_t place = place_of(publishes, sequence);
  if (place == NO_PLACE) return; /* given up meanwhile, or returned */
  bool only = publishes->items[place].attempts == 1;
  settle(world, node, place, !refused ? OUTCOME_OK : only ? OUTCOME_REJECTED : OUTCOME_UNKNOWN);
}

static void on_confirm(struct world *world, struct node *node, struct message *message) {
  struct publishes *publishes = publishes_of(node);
  if (!amqp_hears(world, node, message)) return; /* [I2] */
  if (message->c)
    for (uint64_t at = publishes->sequence_first; at <= (uint64_t)message->b; at++)
      confirmed(world, node, at, message->d);
  for (uint32_t i = 0; i < message->record_count && !message->c; i++)
    confirmed(world, node, message->records[i].handle, message->d);
  while (publishes->sequence_first < publishes->sequence_next &&
         *by_sequence(publishes, publishes->sequence_first) == NO_PLACE)
    publishes->sequence_first++;
  publish_more(world, node);
  exit_when_done(world, node);
}

static void on_return(struct world *world, struct node *node, struct message *message) {
  if (!amqp_hears(world, node, message)) return;
  uint32_t place = place_of(publishes_of(node), message->records[0].handle);
  if (place != NO_PLACE) settle(world, node, place, OUTCOME_REJECTED);
  publish_more(world, node);
  exit_when_done(world, node);
}

static void on_confirm_timeout(struct world *world, struct node *node, uint64_t place) {
  publishes_of(node)->items[place].confirm_timer = TIMER_NONE;
  amqp_give_up(world, node);
}

static void on_give_up(struct world *world, struct node *node, uint64_t place) {
  struct publish *publish = &publishes_of(node)->items[place];
  publish->give_up_timer = TIMER_NONE;
  settle(world, node, (uint32_t)place, publish->attempts ? OUTCOME_UNKNOWN : OUTCOME_REJECTED);
  if (producer_of(node)->client.state == AMQP_OPEN) publish_more(world, node);
  exit_when_done(world, node);
}

/* --- Life --- */

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[0]) node->disk[0] = calloc(1, sizeof(struct publishes));
  struct publishes *publishes = publishes_of(node);
  ASSERT(publishes);
  publishes->count = 0;
  publishes->free_list = publishes->first = publishes->last = publishes->unsent = NO_PLACE;
  publishes->unconfirmed = 0;
  publishes->sequence_first = publishes->sequence_next = 1;
  struct producer *producer = node->state[0] = ARENA_NEW(&node->arena, struct producer, 1);
  producer->confirm_lane =
      world_lane(world, span_of(rabbit_setting(world, KEY_RABBIT_CONFIRM_TIMEOUT)));
  producer->give_up_lane = world_lane(world, span_of(rabbit_setting(world, KEY_RABBIT_GIVE_UP)));
  amqp_start(world, node, false, opened, closed);
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING;
  exit_when_done(world, node);
}

static void disk_free(struct node *node) {
  struct publishes *publishes = publishes_of(node);
  if (!publishes) return;
  free(publishes->items);
  free(publishes->by_sequence);
  free(publishes);
  node->disk[0] = NULL;
}

#define ON                                                                                         \
  {                                                                                                \
    [RABBIT_OPENED] = amqp_on_opened, [RABBIT_CLOSED] = amqp_on_closed,                        \
    [RABBIT_CONFIRM] = on_confirm, [RABBIT_RETURN] = on_return,                                    \
    [RABBIT_HEARTBEAT_ANSWER] = amqp_on_heartbeat,                                               \
  }
static message_fn *const on[STAGE__COUNT][RABBIT_MESSAGE__COUNT] = {ON, ON};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[AMQP_TIMER_OPEN] = amqp_on_open_timeout,
                                                 [AMQP_TIMER_CONNECT] = amqp_on_connect,
                                                 [AMQP_TIMER_SYN] = amqp_on_syn,
                                                 [AMQP_TIMER_HEARTBEAT] = amqp_on_heartbeat_due,
                                                 [TIMER_CONFIRM] = on_confirm_timeout,
                                                 [TIMER_GIVE_UP] = on_give_up};
static const char *const timer_names[TIMER__COUNT] = {"connection-timeout", "connect", "syn", "heartbeat",
                                                      "confirm-timeout", "give-up"};

const struct component rabbit_producer = {
    .name = "rabbitmq-producer", .start = start, .on = &on[0][0], .stage_names = stages,
    .stage_count = STAGE__COUNT, .message_count = RABBIT_MESSAGE__COUNT, .messages = rabbit_messages,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .submit = submit, .terminate = terminate, .disconnected = amqp_disconnected,
    .disk_free = disk_free,
};
