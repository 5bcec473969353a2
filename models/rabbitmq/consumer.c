/* The consumer: subscribed to the queue; gives what it is sent to its handler threads and acknowledges it
 * when they are done.
 *
 *   DELIVER --> [waiting here] --> [handler] --DG_OK--> ACK (each, or multiple after ack_batch)
 *                                       '--anything else, after failure_delay--> NACK, or reject
 *
 * With `ack: automatic` nothing is acknowledged: the broker has forgotten the message when it had written it
 * to the socket; what a crash finds here is lost.
 *
 * Volatile: everything.
 *
 * [I1] A delivery is acknowledged only on the session that it came on; when that is over the handler goes on,
 *      and what it says is said to nobody: the message was requeued.
 * [I2] What waits here when the session ends is dropped: it will be delivered again. With `ack: automatic`
 *      it is kept.
 * [I3] An ACK with `multiple` is sent only when all deliveries up to its tag are done with.
 * [I4] Asked to stop it cancels its subscription, lets handlers finish, acknowledges, closes, and exits when
 *      the broker has answered that; what no handler has begun goes back. With `ack: automatic` it finishes
 *      what it has, and what arrives before that answer.
 * [I5] A handler may have all deliveries of its session up to its own acknowledged (dg_ack_all), done or not:
 *      they are gone from the queue, and what comes of them later is said to nobody.
 * LIMIT: a client that goes on to acknowledge one of those itself has its channel closed (406, unknown delivery
 *        tag); this one remembers.
 */
#include "models/handlers/host.h"
#include "models/mutants.h"
#include "models/rabbitmq/amqp.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>

enum { TIMER_FAILED = AMQP_TIMER__COUNT, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };

enum done { DONE_NOT, DONE_ACK, DONE_NEGATIVE };

struct work {
  struct record record;
  uint64_t session;
  uint32_t next_free;
  bool active;
  bool acknowledged; /* by the handler, or by another's of a later delivery, before it has returned */
};
struct finished {
  uint64_t intent;
  uint8_t done; /* enum done */
};
/* Memory that outlives an incarnation, not its contents. */
struct deliveries {
  struct record *waiting; /* ring */
  size_t waiting_capacity;
  uint64_t waiting_head, waiting_tail;
  struct finished *tags; /* ring by delivery tag, of this session, for ack_batch */
  size_t tag_capacity;
  uint64_t first_tag, next_tag; /* all below the first are acknowledged */
};
struct consumer {
  struct amqp client;
  struct work *work; /* by thread */
  uint32_t free_work, active; /* active: threads at work, or waiting after a failure */
  uint32_t unsent;            /* done with, and not acknowledged yet */
};

static struct consumer *consumer_of(const struct node *node) { return node->state[0]; }
static struct deliveries *deliveries_of(const struct node *node) { return node->disk[0]; }

static bool automatic(const struct world *world) {
  return rabbit_setting(world, KEY_RABBIT_ACK) == RABBIT_AUTOMATIC;
}

static uint64_t waiting_count(const struct deliveries *deliveries) {
  return deliveries->waiting_tail - deliveries->waiting_head;
}

/* --- Acknowledging --- */

static void acknowledge_one(struct world *world, struct node *node, const struct record *record) {
  struct message *message = amqp_message(world, node, RABBIT_ACK);
  *message_records(&world->messages, message, 1) = *record;
  message->b = (int64_t)record->handle;
  world_send(world, node, message);
}

static struct finished *tag_at(const struct deliveries *deliveries, uint64_t tag) {
  return &deliveries->tags[tag & (deliveries->tag_capacity - 1)];
}

/* Acknowledges all that is done up to the first delivery that is not. [I3] */
static void acknowledge_batch(struct world *world, struct node *node) {
  struct deliveries *deliveries = deliveries_of(node);
  uint64_t intents[MESSAGE_RECORDS_MAX], last = 0;
  uint32_t count = 0;
  for (; deliveries->first_tag < deliveries->next_tag && count < MESSAGE_RECORDS_MAX;
       deliveries->first_tag++) {
    const struct finished *finished = tag_at(deliveries, deliveries->first_tag);
    if (finished->done == DONE_NOT) break;
    if (finished->done == DONE_NEGATIVE) continue;
    intents[count++] = finished->intent;
    last = deliveries->first_tag;
  }
  consumer_of(node)->unsent -= count;
  if (count == 0) return;
  struct message *message = amqp_message(world, node, RABBIT_ACK);
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t i = 0; i < count; i++) records[i] = (struct record){.intent = intents[i]};
  message->b = (int64_t)last;
  message->c = true;
  world_send(world, node, message);
}

