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
 * flush. LIMIT: one copy; replication has its price (costs/broker_replication) but no followers yet.
 * LIMIT: a log keeps only what can still be fetched; retention is not modelled.
 *
 * [I1] start <= view <= end, start <= synced <= end; offsets are never reused but after a power loss.
 * [I2] stable = end when no transaction is open, else the first offset of the earliest open one.
 */
#ifndef MODELS_KAFKA_LOG_H
#define MODELS_KAFKA_LOG_H

#include "models/kafka/producer_state.h"
#include "sim/kernel/time.h"
#include "sim/world/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entry_flag { ENTRY_DATA = 1, ENTRY_TRANSACTIONAL = 2, ENTRY_ABORTED = 4, ENTRY_MARKER = 8 };

struct log_entry {
  uint64_t intent;
  uint32_t key, size;
  uint32_t producer;
  uint16_t epoch, flags;
};

struct open_transaction {
  uint32_t producer;
  uint16_t epoch;
  uint64_t first; /* offset */
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
  struct producer_states producers;
  uint64_t segment_bytes; /* of the segment that is written to */
};

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

static inline struct log_entry *log_at(const struct partition_log *log, uint64_t offset) {
  return &log->entries[offset & (log->capacity - 1)];
}

/* Forgets what nobody will ask for: everything below both offsets and the flushed part. */
void log_trim(struct partition_log *log, uint64_t below);

/* Power is lost: what was not flushed is gone but for `kept` records of it (a torn write keeps some).
 * Returns how many records are gone. */
uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept);

#endif
