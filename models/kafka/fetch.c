/* What consumers read of a broker: what there is, at once, or when there is something; and where a log begins and
 * ends. */
#include "models/kafka/coordinator.h"
#include "models/mutants.h"
#include "sim/base/likely.h"

/* How far consumers may read. */
static uint64_t readable(const struct partition_log *log) {
  return MUTANT(KAFKA_READ_ABOVE_HIGH_WATERMARK) ? log->end : log_committed(log);
}

/* What there is for a fetch, found in one pass: most of its partitions have nothing new. */
struct found {
  bool out_of_range; /* the log has not every position that it names */
  uint32_t first;    /* of its partitions with something new */
  uint32_t count;    /* of records, at most as many as it asks for */
};

static bool has_position(const struct partition_log *log, const struct record *from) {
  return from->handle >= log->start && log_shared(log, from->number, from->handle) == from->handle;
}

static __attribute__((noinline)) bool has_positions(const struct node *node, const struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++)
    if (!has_position(&broker_disk(node)->input[fetch->records[i].key], &fetch->records[i])) return false;
  return true;
}

static inline __attribute__((always_inline)) struct found look(const struct node *node, const struct message *fetch) {
  const struct partition_log *input = broker_disk(node)->input;
  const uint64_t most = (uint64_t)fetch->a;
  struct found found = {.first = fetch->record_count};
  uint64_t count = 0;
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    const struct record *from = &fetch->records[i];
    const struct partition_log *log = &input[from->key];
    const uint64_t end = readable(log);
    found.out_of_range |= from->handle < log->start || from->handle > log->end;
    if (end <= from->handle) continue;
    if (count == 0) found.first = i;
    count += end - from->handle;
  }
  found.count = (uint32_t)(count < most ? count : most);
  return found;
}

static __attribute__((noinline)) void name_epochs(const struct node *node, struct message *answer) {
  answer->d = true;
  for (uint32_t i = 0; i < answer->record_count; i++) {
    struct record *record = &answer->records[i];
    record->number = log_epoch_at(&broker_disk(node)->input[record->extra], record->handle);
  }
}

/* Fills the records of an answer, which there are, from a partition of the fetch on; returns their bytes. */
static uint32_t gather(const struct node *node, const struct message *fetch, uint32_t first, uint32_t count,
                       struct record *out) {
  const struct record *out_end = out + count;
  uint32_t bytes = 0;
  for (const struct record *from = fetch->records + first; out < out_end; from++) {
    const struct partition_log *log = &broker_disk(node)->input[from->key];
    const uint64_t end = readable(log);
    for (uint64_t at = from->handle; at < end && out < out_end; at++) {
      const struct log_entry *entry = log_at(log, at);
      *out++ = (struct record){.intent = entry->intent, .handle = at, .key = entry->key,
                               .size = entry->size, .extra = from->key, .attempt = entry->attempt};
      bytes += entry->size;
    }
  }
  return bytes;
}

/* With so many records, at least one, from a partition of the fetch on. */
static void answer_fetch(struct world *world, struct node *node, const struct message *fetch, uint32_t first,
                         uint32_t count) {
  struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
  answer->size = gather(node, fetch, first, count, message_records(&world->messages, answer, count));
  if (UNLIKELY(broker_of(node)->logs_shrink)) name_epochs(node, answer);
  world_send(world, node, answer);
}

/* A position that the log does not have any more, or not yet again, or where it has other records before by now: the
 * consumer is told the nearest. */
static void answer_out_of_range(struct world *world, struct node *node, const struct message *fetch) {
  const struct partition_log *input = broker_disk(node)->input;
  const struct record *from = fetch->records;
  while (has_position(&input[from->key], from)) from++;
  const struct partition_log *log = &input[from->key];
  const uint64_t shared = log_shared(log, from->number, from->handle);
  const uint64_t nearest = shared > log->start ? shared : log->start;
  struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
  answer->a = (int64_t)from->key + 1;
  answer->b = (int64_t)nearest;
  answer->d = nearest > 0 ? log_epoch_at(log, nearest - 1) : 0;
  world_send(world, node, answer);
}

/* A partition that this broker does not lead: the consumer has to find who does. */
static bool answer_not_leader(struct world *world, struct node *node, const struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    if (broker_leads(node, fetch->records[i].key)) continue;
    struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
    answer->c = KAFKA_NOT_LEADER;
    world_send(world, node, answer);
    return true;
  }
  return false;
}

static void unpark(struct world *world, struct parked *parked) { /* there is a fetch */
  world_release(world, parked->fetch);
  parked->fetch = NULL;
  parked->serial++;
}

