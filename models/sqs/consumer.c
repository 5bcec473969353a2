/* The consumer: receives a batch, gives it to its handler threads, deletes each message when its handler
 * has returned DG_OK, and asks for the next batch when the last message of this one has got a thread.
 *
 *   RECEIVE --> [waiting] --> [handling] --DG_OK--> DELETE
 *      ^            |              '----anything else: nothing; it reappears after its timeout. Or
 *      '- none left '                   CHANGE_TIMEOUT to 0: at once (after_failure)
 *
 * With `delete: before-processing` a thread deletes its message first, and its handler begins when that is
 * answered; if it is not, the message is left alone. Whatever the handler returns, there is no second time.
 *
 * With extend_visibility each message that is waiting or handled has its timeout set anew at that interval.
 *
 * Volatile: everything: received messages, handlers, calls under way. What is lost with it reappears.
 *
 * [I1] One RECEIVE is under way at a time; it is asked again, as the same attempt, when no answer comes in
 *      wait_time and request_timeout.
 * [I2] The time that a message waits here counts against its visibility timeout.
 * [I3] Deletes after processing and extensions do not hold up handlers.
 * [I4] Asked to stop it receives no more, lets handlers and calls finish and exits. What no handler has
 *      begun is dropped and reappears after its timeout.
 * [I5] From a FIFO queue, one message of a group is handled at a time, in order. When its handler has
 *      failed, what waits of that group is dropped with it: it would overtake. The queue has counted a
 *      receive of each.
 * LIMIT: a consumer that stops does not set the visibility of what it drops to 0.
 * LIMIT: a handler begins on a message although its visibility timeout may be over, and goes on when an
 *        extension is refused.
 */
#include "models/handlers/host.h"
#include "models/sqs/client.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

enum { TIMER_CALL, TIMER_RETRY, TIMER_RECEIVE, TIMER_EXTEND, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };
enum work_state { WORK_FREE, WORK_WAITING, WORK_DELETING, WORK_HANDLING };

struct work {
  struct record record;
  uint32_t timer; /* of the next extension */
  uint32_t next_free;
  uint8_t state;
  bool acknowledged; /* by the handler, before it has returned */
};
struct consumer {
  bool fifo;
  struct work *work; /* by tag: what was received and is not done with */
  uint32_t work_count, free_work; /* work_count: none is free */
  uint32_t waiting[SQS_RECEIVE_MAX], waiting_count; /* tags, in the order received */
  uint32_t busy_threads;
  uint32_t poll; /* correlation of the RECEIVE under way, 0 = none */
  uint32_t polls, poll_timer;
  uint32_t attempts; /* receives that were answered */
  uint16_t poll_lane, extend_lane;
};

static struct consumer *consumer_of(const struct node *node) { return node->state[0]; }

static bool deletes_first(const struct world *world) {
  return sqs_setting(world, KEY_SQS_DELETE) == SQS_DELETE_BEFORE_PROCESSING;
}

static bool extends(const struct world *world) {
  return sqs_setting(world, KEY_SQS_EXTEND_VISIBILITY) > 0;
}

static bool thread_free(const struct world *world, const struct consumer *consumer) {
  return consumer->busy_threads < world->plan->threads;
}

static void receive(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (++consumer->polls == 0) consumer->polls = 1;
  consumer->poll = consumer->polls;
  consumer->poll_timer = world_timer(world, node, 0, consumer->poll_lane, TIMER_RECEIVE, 0);
  struct message *message = world_message(world, node, sqs_queue_node(world), 0, SQS_RECEIVE);
  message->correlation = consumer->poll;
  message->a = sqs_setting(world, KEY_SQS_MAX_MESSAGES);
  message->b = sqs_setting(world, KEY_SQS_WAIT_TIME);
  if (consumer->fifo && sqs_setting(world, KEY_SQS_RECEIVE_ATTEMPT_ID))
    message->c = (int64_t)node->incarnation << 32 | (consumer->attempts + 1);
  message->size = SQS_CALL_BYTES;
  world_send(world, node, message);
}

/* --- What was received --- */

static void extend_later(struct world *world, struct node *node, uint32_t tag) {
  if (!extends(world)) return;
  struct consumer *consumer = consumer_of(node);
  consumer->work[tag].timer =
      world_timer(world, node, 0, consumer->extend_lane, TIMER_EXTEND, tag);
}

static void take_in(struct world *world, struct node *node, const struct record *record) {
  struct consumer *consumer = consumer_of(node);
  uint32_t tag = consumer->free_work;
  ASSERT_LT(tag, consumer->work_count);
  ASSERT_LT(consumer->waiting_count, SQS_RECEIVE_MAX);
  struct work *work = &consumer->work[tag];
  consumer->free_work = work->next_free;
  work->record = *record;
  work->state = WORK_WAITING;
  consumer->waiting[consumer->waiting_count++] = tag;
  world_hold(world, node);
  extend_later(world, node, tag);
}

