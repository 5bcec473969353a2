#include "models/handlers/host.h"

#include "models/client/client.h"
#include "models/handlers/host_state.h"
#include "models/store/cache.h"
#include "models/mutants.h"
#include "models/store/database.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"

#include <stdlib.h>

#define NO_THREAD UINT32_MAX

/* All consumers of a world share their fibers. They are memory, not data: no byte of a stack is read after a crash.
 * The first consumer keeps them. */
static void **fibers_of(const struct world *world) {
  return &world->nodes[world->first[ROLE_CONSUMER]].disk[HOST_PORT];
}

/* --- Life --- */

static size_t arena_bytes(const struct plan *plan) {
  return sizeof(struct host) + plan->threads * sizeof(struct thread) + host_local_bytes(plan) +
         host_program_bytes(plan) + 64;
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  uint32_t count = world->plan->threads;
  if (!*fibers_of(world)) *fibers_of(world) = fiber_pool_new();
  struct host *host = node->state[HOST_PORT] = ARENA_NEW(&node->arena, struct host, 1);
  host->threads = ARENA_NEW(&node->arena, struct thread, count);
  host->fibers = *fibers_of(world);
  host->thread_count = count;
  while ((1u << host->thread_bits) < count) host->thread_bits++;
  host->free_thread = NO_THREAD;
  for (uint32_t i = count; i-- > 0;) {
    struct thread *thread = &host->threads[i];
    thread->context.api = &host_api.api;
    thread->world = world;
    thread->node = node;
    thread->index = i;
    thread->handler = plan_handler(world->plan, node->group);
    thread->settings = plan_handler_settings(world->plan, node->group);
    thread->works_first = thread->handler->works_first && !thread->handler->program;
    thread->next_free = host->free_thread;
    host->free_thread = i;
  }
  host_local_start(world, node);
  host_program_start(world, node);
  if (world->count[ROLE_DATABASE] > 0)
    host->lanes[ROLE_DATABASE] =
        world_lane(world, span_of(database_setting(world, KEY_DATABASE_SOCKET_TIMEOUT)));
  if (world->count[ROLE_CACHE] > 0)
    host->lanes[ROLE_CACHE] = world_lane(world, span_of(cache_setting(world, KEY_CACHE_TIMEOUT)));
  if (world->count[ROLE_PROVIDER] > 0)
    host->lanes[ROLE_PROVIDER] = world_lane(world, host_provider_timeout(world));
}

static void drop_fibers(struct host *host) {
  for (uint32_t i = 0; i < host->thread_count; i++) {
    if (host->threads[i].fiber) fiber_drop(host->threads[i].fiber);
    host->threads[i].fiber = NULL;
  }
}

static void crash(struct world *world, struct node *node, bool power) {
  (void)power;
  host_local_crash(world, node);
  if (host_of(node)) drop_fibers(host_of(node));
  host_program_crash(world, node);
}

/* The consumer finishes, if it can; a program of the user's hears of it, too. */
static void terminate(struct world *world, struct node *node) {
  host_program_terminate(world, node);
  if (node->components[0]->terminate) return node->components[0]->terminate(world, node);
  node_exit(world, node);
}

static void finish(struct world *world, struct node *node) { host_program_over(world, node); }

static void disk_reset(struct world *world, struct node *node) {
  (void)world;
  if (node->disk[HOST_PORT]) fiber_pool_drop(node->disk[HOST_PORT]);
}

static void disk_free(struct node *node) {
  fiber_pool_free(node->disk[HOST_PORT]);
  node->disk[HOST_PORT] = NULL;
}

/* --- Running handlers --- */

static void run_handler(void *argument) {
  struct thread *thread = argument;
  thread->returned = UNLIKELY(thread->handler->program != NULL) ? host_program_handle(thread)
                                              : thread->handler->handle(&thread->context, &thread->message);
}

static bool at_point(struct world *world, struct node *node, const struct thread *thread,
                     enum point point, bool before) {
  return world_point(world, node, point, before, thread->intent);
}

static __attribute__((noinline)) bool at_step_seen(struct world *world, struct node *node, struct thread *thread,
                                                   bool before) {
  world->call_may_fail = host_call_may_fail(thread);
  world->handler_call = (uint8_t)(1 + thread->call);
  if (before && world->observer && world->observer->call)
    world->observer->call(world->observer->context, world, node, thread->intent,
                          handler_call_names[thread->call], thread->about, world->call_may_fail);
  bool lives = at_point(world, node, thread, POINT_HANDLER_STEP, before);
  world->call_may_fail = false;
  world->handler_call = 0;
  if (lives && world->call_failed)
    host_call_failed(world, node, thread, (enum call_error)(world->call_failed - 1), !before);
  return lives;
}

