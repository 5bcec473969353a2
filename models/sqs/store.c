#include "models/sqs/store.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/node.h"

#include <stdlib.h>
#include <string.h>

static const struct stored_list empty = {SQS_NONE, SQS_NONE};

void sqs_store_clear(struct sqs_store *store, const struct sqs_order *order) {
  store->order = order;
  store->used = store->heap_count = store->numbers = 0;
  store->free_list = store->oldest = store->newest = SQS_NONE;
  store->visible = store->dead = empty;
  memset(store->counts, 0, sizeof store->counts);
  order->clear(store);
}

void sqs_store_free(struct sqs_store *store) {
  free(store->items);
  free(store->heap);
  free(store->groups);
  *store = (struct sqs_store){0};
}

/* --- Lists --- */

void sqs_list_append(struct sqs_store *store, struct stored_list *list, uint32_t item) {
  struct stored *stored = &store->items[item];
  stored->previous = list->last;
  stored->next = SQS_NONE;
  if (list->last == SQS_NONE)
    list->first = item;
  else
    store->items[list->last].next = item;
  list->last = item;
}

void sqs_list_detach(struct sqs_store *store, struct stored_list *list, uint32_t item) {
  const struct stored *stored = &store->items[item];
  if (stored->previous == SQS_NONE)
    list->first = stored->next;
  else
    store->items[stored->previous].next = stored->next;
  if (stored->next == SQS_NONE)
    list->last = stored->previous;
  else
    store->items[stored->next].previous = stored->previous;
}

static void age_append(struct sqs_store *store, uint32_t item, int64_t now) {
  struct stored *stored = &store->items[item];
  stored->sent_at = now;
  stored->older = store->newest;
  stored->newer = SQS_NONE;
  if (store->newest == SQS_NONE)
    store->oldest = item;
  else
    store->items[store->newest].newer = item;
  store->newest = item;
}

static void age_detach(struct sqs_store *store, uint32_t item) {
  const struct stored *stored = &store->items[item];
  if (stored->older == SQS_NONE)
    store->oldest = stored->newer;
  else
    store->items[stored->older].newer = stored->newer;
  if (stored->newer == SQS_NONE)
    store->newest = stored->older;
  else
    store->items[stored->newer].older = stored->older;
}

/* --- Deadlines: a binary heap --- */

static bool before(const struct deadline *a, const struct deadline *b) {
  return a->due < b->due || (a->due == b->due && a->serial < b->serial);
}

static void heap_put(struct sqs_store *store, uint32_t at, struct deadline deadline) {
  store->heap[at] = deadline;
  store->items[deadline.item].heap_at = at;
}

static void heap_up(struct sqs_store *store, uint32_t at, struct deadline deadline) {
  for (; at > 0 && before(&deadline, &store->heap[(at - 1) / 2]); at = (at - 1) / 2)
    heap_put(store, at, store->heap[(at - 1) / 2]);
  heap_put(store, at, deadline);
}

static void heap_down(struct sqs_store *store, uint32_t at, struct deadline deadline) {
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= store->heap_count) break;
    if (child + 1 < store->heap_count && before(&store->heap[child + 1], &store->heap[child])) child++;
    if (!before(&store->heap[child], &deadline)) break;
    heap_put(store, at, store->heap[child]);
    at = child;
  }
  heap_put(store, at, deadline);
}

/* Puts a deadline at a place whose own is gone. */
static void heap_settle(struct sqs_store *store, uint32_t at, struct deadline deadline) {
  if (at > 0 && before(&deadline, &store->heap[(at - 1) / 2]))
    heap_up(store, at, deadline);
  else
    heap_down(store, at, deadline);
}

static void heap_add(struct sqs_store *store, uint32_t item, int64_t due) {
  uint32_t at = store->heap_count++;
  GROW(store->heap, store->heap_capacity, store->heap_count);
  heap_up(store, at, (struct deadline){.due = due, .serial = store->serial++, .item = item});
}

static void heap_remove(struct sqs_store *store, uint32_t item) {
  uint32_t at = store->items[item].heap_at;
  struct deadline last = store->heap[--store->heap_count];
  if (last.item != item) heap_settle(store, at, last);
}

void sqs_store_set_due(struct sqs_store *store, uint32_t item, int64_t due) {
  heap_settle(store, store->items[item].heap_at,
              (struct deadline){.due = due, .serial = store->serial++, .item = item});
}

/* --- Places --- */

