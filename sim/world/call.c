#include "sim/world/call.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"
#include "sim/world/mutants.h"
#include "sim/world/world.h"

uint32_t call_open(struct world *world, struct node *node, uint64_t intent) {
  struct calls *calls = &world->calls;
  uint32_t id = calls->free_list;
  if (LIKELY(id != CALL_NONE)) {
    calls->free_list = calls->items[id].next;
  } else {
    GROW(calls->items, calls->capacity, calls->count + 1);
    id = (uint32_t)calls->count++;
  }
  calls->items[id] = (struct call){
      .intent = intent, .previous = CALL_NONE, .next = node->first_call, .node = node->id};
  if (node->first_call != CALL_NONE) calls->items[node->first_call].previous = id;
  node->first_call = id;
  calls->open++;
  world_hold(world, NULL);
  return id;
}

uint32_t call_open_own(struct world *world, struct node *node, uint64_t intent, uint64_t tag) {
  uint32_t id = call_open(world, node, intent);
  world->calls.items[id].own = true;
  world->calls.items[id].tag = tag;
  return id;
}

/* Tells the application how its attempt has ended. Few have one that asks. */
static __attribute__((noinline)) void tell_client(struct world *world, uint64_t intent, uint32_t attempt, enum fact fact) {
  bool stored = fact == FACT_OK || fact == FACT_NONE;
  client_returned(world, intent, attempt, stored,
                  fact == FACT_REJECTED ? CLIENT_REFUSED : CLIENT_UNKNOWN);
}

/* Takes a call out of its node's list. */
static inline void forget(struct world *world, uint32_t id) {
  struct calls *calls = &world->calls;
  struct call *call = &calls->items[id];
  ASSERT_MSG(call->intent != 0, "call %u was returned already", id);
  struct node *node = &world->nodes[call->node];
  if (LIKELY(call->previous == CALL_NONE))
    node->first_call = call->next;
  else
    calls->items[call->previous].next = call->next;
  if (call->next != CALL_NONE) calls->items[call->next].previous = call->previous;
  call->intent = 0;
  call->next = calls->free_list;
  calls->free_list = id;
  calls->open--;
}

__attribute__((always_inline)) /* into call_return, of which every message has one */
static inline void close_call(struct world *world, uint32_t id, enum fact fact) {
  const struct call *call = &world->calls.items[id];
  const uint64_t intent = call->intent;
  const uint32_t attempt = call->attempt;
  const uint16_t node = call->node;
  forget(world, id);
  world_fact(world, fact, node, intent, 0, 0);
  if (UNLIKELY(attempt != 0)) tell_client(world, intent, attempt, fact);
  world_unhold(world, NULL);
}

void call_return(struct world *world, uint32_t call, enum outcome outcome) {
  static const enum fact facts[] = {[OUTCOME_OK] = FACT_OK,
                                    [OUTCOME_NONE] = FACT_NONE,
                                    [OUTCOME_UNKNOWN] = FACT_UNKNOWN,
                                    [OUTCOME_REJECTED] = FACT_REJECTED};
  struct node *node = &world->nodes[world->calls.items[call].node];
  /* A doomed node learns nothing more: its calls are abandoned when it goes. */
  if (UNLIKELY(node->doomed)) return;
  if (UNLIKELY(world->calls.items[call].own)) {
    const uint64_t tag = world->calls.items[call].tag;
    forget(world, call);
    node->components[1]->returned(world, node, tag, outcome);
    return world_unhold(world, NULL);
  }
  if (MUTANT(WORLD_TIMEOUT_IS_OK) && outcome == OUTCOME_UNKNOWN) outcome = OUTCOME_OK;
  close_call(world, call, facts[outcome]);
}

void call_abandon_all(struct world *world, struct node *node) {
  while (node->first_call != CALL_NONE) {
    if (!world->calls.items[node->first_call].own) {
      close_call(world, node->first_call, FACT_ABANDONED);
      continue;
    }
    forget(world, node->first_call);
    world_unhold(world, NULL);
  }
}
