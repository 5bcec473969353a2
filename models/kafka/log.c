#include "models/kafka/log.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

#include <stdlib.h>

void log_reset(struct partition_log *log) {
  log->start = log->end = log->synced = log->checkpoint = log->view = 0;
  log->checkpoint_at = 0;
  log->open_count = 0;
  log->epoch_count = 0;
  log->high_watermark = 0;
  log->segment_bytes = 0;
  producer_states_reset(&log->producers);
}

void log_free(struct partition_log *log) {
  free(log->entries);
  free(log->open);
  free(log->epochs);
  producer_states_free(&log->producers);
}

/* Room for more entries: the ring is laid out again by offset. What is not between start and end is never read, and so
 * need not be cleared: with many partitions that would be half of the writing. */
static void enlarge(struct partition_log *log, uint64_t needed) {
  const struct partition_log old = *log;
  log->entries = grow_elsewhere(&log->capacity, needed, sizeof *log->entries);
  for (uint64_t offset = old.start; offset < old.end; offset++)
    *log_at(log, offset) = *log_at(&old, offset);
  free(old.entries);
}

static struct open_transaction *open_of(const struct partition_log *log, uint32_t producer) {
  for (size_t i = 0; i < log->open_count; i++)
    if (log->open[i].producer == producer && log->open[i].last == ENTRY_OPEN) return &log->open[i];
  return NULL;
}

static void begin_transaction(struct partition_log *log, uint32_t producer, uint16_t epoch) {
  if (open_of(log, producer)) return;
  GROW(log->open, log->open_capacity, log->open_count + 1);
  log->open[log->open_count++] =
      (struct open_transaction){producer, epoch, log->end, ENTRY_OPEN};
}

