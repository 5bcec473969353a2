/* The consumer: receives a batch, gives it to its handler threads, deletes each message when its handler
 * has returned DG_OK, and asks for the next batch when the last message of this one has got a thread.
 *
 *   RECEIVE --> [waiting here] --> [handler] --DG_OK--> DELETE
 *      ^              |                 '----anything else: nothing; it reappears after its timeout
 *      '- none left --'
 *
 * With `delete: before-processing` a thread deletes its message first, and its handler begins when that is
 * answered; if it is not, the message is left alone. Whatever the handler returns, there is no second time.
 *
 * Volatile: everything: received messages, handlers, deletes under way. What is lost with it reappears.
 *
 * [I1] One RECEIVE is under way at a time; it is asked again when no answer comes in wait_time and
 *      request_timeout.
 * [I2] The time that a message waits here counts against its visibility timeout.
 * [I3] Deletes after processing do not hold up handlers.
 * [I4] Asked to stop it receives no more, lets handlers and deletes finish and exits. What no handler has
 *      begun is dropped and reappears after its timeout.
 * LIMIT: a consumer that stops does not set the visibility of what it drops to 0.
 * LIMIT: a handler begins on a message although its visibility timeout may be over; nobody extends it.
 */
#include "models/handlers/host.h"
#include "models/sqs/client.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

enum { TIMER_DELETE, TIMER_RETRY, TIMER_RECEIVE, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };

struct work {
  struct record record;
  uint32_t next_free;
};
struct consumer {
  struct record received[SQS_RECEIVE_MAX];
  uint32_t received_next, received_count;
  struct work *work; /* by tag: what the threads are at, handling or deleting first */
  uint32_t free_work; /* the thread count: none is free */
  uint32_t poll; /* correlation of the RECEIVE under way, 0 = none */
  uint32_t polls, poll_timer;
  uint16_t poll_lane;
};

static struct consumer *consumer_of(const struct node *node) { return node->state[0]; }

static bool deletes_first(const struct world *world) {
  return sqs_setting(world, KEY_SQS_DELETE) == SQS_DELETE_BEFORE_PROCESSING;
}

static bool thread_free(const struct world *world, const struct consumer *consumer) {
  return consumer->free_work < world->plan->threads;
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
  message->size = SQS_CALL_BYTES;
  world_send(world, node, message);
}

static void begin_handler(struct world *world, struct node *node, uint32_t tag) {
  host_submit(world, node, &consumer_of(node)->work[tag].record, tag);
  world_unhold(world, node);
}

static void free_work(struct consumer *consumer, uint32_t tag) {
  consumer->work[tag].next_free = consumer->free_work;
  consumer->free_work = tag;
}

/* Gives received messages to free threads, and asks for more when there are none left. */
static void dispatch(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  while (consumer->received_next < consumer->received_count && thread_free(world, consumer)) {
    uint32_t tag = consumer->free_work;
    struct work *work = &consumer->work[tag];
    consumer->free_work = work->next_free;
    work->record = consumer->received[consumer->received_next++];
    if (deletes_first(world))
      sqs_call(world, node, &work->record, tag);
    else
      begin_handler(world, node, tag);
    if (node->doomed) return;
  }
  bool wanting = consumer->received_next == consumer->received_count && thread_free(world, consumer);
  if (wanting && consumer->poll == 0) receive(world, node);
}

static void on_received(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (answer->correlation != consumer->poll) return; /* given up: its messages reappear */
  world_cancel(world, consumer->poll_timer);
  consumer->poll = 0;
  ASSERT_EQ(consumer->received_next, consumer->received_count);
  ASSERT_LE(answer->record_count, SQS_RECEIVE_MAX);
  consumer->received_next = 0;
  consumer->received_count = answer->record_count;
  for (uint32_t i = 0; i < answer->record_count; i++) {
    consumer->received[i] = answer->records[i];
    world_hold(world, node);
  }
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

static void handled(struct world *world, struct node *node, uint32_t tag, int status) {
  struct consumer *consumer = consumer_of(node);
  struct record record = consumer->work[tag].record;
  free_work(consumer, tag);
  if (status == DG_OK && !deletes_first(world)) sqs_call(world, node, &record, 0);
  if (node->doomed) return;
  if (node->stage == STAGE_RUNNING) dispatch(world, node);
  exit_when_done(world, node);
}

/* A delete was answered, or given up. Then the message reappears, or an attempt has deleted it after all,
 * which early deletes turn into a loss. */
static void deleted(struct world *world, struct node *node, const struct sqs_call *call,
                    bool answered) {
  if (!deletes_first(world)) return exit_when_done(world, node);
  if (answered) return begin_handler(world, node, call->tag);
  free_work(consumer_of(node), call->tag);
  world_unhold(world, node);
  if (node->stage == STAGE_RUNNING) dispatch(world, node);
  exit_when_done(world, node);
}

static void terminate(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  node->stage = STAGE_STOPPING;
  for (; consumer->received_next < consumer->received_count; consumer->received_next++)
    world_unhold(world, node);
  exit_when_done(world, node);
}

static void too_late(struct world *world, struct node *node, struct message *answer) {
  (void)world, (void)node, (void)answer;
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  struct consumer *consumer = node->state[0] = ARENA_NEW(&node->arena, struct consumer, 1);
  uint32_t threads = world->plan->threads;
  consumer->work = ARENA_NEW(&node->arena, struct work, threads);
  for (uint32_t i = 0; i < threads; i++) consumer->work[i].next_free = i + 1;
  consumer->poll_lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_WAIT_TIME) +
                                                  sqs_setting(world, KEY_SQS_REQUEST_TIMEOUT)));
  sqs_calls_start(world, node, SQS_DELETE, TIMER_DELETE, TIMER_RETRY, deleted);
  receive(world, node);
}

static size_t arena_bytes(const struct plan *plan) {
  return sizeof(struct consumer) + plan->threads * sizeof(struct work) + 64;
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  const struct consumer *consumer = consumer_of(node);
  return consumer->received_count - consumer->received_next + sqs_calls_of(node)->live;
}

static message_fn *const on[STAGE__COUNT][SQS_MESSAGE__COUNT] = {
    [STAGE_RUNNING] = {[SQS_RECEIVE_OK] = on_received, [SQS_DELETE_OK] = sqs_call_answered},
    [STAGE_STOPPING] = {[SQS_RECEIVE_OK] = too_late, [SQS_DELETE_OK] = sqs_call_answered},
};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_DELETE] = sqs_call_timed_out,
                                                 [TIMER_RETRY] = sqs_call_retry,
                                                 [TIMER_RECEIVE] = on_receive_timeout};
static const char *const timer_names[TIMER__COUNT] = {"delete-timeout", "retry", "receive-timeout"};

const struct component sqs_consumer = {
    .name = "sqs-consumer", .start = start, .on = &on[0][0], .stage_names = stages,
    .stage_count = STAGE__COUNT, .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .arena_bytes = arena_bytes, .terminate = terminate, .busy = busy, .handled = handled,
    .disk_free = sqs_calls_free,
};
