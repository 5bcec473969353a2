/* A replicated log, as the quorum queue's replicas keep it: Raft, as far as it matters here.
 *
 *               no word of a leader               majority would vote        majority votes
 *   [follower] ---------------------> [pre-candidate] -----------> [candidate] -----------> [leader]
 *      ^  ^------- leader is heard -----------'                        |                       |
 *      '---------------------------- a higher term, or a leader of this term -----------------'
 *
 * The leader appends commands to its log and sends each follower what it lacks, one APPEND at a time; a
 * follower answers when its write-ahead log is flushed. Flushes follow each other, entries that come during
 * one share the next. Committed is what a majority, the leader among them, has flushed, and whose term is
 * the leader's. Committed and flushed entries are applied, in order, by each replica for itself.
 *
 * Durable: term, vote, log, and what was made of the entries applied. A kill keeps what the operating
 * system has: all of it. A power loss drops entries that were not flushed, and, if the disk lied about its
 * flushes, also those and votes that it only said to have; then what was applied of them is unmade.
 *
 * A follower that loses its connection to the leader asks for votes within 500 ms; one that hears
 * nothing of a leader at all does so after two times raft.adaptive_failure_detector.poll_interval. A leader
 * is heard at least once each such interval. Who is not elected asks again after 500 ms, and then
 * half as often each time, down to once in two such intervals.
 *
 * [I1] At most one leader a term: a replica votes once a term, and remembers it over a crash.
 * [I2] A vote goes only to a log that is at least as up to date: later last term, or the same and as long.
 * [I3] What is committed is in the log of every later leader; committed entries are never overwritten, as
 *      long as no disk lies.
 * [I4] applied <= commit, applied <= flushed <= last.
 * LIMIT: in Ra failure is detected by Erlang's monitors and an adaptive detector, not by heartbeats; the
 *        heartbeat of a leader at that detector's interval stands for both.
 * LIMIT: the log is kept whole: no snapshots, no segments; a replica that lacks entries gets them from it.
 * LIMIT: replicas neither join nor leave; leadership is not transferred.
 */
#ifndef MODELS_RABBITMQ_RAFT_H
#define MODELS_RABBITMQ_RAFT_H

#include "models/rabbitmq/wire.h"

enum raft_role { RAFT_FOLLOWER, RAFT_PRE_CANDIDATE, RAFT_CANDIDATE, RAFT_LEADER };

/* An entry is a record: extra = term, flags = kind; the rest is the command's (quorum.c). */
struct raft_peer {
  uint64_t match, next; /* what it has for sure; what it is to get */
  uint64_t told;        /* commit index that it was told last */
  bool waiting;         /* an APPEND is under way */
  bool retrying;        /* a timer that sends it again is */
};
struct raft {
  /* durable */
  struct record *log; /* [index - 1] */
  size_t capacity;
  uint64_t last, flushed, safe; /* safe: flushed in truth */
  uint32_t term, safe_term;
  uint16_t vote, safe_vote; /* replica from 1, 0 = none */
  uint64_t applied;
  /* volatile */
  uint8_t role; /* enum raft_role */
  uint16_t leader; /* replica from 1, 0 = not known */
  uint64_t commit;
  uint32_t votes; /* bit by replica */
  bool flushing;
  uint64_t flushing_to;
  struct raft_peer peers[RABBIT_REPLICAS_MAX];
  int64_t heard_ns, patience_ns;
  int64_t retry_ns;  /* until it asks for votes again */
  uint64_t election; /* serial of the timer that counts */
  struct { /* the APPEND that waits for a flush */
    bool waits;
    uint32_t correlation, incarnation, channel, epoch;
    uint16_t from;
    uint8_t reply_port;
    uint64_t match;
  } answer;
  uint16_t tick_lane;
};

void raft_start(struct world *world, struct node *node, enum start_reason reason);
void raft_crash(struct world *world, struct node *node, bool power);
void raft_reset(struct raft *raft);
void raft_free(struct raft *raft);

/* At the leader: appends a command; it will be applied when it is committed. Returns its index. */
uint64_t raft_propose(struct world *world, struct node *node, struct record command);

void raft_disconnected(struct world *world, struct node *node, uint16_t peer);
message_fn raft_on_append, raft_on_appended, raft_on_vote, raft_on_voted;
timer_fn raft_on_tick, raft_on_flushed, raft_on_election;

static inline uint32_t raft_term_at(const struct raft *raft, uint64_t index) {
  return index == 0 ? 0 : raft->log[index - 1].extra;
}
static inline bool raft_leads(const struct raft *raft) { return raft->role == RAFT_LEADER; }

#endif
