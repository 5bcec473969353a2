/* The producer: one SendMessage for each operation, retried by the SDK.
 *
 *   submit --> call --answered--> OK
 *                 '---attempts used up--> UNKNOWN: any of them may have been stored
 *
 * Volatile: everything. A send whose answer was lost is stored twice: the queue does not deduplicate.
 * Asked to stop it finishes the calls that it has; what comes meanwhile is refused, REJECTED.
 */
#include "models/sqs/client.h"
#include "sim/world/workload.h"

enum { TIMER_TIMEOUT, TIMER_RETRY, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };

static void exit_when_done(struct world *world, struct node *node) {
  if (node->stage == STAGE_STOPPING && sqs_calls_of(node)->live == 0) node_exit(world, node);
}

static void finished(struct world *world, struct node *node, const struct sqs_call *call,
                     bool answered) {
  call_return(world, call->tag, answered ? OUTCOME_OK : OUTCOME_UNKNOWN);
  exit_when_done(world, node);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  sqs_calls_start(world, node, SQS_SEND, TIMER_TIMEOUT, TIMER_RETRY, finished);
}

static void submit(struct world *world, struct node *node, const struct operation_request *request) {
  if (node->stage == STAGE_STOPPING) return call_return(world, request->call, OUTCOME_REJECTED);
  struct record record = {.intent = request->intent, .key = request->key, .size = request->size};
  sqs_call(world, node, &record, request->call);
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING;
  exit_when_done(world, node);
}

static message_fn *const on[STAGE__COUNT][SQS_MESSAGE__COUNT] = {
    [STAGE_RUNNING] = {[SQS_SEND_OK] = sqs_call_answered},
    [STAGE_STOPPING] = {[SQS_SEND_OK] = sqs_call_answered},
};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_TIMEOUT] = sqs_call_timed_out,
                                                 [TIMER_RETRY] = sqs_call_retry};
static const char *const timer_names[TIMER__COUNT] = {"request-timeout", "retry"};

const struct component sqs_producer = {
    .name = "sqs-producer", .start = start, .on = &on[0][0], .stage_names = stages,
    .stage_count = STAGE__COUNT, .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .submit = submit, .terminate = terminate, .disk_free = sqs_calls_free,
};
