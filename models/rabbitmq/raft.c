#include "models/rabbitmq/raft.h"

#include "models/mutants.h"
#include "models/rabbitmq/broker.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

/* Ra: DEFAULT_BROADCAST_TIME 100 ms times DEFAULT_ELECTION_MULT 5. */
#define ELECTION_JITTER_NS (500 * NS_PER_MS)
#define RETRY_NS (100 * NS_PER_MS) /* an APPEND whose connection broke is sent again */
#define TICK_PEER_BITS 8           /* low bits of a tick's argument: replica from 1, 0 = all */

static struct raft *raft_of(const struct node *node) { return &broker_of(node)->raft; }

static uint32_t own(const struct node *node) { return node->index - 1; }
static uint32_t replica_of(const struct world *world, uint16_t node) {
  return node - world->first[ROLE_BROKER];
}
static uint16_t node_of(const struct world *world, uint32_t replica) {
  return (uint16_t)(world->first[ROLE_BROKER] + replica);
}
static uint32_t majority(const struct world *world) { return rabbit_replicas(world) / 2 + 1; }

/* --- What is durable --- */

/* Term and vote are on the disk before anybody hears of them. LIMIT: writing Raft's term and vote takes no
 * time. */
static void persist(const struct node *node) {
  struct raft *raft = raft_of(node);
  if (node->fsync_lies) return;
  raft->safe_term = raft->term;
  raft->safe_vote = raft->vote;
}

static void flush(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  if (raft->flushing || raft->flushed == raft->last) return;
  raft->flushing = true;
  raft->flushing_to = raft->last;
  int64_t price = world->plan->costs.values[COST_BROKER_FLUSH].i;
  world_after(world, node, 0, BROKER_TIMER_FLUSHED, 0, span_of(node_takes(world, node, NODE_DISK, price)));
}

static void append(struct world *world, struct node *node, const struct record *entry) {
  struct raft *raft = raft_of(node);
  GROW(raft->log, raft->capacity, raft->last + 1);
  raft->log[raft->last++] = *entry;
  quorum_appended(world, node, entry, 1);
}

/* Entries above are gone. Of what was committed only a disk that lied can lose any: then what was made of
 * it is unmade. */
static void truncate_log(struct world *world, struct node *node, uint64_t to) {
  struct raft *raft = raft_of(node);
  if (raft->applied > to) {
    for (uint64_t i = 0; i < raft->applied; i++) quorum_appended(world, node, &raft->log[i], 1);
    raft->applied = 0;
    quorum_unmake(world, node);
  }
  for (; raft->last > to; raft->last--)
    quorum_appended(world, node, &raft->log[raft->last - 1], -1);
  if (raft->flushed > to) raft->flushed = to;
  if (raft->safe > to) raft->safe = to;
  if (raft->flushing_to > to) raft->flushing_to = to;
  if (raft->commit > to) raft->commit = to;
}

static void apply(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  uint64_t until = raft->commit < raft->flushed ? raft->commit : raft->flushed;
  ASSERT_LE(raft->flushed, raft->last); /* [I4] */
  while (raft->applied < until && !node->doomed) {
    struct record entry = raft->log[raft->applied];
    if (!quorum_apply(world, node, raft->applied + 1, &entry)) return;
    raft->applied++;
  }
}

/* --- Replicating --- */

static void replicate(struct world *world, struct node *node, uint32_t replica) {
  struct raft *raft = raft_of(node);
  struct raft_peer *peer = &raft->peers[replica];
  if (peer->waiting || node->doomed) return;
  struct message *message = world_message(world, node, node_of(world, replica), 0, RABBIT_APPEND);
  uint64_t count = raft->last + 1 - peer->next;
  if (count > MESSAGE_RECORDS_MAX) count = MESSAGE_RECORDS_MAX;
  message->a = raft->term;
  message->b = (int64_t)peer->next - 1;
  message->c = raft_term_at(raft, peer->next - 1);
  message->d = (int64_t)raft->commit;
  message->size = RABBIT_FRAME_BYTES;
  if (count > 0) {
    struct record *records = message_records(&world->messages, message, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++) {
      records[i] = raft->log[peer->next - 1 + i];
      message->size += quorum_bytes(&records[i]);
    }
  }
  peer->waiting = true;
  peer->told = raft->commit;
  world_send(world, node, message);
}