static bool has_deadline(enum place place) {
  return place == PLACE_IN_FLIGHT || place == PLACE_DELAYED;
}

/* Out of where it is, but for what the order keeps. */
static void depart(struct sqs_store *store, uint32_t item) {
  enum place place = store->items[item].place;
  if (place == PLACE_FREE) return; /* new */
  store->counts[place]--;
  if (has_deadline(place)) heap_remove(store, item);
  if (place == PLACE_DEAD) sqs_list_detach(store, &store->dead, item);
}

static void arrive(struct sqs_store *store, uint32_t item, enum place place) {
  store->items[item].place = (uint8_t)place;
  store->counts[place]++;
}

uint32_t sqs_store_add(struct sqs_store *store, const struct record *record, int64_t now) {
  uint32_t item = store->free_list;
  if (item != SQS_NONE) {
    store->free_list = store->items[item].next;
  } else {
    item = store->used++;
    GROW(store->items, store->capacity, store->used);
    store->items[item].generation = 0;
  }
  struct stored *stored = &store->items[item];
  *stored = (struct stored){.intent = record->intent, .key = record->key, .size = record->size,
                            .number = ++store->numbers, .fault = NO_FAULT,
                            .attempt = record->attempt, .generation = stored->generation + 1};
  age_append(store, item, now);
  return item;
}

void sqs_store_show(struct sqs_store *store, uint32_t item) {
  depart(store, item);
  store->order->show(store, item);
  arrive(store, item, PLACE_VISIBLE);
}

void sqs_store_hide(struct sqs_store *store, uint32_t item, int64_t due) {
  ASSERT_EQ(store->items[item].place, PLACE_VISIBLE); /* [S1] */
  depart(store, item);
  store->order->hide(store, item);
  arrive(store, item, PLACE_IN_FLIGHT);
  heap_add(store, item, due);
}

void sqs_store_delay(struct sqs_store *store, uint32_t item, int64_t due) {
  ASSERT_EQ(store->items[item].place, PLACE_FREE);
  arrive(store, item, PLACE_DELAYED);
  heap_add(store, item, due);
}

void sqs_store_bury(struct sqs_store *store, uint32_t item) {
  ASSERT_EQ(store->items[item].place, PLACE_VISIBLE);
  depart(store, item);
  store->order->leave(store, item);
  arrive(store, item, PLACE_DEAD);
  sqs_list_append(store, &store->dead, item);
}

void sqs_store_remove(struct sqs_store *store, uint32_t item) {
  ASSERT(store->items[item].place != PLACE_FREE);
  depart(store, item);
  store->order->leave(store, item);
  age_detach(store, item);
  store->items[item].place = PLACE_FREE;
  store->items[item].next = store->free_list;
  store->free_list = item;
}

void sqs_store_rejuvenate(struct sqs_store *store, uint32_t item, int64_t now) {
  age_detach(store, item);
  age_append(store, item, now);
}

void sqs_store_rename(struct sqs_store *store, uint32_t item) {
  store->items[item].generation++;
  store->items[item].number = ++store->numbers;
  store->items[item].receives = 0;
}

uint64_t sqs_store_id(const struct sqs_store *store, uint32_t item) {
  return (uint64_t)store->items[item].generation << 32 | item;
}

uint32_t sqs_store_find(const struct sqs_store *store, uint64_t id) {
  uint32_t item = (uint32_t)id;
  if (item >= store->used || store->items[item].place == PLACE_FREE) return SQS_NONE;
  return store->items[item].generation == id >> 32 ? item : SQS_NONE;
}

/* --- A standard queue: one list; what was redelivered goes to its end --- */

static void standard_clear(struct sqs_store *store) { store->visible = empty; }

static void standard_show(struct sqs_store *store, uint32_t item) {
  sqs_list_append(store, &store->visible, item);
}

static void standard_hide(struct sqs_store *store, uint32_t item) {
  sqs_list_detach(store, &store->visible, item);
}

static void standard_leave(struct sqs_store *store, uint32_t item) {
  if (store->items[item].place == PLACE_VISIBLE) sqs_list_detach(store, &store->visible, item);
}

static uint32_t standard_take(struct sqs_store *store) { return store->visible.first; }

static void standard_taken(struct sqs_store *store) { (void)store; }

const struct sqs_order sqs_order_standard = {
    .clear = standard_clear, .show = standard_show, .hide = standard_hide,
    .leave = standard_leave, .take = standard_take, .taken = standard_taken,
};
