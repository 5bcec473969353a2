/* Final states, judged the slow way: of a row that operations overwrite, every legal serial order is gone
 * through. */
#ifndef TESTS_ORACLE_NAIVE_ROWS_H
#define TESTS_ORACLE_NAIVE_ROWS_H

#include "tests/oracle/naive_fates.h"

#define NAIVE_ORDER_MAX 11

static inline bool naive_overwrites(const struct naive_fate *fate) {
  return fate->issued && operation_law(fate->operation) == LAW_OVERWRITES;
}

static inline bool naive_overwritten(const struct naive_judge *judge, uint32_t key) {
  for (uint64_t id = 1; id < judge->ids; id++)
    if (naive_overwrites(&judge->fates[id]) && judge->fates[id].key == key) return true;
  return false;
}

/* --- What the effects make of the rows --- */

static inline void naive_apply(struct naive_judge *judge, size_t index, int standing) {
  const uint64_t id = judge->facts[index].intent;
  struct naive_fate *fate = &judge->fates[id];
  struct naive_row *row = &judge->rows[fate->key], before = *row;
  switch ((int)fate->operation) {
  case OPERATION_DELETE: *row = (struct naive_row){.absent = true}; break;
  case OPERATION_PUT: *row = (struct naive_row){.value = id}; break;
  case OPERATION_SET:
    if (!row->absent) row->value = id;
    break;
  default: abort();
  }
  row->newest = id > before.newest ? id : before.newest;
  const bool changed =
      !before.unsure && (row->absent != before.absent || row->value != before.value);
  if (changed && id < before.newest) judge->metrics[METRIC_STALE_OVERWRITES]++;
  if (!changed || standing < 2 || fate->changed_again) return;
  fate->changed_again = true;
  naive_note(judge, &judge->facts[index], NAIVE_DUPLICATE, 0);
}

static inline void naive_follow_rows(struct naive_judge *judge) {
  int standing[NAIVE_IDS] = {0};
  memset(judge->rows, 0, sizeof judge->rows);
  for (size_t i = 0; i < judge->count; i++) {
    const struct trace_record *fact = &judge->facts[i];
    const struct naive_fate *fate = &judge->fates[fact->intent];
    if (!naive_overwrites(fate) || fate->intended_index > i || !naive_concerns(judge, fact)) continue;
    if (fact->kind == FACT_EFFECT) naive_apply(judge, i, ++standing[fact->intent]);
    if (fact->kind == FACT_EFFECT_UNDONE && standing[fact->intent] > 0) {
      standing[fact->intent]--;
      judge->rows[fate->key].unsure = true;
      judge->rows[fate->key].newest = 0;
    }
  }
}

/* --- Sums --- */

/* What an operation that is done once adds to a key. */
static inline int64_t naive_weight(const struct naive_fate *fate, uint32_t key) {
  if (!fate->issued || naive_overwrites(fate)) return 0;
  if (fate->operation == OPERATION_TRANSFER) return (fate->other == key) - (fate->key == key);
  return fate->key == key;
}

static inline int64_t naive_truth(const struct naive_judge *judge, uint32_t key) {
  int64_t sum = 0;
  if (naive_overwritten(judge, key))
    return judge->rows[key].absent ? (int64_t)FACT_STATE_ABSENT : (int64_t)judge->rows[key].value;
  for (uint64_t id = 1; id < judge->ids; id++)
    sum += naive_weight(&judge->fates[id], key) * judge->fates[id].effects;
  return sum;
}

static inline bool naive_firm(const struct naive_fate *fate) {
  return fate->outcome == FACT_OK || fate->outcome == FACT_NONE;
}

static inline void naive_sum(struct naive_judge *judge, uint32_t key, int64_t value) {
  int64_t must = 0, up = 0, down = 0, extra = 0, missing = 0;
  for (uint64_t id = 1; id < judge->ids; id++) {
    const struct naive_fate *fate = &judge->fates[id];
    const int64_t weight = naive_weight(fate, key);
    const bool firm = naive_firm(fate), may = !firm && fate->outcome != FACT_REJECTED;
    must += firm ? weight : 0;
    up += may && weight > 0 ? weight : 0;
    down += may && weight < 0 ? weight : 0;
    if (fate->effects > 1) extra += weight * (fate->effects - 1);
    if (firm && fate->effects == 0) missing += weight;
  }
  const int64_t least = must + down, most = must + up;
  const bool as_stated = value == naive_truth(judge, key);
  if (as_stated && value >= least && value <= most) return;
  judge->metrics[METRIC_STATE_ERRORS]++;
  if (!as_stated) return;
#define WITHIN(x) ((x) >= least && (x) <= most)
  bool doubled = extra && WITHIN(value - extra), lost = missing && WITHIN(value + missing);
  if (!doubled && !lost && extra && missing) doubled = lost = WITHIN(value - extra + missing);
#undef WITHIN
  judge->metrics[METRIC_STATE_DOUBLED] += doubled;
  judge->metrics[METRIC_STATE_LOST] += lost;
}

/* --- Orders --- */

/* The operations of a row, and which of its final states some order of them leaves. */
struct naive_orders {
  const struct naive_fate *fates[NAIVE_ORDER_MAX];
  uint64_t ids[NAIVE_ORDER_MAX];
  unsigned count, firm; /* firm: a set of them, one bit each */
  /* By the set of those that stand in the order so far: which rows they may leave, one bit for each:
   * that of operation i; then as it was at first; then none. */
  unsigned leaves[1 << NAIVE_ORDER_MAX];
};

