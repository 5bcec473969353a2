/* What a ledger is made of. For sim/oracle/ledger*.c only: everybody else sees ledger.h.
 *
 *   ids    1 ............. next - capacity ............ next
 *          | retired, or exceptions | window: ring[id & mask] | not yet issued
 *
 * An id leaves the window when the id one capacity later is issued: retired if it is plain (settled
 * with nothing to remember), else the ring doubles or the id is set aside as an exception. So nothing
 * ever sweeps the window, and what a fact costs does not depend on how many are open.
 *
 * [W1] A slot marked ELSEWHERE says nothing of its id: that one is an exception, retired, in a gap, or
 *      was never issued.
 * [W2] In the window `effects` is 0 or 1: the second effect makes the id an exception, with evidence.
 * [W3] All plain ids have the same status, `plain`: so a retired one can be brought back exactly.
 * [W4] No number that a ledger gives depends on the capacity of its window.
 */
#ifndef SIM_ORACLE_LEDGER_STATE_H
#define SIM_ORACLE_LEDGER_STATE_H

#include "sim/base/likely.h"
#include "sim/base/map.h"
#include "sim/oracle/batches.h"
#include "sim/oracle/ledger.h"
#include "sim/oracle/ledger_archive.h"
#include "sim/world/fact.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <string.h>

#define LEDGER_WINDOW_MIN 512
#define LEDGER_WINDOW_MAX (1 << 16)
#define LEDGER_KEYS_REMEMBERED (1 << 20)
#define LEDGER_EXCEPTIONS_MAX (1 << 14)

/* What the client knows, weaker before stronger. A stronger one replaces a weaker one (a resubmission
 * that was refused does not make the first attempt certain); OK and NONE are final. */
enum outcome {
  OUTCOME_OPEN,
  OUTCOME_REJECTED,
  OUTCOME_ABANDONED,
  OUTCOME_UNKNOWN,
  OUTCOME_NONE,
  OUTCOME_OK,
  OUTCOME__COUNT
};

enum entry_flag {
  FLAG_EFFECTED = 1, /* had an effect once, whether it stands or not */
  FLAG_SUPPRESSED = 2,
  FLAG_DEAD_LETTERED = 4,
  FLAG_DISPOSED = 8,
  FLAG_ELSEWHERE = 16, /* [W1] */
  FLAG_CHANGED_AGAIN = 32, /* it overwrites, and doing it again changed the row */
  FLAG_COMMITTED = 64, /* its business row stands in its service's database */
};

struct status {
  uint8_t outcome;
  uint8_t deliveries; /* 2 = two or more */
  uint8_t flags;
  uint8_t unused; /* 0: statuses are compared whole */
};

struct entry {
  int64_t intended_at;
  uint32_t about;        /* low half of fact_intended: key, and operation above it */
  uint32_t effects;      /* that stand */
  uint32_t first_effect; /* low half of the number (from 1) of its record */
  struct status status;
};
_Static_assert(sizeof(struct entry) == 24, "an open obligation costs 24 bytes");

static inline uint32_t entry_key(const struct entry *entry) { return entry->about & FACT_KEY_MASK; }
/* An increment is not: what most runs do takes no detour. */
static inline bool entry_is_special(const struct entry *entry) { return entry->about > FACT_KEY_MASK; }
static inline enum operation entry_operation(const struct entry *entry) {
  return (enum operation)(entry->about >> FACT_STATE_KEY_BITS);
}
static inline enum operation_law entry_law(const struct entry *entry) {
  return operation_law(entry_operation(entry));
}

struct exception {
  struct entry entry;
  uint64_t intent;        /* 0 = this place is free */
  uint64_t first, second; /* numbers (from 1) of the records of its effects; 0 = none or forgotten */
  uint32_t next_free;     /* index + 1 */
  uint32_t note;          /* as in struct special */
  bool keyless;           /* came back after its key was forgotten; still counts as retired there */
};

struct gap {
  uint64_t first, last; /* ids never issued */
};

/* Touched by every operation and every effect. Whoever retires touches none: what is left of `intended` when
 * those that have not are taken off, at the end, has retired. */
struct key_account {
  uint64_t latest; /* largest id of which the first effect was applied */
  uint32_t intended; /* increments */
};

/* Touched at the end only. */
struct key_total {
  int64_t state;          /* as stated */
  int64_t unretired;      /* increments of which the key is known */
  int64_t least, most;    /* that a serial order leaves; without those retired */
  int64_t effects;        /* what those that stand come to */
  int64_t extra, missing; /* of them, what was done more than once; what is firm and was not done */
};

