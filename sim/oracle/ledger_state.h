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

#include "sim/base/map.h"
#include "sim/oracle/ledger.h"
#include "sim/world/fact.h"

#include <stdbool.h>
#include <string.h>

#define LEDGER_WINDOW_MIN 512
#define LEDGER_WINDOW_MAX (1 << 16)
#define LEDGER_KEYS_REMEMBERED (1 << 20)

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
  FLAG_COMMITTED = 32, /* its business row stands in its service's database */
};

struct status {
  uint8_t outcome;
  uint8_t deliveries; /* 2 = two or more */
  uint8_t flags;
  uint8_t unused; /* 0: statuses are compared whole */
};

struct entry {
  int64_t intended_at;
  uint32_t key;
  uint32_t effects;      /* that stand */
  uint32_t first_effect; /* low half of the number (from 1) of its record */
  struct status status;
};
_Static_assert(sizeof(struct entry) == 24, "an open obligation costs 24 bytes");

struct exception {
  struct entry entry;
  uint64_t intent;        /* 0 = this place is free */
  uint64_t first, second; /* numbers (from 1) of the records of its effects; 0 = none or forgotten */
  uint32_t next_free;     /* index + 1 */
  bool keyless;           /* came back after its key was forgotten; still among its key's retired */
};

struct gap {
  uint64_t first, last; /* ids never issued */
};

/* Touched by every effect. */
struct key_account {
  uint64_t latest; /* largest id of which the first effect was applied */
  uint32_t retired;
};

/* Touched at the end only. */
struct key_total {
  int64_t state;                 /* as stated */
  int64_t issued, firm, refused; /* firm: OK or NONE */
  int64_t effects;
};

struct timeline {
  struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
  size_t current; /* cell under way; those behind it are zero */
  int64_t width, end; /* ns; end of the current cell */
};

/* Of all groups together; only where there are several. */
struct merged {
  struct histogram latency;
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

  struct key_account *keys;
  struct key_total *totals;
  size_t key_room, total_room;
  uint32_t key_count; /* keys 0..key_count - 1 */
  bool state_stated;

  struct map exception_index; /* id -> index + 1 */
  struct exception *exceptions;
  size_t exception_count, exception_room;
  uint32_t free_head; /* index + 1 */
  struct gap *gaps;
  size_t gap_count, gap_room;

  int64_t outcomes[OUTCOME__COUNT]; /* obligations by what their client knows now */
  int64_t open;                     /* obligations without an effect */
  int64_t counts[METRIC__COUNT];    /* what can be counted as it comes */
  int64_t intended_first, intended_last, effect_last, healed_last, ended_at;
  bool ended, stuck;
  struct histogram latency;
  struct timeline timeline;

  int64_t metrics[METRIC__COUNT]; /* ledger_finish */
  struct ledger *others[LEDGER_GROUPS_MAX - 1]; /* of groups from 1; NULL = never needed */
  uint32_t groups;
  struct merged *merged; /* NULL = never needed */

  size_t ring_room;
  uint64_t window_min, window_max, keys_remembered;
};

static inline bool status_equal(struct status a, struct status b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static inline struct ledger *ledger_of(const struct ledger *ledger, uint32_t group) {
  return group == 0 ? (struct ledger *)(uintptr_t)ledger : ledger->others[group - 1];
}

/* ledger_window.c */

void ledger_window_reset(struct ledger *ledger);
/* Makes room in the ring for id `intent`, which is issued next; `number` of the record under way. */
void ledger_window_skip(struct ledger *ledger, uint64_t intent, uint64_t number);
void ledger_window_make_room(struct ledger *ledger, uint64_t intent, uint64_t number);
/* Turns an entry of the window into an exception. */
struct exception *ledger_set_aside(struct ledger *ledger, uint64_t intent, struct entry *entry,
                                   uint64_t number);
/* The exception of an id outside the window, or NULL. */
struct exception *ledger_exception_find(const struct ledger *ledger, uint64_t intent);
/* The same, but a retired id becomes an exception again. NULL: never issued. */
struct exception *ledger_exception_reach(struct ledger *ledger, uint64_t intent);
/* To be called when an exception may have become plain: retires it then. */
void ledger_exception_settle(struct ledger *ledger, struct exception *exception);

/* ledger_groups.c */

/* Makes the others what the first is, and empties them. */
void ledger_groups_reset(struct ledger *ledger, uint32_t keys, uint32_t groups, int64_t bucket_ns);
void ledger_groups_free(struct ledger *ledger);
/* Sums up the groups' metrics. */
void ledger_groups_finish(struct ledger *ledger, int64_t out[METRIC__COUNT]);
const struct timeline *ledger_groups_timeline(const struct ledger *ledger);
size_t ledger_groups_bytes(const struct ledger *ledger);

/* ledger_timeline.c */

void timeline_reset(struct timeline *timeline, int64_t width);
/* Moves the current cell on to the one that holds `at`. `open` is what earlier cells end with. */
void timeline_advance(struct timeline *timeline, int64_t at, int64_t open);

static inline struct timeline_bucket *timeline_cell(struct timeline *timeline, int64_t at,
                                                    int64_t open) {
  /* Unsigned, so that a time before 0 goes to where it is refused. */
  if (__builtin_expect((uint64_t)at >= (uint64_t)timeline->end, 0))
    timeline_advance(timeline, at, open);
  return &timeline->cells[timeline->current];
}

#endif
