/* A partition's log: what a broker's disk holds.
 *
 *   start                     stable                 end
 *     | committed and aborted   | from the first open  |
 *     v data, markers           v transaction on       v
 *   --+-------------------------+----------------------+
 *     \__ view: what a reader of the given isolation has been shown so far
 *
 * Beside it stands what it knows of its producers: producer_state.h.
 *
 * Durable: all of it, while the page cache lives. A power loss drops what was appended since the last
 * flush.
 *
 * A replica of a partition (replica.h) has beside that a high watermark, what all in-sync replicas are
 * known to have, and the leader epochs of its records (LeaderEpochFileCache): the one under which each
 * range was written. Two replicas hold the same record at an offset if and only if its epoch is the same
 * there, so that a follower whose epochs differ from its leader's cuts off what is not the leader's.
 * By the same rule a reader finds that a log does not have what he has read any more (KIP-320). A log of one
 * copy has epochs for that from its first loss on, before which all is of epoch 0. In Kafka its leader has a
 * new epoch after each restart, which tells nobody anything as long as nothing is lost.
 * LIMIT: the high watermark survives a crash whole (Kafka checkpoints it every 5 s).
 *
 * [I1] start <= view <= end, start <= synced <= end; offsets are never reused but after a power loss.
 * [I2] stable = the high watermark (of a single copy: end) when no transaction is open, else at most the
 *      first offset of the earliest open one. A transaction counts as open until its marker is below the
 *      high watermark.
 * [I3] Leader epochs rise with offsets.
 */
#ifndef MODELS_KAFKA_LOG_H
#define MODELS_KAFKA_LOG_H

#include "models/kafka/producer_state.h"
#include "sim/base/likely.h"
#include "sim/kernel/time.h"
#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCH_RECORDS_MAX 1000 /* so that a follower's fetch has room for a whole batch */

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
  int32_t sequence; /* of a marker: its coordinator's epoch */
  uint16_t attempt; /* data: as in struct record */
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

/* What every append and fetch needs comes first. */
struct partition_log {
  _Alignas(CACHE_LINE) struct log_entry *entries; /* ring by offset */
  size_t capacity;
  uint64_t start, end;
  bool replicated; /* else the high watermark is the end */
  uint32_t epoch_count; /* of `epochs` */
  int64_t checkpoint_at; /* ns: of the last checkpoint */
  size_t open_count;
  uint64_t segment_bytes; /* of the segment that is written to */
  uint64_t view;
  uint64_t high_watermark;
  uint64_t synced, checkpoint; /* flushed for sure; end at the last checkpoint */
  struct open_transaction *open;
  size_t open_capacity;
  struct producer_states producers;
  struct epoch_start *epochs; /* leader epochs, rising */
  size_t epoch_capacity;
};

/* Appends one entry, taken as it is: what it says of its producer and transaction is noted. */
void log_absorb(struct partition_log *log, const struct log_entry *entry, int64_t now_ns);
/* The operating system writes dirty pages back after a while: what was there at the checkpoint before
 * the last is flushed. */
void log_write_back(struct partition_log *log, int64_t now_ns, int64_t flush_ns);

void log_reset(struct partition_log *log);
void log_free(struct partition_log *log);

/* Whether a transaction of the producer is open here. */
bool log_has_open(const struct partition_log *log, uint32_t producer);

/* So many bytes are about to be appended: a full segment is closed first, with a snapshot of what is known
 * of producers (log.segment.bytes). */
void log_roll(struct partition_log *log, uint64_t bytes, uint64_t segment_bytes);

/* Appends records that producer_state_check let through. Returns the offset of the first. */
uint64_t log_append(struct partition_log *log, const struct batch *batch,
                    const struct record *records, uint32_t count, int64_t now_ns, int64_t flush_ns);

/* A commit or abort marker of a producer's transaction: closes it; an abort hides its records. Whether
 * its epoch may: producer_state_marker. In transaction version 2 it carries the epoch after the
 * transaction's (KIP-890), which fences older batches from here on. */
struct log_marker {
  uint32_t producer;
  uint16_t epoch;
  uint32_t coordinator_epoch;
  bool commit, strict;
};
enum kafka_error log_write_marker(struct partition_log *log, const struct log_marker *marker,
                                  int64_t now_ns);

uint64_t log_stable(const struct partition_log *log);

/* What a reader of any isolation may see: everything below. */
static inline uint64_t log_committed(const struct partition_log *log) {
  return UNLIKELY(log->replicated) ? log->high_watermark : log->end;
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
/* The same where no machine fails in this run: what is not flushed is as safe as what is. */
void log_trim_unflushed(struct partition_log *log, uint64_t below);

/* Power is lost: what was not flushed is gone but for `kept` records of it (a torn write keeps some).
 * Returns how many records are gone. */
uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept);

/* --- Leader epochs --- */

/* A new leader's records begin here. */
void log_begin_epoch(struct partition_log *log, uint32_t epoch);
/* Epoch of the last record, 0 = none; where the last epoch begins. */
uint32_t log_last_epoch(const struct partition_log *log);
/* The largest epoch that is not above `epoch`, 0 = none, and where it ends (OffsetsForLeaderEpoch). */
uint32_t log_end_of_epoch(const struct partition_log *log, uint32_t epoch, uint64_t *out_end);
/* The epoch of the record at an offset below end. */
uint32_t log_epoch_at(const struct partition_log *log, uint64_t offset);
/* The first offset, at most `offset`, at which a reader goes on who is at `offset`, having read a record of this epoch
 * last: the offset itself, or where this log has gone on without what he has read. As in
 * SubscriptionState.maybeCompleteValidation he is not told so where this log has as much of older epochs. */
uint64_t log_shared_before(const struct partition_log *log, uint32_t epoch, uint64_t offset);
static inline uint64_t log_shared(const struct partition_log *log, uint32_t epoch, uint64_t offset) {
  if (log->epoch_count > 0 && epoch < log->epochs[log->epoch_count - 1].epoch)
    return log_shared_before(log, epoch, offset);
  return offset < log->end ? offset : log->end;
}

/* --- Of a replica --- */

void log_set_high_watermark(struct partition_log *log, uint64_t offset);
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
