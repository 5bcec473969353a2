/* A Kafka broker: leader of its partitions, follower of others (replica.h), and one of them coordinator of
 * the group and of transactions (coordinator.h).
 *
 * Durable (node->disk): logs of the input and output topic; group metadata, committed offsets, and the
 * transaction log. Volatile (arena): parked fetches, parked joins, session and transaction timers.
 *
 * Holds (world_hold): each record of an input log that is not committed yet, each open transaction.
 */
#ifndef MODELS_KAFKA_BROKER_H
#define MODELS_KAFKA_BROKER_H

#include "models/kafka/group.h"
#include "models/kafka/transaction.h"

enum broker_timer {
  TIMER_SESSION,
  TIMER_REBALANCE,
  TIMER_RETENTION,
  TIMER_SWEEP,
  TIMER_MARKERS,
  TIMER_CONTROL_REQUEST, /* replicated only */
  TIMER_CONTROL_RETRY,
  TIMER_HEARTBEAT_DUE,
  TIMER_LAG,
  TIMER_FETCH_WAIT,
  TIMER_LOADED, /* the internal topics, by a new coordinator */
  BROKER_TIMER__COUNT
};

/* --- Transactions (transaction.c) --- */

struct transactions {
  struct transaction *items; /* in the order in which their ids were first used */
  size_t count, capacity;
  uint64_t *bitmaps; /* of each, its output partitions (sim/base/bits.h) */
  size_t bitmap_capacity;
  struct map by_id, by_producer; /* -> place in items */
  uint32_t last_producer;
  int64_t up_since_ns; /* volatile: sweeps count from here */
  bool sweep;          /* volatile: one is due */
};

void transactions_start(struct world *world, struct node *node);
/* How many are open, or decided and not ended. */
uint32_t transactions_under_way(const struct node *node);
/* Another broker coordinates from here. */
void transactions_resign(struct world *world, struct node *node);
void transactions_reset(struct transactions *all);
void transactions_free(struct transactions *all);
message_fn transactions_on_init, transactions_on_add, transactions_on_offsets, transactions_on_end,
    transactions_on_marked, transactions_on_verify;
timer_fn transactions_on_sweep, transactions_on_markers;
/* A leader asks about a partition that a producer has a batch for: in version 2 it is added to the
 * transaction, in version 1 it has to be in it. */
enum kafka_error transactions_verify(struct world *world, struct node *node, uint32_t partition,
                                     const struct batch *producer);

/* --- Verification of transactional batches (verification.c) --- */

void verification_start(struct world *world, struct node *node);
/* A batch for the output topic: written at once, or when the coordinator has agreed. */
void verification_output(struct world *world, struct node *node, struct message *request);
message_fn verification_on_verified;
/* A marker has come: what was being verified before is not part of anything any more. */
void verification_marked(struct world *world, struct node *node, uint32_t partition,
                         uint32_t producer);
void verification_disconnected(struct world *world, struct node *node, uint16_t peer);
/* This broker leads the partition no longer. */
void verification_resign(struct world *world, struct node *node, uint32_t partition);
void verification_drop(struct world *world, struct node *node);

/* --- The broker (broker.c) --- */

struct waiting {
  uint16_t consumer; /* index in its role */
  uint32_t serial;
};
struct parked {
  struct message *fetch; /* NULL = none */
  uint32_t serial;
};
struct replication;
struct verified { /* a parked batch for an output partition */
  struct message *request; /* NULL = none */
  bool void_; /* a marker came in between */
  uint16_t asked; /* node */
};
struct broker { /* volatile */
  struct verified *verifying; /* by output partition, one row of consumers each; NULL = never */
  uint32_t *verifying_count;  /* by output partition: how many of its row are parked */
  struct parked *parked;   /* by consumer */
  struct waiting *waiting; /* the first of each partition, then the second of each, ...: most have one at most */
  uint32_t *waiting_count; /* by partition */
  struct replication *replication; /* NULL = every partition has one copy, on a fixed leader */
  bool logs_shrink; /* in this run one may: books_may_shrink */
};
/* A marker as it travels: of which transaction of its producer it is, the coordinator knows by `serial`. */
struct marker {
  struct batch producer;
  bool commit;
  uint32_t serial, coordinator_epoch;
};
/* An append that is answered when the high watermark has passed it. */
struct awaiting {
  struct message *request; /* NULL: a marker of this broker's own coordinator */
  uint64_t offset;
  enum wire answer;
  struct marker marker;
};
struct awaitings {
  struct awaiting *items; /* by rising offset */
  size_t count, capacity;
};
struct books;
/* What the coordinators write to, as one for all brokers: see LIMIT in coordinator.h. */
struct internal_topics {
  struct group *groups; /* by number */
  uint32_t group_count;
  struct transactions transactions;
  uint32_t leader; /* index among brokers: the coordinator */
  uint32_t epoch;  /* of the leader: the coordinator epoch */
  bool loading;    /* the leader does not act yet */
};
struct broker_disk {
  struct partition_log *input, *output; /* by partition; only those that it has a replica of are used */
  size_t partition_count;
  uint32_t group_count;
  struct internal_topics *internal;
  bool makes_internal; /* and frees them */
  struct awaitings *awaitings; /* by topic partition; volatile, the memory is kept */
  struct books *books;       /* broker.1's, replicated only */
};

