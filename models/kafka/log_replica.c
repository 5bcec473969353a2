/* Leader epochs, and the part of a log that only a replica has: high watermark, appending as a follower,
 * truncation. */
#include "models/kafka/log.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

void log_set_high_watermark(struct partition_log *log, uint64_t offset) {
  ASSERT_LE(offset, log->end);
  log->high_watermark = offset;
  for (size_t i = log->open_count; i-- > 0;)
    if (log->open[i].last < offset) log->open[i] = log->open[--log->open_count];
}

/* --- Leader epochs --- */

void log_begin_epoch(struct partition_log *log, uint32_t epoch) {
  /* Those under which nothing was written are forgotten. */
  while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].offset == log->end)
    log->epoch_count--;
  if (log->epoch_count > 0) {
    if (log->epochs[log->epoch_count - 1].epoch == epoch) return;
    ASSERT_LT(log->epochs[log->epoch_count - 1].epoch, epoch); /* [I3] */
  }
  GROW(log->epochs, log->epoch_capacity, log->epoch_count + 1);
  log->epochs[log->epoch_count++] = (struct epoch_start){epoch, log->end};
}

uint32_t log_epoch_at(const struct partition_log *log, uint64_t offset) {
  for (size_t i = log->epoch_count; i-- > 0;)
    if (log->epochs[i].offset <= offset) return log->epochs[i].epoch;
  return 0;
}

uint32_t log_last_epoch(const struct partition_log *log) {
  return log->end == 0 ? 0 : log_epoch_at(log, log->end - 1);
}

uint32_t log_end_of_epoch(const struct partition_log *log, uint32_t epoch, uint64_t *out_end) {
  *out_end = log->end;
  for (size_t i = log->epoch_count; i-- > 0;) {
    if (log->epochs[i].epoch <= epoch) return log->epochs[i].epoch;
    *out_end = log->epochs[i].offset;
  }
  if (*out_end < log->start) *out_end = log->start;
  return 0;
}

uint64_t log_shared_before(const struct partition_log *log, uint32_t epoch, uint64_t offset) {
  uint64_t end;
  log_end_of_epoch(log, epoch, &end);
  if (MUTANT(KAFKA_TRUNCATION_UNNOTICED)) end = log->end;
  return offset < end ? offset : end;
}

/* --- Appending and cutting --- */

void log_replicate(struct partition_log *log, const struct log_entry *entry, uint32_t leader_epoch,
                   int64_t now_ns, int64_t flush_ns) {
  if (entry->flags & ENTRY_FIRST) log_write_back(log, now_ns, flush_ns);
  log_begin_epoch(log, leader_epoch);
  log_absorb(log, entry, now_ns);
}

/* What is known of producers is known again from the log that is left, as far as it still has their
 * batches; of older ones the memory stands. */
static void recall(struct partition_log *log, uint64_t end) {
  producer_states_forget_from(&log->producers, log->start);
  log->open_count = 0;
  log->end = log->start;
  while (log->end < end) {
    struct log_entry entry = *log_at(log, log->end);
    if (entry.flags & ENTRY_DATA) entry.flags &= (uint16_t)~ENTRY_ABORTED;
    log_absorb(log, &entry, PRODUCER_TIME_STANDS);
  }
  producer_states_reload(&log->producers, end);
}

void log_truncate(struct partition_log *log, uint64_t end) {
  if (end >= log->end) return;
  if (end < log->start) return log_restart_at(log, end);
  recall(log, end);
  if (log->checkpoint > end) log->checkpoint = end;
  if (log->synced > end) log->synced = end;
  while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].offset >= end)
    log->epoch_count--;
  log_set_high_watermark(log, log->high_watermark < end ? log->high_watermark : end);
}

void log_restart_at(struct partition_log *log, uint64_t offset) {
  int64_t sweeps_from_ns = log->producers.sweeps_from_ns;
  log_reset(log);
  log->producers.sweeps_from_ns = sweeps_from_ns;
  log->start = log->end = log->synced = log->checkpoint = log->high_watermark = offset;
}
