/* What a queue holds: messages, each in one place.
 *
 *                  show          hide              remove
 *   sqs_store_add -----> visible -----> in flight --------> (none)
 *        | delay           ^ ^ | bury      |
 *        '----> delayed ---' | v           |
 *                          | dead          |
 *                          '------ show ---'
 *
 * In which order visible messages are handed out is the queue's sort (struct sqs_order): a standard queue
 * has one list, a FIFO queue one for each group (models/sqs/groups.h). Whatever has a deadline (in flight,
 * delayed) stands in a binary heap: deadlines come in any order, since each can be changed.
 *
 * [S1] Each message is in exactly one place; counts[] says how many are in each.
 * [S2] The heap holds those in flight and delayed; of equal deadlines the one set first is the first.
 * [S3] Everything that is held stands in the list by age, in the order of sent_at.
 * Memory follows the most that it has held at once, and is kept when it is cleared.
 */
#ifndef MODELS_SQS_STORE_H
#define MODELS_SQS_STORE_H

#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQS_NONE UINT32_MAX

enum place { PLACE_FREE, PLACE_VISIBLE, PLACE_IN_FLIGHT, PLACE_DELAYED, PLACE_DEAD, PLACE__COUNT };

struct stored {
  uint64_t intent;
  int64_t sent_at;     /* ns */
  int64_t received_at; /* ns, the latest time */
  uint32_t key, size;
  uint32_t number;         /* from 1, of those ever stored: its MessageId, which a copy of it has too */
  uint32_t generation;     /* how often this item was taken: with its index it is the message's id */
  uint32_t receives;       /* with the id it is the receipt of the latest receive */
  uint32_t previous, next; /* visible messages, a group, dead ones; or the free */
  uint32_t older, newer;
  uint32_t heap_at;
  uint8_t place;
  bool copy; /* of a message that was there already */
  uint32_t fault; /* that has it handed out, NO_FAULT */
  uint16_t attempt; /* as in struct record */
};
struct stored_list {
  uint32_t first, last;
};
struct deadline {
  int64_t due; /* ns */
  uint64_t serial;
  uint32_t item;
};
struct sqs_group {
  struct stored_list messages; /* in order; those in flight among them */
  uint32_t in_flight;
  uint32_t previous, next; /* of the groups that are ready */
  bool ready;
};

struct sqs_store;
/* How visible messages are kept. */
struct sqs_order {
  void (*clear)(struct sqs_store *store);
  void (*show)(struct sqs_store *store, uint32_t item);  /* it becomes visible; place = where it was */
  void (*hide)(struct sqs_store *store, uint32_t item);  /* visible -> in flight */
  void (*leave)(struct sqs_store *store, uint32_t item); /* it goes; place = where it was */
  /* One receive takes several, each to be hidden, buried or removed at once, and is then over. */
  uint32_t (*take)(struct sqs_store *store);
  void (*taken)(struct sqs_store *store);
};
extern const struct sqs_order sqs_order_standard;

struct sqs_store {
  const struct sqs_order *order;
  struct stored *items;
  size_t capacity;
  uint32_t used, free_list;
  uint32_t numbers; /* given so far */
  uint32_t counts[PLACE__COUNT];
  struct stored_list visible; /* standard queue */
  struct stored_list dead;
  uint32_t oldest, newest;
  struct deadline *heap;
  size_t heap_capacity;
  uint32_t heap_count;
  uint64_t serial;
  struct sqs_group *groups; /* by key; FIFO queue */
  size_t group_capacity, groups_made;
  struct stored_list ready; /* groups of which none is in flight, oldest first */
  uint32_t serving, cursor; /* group that a receive is taking from, and what it gets next there */
};

void sqs_store_clear(struct sqs_store *store, const struct sqs_order *order);
void sqs_store_free(struct sqs_store *store);

/* A new message, in no place yet: it is to be shown or delayed at once. */
uint32_t sqs_store_add(struct sqs_store *store, const struct record *record, int64_t now);
void sqs_store_show(struct sqs_store *store, uint32_t item);
void sqs_store_hide(struct sqs_store *store, uint32_t item, int64_t due);
void sqs_store_delay(struct sqs_store *store, uint32_t item, int64_t due);
void sqs_store_bury(struct sqs_store *store, uint32_t item);
void sqs_store_remove(struct sqs_store *store, uint32_t item);
/* Another deadline for what has one. */
void sqs_store_set_due(struct sqs_store *store, uint32_t item, int64_t due);
static inline int64_t sqs_store_due(const struct sqs_store *store, uint32_t item) {
  return store->heap[store->items[item].heap_at].due;
}
/* As if sent now. */
void sqs_store_rejuvenate(struct sqs_store *store, uint32_t item, int64_t now);
/* Another message with the same content: no receipt of before names it. */
void sqs_store_rename(struct sqs_store *store, uint32_t item);

/* What names the message for as long as it is here, and never another one. */
uint64_t sqs_store_id(const struct sqs_store *store, uint32_t item);
/* The message of an id, or SQS_NONE. */
uint32_t sqs_store_find(const struct sqs_store *store, uint64_t id);

/* For orders. */
void sqs_list_append(struct sqs_store *store, struct stored_list *list, uint32_t item);
void sqs_list_detach(struct sqs_store *store, struct stored_list *list, uint32_t item);

#endif
