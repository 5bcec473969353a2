/* For tests of the queues: tiny worlds with a whole system, and a script of calls to the queue alone.
 *
 *   struct sqs_script *script = sqs_script_new(&system_sqs_fifo);
 *   size_t sent = sqs_at(script, 0, SQS_SEND, .intent = 1);
 *   size_t got = sqs_at(script, S, SQS_RECEIVE, .most = 1);
 *   sqs_at(script, 2 * S, SQS_DELETE, .receipt = got);
 *   sqs_script_run(script);                      script->steps[got].count == 1
 *
 * One client sends each call once at its time and notes the answer; calls reach the queue 1 ms later.
 */
#ifndef TESTS_MODELS_SQS_H
#define TESTS_MODELS_SQS_H

#include "models/sqs/queue.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"

extern const struct system system_sqs_standard, system_sqs_fifo;
extern const struct handler handler_naive, handler_dedup_table;

#define MS NS_PER_MS
#define S NS_PER_S

static inline void sqs_set(struct tiny *tiny, enum sqs_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

static inline const struct sqs *sqs_of(const struct tiny *tiny) {
  return tiny->world->nodes[tiny->world->first[ROLE_BROKER]].disk[0];
}

static inline int64_t sqs_total(const struct tiny *tiny) {
  int64_t sum = 0;
  for (uint32_t key = 1; key <= tiny->plan.workload.keys; key++) sum += tiny_balance(tiny, key);
  return sum;
}

/* --- Scripts --- */

#define SQS_STEPS_MAX 64

struct sqs_step {
  int64_t at;
  enum sqs_message kind;
  uint64_t intent;
  uint32_t key;   /* default 1 */
  size_t receipt; /* step that received it */
  uint32_t nth;   /* of what that step received, from 0 */
  int64_t timeout, wait, attempt;
  uint32_t most;  /* default 10 */
  /* filled in */
  int64_t answered_at; /* ns; 0 = never */
  int64_t status;
  uint32_t count;
  struct record records[SQS_RECEIVE_MAX];
};
struct sqs_script {
  struct tiny *tiny;
  struct system system;
  struct sqs_step steps[SQS_STEPS_MAX];
  size_t count;
};
static struct sqs_script *sqs_script; /* components have no context of their own */

static inline void sqs_script_call(struct world *world, struct node *node, uint64_t index) {
  const struct sqs_step *step = &sqs_script->steps[index];
  struct message *message =
      world_message(world, node, sqs_queue_node(world), 0, (uint16_t)step->kind);
  message->correlation = (uint32_t)index + 1;
  if (step->kind == SQS_RECEIVE) {
    message->a = step->most ? step->most : SQS_RECEIVE_MAX;
    message->b = step->wait;
    message->c = step->attempt;
  } else {
    struct record *record = message_records(&world->messages, message, 1);
    *record = (struct record){.intent = step->intent, .key = step->key ? step->key : 1, .size = 100};
    if (step->kind != SQS_SEND) *record = sqs_script->steps[step->receipt].records[step->nth];
    message->b = step->timeout;
  }
  world_send(world, node, message);
}

static inline void sqs_script_answer(struct world *world, struct node *node, struct message *answer) {
  (void)node;
  struct sqs_step *step = &sqs_script->steps[answer->correlation - 1];
  step->answered_at = world->now.ns;
  step->status = answer->b;
  step->count = answer->kind == SQS_RECEIVE_OK ? answer->record_count : 0;
  for (uint32_t i = 0; i < step->count; i++) step->records[i] = answer->records[i];
}

/* The run goes on for as long as the script or a message does. */
static inline void sqs_script_start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  int64_t last = 0;
  for (size_t i = 0; i < sqs_script->count; i++) {
    world_after(world, node, 0, 0, i, span_of(sqs_script->steps[i].at));
    if (sqs_script->steps[i].at > last) last = sqs_script->steps[i].at;
  }
  world_hold(world, NULL);
  world_after(world, node, 0, 1, 0, span_of(last + 30 * S));
}

static inline void sqs_script_over(struct world *world, struct node *node, uint64_t argument) {
  (void)node, (void)argument;
  world_unhold(world, NULL);
}

static message_fn *const sqs_script_on[SQS_MESSAGE__COUNT] = {
    [SQS_SEND_OK] = sqs_script_answer,
    [SQS_RECEIVE_OK] = sqs_script_answer,
    [SQS_DELETE_OK] = sqs_script_answer,
    [SQS_CHANGE_TIMEOUT_OK] = sqs_script_answer,
};
static timer_fn *const sqs_script_timers[] = {sqs_script_call, sqs_script_over};
static const char *const sqs_script_timer_names[] = {"step", "over"};
static const struct component sqs_script_client = {
    .name = "sqs-script", .start = sqs_script_start, .on = sqs_script_on,
    .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages, .on_timer = sqs_script_timers,
    .timer_names = sqs_script_timer_names, .timer_count = 2};

static inline struct sqs_script *sqs_script_new(const struct system *system) {
  struct sqs_script *script = sqs_script = calloc(1, sizeof *script);
  ck_assert_ptr_nonnull(script);
  script->system = *system;
  script->system.components[ROLE_PRODUCER] = NULL;
  script->system.components[ROLE_CONSUMER] = &sqs_script_client;
  script->system.host = NULL;
  script->tiny = tiny_new(&script->system, &handler_naive, &store_transactional);
  script->tiny->plan.drain_limit = span_of(100 * NS_PER_H);
  for (int cost = 0; cost < COST__COUNT; cost++) script->tiny->plan.costs.values[cost].i = 0;
  return script;
}

static inline size_t sqs_add(struct sqs_script *script, struct sqs_step step) {
  ck_assert_uint_lt(script->count, SQS_STEPS_MAX);
  script->steps[script->count] = step;
  return script->count++;
}
#define sqs_at(script, when, what, ...)                                                            \
  sqs_add(script, (struct sqs_step){.at = (when), .kind = (what), __VA_ARGS__})

static inline void sqs_script_run(struct sqs_script *script) { tiny_run(script->tiny); }

static inline void sqs_script_free(struct sqs_script *script) {
  tiny_free(script->tiny);
  free(script);
}

/* Whether a step received exactly these, in this order; 0 ends the list. */
#define SQS_GOT(script, step, ...)                                                                 \
  sqs_check_received(script, step, (const uint64_t[]){__VA_ARGS__, 0})
static inline void sqs_check_received(const struct sqs_script *script, size_t index,
                                      const uint64_t *intents) {
  const struct sqs_step *step = &script->steps[index];
  ck_assert_msg(step->answered_at > 0, "step %zu was not answered", index);
  uint32_t count = 0;
  for (; intents[count]; count++)
    ck_assert_msg(count < step->count && step->records[count].intent == intents[count],
                  "step %zu got %u messages, the %u. is not %llu", index, step->count, count + 1,
                  (unsigned long long)intents[count]);
  ck_assert_msg(count == step->count, "step %zu got %u messages, not %u", index, step->count, count);
}

#endif
