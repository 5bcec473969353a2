#include "models/kafka/replica.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

static uint32_t own_place(const struct world *world, const struct node *node, uint32_t tp) {
  return replica_place(world, tp, broker_index(world, node));
}

/* --- The in-sync set --- */

static uint32_t members(uint16_t set) { return (uint32_t)__builtin_popcount(set); }

/* The set as it is, or as the controller may have made it meanwhile: [I4]. */
static uint16_t maximal(const struct replica *replica) {
  return replica->state.isr | replica->proposed;
}

static uint32_t least_members(const struct world *world) {
  uint32_t least = (uint32_t)kafka_setting(world, KEY_MIN_INSYNC_REPLICAS);
  if (MUTANT(KAFKA_MIN_ISR_IGNORED)) least = 1;
  return least < replica_count(world) ? least : replica_count(world);
}

bool replica_enough(const struct world *world, const struct node *node, uint32_t tp) {
  return !broker_of(node)->replication ||
         members(replica_of(node, tp)->state.isr) >= least_members(world);
}

bool replica_enough_soon(const struct world *world, const struct node *node, uint32_t tp) {
  return members(maximal(replica_of(node, tp))) >= least_members(world);
}

/* Replica.isCaughtUp */
static bool caught_up(const struct world *world, const struct remote *remote, uint64_t end) {
  if (remote->caught_up_at == INT64_MIN) return false;
  return remote->end == end ||
         world->now.ns - remote->caught_up_at <= kafka_setting(world, KEY_REPLICA_LAG_TIME_MAX);
}

/* Whether the leader has heard of the incarnation that the controller knows, and it is up. */
static bool eligible(const struct world *world, const struct node *node, uint32_t tp,
                     uint32_t place) {
  uint32_t broker = replica_broker(world, tp, place);
  const struct replication *replication = replication_of(node);
  const struct broker_state *state = &replication->brokers[broker];
  return !state->fenced && !state->shutting_down &&
         state->epoch == replication->followers[broker].epoch;
}

static void propose(struct world *world, struct node *node, uint32_t tp, uint16_t set) {
  struct replica *replica = replica_of(node, tp);
  if (replica->proposed || set == replica->state.isr) return;
  replica->proposed = set;
  registration_alter(world, node);
}

/* Partition.maybeExpandIsr */
static void expand(struct world *world, struct node *node, uint32_t tp, uint32_t place) {
  const struct replica *replica = replica_of(node, tp);
  const struct partition_log *log = broker_log(node, tp);
  if ((replica->state.isr >> place) & 1 || replica->proposed) return;
  uint64_t begin = log->epoch_count ? log->epochs[log->epoch_count - 1].offset : 0;
  uint64_t end = replica->remotes[place].end;
  bool there = end >= log->high_watermark && end >= begin;
  if ((there || MUTANT(KAFKA_JOINS_WITHOUT_CATCHING_UP)) && eligible(world, node, tp, place))
    propose(world, node, tp, (uint16_t)(replica->state.isr | 1u << place));
}

/* Partition.maybeShrinkIsr */
static void shrink(struct world *world, struct node *node, uint32_t tp) {
  const struct replica *replica = replica_of(node, tp);
  uint16_t set = replica->state.isr;
  if (!replica->leads || MUTANT(KAFKA_IN_SYNC_FOR_EVER)) return;
  for (uint32_t n = 0; n < replica_count(world); n++)
    if (n != own_place(world, node, tp) &&
        !caught_up(world, &replica->remotes[n], broker_log(node, tp)->end))
      set &= (uint16_t) ~(1u << n);
  if (set != replica->state.isr) propose(world, node, tp, set);
}

void replica_on_lag(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  world_timer(world, node, 0, replication_of(node)->lag_lane, TIMER_LAG, 0);
  for (uint32_t p = 0; p < kafka_topic_partitions(world) && !node->doomed; p++)
    shrink(world, node, p);
}

/* --- The high watermark --- */

/* Partition.maybeIncrementLeaderHW */
static uint64_t reached(const struct world *world, const struct node *node, uint32_t tp) {
  const struct replica *replica = replica_of(node, tp);
  const struct partition_log *log = broker_log(node, tp);
  uint64_t least = log->end;
  for (uint32_t n = 0; n < replica_count(world); n++) {
    const struct remote *remote = &replica->remotes[n];
    if (n == own_place(world, node, tp) || remote->end >= least) continue;
    bool waits = (maximal(replica) >> n) & 1;
    if (!waits) waits = caught_up(world, remote, log->end) && eligible(world, node, tp, n);
    if (waits) least = remote->end;
  }
  return least;
}

void replica_advance(struct world *world, struct node *node, uint32_t tp) {
  const struct replica *replica = replica_of(node, tp);
  struct partition_log *log = broker_log(node, tp);
  if (!replica->leads || node->doomed) return;
  if (kafka_setting(world, KEY_STRICT_MIN_ISR) && !replica_enough(world, node, tp)) return;
  uint64_t high_watermark = reached(world, node, tp);
  if (high_watermark <= log->high_watermark) return; /* [I2] */
  log_set_high_watermark(log, high_watermark);
  append_confirm(world, node, tp);
  if (node->doomed) return;
  if (tp < world->plan->partitions)
    fetch_wake(world, node, tp);
  else
    broker_show(world, node, tp - world->plan->partitions);
}

