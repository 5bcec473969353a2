#include "models/sqs/groups.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

static struct sqs_group *group_of(struct sqs_store *store, uint32_t item) {
  uint32_t key = store->items[item].key;
  GROW(store->groups, store->group_capacity, (size_t)key + 1);
  for (; store->groups_made <= key; store->groups_made++)
    store->groups[store->groups_made] =
        (struct sqs_group){.messages = {SQS_NONE, SQS_NONE}, .previous = SQS_NONE, .next = SQS_NONE};
  return &store->groups[key];
}

static void make_ready(struct sqs_store *store, uint32_t key) {
  struct sqs_group *group = &store->groups[key];
  group->ready = true;
  group->previous = store->ready.last;
  group->next = SQS_NONE;
  if (store->ready.last == SQS_NONE)
    store->ready.first = key;
  else
    store->groups[store->ready.last].next = key;
  store->ready.last = key;
}

static void unready(struct sqs_store *store, uint32_t key) {
  struct sqs_group *group = &store->groups[key];
  group->ready = false;
  if (group->previous == SQS_NONE)
    store->ready.first = group->next;
  else
    store->groups[group->previous].next = group->next;
  if (group->next == SQS_NONE)
    store->ready.last = group->previous;
  else
    store->groups[group->next].previous = group->previous;
}

/* Its first message that is visible. There are some behind others in flight only while a receive takes
 * them, or in a queue that does not block. */
static uint32_t first_visible(const struct sqs_store *store, const struct sqs_group *group) {
  uint32_t item = group->messages.first;
  while (item != SQS_NONE && store->items[item].place != PLACE_VISIBLE) item = store->items[item].next;
  return item;
}

static bool deserves(const struct sqs_store *store, const struct sqs_group *group) {
  if (MUTANT(SQS_FIFO_GROUP_NOT_BLOCKED)) return first_visible(store, group) != SQS_NONE;
  return group->messages.first != SQS_NONE && group->in_flight == 0; /* [G3] */
}

static void settle(struct sqs_store *store, uint32_t key) {
  const struct sqs_group *group = &store->groups[key];
  if (key == store->serving) return;
  bool should = deserves(store, group);
  if (should && !group->ready) make_ready(store, key);
  if (!should && group->ready) unready(store, key);
}

static void fifo_clear(struct sqs_store *store) {
  store->groups_made = 0;
  store->ready = (struct stored_list){SQS_NONE, SQS_NONE};
  store->serving = store->cursor = SQS_NONE;
}

static void fifo_show(struct sqs_store *store, uint32_t item) {
  struct stored *stored = &store->items[item];
  struct sqs_group *group = group_of(store, item);
  if (stored->place == PLACE_IN_FLIGHT)
    group->in_flight--; /* it has kept its place [G2] */
  else
    sqs_list_append(store, &group->messages, item);
  stored->place = PLACE_VISIBLE;
  settle(store, stored->key);
}

static void fifo_hide(struct sqs_store *store, uint32_t item) {
  struct sqs_group *group = group_of(store, item);
  ASSERT_EQ(store->serving, store->items[item].key);
  group->in_flight++;
}

static void fifo_leave(struct sqs_store *store, uint32_t item) {
  struct stored *stored = &store->items[item];
  if (stored->place != PLACE_VISIBLE && stored->place != PLACE_IN_FLIGHT) return;
  struct sqs_group *group = group_of(store, item);
  sqs_list_detach(store, &group->messages, item);
  if (stored->place == PLACE_IN_FLIGHT) group->in_flight--;
  settle(store, stored->key);
}

static void fifo_taken(struct sqs_store *store) {
  uint32_t key = store->serving;
  store->serving = store->cursor = SQS_NONE;
  if (key != SQS_NONE) settle(store, key);
}

static uint32_t fifo_take(struct sqs_store *store) {
  if (store->cursor == SQS_NONE) {
    fifo_taken(store);
    if (store->ready.first == SQS_NONE) return SQS_NONE;
    store->serving = store->ready.first;
    unready(store, store->serving);
    store->cursor = first_visible(store, &store->groups[store->serving]);
  }
  uint32_t item = store->cursor;
  ASSERT_EQ(store->items[item].place, PLACE_VISIBLE); /* [G1] */
  store->cursor = store->items[item].next;
  while (MUTANT(SQS_FIFO_GROUP_NOT_BLOCKED) && store->cursor != SQS_NONE &&
         store->items[store->cursor].place != PLACE_VISIBLE)
    store->cursor = store->items[store->cursor].next;
  return item;
}

const struct sqs_order sqs_order_fifo = {
    .clear = fifo_clear, .show = fifo_show, .hide = fifo_hide,
    .leave = fifo_leave, .take = fifo_take, .taken = fifo_taken,
};
