/* What a partition knows of the producers that write to it: deduplication and fencing.
 *
 * For each producer id the epoch, and the last five batches with their sequences (Kafka 4.0
 * ProducerStateEntry, ProducerAppendInfo, ProducerStateManager). A client's batch is decided in this
 * order:
 *
 *   1. the same epoch, and exactly one of the five    a duplicate: nothing is appended, success
 *   2. an older epoch                                 INVALID_PRODUCER_EPOCH
 *   3. a newer epoch                                  must begin at sequence 0, else OUT_OF_ORDER_SEQUENCE
 *   4. the same epoch                                 must follow the last, else OUT_OF_ORDER_SEQUENCE;
 *                                                     after 2^31 - 1 comes 0
 *   5. nothing is known of the producer               any sequence is taken as new
 *
 * So a gap and a batch older than the five look the same, and a batch that was cut otherwise than before
 * is no duplicate. What a coordinator writes is checked by epoch only (producer_state_marker).
 *
 * Durable with the log it stands beside. A snapshot, taken when a segment is full and at a clean shutdown,
 * keeps only the last batch of each producer; after a restart the state is the snapshot and what the log
 * has had since: a retry of an older batch that was in flight is then OUT_OF_ORDER_SEQUENCE, not a
 * duplicate.
 *
 * A producer is forgotten producer.id.expiration.ms after its last batch or marker, at the next of the
 * sweeps that come every producer.id.expiration.check.interval.ms, but not while its transaction is open.
 * Nothing runs for that: whoever asks sees whether a sweep has been.
 *
 * [I1] At most five batches of a producer are remembered, all of its epoch, in the order of the log.
 * [I2] An epoch never goes back but by forgetting the producer.
 * A replica whose log is cut reads it again (log_replica.c): of what it does not hold any more stands what
 * was known before, of which the last marker outlives the batches.
 * LIMIT: retention removes nothing, so no state is lost with the last batch of a producer. Of a single copy,
 * after a power loss that took all five remembered batches of a producer it is unknown, though the log may
 * hold older ones; and what a sweep had forgotten is not read again from the log after a restart.
 */
#ifndef MODELS_KAFKA_PRODUCER_STATE_H
#define MODELS_KAFKA_PRODUCER_STATE_H

#include "models/kafka/error.h"
#include "sim/base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCHES_REMEMBERED 5 /* ProducerStateEntry.NUM_BATCHES_TO_RETAIN */
#define NO_PRODUCER 0        /* producer ids start at 1 */

/* A batch as a producer sends it. */
struct batch {
  uint32_t producer; /* NO_PRODUCER: not idempotent */
  uint16_t epoch;
  int32_t sequence; /* of its first record */
  bool transactional;
};

struct batch_memory {
  int32_t first, last; /* sequences */
  uint64_t offset;     /* of the first */
};
struct producer_memory {
  uint32_t producer;
  uint16_t epoch;
  uint8_t count, newest;      /* of batches */
  bool known;                 /* false: forgotten, its place is kept */
  uint32_t coordinator_epoch; /* of the last marker */
  int64_t last_ns;       /* its last batch or marker */
  uint16_t marked_epoch; /* of its last marker */
  uint64_t marked_end;   /* behind that; 0 = none */
  struct batch_memory batches[BATCHES_REMEMBERED];
};
struct producer_states {
  struct map by_producer; /* producer id -> index of its memory */
  struct producer_memory *items;
  size_t count, capacity;
  size_t recent; /* whom was asked about last: a batch is decided, then appended */
  uint64_t snapshot; /* offset: what is before it is known by the snapshot only, after a restart */
  int64_t sweeps_from_ns; /* the broker's start */
};

/* Expiry as it stands in the settings. */
struct producer_expiration {
  int64_t after_ns, every_ns;
};

void producer_states_reset(struct producer_states *states);
void producer_states_free(struct producer_states *states);

/* Sequence `count` further on: 0 follows 2^31 - 1 (DefaultRecordBatch.incrementSequence). */
int32_t producer_sequence_add(int32_t sequence, uint32_t count);

/* Decides a batch of `count` records by the rules above. KAFKA_OK and *out_duplicate: it is there
 * already. `open`: a transaction of the producer is open in this partition. Nothing but what a sweep
 * has forgotten by now is changed. */
enum kafka_error producer_state_check(struct producer_states *states, const struct batch *batch,
                                      uint32_t count, bool open, int64_t now_ns,
                                      struct producer_expiration expiration, bool *out_duplicate);
/* Notes a batch that was appended at `offset`, by a client or by replication. Of a producer without an id there is
 * nothing to note. */
void producer_state_append_known(struct producer_states *states, const struct batch *batch, uint32_t count,
                                 uint64_t offset, int64_t now_ns);
static inline void producer_state_append(struct producer_states *states, const struct batch *batch, uint32_t count,
                                         uint64_t offset, int64_t now_ns) {
  if (batch->producer != NO_PRODUCER) producer_state_append_known(states, batch, count, offset, now_ns);
}
/* A replicated record that is not the first of its batch: the newest batch is one longer. */
void producer_state_extend(struct producer_states *states, const struct batch *batch);
/* Of what is replayed, when it came is known already. */
#define PRODUCER_TIME_STANDS INT64_MIN

/* Whether a coordinator's marker may be written; notes its epoch if so. `strict`: its epoch must be
 * above the producer's (transaction version 2), else it may be the same. An older coordinator is
 * TRANSACTION_COORDINATOR_FENCED. */
enum kafka_error producer_state_marker(struct producer_states *states, const struct batch *producer,
                                       uint32_t coordinator_epoch, bool strict, int64_t now_ns);
/* Notes that a marker stands at `offset`, written here or replicated: a follower does not decide. */
void producer_state_marked(struct producer_states *states, const struct batch *producer,
                           uint32_t coordinator_epoch, uint64_t offset, int64_t now_ns);

/* A snapshot covers what is before `offset`. */
void producer_states_snapshot(struct producer_states *states, uint64_t offset);
/* The broker is up again: what is left is the snapshot and what came after it. */
void producer_states_restart(struct producer_states *states, int64_t now_ns);
/* Before the records from `offset` on are replayed: what they have said is forgotten. */
void producer_states_forget_from(struct producer_states *states, uint64_t offset);
/* The log was cut at `end` and replayed: what is left is the snapshot and what came after it. */
void producer_states_reload(struct producer_states *states, uint64_t end);
/* The log was cut: it ends at `end`. */
void producer_states_truncate(struct producer_states *states, uint64_t end);

#endif
