/* An observer looks on while a run runs: who explores or explains a run sees here what the trace does
 * not hold. It decides nothing: a run with an observer has the same digest as one without.
 *
 * `point` is called at every occurrence of every point, just before the faults that wait for it: where
 * a fault could be placed. `sent` is called when a transmission is on its way, with the time at which it
 * will reach its far end.
 *
 * [I1] An observer changes nothing: everything it is given is const but the message's pointer itself,
 *      which is to tell one message from another and is no longer valid after the call.
 */
#ifndef SIM_WORLD_OBSERVER_H
#define SIM_WORLD_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

struct message;
struct node;
struct world;

struct observer {
  void *context;
  /* Optional. `message`: NULL at points that are no message's. */
  void (*point)(void *context, const struct world *world, const struct node *node, uint32_t point,
                bool before, uint64_t intent, const struct message *message);
  /* Optional. `at` in ns; -1 = it never arrives: lost where it was sent. */
  void (*sent)(void *context, const struct world *world, const struct message *message, int64_t at);
};

#endif
