#include "models/rabbitmq/backlog.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

void backlog_clear(struct backlog *queue, bool returns_line) {
  queue->base = queue->next = queue->cursor = 0;
  queue->returned_head = queue->returned_tail = 0;
  for (size_t i = 0; i < queue->consumer_count; i++) queue->consumers[i].session = 0;
  queue->consumer_count = 0;
  queue->turn = 0;
  queue->ready = queue->unacked = 0;
  queue->returns_line = returns_line;
}

void backlog_free(struct backlog *queue) {
  for (size_t i = 0; i < queue->consumer_capacity; i++) free(queue->consumers[i].tags);
  free(queue->consumers);
  free(queue->items);
  free(queue->returned);
  *queue = (struct backlog){0};
}

/* Moves a ring, of places `mask` and number, into one of twice the size. */
#define GROW_RING(items, capacity, first, next)                                                    \
  do {                                                                                             \
    if ((next) - (first) < (capacity)) break;                                                      \
    size_t old_ = (capacity);                                                                      \
    GROW(items, capacity, old_ + 1);                                                               \
    for (uint64_t at_ = (first); old_ && at_ < (next); at_++)                                      \
      if ((at_ & ((capacity) - 1)) != (at_ & (old_ - 1)))                                          \
        (items)[at_ & ((capacity) - 1)] = (items)[at_ & (old_ - 1)];                               \
  } while (0)

uint64_t backlog_add(struct backlog *queue, const struct record *record, bool persistent,
                   int64_t now_ns) {
  GROW_RING(queue->items, queue->capacity, queue->base, queue->next);
  uint64_t item = queue->next++;
  *backlog_at(queue, item) = (struct backlog_item){
      .intent = record->intent, .added_ns = now_ns, .written_ns = -1, .key = record->key,
      .size = record->size, .first_number = (uint32_t)item, .attempt = record->attempt, .state = ITEM_READY,
      .persistent = persistent};
  queue->ready++;
  return item;
}

uint64_t backlog_head(struct backlog *queue) {
  for (; queue->returned_head < queue->returned_tail; queue->returned_head++) {
    uint64_t item = queue->returned[queue->returned_head & (queue->returned_capacity - 1)];
    if (item >= queue->base && backlog_at(queue, item)->state == ITEM_RETURNED) return item;
  }
  if (queue->cursor < queue->base) queue->cursor = queue->base;
  for (; queue->cursor < queue->next; queue->cursor++)
    if (backlog_at(queue, queue->cursor)->state == ITEM_READY) return queue->cursor;
  return BACKLOG_NONE;
}

void backlog_pull(struct backlog *queue, uint64_t head) {
  struct backlog_item *pulled = backlog_at(queue, head);
  ASSERT(pulled->state == ITEM_READY || pulled->state == ITEM_RETURNED);
  pulled->state = ITEM_ACKED;
  queue->ready--;
}

static void advance_base(struct backlog *queue) {
  while (queue->base < queue->next && backlog_at(queue, queue->base)->state == ITEM_GONE) queue->base++;
}

void backlog_remove(struct backlog *queue, uint64_t item) {
  ASSERT_EQ(backlog_at(queue, item)->state, ITEM_ACKED);
  backlog_at(queue, item)->state = ITEM_GONE;
  advance_base(queue);
}

void backlog_recover(struct backlog *queue) {
  queue->returned_head = queue->returned_tail = 0;
  for (size_t i = 0; i < queue->consumer_count; i++) queue->consumers[i].session = 0;
  queue->consumer_count = 0;
  queue->turn = 0;
  queue->ready = queue->unacked = 0;
  for (uint64_t item = queue->base; item < queue->next; item++) {
    if (backlog_at(queue, item)->state == ITEM_GONE) continue;
    backlog_at(queue, item)->state = ITEM_READY;
    queue->ready++;
  }
  advance_base(queue);
  queue->cursor = queue->base;
}

/* --- Consumers --- */

struct backlog_consumer *backlog_consumer(const struct backlog *queue, uint64_t session) {
  for (size_t i = 0; i < queue->consumer_count; i++)
    if (queue->consumers[i].session == session) return &queue->consumers[i];
  return NULL;
}

void backlog_attach(struct backlog *queue, uint64_t session) {
  size_t place = 0;
  while (place < queue->consumer_count && queue->consumers[place].session) place++;
  if (place == queue->consumer_count) {
    queue->consumer_count++;
    GROW(queue->consumers, queue->consumer_capacity, queue->consumer_count);
  }
  struct backlog_consumer *consumer = &queue->consumers[place];
  *consumer = (struct backlog_consumer){.session = session, .tags = consumer->tags,
                                      .tag_capacity = consumer->tag_capacity, .first_tag = 1,
                                      .next_tag = 1};
}