/* Sends each follower what it lacks, were it only the news of a commit. */
static void replicate_all(struct world *world, struct node *node, bool always) {
  struct raft *raft = raft_of(node);
  for (uint32_t i = 0; i < rabbit_replicas(world); i++) {
    const struct raft_peer *peer = &raft->peers[i];
    if (i == own(node)) continue;
    if (always || peer->next <= raft->last || peer->told < raft->commit) replicate(world, node, i);
  }
}

static void advance_commit(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  uint64_t have[RABBIT_REPLICAS_MAX]; /* falling */
  uint32_t count = rabbit_replicas(world);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t match = i == own(node) ? raft->flushed : raft->peers[i].match;
    uint32_t at = i;
    for (; at > 0 && have[at - 1] < match; at--) have[at] = have[at - 1];
    have[at] = match;
  }
  uint64_t commit = have[majority(world) - 1];
  if (commit > raft->flushed || MUTANT(RABBIT_COMMIT_ALONE)) commit = raft->flushed;
  if (commit <= raft->commit || raft_term_at(raft, commit) != raft->term) return;
  raft->commit = commit;
  apply(world, node);
  if (raft_leads(raft)) replicate_all(world, node, false);
}

uint64_t raft_propose(struct world *world, struct node *node, struct record command) {
  struct raft *raft = raft_of(node);
  ASSERT(raft_leads(raft));
  command.extra = raft->term;
  append(world, node, &command);
  uint64_t index = raft->last;
  flush(world, node);
  replicate_all(world, node, false);
  return index;
}

void raft_on_flushed(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct raft *raft = raft_of(node);
  raft->flushing = false;
  const enum flush done = node_flush(world, node);
  if (done == FLUSH_FAILED) return;
  if (raft->flushing_to > raft->flushed) {
    world_count(world, COUNTER_DURABLE_WRITES, raft->flushing_to - raft->flushed);
    raft->flushed = raft->flushing_to;
  }
  if (done == FLUSH_DONE) raft->safe = raft->flushed;
  flush(world, node);
  if (raft_leads(raft)) return advance_commit(world, node);
  if (raft->answer.waits && raft->flushed >= raft->answer.match) {
    const struct message request = {.from = raft->answer.from, .channel = raft->answer.channel,
                                    .epoch = raft->answer.epoch,
                                    .from_incarnation = raft->answer.incarnation,
                                    .correlation = raft->answer.correlation,
                                    .reply_port = raft->answer.reply_port};
    struct message *answer = world_answer(world, node, &request, RABBIT_APPENDED);
    answer->a = raft->term;
    answer->b = (int64_t)raft->answer.match;
    answer->c = true;
    answer->size = RABBIT_FRAME_BYTES;
    raft->answer.waits = false;
    world_send(world, node, answer);
  }
  apply(world, node);
}

/* --- Terms and elections --- */

/* Up to ELECTION_JITTER_NS; without luck each replica has its own. */
static int64_t jitter(struct world *world, const struct node *node) {
  struct raft *raft = raft_of(node);
  if (world->luck.mode == LUCK_NONE)
    return ELECTION_JITTER_NS * node->index / (rabbit_replicas(world) + 1);
  uint64_t address = world_address(node, hash_name("election"),
                                   (uint64_t)node->incarnation << 32 | (raft->election & UINT32_MAX));
  return (int64_t)((unsigned __int128)luck_draw(&world->luck, address) * ELECTION_JITTER_NS >> 64);
}

static void arm(struct world *world, struct node *node, int64_t delay) {
  world_after(world, node, 0, BROKER_TIMER_ELECTION, ++raft_of(node)->election, span_of(delay));
}

static void hear(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  raft->heard_ns = world->now.ns;
  raft->retry_ns = ELECTION_JITTER_NS;
  raft->patience_ns = 2 * rabbit_setting(world, KEY_RABBIT_POLL_INTERVAL) + jitter(world, node);
}

