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
  bool uncounted; /* its state is not how many effects there were */
};

struct fates {
  const struct workload_plan *workload;
  uint64_t messages;
  uint32_t keys, groups;
  struct fate_entry *entries; /* [messages + 1] of each group */
  struct key_entry *by_key;   /* [keys + 1] of each group */
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

static struct fate_entry *entry_at(const struct fates *fates, uint64_t place, uint32_t group) {
  return &fates->entries[group * (fates->messages + 1) + place];
}

static struct key_entry *key_at(const struct fates *fates, uint32_t key, uint32_t group) {
  return &fates->by_key[group * ((size_t)fates->keys + 1) + key];
}

struct fates *fates_new(const struct plan *plan) {
  const struct workload_plan *workload = &plan->workload;
  struct fates *fates = calloc(1, sizeof *fates);
  ASSERT(fates);
  fates->workload = workload;
  fates->messages = workload->messages;
  fates->keys = workload->keys;
  fates->groups = plan_group_count(plan);
  fates->entries = calloc(fates->groups * (workload->messages + 1), sizeof *fates->entries);
  fates->by_key = calloc(fates->groups * ((size_t)workload->keys + 1), sizeof *fates->by_key);
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
  memset(fates->entries, 0, fates->groups * (fates->messages + 1) * sizeof *fates->entries);
  memset(fates->by_key, 0, fates->groups * ((size_t)fates->keys + 1) * sizeof *fates->by_key);
  fates->stuck = fates->state_stated = false;
}

static void on_effect(uint64_t intent, struct fate_entry *entry, struct key_entry *key) {
  if (entry->effects++ == 0 && key->latest > intent) entry->reordered = true;
  if (key->latest < intent) key->latest = intent;
  key->effects++;
}

static void on_intended(struct fates *fates, struct fate_entry *entry, uint64_t intended,
                        uint32_t group) {
  const uint32_t key = fact_intended_key(intended), other = fact_intended_other(intended);
  entry->key = key <= fates->keys ? key : 0;
  if (operation_law((enum operation)fact_intended_operation(intended)) == LAW_COUNTS) return;
  key_at(fates, entry->key, group)->uncounted = true;
  if (other <= fates->keys) key_at(fates, other, group)->uncounted = true;
}

/* What clients do counts for every group. */
static void on_client(struct fates *fates, uint64_t place, const struct trace_record *record) {
  for (uint32_t group = 0; group < fates->groups; group++) {
    struct fate_entry *entry = entry_at(fates, place, group);
    if (record->kind != FACT_INTENDED)
      entry->outcome = record->kind;
    else
      on_intended(fates, entry, record->value, group);
  }
}

static void on_operation(struct fates *fates, const struct trace_record *record) {
  const uint64_t place = place_of(fates->workload, record->intent);
  if (place == 0) return;
  struct fate_entry *entry = entry_at(fates, place, record->detail < fates->groups ? record->detail : 0);
  struct key_entry *key = key_at(fates, entry->key, record->detail < fates->groups ? record->detail : 0);
  switch ((enum fact)record->kind) {
  case FACT_INTENDED:
  case FACT_OK:
  case FACT_NONE:
  case FACT_UNKNOWN:
  case FACT_REJECTED:
  case FACT_ABANDONED:
    on_client(fates, place, record);
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
    on_effect(record->intent, entry, key);
    break;
  case FACT_EFFECT_UNDONE:
    if (entry->effects > 0) entry->effects--, key->effects--;
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
    const uint32_t key = fact_state_key(record->detail), group = fact_state_group(record->detail);
    if (record->kind == FACT_STATE && key <= fates->keys && group < fates->groups) {
      key_at(fates, key, group)->state = (int64_t)record->value;
      fates->state_stated = true;
    }
    if (record->kind >= TRACE_FACT && record->intent > 0)
      on_operation(fates, record);
  }
}

static void finish_group(struct fates *fates, uint32_t group) {
  for (uint64_t place = fates->messages; place > 0; place--) {
    struct fate_entry *entry = entry_at(fates, place, group);
    struct key_entry *key = key_at(fates, entry->key, group);
    if (entry->effects == 0 || key->uncounted || key->state == key->effects) continue;
    entry->state_wrong = true; /* the last of its key speaks for all */
    key->state = key->effects;
  }
}

void fates_finish(struct fates *fates) {
  for (uint32_t group = 0; fates->state_stated && group < fates->groups; group++)
    finish_group(fates, group);
}

const struct fate_entry *fates_at(const struct fates *fates, uint64_t intent, uint32_t group) {
  const uint64_t place = place_of(fates->workload, intent);
  ASSERT(place > 0);
  return entry_at(fates, place, group);
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

enum fate fates_in(const struct fates *fates, uint64_t intent, uint32_t group) {
  const struct fate_entry *entry = fates_at(fates, intent, group);
  if (entry->effects == 0) return absent(fates, entry);
  if (entry->effects > 1) return FATE_MANY;
  if (entry->state_wrong) return FATE_STATE_ERROR;
  return entry->reordered ? FATE_REORDERED : FATE_ONCE;
}

/* A rank as it weighs: 1 is the worst, 0 the best. */
static unsigned weight(enum fate fate) { return fate_rows[fate].rank - 1; }

uint32_t fates_worst_group(const struct fates *fates, uint64_t intent) {
  uint32_t worst = 0;
  for (uint32_t group = 1; group < fates->groups; group++)
    if (weight(fates_in(fates, intent, group)) < weight(fates_in(fates, intent, worst))) worst = group;
  return worst;
}

enum fate fates_of(const struct fates *fates, uint64_t intent) {
  return fates_in(fates, intent, fates_worst_group(fates, intent));
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

uint64_t fates_first_of(const struct fates *fates, enum fate fate) {
  for (uint64_t place = 1; place <= fates->messages; place++)
    if (fates_of(fates, id_at(fates->workload, place)) == fate) return id_at(fates->workload, place);
  return 0;
}
