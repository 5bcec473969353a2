/* A queue's messages and who has them: a value without a world, the same for both types of queue. What a
 * classic queue keeps on its broker is one; of a quorum queue every replica has one, made by the same
 * commands in the same order (rabbit_fifo).
 *
 *            add                  backlog_assign                     queue_settle
 *   (none) -------> [ready] --------------------> [unacknowledged] -------------> (none)
 *                      ^                              |
 *                      '------ backlog_requeue ---------'   classic: at its place; quorum: [returned], a line
 *                                                         of its own that goes before the ready ones;
 *                                                         or, with backlog_move_to_end, behind all others
 *
 * [I1] Ready messages are handed out in order of their number; of a quorum queue returned ones before
 *      them, in the order in which they came back.
 * [I2] A message that was put back at its place is handed out before every later one.
 * [I3] No consumer has more than `prefetch` messages unacknowledged; 0 is no limit. Consumers take turns.
 * [I4] Delivery tags of a consumer are 1, 2, 3 …; a tag that is not unacknowledged names nothing.
 * Memory follows the span from the oldest message that is there to the newest.
 */
#ifndef MODELS_RABBITMQ_BACKLOG_H
#define MODELS_RABBITMQ_BACKLOG_H

#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKLOG_NONE UINT64_MAX
#define BACKLOG_NOBODY UINT32_MAX

enum item_state { ITEM_GONE, ITEM_READY, ITEM_RETURNED, ITEM_UNACKED, ITEM_ACKED };

struct backlog_item {
  uint64_t intent;
  int64_t added_ns, written_ns; /* written_ns: a classic queue's, -1 = only in its process's memory */
  uint32_t key, size;
  uint32_t first_number; /* the one that it came with: its message id, wherever it was moved to */
  uint16_t returns;  /* how often it came back */
  uint16_t failures; /* how often that counts for the delivery limit */
  uint16_t attempt;  /* as in struct record */
  uint8_t state;
  bool persistent, synced, delivered;
};
struct backlog_tag {
  uint64_t item;
  int64_t at_ns;
  bool live;
};
struct backlog_consumer {
  uint64_t session; /* 0 = free */
  struct backlog_tag *tags; /* ring by tag */
  size_t tag_capacity;
  uint64_t first_tag, next_tag; /* unacknowledged ones are among these */
  uint32_t unacked;
  bool cancelled;
};
struct backlog {
  struct backlog_item *items; /* ring by number */
  size_t capacity;
  uint64_t base, next;  /* numbers of the oldest that is there and of the next */
  uint64_t cursor;      /* no ready message is below */
  uint64_t *returned;   /* ring: numbers in order of return; some may have gone */
  size_t returned_capacity;
  uint64_t returned_head, returned_tail;
  struct backlog_consumer *consumers;
  size_t consumer_capacity, consumer_count;
  uint32_t turn; /* whose turn it is */
  uint64_t ready, unacked; /* how many */
  bool returns_line; /* of type quorum */
};

/* What backlog_assign has given to whom. */
struct backlog_delivery {
  uint64_t session, tag, item;
};

void backlog_clear(struct backlog *queue, bool returns_line);
void backlog_free(struct backlog *queue);

static inline struct backlog_item *backlog_at(const struct backlog *queue, uint64_t item) {
  return &queue->items[item & (queue->capacity - 1)];
}

/* A new message behind all others; returns its number. */
uint64_t backlog_add(struct backlog *queue, const struct record *record, bool persistent, int64_t now_ns);

/* The message that would be handed out next, or BACKLOG_NONE. */
uint64_t backlog_head(struct backlog *queue);

/* Takes the head out of the line, for what reason ever: ITEM_ACKED, as if somebody had acknowledged it. */
void backlog_pull(struct backlog *queue, uint64_t head);
/* What is acknowledged goes for good. */
void backlog_remove(struct backlog *queue, uint64_t item);
/* Nobody has anything any more, nobody is attached; what is not gone is ready. After a restart. */
void backlog_recover(struct backlog *queue);

void backlog_attach(struct backlog *queue, uint64_t session);
/* Gets nothing more, keeps what it has. */
void backlog_cancel(struct backlog *queue, uint64_t session);
struct backlog_consumer *backlog_consumer(const struct backlog *queue, uint64_t session); /* NULL = none */

/* Gives the next message to the next consumer that may have one more. `automatic`: it is acknowledged by
 * that, and is then in state ITEM_ACKED: the caller removes it. False: nothing to give, or nobody. */
bool backlog_assign(struct backlog *queue, uint32_t prefetch, bool automatic, int64_t now_ns,
                  struct backlog_delivery *out);

/* Takes the message that an unacknowledged tag names from its consumer: ITEM_ACKED, to be removed, kept
 * or requeued by the caller. BACKLOG_NONE: the tag names nothing. */
uint64_t backlog_take_back(struct backlog *queue, struct backlog_consumer *consumer, uint64_t tag);
/* The lowest unacknowledged tag of a consumer, 0 = none. */
uint64_t backlog_first_tag(const struct backlog_consumer *consumer);
/* What was taken back becomes ready again. */
void backlog_requeue(struct backlog *queue, uint64_t item);
/* The same, behind all others: it has another number then. */
void backlog_move_to_end(struct backlog *queue, uint64_t item);
/* After all its messages were taken back. */
void backlog_detach(struct backlog *queue, uint64_t session);

#endif
