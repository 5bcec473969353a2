#include "models/sqs/client.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

#define NO_PLACE UINT32_MAX

struct sqs_calls *sqs_calls_start(struct world *world, struct node *node, uint16_t timer_timeout,
                                  uint16_t timer_retry, sqs_finished_fn *finished) {
  if (!node->disk[0]) node->disk[0] = calloc(1, sizeof(struct sqs_calls));
  struct sqs_calls *calls = sqs_calls_of(node);
  ASSERT(calls);
  calls->count = calls->live = calls->correlation = 0;
  calls->free_list = NO_PLACE;
  calls->lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_REQUEST_TIMEOUT)));
  calls->timer_timeout = timer_timeout;
  calls->timer_retry = timer_retry;
  calls->finished = finished;
  return calls;
}

void sqs_calls_free(struct node *node) {
  if (!node->disk[0]) return;
  free(sqs_calls_of(node)->items);
  free(node->disk[0]);
  node->disk[0] = NULL;
}

static void attempt(struct world *world, struct node *node, uint32_t place) {
  struct sqs_calls *calls = sqs_calls_of(node);
  struct sqs_call *call = &calls->items[place];
  if (++calls->correlation == 0) calls->correlation = 1;
  call->correlation = calls->correlation;
  call->attempts++;
  call->timer = world_timer(world, node, 0, calls->lane, calls->timer_timeout, place);
  struct message *message =
      world_message(world, node, sqs_queue_node(world), 0, (uint16_t)call->kind);
  *message_records(&world->messages, message, 1) = call->record;
  message->correlation = call->correlation;
  message->a = place;
  message->b = call->argument;
  message->size = SQS_CALL_BYTES + (call->kind == SQS_SEND ? call->record.size : 0);
  world_send(world, node, message);
}

void sqs_call(struct world *world, struct node *node, enum sqs_message kind,
              const struct record *record, int64_t argument, uint32_t tag) {
  struct sqs_calls *calls = sqs_calls_of(node);
  uint32_t place = calls->free_list;
  if (place != NO_PLACE) {
    calls->free_list = calls->items[place].next_free;
  } else {
    place = calls->count++;
    GROW(calls->items, calls->capacity, calls->count);
  }
  calls->items[place] = (struct sqs_call){.record = *record, .argument = argument, .kind = kind,
                                           .tag = tag};
  calls->live++;
  attempt(world, node, place);
}

static void finish(struct world *world, struct node *node, uint32_t place,
                   enum sqs_status status) {
  struct sqs_calls *calls = sqs_calls_of(node);
  struct sqs_call call = calls->items[place];
  calls->items[place].correlation = 0;
  calls->items[place].next_free = calls->free_list;
  calls->free_list = place;
  calls->live--;
  calls->finished(world, node, &call, status);
}

void sqs_call_answered(struct world *world, struct node *node, struct message *answer) {
  struct sqs_calls *calls = sqs_calls_of(node);
  uint32_t place = (uint32_t)answer->a;
  if (place >= calls->count || calls->items[place].correlation != answer->correlation) return;
  world_cancel(world, calls->items[place].timer);
  finish(world, node, place, (enum sqs_status)answer->b);
}

static struct span backoff(struct world *world, const struct node *node, uint32_t retry,
                           uint32_t correlation) {
  int64_t most = sqs_setting(world, KEY_SQS_RETRY_BACKOFF_MAX);
  int64_t width = sqs_setting(world, KEY_SQS_RETRY_BACKOFF);
  for (uint32_t i = 1; i < retry && width < most; i++) width *= 2;
  if (width > most) width = most;
  if (world->luck.mode == LUCK_NONE) return span_of(width / 2);
  uint64_t address = world_address(node, hash_name("sqs-backoff"),
                                   (uint64_t)node->incarnation << 32 | correlation);
  return span_of((int64_t)((unsigned __int128)luck_draw(&world->luck, address) * (uint64_t)width >> 64));
}

void sqs_call_timed_out(struct world *world, struct node *node, uint64_t place) {
  struct sqs_call *call = &sqs_calls_of(node)->items[place];
  uint32_t correlation = call->correlation;
  ASSERT(correlation != 0);
  call->correlation = 0;
  if (call->attempts >= sqs_setting(world, KEY_SQS_MAX_ATTEMPTS))
    return finish(world, node, (uint32_t)place, SQS_UNANSWERED);
  world_after(world, node, 0, sqs_calls_of(node)->timer_retry, place,
              backoff(world, node, call->attempts, correlation));
}

void sqs_call_retry(struct world *world, struct node *node, uint64_t place) {
  world_fact(world, FACT_RETRIED, node->id, sqs_calls_of(node)->items[place].record.intent, 0, 0);
  attempt(world, node, (uint32_t)place);
}
