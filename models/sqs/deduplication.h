/* A FIFO queue's memory of what it has accepted: the deduplication ids of the last interval.
 *
 *   oldest [ id, accepted at ] [ id, accepted at ] ... newest       and a map of the ids
 *
 * [D1] An id is a duplicate for as long as its first acceptance is not older than the interval: fixed, not
 *      moved on by a duplicate, and whether or not the message is still there.
 * [D2] Older ids are purged before anything is looked up.
 * LIMIT: that the window is fixed and closed at its end follows ElasticMQ; Amazon's text only says that it
 *        is five minutes from the message that was sent successfully.
 */
#ifndef MODELS_SQS_DEDUPLICATION_H
#define MODELS_SQS_DEDUPLICATION_H

#include "sim/base/map.h"

struct accepted {
  uint64_t id;
  int64_t at; /* ns */
};
struct deduplication {
  struct map ids;
  struct accepted *ring;
  size_t capacity, head, count;
};

#define DEDUPLICATION_ENTRY_BYTES 16

void deduplication_clear(struct deduplication *memory);
void deduplication_free(struct deduplication *memory);
/* Forgets what is older than the interval; returns how many. */
size_t deduplication_purge(struct deduplication *memory, int64_t now, int64_t interval);
/* Notes an id (not 0); false when it is there already. */
bool deduplication_accept(struct deduplication *memory, uint64_t id, int64_t now);

#endif