/* A message names so many deliveries at most. */
static void acknowledge_done(struct world *world, struct node *node) {
  const struct consumer *consumer = consumer_of(node);
  for (uint32_t before = UINT32_MAX; consumer->unsent > 0 && consumer->unsent < before && !node->doomed;) {
    before = consumer->unsent;
    acknowledge_batch(world, node);
  }
}

static bool idle(const struct node *node) {
  return consumer_of(node)->active == 0 && waiting_count(deliveries_of(node)) == 0;
}

/* [I4] */
static void exit_when_done(struct world *world, struct node *node) {
  if (node->stage == STAGE_STOPPING && !node->doomed && idle(node)) amqp_close(world, node);
}

static void note_done(struct world *world, struct node *node, const struct record *record,
                      enum done done) {
  int64_t batch = rabbit_setting(world, KEY_RABBIT_ACK_BATCH);
  if (batch > 1) tag_at(deliveries_of(node), record->handle)->done = (uint8_t)done;
  if (done != DONE_ACK) return;
  if (batch == 1) return acknowledge_one(world, node, record);
  if (++consumer_of(node)->unsent >= batch) acknowledge_batch(world, node);
}

static void refuse(struct world *world, struct node *node, const struct record *record) {
  struct message *message = amqp_message(world, node, RABBIT_NACK);
  *message_records(&world->messages, message, 1) = *record;
  message->b = (int64_t)record->handle;
  message->c = rabbit_setting(world, KEY_RABBIT_ON_FAILURE);
  world_send(world, node, message);
}

/* --- Working --- */

static void dispatch(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct deliveries *deliveries = deliveries_of(node);
  while (waiting_count(deliveries) > 0 && consumer->free_work < world->plan->threads && !node->doomed) {
    uint32_t place = consumer->free_work;
    struct work *work = &consumer->work[place];
    consumer->free_work = work->next_free;
    consumer->active++;
    work->active = true;
    work->record = deliveries->waiting[deliveries->waiting_head++ & (deliveries->waiting_capacity - 1)];
    work->session = consumer->client.session;
    work->acknowledged = false;
    host_submit(world, node, &work->record, &(struct origin){.message_id = work->record.number}, place);
    world_unhold(world, node);
  }
}

static void go_on(struct world *world, struct node *node, uint32_t place) {
  struct consumer *consumer = consumer_of(node);
  consumer->work[place].next_free = consumer->free_work;
  consumer->work[place].active = false;
  consumer->free_work = place;
  consumer->active--;
  dispatch(world, node);
  if (node->doomed || !idle(node)) return;
  if (consumer->client.state == AMQP_OPEN) acknowledge_done(world, node);
  exit_when_done(world, node);
}

/* [I1] */
static bool current(const struct node *node, const struct work *work) {
  const struct amqp *client = amqp_of(node);
  return client->state == AMQP_OPEN &&
         (client->session == work->session || MUTANT(RABBIT_ACK_OF_ANY_CHANNEL));
}

static void on_failed(struct world *world, struct node *node, uint64_t place) {
  const struct work *work = &consumer_of(node)->work[place];
  if (current(node, work) && !work->acknowledged) {
    note_done(world, node, &work->record, DONE_NEGATIVE);
    refuse(world, node, &work->record);
  }
  if (!node->doomed) go_on(world, node, (uint32_t)place);
}

static void acknowledge(struct world *world, struct node *node, uint32_t place) {
  struct work *work = &consumer_of(node)->work[place];
  if (automatic(world) || work->acknowledged) return;
  work->acknowledged = true;
  if (current(node, work)) note_done(world, node, &work->record, DONE_ACK);
}