/* What else is known of a key, where operations are not all increments. */
struct row_account {
  int64_t retired; /* what transfers that have retired come to */
  bool overwritten; /* an operation that overwrites was wanted */
  /* What the effects make of the row: */
  bool absent, unsure; /* unsure: one was taken back, and none has written the row since */
  uint64_t value;      /* id of who wrote it; 0 = as it was at first */
  uint64_t newest;     /* largest id of those applied, 0 = none, or not known */
  /* Of its firm operations that overwrite (set, delete, put): */
  uint64_t firm[OPERATION__COUNT];     /* the latest */
  uint64_t returned[OPERATION__COUNT]; /* largest id + 1 that had been issued when one of them returned */
  /* At the end, of those whose calls have not returned and were not refused: */
  uint64_t open_put; /* the earliest; 0 = none */
  bool open_delete;
};

/* Books on operations other than increments; no memory before the first of them. */
struct special {
  bool used;    /* in this run */
  bool unsure;  /* an effect has come or gone whose key is forgotten */
  struct row_account *rows; /* [key_count] */
  size_t row_room;
  /* By id modulo keys_remembered. Of a transfer: the key that it adds to. Of one that overwrites: how
   * many ids later its call had returned; 0 = it has not. */
  uint32_t *notes;
};

struct timeline {
  struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
  size_t current; /* cell under way; those behind it are zero */
  int64_t width, end; /* ns; end of the current cell */
};

/* Of all groups together; only where there are several. */
struct merged {
  struct histogram latency;
  struct batches latencies;
  struct timeline timeline;
};

/* The books of one group. Those of group 0 are what callers hold; they have the others. */
struct ledger {
  struct entry *ring;
  uint64_t next, capacity, mask;
  struct status plain; /* [W3] */
  bool plain_fixed;    /* an id has retired, so `plain` cannot change any more */
  bool commits;        /* a database says which operations are committed */
  uint64_t retired;    /* ids, less those brought back */
  uint32_t *recent_keys; /* by id modulo keys_remembered */

  struct special special;
  struct key_account *keys;
  struct key_total *totals;
  size_t key_room, total_room;
  uint32_t key_count; /* keys 0..key_count - 1 */
  bool state_stated;

  struct map exception_index; /* of those in the table: id -> index + 1 */
  struct exception *exceptions;
  size_t exception_count, exception_room;
  uint32_t free_head; /* index + 1 */
  struct archive archive; /* the others */
  size_t exceptions_bound; /* most in the table */
  size_t asked, came_back; /* facts and exceptions, since some were put away */
  uint64_t *leaving;       /* ledger_exceptions.c: those that are */
  size_t leaving_room;
  struct gap *gaps;
  size_t gap_count, gap_room;

  int64_t outcomes[OUTCOME__COUNT]; /* obligations by what their client knows now */
  int64_t open;                     /* obligations without an effect */
  int64_t counts[METRIC__COUNT];    /* what can be counted as it comes */
  int64_t intended_first, intended_last, effect_last, healed_last, ended_at;
  bool ended, stuck, livelocked;
  struct histogram latency;
  struct batches latencies;  /* of first effects, in the order of their facts */
  struct batches *together;  /* of all groups; NULL = there is one */
  struct timeline timeline;

  int64_t metrics[METRIC__COUNT]; /* ledger_finish */
  struct ledger *others[LEDGER_GROUPS_MAX - 1]; /* of groups from 1; NULL = never needed */
  uint32_t groups;
  struct merged *merged; /* NULL = never needed */

  size_t ring_room;
  uint64_t window_min, window_max, keys_remembered, exceptions_max;
};

