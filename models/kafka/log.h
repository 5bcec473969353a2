/* A partition's log: what a broker's disk holds.
 *
 *   start                     stable                 end
 *     | committed and aborted   | from the first open  |
 *     v data, markers           v transaction on       v
 *   --+-------------------------+----------------------+
 *     \__ view: what a reader of the given isolation has been shown so far
 *
 * Producer state (Kafka 4.0 ProducerStateEntry, ProducerAppendInfo): for each producer id
 * the epoch, and the last five batches with their sequences. A batch is decided in this order: exactly
 * one of the five again: a duplicate, nothing appended; an older epoch: refused; a newer epoch: must
 * begin at sequence 0; the same epoch: must follow the last; no state: anything goes.
 *
 * Durable: all of it, while the page cache lives. A power loss drops what was appended since the last
 * flush.
 *
 * A replica of a partition (replica.h) has beside that a high watermark, what all in-sync replicas are
 * known to have, and the leader epochs of its records (LeaderEpochFileCache): the one under which each
 * range was written. Two replicas hold the same record at an offset if and only if its epoch is the same
 * there, so that a follower whose epochs differ from its leader's cuts off what is not the leader's.
 * LIMIT: the high watermark survives a crash whole (Kafka checkpoints it every 5 s).
 * LIMIT: a log keeps only what can still be fetched; retention is not modelled.
 * LIMIT: producer state does not expire and survives a restart whole (no snapshots).
 *
 * [I1] start <= view <= end, start <= synced <= end; offsets are never reused but after a power loss.
 * [I2] stable = the high watermark (of a single copy: end) when no transaction is open, else at most the
 *      first offset of the earliest open one. A transaction counts as open until its marker is below the
 *      high watermark.
 * [I3] Leader epochs rise with offsets.
 */
#ifndef MODELS_KAFKA_LOG_H
#define MODELS_KAFKA_LOG_H

#include "sim/base/map.h"
#include "sim/kernel/time.h"
#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCHES_REMEMBERED 5 /* ProducerStateEntry.NUM_BATCHES_TO_RETAIN */
#define BATCH_RECORDS_MAX 1000 /* so that a follower's fetch has room for a whole batch */
#define NO_PRODUCER 0        /* producer ids start at 1 */

enum entry_flag {
  ENTRY_DATA = 1,
  ENTRY_TRANSACTIONAL = 2,
  ENTRY_ABORTED = 4, /* data: its transaction was aborted; a marker: it aborts */
  ENTRY_MARKER = 8,
  ENTRY_FIRST = 16 /* of its batch */
};
#define ENTRY_OPEN UINT64_MAX

struct log_entry {
  uint64_t intent;
  uint32_t key, size;
  uint32_t producer;
  uint16_t epoch, flags;
  int32_t sequence;
};

struct batch_memory {
  int32_t first, last; /* sequences */
  uint64_t offset;     /* of the first */
};
struct producer_memory {
  uint32_t producer;
  uint16_t epoch;
  uint8_t count, newest; /* of batches */
  uint16_t marked_epoch; /* of the last marker, and where it stands */
  uint64_t marked;
  struct batch_memory batches[BATCHES_REMEMBERED];
};
struct open_transaction {
  uint32_t producer;
  uint16_t epoch;
  uint64_t first; /* offset */
  uint64_t last;  /* ENTRY_OPEN, or its marker, which is not below the high watermark yet */
};
struct epoch_start {
  uint32_t epoch;
  uint64_t offset;
};

struct partition_log {
  struct log_entry *entries; /* ring by offset */
  size_t capacity;
  uint64_t start, end;
  uint64_t synced, checkpoint; /* flushed for sure; end at the last checkpoint */
  int64_t checkpoint_at;       /* ns */
  uint64_t view;
  struct open_transaction *open;
  size_t open_count, open_capacity;
  struct map by_producer; /* producer id -> index of its memory */
  struct producer_memory *producers;
  size_t producer_count, producer_capacity;
  bool replicated; /* else the high watermark is the end */
  uint64_t high_watermark;
  struct epoch_start *epochs; /* leader epochs, rising */
  size_t epoch_count, epoch_capacity;
};

