#include "models/sqs/store.h"

#include "sim/base/grow.h"

#include <stdlib.h>

void sqs_store_clear(struct sqs_store *store) {
  store->used = 0;
  store->free_list = SQS_NONE;
  for (int place = 0; place < PLACE__COUNT; place++)
    store->lists[place] = (struct stored_list){SQS_NONE, SQS_NONE, 0};
}

void sqs_store_free(struct sqs_store *store) {
  free(store->items);
  *store = (struct sqs_store){0};
}

static void append(struct sqs_store *store, uint32_t index, enum place place) {
  struct stored_list *list = &store->lists[place];
  struct stored *stored = &store->items[index];
  stored->place = (uint8_t)place;
  stored->previous = list->last;
  stored->next = SQS_NONE;
  if (list->last == SQS_NONE)
    list->first = index;
  else
    store->items[list->last].next = index;
  list->last = index;
  list->count++;
}

static void detach(struct sqs_store *store, uint32_t index) {
  struct stored *stored = &store->items[index];
  struct stored_list *list = &store->lists[stored->place];
  if (stored->previous == SQS_NONE)
    list->first = stored->next;
  else
    store->items[stored->previous].next = stored->next;
  if (stored->next == SQS_NONE)
    list->last = stored->previous;
  else
    store->items[stored->next].previous = stored->previous;
  list->count--;
}

void sqs_store_move(struct sqs_store *store, uint32_t index, enum place place) {
  detach(store, index);
  append(store, index, place);
}

void sqs_store_remove(struct sqs_store *store, uint32_t index) {
  detach(store, index);
  store->items[index].place = PLACE_FREE;
  store->items[index].next = store->free_list;
  store->free_list = index;
}

void sqs_store_add(struct sqs_store *store, const struct record *record) {
  uint32_t index = store->free_list;
  if (index != SQS_NONE) {
    store->free_list = store->items[index].next;
  } else {
    index = store->used++;
    GROW(store->items, store->capacity, store->used);
    store->items[index].generation = 0;
  }
  struct stored *stored = &store->items[index];
  *stored = (struct stored){.intent = record->intent, .key = record->key, .size = record->size,
                            .generation = stored->generation + 1};
  append(store, index, PLACE_VISIBLE);
}

uint64_t sqs_store_receipt(const struct sqs_store *store, uint32_t index) {
  return (uint64_t)store->items[index].generation << 32 | index;
}

uint32_t sqs_store_find(const struct sqs_store *store, uint64_t receipt) {
  uint32_t index = (uint32_t)receipt;
  if (index >= store->used || store->items[index].place == PLACE_FREE) return SQS_NONE;
  return store->items[index].generation == receipt >> 32 ? index : SQS_NONE;
}
