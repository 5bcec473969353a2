/* The consumer client: member of the group, poll loop, commits.
 *
 *   INIT --producer id--> JOINING --joined--> SYNCING --synced--> ASSIGNING --at a poll--> OFFSETS
 *                          ^   ^                 |                                           | positions
 *                          |   '-----------------'  LISTING <--- nothing is committed -------|
 *                          |                           '------ where the log begins, ends -->|
 *                          |                                                                 v
 *                          '------ settled ------ REVOKING <--- heartbeat: rebalance --- RUNNING
 *                                                 STOPPING --settled--> LEAVE, exit  <--- SIGTERM
 *
 * The poll loop of an application, one round:
 *   poll:  what the group asks for (revoke, join, take an assignment); auto-commit; then the next at most
 *          max.poll.records of what was fetched are returned
 *   work:  one record after the other (processing: in-poll-loop), or all to the threads of the topology
 *          while the loop goes on (handed-off)
 * Whatever the group says, the records of the last poll are worked on to the end: the loop hears of it at
 * its next poll. One that does not poll for max.poll.interval.ms is out of the group and does not know.
 *
 * When a consumer commits (`commit`):
 *   before-processing   each poll's records are committed first; a crash loses what was committed
 *   after-processing    every commit_interval what has been processed; a crash repeats what was not
 *   in-transaction      every commit_interval outputs and offsets in one transaction
 *   auto                in the first poll after auto.commit.interval.ms, what earlier polls returned
 *
 * Eager strategies give up every partition before they join. cooperative-sticky keeps them, goes on with
 * them, gives up only what the new assignment has taken from it, and then joins once more.
 *
 * Volatile: everything. Durable: committed offsets, at the coordinator.
 * Breaks: scenarios/claims/C06-breaks-crash.yaml, C29-breaks-handed-off.yaml.
 *
 * [I1] A poll returns records only of partitions that are assigned, as far as the consumer knows.
 * [I2] Only what has been handled is committed (after-processing, in-transaction; auto in the loop).
 * [I3] A partition that is revoked is settled first: what was handled of it is committed, or, without
 *      commit_on_revoke, forgotten.
 * LIMIT: a fetch that finds nothing is parked at the broker until there is something, not for
 * fetch.max.wait.ms: an idle consumer asks again every request.timeout.ms.
 * LIMIT: a batch is not fetched ahead while one from the same leader is processed in the loop.
 * LIMIT: an auto-commit that would say nothing new is not sent.
 * LIMIT: what a handler publishes leaves with the next commit, or when PROCESSED_MAX results wait; a real
 *        producer sends it after linger.ms.
 * [I4] Handed off and committed after processing, a partition is committed up to the first record that a thread
 *      still has, unless a handler wants more acknowledged (dg_ack_all).
 * LIMIT: handed off, records are committed without naming those that had been done before others: a fault at
 *        an acknowledgement's point finds the one alone that was done last.
 */
#ifndef MODELS_KAFKA_CONSUMER_H
#define MODELS_KAFKA_CONSUMER_H

#include "models/handlers/host.h"
#include "models/kafka/assignment.h"
#include "models/kafka/client.h"
#include "models/kafka/group.h"
#include "sim/base/bits.h"
#include "sim/handler/dgsim.h"

enum consumer_stage {
  STAGE_INIT,
  STAGE_JOINING,
  STAGE_SYNCING,
  STAGE_ASSIGNING,
  STAGE_OFFSETS,
  STAGE_LISTING,
  STAGE_RUNNING,
  STAGE_REVOKING,
  STAGE_STOPPING,
  CONSUMER_STAGE__COUNT
};
enum consumer_timer {
  TIMER_REQUEST,
  TIMER_HEARTBEAT,
  TIMER_COMMIT,
  TIMER_RETRY,
  TIMER_RECORD,
  TIMER_POLL,
  CONSUMER_TIMER__COUNT
};
enum { SLOT_COORDINATOR, SLOT_HEARTBEAT, SLOT_COMMIT, SLOT_FETCH }; /* SLOT_FETCH + broker, then outputs */

