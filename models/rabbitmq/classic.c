/* A classic queue, on broker.1.
 *
 *   publish --> [in memory] --idle, or sync_interval--> [written] --fsync: true--> [flushed]
 *                deliverable                            confirmed                  confirmed
 *
 * When its inbox is empty the queue writes what it has, else at the latest after sync_interval: writes are
 * batched (rabbit_amqqueue_process: SYNC_INTERVAL, 200 ms, and a timeout of 0). Only persistent messages
 * of a durable queue are written; others are confirmed as soon as they are in memory.
 *
 * Durable: what is written, as long as the machine has power: version 2 of the classic queue's store
 * confirms what it gave to the operating system and calls fsync only when it stops
 * (rabbit_classic_queue_store_v2, sync/1). With `fsync: true` (our own key) a confirm waits for the disk.
 * At recovery transient messages are discarded, and so is a queue that is not durable.
 *
 * [C1] A persistent message in a durable queue is confirmed when it is written, not before.
 * [C2] An acknowledged message that was written comes back after a kill, unless its removal was written
 *      too; that happens with the next batch. One that was not written is never written.
 * [C3] What is requeued goes back to its place.
 * [C4] After a restart every message says that it was redelivered: the broker cannot know.
 * [C5] Each message that is stored and not acknowledged is a durable hold.
 * LIMIT: the operating system never writes unsynced messages back by itself before the power fails.
 * LIMIT: dead-lettering is an instant and loses nothing; the dead-letter queue is not modelled further.
 */
#include "models/mutants.h"
#include "models/rabbitmq/broker.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

static bool kept(const struct world *world, const struct backlog_item *item) {
  return item->persistent && rabbit_setting(world, KEY_RABBIT_DURABLE);
}

/* --- Writing --- */

static void write_now(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  int64_t now = node->depart > world->now.ns ? node->depart : world->now.ns;
  int64_t price = world->plan->costs.values[COST_BROKER_FLUSH].i;
  int64_t flush =
      rabbit_setting(world, KEY_RABBIT_FSYNC) ? node_takes(world, node, NODE_DISK, price) : 0;
  broker->writing = true;
  broker->writing_to = broker->queue.next;
  broker->acks_writing = broker->ack_count;
  world_after(world, node, 0, BROKER_TIMER_WRITTEN, 0, span_of(now + flush - world->now.ns));
}

/* There is something to be written: a message at once when the queue is idle, removals with what follows. */
static void schedule(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  bool messages = broker->written_to < broker->queue.next;
  if (broker->writing || node->doomed || (!messages && broker->ack_count == 0)) return;
  if (messages && node->inbox_count == 0) return write_now(world, node);
  if (broker->sync_timer) return;
  broker->sync_timer = true;
  world_timer(world, node, 0, broker->sync_lane, BROKER_TIMER_SYNC, 0);
}

void classic_on_sync(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  broker_of(node)->sync_timer = false;
  if (!broker_of(node)->writing) write_now(world, node);
}

static void written(struct world *world, struct node *node, bool flushed) {
  struct broker *broker = broker_of(node);
  struct backlog *queue = &broker->queue;
  uint64_t from = broker->written_to < queue->base ? queue->base : broker->written_to;
  for (uint64_t at = from; at < broker->writing_to; at++) {
    struct backlog_item *item = backlog_at(queue, at);
    if (item->state == ITEM_GONE || !kept(world, item)) continue;
    item->written_ns = world->now.ns;
    item->synced = flushed;
  }
  broker->written_to = broker->writing_to;
  for (size_t i = 0; i < broker->acks_writing; i++) backlog_remove(queue, broker->acks[i]);
  for (size_t i = broker->acks_writing; i < broker->ack_count; i++)
    broker->acks[i - broker->acks_writing] = broker->acks[i];
  broker->ack_count -= broker->acks_writing;
  broker->acks_writing = 0;
}

void classic_on_written(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct broker *broker = broker_of(node);
  broker->writing = false;
  const bool asks = rabbit_setting(world, KEY_RABBIT_FSYNC);
  const enum flush flush = asks ? node_flush(world, node) : FLUSH_DONE;
  if (flush == FLUSH_FAILED) return;
  written(world, node, asks && flush == FLUSH_DONE);
  if (broker->written_to > 0) broker_confirm_up_to(world, node, broker->written_to - 1);
  schedule(world, node);
}