/* Of ack_batch: all tags up to this one are done with. Returns how many of them the broker has not been told of. */
static uint32_t take_tags(struct consumer *consumer, struct deliveries *deliveries, uint64_t last, uint64_t *intents) {
  uint32_t count = 0;
  for (; deliveries->first_tag <= last; deliveries->first_tag++) {
    const struct finished *finished = tag_at(deliveries, deliveries->first_tag);
    consumer->unsent -= finished->done == DONE_ACK;
    if (finished->done != DONE_NEGATIVE && count < MESSAGE_RECORDS_MAX) intents[count++] = finished->intent;
  }
  return count;
}

/* basic.ack with `multiple`, at once: also of those before it that handlers still have, or have failed to do.
 * [I5] */
static void acknowledge_all(struct world *world, struct node *node, uint32_t place) {
  struct consumer *consumer = consumer_of(node);
  const struct work *last = &consumer->work[place];
  if (automatic(world) || last->acknowledged || !current(node, last)) return acknowledge(world, node, place);
  const uint64_t tag = last->record.handle;
  uint64_t intents[MESSAGE_RECORDS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < world->plan->threads; i++) {
    struct work *work = &consumer->work[i];
    if (!work->active || work->acknowledged || work->session != last->session || work->record.handle > tag) continue;
    work->acknowledged = true;
    if (count < MESSAGE_RECORDS_MAX) intents[count++] = work->record.intent;
  }
  if (rabbit_setting(world, KEY_RABBIT_ACK_BATCH) > 1)
    count = take_tags(consumer, deliveries_of(node), tag, intents);
  struct message *message = amqp_message(world, node, RABBIT_ACK);
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t i = 0; i < count; i++) records[i] = (struct record){.intent = intents[i]};
  message->b = (int64_t)tag;
  message->c = true;
  world_send(world, node, message);
}

static void handled(struct world *world, struct node *node, uint32_t place, int status) {
  const struct work *work = &consumer_of(node)->work[place];
  if (automatic(world) || work->acknowledged) return go_on(world, node, place);
  if (status != DG_OK)
    return world_after(world, node, 0, TIMER_FAILED, place,
                       span_of(rabbit_setting(world, KEY_RABBIT_FAILURE_DELAY)));
  if (current(node, work)) note_done(world, node, &work->record, DONE_ACK);
  if (!node->doomed) go_on(world, node, place);
}

/* --- Receiving --- */

static void keep(struct world *world, struct node *node, const struct record *record) {
  struct deliveries *deliveries = deliveries_of(node);
  if (waiting_count(deliveries) == deliveries->waiting_capacity) {
    size_t old = deliveries->waiting_capacity;
    GROW(deliveries->waiting, deliveries->waiting_capacity, old + 1);
    for (uint64_t at = deliveries->waiting_head; old && at < deliveries->waiting_tail; at++)
      if ((at & (deliveries->waiting_capacity - 1)) != (at & (old - 1)))
        deliveries->waiting[at & (deliveries->waiting_capacity - 1)] =
            deliveries->waiting[at & (old - 1)];
  }
  deliveries->waiting[deliveries->waiting_tail++ & (deliveries->waiting_capacity - 1)] = *record;
  world_hold(world, node);
}

static void note_tag(struct deliveries *deliveries, const struct record *record) {
  ASSERT_EQ(record->handle, deliveries->next_tag);
  if (deliveries->next_tag - deliveries->first_tag == deliveries->tag_capacity) {
    size_t old = deliveries->tag_capacity;
    GROW(deliveries->tags, deliveries->tag_capacity, old + 1);
    for (uint64_t at = deliveries->first_tag; old && at < deliveries->next_tag; at++)
      if ((at & (deliveries->tag_capacity - 1)) != (at & (old - 1)))
        *tag_at(deliveries, at) = deliveries->tags[at & (old - 1)];
  }
  *tag_at(deliveries, deliveries->next_tag++) = (struct finished){record->intent, DONE_NOT};
}

static void on_deliver(struct world *world, struct node *node, struct message *message) {
  if (!amqp_hears(world, node, message)) return;
  if (node->stage == STAGE_STOPPING && !automatic(world)) return; /* goes back when it closes */
  if (rabbit_setting(world, KEY_RABBIT_ACK_BATCH) > 1 && !automatic(world))
    note_tag(deliveries_of(node), &message->records[0]);
  keep(world, node, &message->records[0]);
  dispatch(world, node);
}