static void follow(struct world *world, struct node *node, uint32_t term) {
  struct raft *raft = raft_of(node);
  bool led = raft_leads(raft);
  if (term > raft->term) {
    raft->term = term;
    raft->vote = 0;
    persist(node);
  }
  raft->role = RAFT_FOLLOWER;
  raft->leader = 0;
  raft->votes = 0;
  if (!led) return;
  hear(world, node);
  arm(world, node, ELECTION_JITTER_NS + jitter(world, node));
  quorum_deposed(world, node);
}

static void lead(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  raft->role = RAFT_LEADER;
  raft->leader = (uint16_t)node->index;
  raft->answer.waits = false;
  for (uint32_t i = 0; i < rabbit_replicas(world); i++)
    raft->peers[i] = (struct raft_peer){.next = raft->last + 1};
  world_timer(world, node, 0, raft->tick_lane, BROKER_TIMER_TICK,
              (uint64_t)raft->term << TICK_PEER_BITS);
  raft_propose(world, node, (struct record){0});
}

static void ask(struct world *world, struct node *node, uint32_t term, bool pre) {
  struct raft *raft = raft_of(node);
  for (uint32_t i = 0; i < rabbit_replicas(world) && !node->doomed; i++) {
    if (i == own(node)) continue;
    struct message *message = world_message(world, node, node_of(world, i), 0, RABBIT_VOTE);
    message->a = term;
    message->b = (int64_t)raft->last;
    message->c = raft_term_at(raft, raft->last);
    message->d = pre;
    message->size = RABBIT_FRAME_BYTES;
    world_send(world, node, message);
  }
}

static void stand(struct world *world, struct node *node) {
  struct raft *raft = raft_of(node);
  raft->role = RAFT_CANDIDATE;
  raft->term++;
  raft->vote = (uint16_t)node->index;
  persist(node);
  raft->votes = 1u << own(node);
  if (majority(world) == 1) return lead(world, node);
  ask(world, node, raft->term, false);
}

void raft_on_election(struct world *world, struct node *node, uint64_t serial) {
  struct raft *raft = raft_of(node);
  if (serial != raft->election || raft_leads(raft)) return;
  int64_t wait = raft->heard_ns + raft->patience_ns - world->now.ns;
  if (raft->leader && wait > 0) return arm(world, node, wait);
  int64_t most = 2 * rabbit_setting(world, KEY_RABBIT_POLL_INTERVAL);
  raft->role = RAFT_PRE_CANDIDATE;
  raft->leader = 0;
  raft->votes = 1u << own(node);
  arm(world, node, (raft->retry_ns < most ? raft->retry_ns : most) + jitter(world, node));
  if (raft->retry_ns < most) raft->retry_ns *= 2;
  if (majority(world) == 1) return stand(world, node);
  ask(world, node, raft->term + 1, true);
}

/* [I1], [I2] */
static bool grants(const struct node *node, const struct message *request, uint32_t candidate) {
  struct raft *raft = raft_of(node);
  uint32_t term = raft_term_at(raft, raft->last), term_there = (uint32_t)request->c;
  bool current = term_there > term || (term_there == term && (uint64_t)request->b >= raft->last) ||
                 MUTANT(RABBIT_VOTE_FOR_ANYBODY);
  if (request->d) return (uint32_t)request->a > raft->term && current && raft->leader == 0;
  return (uint32_t)request->a == raft->term && current &&
         (raft->vote == 0 || raft->vote == candidate + 1);
}

void raft_on_vote(struct world *world, struct node *node, struct message *request) {
  struct raft *raft = raft_of(node);
  uint32_t candidate = replica_of(world, request->from);
  if (!request->d && (uint32_t)request->a > raft->term) follow(world, node, (uint32_t)request->a);
  if (node->doomed) return;
  bool granted = grants(node, request, candidate);
  if (granted && !request->d) {
    ASSERT(!raft_leads(raft));
    raft->vote = (uint16_t)(candidate + 1);
    persist(node);
    arm(world, node, ELECTION_JITTER_NS + jitter(world, node));
  }
  struct message *answer = world_answer(world, node, request, RABBIT_VOTED);
  answer->a = raft->term;
  answer->b = granted;
  answer->c = request->a;
  answer->d = request->d;
  answer->size = RABBIT_FRAME_BYTES;
  world_send(world, node, answer);
}