void replica_brokers_changed(struct world *world, struct node *node) {
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) replica_advance(world, node, p);
}

void replica_trim(struct world *world, struct node *node, uint32_t tp, uint64_t offset) {
  const struct replica *replica = replica_of(node, tp);
  if (!replica->leads) return;
  for (uint32_t n = 0; n < replica_count(world); n++)
    if (n != own_place(world, node, tp) && replica->remotes[n].flushed < offset)
      offset = replica->remotes[n].flushed;
  log_trim(broker_log(node, tp), offset);
}

/* --- Becoming leader, and ceasing to be it --- */

static void begin_leading(struct world *world, struct node *node, uint32_t tp) {
  struct replica *replica = replica_of(node, tp);
  struct partition_log *log = broker_log(node, tp);
  replica->leads = true;
  log_begin_epoch(log, replica->state.leader_epoch);
  for (uint32_t n = 0; n < replica_count(world); n++) {
    bool member = (replica->state.isr >> n) & 1;
    replica->remotes[n] = (struct remote){.caught_up_at = member ? world->now.ns : INT64_MIN,
                                          .fetched_at = INT64_MIN};
  }
  books_note(world, node, tp);
}

void replica_apply(struct world *world, struct node *node, uint32_t tp,
                   const struct partition_state *state) {
  struct replica *replica = replica_of(node, tp);
  if (state->partition_epoch <= replica->state.partition_epoch) return;
  bool new_epoch = state->leader_epoch != replica->state.leader_epoch, led = replica->leads;
  replica->state = *state;
  replica->proposed = 0;
  if (own_place(world, node, tp) >= replica_count(world)) return;
  if (new_epoch) {
    replica->delayed_until = 0;
    replica->leads = false;
    if (state->leader == broker_index(world, node)) begin_leading(world, node, tp);
    if (led && !node->doomed) broker_resign(world, node, tp);
  }
  if (replica->leads) replica_advance(world, node, tp);
}

/* --- Followers' fetches --- */

/* Whether a follower's log, which ends at `end` with a record of this epoch, is a part of this one. */
static bool diverged(const struct partition_log *log, uint32_t epoch, uint64_t end,
                     struct record *header) {
  uint64_t epoch_end;
  if (end == 0 || MUTANT(KAFKA_NO_TRUNCATION)) return false;
  uint32_t found = log_end_of_epoch(log, epoch, &epoch_end);
  if (found == epoch && epoch_end >= end) return false;
  *header = (struct record){.flags = FETCHED_DIVERGED, .handle = epoch_end, .size = found};
  return true;
}

static uint32_t epoch_of(const struct record *record) {
  return (uint32_t)record->count << 16 | record->flags;
}

/* Notes how far a follower has come (Partition.updateFollowerFetchState, Replica.updateFetchState). */
static void note_fetch(struct world *world, struct node *node, uint32_t tp, uint32_t place,
                       const struct record *asked) {
  struct remote *remote = &replica_of(node, tp)->remotes[place];
  uint64_t end = broker_log(node, tp)->end;
  if (asked->handle >= end)
    remote->caught_up_at = world->now.ns;
  else if (remote->fetched_at != INT64_MIN && asked->handle >= remote->leader_end &&
           remote->fetched_at > remote->caught_up_at)
    remote->caught_up_at = remote->fetched_at;
  remote->end = asked->handle < end ? asked->handle : end;
  remote->flushed = asked->size < remote->end ? remote->end - asked->size : 0;
  remote->leader_end = end;
  remote->fetched_at = world->now.ns;
  expand(world, node, tp, place);
  replica_advance(world, node, tp);
}

static struct record record_of(const struct partition_log *log, uint64_t offset) {
  const struct log_entry *entry = log_at(log, offset);
  uint16_t flags = entry->flags;
  if (flags & ENTRY_DATA) flags &= (uint16_t)~ENTRY_ABORTED; /* its marker will say so */
  return (struct record){.intent = entry->intent,
                         .key = entry->key,
                         .size = entry->size,
                         .extra = entry->producer,
                         .attempt = entry->attempt,
                         .count = entry->epoch,
                         .flags = flags,
                         .handle =
                             (uint64_t)log_epoch_at(log, offset) << 32 | (uint32_t)entry->sequence};
}

/* How many records from an offset on fit into `room`: whole batches, at least the first. */
static uint32_t whole_batches(const struct partition_log *log, uint64_t from, uint32_t room) {
  uint32_t fits = 0;
  for (uint32_t count = 1; count <= room && from + count <= log->end; count++)
    if (from + count == log->end || (log_at(log, from + count)->flags & ENTRY_FIRST)) fits = count;
  return fits;
}

