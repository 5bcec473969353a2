/* The consumer's poll loop: fetches, hands records to handlers. */
#include "models/kafka/consumer.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"

/* --- What is fetched --- */

static void take_from_buffered(struct consumer *consumer, uint32_t place) {
  const uint16_t broker = consumer->buffer[place].flags;
  if (--consumer->leads[broker].buffered == 0) poll_may_fetch(consumer, broker);
}

static void forget_fetches(struct world *world, struct consumer *consumer) {
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    client_forget(world, &consumer->client, SLOT_FETCH + b);
  consumer->leaders_stale = true;
}

void poll_drop(struct world *world, struct node *node, uint32_t keep) {
  struct consumer *consumer = consumer_of(node);
  for (; consumer->buffer_count > keep; consumer->buffer_count--) {
    uint32_t last = consumer->buffer_count - 1;
    if (last >= consumer->batch)
      take_from_buffered(consumer, consumer_place(consumer, last));
    world_unhold(world, node);
  }
  if (consumer->batch > keep) consumer->batch = keep;
  forget_fetches(world, consumer);
}

void poll_drop_unassigned(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  uint32_t left = consumer->batch;
  for (uint32_t i = left; i < consumer->buffer_count; i++) {
    uint32_t place = consumer_place(consumer, i);
    if (consumer->parts[consumer->buffer[place].extra].mine) {
      consumer->buffer[consumer_place(consumer, left++)] = consumer->buffer[place];
      continue;
    }
    take_from_buffered(consumer, place);
    world_unhold(world, node);
  }
  consumer->buffer_count = left;
  forget_fetches(world, consumer);
}

/* Sorts what can be fetched by who leads it, as far as the consumer knows. */
static __attribute__((noinline)) void note_leaders(const struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  const uint32_t brokers = world->count[ROLE_BROKER];
  struct leader *leads = consumer->leads;
  uint32_t begin = 0;
  if (consumer->assigned_count > consumer->by_leader_room) {
    consumer->by_leader_room = world->plan->partitions;
    consumer->by_leader = ARENA_FAR(&node->arena, struct leader_part, consumer->by_leader_room);
  }
  for (uint32_t b = 0; b < brokers; b++) leads[b].end = 0;
  for (uint32_t i = 0; i < consumer->assigned_count; i++)
    if (consumer->parts[consumer->assigned[i]].positioned)
      leads[client_broker(world, &consumer->client, consumer->assigned[i])].end++;
  for (uint32_t b = 0; b < brokers; b++) {
    const uint32_t count = leads[b].end;
    leads[b].end = begin;
    begin += count;
    if (count > 0) poll_may_fetch(consumer, b);
  }
  for (uint32_t i = 0; i < consumer->assigned_count; i++)
    if (consumer->parts[consumer->assigned[i]].positioned)
      consumer->by_leader[leads[client_broker(world, &consumer->client, consumer->assigned[i])].end++] =
          (struct leader_part){.partition = consumer->assigned[i], .place = i};
  consumer->leaders_stale = false;
}

/* Each position with the leader epoch of the record before it. */
static __attribute__((noinline)) void name_epochs(const struct consumer *consumer, struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++)
    fetch->records[i].number = consumer->epochs[fetch->records[i].key];
}

/* The partitions of one leader, beginning with those whose turn it is. */
static void send_fetch(struct world *world, struct node *node, uint32_t broker, const struct leader_part *leads,
                       uint32_t count) {
  struct consumer *consumer = consumer_of(node);
  struct message *message =
      client_request(world, node, (uint16_t)(world->first[ROLE_BROKER] + broker), WIRE_FETCH);
  struct record *records = message_records(&world->messages, message, count);
  consumer->rotation = consumer->rotation + 1 < consumer->assigned_count ? consumer->rotation + 1 : 0;
  uint32_t turn = 0;
  while (turn < count && leads[turn].place < consumer->rotation) turn++;
  for (uint32_t i = 0; i < count; i++, turn++) {
    const uint32_t partition = leads[turn < count ? turn : turn - count].partition;
    const struct consumer_part *part = &consumer->parts[partition];
    const uint64_t ahead = part->fetched > part->committed ? part->fetched - part->committed : 0;
    records[i] = (struct record){.key = partition, .handle = part->fetched, .extra = (uint32_t)ahead};
  }
  if (UNLIKELY(consumer->logs_shrink)) name_epochs(consumer, message);
  message->a = kafka_setting(world, KEY_MAX_POLL_RECORDS);
  client_send(world, node, &consumer->client, SLOT_FETCH + broker, message);
}

/* Asks each leader that has neither a fetch nor records here that no poll has returned. Out of line, as not every
 * poll fetches. */