/* The point of a step, at which its call may be made to fail, where a fault or an observer waits for that. */
static inline bool at_step(struct world *world, struct node *node, struct thread *thread, bool before) {
  world->call_failed = 0;
  if (UNLIKELY(host_step_seen(world))) return at_step_seen(world, node, thread, before);
  return LIKELY(!node->doomed);
}

static void finished(struct world *world, struct node *node, struct thread *thread) {
  struct host *host = host_of(node);
  if (!at_point(world, node, thread, POINT_HANDLED, true)) return;
  host_abandon_transaction(world, node, thread);
  if (!at_point(world, node, thread, POINT_HANDLED, false)) return;
  thread->running = false;
  thread->next_free = host->free_thread;
  host->free_thread = thread->index;
  host->running--;
  world_unhold(world, node);
  node->components[0]->handled(world, node, thread->tag, thread->returned);
}

/* A program that is paused between two calls does not get the answer of the first: what it does next, it does when
 * it goes on. And what has struck here begins before a program asks for more: it stands still now, not one call
 * later. */
static bool stands_still(struct world *world, struct node *node, const struct thread *thread) {
  if (node->paused_until <= world->now.ns && world->faults.deferred_count == 0) return false;
  world_after(world, node, HOST_PORT, HOST_TIMER_WAKE, thread->index, span_of(0));
  return true;
}

/* Makes the call that a handler asks for. False: it waits, or its node does not survive that. */
static bool make_call(struct world *world, struct node *node, struct thread *thread) {
  if (!at_step(world, node, thread, true)) return false;
  if (UNLIKELY(world->call_failed)) return true; /* not made */
  thread->calling = true;
  return host_perform(world, node, thread) && LIKELY(!node->doomed);
}

/* Runs a handler on until it waits or returns. A doomed node's is never resumed. */
static void go_on(struct world *world, struct node *node, struct thread *thread) {
  const bool program = thread->handler->program != NULL;
  for (;;) {
    if (LIKELY(thread->calling) && !at_step(world, node, thread, false)) return;
    thread->calling = false;
    if (UNLIKELY(program) && stands_still(world, node, thread)) return;
    thread->about = NULL;
    thread->now = world_clock(world, node);
    thread->read_clock = false;
    const bool returned = fiber_resume(thread->fiber);
    if (UNLIKELY(thread->read_clock)) world_clock_read(world, node, thread->intent);
    if (returned) {
      thread->fiber = NULL;
      break;
    }
    if (UNLIKELY(program) && !host_program_calls(thread)) return;
    if (!make_call(world, node, thread)) return;
  }
  if (LIKELY(!host_of(node)->submitting)) return finished(world, node, thread);
  world_after(world, node, HOST_PORT, HOST_TIMER_RETURNED, thread->index, span_of(0));
}

bool host_idle(const struct world *world, const struct node *node) {
  (void)world;
  return host_of(node)->free_thread != NO_THREAD;
}

uint32_t host_running(const struct world *world, const struct node *node) {
  (void)world;
  return host_of(node)->running;
}

/* What the handler is told of a message. Part by part, as a compiler that is given the whole clears it first, with
 * an instruction that takes longer than all of this. */
static inline void say(const struct world *world, struct dg_message *message, const struct record *record,
                       const struct origin *origin) {
  message->id = record->intent;
  message->key = record->key;
  message->body = NULL;
  message->body_size = record->size;
  message->delivery = record->count;
  message->redelivered = record->count > 1;
  message->idempotency_key = client_key(world->plan, record);
  message->offset = origin->offset;
  message->partition = origin->partition;
  message->fence = MUTANT(HOST_ONE_FENCE) ? 1 : origin->fence;
  message->message_id = origin->message_id;
  message->tenant = 0;
  message->amount = 0;
}