/* The i-th that waits for a partition. */
static inline struct waiting *waiting_at(const struct world *world, const struct broker *broker, uint32_t partition,
                                         uint32_t i) {
  return &broker->waiting[(size_t)i * world->plan->partitions + partition];
}

/* Parks a fetch: it waits for each of its partitions. */
static void park(struct world *world, struct broker *broker, struct message *fetch, uint16_t consumer) {
  const struct waiting one = {consumer, broker->parked[consumer].serial};
  world_take(fetch);
  broker->parked[consumer].fetch = fetch;
  for (uint32_t n = 0; n < fetch->record_count; n++) {
    const uint32_t partition = fetch->records[n].key, count = broker->waiting_count[partition];
    uint32_t i = 0;
    while (i < count && waiting_at(world, broker, partition, i)->consumer != consumer) i++;
    if (i == count) broker->waiting_count[partition] = count + 1;
    *waiting_at(world, broker, partition, i) = one;
  }
}

/* Whether a new leader may say where its log ends: not before its high watermark has come to where its epoch began,
 * as its predecessor's may have been there, and what is told has to rise (KIP-207). */
static bool end_is_known(const struct partition_log *log) {
  return !log->replicated || log->epoch_count == 0 || log->high_watermark >= log->epochs[log->epoch_count - 1].offset;
}

static enum kafka_error list_error(const struct node *node, uint32_t partition, bool latest) {
  if (!broker_leads(node, partition)) return KAFKA_NOT_LEADER;
  return latest && !end_is_known(&broker_disk(node)->input[partition]) ? KAFKA_OFFSET_NOT_AVAILABLE : KAFKA_OK;
}

void fetch_on_list_offsets(struct world *world, struct node *node, struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_LISTED);
  struct record *records = message_records(&world->messages, answer, request->record_count);
  struct group *group = group_of(world, &world->nodes[kafka_coordinator(world)], request->from);
  for (uint32_t i = 0; i < request->record_count; i++) {
    const uint32_t partition = request->records[i].key;
    const struct partition_log *log = &broker_disk(node)->input[partition];
    const enum kafka_error error = list_error(node, partition, request->a);
    if (error != KAFKA_OK && answer->b != KAFKA_NOT_LEADER) answer->b = error;
    records[i] = (struct record){.key = partition,
                                 .handle = request->a ? log_committed(log) : log->start,
                                 .number = log_epoch_at(log, request->a ? log->end : log->start)};
  }
  for (uint32_t i = 0; request->a && answer->b == KAFKA_OK && i < request->record_count; i++)
    group_skip(world, group, &records[i]);
  world_send(world, node, answer);
}

void fetch_on_request(struct world *world, struct node *node, struct message *fetch) {
  struct broker *broker = broker_of(node);
  uint16_t consumer = (uint16_t)(fetch->from - world->first[ROLE_CONSUMER]);
  /* A consumer has one fetch at a broker: this one. */
  if (UNLIKELY(broker->parked[consumer].fetch != NULL)) unpark(world, &broker->parked[consumer]);
  if (UNLIKELY(broker->replication != NULL) && answer_not_leader(world, node, fetch)) return;
  const struct found found = look(node, fetch);
  if (UNLIKELY(found.out_of_range || (broker->logs_shrink && !has_positions(node, fetch))))
    return answer_out_of_range(world, node, fetch);
  if (UNLIKELY(broker->logs_shrink)) books_passed(world, node, fetch);
  if (found.count > 0)
    answer_fetch(world, node, fetch, found.first, found.count);
  else
    park(world, broker, fetch, consumer);
}

void fetch_wake(struct world *world, struct node *node, uint32_t partition) {
  struct broker *broker = broker_of(node);
  uint32_t count = broker->waiting_count[partition], left = 0;
  broker->waiting_count[partition] = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct waiting one = *waiting_at(world, broker, partition, i);
    struct parked *parked = &broker->parked[one.consumer];
    if (!parked->fetch || parked->serial != one.serial) continue;
    const struct found found = look(node, parked->fetch);
    if (UNLIKELY(found.count == 0)) { /* it has read on at the leader before: the watermark has not come to there yet */
      *waiting_at(world, broker, partition, left++) = one;
      continue;
    }
    answer_fetch(world, node, parked->fetch, found.first, found.count);
    unpark(world, parked);
  }
  broker->waiting_count[partition] = left;
}

/* --- Parked ones that wait in vain --- */

void fetch_resign(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    if (broker->parked[i].fetch && answer_not_leader(world, node, broker->parked[i].fetch))
      unpark(world, &broker->parked[i]);
}

void fetch_drop_parked(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    if (broker->parked[i].fetch) unpark(world, &broker->parked[i]);
}
