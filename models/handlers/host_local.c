/* The keys that a consumer's process remembers by itself. */
#include "models/handlers/host_state.h"

#include "models/store/local.h"

size_t host_local_bytes(const struct plan *plan) {
  size_t most = 0;
  for (uint32_t i = 0; i < plan_group_count(plan); i++) {
    const struct handler *handler = plan_handler(plan, i);
    if (!handler || !handler->local) continue;
    size_t bytes = handler->local->arena_bytes(plan_handler_settings(plan, i));
    if (bytes > most) most = bytes;
  }
  return most;
}

static void account(struct world *world, struct host *host, int64_t held) {
  if (held != host->local_held) world_dedup_bytes(world, held - host->local_held);
  host->local_held = held;
}

void host_local_start(struct world *world, struct node *node) {
  struct host *host = host_of(node);
  host->local_kind = plan_handler(world->plan, node->group)->local;
  if (!host->local_kind) return;
  const bool drawn = world->luck.mode == LUCK_DRAWN;
  uint64_t salt = drawn ? luck_draw(&world->luck, hash_name("hashes of message ids")) : 0;
  host->local = host->local_kind->make(&node->arena, plan_handler_settings(world->plan, node->group), salt);
  account(world, host, host->local_kind->held(host->local));
}

void host_local_crash(struct world *world, struct node *node) {
  account(world, host_of(node), 0);
}

static bool seen(struct world *world, struct node *node, struct thread *thread) {
  const struct host *host = host_of(node);
  if (!host->local) return host_done(thread, DG_FAILED);
  bool found = host->local_kind->seen(host->local, thread->key, world->now.ns);
  return host_done(thread, found ? DG_EXISTS : DG_NOT_FOUND);
}

static bool mark(struct world *world, struct node *node, struct thread *thread) {
  struct host *host = host_of(node);
  if (!host->local) return host_done(thread, DG_FAILED);
  host->local_kind->mark(host->local, thread->key, world->now.ns);
  account(world, host, host->local_kind->held(host->local));
  return host_done(thread, DG_OK);
}

const struct call_row host_local_calls[CALL__COUNT] = {
    [CALL_LOCAL_SEEN] = {seen, .at_once = true},
    [CALL_LOCAL_MARK] = {mark, .at_once = true},
};
