#include "sim/runner/explain_record.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/explain_index.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Facts of others that tell why something came to the operation. */
static const uint8_t around[FACT__END - TRACE_FACT] = {
    [FACT_STUCK - TRACE_FACT] = 1,
    [FACT_EXPIRED - TRACE_FACT] = 1,
    [FACT_FENCED - TRACE_FACT] = 1,
    [FACT_REBALANCED - TRACE_FACT] = 1,
    [FACT_TRANSACTION_COMMITTED - TRACE_FACT] = 1,
    [FACT_TRANSACTION_ABORTED - TRACE_FACT] = 1,
};
/* Own facts that another happening says better. */
static const uint8_t untold[FACT__END - TRACE_FACT] = {[FACT_FAULT_HIT - TRACE_FACT] = 1};

struct recorder {
  struct explain_record *record;
  struct explain_index index; /* of its transmissions */
  const struct world *world;
  struct happening *pending; /* from the observer, not yet merged */
  size_t pending_count, pending_capacity;
  size_t around_count;
  struct cause cause; /* the event under way */
  uint16_t node;      /* of the last point, and its operation */
  uint64_t intent;
  struct handler_call { /* by node: what its handler has called last for the operation, in words */
    char words[EXPLAIN_CALL_MAX];
  } *calls;
  size_t call_capacity;
};

/* --- From the observer --- */

static struct happening *add_pending(struct recorder *recorder, const struct world *world,
                                     enum happening_kind kind, uint16_t node) {
  recorder->world = world;
  GROW(recorder->pending, recorder->pending_capacity, recorder->pending_count + 1);
  struct happening *happening = &recorder->pending[recorder->pending_count++];
  *happening = (struct happening){.kind = kind, .at = world->now.ns, .node = node, .fault = NO_FAULT,
                                  .transmission = NO_TRANSMISSION,
                                  .order = world->trace.flushed + world->trace.count};
  return happening;
}

static const struct message_kind *kind_of(const struct world *world, const struct message *message) {
  return &world->nodes[message->to].components[message->port]->messages[message->kind];
}

static bool carries(const struct message *message, uint64_t intent) {
  if (message->record_count == 0) return message->intent == intent;
  for (uint32_t i = 0; i < message->record_count; i++)
    if (message->records[i].intent == intent) return true;
  return false;
}

/* Whether it answers a request that carried the operation. */
static bool answers(const struct recorder *recorder, const struct world *world, const struct message *message) {
  if (!message->is_reply || message->correlation == 0) return false;
  const struct explain_answer answer = {.correlation = message->correlation, .incarnation = message->to_incarnation,
                                        .point = kind_of(world, message)->sent, .from = message->to,
                                        .to = message->from};
  return explain_index_asked(&recorder->index, &answer);
}

static void add_transmission(struct recorder *recorder, const struct message *message) {
  struct explain_record *record = recorder->record;
  const struct message_kind *kind = kind_of(recorder->world, message);
  const struct node *nodes = recorder->world->nodes;
  const uint32_t group = nodes[message->from].group | nodes[message->to].group; /* one of them is 0, or both are it */
  const size_t number = record->transmission_count++;
  GROW(record->transmissions, record->transmission_capacity, record->transmission_count);
  record->transmissions[number] = (struct transmission){
      .id = message->id,
      .correlation = message->correlation, .incarnation = message->from_incarnation, .from = message->from,
      .to = message->to, .name = kind->name, .sent_point = kind->sent,
      .others = message->record_count > 1 ? message->record_count - 1 : 0,
      .nth = explain_index_nth(&recorder->index, kind->name, group),
      .is_reply = message->is_reply, .sent_at = message->depart,
      .end_at = message->depart};
  explain_index_add(&recorder->index, &record->transmissions[number], number);
}

static void on_sent(void *context, const struct world *world, const struct message *message,
                    int64_t at) {
  struct recorder *recorder = context;
  struct explain_record *record = recorder->record;
  if (!carries(message, record->intent) && !answers(recorder, world, message)) return;
  struct happening *sent = add_pending(recorder, world, HAPPENING_SENT, message->from);
  add_transmission(recorder, message);
  sent->own = true;
  sent->peer = message->to;
  sent->transmission = record->transmission_count - 1;
  if (at > 0) record->transmissions[sent->transmission].end_at = at;
}

static void close_transmission(struct recorder *recorder, struct happening *happening,
                               const struct message *message, bool arrived) {
  happening->transmission = explain_index_find(&recorder->index, message->id);
  if (happening->transmission == NO_TRANSMISSION) return;
  struct transmission *transmission =
      &recorder->record->transmissions[happening->transmission];
  happening->own = true;
  explain_index_close(&recorder->index, message->id);
  transmission->fate = arrived ? FATE_ARRIVED : FATE_LOST;
  transmission->end_at = happening->at > transmission->sent_at ? happening->at : transmission->sent_at;
}

