#include "sim/runner/recording.h"

#include "sim/base/grow.h"
#include "sim/runner/csv_out.h"
#include "sim/runner/pool.h"
#include "sim/runner/scenario_reader.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

void recording_deinit(struct recording *recording) {
  free(recording->arrivals);
  free(recording->beginnings);
  free(recording->absent);
  *recording = (struct recording){0};
}

/* ---- as it comes ---- */

void recording_records(struct recording *recording, const struct trace_record *records,
                       size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (records[i].kind != FACT_INTENDED) continue;
    GROW(recording->arrivals, recording->arrival_capacity, recording->arrival_count + 1);
    recording->arrivals[recording->arrival_count++] =
        (struct recorded_arrival){.id = records[i].intent, .at = records[i].at,
                                  .key = fact_intended_key(records[i].value),
                                  .producer = records[i].detail + 1};
  }
}

static bool draws(const struct selector *selector) {
  for (uint32_t i = 0; i < selector->count; i++)
    if (selector->items[i].which != WHICH_INDEX && selector->items[i].which != WHICH_ALL) return true;
  return false;
}

/* The nodes of a set, if they are at least one and at most `room`. */
static void name_nodes(const struct world *world, const uint8_t *set, uint32_t room,
                       struct selector *out) {
  struct selector named = {.count = 0};
  if (!draws(out)) return;
  for (size_t i = 0; i < world->node_count; i++) {
    const struct node *node = &world->nodes[i];
    if (!((set[i / 8] >> (i % 8)) & 1)) continue;
    if (named.count == room) return;
    named.items[named.count++] =
        (struct selector_item){.which = WHICH_INDEX, .role = node->role, .index = node->place,
                               .word = node->word, .offset = node->index - node->place,
                               .count = node->place};
  }
  if (named.count > 0) *out = named;
}

void recording_fault(void *context, const struct world *world, uint32_t fault,
                     const struct fault_plan *rules, bool happened, bool drawn) {
  struct recording *recording = context;
  const struct fault_state *state = &world->faults.items[fault];
  const bool link = fault_verbs[rules->verb].target == FAULT_TARGET_LINK;
  GROW(recording->beginnings, recording->beginning_capacity, recording->beginning_count + 1);
  struct recorded_beginning *beginning = &recording->beginnings[recording->beginning_count++];
  *beginning = (struct recorded_beginning){.fault = fault, .as = *rules};
  beginning->as.has_at = true;
  beginning->as.at = world->now;
  beginning->as.chance = happened ? SCHEMA_SHARE_SCALE : 0;
  if (!drawn) return;
  name_nodes(world, state->targets, link ? 1 : PLAN_SELECTOR_MAX, &beginning->as.target);
  name_nodes(world, state->others, PLAN_SELECTOR_MAX, &beginning->as.from);
}

void recording_end(struct recording *recording, const struct world *world) {
  GROW(recording->absent, recording->absent_capacity, world->faults.count + 1);
  for (size_t i = 0; i < world->faults.count; i++)
    recording->absent[i] = world->faults.items[i].absent;
}

/* ---- arrivals.csv ---- */

static void put_value(struct csv_out *csv, const struct key *key, union value value) {
  char text[1100];
  schema_format(key, value, text, sizeof text);
  csv_out_text(csv, text);
}

/* What the list said of an operation beside its arrival. */
static void put_listed(struct csv_out *csv, const struct intent_plan *intent) {
  const struct key *keys = intent_table.keys;
  put_value(csv, &keys[INTENT_SIZE], (union value){.i = intent->size});
  put_value(csv, &keys[INTENT_OPERATION], (union value){.i = intent->operation});
  csv_out_text(csv, intent->service_time ? intent->service_time->text : "");
}

bool recording_write_arrivals(const struct recording *recording, const struct plan *plan,
                              FILE *file) {
  static const char *const names[] = {"id",   "at",        "key",         "producer",
                                      "size", "operation", "service_time"};
  const struct workload_plan *workload = &plan->workload;
  struct csv_out csv;
  csv_out_init(&csv, file);
  csv_out_header(&csv, names, workload->intents ? 7 : 4);
  for (size_t i = 0; i < recording->arrival_count; i++) {
    const struct recorded_arrival *arrival = &recording->arrivals[i];
    csv_out_unsigned(&csv, arrival->id);
    put_value(&csv, &intent_table.keys[INTENT_AT], (union value){.i = arrival->at});
    csv_out_unsigned(&csv, arrival->key);
    csv_out_unsigned(&csv, arrival->producer);
    if (workload->intents) put_listed(&csv, workload_find(workload, arrival->id));
    csv_out_end_row(&csv);
  }
  return !csv.failed;
}

/* ---- faults.csv ---- */

/* Own keys of all verbs: the columns behind those that every row has. */
struct columns {
  const char *names[SCHEMA_KEYS_MAX];
  size_t count;
};

