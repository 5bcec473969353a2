/* The workload: operations that applications want done, at their times. States INTENDED.
 *
 * Drawn from a rate (ids 1, 2, …), or given as a list, which may leave ids out.
 *
 * [I1] An operation's luck is keyed by its id alone: what is left out of a list moves nobody else's.
 * LIMIT: what a system reckons by the size of a message (records of a batch or of a buffer, a published
 * result) goes by the workload's `size`, not by that of a single operation.
 */
#ifndef SIM_WORLD_WORKLOAD_H
#define SIM_WORLD_WORKLOAD_H

#include "sim/world/message.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <stdint.h>

struct intent_plan;
struct node;
struct workload_plan;
struct world;

/* What a producer's component is asked to do; it owes one call_return(call). */
struct operation_request {
  uint64_t intent;
  uint32_t call;
  uint32_t key;
  uint32_t size; /* bytes */
  uint32_t attempt; /* of its client: each is a send of its own; 0 = it has none */
};

/* What a producer sends of it. Field by field: a copy of what is put together elsewhere waits for its parts. */
static inline void operation_record(const struct operation_request *request, struct record *out) {
  *out = (struct record){0};
  out->intent = request->intent;
  out->key = request->key;
  out->size = request->size;
  out->attempt = (uint16_t)request->attempt;
}

void workload_start(struct world *world);
/* The arrival event. */
void workload_arrive(struct world *world);
/* Who gets the n-th attempt (from 1) of an operation: the n-th producer from its first one's. */
struct node *workload_producer(struct world *world, uint64_t intent, uint32_t attempt);
/* The client of an operation submits it once more (sim/world/client.h). States RESUBMITTED. */
void workload_submit_again(struct world *world, uint64_t intent, uint32_t attempt);
/* A saturating workload: an operation has had its first effect in every group, the last one visible at
 * `visible_ns`. */
void workload_effect(struct world *world, int64_t visible_ns);
/* Nothing is under way but operations are still to come: whatever a saturating workload has open is
 * lost, and its places are filled again. LIMIT: with `outstanding` a lost operation keeps
 * its place until then. */
void workload_idle(struct world *world);
/* An operation of a list by its id, or NULL. */
const struct intent_plan *workload_find(const struct workload_plan *plan, uint64_t id);
/* What an intent asks for. */
enum operation workload_operation(const struct world *world, uint64_t intent);
/* The key that a transfer adds to, another than its own. The workload must have two. */
uint32_t workload_other_key(const struct world *world, uint64_t intent, uint32_t key);
/* Service time of an operation's n-th execution in a group, ns. */
int64_t workload_service_time(struct world *world, uint64_t intent, uint32_t group, uint32_t execution);

#endif