static void on_arrived(void *context, const struct world *world, const struct message *message) {
  struct recorder *recorder = context;
  struct happening *arrived = add_pending(recorder, world, HAPPENING_ARRIVED, message->to);
  arrived->peer = message->from;
  arrived->cause = (struct cause){CAUSE_MESSAGE, message->to, message->from,
                                  kind_of(world, message)->name};
  close_transmission(recorder, arrived, message, true);
}

static void on_lost(void *context, const struct world *world, const struct message *message,
                    unsigned why, uint32_t fault) {
  struct recorder *recorder = context;
  if (explain_index_find(&recorder->index, message->id) == NO_TRANSMISSION) return;
  struct happening *lost = add_pending(recorder, world, HAPPENING_LOST, message->from);
  lost->peer = message->to;
  lost->value = why;
  lost->fault = fault;
  close_transmission(recorder, lost, message, false);
}

static void on_point(void *context, const struct world *world, const struct node *node,
                     uint32_t point, bool before, uint64_t intent, const struct message *message) {
  (void)message;
  struct recorder *recorder = context;
  recorder->node = node->id;
  recorder->intent = intent;
  if (before || intent != recorder->record->intent) return;
  if (point != POINT_HANDLED && point != POINT_ACK_APPLIED) return;
  struct happening *happening = add_pending(recorder, world, HAPPENING_POINT, node->id);
  happening->own = true;
  happening->what = point;
}

static void on_call(void *context, const struct world *world, const struct node *node, uint64_t intent,
                    const char *what, const char *about, bool may_fail) {
  (void)may_fail;
  struct recorder *recorder = context;
  if (intent != recorder->record->intent) return;
  GROW(recorder->calls, recorder->call_capacity, world->node_count);
  char *words = recorder->calls[node->id].words;
  snprintf(words, EXPLAIN_CALL_MAX, about ? "%s '%s'" : "%s", what, about);
  if (strcmp(what, "step") != 0 && strcmp(what, "statement") != 0) return;
  struct happening *step = add_pending(recorder, world, HAPPENING_STEP, node->id);
  step->own = true;
  snprintf(step->call, sizeof step->call, "%s", about ? about : "a step");
}

static void on_node(void *context, const struct world *world, const struct node *node,
                    enum node_change change) {
  struct happening *happening = add_pending(context, world, HAPPENING_NODE, node->id);
  happening->what = (uint32_t)change;
  happening->value = node->death;
  if (change == NODE_CHANGE_DOWN)
    happening->fault = node->down_by != NO_FAULT ? node->down_by : node->stopped_by;
  if (change == NODE_CHANGE_PAUSED) happening->fault = node->paused_by;
}

static void on_fault(void *context, const struct world *world, uint32_t fault, bool begins) {
  struct happening *happening = add_pending(context, world, HAPPENING_FAULT, 0);
  const size_t bytes = (world->node_count + 7) / 8;
  happening->what = begins;
  happening->fault = fault;
  happening->targets = malloc(bytes);
  ASSERT(happening->targets);
  memcpy(happening->targets, world->faults.items[fault].targets, bytes);
  const struct fault_verb *verb = &fault_verbs[world->plan->faults[fault].verb];
  if (verb->target != FAULT_TARGET_THIS) return;
  const struct recorder *recorder = context;
  happening->node = recorder->node;
  happening->value = verb->of_system ? world->faults.items[fault].intent : recorder->intent;
  for (uint16_t node = 0; verb->of_system && node < world->node_count; node++)
    if (happening->targets[node / 8] >> (node % 8) & 1) happening->node = node;
  if (happening->node < recorder->call_capacity)
    memcpy(happening->call, recorder->calls[happening->node].words, sizeof happening->call);
  memset(happening->targets, 0, bytes);
}

/* --- Merging --- */

static void take(struct recorder *recorder, struct happening *happening) {
  struct explain_record *record = recorder->record;
  const bool stage = happening->kind == HAPPENING_NODE || happening->kind == HAPPENING_FAULT;
  if (!happening->own && !stage && ++recorder->around_count > EXPLAIN_AROUND_MAX) {
    record->truncated = true;
    return;
  }
  if (happening->cause.kind == CAUSE_NONE) happening->cause = recorder->cause;
  GROW(record->items, record->capacity, record->count + 1);
  record->items[record->count++] = *happening;
}

static void take_pending(struct recorder *recorder, size_t *next, uint64_t before) {
  for (; *next < recorder->pending_count && recorder->pending[*next].order <= before; ++*next) {
    struct happening *happening = &recorder->pending[*next];
    if (happening->kind == HAPPENING_ARRIVED) recorder->cause = happening->cause;
    if (happening->kind != HAPPENING_ARRIVED || happening->own) take(recorder, happening);
  }
}