static __attribute__((noinline)) void fetch(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  const uint32_t brokers = world->count[ROLE_BROKER];
  if (UNLIKELY(consumer->leaders_stale)) note_leaders(world, node);
  for (uint32_t b = bits_next(consumer->unasked, 0, brokers); b != BITS_NONE && !node->doomed;
       b = bits_next(consumer->unasked, b + 1, brokers)) {
    const uint32_t begin = b > 0 ? consumer->leads[b - 1].end : 0, count = consumer->leads[b].end - begin;
    bits_take(consumer->unasked, b);
    if (LIKELY(count > 0 && !client_waits(&consumer->client, SLOT_FETCH + b) && consumer->leads[b].buffered == 0))
      send_fetch(world, node, b, consumer->by_leader + begin, count);
  }
}

/* What was read is not in the log any more: back to where that has gone on without it. What was committed below stays
 * so, and of what was read above nothing that is committed from now on counts. */
static void go_to(struct consumer *consumer, uint32_t partition, uint64_t offset, uint32_t epoch) {
  struct consumer_part *part = &consumer->parts[partition];
  uint32_t *const read = &consumer->epochs[partition], *const least = &consumer->least_epochs[partition];
  const bool back = offset < part->fetched;
  if (back && *least <= *read) *least = *read + 1;
  if (!back || part->committed > offset) part->committed = offset;
  part->fetched = offset;
  *read = epoch;
}

/* Whatever auto.offset.reset says, as in SubscriptionState.maybeCompleteValidation; with `none` that is a
 * LogTruncationException (KIP-320). LIMIT: a fetch's answer says it; Kafka asks OffsetsForLeaderEpoch first, once a
 * leader has a new epoch. */
static void out_of_range(struct world *world, struct node *node, const struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  uint32_t partition = (uint32_t)answer->a - 1;
  if (kafka_setting(world, KEY_AUTO_OFFSET_RESET) == RESET_NONE) return node_exit(world, node);
  if (consumer->parts[partition].positioned)
    go_to(consumer, partition, (uint64_t)answer->b, (uint32_t)answer->d);
  consumer_pump(world, node);
}

static __attribute__((noinline)) void note_epochs(struct consumer *consumer, const struct message *answer) {
  for (uint32_t i = 0; i < answer->record_count; i++)
    consumer->epochs[answer->records[i].extra] = answer->records[i].number;
}

void poll_on_fetched(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  uint32_t broker = (uint32_t)(answer->from - world->first[ROLE_BROKER]);
  if (!client_answered(world, &consumer->client, SLOT_FETCH + broker, answer)) return;
  poll_may_fetch(consumer, broker);
  if (node->stage == STAGE_STOPPING || node->stage == STAGE_INIT) return;
  if (answer->c != KAFKA_OK) { /* the leader has moved */
    client_refresh(world, node, &consumer->client);
    return consumer_retry_later(world, node, SLOT_FETCH + broker);
  }
  if (answer->a > 0) return out_of_range(world, node, answer);
  const uint32_t count = answer->record_count;
  for (uint32_t i = 0; i < count; i++) {
    const struct record *record = &answer->records[i];
    struct consumer_part *part = &consumer->parts[record->extra];
    ASSERT(part->positioned);
    ASSERT_LT(consumer->buffer_count, consumer->buffer_capacity);
    struct record *last = &consumer->buffer[consumer_place(consumer, consumer->buffer_count++)];
    record_copy(last, record);
    last->flags = (uint16_t)broker; /* whom it came from */
    part->fetched = record->handle + 1;
    world_hold(world, node);
    if (MUTANT(KAFKA_COMMITS_FETCHED)) commit_note(world, node, record);
  }
  if (answer->d) note_epochs(consumer, answer);
  consumer->leads[broker].buffered += count;
  consumer_pump(world, node);
}

/* --- Handlers --- */

struct flight *poll_flight(struct consumer *consumer, uint32_t tag) {
  for (uint32_t i = 0; i < consumer->flight_room; i++)
    if (LIKELY(consumer->flights[i].tag == tag)) return &consumer->flights[i];
  return NULL;
}

void poll_abandon(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  for (uint32_t i = 0; i < consumer->flight_room; i++) {
    if (consumer->flights[i].tag == 0) continue;
    consumer->flights[i].tag = 0;
    world_unhold(world, node);
  }
  consumer->flight_count = 0;
  consumer->batch = 0;
}

static void submit(struct world *world, struct node *node, const struct flight *flight) {
  const struct origin origin = {.partition = flight->record.extra + 1,
                                .offset = flight->record.handle,
                                .fence = consumer_of(node)->generation,
                                .message_id = (uint64_t)flight->record.extra << 40 | (flight->record.handle + 1)};
  host_submit(world, node, &flight->record, &origin, flight->tag);
}

