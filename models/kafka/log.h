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
 * flush. LIMIT: one copy; replication has its price (costs/broker_replication) but no followers yet.
 * LIMIT: a log keeps only what can still be fetched; retention is not modelled.
 * LIMIT: producer state does not expire and survives a restart whole (no snapshots).
 *
 * [I1] start <= view <= end, start <= synced <= end; offsets are never reused but after a power loss.
 * [I2] stable = end when no transaction is open, else the first offset of the earliest open one.
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
#define NO_PRODUCER 0        /* producer ids start at 1 */

enum entry_flag { ENTRY_DATA = 1, ENTRY_TRANSACTIONAL = 2, ENTRY_ABORTED = 4, ENTRY_MARKER = 8 };

struct log_entry {
  uint64_t intent;
  uint32_t key, size;
  uint32_t producer;
  uint16_t epoch, flags;
};

struct batch_memory {
  int32_t first, last; /* sequences */
  uint64_t offset;     /* of the first */
};
struct producer_memory {
  uint32_t producer;
  uint16_t epoch;
  uint8_t count, newest; /* of batches */
  struct batch_memory batches[BATCHES_REMEMBERED];
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
  struct map by_producer; /* producer id -> index of its memory */
  struct producer_memory *producers;
  size_t producer_count, producer_capacity;
};

/* What Kafka calls the error of a response; the same numbers on every answer of wire.h. */
enum kafka_error {
  KAFKA_OK,
  KAFKA_OUT_OF_ORDER_SEQUENCE,
  KAFKA_INVALID_PRODUCER_EPOCH,
  KAFKA_PRODUCER_FENCED,
  KAFKA_ILLEGAL_GENERATION,
  KAFKA_UNKNOWN_MEMBER,
  KAFKA_REBALANCE_IN_PROGRESS,
  KAFKA_UNSTABLE_OFFSET,
  KAFKA_INVALID_TRANSACTION_STATE,
  KAFKA_CONCURRENT_TRANSACTIONS,
  KAFKA_FENCED_INSTANCE,
};

/* A batch as a producer sends it. */
struct batch {
  uint32_t producer; /* NO_PRODUCER: not idempotent */
  uint16_t epoch;
  int32_t sequence; /* of its first record */
  bool transactional;
};

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

static inline struct log_entry *log_at(const struct partition_log *log, uint64_t offset) {
  return &log->entries[offset & (log->capacity - 1)];
}

/* Forgets what nobody will ask for: everything below both offsets and the flushed part. */
void log_trim(struct partition_log *log, uint64_t below);

/* Power is lost: what was not flushed is gone but for `kept` records of it (a torn write keeps some).
 * Returns how many records are gone. */
uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept);

#endif