static const char *timer_name(const struct world *world, const struct trace_record *record) {
  const struct component *component =
      world->nodes[record->node].components[record->detail >> 15 & 1];
  const uint32_t kind = record->detail & 0x7fff;
  return component && component->timer_names && kind < component->timer_count
             ? component->timer_names[kind]
             : NULL;
}

/* The event under way, as far as its record tells. An arrival is told better by the observer. */
static struct cause cause_of(const struct world *world, const struct trace_record *record) {
  struct cause cause = {.node = record->node, .peer = (uint16_t)record->detail};
  if (record->kind == TRACE_TIMER) {
    cause.kind = CAUSE_TIMER;
    cause.name = timer_name(world, record);
  } else if (record->kind == TRACE_SERVED) {
    const struct component *component = world->nodes[record->node].components[0];
    const uint32_t kind = record->detail >> 16;
    cause.kind = CAUSE_MESSAGE;
    if (kind < component->message_count) cause.name = component->messages[kind].name;
  } else if (record->kind == TRACE_WORLD && record->value == EVENT_DISCONNECT &&
             (record->node != 0 || record->detail != EVENT_FAULT)) {
    cause.kind = CAUSE_DISCONNECT;
  } else if (record->kind == TRACE_WORLD && (record->value != EVENT_CLIENT || record->detail > 1)) {
    cause.kind = CAUSE_FAULT;
  }
  return cause;
}

static void take_fact(struct recorder *recorder, const struct trace_record *record, uint64_t number) {
  const size_t fact = record->kind - TRACE_FACT;
  const bool own = record->intent == recorder->record->intent;
  if (own ? untold[fact] : record->intent != 0 || !around[fact]) return;
  take(recorder, &(struct happening){.kind = HAPPENING_FACT, .own = own, .at = record->at,
                                     .node = record->node, .what = record->kind,
                                     .detail = record->detail, .value = record->value,
                                     .fault = NO_FAULT, .transmission = NO_TRANSMISSION,
                                     .order = number});
}

static void sink(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct recorder *recorder = context;
  size_t next = 0;
  for (size_t i = 0; i < count; i++) {
    take_pending(recorder, &next, first + i);
    if (records[i].kind >= TRACE_FACT && records[i].kind < FACT__END)
      take_fact(recorder, &records[i], first + i);
    else if (records[i].kind != TRACE_LOST)
      recorder->cause = cause_of(recorder->world, &records[i]);
    if (records[i].kind == FACT_INTENDED) recorder->cause = (struct cause){.kind = CAUSE_NONE};
  }
  /* What stands behind the last record waits for the next block. */
  memmove(recorder->pending, recorder->pending + next,
          (recorder->pending_count - next) * sizeof *recorder->pending);
  recorder->pending_count -= next;
}

/* --- The whole --- */

static void name_nodes(struct explain_record *record, const struct world *world) {
  record->node_count = world->node_count;
  record->nodes = calloc(world->node_count, sizeof *record->nodes);
  ASSERT(record->nodes);
  for (size_t i = 0; i < world->node_count; i++) {
    node_name(&world->nodes[i], record->nodes[i].name, sizeof record->nodes[i].name);
    record->nodes[i].role = world->nodes[i].role;
    record->nodes[i].group = world->nodes[i].group;
  }
}

void explain_record_run(struct run *run, const struct plan *plan, uint64_t seed, uint64_t intent,
                        const char *command, struct explain_record *out) {
  *out = (struct explain_record){.intent = intent, .plan = plan};
  struct recorder recorder = {.record = out};
  const struct observer observer = {.context = &recorder, .point = on_point, .sent = on_sent,
                                    .arrived = on_arrived, .lost = on_lost, .node = on_node,
                                    .call = on_call, .fault = on_fault};
  int64_t metrics[METRIC__COUNT];
  run_observe(run, &observer, sink, &recorder);
  run_judge(run, plan, seed, command, metrics, &out->digest);
  run_observe(run, NULL, NULL, NULL);
  size_t next = 0;
  take_pending(&recorder, &next, UINT64_MAX);
  out->run_end = recorder.world->now.ns;
  name_nodes(out, recorder.world);
  explain_record_arrange(out);
  free(recorder.pending);
  free(recorder.calls);
  explain_index_deinit(&recorder.index);
}

void explain_record_deinit(struct explain_record *record) {
  for (size_t i = 0; i < record->count; i++) free(record->items[i].targets);
  free(record->items);
  free(record->transmissions);
  free(record->nodes);
  *record = (struct explain_record){0};
}