/* Done with, one way or another. */
static void free_work(struct world *world, struct node *node, uint32_t tag) {
  struct consumer *consumer = consumer_of(node);
  struct work *work = &consumer->work[tag];
  if (work->state != WORK_WAITING) consumer->busy_threads--;
  if (work->state != WORK_HANDLING) world_unhold(world, node);
  if (extends(world)) world_cancel(world, work->timer);
  work->state = WORK_FREE;
  work->next_free = consumer->free_work;
  consumer->free_work = tag;
}

static void give_back(struct world *world, struct node *node, const struct record *record) {
  if (sqs_setting(world, KEY_SQS_AFTER_FAILURE) == SQS_FAILURE_MAKE_VISIBLE)
    sqs_call(world, node, SQS_CHANGE_TIMEOUT, record, 0, 0);
}

static void on_extend(struct world *world, struct node *node, uint64_t tag) {
  const struct work *work = &consumer_of(node)->work[tag];
  ASSERT(work->state != WORK_FREE);
  extend_later(world, node, (uint32_t)tag);
  sqs_call(world, node, SQS_CHANGE_TIMEOUT, &work->record,
           sqs_setting(world, KEY_SQS_VISIBILITY_TIMEOUT), 0);
}

static bool at_work(const struct consumer *consumer, uint32_t group) {
  for (uint32_t tag = 0; tag < consumer->work_count; tag++)
    if (consumer->work[tag].state > WORK_WAITING && consumer->work[tag].record.key == group)
      return true;
  return false;
}

/* Place in `waiting` of what a thread may take now; waiting_count = nothing. */
static uint32_t next_waiting(const struct consumer *consumer) {
  uint32_t place = 0;
  if (!consumer->fifo) return place;
  while (place < consumer->waiting_count &&
         at_work(consumer, consumer->work[consumer->waiting[place]].record.key))
    place++;
  return place;
}

static uint32_t remove_waiting(struct consumer *consumer, uint32_t place) {
  uint32_t tag = consumer->waiting[place];
  consumer->waiting_count--;
  for (uint32_t i = place; i < consumer->waiting_count; i++)
    consumer->waiting[i] = consumer->waiting[i + 1];
  return tag;
}

/* [I5] */
static void drop_group(struct world *world, struct node *node, uint32_t group) {
  struct consumer *consumer = consumer_of(node);
  for (uint32_t place = 0; place < consumer->waiting_count && !node->doomed;) {
    struct record record = consumer->work[consumer->waiting[place]].record;
    if (record.key != group) {
      place++;
      continue;
    }
    free_work(world, node, remove_waiting(consumer, place));
    give_back(world, node, &record);
  }
}

/* --- Handlers --- */

static void begin_handler(struct world *world, struct node *node, uint32_t tag) {
  struct work *work = &consumer_of(node)->work[tag];
  work->state = WORK_HANDLING;
  work->acknowledged = false;
  const struct origin origin = {.fence = work->record.extra /* receives */,
                                .message_id = work->record.number};
  host_submit(world, node, &work->record, &origin, tag);
  world_unhold(world, node);
}

/* Gives received messages to free threads, and asks for more when there are none left. */
static void dispatch(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  while (thread_free(world, consumer)) {
    uint32_t place = next_waiting(consumer);
    if (place == consumer->waiting_count) break;
    uint32_t tag = remove_waiting(consumer, place);
    consumer->busy_threads++;
    consumer->work[tag].state = WORK_DELETING;
    if (deletes_first(world))
      sqs_call(world, node, SQS_DELETE, &consumer->work[tag].record, 0, tag);
    else
      begin_handler(world, node, tag);
    if (node->doomed) return;
  }
  if (consumer->waiting_count == 0 && thread_free(world, consumer) && consumer->poll == 0)
    receive(world, node);
}

static void on_received(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (answer->correlation != consumer->poll) return; /* given up: its messages reappear */
  world_cancel(world, consumer->poll_timer);
  consumer->poll = 0;
  consumer->attempts++;
  ASSERT_EQ(consumer->waiting_count, 0);
  ASSERT_LE(answer->record_count, SQS_RECEIVE_MAX);
  for (uint32_t i = 0; i < answer->record_count; i++) take_in(world, node, &answer->records[i]);
  dispatch(world, node);
}

static void on_receive_timeout(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  consumer_of(node)->poll = 0;
  if (node->stage == STAGE_RUNNING) receive(world, node);
}

static void exit_when_done(struct world *world, struct node *node) {
  if (node->stage == STAGE_STOPPING && host_running(world, node) == 0 &&
      sqs_calls_of(node)->live == 0)
    node_exit(world, node);
}

