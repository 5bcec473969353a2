#include "sim/runner/explain_fates.h"

#include "sim/base/assert.h"
#include "sim/world/fact.h"
#include "sim/world/workload.h"

#include <stdlib.h>
#include <string.h>

const struct fate_row fate_rows[FATE__COUNT] = {
#define X(id, rank, name, about) [FATE_##id] = {rank, name, about},
    FATES(X)
#undef X
};

struct key_entry {
  uint64_t latest; /* highest operation with an effect */
  int64_t effects, state;
};

struct fates {
  const struct workload_plan *workload;
  uint64_t messages;
  uint32_t keys;
  struct fate_entry *entries; /* [messages + 1] */
  struct key_entry *by_key;   /* [keys + 1] */
  bool stuck, state_stated;
};

/* Place of an operation among all, from 1; 0 = there is none of this id. */
static uint64_t place_of(const struct workload_plan *workload, uint64_t intent) {
  if (!workload->intents) return intent <= workload->messages ? intent : 0;
  const struct intent_plan *found = workload_find(workload, intent);
  return found ? (uint64_t)(found - workload->intents) + 1 : 0;
}

static uint64_t id_at(const struct workload_plan *workload, uint64_t place) {
  return workload->intents ? workload->intents[place - 1].id : place;
}

bool fates_has(const struct workload_plan *workload, uint64_t intent) {
  return place_of(workload, intent) != 0;
}

struct fates *fates_new(const struct workload_plan *workload) {
  struct fates *fates = calloc(1, sizeof *fates);
  ASSERT(fates);
  fates->workload = workload;
  fates->messages = workload->messages;
  fates->keys = workload->keys;
  fates->entries = calloc(workload->messages + 1, sizeof *fates->entries);
  fates->by_key = calloc((size_t)workload->keys + 1, sizeof *fates->by_key);
  ASSERT_MSG(fates->entries && fates->by_key, "out of memory");
  return fates;
}

void fates_free(struct fates *fates) {
  if (!fates) return;
  free(fates->entries);
  free(fates->by_key);
  free(fates);
}

void fates_reset(struct fates *fates) {
  memset(fates->entries, 0, (fates->messages + 1) * sizeof *fates->entries);
  memset(fates->by_key, 0, ((size_t)fates->keys + 1) * sizeof *fates->by_key);
  fates->stuck = fates->state_stated = false;
}

static void on_effect(struct fates *fates, uint64_t intent, struct fate_entry *entry) {
  struct key_entry *key = &fates->by_key[entry->key];
  if (entry->effects++ == 0 && key->latest > intent) entry->reordered = true;
  if (key->latest < intent) key->latest = intent;
  key->effects++;
}

static void on_operation(struct fates *fates, const struct trace_record *record) {
  const uint64_t place = place_of(fates->workload, record->intent);
  if (place == 0) return;
  struct fate_entry *entry = &fates->entries[place];
  switch ((enum fact)record->kind) {
  case FACT_INTENDED:
    entry->key = record->value <= fates->keys ? (uint32_t)record->value : 0;
    break;
  case FACT_OK:
  case FACT_NONE:
  case FACT_UNKNOWN:
  case FACT_REJECTED:
  case FACT_ABANDONED:
    entry->outcome = record->kind;
    break;
  case FACT_DELIVERED:
    entry->deliveries++;
    break;
  case FACT_SUPPRESSED:
    entry->suppressed++;
    break;
  case FACT_DEAD_LETTERED:
    entry->dead_lettered = true;
    break;
  case FACT_DEAD_LETTER_LEFT:
    entry->dead_lettered = false;
    break;
  case FACT_EFFECT:
    on_effect(fates, record->intent, entry);
    break;
  case FACT_EFFECT_UNDONE:
    if (entry->effects > 0) entry->effects--, fates->by_key[entry->key].effects--;
    break;
  default: /* explains, and decides nothing */
    break;
  }
}

void fates_sink(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  (void)first;
  struct fates *fates = context;
  for (size_t i = 0; i < count; i++) {
    const struct trace_record *record = &records[i];
    if (record->kind == FACT_STUCK) fates->stuck = true;
    if (record->kind == FACT_STATE && record->detail <= fates->keys) {
      fates->by_key[record->detail].state = (int64_t)record->value;
      fates->state_stated = true;
    }
    if (record->kind >= TRACE_FACT && record->intent > 0)
      on_operation(fates, record);
  }
}

void fates_finish(struct fates *fates) {
  if (!fates->state_stated) return;
  for (uint64_t place = fates->messages; place > 0; place--) {
    struct fate_entry *entry = &fates->entries[place];
    struct key_entry *key = &fates->by_key[entry->key];
    if (entry->effects == 0 || key->state == key->effects) continue;
    entry->state_wrong = true; /* the last of its key speaks for all */
    key->state = key->effects;
  }
}

const struct fate_entry *fates_at(const struct fates *fates, uint64_t intent) {
  const uint64_t place = place_of(fates->workload, intent);
  ASSERT(place > 0);
  return &fates->entries[place];
}

static enum fate absent(const struct fates *fates, const struct fate_entry *entry) {
  if (entry->dead_lettered) return FATE_DEAD_LETTERED;
  if (entry->outcome == FACT_REJECTED) return FATE_ABSENT_REJECTED;
  if (entry->outcome == FACT_UNKNOWN || entry->outcome == FACT_ABANDONED)
    return FATE_ABSENT_UNKNOWN;
  if (fates->stuck) return FATE_STUCK;
  if (entry->outcome == FACT_OK) return FATE_LOST_ACKED;
  return entry->outcome == FACT_NONE ? FATE_LOST_UNACKED : FATE_ABSENT_UNKNOWN;
}

enum fate fates_of(const struct fates *fates, uint64_t intent) {
  const struct fate_entry *entry = fates_at(fates, intent);
  if (entry->effects == 0) return absent(fates, entry);
  if (entry->effects > 1) return FATE_MANY;
  if (entry->state_wrong) return FATE_STATE_ERROR;
  return entry->reordered ? FATE_REORDERED : FATE_ONCE;
}

uint64_t fates_first(const struct fates *fates) {
  uint64_t found = 0;
  unsigned best = UINT32_MAX;
  for (uint64_t place = 1; place <= fates->messages && best > 1; place++) {
    const uint64_t intent = id_at(fates->workload, place);
    const unsigned rank = fate_rows[fates_of(fates, intent)].rank;
    if (rank == 0 || rank >= best) continue;
    found = intent;
    best = rank;
  }
  return found;
}
