#include "models/kafka/log.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

void log_reset(struct partition_log *log) {
  log->start = log->end = log->synced = log->checkpoint = log->view = 0;
  log->checkpoint_at = 0;
  log->open_count = 0;
  log->segment_bytes = 0;
  producer_states_reset(&log->producers);
}

void log_free(struct partition_log *log) {
  free(log->entries);
  free(log->open);
  producer_states_free(&log->producers);
}

/* Room for more entries: the ring is laid out again by offset. */
static void enlarge(struct partition_log *log, uint64_t needed) {
  struct partition_log old = *log;
  log->capacity = 0;
  log->entries = grow(NULL, &log->capacity, needed, sizeof *log->entries);
  for (uint64_t offset = old.start; offset < old.end; offset++)
    *log_at(log, offset) = *log_at(&old, offset);
  free(old.entries);
}

bool log_has_open(const struct partition_log *log, uint32_t producer) {
  for (size_t i = 0; i < log->open_count; i++)
    if (log->open[i].producer == producer) return true;
  return false;
}

/* The operating system writes dirty pages back after a while: what was there at the checkpoint before
 * the last is flushed. */
static void checkpoint(struct partition_log *log, int64_t now_ns, int64_t flush_ns) {
  if (now_ns - log->checkpoint_at < flush_ns) return;
  log->synced = log->checkpoint;
  log->checkpoint = log->end;
  log->checkpoint_at = now_ns;
}

uint64_t log_append(struct partition_log *log, const struct batch *batch,
                    const struct record *records, uint32_t count, int64_t now_ns,
                    int64_t flush_ns) {
  checkpoint(log, now_ns, flush_ns);
  uint64_t first = log->end;
  if (first + count - log->start > log->capacity) enlarge(log, first + count - log->start);
  producer_state_append(&log->producers, batch, count, first, now_ns);
  if (batch->transactional && !log_has_open(log, batch->producer)) {
    GROW(log->open, log->open_capacity, log->open_count + 1);
    log->open[log->open_count++] = (struct open_transaction){batch->producer, batch->epoch, first};
  }
  uint16_t flags = ENTRY_DATA | (batch->transactional ? ENTRY_TRANSACTIONAL : 0);
  for (uint32_t i = 0; i < count; i++)
    *log_at(log, log->end++) = (struct log_entry){
        .intent = records[i].intent, .key = records[i].key, .size = records[i].size,
        .producer = batch->producer, .epoch = batch->epoch, .flags = flags};
  return first;
}

void log_roll(struct partition_log *log, uint64_t bytes, uint64_t segment_bytes) {
  if (log->segment_bytes > 0 && log->segment_bytes + bytes > segment_bytes) {
    producer_states_snapshot(&log->producers, log->end);
    log->segment_bytes = 0;
  }
  log->segment_bytes += bytes;
}

/* An abort hides what the producer has written since its transaction began here. */
static void hide_aborted(struct partition_log *log, const struct open_transaction *transaction) {
  uint64_t from = transaction->first > log->start ? transaction->first : log->start;
  for (uint64_t offset = from; offset < log->end; offset++) {
    struct log_entry *entry = log_at(log, offset);
    if (entry->producer == transaction->producer && (entry->flags & ENTRY_TRANSACTIONAL))
      entry->flags |= ENTRY_ABORTED;
  }
}

enum kafka_error log_write_marker(struct partition_log *log, const struct log_marker *marker,
                                  int64_t now_ns) {
  const struct batch producer = {.producer = marker->producer, .epoch = marker->epoch};
  enum kafka_error error = producer_state_marker(&log->producers, &producer,
                                                 marker->coordinator_epoch, marker->strict, now_ns);
  if (error != KAFKA_OK) return error;
  for (size_t i = 0; i < log->open_count; i++) {
    if (log->open[i].producer != marker->producer) continue;
    if (!marker->commit && !MUTANT(KAFKA_ABORTED_DATA_SHOWN)) hide_aborted(log, &log->open[i]);
    log->open[i] = log->open[--log->open_count];
    break;
  }
  if (log->end + 1 - log->start > log->capacity) enlarge(log, log->end + 1 - log->start);
  *log_at(log, log->end++) = (struct log_entry){
      .producer = marker->producer, .epoch = marker->epoch, .flags = ENTRY_MARKER};
  return KAFKA_OK;
}

uint64_t log_stable(const struct partition_log *log) {
  uint64_t stable = log->end;
  if (MUTANT(KAFKA_STABLE_OFFSET_IGNORED)) return stable;
  for (size_t i = 0; i < log->open_count; i++)
    if (log->open[i].first < stable) stable = log->open[i].first;
  return stable;
}

void log_trim(struct partition_log *log, uint64_t below) {
  uint64_t stable = log_stable(log);
  if (below > log->synced) below = log->synced;
  if (below > stable) below = stable;
  if (below > log->start) log->start = below;
}

uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept) {
  uint64_t end = log->synced + kept;
  if (end >= log->end) return 0;
  uint64_t lost = log->end - end;
  log->end = end;
  if (log->checkpoint > end) log->checkpoint = end;
  if (log->view > end) log->view = end;
  for (size_t i = log->open_count; i-- > 0;)
    if (log->open[i].first >= end) log->open[i] = log->open[--log->open_count];
  producer_states_truncate(&log->producers, end);
  return lost;
}