/* What there is to say about one topic partition of a fetch; 0 = nothing. `all`: also without records. */
static uint32_t fill_one(const struct node *node, const struct record *asked, bool all,
                         struct record *out, uint32_t room) {
  uint32_t tp = asked->key;
  const struct replica *replica = replica_of(node, tp);
  const struct partition_log *log = broker_log(node, tp);
  struct record header = {.flags = FETCHED_RECORDS};
  uint32_t count = 0;
  if (room == 0) return 0;
  if (!replica->leads || replica->state.leader_epoch != epoch_of(asked)) {
    header.flags = FETCHED_NOT_LEADER;
  } else if (asked->handle < log->start) {
    header = (struct record){.flags = FETCHED_TRUNCATED, .handle = log->start};
  } else if (!diverged(log, asked->extra, asked->handle, &header)) {
    if (asked->handle < log->end) count = whole_batches(log, asked->handle, room - 1);
    if (!all && count == 0) return 0; /* a higher watermark alone waits (KAFKA-9731) */
    header.handle = log->high_watermark;
    uint64_t kept = log->high_watermark - log->start;
    header.size = kept < UINT32_MAX ? (uint32_t)kept : UINT32_MAX;
  }
  header.key = tp;
  header.extra = count;
  header.count = (uint16_t)epoch_of(asked);
  out[0] = header;
  for (uint32_t i = 0; i < count; i++) out[1 + i] = record_of(log, asked->handle + i);
  return 1 + count;
}

/* Fills an answer; the partition that is asked for first takes turns. Returns how many records. */
static uint32_t fill(struct world *world, struct node *node, const struct message *fetch, bool all,
                     struct record *out) {
  uint32_t follower = fetch->from - world->first[ROLE_BROKER], count = 0, n = fetch->record_count;
  uint32_t first = replication_of(node)->followers[follower].turn++ % n;
  for (uint32_t i = 0; i < n; i++)
    count += fill_one(node, &fetch->records[(first + i) % n], all, out + count,
                      MESSAGE_RECORDS_MAX - count);
  return count;
}

static bool answer_follower(struct world *world, struct node *node, const struct message *fetch,
                            bool all) {
  struct record found[MESSAGE_RECORDS_MAX];
  uint32_t count = fill(world, node, fetch, all, found);
  if (count == 0 && !all) return false;
  struct message *answer = world_answer(world, node, fetch, WIRE_REPLICA_FETCHED);
  struct record *records = count ? message_records(&world->messages, answer, count) : NULL;
  for (uint32_t i = 0; i < count; i++) {
    records[i] = found[i];
    if (found[i].intent) answer->size += found[i].size;
  }
  world_send(world, node, answer);
  return true;
}

static void unpark(struct world *world, struct follower *follower) {
  if (!follower->fetch) return;
  if (follower->timer != TIMER_NONE) world_cancel(world, follower->timer);
  follower->timer = TIMER_NONE;
  world_release(world, follower->fetch);
  follower->fetch = NULL;
}

void replica_on_fetch(struct world *world, struct node *node, struct message *fetch) {
  struct replication *replication = replication_of(node);
  uint32_t broker = fetch->from - world->first[ROLE_BROKER];
  struct follower *follower = &replication->followers[broker];
  if (fetch->from_incarnation < follower->epoch) return; /* of one that is dead (KIP-903) */
  follower->epoch = fetch->from_incarnation;
  unpark(world, follower);
  for (uint32_t i = 0; i < fetch->record_count && !node->doomed; i++) {
    const struct record *asked = &fetch->records[i];
    const struct replica *replica = replica_of(node, asked->key);
    const struct partition_log *log = broker_log(node, asked->key);
    struct record header;
    if (replica->leads && replica->state.leader_epoch == epoch_of(asked) &&
        asked->handle >= log->start && !diverged(log, asked->extra, asked->handle, &header))
      note_fetch(world, node, asked->key, replica_place(world, asked->key, broker), asked);
  }
  if (node->doomed || answer_follower(world, node, fetch, false)) return;
  world_take(fetch);
  follower->fetch = fetch;
  follower->timer = world_timer(world, node, 0, replication->wait_lane, TIMER_FETCH_WAIT, broker);
}

void replica_on_wait_over(struct world *world, struct node *node, uint64_t broker) {
  struct follower *follower = &replication_of(node)->followers[broker];
  follower->timer = TIMER_NONE;
  answer_follower(world, node, follower->fetch, true);
  unpark(world, follower);
}

void replica_appended(struct world *world, struct node *node, uint32_t tp) {
  if (!broker_of(node)->replication || node->doomed) return;
  for (uint32_t n = 0; n < replica_count(world) && !node->doomed; n++) {
    struct follower *follower = &replication_of(node)->followers[replica_broker(world, tp, n)];
    if (follower->fetch && answer_follower(world, node, follower->fetch, false))
      unpark(world, follower);
  }
  replica_advance(world, node, tp);
}

void replica_drop_parked(struct world *world, struct node *node) {
  if (!broker_of(node)->replication) return;
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    if (replication_of(node)->followers[b].fetch)
      world_release(world, replication_of(node)->followers[b].fetch);
}
