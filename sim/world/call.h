/* Client calls: the one place where a client's outcome is stated (but that it did not wait for one:
 * sim/world/client.h).
 *
 * The workload opens a call for each intent; the producer's component returns it exactly once. A call
 * that is open when its node dies is ABANDONED.
 *
 * An application or relay above a producer opens calls of its own, for what it publishes. Their outcome is
 * no client's: it goes to who has opened them (`returned` of sim/world/model.h), who may then return the
 * client's. One that is open when the node dies says nothing.
 */
#ifndef SIM_WORLD_CALL_H
#define SIM_WORLD_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_NONE UINT32_MAX

struct node;
struct world;

enum outcome { OUTCOME_OK, OUTCOME_NONE, OUTCOME_UNKNOWN, OUTCOME_REJECTED };

struct call {
  uint64_t intent;
  uint32_t previous, next;
  uint16_t node;
  uint16_t attempt; /* of its client (sim/world/client.h); 0 = it has none */
  bool own;         /* the component's at port 1 */
  uint64_t tag;     /* of an own call */
};
struct calls {
  struct call *items;
  size_t count, capacity;
  uint32_t free_list;
  uint32_t open;
};

uint32_t call_open(struct world *world, struct node *node, uint64_t intent);
/* For the component at port 1: `tag` comes back with the outcome, in a step of the component below. */
uint32_t call_open_own(struct world *world, struct node *node, uint64_t intent, uint64_t tag);
void call_return(struct world *world, uint32_t call, enum outcome outcome);
void call_abandon_all(struct world *world, struct node *node);

#endif