/* What Kafka calls the error of a response; the same numbers on every answer of wire.h. */
enum kafka_error {
  KAFKA_OK,
  KAFKA_OUT_OF_ORDER_SEQUENCE,
  KAFKA_INVALID_PRODUCER_EPOCH,
  KAFKA_PRODUCER_FENCED,
  KAFKA_ILLEGAL_GENERATION,
  KAFKA_UNKNOWN_MEMBER,
  KAFKA_FENCED_INSTANCE,
  KAFKA_REBALANCE_IN_PROGRESS,
  KAFKA_UNSTABLE_OFFSET,
  KAFKA_INVALID_TRANSACTION_STATE,
  KAFKA_CONCURRENT_TRANSACTIONS,
  KAFKA_NOT_LEADER, /* NOT_LEADER_OR_FOLLOWER */
  KAFKA_NOT_ENOUGH_REPLICAS,
  KAFKA_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  KAFKA_STALE_BROKER_EPOCH,
  KAFKA_DUPLICATE_BROKER,
};

/* A batch as a producer sends it. */
struct batch {
  uint32_t producer; /* NO_PRODUCER: not idempotent */
  uint16_t epoch;
  int32_t sequence; /* of its first record */
  bool transactional;
};

/* Appends one entry, taken as it is: what it says of its producer and transaction is noted. */
void log_absorb(struct partition_log *log, const struct log_entry *entry);
/* The operating system writes dirty pages back after a while: what was there at the checkpoint before
 * the last is flushed. */
void log_write_back(struct partition_log *log, int64_t now_ns, int64_t flush_ns);

void log_reset(struct partition_log *log);
void log_free(struct partition_log *log);

/* Decides a batch by the rules above. KAFKA_OK and *out_duplicate: it is there already. */
enum kafka_error log_check(const struct partition_log *log, const struct batch *batch, uint32_t count,
                           bool *out_duplicate);

/* Appends records that log_check let through. Returns the offset of the first. */
uint64_t log_append(struct partition_log *log, const struct batch *batch,
                    const struct record *records, uint32_t count, int64_t now_ns, int64_t flush_ns);

/* A commit or abort marker of a producer's transaction: closes it; an abort hides its records. The
 * marker carries the epoch after the transaction's (KIP-890, transaction version 2), which fences older
 * batches from here on; a marker that is not newer than the open transaction is a late copy and is
 * ignored: false. */
bool log_marker(struct partition_log *log, uint32_t producer, uint16_t epoch, bool commit);

uint64_t log_stable(const struct partition_log *log);

/* What a reader of any isolation may see: everything below. */
static inline uint64_t log_committed(const struct partition_log *log) {
  return log->replicated ? log->high_watermark : log->end;
}

static inline struct log_entry *log_at(const struct partition_log *log, uint64_t offset) {
  return &log->entries[offset & (log->capacity - 1)];
}

/* Whether the next append finds that the operating system has written dirty pages back; and: it has, but
 * the disk lied: nothing more is flushed for sure. */
static inline bool log_flush_due(const struct partition_log *log, int64_t now_ns, int64_t flush_ns) {
  return now_ns - log->checkpoint_at >= flush_ns;
}
static inline void log_flush_lied(struct partition_log *log, int64_t now_ns) {
  log->checkpoint_at = now_ns;
}

/* Forgets what nobody will ask for: everything below both offsets and the flushed part. */
void log_trim(struct partition_log *log, uint64_t below);

/* Power is lost: what was not flushed is gone but for `kept` records of it (a torn write keeps some).
 * Returns how many records are gone. */
uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept);

/* --- Of a replica --- */

void log_set_high_watermark(struct partition_log *log, uint64_t offset);
/* A new leader's records begin here. */
void log_begin_epoch(struct partition_log *log, uint32_t epoch);
/* Epoch of the last record, 0 = none; where the last epoch begins. */
uint32_t log_last_epoch(const struct partition_log *log);
/* The largest epoch that is not above `epoch`, 0 = none, and where it ends (OffsetsForLeaderEpoch). */
uint32_t log_end_of_epoch(const struct partition_log *log, uint32_t epoch, uint64_t *out_end);
/* The epoch of the record at an offset below end. */
uint32_t log_epoch_at(const struct partition_log *log, uint64_t offset);
/* A follower appends what its leader has at this offset, with all that it says of producers. */
void log_replicate(struct partition_log *log, const struct log_entry *entry, uint32_t leader_epoch,
                   int64_t now_ns, int64_t flush_ns);
/* Cuts off the tail; what the log knows of producers and transactions is that of what is left. */
void log_truncate(struct partition_log *log, uint64_t end);
/* Begins again, empty, at an offset: the leader has nothing older any more. */
void log_restart_at(struct partition_log *log, uint64_t offset);
/* Everything is flushed: a clean shutdown. */
static inline void log_flush(struct partition_log *log) { log->synced = log->checkpoint = log->end; }

#endif