static inline bool naive_precedes(const struct naive_fate *a, const struct naive_fate *b) {
  return a->firm_index != 0 && a->firm_index < b->intended_index;
}

/* Whether operation `next` may stand behind those of `placed`. */
static inline bool naive_may_follow(const struct naive_orders *orders, unsigned placed, unsigned next) {
  if (placed >> next & 1) return false;
  for (unsigned i = 0; i < orders->count; i++)
    if (placed >> i & 1 && naive_precedes(orders->fates[next], orders->fates[i])) return false;
  return true;
}

static inline unsigned naive_after(const struct naive_orders *orders, unsigned rows, unsigned next) {
  const unsigned none = 1u << (orders->count + 1), own = 1u << next;
  if (orders->fates[next]->operation == OPERATION_DELETE) return none;
  if (orders->fates[next]->operation == OPERATION_PUT) return own;
  return (rows & none) | (rows & ~none ? own : 0); /* a SET finds a row, or none */
}

/* What all legal orders together may leave. */
static inline unsigned naive_finals(struct naive_orders *orders) {
  unsigned finals = 0;
  memset(orders->leaves, 0, sizeof *orders->leaves << orders->count);
  orders->leaves[0] = 1u << orders->count;
  for (unsigned placed = 0; placed < 1u << orders->count; placed++) {
    if (!orders->leaves[placed]) continue;
    if ((placed & orders->firm) == orders->firm) finals |= orders->leaves[placed];
    for (unsigned next = 0; next < orders->count; next++)
      if (naive_may_follow(orders, placed, next))
        orders->leaves[placed | 1u << next] |= naive_after(orders, orders->leaves[placed], next);
  }
  return finals;
}

static inline bool naive_collect(const struct naive_judge *judge, uint32_t key, struct naive_orders *out) {
  out->count = out->firm = 0;
  for (uint64_t id = 1; id < judge->ids; id++) {
    const struct naive_fate *fate = &judge->fates[id];
    if (!naive_overwrites(fate) || fate->key != key || fate->outcome == FACT_REJECTED) continue;
    if (out->count == NAIVE_ORDER_MAX) return false;
    if (naive_firm(fate)) out->firm |= 1u << out->count;
    out->fates[out->count] = fate;
    out->ids[out->count++] = id;
  }
  return true;
}

/* The latest firm one of a kind, or, with OPERATION__COUNT, of all; NULL = none. */
static inline const struct naive_fate *naive_latest(const struct naive_orders *orders,
                                                    enum operation operation) {
  const struct naive_fate *latest = NULL;
  for (unsigned i = 0; i < orders->count; i++)
    if (orders->firm >> i & 1 &&
        (operation == OPERATION__COUNT || orders->fates[i]->operation == operation))
      latest = orders->fates[i];
  return latest;
}

/* Why a row is no order's: the firm operation that it contradicts was not applied, or was, and is gone. */
static inline void naive_explain(struct naive_judge *judge, const struct naive_orders *orders,
                                 unsigned place) {
  const struct naive_fate *latest = naive_latest(orders, OPERATION__COUNT);
  if (place == orders->count + 1) /* none */
    latest = naive_latest(orders, OPERATION_PUT);
  else if (place < orders->count && (!latest || !naive_precedes(orders->fates[place], latest)))
    latest = naive_latest(orders, OPERATION_DELETE);
  if (!latest) abort();
  judge->metrics[latest->effects ? METRIC_STATE_STALE : METRIC_STATE_LOST]++;
}

static inline void naive_row(struct naive_judge *judge, uint32_t key, int64_t value) {
  static struct naive_orders orders;
  const struct naive_row *row = &judge->rows[key];
  if (!naive_collect(judge, key, &orders)) {
    judge->too_many = true;
    return;
  }
  unsigned place = orders.count + 2; /* of nobody */
  bool deleted = false;
  for (unsigned i = 0; i < orders.count; i++) {
    const bool deletes = orders.fates[i]->operation == OPERATION_DELETE;
    deleted |= deletes;
    if (!deletes && (uint64_t)value == orders.ids[i]) place = i;
  }
  if (value == 0) place = orders.count;
  if ((uint64_t)value == FACT_STATE_ABSENT && deleted) place = orders.count + 1;
  const bool as_stated = row->unsure || value == naive_truth(judge, key);
  if (as_stated && naive_finals(&orders) >> place & 1) return;
  judge->metrics[METRIC_STATE_ERRORS]++;
  if (as_stated && place < orders.count + 2) naive_explain(judge, &orders, place);
}

static inline void naive_states(struct naive_judge *judge) {
  bool any = false;
  judge->too_many = false;
  for (size_t i = 0; i < judge->count; i++)
    any |= judge->facts[i].kind == FACT_STATE && naive_concerns(judge, &judge->facts[i]);
  for (uint32_t key = 0; any && key <= judge->keys; key++) {
    int64_t value = 0;
    for (size_t i = 0; i < judge->count; i++)
      if (judge->facts[i].kind == FACT_STATE && judge->facts[i].detail == fact_state(judge->group, key))
        value = (int64_t)judge->facts[i].value;
    if (naive_overwritten(judge, key))
      naive_row(judge, key, value);
    else
      naive_sum(judge, key, value);
  }
}

#endif
