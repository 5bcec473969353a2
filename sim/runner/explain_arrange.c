/* Puts a recording in order of time, finds the part of it that is the operation's, and what ends what. */
#include "sim/runner/explain_record.h"

#include "sim/base/assert.h"

#include <stdlib.h>

/* By time; what a server sends leaves when its service ends, which may be after what came meanwhile. */
static int by_time(const void *a, const void *b) {
  const struct happening *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(struct explain_record *record) {
  for (size_t i = 0; i < record->count; i++) {
    struct happening *happening = &record->items[i];
    happening->order = i;
    if (happening->transmission == NO_TRANSMISSION) continue;
    const struct transmission *transmission = &record->transmissions[happening->transmission];
    if (happening->kind == HAPPENING_SENT && transmission->sent_at > happening->at)
      happening->at = transmission->sent_at;
    if (happening->kind == HAPPENING_LOST) happening->at = transmission->end_at;
  }
  if (record->count > 0) qsort(record->items, record->count, sizeof *record->items, by_time);
}

/* Place of the last thing that it had to do with a node; record->count = nothing. */
static size_t last_at(const struct explain_record *record, uint16_t node) {
  for (size_t i = record->count; i-- > 0;)
    if (record->items[i].own && record->items[i].node == node) return i;
  return record->count;
}

/* First time from there on that the node died so that it lost what it had: a consumer its memory, a broker,
 * with the machine, what it had not synced. */
static size_t next_death(const struct explain_record *record, uint16_t node, size_t from) {
  const bool broker = record->nodes[node].role == ROLE_BROKER;
  for (size_t i = from; i < record->count; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind == HAPPENING_NODE && happening->node == node &&
        happening->what == NODE_CHANGE_DOWN && (!broker || death_of_machine((enum death)happening->value)))
      return i;
  }
  return record->count;
}

static bool is_noted(const struct explain_record *record) {
  for (size_t i = record->first; i < record->count; i++)
    if (record->items[i].kind == HAPPENING_POINT && record->items[i].what == POINT_ACK_APPLIED) return true;
  return false;
}

/* Where the group took it away from a consumer that lives. */
static size_t next_change_of_group(const struct explain_record *record, size_t last) {
  for (size_t i = last + 1; i < record->count; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind == HAPPENING_FACT && !happening->own &&
        (happening->what == FACT_REBALANCED || happening->what == FACT_FENCED))
      return i;
  }
  return last;
}

/* An operation without effect ends where whoever held it lost it: the last of them. What is acknowledged
 * is held by nobody but who acknowledged it. */
static size_t end_of_loss(const struct explain_record *record, size_t last) {
  const bool noted = is_noted(record);
  bool received = false, died = false;
  size_t end = last;
  for (uint16_t node = 0; node < record->node_count; node++) {
    const enum role role = record->nodes[node].role;
    const size_t had = last_at(record, node);
    if (had == record->count || (role != ROLE_CONSUMER && (role != ROLE_BROKER || noted))) continue;
    const size_t death = next_death(record, node, had);
    received |= role == ROLE_CONSUMER;
    died |= death < record->count;
    if (death < record->count && death > end) end = death;
  }
  return died || !received ? end : next_change_of_group(record, last);
}

static void find_window(struct explain_record *record) {
  size_t last = 0;
  bool effect = false, begun = false;
  for (size_t i = 0; i < record->count; i++) {
    const struct happening *happening = &record->items[i];
    if (!happening->own) continue;
    if (!begun) record->first = i, begun = true;
    last = i;
    effect |= happening->kind == HAPPENING_FACT && happening->what == FACT_EFFECT;
  }
  if (!begun) return;
  record->end = (effect ? last : end_of_loss(record, last)) + 1;
}

static size_t *indices(size_t count, size_t value) {
  size_t *items = malloc((count + 1) * sizeof *items);
  ASSERT(items);
  for (size_t i = 0; i < count; i++) items[i] = value;
  return items;
}

/* From the last to the first, with the next end of everything at hand. */
static void find_ends(struct explain_record *record) {
  size_t *nodes = indices(record->node_count, record->count), *handlers = indices(record->node_count, record->count);
  size_t *faults = indices(record->plan->fault_count, record->count);
  for (size_t i = record->count; i-- > 0;) {
    struct happening *happening = &record->items[i];
    size_t *next = &handlers[happening->node];
    if (happening->kind == HAPPENING_NODE) next = &nodes[happening->node];
    if (happening->kind == HAPPENING_FAULT) next = &faults[happening->fault];
    happening->closed_by = *next;
    if (happening->kind == HAPPENING_NODE || (happening->kind == HAPPENING_FAULT && !happening->what)) *next = i;
    if ((happening->kind == HAPPENING_POINT && happening->what == POINT_HANDLED) ||
        (happening->kind == HAPPENING_NODE && happening->what == NODE_CHANGE_DOWN))
      handlers[happening->node] = i;
  }
  free(nodes);
  free(handlers);
  free(faults);
}

void explain_record_arrange(struct explain_record *record) {
  sort(record);
  find_window(record);
  find_ends(record);
}