static void drop_waiting(struct world *world, struct node *node) {
  struct deliveries *deliveries = deliveries_of(node);
  for (; deliveries->waiting_head < deliveries->waiting_tail; deliveries->waiting_head++)
    world_unhold(world, node);
}

static void opened(struct world *world, struct node *node) {
  struct deliveries *deliveries = deliveries_of(node);
  deliveries->first_tag = deliveries->next_tag = 1;
  consumer_of(node)->unsent = 0;
  if (node->stage == STAGE_STOPPING) amqp_leave(world, node, false);
}

static void closed(struct world *world, struct node *node) {
  consumer_of(node)->unsent = 0;
  if (!automatic(world)) drop_waiting(world, node); /* [I2] */
  if (consumer_of(node)->client.leaving) exit_when_done(world, node);
}

/* --- Life --- */

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[0]) node->disk[0] = calloc(1, sizeof(struct deliveries));
  struct deliveries *deliveries = deliveries_of(node);
  ASSERT(deliveries);
  deliveries->waiting_head = deliveries->waiting_tail = 0;
  deliveries->first_tag = deliveries->next_tag = 1;
  struct consumer *consumer = node->state[0] = ARENA_NEW(&node->arena, struct consumer, 1);
  uint32_t threads = world->plan->threads;
  consumer->work = ARENA_NEW(&node->arena, struct work, threads);
  for (uint32_t i = 0; i < threads; i++) consumer->work[i].next_free = i + 1;
  amqp_start(world, node, true, opened, closed);
}

static size_t arena_bytes(const struct plan *plan) {
  return sizeof(struct consumer) + plan->threads * sizeof(struct work) + 64;
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING;
  amqp_leave(world, node, false);
  if (node->doomed) return;
  if (!automatic(world)) drop_waiting(world, node);
  exit_when_done(world, node);
}

/* A subscription is a lease: the broker holds its tag, and hands out to it what is still to come. */
static uint32_t busy(const struct world *world, const struct node *node) {
  const struct consumer *consumer = consumer_of(node);
  return (uint32_t)waiting_count(deliveries_of(node)) + consumer->active + consumer->unsent +
         (world_more_to_come(world) && consumer->client.state != AMQP_CLOSED); /* or its OPEN is under way */
}

static void disk_free(struct node *node) {
  struct deliveries *deliveries = deliveries_of(node);
  if (!deliveries) return;
  free(deliveries->waiting);
  free(deliveries->tags);
  free(deliveries);
  node->disk[0] = NULL;
}

#define ON                                                                                         \
  {                                                                                                \
    [RABBIT_OPENED] = amqp_on_opened, [RABBIT_CLOSED] = amqp_on_closed,                        \
    [RABBIT_DELIVER] = on_deliver, [RABBIT_HEARTBEAT_ANSWER] = amqp_on_heartbeat,                \
  }
static message_fn *const on[STAGE__COUNT][RABBIT_MESSAGE__COUNT] = {ON, ON};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[AMQP_TIMER_OPEN] = amqp_on_open_timeout,
                                                 [AMQP_TIMER_CONNECT] = amqp_on_connect,
                                                 [AMQP_TIMER_SYN] = amqp_on_syn,
                                                 [AMQP_TIMER_HEARTBEAT] = amqp_on_heartbeat_due,
                                                 [TIMER_FAILED] = on_failed};
static const char *const timer_names[TIMER__COUNT] = {"connection-timeout", "connect", "syn", "heartbeat",
                                                      "after-failure"};

const struct component rabbit_consumer = {
    .name = "rabbitmq-consumer", .start = start, .on = &on[0][0], .stage_names = stages,
    .stage_count = STAGE__COUNT, .message_count = RABBIT_MESSAGE__COUNT, .messages = rabbit_messages,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .arena_bytes = arena_bytes, .terminate = terminate, .disconnected = amqp_disconnected,
    .busy = busy, .handled = handled, .acknowledge = acknowledge,
    .acknowledge_all = acknowledge_all, .disk_free = disk_free,
};