static uint32_t counted(uint32_t bits) {
  uint32_t count = 0;
  for (; bits; bits &= bits - 1) count++;
  return count;
}

void raft_on_voted(struct world *world, struct node *node, struct message *answer) {
  struct raft *raft = raft_of(node);
  if ((uint32_t)answer->a > raft->term) return follow(world, node, (uint32_t)answer->a);
  uint32_t asked = raft->term + (answer->d ? 1 : 0);
  uint8_t role = answer->d ? RAFT_PRE_CANDIDATE : RAFT_CANDIDATE;
  if (raft->role != role || (uint32_t)answer->c != asked || !answer->b) return;
  raft->votes |= 1u << replica_of(world, answer->from);
  if (counted(raft->votes) < majority(world)) return;
  if (answer->d)
    stand(world, node);
  else
    lead(world, node);
}

/* --- Following --- */

static void answer_append(struct world *world, struct node *node, const struct message *request,
                          uint64_t index, bool appended) {
  struct message *answer = world_answer(world, node, request, RABBIT_APPENDED);
  answer->a = raft_of(node)->term;
  answer->b = (int64_t)index;
  answer->c = appended;
  answer->size = RABBIT_FRAME_BYTES;
  world_send(world, node, answer);
}

static void take_entries(struct world *world, struct node *node, const struct message *request) {
  struct raft *raft = raft_of(node);
  for (uint32_t i = 0; i < request->record_count; i++) {
    uint64_t index = (uint64_t)request->b + 1 + i;
    if (index <= raft->last && raft_term_at(raft, index) == request->records[i].extra) continue;
    if (index <= raft->last) truncate_log(world, node, index - 1);
    append(world, node, &request->records[i]);
  }
}

void raft_on_append(struct world *world, struct node *node, struct message *request) {
  struct raft *raft = raft_of(node);
  uint64_t before = (uint64_t)request->b, now_there = before + request->record_count;
  if ((uint32_t)request->a < raft->term) return answer_append(world, node, request, raft->last, false);
  ASSERT(!raft_leads(raft) || (uint32_t)request->a > raft->term); /* [I1] */
  if ((uint32_t)request->a > raft->term || raft->role != RAFT_FOLLOWER)
    follow(world, node, (uint32_t)request->a);
  if (node->doomed) return;
  raft->leader = (uint16_t)(replica_of(world, request->from) + 1);
  hear(world, node);
  if (before > raft->last || raft_term_at(raft, before) != (uint32_t)request->c) {
    uint64_t try_after = before > raft->last ? raft->last : before - 1;
    return answer_append(world, node, request, try_after, false);
  }
  take_entries(world, node, request);
  uint64_t commit = (uint64_t)request->d < now_there ? (uint64_t)request->d : now_there;
  if (commit > raft->commit) raft->commit = commit;
  flush(world, node);
  raft->answer.waits = raft->flushed < now_there;
  if (!raft->answer.waits) {
    answer_append(world, node, request, now_there, true);
  } else {
    raft->answer.from = request->from;
    raft->answer.correlation = request->correlation;
    raft->answer.incarnation = request->from_incarnation;
    raft->answer.channel = request->channel;
    raft->answer.epoch = request->epoch;
    raft->answer.reply_port = request->reply_port;
    raft->answer.match = now_there;
  }
  apply(world, node);
}