void backlog_cancel(struct backlog *queue, uint64_t session) {
  struct backlog_consumer *consumer = backlog_consumer(queue, session);
  if (consumer) consumer->cancelled = true;
}

void backlog_detach(struct backlog *queue, uint64_t session) {
  struct backlog_consumer *consumer = backlog_consumer(queue, session);
  ASSERT(consumer);
  ASSERT_EQ(consumer->unacked, 0);
  consumer->session = 0;
}

static bool may_have(const struct backlog_consumer *consumer, uint32_t prefetch) {
  if (consumer->session == 0 || consumer->cancelled) return false;
  return prefetch == 0 || consumer->unacked < prefetch || MUTANT(RABBIT_NO_PREFETCH);
}

static uint32_t next_consumer(const struct backlog *queue, uint32_t prefetch) {
  for (uint32_t i = 0; i < queue->consumer_count; i++) {
    uint32_t place = (queue->turn + i) % (uint32_t)queue->consumer_count;
    if (may_have(&queue->consumers[place], prefetch)) return place;
  }
  return BACKLOG_NOBODY;
}

bool backlog_assign(struct backlog *queue, uint32_t prefetch, bool automatic, int64_t now_ns,
                  struct backlog_delivery *out) {
  uint64_t item = backlog_head(queue);
  if (item == BACKLOG_NONE) return false;
  uint32_t place = next_consumer(queue, automatic ? 0 : prefetch);
  if (place == BACKLOG_NOBODY) return false;
  struct backlog_consumer *consumer = &queue->consumers[place];
  queue->turn = place + 1;
  *out = (struct backlog_delivery){consumer->session, consumer->next_tag, item};
  GROW_RING(consumer->tags, consumer->tag_capacity, consumer->first_tag, consumer->next_tag);
  struct backlog_tag *tag = &consumer->tags[consumer->next_tag++ & (consumer->tag_capacity - 1)];
  *tag = (struct backlog_tag){item, now_ns, !automatic};
  if (backlog_at(queue, item)->state == ITEM_RETURNED) queue->returned_head++;
  backlog_at(queue, item)->state = automatic ? ITEM_ACKED : ITEM_UNACKED;
  queue->ready--;
  if (automatic) {
    consumer->first_tag = consumer->next_tag;
  } else {
    consumer->unacked++;
    queue->unacked++;
    ASSERT_MSG(prefetch == 0 || consumer->unacked <= prefetch || MUTANT(RABBIT_NO_PREFETCH),
               "a consumer has %u of %u messages", consumer->unacked, prefetch); /* [I3] */
  }
  return true;
}

uint64_t backlog_first_tag(const struct backlog_consumer *consumer) {
  for (uint64_t tag = consumer->first_tag; tag < consumer->next_tag; tag++)
    if (consumer->tags[tag & (consumer->tag_capacity - 1)].live) return tag;
  return 0;
}

uint64_t backlog_take_back(struct backlog *queue, struct backlog_consumer *consumer, uint64_t tag) {
  if (tag < consumer->first_tag || tag >= consumer->next_tag) return BACKLOG_NONE;
  struct backlog_tag *named = &consumer->tags[tag & (consumer->tag_capacity - 1)];
  if (!named->live) return BACKLOG_NONE;
  named->live = false;
  uint64_t item = named->item;
  ASSERT_EQ(backlog_at(queue, item)->state, ITEM_UNACKED);
  backlog_at(queue, item)->state = ITEM_ACKED;
  consumer->unacked--;
  queue->unacked--;
  uint64_t first = backlog_first_tag(consumer);
  consumer->first_tag = first ? first : consumer->next_tag;
  return item;
}

void backlog_requeue(struct backlog *queue, uint64_t item) {
  struct backlog_item *back = backlog_at(queue, item);
  ASSERT_EQ(back->state, ITEM_ACKED);
  queue->ready++;
  if (back->returns < UINT16_MAX) back->returns++;
  if (!queue->returns_line) {
    back->state = ITEM_READY;
    if (item < queue->cursor) queue->cursor = item; /* [I2] */
    return;
  }
  back->state = ITEM_RETURNED;
  GROW_RING(queue->returned, queue->returned_capacity, queue->returned_head, queue->returned_tail);
  queue->returned[queue->returned_tail++ & (queue->returned_capacity - 1)] = item;
}

void backlog_move_to_end(struct backlog *queue, uint64_t item) {
  struct backlog_item moved = *backlog_at(queue, item);
  backlog_remove(queue, item);
  GROW_RING(queue->items, queue->capacity, queue->base, queue->next);
  moved.state = ITEM_READY;
  if (moved.returns < UINT16_MAX) moved.returns++;
  *backlog_at(queue, queue->next++) = moved;
  queue->ready++;
}