static void acknowledge(struct world *world, struct node *node, uint32_t tag) {
  struct work *work = &consumer_of(node)->work[tag];
  if (work->acknowledged || deletes_first(world)) return;
  work->acknowledged = true;
  struct record record = work->record;
  sqs_call(world, node, SQS_DELETE, &record, 0, 0);
}

static void handled(struct world *world, struct node *node, uint32_t tag, int status) {
  struct consumer *consumer = consumer_of(node);
  struct record record = consumer->work[tag].record;
  bool acknowledged = consumer->work[tag].acknowledged;
  bool failed = status != DG_OK && !acknowledged;
  free_work(world, node, tag);
  if (failed)
    give_back(world, node, &record);
  else if (!acknowledged && !deletes_first(world))
    sqs_call(world, node, SQS_DELETE, &record, 0, 0);
  if (failed && consumer->fifo) drop_group(world, node, record.key);
  if (node->doomed) return;
  if (node->stage == STAGE_RUNNING) dispatch(world, node);
  exit_when_done(world, node);
}

/* A call was answered, or given up. A delete that was given up has not deleted, and the message
 * reappears; or it has after all, which early deletes turn into a loss. */
static void finished(struct world *world, struct node *node, const struct sqs_call *call,
                     enum sqs_status status) {
  if (call->kind != SQS_DELETE || !deletes_first(world)) return exit_when_done(world, node);
  if (status == SQS_OK) return begin_handler(world, node, call->tag);
  free_work(world, node, call->tag);
  if (node->stage == STAGE_RUNNING) dispatch(world, node);
  exit_when_done(world, node);
}

static void terminate(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  node->stage = STAGE_STOPPING;
  while (consumer->waiting_count > 0) free_work(world, node, remove_waiting(consumer, 0));
  exit_when_done(world, node);
}

static void too_late(struct world *world, struct node *node, struct message *answer) {
  (void)world, (void)node, (void)answer;
}

/* --- Life --- */

static struct consumer *start_consumer(struct world *world, struct node *node) {
  struct consumer *consumer = node->state[0] = ARENA_NEW(&node->arena, struct consumer, 1);
  consumer->work_count = world->plan->threads + SQS_RECEIVE_MAX;
  consumer->work = ARENA_NEW(&node->arena, struct work, consumer->work_count);
  for (uint32_t i = 0; i < consumer->work_count; i++) consumer->work[i].next_free = i + 1;
  consumer->poll_lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_WAIT_TIME) +
                                                  sqs_setting(world, KEY_SQS_REQUEST_TIMEOUT)));
  if (extends(world))
    consumer->extend_lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_EXTEND_VISIBILITY)));
  sqs_calls_start(world, node, TIMER_CALL, TIMER_RETRY, finished);
  return consumer;
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  start_consumer(world, node);
  receive(world, node);
}

static void start_fifo(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  start_consumer(world, node)->fifo = true;
  receive(world, node);
}

static size_t arena_bytes(const struct plan *plan) {
  return sizeof(struct consumer) + (plan->threads + SQS_RECEIVE_MAX) * sizeof(struct work) + 64;
}

static uint32_t busy(const struct world *world, const struct node *node) {
  const struct consumer *consumer = consumer_of(node);
  const bool polls = consumer->poll != 0 && world_more_to_come(world);
  return consumer->waiting_count + sqs_calls_of(node)->live + polls;
}

static message_fn *const on[STAGE__COUNT][SQS_MESSAGE__COUNT] = {
    [STAGE_RUNNING] = {[SQS_RECEIVE_OK] = on_received,
                       [SQS_DELETE_OK] = sqs_call_answered,
                       [SQS_CHANGE_TIMEOUT_OK] = sqs_call_answered},
    [STAGE_STOPPING] = {[SQS_RECEIVE_OK] = too_late,
                        [SQS_DELETE_OK] = sqs_call_answered,
                        [SQS_CHANGE_TIMEOUT_OK] = sqs_call_answered},
};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_CALL] = sqs_call_timed_out,
                                                 [TIMER_RETRY] = sqs_call_retry,
                                                 [TIMER_RECEIVE] = on_receive_timeout,
                                                 [TIMER_EXTEND] = on_extend};
static const char *const timer_names[TIMER__COUNT] = {"request-timeout", "retry", "receive-timeout",
                                                      "extend-visibility"};

#define CONSUMER                                                                                   \
  .on = &on[0][0], .stage_names = stages, .stage_count = STAGE__COUNT,                             \
  .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages, .on_timer = on_timer,             \
  .timer_names = timer_names, .timer_count = TIMER__COUNT, .arena_bytes = arena_bytes,             \
  .terminate = terminate, .busy = busy, .handled = handled, .acknowledge = acknowledge, .disk_free = sqs_calls_free

const struct component sqs_consumer = {CONSUMER, .name = "sqs-consumer", .start = start};
const struct component sqs_fifo_consumer = {CONSUMER, .name = "sqs-fifo-consumer",
                                            .start = start_fifo};