void raft_on_appended(struct world *world, struct node *node, struct message *answer) {
  struct raft *raft = raft_of(node);
  if ((uint32_t)answer->a > raft->term) return follow(world, node, (uint32_t)answer->a);
  if (!raft_leads(raft) || (uint32_t)answer->a < raft->term) return;
  uint32_t replica = replica_of(world, answer->from);
  struct raft_peer *peer = &raft->peers[replica];
  uint64_t index = (uint64_t)answer->b;
  peer->waiting = false;
  if (answer->c) {
    if (index > peer->match) peer->match = index;
    peer->next = peer->match + 1;
    advance_commit(world, node);
  } else {
    if (index < peer->next) peer->next = index + 1;
    if (peer->match > index) peer->match = index; /* its disk had lied */
    replicate(world, node, replica);
  }
  if (raft_leads(raft) && (peer->next <= raft->last || peer->told < raft->commit))
    replicate(world, node, replica);
}

void raft_on_tick(struct world *world, struct node *node, uint64_t argument) {
  struct raft *raft = raft_of(node);
  uint32_t only = argument & ((1u << TICK_PEER_BITS) - 1);
  if (!raft_leads(raft) || raft->term != argument >> TICK_PEER_BITS) return;
  if (only) {
    raft->peers[only - 1].retrying = false;
    return replicate(world, node, only - 1);
  }
  for (uint32_t i = 0; i < rabbit_replicas(world); i++) raft->peers[i].waiting = false;
  replicate_all(world, node, true);
  world_timer(world, node, 0, raft->tick_lane, BROKER_TIMER_TICK, argument);
}

void raft_disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct raft *raft = raft_of(node);
  uint32_t replica = replica_of(world, peer);
  if (node->index > rabbit_replicas(world) || replica >= rabbit_replicas(world)) return;
  if (raft_leads(raft)) {
    struct raft_peer *lost = &raft->peers[replica];
    lost->waiting = false;
    lost->next = lost->match + 1;
    if (lost->retrying) return;
    lost->retrying = true;
    world_after(world, node, 0, BROKER_TIMER_TICK,
                (uint64_t)raft->term << TICK_PEER_BITS | (replica + 1), span_of(RETRY_NS));
  } else if (raft->leader == replica + 1) {
    raft->leader = 0;
    arm(world, node, jitter(world, node));
  }
}

/* --- Life --- */

void raft_start(struct world *world, struct node *node, enum start_reason reason) {
  struct raft *raft = raft_of(node);
  raft->role = RAFT_FOLLOWER;
  raft->leader = 0;
  raft->commit = raft->applied;
  raft->votes = 0;
  raft->flushing = raft->answer.waits = false;
  raft->election = 0;
  raft->flushed = raft->last;
  if (node->fsync_lies == 0) raft->safe = raft->last;
  raft->tick_lane = world_lane(world, span_of(rabbit_setting(world, KEY_RABBIT_POLL_INTERVAL)));
  hear(world, node);
  if (reason == START_FIRST) { /* the queue was declared before: broker.1 was elected */
    raft->term = raft->vote = raft->safe_term = raft->safe_vote = 1;
    if (node->index == 1) return lead(world, node);
    raft->leader = 1;
    return arm(world, node, raft->patience_ns);
  }
  arm(world, node, majority(world) == 1 ? 0 : ELECTION_JITTER_NS + jitter(world, node));
}

void raft_crash(struct world *world, struct node *node, bool power) {
  struct raft *raft = raft_of(node);
  if (!power || node->index > rabbit_replicas(world)) return;
  uint64_t kept = raft->safe;
  if (raft->safe == raft->flushed && node->down_by != NO_FAULT &&
      faults_rules(world, node->down_by)->unsynced == UNSYNCED_TORN)
    kept += luck_choice(&world->luck, world_address(node, hash_name("torn"), node->incarnation),
                        raft->last - raft->flushed + 1);
  if (kept < raft->last) faults_hit(world, node->down_by, node->id, 0);
  truncate_log(world, node, kept);
  raft->term = raft->safe_term;
  raft->vote = raft->safe_vote;
}

void raft_reset(struct raft *raft) {
  struct record *log = raft->log;
  size_t capacity = raft->capacity;
  *raft = (struct raft){.log = log, .capacity = capacity};
}

void raft_free(struct raft *raft) {
  free(raft->log);
  *raft = (struct raft){0};
}