static inline bool status_equal(struct status a, struct status b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static inline struct ledger *ledger_of(const struct ledger *ledger, uint32_t group) {
  return group == 0 ? (struct ledger *)(uintptr_t)ledger : ledger->others[group - 1];
}

/* ledger_window.c */

void ledger_window_reset(struct ledger *ledger);
bool ledger_was_issued(const struct ledger *ledger, uint64_t intent);
/* Makes room in the ring for id `intent`, which is issued next; `number` of the record under way. */
void ledger_window_skip(struct ledger *ledger, uint64_t intent, uint64_t number);
void ledger_window_make_room(struct ledger *ledger, uint64_t intent, uint64_t number);
/* Turns an entry of the window into an exception. */
struct exception *ledger_set_aside(struct ledger *ledger, uint64_t intent, struct entry *entry,
                                   uint64_t number);
/* That of ledger_exception_find, but a retired id becomes an exception again. NULL: never issued. */
struct exception *ledger_exception_reach(struct ledger *ledger, uint64_t intent);
/* To be called when an exception may have become plain: retires it then. */
void ledger_exception_settle(struct ledger *ledger, struct exception *exception);

/* ledger_exceptions.c: a table of those that facts name, and an archive of the others. Where one is new or
 * comes back the others may move. */

void ledger_exceptions_reset(struct ledger *ledger);
void ledger_exceptions_free(struct ledger *ledger);
size_t ledger_exceptions_bytes(const struct ledger *ledger);
struct exception *ledger_exception_new(struct ledger *ledger, uint64_t intent);
void ledger_exception_drop(struct ledger *ledger, struct exception *exception);
/* The exception of an id outside the window, or NULL. From the archive it comes back, and others with it. */
struct exception *ledger_exception_find(struct ledger *ledger, uint64_t intent);
/* The same, as a copy: nothing comes back. */
bool ledger_exception_look(const struct ledger *ledger, uint64_t intent, struct exception *out);

/* ledger_special.c: operations other than increments */

/* One is intended, at `ledger->next` or after. */
void special_intended(struct ledger *ledger, const struct trace_record *fact);
/* Its call has returned: it is firm. The exception that it is, or NULL. */
void special_returned(struct ledger *ledger, uint64_t intent, const struct entry *entry,
                      struct exception *exception);
/* It was applied. Returns whether it was so before, and has left another state this time, as never
 * before. */
bool special_effect(struct ledger *ledger, uint64_t intent, struct entry *entry);
void special_undone(struct ledger *ledger, const struct entry *entry);
/* An id retires (by = 1) or comes back (-1); note: its own. */
void special_retire(struct ledger *ledger, uint32_t about, uint32_t note, int by);
static inline uint32_t special_note(const struct ledger *ledger, uint64_t intent) {
  return ledger->special.used ? ledger->special.notes[intent & (ledger->keys_remembered - 1)] : 0;
}
void special_reset(struct ledger *ledger);
void special_free(struct ledger *ledger);
size_t special_bytes(const struct ledger *ledger);

/* ledger_rows.c: the final state of rows that operations overwrite */

enum row_verdict {
  ROW_LEGAL,
  ROW_STALE, /* an older operation's, though a newer one was applied */
  ROW_LOST,  /* an older operation's, as the newer one was never applied */
  ROW_WRONG  /* of no operation that was wanted, or not what the effects leave */
};
/* Adds what is open at the end. */
void rows_judge_open(struct ledger *ledger, uint64_t intent, const struct entry *entry);
enum row_verdict rows_verdict(const struct ledger *ledger, uint32_t key);

/* ledger_groups.c */

/* Makes the others what the first is, and empties them. */
void ledger_groups_reset(struct ledger *ledger, uint32_t keys, uint32_t groups, int64_t bucket_ns);
void ledger_groups_free(struct ledger *ledger);
/* How many a second, in micro-obligations; 0 where no time passed. */
int64_t ledger_rate(int64_t count, int64_t span_ns);
/* Sums up the groups' metrics. */
void ledger_groups_finish(struct ledger *ledger, int64_t out[METRIC__COUNT]);
const struct timeline *ledger_groups_timeline(const struct ledger *ledger);
size_t ledger_groups_bytes(const struct ledger *ledger);

/* ledger_timeline.c */

void timeline_reset(struct timeline *timeline, int64_t width);
/* Moves the current cell on to the one that holds `at`. `open` is what earlier cells end with. */
void timeline_advance(struct timeline *timeline, int64_t at, int64_t open);

/* Whether the current cell holds `at`, of times that never fall. Unsigned, so that one before 0 goes to where it
 * is refused. */
static inline bool timeline_is_at(const struct timeline *timeline, int64_t at) {
  return (uint64_t)at < (uint64_t)timeline->end;
}

static inline struct timeline_bucket *timeline_cell(struct timeline *timeline, int64_t at,
                                                    int64_t open) {
  if (UNLIKELY(!timeline_is_at(timeline, at))) timeline_advance(timeline, at, open);
  return &timeline->cells[timeline->current];
}

#endif
