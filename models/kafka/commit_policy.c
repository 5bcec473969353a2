/* When a consumer commits, and what becomes of a commit that fails.
 *
 *   commit_call    a request that fails ...                                   meanwhile the loop
 *   async-retried  is sent again after a back-off until it is answered        goes on
 *   async          is over; a later commit covers what it would have          goes on
 *   sync           is sent again for default.api.timeout.ms, then is over     waits
 *
 * Auto-commit is async, and tried again after retry.backoff.ms. Before processing and in a transaction
 * the loop waits and does not give up.
 *
 * One that is refused because the consumer was put out of its group is over, too (CommitFailedException). Nobody
 * hears of it where the loop goes on: what was polled is worked on to the end, and the next poll joins anew. With
 * sync it leaves the loop, and the rest of what was polled with it.
 */
#include "models/kafka/consumer.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"

static bool transactional(const struct world *world) {
  return commit_mode(world) == COMMIT_IN_TRANSACTION;
}

static bool sync_call(const struct world *world) {
  return commit_mode(world) == COMMIT_AFTER_PROCESSING &&
         kafka_setting(world, KEY_COMMIT_CALL) == CALL_SYNC;
}

/* `last` now stands for a later record of its partition, too: by that one's offset, and by the lower operation of
 * the two, as the commit goes by the lowest that it covers. */
static void cover(struct record *last, const struct record *record) {
  last->handle = record->handle;
  last->number = record->number;
  if (record->intent < last->intent) last->intent = record->intent;
}

void commit_fold(struct consumer *consumer) {
  uint32_t left = consumer->committing;
  for (uint32_t i = left; i < consumer->processed_count; i++) {
    struct record *record = &consumer->processed[i], *same = NULL;
    for (uint32_t j = consumer->committing; j < left && !same; j++)
      if (consumer->processed[j].extra == record->extra) same = &consumer->processed[j];
    if (same)
      cover(same, record);
    else
      consumer->processed[left++] = *record;
  }
  consumer->processed_count = left;
}

void commit_drop_unassigned(struct consumer *consumer) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < consumer->processed_count; i++)
    if (consumer->parts[consumer->processed[i].extra].mine)
      consumer->processed[left++] = consumer->processed[i];
  consumer->processed_count = left;
}

void commit_arm(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (consumer->commit_timer != TIMER_NONE) return;
  consumer->commit_timer = world_timer(world, node, 0, consumer->commit_lane, TIMER_COMMIT, 0);
}

void commit_disarm(struct world *world, struct consumer *consumer) {
  if (consumer->commit_timer != TIMER_NONE) world_cancel(world, consumer->commit_timer);
  consumer->commit_timer = TIMER_NONE;
}

/* Whether a record need not be kept beside the one that was noted before it. Where somebody waits for points, it may
 * be for the acknowledgement of this very operation; a transaction counts its records. */
static bool covered_by_last(const struct world *world, const struct consumer *consumer,
                            const struct record *record) {
  const uint32_t count = consumer->processed_count;
  if (world->some_armed || transactional(world) || count <= consumer->committing) return false;
  return consumer->processed[count - 1].extra == record->extra;
}

static inline void see_to_commit(struct world *world, struct node *node, const struct consumer *consumer) {
  if (UNLIKELY(consumer->commit_timer == TIMER_NONE) && commit_mode(world) != COMMIT_AUTO) commit_arm(world, node);
}

/* Out of line: most records are covered by the last. */
static __attribute__((noinline)) void keep(struct world *world, struct node *node, const struct record *record) {
  struct consumer *consumer = consumer_of(node);
  ARENA_WIDEN(&node->arena, consumer->processed, consumer->processed_count, consumer->processed_room,
              2 * PROCESSED_MAX);
  consumer->processed[consumer->processed_count++] = *record;
  if (transactional(world))
    consumer->commit_due |= consumer->processed_count >= PROCESSED_MAX;
  else if (consumer->processed_count == 2 * PROCESSED_MAX)
    commit_fold(consumer);
  ASSERT_LT(consumer->processed_count, 2 * PROCESSED_MAX);
  see_to_commit(world, node, consumer);
}