#define PROCESSED_MAX 1000 /* records of one commit; partitions of a topic at the most */
#define OUTPUTS_MAX (2 * PROCESSED_MAX)

/* Steps of a commit, in order; each mode has its own path through them (commit.c). */
enum commit_step { COMMIT_IDLE, COMMIT_ID, COMMIT_ADD, COMMIT_OUTPUTS, COMMIT_OFFSETS, COMMIT_END, COMMIT_ABORT };

struct output {
  uint64_t intent;
  uint32_t key, partition;
};
/* What a consumer knows of a partition, of the input topic and of the output topic. */
struct consumer_part {
  uint64_t fetched;   /* next to fetch */
  uint64_t committed; /* known to be committed */
  uint64_t handed;    /* handed-off: offset of the latest record that a thread was given */
  int32_t sequence;   /* of the next output, of this epoch */
  bool mine;          /* assigned */
  bool positioned;    /* assigned, and it is known where to begin */
};
struct flight { /* a record that a handler has */
  struct record record;
  uint32_t tag; /* 0 = none */
  bool acknowledged; /* by the handler, before it has returned */
  uint32_t before; /* handed-off: leader epoch of the record of its partition before it */
};
_Static_assert(sizeof(struct consumer_part) == 32, "no part lies on two cache lines");
struct covered { /* outputs of a partition that the commit under way covers: where they begin, how many */
  uint16_t first, count;
};
struct leader_part { /* what a leader is asked for: a partition, and its place in `assigned` */
  uint32_t partition, place;
};
struct leader {
  uint32_t end;      /* where its places in by_leader end */
  uint32_t buffered; /* fetched from it, not returned */
};
/* Lists that are short as a rule: so many have room near by (arena_widen). */
#define BY_LEADER_NEAR 4
#define PROCESSED_NEAR 8
#define PUBLISHED_NEAR 96
/* What every message needs comes first, in four cache lines at the most. */
struct consumer {
  _Alignas(CACHE_LINE) struct client client;
  bool lost;    /* it is not a member any more; the loop hears of it at its next poll */
  bool rejoin;  /* the group rebalances; likewise */
  bool batch_safe; /* before-processing: the oldest of the ring are committed */
  bool commit_due;
  bool logs_shrink; /* in this run one may: books_may_shrink; else all leader epochs are 0 */
  bool leaders_stale; /* by_leader is not what is assigned, positioned and known of leaders any more */
  uint32_t tag;
  enum commit_step step;
  int64_t last_poll; /* ns */
  struct consumer_part *parts; /* by partition */
  uint32_t assigned_count, rotation;
  struct record *buffer; /* ring: fetched, not handled */
  uint32_t buffer_head, buffer_count, buffer_capacity;
  uint32_t batch; /* oldest of the ring: returned by polls, and no handler has them yet */
  struct flight *flights;
  uint32_t flight_room, flight_count;
  struct leader *leads; /* by broker */
  struct leader_part *by_leader; /* of what is assigned and positioned, leader by leader */
  uint64_t *unasked; /* brokers that may have neither a fetch nor records that no poll has returned: see poll.c */
  struct record *processed; /* handled, not committed: room for twice PROCESSED_MAX */
  uint32_t processed_count, committing; /* committing: how many the commit under way covers */
  struct output *published; /* not acknowledged, and no commit covers it yet */
  uint32_t published_count;
  uint32_t flushing;        /* outputs that the commit under way covers and no log has confirmed */
  uint32_t commit_timer; /* TIMER_NONE = not armed */
  uint32_t by_leader_room, processed_room, published_room;
  uint32_t *epochs; /* by partition: leader epoch of the record before the next to fetch, see log.h */
  uint32_t *assigned; /* partitions */
  uint32_t *least_epochs;  /* by partition: records of older ones may be gone, so that a commit of them says nothing */
  uint32_t *handed_epochs; /* by partition: handed-off: of the latest record that a thread was given */
  uint64_t generation;
  uint64_t member;
  uint32_t instance; /* group.instance.id, 0 = dynamic */
  uint32_t attempts; /* at being a member */
  bool known;   /* it has been a member with this id */
  uint32_t *next; /* the assignment that the next poll takes */
  uint32_t next_count;
  uint32_t *had; /* sticky: what it had before it gave everything up */
  uint32_t had_count;
  bool flush_only; /* the commit under way only sends outputs */
  int64_t commit_began; /* ns */
  struct output *covered;  /* by the commit under way, partition by partition */
  struct covered *covered_parts; /* by partition */
  uint64_t *output_parts;  /* partitions with such outputs */
  uint64_t *sequenced;     /* partitions with a sequence that is not 0 */
  struct batch producer;
  bool begun;              /* a transaction: something was sent that may have begun it */
  int64_t flush_began_ns;  /* COMMIT_OUTPUTS: since when */
  uint16_t heartbeat_lane, commit_lane;
};

