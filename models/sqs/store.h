/* What a queue holds: messages, each in one of two lists.
 *
 * Memory follows the most that it has held at once, and is kept when it is cleared.
 */
#ifndef MODELS_SQS_STORE_H
#define MODELS_SQS_STORE_H

#include "sim/world/message.h"

#include <stddef.h>
#include <stdint.h>

#define SQS_NONE UINT32_MAX

enum place { PLACE_FREE, PLACE_VISIBLE, PLACE_IN_FLIGHT, PLACE__COUNT };

struct stored {
  uint64_t intent;
  int64_t visible_at; /* ns, in flight */
  uint32_t key, size;
  uint32_t generation; /* how often this item was taken: with its index it makes the receipt */
  uint32_t previous, next;
  uint16_t receives;
  uint8_t place;
};
struct stored_list {
  uint32_t first, last, count;
};
struct sqs_store {
  struct stored *items;
  size_t capacity;
  uint32_t used, free_list;
  struct stored_list lists[PLACE__COUNT]; /* in flight: by deadline, since the timeout is constant */
};

void sqs_store_clear(struct sqs_store *store);
void sqs_store_free(struct sqs_store *store);

/* A new message, at the end of the visible ones. */
void sqs_store_add(struct sqs_store *store, const struct record *record);
/* To the end of a list. */
void sqs_store_move(struct sqs_store *store, uint32_t index, enum place place);
void sqs_store_remove(struct sqs_store *store, uint32_t index);

/* What names the message for as long as it is here, and never another one. */
uint64_t sqs_store_receipt(const struct sqs_store *store, uint32_t index);
/* Index of the message that a receipt names, or SQS_NONE. */
uint32_t sqs_store_find(const struct sqs_store *store, uint64_t receipt);

#endif