static void add_column(struct columns *columns, const char *name) {
  for (size_t i = 0; i < columns->count; i++)
    if (strcmp(columns->names[i], name) == 0) return;
  columns->names[columns->count++] = name;
}

static struct columns own_columns(const struct plan *plan) {
  struct columns columns = {.count = 0};
  for (size_t i = 0; i < plan->fault_count; i++) {
    const struct fault_verb *verb = &fault_verbs[plan->faults[i].verb];
    for (size_t k = 0; k < verb->key_count && plan->faults[i].timing != TIMING_WHEN; k++)
      add_column(&columns, verb->keys[k].key.name);
  }
  return columns;
}

/* Nodes with blanks between them. */
static void put_nodes(struct csv_out *csv, const struct selector *selector) {
  struct pool *pool = pool_new();
  const char *text = "";
  for (uint32_t i = 0; i < selector->count; i++) {
    const struct selector one = {.items = {selector->items[i]}, .count = 1};
    text = pool_print(pool, "%s%s%s", text, i ? " " : "", select_format(pool, &one));
  }
  csv_out_text(csv, text);
  pool_free(pool);
}

static void put_target(struct csv_out *csv, const struct fault_plan *as) {
  if (fault_verbs[as->verb].target != FAULT_TARGET_LINK) return put_nodes(csv, &as->target);
  struct pool *pool = pool_new();
  csv_out_text(csv, select_format_link(pool, &as->target, as->target_link));
  pool_free(pool);
}

static void put_own(struct csv_out *csv, const struct fault_plan *as, const char *name) {
  const struct fault_verb *verb = &fault_verbs[as->verb];
  for (size_t k = 0; k < verb->key_count; k++) {
    const struct fault_key *key = &verb->keys[k];
    if (strcmp(key->key.name, name) != 0) continue;
    if (key->kind == FAULT_KEY_NODES)
      return put_nodes(csv, (const struct selector *)(const void *)((const char *)as + key->offset));
    if (!fault_field_said(as, key)) break;
    return put_value(csv, &key->key, fault_field(as, key));
  }
  csv_out_text(csv, "");
}

static void put_row(struct csv_out *csv, const struct fault_plan *as, uint64_t hits,
                    const struct columns *columns) {
  const struct fault_verb *verb = &fault_verbs[as->verb];
  const bool instant = verb->for_default && verb->for_default[0] == '\0';
  const struct key *at = &fault_timing_keys[FAULT_KEY_AT].key;
  csv_out_text(csv, as->name);
  if (as->has_at)
    put_value(csv, at, (union value){.i = as->at.ns});
  else
    csv_out_text(csv, "");
  csv_out_text(csv, verb->name);
  put_target(csv, as);
  if (instant)
    csv_out_text(csv, "");
  else
    put_value(csv, &fault_common_keys[FAULT_KEY_FOR].key, (union value){.i = as->lasts.ns});
  csv_out_text(csv, as->chance == 0 ? "0%" : "");
  csv_out_unsigned(csv, hits < as->min_hits ? hits : as->min_hits);
  for (size_t i = 0; i < columns->count; i++) put_own(csv, as, columns->names[i]);
  csv_out_end_row(csv);
}

/* For a fault of which the row has no target, so that those behind it keep their numbers. */
static struct fault_plan stand_in(const char *name) {
  return (struct fault_plan){.name = name, .verb = VERB_KILL,
                             .target = {.items = {{.which = WHICH_ANY, .role = ROLE_PRODUCER}}, .count = 1}};
}

bool recording_write_faults(const struct recording *recording, const struct plan *plan,
                            const struct run_result *result, FILE *file) {
  static const char *const names[] = {"name", "at", "fault", "target", "for", "chance", "min_hits"};
  const struct columns columns = own_columns(plan);
  struct csv_out csv;
  csv_out_init(&csv, file);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) csv_out_text(&csv, names[i]);
  csv_out_header(&csv, columns.names, columns.count);
  for (uint32_t fault = 0; fault < plan->fault_count; fault++) {
    size_t came = 0;
    if (plan->faults[fault].timing == TIMING_WHEN) continue;
    for (size_t i = 0; i < recording->beginning_count; i++) {
      if (recording->beginnings[i].fault != fault) continue;
      struct fault_plan as = recording->beginnings[i].as;
      as.min_hits = plan->faults[fault].min_hits;
      put_row(&csv, &as, result->fault_hits[fault], &columns);
      came++;
    }
    if (came > 0) continue;
    struct fault_plan never = plan->faults[fault];
    if (!result->fault_applies[fault]) never = stand_in(never.name);
    never.has_at = false;
    never.chance = 0;
    put_row(&csv, &never, 0, &columns);
  }
  return !csv.failed;
}

bool recording_has_faults(const struct plan *plan) {
  for (size_t i = 0; i < plan->fault_count; i++)
    if (plan->faults[i].timing != TIMING_WHEN) return true;
  return false;
}
