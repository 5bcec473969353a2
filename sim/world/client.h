/* The application above the producers: what submits an operation to a producer, and, when it does not
 * learn that it is stored, may submit it again.
 *
 *   submitted --ok, none--> over
 *       |  ^---------- after a back-off -----------,
 *       |                                          |
 *       '--rejected, producer down: not stored-----+--(attempts used up)--> over
 *       '--unknown, no answer in its timeout,      |
 *          producer died: may be stored -----------'  only if the policy says so
 *
 * Every attempt is a send of its own to a producer: with sequence numbers, message and deduplication ids
 * as the system gives them to a new one. It belongs to the same intent: the client's outcomes are stated
 * attempt by attempt, and the oracle takes the strongest. The n-th attempt goes to the n-th producer from
 * the first one's, so that one that is down is left aside where there are several.
 *
 * Durable: all of it; it asks again after a producer's death, of whichever is up then.
 * LIMIT: it is no node: it does not die, and a call reaches its producer at once, without a link.
 * LIMIT: an operation that is given up stays as it is: nobody looks for it later.
 *
 * [I1] An operation has at most one attempt that counts: answers of earlier ones settle it when they are
 *      OK or NONE, and change nothing else.
 * [I2] Memory follows the operations that are not over.
 */
#ifndef SIM_WORLD_CLIENT_H
#define SIM_WORLD_CLIENT_H

#include "sim/base/schema.h"
#include "sim/kernel/time.h"
#include "sim/world/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an attempt ended that was not confirmed. */
enum client_end {
  CLIENT_REFUSED, /* it was not stored: rejected, or the producer was down */
  CLIENT_UNKNOWN, /* it may be stored */
};

/* A row of models/client: what an application does. */
struct client_policy {
  const char *name, *about;
  const struct key *keys;
  size_t key_count;
  bool retries; /* else it submits once, and the rest is not asked */
  /* How long it waits for an attempt; 0 = as long as the producer takes. */
  struct span (*timeout)(const struct settings *settings);
  /* Whether it submits again when the n-th attempt (from 1) has ended so, and after how long. `draw`: 64
   * random bits. */
  bool (*again)(const struct settings *settings, enum client_end end, uint32_t attempt, uint64_t draw,
                struct span *out_wait);
  /* The longest that it keeps still, for the drain limit. */
  struct span (*longest_wait)(const struct settings *settings);
};

struct world;

/* An attempt (from 1) is about to be submitted. */
void client_submits(struct world *world, uint64_t intent, uint32_t attempt);
/* A call of this attempt has returned, or was abandoned. */
void client_returned(struct world *world, uint64_t intent, uint32_t attempt, bool stored,
                     enum client_end end);
/* Its event: the timeout of an attempt, or the time to submit the next one. */
void client_event(struct world *world, uint64_t intent, uint32_t attempt, bool again);

#endif