static inline struct consumer *consumer_of(struct node *node) { return node->state[0]; }
/* Place in the ring of the n-th record fetched and not handled. */
static inline uint32_t consumer_place(const struct consumer *consumer, uint32_t n) {
  uint32_t place = consumer->buffer_head + n;
  return place < consumer->buffer_capacity ? place : place - consumer->buffer_capacity;
}
static inline int64_t commit_mode(const struct world *world) {
  return kafka_setting(world, KEY_COMMIT);
}
static inline bool consumer_hands_off(const struct world *world) {
  return kafka_setting(world, KEY_PROCESSING) == PROCESSING_HANDED_OFF;
}
static inline bool consumer_cooperates(const struct world *world) {
  return kafka_setting(world, KEY_ASSIGNMENT_STRATEGY) == STRATEGY_COOPERATIVE_STICKY;
}
/* A member of the current generation, with its assignment: it may commit. */
static inline bool consumer_stable(struct node *node) {
  return node->stage >= STAGE_ASSIGNING && !consumer_of(node)->lost;
}

void consumer_retry_later(struct world *world, struct node *node, uint32_t slot);

/* --- membership.c --- */

void membership_start(struct world *world, struct node *node);
/* Gives up membership as it is: nothing more of it counts. Then joins anew. */
void consumer_rejoin(struct world *world, struct node *node);
/* A fenced transactional client begins again with InitProducerId. */
void consumer_restart(struct world *world, struct node *node);
/* The coordinator has refused a request of this member. */
void consumer_fenced(struct world *world, struct node *node, int64_t error);
/* It has refused a commit that the loop does not wait for: that hears of it at its next poll. */
void consumer_put_out(struct world *world, struct node *node, int64_t error);
/* At a poll: does what the group asks for. True when there is nothing more to be done in this poll. */
bool membership_poll(struct world *world, struct node *node);
/* Sends the request of the current stage again. */
void membership_retry(struct world *world, struct node *node);
void membership_terminate(struct world *world, struct node *node);
message_fn membership_on_init, membership_on_joined, membership_on_synced, membership_on_offsets,
    membership_on_listed, membership_on_heartbeat_answer, membership_on_left;
timer_fn membership_on_heartbeat, membership_on_poll_timer;

/* --- poll.c --- */

/* A fetch to a broker, or the last record of one, is done with: the next poll sees whether to ask it again. */
static inline void poll_may_fetch(struct consumer *consumer, uint32_t broker) {
  bits_put(consumer->unasked, broker);
}
/* Goes on with whatever can be done now: commit, next record, poll. */
void consumer_pump(struct world *world, struct node *node);
/* Drops what was fetched but the oldest `keep`, and every fetch under way. */
void poll_drop(struct world *world, struct node *node, uint32_t keep);
/* Drops what was fetched and not returned of partitions that are not assigned any more. */
void poll_drop_unassigned(struct world *world, struct node *node);
/* The handlers at work are not listened to any more. */
void poll_abandon(struct world *world, struct node *node);
struct flight *poll_flight(struct consumer *consumer, uint32_t tag);
/* Whether the loop is inside poll, or would be. */
bool poll_is_in(const struct world *world, const struct consumer *consumer);
message_fn poll_on_fetched;
timer_fn poll_on_record;
void poll_handled(struct world *world, struct node *node, uint32_t tag, int status);
void poll_acknowledge(struct world *world, struct node *node, uint32_t tag);
void poll_acknowledge_all(struct world *world, struct node *node, uint32_t tag);

