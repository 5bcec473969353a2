/* An observer looks on while a run runs: who explores or explains a run sees here what the trace does
 * not hold. It decides nothing: a run with an observer has the same digest as one without.
 *
 * `point` is called at every occurrence of every point, just before the faults that wait for it: where
 * a fault could be placed. Each transmission is `sent` once, and then `arrived` or `lost` unless the run
 * ends before. To put these calls in order with the trace records, which come in blocks: a call that sees
 * `trace.flushed + trace.count` = n comes between the records n - 1 and n.
 *
 * [I1] An observer changes nothing: everything it is given is const but the message's pointer itself,
 *      which is to tell one message from another and is no longer valid after the call. message->id
 *      names a transmission from `sent` to `arrived` or `lost`, and another one later.
 */
#ifndef SIM_WORLD_OBSERVER_H
#define SIM_WORLD_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

struct message;
struct node;
struct world;

/* What became of a node. DOWN: node->death, down_by; PAUSED: paused_until, paused_by. */
enum node_change { NODE_CHANGE_UP, NODE_CHANGE_DOWN, NODE_CHANGE_PAUSED, NODE_CHANGE_RESUMED, NODE_CHANGE__COUNT };

struct observer {
  void *context;
  /* Optional. `message`: NULL at points that are no message's. */
  void (*point)(void *context, const struct world *world, const struct node *node, uint32_t point,
                bool before, uint64_t intent, const struct message *message);
  /* Optional. `at` in ns; -1 = it never arrives: lost where it was sent. */
  void (*sent)(void *context, const struct world *world, const struct message *message, int64_t at);
  /* Optional. It reaches its receiver, which may have others to serve first. */
  void (*arrived)(void *context, const struct world *world, const struct message *message);
  /* Optional. `why`: enum loss of link.h; `fault`: who is to blame, or NO_FAULT. */
  void (*lost)(void *context, const struct world *world, const struct message *message, unsigned why,
               uint32_t fault);
  /* Optional. */
  void (*node)(void *context, const struct world *world, const struct node *node,
               enum node_change change);
  /* Optional. A handler is about to make a call (just before `point` is told of the step): what it is and what
   * it is about (NULL = nothing), for words only; `may_fail`: it asks somebody else. */
  void (*call)(void *context, const struct world *world, const struct node *node, uint64_t intent,
               const char *what, const char *about, bool may_fail);
  /* Optional. At the end of the run: a row of a group's database, with the balances that are there from the
   * beginning; a unique key without a row has the value 0. By node, `table` (hash of its name), key. */
  void (*row)(void *context, const struct world *world, const struct node *node, uint64_t table, uint64_t key,
              int64_t value);
  /* Optional. The provider has charged: an account and an amount, as the request had them. */
  void (*charged)(void *context, const struct world *world, uint64_t intent, uint64_t account, int64_t amount);
  /* Optional. What a user's program has published can be read in the output topic: instead of an effect, as the
   * program may have others. */
  void (*published)(void *context, const struct world *world, uint64_t intent);
  /* Optional. A window of a fault opens, its targets drawn, or closes. */
  void (*fault)(void *context, const struct world *world, uint32_t fault, bool begins);
};

#endif