/* --- Leaving the queue --- */

/* It is acknowledged, or disposed of: gone, or as good as gone when its removal is written too. */
static void forget(struct world *world, struct node *node, uint64_t number) {
  struct broker *broker = broker_of(node);
  const struct backlog_item *item = backlog_at(&broker->queue, number);
  world_unhold(world, NULL);
  if (!kept(world, item) || (item->written_ns < 0 && number >= broker->writing_to))
    return backlog_remove(&broker->queue, number);
  GROW(broker->acks, broker->ack_capacity, broker->ack_count + 1);
  broker->acks[broker->ack_count++] = number;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  schedule(world, node);
}

static void dispatch(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  bool automatic = rabbit_setting(world, KEY_RABBIT_ACK) == RABBIT_AUTOMATIC;
  uint32_t prefetch = (uint32_t)rabbit_setting(world, KEY_RABBIT_PREFETCH);
  struct backlog_delivery delivery;
  while (!node->doomed &&
         backlog_assign(&broker->queue, prefetch, automatic, world->now.ns, &delivery)) {
    broker_deliver(world, node, &delivery);
    if (automatic) forget(world, node, delivery.item);
  }
  broker_arm_expiry(world, node);
}

static void drop_head(struct world *world, struct node *node, uint64_t head,
                      enum rabbit_cause cause) {
  struct backlog *queue = &broker_of(node)->queue;
  broker_dispose(world, node, backlog_at(queue, head), cause);
  backlog_pull(queue, head);
  forget(world, node, head);
}

void classic_expire(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  int64_t ttl = rabbit_setting(world, KEY_RABBIT_MESSAGE_TTL);
  broker->expiring = false;
  for (uint64_t head = backlog_head(&broker->queue); head != BACKLOG_NONE;
       head = backlog_head(&broker->queue)) {
    if (backlog_at(&broker->queue, head)->added_ns + ttl > world->now.ns) break;
    drop_head(world, node, head, RABBIT_EXPIRED);
  }
  broker_arm_expiry(world, node);
}

/* --- What clients ask for --- */

static bool full(const struct world *world, const struct backlog *queue) {
  int64_t most = rabbit_setting(world, KEY_RABBIT_MAX_LENGTH);
  return most > 0 && queue->ready >= (uint64_t)most;
}

static void publish(struct world *world, struct node *node, struct session *session,
                    struct message *request) {
  struct broker *broker = broker_of(node);
  struct backlog *queue = &broker->queue;
  const struct record *record = &request->records[0];
  bool rejects = rabbit_setting(world, KEY_RABBIT_OVERFLOW) == RABBIT_REJECT_PUBLISH;
  if (rejects && full(world, queue)) return broker_confirm_one(world, node, session, request, false);
  if (!world_point(world, node, POINT_APPENDED, true, record->intent)) return;
  bool persistent = rabbit_setting(world, KEY_RABBIT_DELIVERY_MODE) == RABBIT_PERSISTENT;
  uint64_t number = backlog_add(queue, record, persistent, world->now.ns);
  world_hold(world, NULL);
  world_fact(world, FACT_APPENDED, node->id, record->intent, number, 0);
  bool waits = kept(world, backlog_at(queue, number));
  if (!world_point(world, node, POINT_APPENDED, false, record->intent)) return;
  if (waits) world_count(world, COUNTER_DURABLE_WRITES, 1);
  if (waits && !MUTANT(RABBIT_CONFIRM_BEFORE_WRITE)) {
    broker_await(broker, number, request);
    schedule(world, node);
  } else {
    broker_confirm_one(world, node, session, request, true);
    schedule(world, node);
  }
  dispatch(world, node);
  int64_t most = rabbit_setting(world, KEY_RABBIT_MAX_LENGTH);
  while (most > 0 && queue->ready > (uint64_t)most && !node->doomed)
    drop_head(world, node, backlog_head(queue), RABBIT_OVERFLOWED);
}

static void attach(struct world *world, struct node *node, struct session *session) {
  backlog_attach(&broker_of(node)->queue, session->name);
  dispatch(world, node);
}