static void work_on_next(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct flight *flight = poll_flight(consumer, 0);
  ASSERT(flight && consumer->batch > 0);
  record_copy(&flight->record, &consumer->buffer[consumer->buffer_head]);
  flight->tag = ++consumer->tag;
  flight->acknowledged = false;
  consumer->flight_count++;
  consumer->buffer_count--;
  consumer->batch--;
  /* An empty ring begins anew: the next record finds its place in the cache. */
  consumer->buffer_head = consumer->buffer_count > 0 ? consumer_place(consumer, 1) : 0;
  consumer->parts[flight->record.extra].handed = flight->record.handle;
  submit(world, node, flight);
}

/* --- What is done --- */

/* Threads finish in any order: the offsets below the first record that one still has are done. [I4] */
static void note_done(struct world *world, struct node *node, const struct record *record) {
  const struct consumer *consumer = consumer_of(node);
  uint64_t end = consumer->parts[record->extra].handed + 1;
  uint32_t epoch = consumer->handed_epochs[record->extra];
  for (uint32_t i = 0; i < consumer->flight_room; i++) {
    const struct flight *flight = &consumer->flights[i];
    const bool open = flight->tag != 0 && !flight->acknowledged && flight->record.extra == record->extra;
    if (open && flight->record.handle < end) end = flight->record.handle, epoch = flight->before;
  }
  if (end <= consumer->parts[record->extra].committed) return;
  struct record last = *record;
  last.handle = end - 1;
  last.number = epoch;
  commit_note(world, node, &last);
}

static bool keeps_account(const struct world *world) {
  return UNLIKELY(consumer_hands_off(world)) && commit_mode(world) == COMMIT_AFTER_PROCESSING;
}

/* Whether an offset is noted when its handler has returned, and not by something else. */
static bool notes_handled(const struct world *world) {
  return commit_mode(world) != COMMIT_BEFORE_PROCESSING && !consumer_hands_off(world) &&
         !MUTANT(KAFKA_AUTO_COMMITS_CURRENT_POLL) && !MUTANT(KAFKA_COMMITS_FETCHED);
}

/* In a transaction the offset goes with the output: there it changes nothing. */
void poll_acknowledge(struct world *world, struct node *node, uint32_t tag) {
  struct flight *flight = poll_flight(consumer_of(node), tag);
  if (!flight || flight->acknowledged || commit_mode(world) == COMMIT_IN_TRANSACTION) return;
  flight->acknowledged = true;
  if (notes_handled(world)) commit_note(world, node, &flight->record);
  if (keeps_account(world)) note_done(world, node, &flight->record);
}

/* A commit of this record's offset: what was handed out of its partition before counts as handled with it, and
 * is not handled again if it fails. In the loop there is no such record. */
void poll_acknowledge_all(struct world *world, struct node *node, uint32_t tag) {
  struct consumer *consumer = consumer_of(node);
  const struct flight *last = poll_flight(consumer, tag);
  if (!last || commit_mode(world) == COMMIT_IN_TRANSACTION) return;
  for (uint32_t i = 0; i < consumer->flight_room; i++) {
    struct flight *flight = &consumer->flights[i];
    const bool before = flight->record.extra == last->record.extra && flight->record.handle < last->record.handle;
    if (flight->tag != 0 && before) flight->acknowledged = true;
  }
  if (last->acknowledged && keeps_account(world)) note_done(world, node, &last->record);
  poll_acknowledge(world, node, tag);
}

static void let_go(struct world *world, struct node *node, struct flight *flight) {
  flight->tag = 0;
  consumer_of(node)->flight_count--;
  world_unhold(world, node);
}

void poll_handled(struct world *world, struct node *node, uint32_t tag, int status) {
  struct consumer *consumer = consumer_of(node);
  struct flight *flight = poll_flight(consumer, tag);
  if (UNLIKELY(!flight)) return consumer_pump(world, node); /* of a generation that is gone */
  bool again = /* else what fails has had its chance */
      commit_mode(world) != COMMIT_BEFORE_PROCESSING && !flight->acknowledged;
  if (UNLIKELY(status != DG_OK && again)) { /* not done: the same record again, after a while */
    struct span wait = span_of(kafka_setting(world, KEY_RETRY_BACKOFF));
    return world_after(world, node, 0, TIMER_RECORD, tag, wait);
  }
  if (LIKELY(again && notes_handled(world))) commit_note(world, node, &flight->record);
  let_go(world, node, flight); /* its record stays readable until the next one is handed out */
  if (UNLIKELY(again && keeps_account(world))) note_done(world, node, &flight->record);
  consumer_pump(world, node);
}