static inline struct broker_disk *broker_disk(const struct node *node) { return node->disk[0]; }
static inline struct broker *broker_of(const struct node *node) { return node->state[0]; }
static inline struct partition_log *broker_log(const struct node *node, uint32_t topic_partition) {
  struct broker_disk *disk = broker_disk(node);
  return topic_partition < disk->partition_count
             ? &disk->input[topic_partition]
             : &disk->output[topic_partition - disk->partition_count];
}

/* Who leads, as far as this broker knows: a node, itself included, or NODE_NONE. */
#define NODE_NONE UINT16_MAX
bool broker_leads(const struct node *node, uint32_t topic_partition);
uint16_t broker_leader(const struct world *world, const struct node *node, uint32_t topic_partition);

/* Writes one to an output partition that this broker leads, and shows readers what it frees. True: it is
 * written for good, now or before; else transactions_marked is called once it is, or nothing comes of it. */
bool broker_marker(struct world *world, struct node *node, uint32_t partition,
                   const struct marker *marker);
void transactions_marked(struct world *world, struct node *node, uint32_t partition,
                         const struct marker *marker);

/* --- Appending (append.c) --- */

message_fn append_on_produce, append_on_marker;
/* A batch for an output partition that may be appended as far as the coordinator goes. True: the request is
 * kept until replicas have it. */
bool append_output(struct world *world, struct node *node, struct message *request);
void append_refuse_output(struct world *world, struct node *node, const struct message *request,
                          enum kafka_error error);
/* Before an append: what the operating system has written back meanwhile. False: the disk failed, and the
 * broker with it. */
bool broker_flush(struct world *world, struct node *node, struct partition_log *log);
/* What waits for replicas: refused, as this broker leads no longer; dropped, as it dies. */
void append_resign(struct world *world, struct node *node, uint32_t topic_partition);
void append_drop_awaiting(struct world *world, struct node *node);

/* --- Reading (fetch.c) --- */

message_fn fetch_on_request;
/* Where a log begins or ends, for a reader whose group has nothing committed. */
message_fn fetch_on_list_offsets;
/* Consumers that wait for something new in an input partition get it. */
void fetch_wake(struct world *world, struct node *node, uint32_t partition);
/* What waits for it: told, where this broker does not lead any more; dropped, as it dies. */
void fetch_resign(struct world *world, struct node *node);
void fetch_drop_parked(struct world *world, struct node *node);

/* --- What replicas need of it --- */

/* A leader is none any more: whoever waits at it for a partition is told. */
void broker_resign(struct world *world, struct node *node, uint32_t topic_partition);
/* Answers what the high watermark has passed. */
void append_confirm(struct world *world, struct node *node, uint32_t topic_partition);

/* --- Book-keeping that is no part of the mechanism (books.c) --- */

/* Brings the holds of an input partition up to date: records that are not settled. */
void broker_account(struct world *world, uint32_t partition);
/* What a reader of the chosen isolation sees now: each record that it passes has its effect. */
void broker_show(struct world *world, struct node *node, uint32_t partition);
/* Who reads committed data waits for the end of what is open in a log of one copy, whether its coordinator
 * knows it or not: `before` were open when it was held last. Of replicas, books_note holds the records. */
void books_hold_open(struct world *world, const struct partition_log *log, size_t before);
/* A leader's log has changed, or has become the one that counts: holds follow, and effects that are not in
 * it any more are undone. */
void books_note(struct world *world, struct node *node, uint32_t topic_partition);
/* Whether a log can lose records that readers have gone past: others will stand at their offsets, which readers may or
 * may not find. */
static inline bool books_may_shrink(const struct world *world) {
  return kafka_replicated(world) || world_expects(world, VERB_POWER_LOSS) || world_expects(world, VERB_DISK_GONE);
}
/* How much of what is before an offset, the last of it of this epoch, is in the log that counts: log_shared there. */
uint64_t books_shared(const struct world *world, uint32_t partition, uint32_t epoch, uint64_t offset);
/* A member of a group has committed an offset: it settles what that reader has come by. The caller follows with
 * broker_account. */
void books_committed(const struct world *world, struct group *group, const struct pending_offset *committed);
/* A fetch says of each of its partitions what its group has committed, or will never read. */
void books_passed(struct world *world, const struct node *node, const struct message *fetch);
/* A broker of a replicated log dies, or its disk has gone: what readers were shown may not be there any more where nobody
 * leads and some replica lacks it. Held until a leader says what is there. */
void books_doubt(struct world *world, const struct node *dying);
void books_make(struct world *world, struct node *node);
void books_reset(struct broker_disk *disk);
void books_free(struct broker_disk *disk);

#endif
