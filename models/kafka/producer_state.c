#include "models/kafka/producer_state.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

void producer_states_reset(struct producer_states *states) {
  map_clear(&states->by_producer);
  states->count = states->recent = 0;
  states->snapshot = 0;
  states->sweeps_from_ns = 0;
}

void producer_states_free(struct producer_states *states) {
  free(states->items);
  map_deinit(&states->by_producer);
}

int32_t producer_sequence_add(int32_t sequence, uint32_t count) {
  return (int32_t)(((uint32_t)sequence + count) & INT32_MAX);
}

/* The place of a producer, known or forgotten; NULL = it has none. */
static struct producer_memory *find(struct producer_states *states, uint32_t producer) {
  if (states->recent < states->count && states->items[states->recent].producer == producer)
    return &states->items[states->recent];
  const uint64_t *index = map_get(&states->by_producer, producer);
  if (!index) return NULL;
  states->recent = *index;
  return &states->items[*index];
}

/* The last sweep so far came so late that it has forgotten the producer. */
static bool swept(const struct producer_states *states, const struct producer_memory *memory,
                  int64_t now_ns, struct producer_expiration expiration) {
  if (now_ns - memory->last_ns < expiration.after_ns) return false;
  int64_t up = now_ns - states->sweeps_from_ns;
  int64_t last_sweep = states->sweeps_from_ns + up / expiration.every_ns * expiration.every_ns;
  return last_sweep - memory->last_ns >= expiration.after_ns;
}

/* What is known of a producer, or NULL. */
static const struct producer_memory *look(struct producer_states *states, uint32_t producer,
                                          bool open, int64_t now_ns,
                                          struct producer_expiration expiration) {
  struct producer_memory *memory = find(states, producer);
  if (!memory || !memory->known) return NULL;
  if (!open && swept(states, memory, now_ns, expiration)) memory->known = false;
  return memory->known ? memory : NULL;
}

static bool remembered(const struct producer_memory *memory, int32_t first, int32_t last) {
  if (MUTANT(KAFKA_NO_DEDUPLICATION)) return false;
  for (uint32_t i = 0; i < memory->count; i++)
    if (memory->batches[i].first == first && memory->batches[i].last == last) return true;
  return false;
}

enum kafka_error producer_state_check(struct producer_states *states, const struct batch *batch,
                                      uint32_t count, bool open, int64_t now_ns,
                                      struct producer_expiration expiration, bool *out_duplicate) {
  *out_duplicate = false;
  if (batch->producer == NO_PRODUCER) return KAFKA_OK;
  const struct producer_memory *memory = look(states, batch->producer, open, now_ns, expiration);
  if (!memory) return KAFKA_OK;
  int32_t last = producer_sequence_add(batch->sequence, count - 1);
  if (batch->epoch == memory->epoch && remembered(memory, batch->sequence, last))
    return *out_duplicate = true, KAFKA_OK;
  if (batch->epoch < memory->epoch && !MUTANT(KAFKA_NO_EPOCH_FENCING))
    return KAFKA_INVALID_PRODUCER_EPOCH;
  if (MUTANT(KAFKA_NO_SEQUENCE_CHECK) || MUTANT(KAFKA_NO_DEDUPLICATION)) return KAFKA_OK;
  bool fresh = batch->epoch != memory->epoch || memory->count == 0;
  int32_t next = fresh ? 0 : producer_sequence_add(memory->batches[memory->newest].last, 1);
  return batch->sequence == next ? KAFKA_OK : KAFKA_OUT_OF_ORDER_SEQUENCE;
}

static struct producer_memory *remember(struct producer_states *states, uint32_t producer) {
  struct producer_memory *memory = find(states, producer);
  if (!memory) {
    *map_put(&states->by_producer, producer, NULL) = states->recent = states->count;
    GROW(states->items, states->capacity, states->count + 1);
    memory = &states->items[states->count++];
    *memory = (struct producer_memory){.producer = producer};
  }
  if (!memory->known)
    *memory = (struct producer_memory){.producer = producer, .known = true, .last_ns = memory->last_ns};
  return memory;
}

/* A newer epoch begins without batches. */
static void enter_epoch(struct producer_memory *memory, uint16_t epoch) {
  if (memory->epoch == epoch) return;
  memory->epoch = epoch;
  memory->count = 0;
}

static void note_time(struct producer_memory *memory, int64_t now_ns) {
  if (now_ns != PRODUCER_TIME_STANDS) memory->last_ns = now_ns;
}

void producer_state_append_known(struct producer_states *states, const struct batch *batch,
                                 uint32_t count, uint64_t offset, int64_t now_ns) {
  struct producer_memory *memory = remember(states, batch->producer);
  enter_epoch(memory, batch->epoch);
  if (memory->count > 0) ASSERT_LT(memory->batches[memory->newest].offset, offset); /* [I1] */
  memory->newest = memory->count == 0 ? 0 : (uint8_t)((memory->newest + 1) % BATCHES_REMEMBERED);
  if (memory->count < BATCHES_REMEMBERED) memory->count++;
  memory->batches[memory->newest] =
      (struct batch_memory){.first = batch->sequence,
                            .last = producer_sequence_add(batch->sequence, count - 1),
                            .offset = offset};
  note_time(memory, now_ns);
}

