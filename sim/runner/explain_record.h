/* What one run did with one operation: recorded while it runs again, so that no trace has to be kept.
 *
 * Kept are happenings in their exact order: the operation's own (its facts, its points, the
 * transmissions that carry it and the answers to them) and what surrounds them (nodes that die, stop or
 * come back, windows of faults, fencing, rebalancing, the ends of transactions). Each knows its cause:
 * the event that was under way. Memory follows the operation, not the run.
 *
 *   observer (sim/world/observer.h) --+
 *                                     +-- merged by record number --> happenings
 *   trace records, in blocks ---------+
 *
 * [I1] Happenings are in causal order: what is caused comes behind its cause, also at equal times.
 * LIMIT: a message between components of one system counts as carrying the operation by the ids of its
 * records; records without bytes are taken for positions in a log.
 * LIMIT: an acknowledgement that covers the operation without naming it (a cumulative one for a later
 * record of its partition) is not recognised.
 */
#ifndef SIM_RUNNER_EXPLAIN_RECORD_H
#define SIM_RUNNER_EXPLAIN_RECORD_H

#include "sim/runner/run.h"
#include "sim/world/fact.h"
#include "sim/world/node.h"
#include "sim/world/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLAIN_AROUND_MAX 20000 /* happenings of others that are kept; then the story has gaps */
#define EXPLAIN_CALL_MAX 96 /* a call and what it is about, of which SQL_SUMMARY_ROOM is the longest; behind it words are cut off */
#define NO_TRANSMISSION SIZE_MAX

enum happening_kind {
  HAPPENING_SENT,    /* node to peer */
  HAPPENING_ARRIVED, /* at node, from peer */
  HAPPENING_LOST,    /* that node had sent to peer; value = enum loss */
  HAPPENING_POINT,   /* what = enum point: HANDLED and ACK_APPLIED, which have no fact */
  HAPPENING_FACT,    /* what = enum fact, value and detail as in fact.h */
  HAPPENING_NODE,    /* what = enum node_change, value = enum death when it goes down */
  HAPPENING_FAULT,   /* what = 1 when a window begins, 0 when it ends; targets, or, of one that strikes what is
                        at a point, node and value = its operation */
  HAPPENING_STEP,    /* a handler does something by itself: `call` */
  HAPPENING__COUNT
};

enum cause_kind { CAUSE_NONE, CAUSE_MESSAGE, CAUSE_TIMER, CAUSE_DISCONNECT, CAUSE_FAULT };
struct cause {
  enum cause_kind kind;
  uint16_t node, peer; /* MESSAGE: from peer; DISCONNECT: the connection to peer */
  const char *name;    /* of the message or the timer, borrowed from the model; NULL = not known */
};

struct happening {
  enum happening_kind kind;
  bool own; /* of the operation */
  int64_t at;
  uint16_t node, peer;
  uint32_t what, detail;
  uint64_t value;
  uint32_t fault;      /* who is to blame, or NO_FAULT */
  size_t transmission; /* index, or NO_TRANSMISSION */
  uint8_t *targets;    /* FAULT: bitmap by node, owned */
  char call[EXPLAIN_CALL_MAX]; /* FAULT: the handler's call that it failed, in words; STEP: what it is */
  struct cause cause;
  uint64_t order; /* of recording: a record's number, then the place; what is sent may leave later */
  size_t closed_by; /* of what begins something: see explain_record_closed_by */
};

struct transmission {
  uint32_t id, correlation, incarnation; /* of the message; of its sender */
  uint16_t from, to;
  const char *name;   /* of its kind, borrowed from the model */
  uint32_t sent_point; /* that it states when it leaves: what it is for, POINT_NONE */
  uint32_t others;    /* operations that it carries besides */
  uint32_t nth;       /* of its kind, for this operation and group, from this role: 1 = the first */
  bool is_reply;
  enum { FATE_UNDER_WAY, FATE_ARRIVED, FATE_LOST } fate;
  int64_t sent_at, end_at; /* ns; leaves at sent_at, which may be later than its SENT happening */
};

struct explain_node {
  char name[32];
  enum role role;
  uint32_t group;
};

struct explain_record {
  uint64_t intent;
  const struct plan *plan;
  struct happening *items;
  size_t count, capacity;
  struct transmission *transmissions;
  size_t transmission_count, transmission_capacity;
  struct explain_node *nodes;
  size_t node_count;
  bool truncated;       /* there was more around it than EXPLAIN_AROUND_MAX */
  size_t first, end;    /* the window of the operation: from its INTENDED to behind its last */
  int64_t run_end;      /* ns */
  uint64_t digest;      /* of the run: the same as without recording */
};

/* Runs a plan again and fills *out; explain_record_deinit frees it. */
void explain_record_run(struct run *run, const struct plan *plan, uint64_t seed, uint64_t intent,
                        const char *command, struct explain_record *out);
/* The last part of it: order by time, first and end, what ends what. */
void explain_record_arrange(struct explain_record *record);
void explain_record_deinit(struct explain_record *record);

/* Index of the happening that ends what `from` began (a node is back, a window closes, the handler of a delivery is
 * done or its node dies); record->count when none does. */
static inline size_t explain_record_closed_by(const struct explain_record *record, size_t from) {
  return record->items[from].closed_by;
}
static inline int64_t explain_record_until(const struct explain_record *record, size_t from) {
  const size_t end = explain_record_closed_by(record, from);
  return end < record->count ? record->items[end].at : record->run_end;
}

#endif