static void cancel(struct world *world, struct node *node, struct session *session) {
  (void)world;
  backlog_cancel(&broker_of(node)->queue, session->name);
}

static void detach(struct world *world, struct node *node, uint64_t session, bool failed) {
  (void)failed;
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, session);
  if (!consumer) return;
  for (uint64_t tag = backlog_first_tag(consumer); tag; tag = backlog_first_tag(consumer))
    backlog_requeue(queue, backlog_take_back(queue, consumer, tag));
  backlog_detach(queue, session);
  dispatch(world, node);
}

static void unknown_tag(struct world *world, struct node *node, const struct message *request) {
  broker_close(world, node, broker_session(broker_of(node), (uint64_t)request->a), false);
}

static void acknowledge(struct world *world, struct node *node, struct message *request) {
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, (uint64_t)request->a);
  uint64_t last = (uint64_t)request->b, tag = request->c ? backlog_first_tag(consumer) : last;
  if (!world_point(world, node, POINT_ACK_APPLIED, true, request->intent)) return;
  uint32_t count = 0;
  for (; tag && tag <= last; tag = request->c ? backlog_first_tag(consumer) : 0) {
    uint64_t item = backlog_take_back(queue, consumer, tag);
    if (item == BACKLOG_NONE) break;
    forget(world, node, item);
    count++;
  }
  if (!world_point(world, node, POINT_ACK_APPLIED, false, request->intent)) return;
  if (count == 0) return unknown_tag(world, node, request);
  dispatch(world, node);
}

static void negative(struct world *world, struct node *node, struct message *request) {
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, (uint64_t)request->a);
  uint64_t item = backlog_take_back(queue, consumer, (uint64_t)request->b);
  if (item == BACKLOG_NONE) return unknown_tag(world, node, request);
  if (request->c == RABBIT_REJECT_DISCARD) {
    broker_dispose(world, node, backlog_at(queue, item), RABBIT_REJECTED);
    forget(world, node, item);
  } else {
    backlog_requeue(queue, item);
  }
  dispatch(world, node);
}

const struct queue_type queue_classic = {publish, attach, cancel, detach, acknowledge, negative};

/* --- Life --- */

void classic_start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  struct broker *broker = broker_of(node);
  broker->written_to = broker->writing_to = broker->queue.next;
  broker->writing = broker->sync_timer = false;
  broker->ack_count = broker->acks_writing = 0;
  broker->sync_lane = world_lane(world, span_of(rabbit_setting(world, KEY_RABBIT_SYNC_INTERVAL)));
  broker_arm_expiry(world, node);
}

void classic_close_properly(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  broker->writing_to = broker->queue.next;
  broker->acks_writing = broker->ack_count;
  written(world, node, true);
}

/* How many of the messages that were written and not flushed survive a power loss: of a torn write some. */
static uint64_t spared(struct world *world, const struct node *node) {
  const struct backlog *queue = &broker_of(node)->queue;
  if (node->down_by == NO_FAULT || faults_rules(world, node->down_by)->unsynced != UNSYNCED_TORN)
    return 0;
  uint64_t count = 0;
  for (uint64_t at = queue->base; at < queue->next; at++) {
    const struct backlog_item *item = backlog_at(queue, at);
    count += item->state != ITEM_GONE && item->written_ns >= 0 && !item->synced;
  }
  return luck_choice(&world->luck, world_address(node, hash_name("torn"), node->incarnation), count + 1);
}

void classic_crash(struct world *world, struct node *node, bool power) {
  struct backlog *queue = &broker_of(node)->queue;
  uint64_t spare = power ? spared(world, node) : 0;
  for (uint64_t at = queue->base; at < queue->next; at++) {
    struct backlog_item *item = backlog_at(queue, at);
    if (item->state == ITEM_GONE) continue;
    bool held = item->state != ITEM_ACKED, stays = kept(world, item) && item->written_ns >= 0;
    if (stays && power && !item->synced) {
      stays = spare > 0;
      if (stays) spare--;
    }
    if (!stays) item->state = ITEM_GONE;
    if (!stays) faults_hit(world, node->down_by, node->id, item->intent);
    if (held && !stays) world_unhold(world, NULL);
    if (!held && stays) world_hold(world, NULL); /* [C2] */
    item->delivered = true; /* [C4] */
  }
  backlog_recover(queue);
}
