#include "sim/runner/explain_perfetto.h"

#include <jansson.h>
#include <string.h>

#define NODES_PROCESS 1
#define FAULTS_PROCESS 2
#define TICK_US 1.0 /* how long the slice is that a flow begins or ends in */

static double us(int64_t ns) { return (double)ns / 1000; }

static json_t *event(const char *phase, int process, int thread, const char *name, int64_t at) {
  json_t *json = json_object();
  json_object_set_new(json, "ph", json_string(phase));
  json_object_set_new(json, "pid", json_integer(process));
  json_object_set_new(json, "tid", json_integer(thread));
  json_object_set_new(json, "name", json_string(name));
  json_object_set_new(json, "ts", json_real(us(at)));
  return json;
}

static json_t *slice(int process, int thread, const char *name, int64_t begin, int64_t end) {
  json_t *json = event("X", process, thread, name, begin);
  json_object_set_new(json, "dur", json_real(end > begin ? us(end - begin) : TICK_US));
  return json;
}

static void name_thread(json_t *events, int process, int thread, const char *what, const char *name) {
  json_t *json = event("M", process, thread, what, 0);
  json_object_set_new(json, "args", json_pack("{s:s}", "name", name));
  json_array_append_new(events, json);
}

static void add_names(json_t *events, const struct story *story, const char *title) {
  name_thread(events, NODES_PROCESS, 0, "process_name", title);
  name_thread(events, FAULTS_PROCESS, 0, "process_name", "faults");
  for (size_t i = 0; i < story->record->node_count; i++)
    if (story->involved[i])
      name_thread(events, NODES_PROCESS, (int)i + 1, "thread_name", story->record->nodes[i].name);
  for (size_t i = 0; i < story->record->plan->fault_count; i++)
    name_thread(events, FAULTS_PROCESS, (int)i + 1, "thread_name", story->record->plan->faults[i].name);
}

/* Steps are short slices with their number; the slice of a handler lies around those of its calls. */
static void add_steps(json_t *events, const struct story *story) {
  for (size_t i = 0; i < story->count; i++) {
    const struct step *step = &story->steps[i];
    json_t *json = slice(NODES_PROCESS, step->node + 1, step->what, step->at, step->at);
    json_object_set_new(json, "args",
                        json_pack("{s:i,s:s}", "step", (int)i + 1, "why", step->why));
    json_array_append_new(events, json);
  }
}

static void add_flows(json_t *events, const struct explain_record *record) {
  for (size_t i = 0; i < record->transmission_count; i++) {
    const struct transmission *sent = &record->transmissions[i];
    json_array_append_new(events, slice(NODES_PROCESS, sent->from + 1, sent->name, sent->sent_at, sent->sent_at));
    json_t *start = event("s", NODES_PROCESS, sent->from + 1, sent->name, sent->sent_at);
    json_object_set_new(start, "id", json_integer((json_int_t)i + 1));
    json_object_set_new(start, "cat", json_string("message"));
    if (sent->fate != FATE_ARRIVED)
      json_object_set_new(start, "args", json_pack("{s:b}", sent->fate == FATE_LOST ? "lost" : "under_way", 1));
    json_array_append_new(events, start);
    if (sent->fate == FATE_LOST) {
      json_t *lost = event("i", NODES_PROCESS, sent->from + 1, "lost", sent->end_at);
      json_object_set_new(lost, "s", json_string("t"));
      json_array_append_new(events, lost);
    }
    if (sent->fate != FATE_ARRIVED) continue;
    json_array_append_new(events, slice(NODES_PROCESS, sent->to + 1, sent->name, sent->end_at, sent->end_at));
    json_t *end = event("f", NODES_PROCESS, sent->to + 1, sent->name, sent->end_at);
    json_object_set_new(end, "id", json_integer((json_int_t)i + 1));
    json_object_set_new(end, "cat", json_string("message"));
    json_object_set_new(end, "bp", json_string("e"));
    json_array_append_new(events, end);
  }
}

/* Handlers, and what happened to nodes and links, as slices. */
static void add_spans(json_t *events, const struct story *story) {
  const struct explain_record *record = story->record;
  for (size_t i = 0; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind == HAPPENING_FACT && happening->what == FACT_DELIVERED && happening->own) {
      const size_t end = explain_record_closed_by(record, i);
      const int64_t until = end < record->end ? record->items[end].at : record->items[record->end - 1].at;
      json_array_append_new(events, slice(NODES_PROCESS, happening->node + 1, "handler", happening->at, until));
    }
    const bool away = happening->kind == HAPPENING_NODE && (happening->what == NODE_CHANGE_DOWN ||
                                                            happening->what == NODE_CHANGE_PAUSED);
    if (away && story->involved[happening->node])
      json_array_append_new(events, slice(NODES_PROCESS, happening->node + 1,
                                          happening->what == NODE_CHANGE_DOWN ? "down" : "paused",
                                          happening->at, explain_record_until(record, i)));
    if (happening->kind == HAPPENING_FAULT && happening->what)
      json_array_append_new(events, slice(FAULTS_PROCESS, (int)happening->fault + 1,
                                          record->plan->faults[happening->fault].name, happening->at,
                                          explain_record_until(record, i)));
  }
}

void perfetto_write(const struct story *story, const char *title, FILE *out) {
  json_t *root = json_object(), *events = json_array();
  add_names(events, story, title);
  add_spans(events, story);
  add_steps(events, story);
  add_flows(events, story->record);
  json_object_set_new(root, "displayTimeUnit", json_string("ms"));
  json_object_set_new(root, "traceEvents", events);
  json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
  fputc('\n', out);
  json_decref(root);
}
