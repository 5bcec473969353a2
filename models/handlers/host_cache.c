/* The client of the group's cache: requests, each by itself. */
#include "models/handlers/host_state.h"

#include "models/store/cache.h"

static bool ask(struct world *world, struct node *node, struct thread *thread, enum store_message kind) {
  if (world->count[ROLE_CACHE] == 0) return host_done(thread, DG_FAILED);
  const struct node *cache = world_node(world, ROLE_CACHE, node->group);
  struct message *message = host_request(world, node, thread, cache, (uint16_t)kind);
  message->a = (int64_t)thread->table;
  message->b = (int64_t)thread->key;
  message->c = thread->value;
  message->d = thread->ttl;
  return host_ask(world, node, thread, message);
}

static void read_unanswered(struct thread *thread) { thread->status = DG_FAILED; }
static void write_unanswered(struct thread *thread) { thread->status = DG_UNKNOWN; }

static bool get(struct world *world, struct node *node, struct thread *thread) {
  return ask(world, node, thread, CACHE_GET);
}
static bool set(struct world *world, struct node *node, struct thread *thread) {
  return ask(world, node, thread, CACHE_SET);
}
static bool set_if_absent(struct world *world, struct node *node, struct thread *thread) {
  return ask(world, node, thread, CACHE_SET_IF_ABSENT);
}
static bool delete(struct world *world, struct node *node, struct thread *thread) {
  return ask(world, node, thread, CACHE_DELETE);
}

const struct call_row host_cache_calls[CALL__COUNT] = {
    [CALL_CACHE_GET] = {.perform = get, .unanswered = read_unanswered},
    [CALL_CACHE_SET] = {.perform = set, .unanswered = write_unanswered},
    [CALL_CACHE_SET_IF_ABSENT] = {.perform = set_if_absent, .unanswered = write_unanswered},
    [CALL_CACHE_DELETE] = {.perform = delete, .unanswered = write_unanswered},
};