/* --- outputs.c: what was published and is not acknowledged, by output partition --- */

void outputs_start(struct world *world, struct node *node); /* what is near by of it the consumer has laid out */
size_t outputs_bytes(const struct plan *plan); /* of the arena */
/* False: there are too many. */
bool outputs_add(struct world *world, struct node *node, uint32_t partition, uint64_t intent, uint32_t key);
static inline uint32_t outputs_count(const struct consumer *consumer) {
  return consumer->published_count + consumer->flushing;
}
/* The commit that begins covers all that there are. */
void outputs_cover(const struct world *world, struct consumer *consumer);
/* The first partition from `from` on with outputs that the commit under way covers and no log has confirmed, or
 * BITS_NONE. */
uint32_t outputs_covered(const struct world *world, const struct consumer *consumer, uint32_t from);
/* How many of a partition's leave in one batch now; and writes them down. */
uint32_t outputs_batch(const struct consumer *consumer, uint32_t partition);
void outputs_fill(const struct world *world, const struct consumer *consumer, uint32_t partition,
                  struct record *out);
/* A partition's batch is in its log: its sequence goes on. */
void outputs_acknowledged(struct world *world, struct node *node, uint32_t partition);
void outputs_forget(struct world *world, struct node *node);
/* A new epoch begins: sequences count from 0. */
void outputs_new_epoch(const struct world *world, struct consumer *consumer);

/* --- commit_policy.c: when --- */

/* Something was handled, or handed off: note it, and see to it that it is committed in time. */
void commit_note(struct world *world, struct node *node, const struct record *record);
/* The timer of the mode. */
void commit_arm(struct world *world, struct node *node);
/* The next interval begins behind this transaction: a timer that its records have armed is void. */
void commit_disarm(struct world *world, struct consumer *consumer);
/* Whether the loop waits for the commit under way. */
bool commit_blocks(const struct world *world, const struct consumer *consumer);
/* Whether a commit is due that the loop makes before it goes on. */
bool commit_is_next(const struct world *world, const struct consumer *consumer);
/* In a poll, in the mode auto: commits if the time has come. */
void commit_in_poll(struct world *world, struct node *node);
/* Before partitions are given up, and at the end. True when there is nothing left to be done. */
bool commit_settle(struct world *world, struct node *node);
/* The request of a commit failed, or was refused in a way that may pass. */
void commit_failed(struct world *world, struct node *node);
/* Of each partition only the last record that no commit under way covers stays. */
void commit_fold(struct consumer *consumer);
/* Forgets what was handled of partitions that are not assigned any more. */
void commit_drop_unassigned(struct consumer *consumer);
timer_fn commit_on_timer;

/* --- commit.c: how --- */

/* Starts a commit of what there is, if none is under way. */
void commit_start(struct world *world, struct node *node);
/* Sends the current step (again). */
void commit_send(struct world *world, struct node *node);
/* Nothing is left to be committed. */
bool commit_clean(const struct consumer *consumer);
void commit_forget(struct world *world, struct node *node);
/* Put out of the group: what was published goes on to its log. True when it is there: nothing else is left to do. */
bool commit_leave(struct world *world, struct node *node);
message_fn commit_on_id, commit_on_committed, commit_on_added, commit_on_output, commit_on_offsets, commit_on_ended;
int commit_publish(struct world *world, struct node *node, uint32_t tag, uint64_t intent, uint32_t key);
static inline uint32_t slot_output(const struct world *world, uint32_t partition) {
  return SLOT_FETCH + world->count[ROLE_BROKER] + partition;
}

#endif
