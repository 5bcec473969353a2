#include "models/kafka/log.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

void log_reset(struct partition_log *log) {
  log->start = log->end = log->synced = log->checkpoint = log->view = 0;
  log->checkpoint_at = 0;
  log->open_count = log->producer_count = log->epoch_count = 0;
  log->high_watermark = 0;
  map_clear(&log->by_producer);
}

void log_free(struct partition_log *log) {
  free(log->entries);
  free(log->open);
  free(log->producers);
  free(log->epochs);
  map_deinit(&log->by_producer);
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

static struct producer_memory *memory_of(const struct partition_log *log, uint32_t producer) {
  const uint64_t *index = map_get(&log->by_producer, producer);
  return index ? &log->producers[*index] : NULL;
}

static struct producer_memory *remember(struct partition_log *log, uint32_t producer) {
  bool is_new;
  uint64_t *index = map_put(&log->by_producer, producer, &is_new);
  if (is_new) {
    *index = log->producer_count;
    GROW(log->producers, log->producer_capacity, log->producer_count + 1);
    log->producers[log->producer_count++] = (struct producer_memory){.producer = producer};
  }
  return &log->producers[*index];
}

enum kafka_error log_check(const struct partition_log *log, const struct batch *batch, uint32_t count,
                           bool *out_duplicate) {
  *out_duplicate = false;
  if (batch->producer == NO_PRODUCER) return KAFKA_OK;
  const struct producer_memory *memory = memory_of(log, batch->producer);
  if (!memory) return KAFKA_OK;
  int32_t last = batch->sequence + (int32_t)count - 1;
  if (memory->epoch == batch->epoch && !MUTANT(KAFKA_NO_DEDUPLICATION))
    for (uint32_t i = 0; i < memory->count; i++)
      if (memory->batches[i].first == batch->sequence && memory->batches[i].last == last)
        return *out_duplicate = true, KAFKA_OK;
  if (batch->epoch < memory->epoch) return KAFKA_INVALID_PRODUCER_EPOCH;
  if (batch->epoch > memory->epoch || memory->count == 0)
    return batch->sequence == 0 ? KAFKA_OK : KAFKA_OUT_OF_ORDER_SEQUENCE;
  if (MUTANT(KAFKA_NO_DEDUPLICATION)) return KAFKA_OK;
  return batch->sequence == memory->batches[memory->newest].last + 1 ? KAFKA_OK
                                                                    : KAFKA_OUT_OF_ORDER_SEQUENCE;
}

static void remember_batch(struct partition_log *log, const struct batch *batch, uint32_t count) {
  struct producer_memory *memory = remember(log, batch->producer);
  if (memory->epoch != batch->epoch) memory->count = 0;
  memory->epoch = batch->epoch;
  memory->newest = memory->count == 0 ? 0 : (uint8_t)((memory->newest + 1) % BATCHES_REMEMBERED);
  if (memory->count < BATCHES_REMEMBERED) memory->count++;
  memory->batches[memory->newest] = (struct batch_memory){
      .first = batch->sequence, .last = batch->sequence + (int32_t)count - 1, .offset = log->end};
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

/* The marker of the producer's transaction stands at the end of the log. */
static void end_transaction(struct partition_log *log, uint32_t producer, bool commit) {
  struct open_transaction *open = open_of(log, producer);
  if (!open) return;
  for (uint64_t offset = open->first; !commit && offset < log->end; offset++) {
    struct log_entry *entry = log_at(log, offset);
    if (entry->producer == producer && (entry->flags & ENTRY_TRANSACTIONAL))
      entry->flags |= ENTRY_ABORTED;
  }
  if (log->replicated)
    open->last = log->end;
  else
    *open = log->open[--log->open_count];
}

static void make_room(struct partition_log *log, uint64_t count) {
  if (log->end + count - log->start > log->capacity) enlarge(log, log->end + count - log->start);
}

void log_write_back(struct partition_log *log, int64_t now_ns, int64_t flush_ns) {
  if (!log_flush_due(log, now_ns, flush_ns)) return;
  log->synced = log->checkpoint;
  log->checkpoint = log->end;
  log->checkpoint_at = now_ns;
}

uint64_t log_append(struct partition_log *log, const struct batch *batch,
                    const struct record *records, uint32_t count, int64_t now_ns,
                    int64_t flush_ns) {
  log_write_back(log, now_ns, flush_ns);
  uint64_t first = log->end;
  make_room(log, count);
  if (batch->producer != NO_PRODUCER) remember_batch(log, batch, count);
  if (batch->transactional) begin_transaction(log, batch->producer, batch->epoch);
  uint16_t flags = ENTRY_DATA | (batch->transactional ? ENTRY_TRANSACTIONAL : 0);
  for (uint32_t i = 0; i < count; i++)
    *log_at(log, log->end++) = (struct log_entry){
        .intent = records[i].intent, .key = records[i].key, .size = records[i].size,
        .producer = batch->producer, .epoch = batch->epoch,
        .flags = (uint16_t)(flags | (i == 0 ? ENTRY_FIRST : 0)),
        .sequence = batch->sequence + (int32_t)i};
  return first;
}

static void note_marker(struct partition_log *log, struct producer_memory *memory, uint16_t epoch) {
  memory->epoch = memory->marked_epoch = epoch;
  memory->marked = log->end;
  memory->count = 0;
}

bool log_marker(struct partition_log *log, uint32_t producer, uint16_t epoch, bool commit) {
  struct producer_memory *memory = remember(log, producer);
  if (epoch <= memory->epoch) return false;
  note_marker(log, memory, epoch);
  end_transaction(log, producer, commit);
  make_room(log, 1);
  uint16_t flags = ENTRY_MARKER | ENTRY_FIRST | (commit ? 0 : ENTRY_ABORTED);
  *log_at(log, log->end++) =
      (struct log_entry){.producer = producer, .epoch = epoch, .flags = flags};
  return true;
}

/* A record of a batch that is there in part: the batch is one longer now. */
static void extend_batch(struct partition_log *log, const struct log_entry *entry) {
  struct producer_memory *memory = memory_of(log, entry->producer);
  if (!memory || memory->count == 0 || memory->epoch != entry->epoch) return;
  struct batch_memory *newest = &memory->batches[memory->newest];
  if (newest->last < entry->sequence) newest->last = entry->sequence;
}

static void absorb_marker(struct partition_log *log, const struct log_entry *entry) {
  note_marker(log, remember(log, entry->producer), entry->epoch);
  end_transaction(log, entry->producer, !(entry->flags & ENTRY_ABORTED));
}

void log_absorb(struct partition_log *log, const struct log_entry *entry) {
  const struct log_entry copy = *entry; /* it may stand in the ring */
  bool remembered = copy.producer != NO_PRODUCER && !MUTANT(KAFKA_FOLLOWERS_FORGET_PRODUCERS);
  make_room(log, 1);
  if (copy.flags & ENTRY_MARKER) {
    absorb_marker(log, &copy);
  } else if (remembered) {
    struct batch batch = {.producer = copy.producer, .epoch = copy.epoch, .sequence = copy.sequence};
    if (copy.flags & ENTRY_FIRST)
      remember_batch(log, &batch, 1);
    else
      extend_batch(log, &copy);
  }
  if (copy.flags & ENTRY_TRANSACTIONAL) begin_transaction(log, copy.producer, copy.epoch);
  *log_at(log, log->end++) = copy;
}

uint64_t log_stable(const struct partition_log *log) {
  uint64_t stable = log_committed(log);
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
  if (log->replicated) { /* of a batch that is torn, recovery keeps nothing */
    while (end > log->synced && !(log_at(log, end)->flags & ENTRY_FIRST)) end--;
    uint64_t cut = log->end - end;
    log_truncate(log, end);
    return cut;
  }
  uint64_t lost = log->end - end;
  log->end = end;
  if (log->checkpoint > end) log->checkpoint = end;
  if (log->view > end) log->view = end;
  for (size_t i = log->open_count; i-- > 0;)
    if (log->open[i].first >= end) log->open[i] = log->open[--log->open_count];
  /* The producers' last batches are known again from the log that is left: those that are gone are
   * forgotten, so that a retry of them is appended. */
  for (size_t i = 0; i < log->producer_count; i++) {
    struct producer_memory *memory = &log->producers[i];
    while (memory->count > 0 && memory->batches[memory->newest].offset >= end) {
      memory->newest = (uint8_t)((memory->newest + BATCHES_REMEMBERED - 1) % BATCHES_REMEMBERED);
      memory->count--;
    }
  }
  return lost;
}
