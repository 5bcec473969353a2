/* Puts a recording in order of time and finds the part of it that is the operation's. */
#include "sim/runner/explain_record.h"

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

static bool is_end_of_holding(const struct happening *happening, uint16_t holder) {
  if (happening->kind == HAPPENING_NODE)
    return happening->what == NODE_CHANGE_DOWN && happening->node == holder;
  return happening->kind == HAPPENING_FACT && !happening->own &&
         (happening->what == FACT_REBALANCED || happening->what == FACT_FENCED ||
          happening->what == FACT_EXPIRED);
}

/* Whether a consumer that had got it has died by then. */
static bool died_with_it(const struct explain_record *record, size_t last) {
  for (size_t i = record->first; i < last; i++) {
    const struct happening *got = &record->items[i];
    if (!got->own || record->nodes[got->node].role != ROLE_CONSUMER) continue;
    for (size_t j = i + 1; j < last; j++)
      if (record->items[j].kind == HAPPENING_NODE && is_end_of_holding(&record->items[j], got->node))
        return true;
  }
  return false;
}

/* An operation without effect ends where whoever held it last lost it. */
static size_t end_of_loss(const struct explain_record *record, size_t last) {
  const uint16_t holder = record->items[last].node;
  if (died_with_it(record, last)) return last;
  if (record->nodes[holder].role != ROLE_CONSUMER && record->nodes[holder].role != ROLE_BROKER)
    return last;
  for (size_t i = last + 1; i < record->count; i++)
    if (is_end_of_holding(&record->items[i], holder)) return i;
  return last;
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

void explain_record_arrange(struct explain_record *record) {
  sort(record);
  find_window(record);
}