void host_submit(struct world *world, struct node *node, const struct record *record,
                 const struct origin *origin, uint32_t tag) {
  struct host *host = host_of(node);
  ASSERT_MSG(host->free_thread != NO_THREAD, "all %u threads are at work", host->thread_count);
  struct thread *thread = &host->threads[host->free_thread];
  host->free_thread = thread->next_free;
  host->running++;
  world_hold(world, node);
  thread->running = true;
  thread->calling = false;
  thread->tag = tag;
  thread->transaction = CLIENT_TRANSACTION_NONE;
  say(world, &thread->message, record, origin);
  thread->intent = record->intent;
  if (UNLIKELY(thread->handler->program != NULL)) host_program_message(world, node, thread);
  if (!at_point(world, node, thread, POINT_DELIVERED, true)) return;
  world_fact(world, FACT_DELIVERED, node->id, record->intent, 0, node->group);
  if (!at_point(world, node, thread, POINT_DELIVERED, false)) return;
  thread->fiber = fiber_start(host->fibers, run_handler, thread);
  thread->worked = thread->works_first;
  thread->call = CALL_WORK;
  thread->about = NULL;
  bool outer = host->submitting;
  host->submitting = true;
  if (!thread->worked || make_call(world, node, thread)) go_on(world, node, thread);
  host->submitting = outer;
}

/* --- What wakes them --- */

static void on_wake(struct world *world, struct node *node, uint64_t argument) {
  struct thread *thread = &host_of(node)->threads[argument];
  if (thread->again && !host_perform(world, node, thread)) return;
  go_on(world, node, thread);
}

static void on_timeout(struct world *world, struct node *node, uint64_t argument) {
  struct thread *thread = &host_of(node)->threads[argument];
  ASSERT(thread->awaiting != 0);
  host_interrupted(world, thread);
  go_on(world, node, thread);
}

static void on_returned(struct world *world, struct node *node, uint64_t argument) {
  finished(world, node, &host_of(node)->threads[argument]);
}

static void on_answer(struct world *world, struct node *node, struct message *answer) {
  struct host *host = host_of(node);
  uint32_t index = answer->correlation & ((1u << host->thread_bits) - 1);
  if (index >= host->thread_count) return;
  struct thread *thread = &host->threads[index];
  if (answer->correlation == 0 || thread->awaiting != answer->correlation) return; /* too late */
  host_answered(world, thread, answer);
  go_on(world, node, thread);
}

/* All threads share the connection: requests under way are cut off, transactions are broken. Handlers
 * that go on may already use the next connection, so that who was cut off is noted first. */
static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct host *host = host_of(node);
  if (!plan_store(world->plan, world->nodes[peer].role)) return;
  bool database = world->nodes[peer].role == ROLE_DATABASE;
  for (uint32_t i = 0; i < host->thread_count; i++) {
    struct thread *thread = &host->threads[i];
    thread->cut_off = thread->running && thread->awaiting != 0 && thread->asked == peer;
    if (database && thread->running && thread->transaction == CLIENT_TRANSACTION_OPEN)
      thread->transaction = CLIENT_TRANSACTION_BROKEN;
  }
  for (uint32_t i = 0; i < host->thread_count && !node->doomed; i++) {
    struct thread *thread = &host->threads[i];
    if (!thread->cut_off) continue;
    thread->cut_off = false;
    world_cancel(world, thread->timer);
    host_interrupted(world, thread);
    go_on(world, node, thread);
  }
}

static uint32_t busy(const struct world *world, const struct node *node) {
  return host_running(world, node);
}

/* --- Tables --- */

static message_fn *const on[STORE_MESSAGE__COUNT] = {[STORE_ANSWER] = on_answer,
                                                        [PROVIDER_ANSWER] = on_answer};
static const char *const stages[] = {"running"};
static timer_fn *const on_timer[HOST_TIMER__COUNT] = {
    [HOST_TIMER_WAKE] = on_wake,
    [HOST_TIMER_ANSWER] = on_timeout,
    [HOST_TIMER_RETURNED] = on_returned,
};
static const char *const timer_names[HOST_TIMER__COUNT] = {
    [HOST_TIMER_WAKE] = "wake",
    [HOST_TIMER_ANSWER] = "answer-timeout",
    [HOST_TIMER_RETURNED] = "returned",
};

const struct component handler_host = {
    .name = "handler-host", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = STORE_MESSAGE__COUNT, .messages = store_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = HOST_TIMER__COUNT, .arena_bytes = arena_bytes,
    .disconnected = disconnected, .busy = busy, .crash = crash, .disk_reset = disk_reset,
    .disk_free = disk_free, .terminate = terminate, .finish = finish,
};