bool log_has_open(const struct partition_log *log, uint32_t producer) {
  return open_of(log, producer) != NULL;
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

/* The marker of the producer's transaction is about to stand at the end of the log. */
static void end_transaction(struct partition_log *log, uint32_t producer, bool commit) {
  struct open_transaction *open = open_of(log, producer);
  if (!open) return;
  if (!commit && !MUTANT(KAFKA_ABORTED_DATA_SHOWN)) hide_aborted(log, open);
  if (log->replicated)
    open->last = log->end;
  else
    *open = log->open[--log->open_count];
}

static void make_room(struct partition_log *log, uint64_t count) {
  if (UNLIKELY(log->end + count - log->start > log->capacity)) enlarge(log, log->end + count - log->start);
}

void log_write_back(struct partition_log *log, int64_t now_ns, int64_t flush_ns) {
  if (LIKELY(!log_flush_due(log, now_ns, flush_ns))) return;
  if (log->synced < log->checkpoint) log->synced = log->checkpoint;
  log->checkpoint = log->end;
  log->checkpoint_at = now_ns;
}

/* What all entries have in common is held beside the ring, as no compiler knows that the ring lies apart from it. */
static inline void fill_entries(struct partition_log *log, const struct batch *batch, const struct record *records,
                                uint32_t count) {
  struct log_entry *const entries = log->entries;
  const uint64_t first = log->end, mask = log->capacity - 1;
  const struct batch of = *batch;
  uint16_t flags = ENTRY_DATA | ENTRY_FIRST | (of.transactional ? ENTRY_TRANSACTIONAL : 0);
  for (uint32_t i = 0; i < count; i++) {
    entries[(first + i) & mask] = (struct log_entry){
        .intent = records[i].intent, .key = records[i].key, .size = records[i].size,
        .producer = of.producer, .epoch = of.epoch, .attempt = records[i].attempt,
        .flags = flags, .sequence = producer_sequence_add(of.sequence, i)};
    flags &= (uint16_t)~ENTRY_FIRST;
  }
}

uint64_t log_append(struct partition_log *log, const struct batch *batch,
                    const struct record *records, uint32_t count, int64_t now_ns,
                    int64_t flush_ns) {
  log_write_back(log, now_ns, flush_ns);
  uint64_t first = log->end;
  make_room(log, count);
  producer_state_append(&log->producers, batch, count, first, now_ns);
  if (batch->transactional) begin_transaction(log, batch->producer, batch->epoch);
  fill_entries(log, batch, records, count);
  log->end = first + count;
  /* What a flush has not reached stays: megabytes, so that the next entry's place has left the caches. */
  __builtin_prefetch(log_at(log, log->end + 1), 1);
  return first;
}

void log_roll(struct partition_log *log, uint64_t bytes, uint64_t segment_bytes) {
  if (UNLIKELY(log->segment_bytes + bytes > segment_bytes && log->segment_bytes > 0)) {
    producer_states_snapshot(&log->producers, log->end);
    log->segment_bytes = 0;
  }
  log->segment_bytes += bytes;
}

static void append_marker(struct partition_log *log, const struct log_entry *marker) {
  end_transaction(log, marker->producer, !(marker->flags & ENTRY_ABORTED));
  make_room(log, 1);
  *log_at(log, log->end++) = *marker;
}

enum kafka_error log_write_marker(struct partition_log *log, const struct log_marker *marker,
                                  int64_t now_ns) {
  const struct batch producer = {.producer = marker->producer, .epoch = marker->epoch};
  enum kafka_error error = producer_state_marker(&log->producers, &producer,
                                                 marker->coordinator_epoch, marker->strict, now_ns);
  if (error != KAFKA_OK) return error;
  producer_state_marked(&log->producers, &producer, marker->coordinator_epoch, log->end, now_ns);
  append_marker(log, &(struct log_entry){
                         .producer = marker->producer, .epoch = marker->epoch,
                         .flags = ENTRY_MARKER | ENTRY_FIRST | (marker->commit ? 0 : ENTRY_ABORTED),
                         .sequence = (int32_t)marker->coordinator_epoch});
  return KAFKA_OK;
}

/* What an entry that is appended as it is says of its producer. */
static void note_producer(struct partition_log *log, const struct log_entry *entry, int64_t now_ns) {
  if (entry->producer == NO_PRODUCER) return;
  struct batch batch = {.producer = entry->producer, .epoch = entry->epoch, .sequence = entry->sequence};
  if (entry->flags & ENTRY_MARKER)
    producer_state_marked(&log->producers, &batch, (uint32_t)entry->sequence, log->end, now_ns);
  else if (MUTANT(KAFKA_FOLLOWERS_FORGET_PRODUCERS))
    return;
  else if (entry->flags & ENTRY_FIRST)
    producer_state_append(&log->producers, &batch, 1, log->end, now_ns);
  else
    producer_state_extend(&log->producers, &batch);
}

void log_absorb(struct partition_log *log, const struct log_entry *entry, int64_t now_ns) {
  const struct log_entry copy = *entry; /* it may stand in the ring */
  note_producer(log, &copy, now_ns);
  if (copy.flags & ENTRY_MARKER) return append_marker(log, &copy);
  make_room(log, 1);
  if (copy.flags & ENTRY_TRANSACTIONAL) begin_transaction(log, copy.producer, copy.epoch);
  *log_at(log, log->end++) = copy;
}

uint64_t log_stable(const struct partition_log *log) {
  uint64_t stable = log_committed(log);
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

void log_trim_unflushed(struct partition_log *log, uint64_t below) {
  const uint64_t stable = log_stable(log);
  if (below > stable) below = stable;
  if (below > log->synced) log->synced = below;
  log_trim(log, below);
}

/* What comes next takes offsets that others had: it is told by its epoch. */
static void begin_epoch_at(struct partition_log *log, uint64_t end) {
  const uint32_t epoch = log->epoch_count > 0 ? log->epochs[log->epoch_count - 1].epoch + 1 : 1;
  while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].offset > end) log->epoch_count--;
  log->end = end;
  log_begin_epoch(log, epoch);
}

uint64_t log_lose_unsynced(struct partition_log *log, uint64_t kept) {
  uint64_t end = log->synced + kept;
  if (end >= log->end) return 0;
  if (log->replicated) { /* of a batch that is torn, recovery keeps nothing */
    while (end > log->synced && !(log_at(log, end)->flags & ENTRY_FIRST)) end--;
    uint64_t cut = log->end - end;
    log_truncate(log, end);
    return cut;
  }
  uint64_t lost = log->end - end;
  begin_epoch_at(log, end);
  if (log->checkpoint > end) log->checkpoint = end;
  if (log->view > end) log->view = end;
  for (size_t i = log->open_count; i-- > 0;)
    if (log->open[i].first >= end) log->open[i] = log->open[--log->open_count];
  producer_states_truncate(&log->producers, end);
  return lost;
}