void producer_state_extend(struct producer_states *states, const struct batch *batch) {
  struct producer_memory *memory = find(states, batch->producer);
  if (!memory || !memory->known || memory->count == 0 || memory->epoch != batch->epoch) return;
  struct batch_memory *newest = &memory->batches[memory->newest];
  if (producer_sequence_add(newest->last, 1) == batch->sequence) newest->last = batch->sequence;
}

static struct producer_memory *note_marker(struct producer_states *states,
                                           const struct batch *producer, uint32_t coordinator_epoch,
                                           int64_t now_ns) {
  struct producer_memory *memory = remember(states, producer->producer);
  if (!MUTANT(KAFKA_MARKER_WITHOUT_EPOCH)) enter_epoch(memory, producer->epoch);
  memory->coordinator_epoch = coordinator_epoch;
  note_time(memory, now_ns);
  return memory;
}

enum kafka_error producer_state_marker(struct producer_states *states, const struct batch *producer,
                                       uint32_t coordinator_epoch, bool strict, int64_t now_ns) {
  const struct producer_memory *known = find(states, producer->producer);
  if (known && known->known) {
    if (coordinator_epoch < known->coordinator_epoch && !MUTANT(KAFKA_OLD_COORDINATOR_MARKS))
      return KAFKA_TRANSACTION_COORDINATOR_FENCED;
    if (producer->epoch < known->epoch) return KAFKA_INVALID_PRODUCER_EPOCH;
    if (strict && producer->epoch == known->epoch) return KAFKA_INVALID_PRODUCER_EPOCH;
  }
  note_marker(states, producer, coordinator_epoch, now_ns);
  return KAFKA_OK;
}

void producer_state_marked(struct producer_states *states, const struct batch *producer,
                           uint32_t coordinator_epoch, uint64_t offset, int64_t now_ns) {
  struct producer_memory *memory = note_marker(states, producer, coordinator_epoch, now_ns);
  memory->marked_epoch = producer->epoch;
  memory->marked_end = offset + 1;
}

void producer_states_snapshot(struct producer_states *states, uint64_t offset) {
  states->snapshot = offset;
}

/* How many of the batches, counted from the newest, begin at or behind an offset. */
static uint32_t batches_from(const struct producer_memory *memory, uint64_t offset) {
  uint32_t count = 0;
  while (count < memory->count) {
    uint32_t at = (memory->newest + BATCHES_REMEMBERED - count) % BATCHES_REMEMBERED;
    if (memory->batches[at].offset < offset) break;
    count++;
  }
  return count;
}

/* Keeps the newest `count` of the batches, laid out from place 0. */
static void keep_newest(struct producer_memory *memory, uint32_t count) {
  struct batch_memory kept[BATCHES_REMEMBERED];
  for (uint32_t i = 0; i < count; i++)
    kept[count - 1 - i] =
        memory->batches[(memory->newest + BATCHES_REMEMBERED - i) % BATCHES_REMEMBERED];
  for (uint32_t i = 0; i < count; i++) memory->batches[i] = kept[i];
  memory->count = (uint8_t)count;
  memory->newest = (uint8_t)(count > 0 ? count - 1 : 0);
}

static void load_snapshot(struct producer_states *states) {
  for (size_t i = 0; i < states->count; i++) {
    struct producer_memory *memory = &states->items[i];
    uint32_t after = batches_from(memory, states->snapshot);
    if (after < memory->count)
      keep_newest(memory, after + 1); /* and the last one of the snapshot */
  }
}

void producer_states_restart(struct producer_states *states, int64_t now_ns) {
  states->sweeps_from_ns = now_ns;
  load_snapshot(states);
}

void producer_states_reload(struct producer_states *states, uint64_t end) {
  if (states->snapshot > end) states->snapshot = end;
  load_snapshot(states);
}

static void drop_newest(struct producer_memory *memory, uint32_t count) {
  memory->newest = (uint8_t)((memory->newest + BATCHES_REMEMBERED - count) % BATCHES_REMEMBERED);
  keep_newest(memory, memory->count - count);
}

/* What is left of a producer without batches is its last marker, if that is older. */
static void forget_from(struct producer_memory *memory, uint64_t offset) {
  bool marked = memory->marked_end > 0 && memory->marked_end <= offset;
  uint32_t gone = batches_from(memory, offset);
  if (gone > 0) drop_newest(memory, gone);
  if (memory->count > 0) return;
  if (marked)
    memory->epoch = memory->marked_epoch;
  else
    memory->known = false;
}

void producer_states_forget_from(struct producer_states *states, uint64_t offset) {
  for (size_t i = 0; i < states->count; i++)
    if (states->items[i].known) forget_from(&states->items[i], offset);
}

void producer_states_truncate(struct producer_states *states, uint64_t end) {
  if (states->snapshot > end) states->snapshot = end;
  for (size_t i = 0; i < states->count; i++) {
    struct producer_memory *memory = &states->items[i];
    uint32_t gone = batches_from(memory, end);
    if (gone == 0) continue;
    drop_newest(memory, gone);
    if (memory->count == 0) memory->known = false;
  }
}