void commit_note(struct world *world, struct node *node, const struct record *record) {
  struct consumer *consumer = consumer_of(node);
  if (UNLIKELY(!consumer->parts[record->extra].mine)) return; /* handed off, and somebody else's by now */
  if (!covered_by_last(world, consumer, record)) return keep(world, node, record);
  cover(&consumer->processed[consumer->processed_count - 1], record);
  see_to_commit(world, node, consumer);
}

/* Argument 1: an extra time, for an auto-commit that failed. */
void commit_on_timer(struct world *world, struct node *node, uint64_t argument) {
  struct consumer *consumer = consumer_of(node);
  if (argument == 0) consumer->commit_timer = TIMER_NONE;
  consumer->commit_due = true;
  if (transactional(world) || sync_call(world) || commit_mode(world) == COMMIT_AUTO)
    return consumer_pump(world, node);
  if (!consumer_stable(node) && !consumer->lost) return commit_arm(world, node);
  commit_start(world, node);
}

bool commit_blocks(const struct world *world, const struct consumer *consumer) {
  if (LIKELY(consumer->step == COMMIT_IDLE)) return false;
  return transactional(world) || sync_call(world) || commit_mode(world) == COMMIT_BEFORE_PROCESSING;
}

bool commit_is_next(const struct world *world, const struct consumer *consumer) {
  if (LIKELY(!consumer->commit_due || consumer->processed_count == 0)) return false;
  return sync_call(world) || (transactional(world) && !consumer->lost); /* else it hears of it at its poll */
}

void commit_in_poll(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (!consumer->commit_due) return;
  if (!consumer_stable(node) || consumer->step != COMMIT_IDLE) return;
  consumer->commit_due = false;
  commit_arm(world, node);
  commit_start(world, node);
}

/* In a manual mode, whether the application has a listener that commits when partitions are revoked. */
static bool commits_on_revoke(const struct world *world, const struct node *node) {
  if (commit_mode(world) != COMMIT_AFTER_PROCESSING || node->stage == STAGE_STOPPING) return true;
  return kafka_setting(world, KEY_COMMIT_ON_REVOKE) && !MUTANT(KAFKA_NO_COMMIT_ON_REVOKE);
}

bool commit_settle(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (consumer->step != COMMIT_IDLE) return false;
  /* Nothing is revoked before a cooperative member joins: it may commit later. */
  if (consumer_cooperates(world) && node->stage == STAGE_REVOKING &&
      commit_mode(world) == COMMIT_AFTER_PROCESSING)
    return true;
  if (commit_clean(consumer)) return true;
  if (!commits_on_revoke(world, node)) {
    if (outputs_count(consumer) == 0) return true;
    consumer->flush_only = true;
  }
  commit_start(world, node);
  return false;
}

static void give_up(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  consumer->step = COMMIT_IDLE;
  consumer->committing = 0;
  bool ends = node->stage == STAGE_REVOKING || node->stage == STAGE_STOPPING;
  if (ends && sync_call(world)) consumer->processed_count = 0; /* the listener has thrown */
  if (commit_mode(world) == COMMIT_AUTO)
    world_after(world, node, 0, TIMER_COMMIT, 1, span_of(kafka_setting(world, KEY_RETRY_BACKOFF)));
  else
    commit_arm(world, node);
}

void commit_failed(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  bool offsets = consumer->step == COMMIT_OFFSETS && !transactional(world);
  int64_t call = kafka_setting(world, KEY_COMMIT_CALL);
  bool once = commit_mode(world) == COMMIT_AUTO ||
              (commit_mode(world) == COMMIT_AFTER_PROCESSING && call == CALL_ASYNC);
  bool late = sync_call(world) &&
              world->now.ns - consumer->commit_began >= kafka_setting(world, KEY_API_TIMEOUT);
  if (offsets && (once || late)) give_up(world, node);
  consumer_retry_later(world, node, SLOT_COMMIT);
}