void poll_on_record(struct world *world, struct node *node, uint64_t tag) {
  struct flight *flight = poll_flight(consumer_of(node), (uint32_t)tag);
  if (!flight) return;
  if (flight->acknowledged) { /* meanwhile, with a later one */
    let_go(world, node, flight);
    return consumer_pump(world, node);
  }
  if (host_idle(world, node)) return submit(world, node, flight);
  world_after(world, node, 0, TIMER_RECORD, tag, span_of(kafka_setting(world, KEY_RETRY_BACKOFF)));
}

/* --- The loop --- */

bool poll_is_in(const struct world *world, const struct consumer *consumer) {
  return consumer_hands_off(world) || (consumer->flight_count == 0 && consumer->batch == 0);
}

/* The latest of the batch are as good as processed. */
static __attribute__((noinline)) void note_returned(struct world *world, struct node *node, uint32_t count) {
  const struct consumer *consumer = consumer_of(node);
  for (uint32_t i = consumer->batch - count; i < consumer->batch; i++)
    commit_note(world, node, &consumer->buffer[consumer_place(consumer, i)]);
}

/* A poll returns what was fetched, and there is something. Handed off with auto-commit, it counts as processed from
 * here on. Out of line, as not every poll comes here. */
static __attribute__((noinline)) bool return_records(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  uint32_t most = (uint32_t)kafka_setting(world, KEY_MAX_POLL_RECORDS);
  uint32_t first = consumer->batch, count = consumer->buffer_count - first;
  if (first >= most) return false;
  if (count > most) count = most;
  bool note = (consumer_hands_off(world) && commit_mode(world) == COMMIT_AUTO) ||
              (MUTANT(KAFKA_AUTO_COMMITS_CURRENT_POLL) && commit_mode(world) == COMMIT_AUTO);
  for (uint32_t i = first; i < first + count; i++) take_from_buffered(consumer, consumer_place(consumer, i));
  consumer->batch += count;
  consumer->batch_safe = false;
  if (UNLIKELY(note)) note_returned(world, node, count);
  return true;
}

/* False when the loop has gone as far as it can for now. */
static inline __attribute__((always_inline)) bool poll(struct world *world, struct node *node) {
  struct consumer *const consumer = consumer_of(node);
  consumer->last_poll = world->now.ns;
  if (UNLIKELY(node->stage != STAGE_RUNNING || consumer->lost || consumer->rejoin) && membership_poll(world, node))
    return false;
  bool late = MUTANT(KAFKA_AUTO_COMMITS_CURRENT_POLL);
  const bool automatic = commit_mode(world) == COMMIT_AUTO;
  if (automatic && !late) commit_in_poll(world, node);
  bool returned = !node->doomed && consumer->buffer_count > consumer->batch && return_records(world, node);
  if (automatic && late) commit_in_poll(world, node);
  if (!returned || consumer_hands_off(world)) fetch(world, node);
  return returned && !node->doomed;
}

/* A commit that the loop waits for has thrown: what is left of the batch is nobody's here. */
static bool leave_for_poll(struct world *world, struct node *node) {
  poll_drop(world, node, 0);
  return poll(world, node);
}

/* In the loop. True: go on. */
static bool work_in_loop(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (UNLIKELY(consumer->flight_count > 0 || !host_idle(world, node))) return false;
  if (commit_blocks(world, consumer)) return false;
  if (commit_is_next(world, consumer)) {
    if (consumer->lost) return leave_for_poll(world, node);
    if (consumer_stable(node)) commit_start(world, node);
    return false;
  }
  if (consumer->batch == 0) return poll(world, node);
  if (commit_mode(world) == COMMIT_BEFORE_PROCESSING && !consumer->batch_safe) {
    if (consumer_stable(node)) commit_start(world, node);
    return false;
  }
  work_on_next(world, node);
  return false;
}

/* The next record goes to a thread. */
static void note_handed(struct consumer *consumer) {
  const struct record *record = &consumer->buffer[consumer->buffer_head];
  uint32_t *const handed = &consumer->handed_epochs[record->extra];
  struct flight *flight = poll_flight(consumer, 0);
  ASSERT(flight);
  flight->before = *handed;
  *handed = record->number;
}

static __attribute__((noinline)) bool work_handed_off(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  while (consumer->batch > 0 && consumer->flight_count < consumer->flight_room &&
         host_idle(world, node) && !node->doomed) {
    note_handed(consumer);
    work_on_next(world, node);
  }
  return !node->doomed && poll(world, node);
}

void consumer_pump(struct world *world, struct node *node) {
  bool hands_off = consumer_hands_off(world);
  while (LIKELY(!node->doomed && node->stage != STAGE_INIT) &&
         (UNLIKELY(hands_off) ? work_handed_off(world, node) : work_in_loop(world, node))) {
  }
}
