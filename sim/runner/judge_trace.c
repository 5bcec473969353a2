#include "sim/runner/judge_trace.h"

#include "sim/base/assert.h"
#include "sim/kernel/time.h"
#include "sim/runner/collect.h"
#include "sim/world/fact.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool judge_trace_begin(FILE *file, const struct scenario *scenario, size_t row, size_t seed,
                       struct err *err) {
  char *text = NULL;
  size_t length = 0;
  FILE *memory = open_memstream(&text, &length);
  ASSERT_MSG(memory, "out of memory");
  scenario_print_run(scenario, row, seed, memory);
  ASSERT(fclose(memory) == 0);
  const bool good = trace_file_begin(file, text, length, err);
  free(text);
  return good;
}

/* --- Whether a run can have stated this --- */

struct checker {
  const struct plan *plan;
  struct trace_record last; /* the record before */
  uint64_t issued;          /* the latest operation */
  uint8_t *begun;           /* [plan->fault_count]: the fault is under way */
};

static bool check_fault(struct checker *checker, const struct trace_record *fact,
                        struct err *err) {
  if (fact->detail >= checker->plan->fault_count)
    return err_set(err, ERR_FORMAT, "fault %u of %zu", fact->detail, checker->plan->fault_count);
  if (fact->kind == FACT_FAULT_ENDED && !checker->begun[fact->detail])
    return err_set(err, ERR_FORMAT, "fault %u ends and has not begun", fact->detail);
  if (fact->kind != FACT_FAULT_HIT)
    checker->begun[fact->detail] = fact->kind == FACT_FAULT_BEGAN;
  return true;
}

static bool check_group(const struct checker *checker, uint32_t group, struct err *err) {
  if (group < plan_group_count(checker->plan)) return true;
  return err_set(err, ERR_FORMAT, "group %u of %u", group, plan_group_count(checker->plan));
}

static bool check_operation(uint64_t intended, uint32_t keys, struct err *err) {
  const uint32_t key = fact_intended_key(intended), other = fact_intended_other(intended);
  const uint32_t operation = fact_intended_operation(intended);
  if (operation >= OPERATION__COUNT)
    return err_set(err, ERR_FORMAT, "operation number %u of %u", operation, OPERATION__COUNT);
  if (operation == OPERATION_TRANSFER && (other == 0 || other == key))
    return err_set(err, ERR_FORMAT, "a transfer from key %u to key %u", key, other);
  if (key <= keys && other <= keys) return true;
  return err_set(err, ERR_FORMAT, "key %u of %u", key > keys ? key : other, keys);
}

/* Ids of a list may leave gaps. */
static uint64_t last_operation(const struct workload_plan *workload) {
  return workload->intents ? workload->intents[workload->messages - 1].id : workload->messages;
}

static bool check_fact(struct checker *checker, const struct trace_record *fact, struct err *err) {
  const uint32_t keys = checker->plan->workload.keys;
  switch (fact->kind) {
  case FACT_INTENDED:
    if (fact->intent <= checker->issued)
      return err_set(err, ERR_FORMAT, "operation %" PRIu64 " is intended after %" PRIu64,
                     fact->intent, checker->issued);
    if (fact->intent > last_operation(&checker->plan->workload))
      return err_set(err, ERR_FORMAT, "operation %" PRIu64 " of %" PRIu64, fact->intent,
                     last_operation(&checker->plan->workload));
    if (!check_operation(fact->value, keys, err)) return false;
    checker->issued = fact->intent;
    return true;
  case FACT_DELIVERED:
  case FACT_EFFECT_UNDONE:
  case FACT_DEAD_LETTERED:
  case FACT_DISPOSED:
  case FACT_SUPPRESSED:
  case FACT_DEAD_LETTER_LEFT:
  case FACT_REPLAYED:
  case FACT_KEY_CONFLICT:
  case FACT_KEY_MISMATCH:
    return check_group(checker, fact->detail, err);
  case FACT_EFFECT:
    if (!check_group(checker, fact->detail, err)) return false;
    if (fact->value <= TIME_MAX_NS) return true;
    return err_set(err, ERR_FORMAT, "an effect is visible from %" PRIu64 " ns", fact->value);
  case FACT_STATE:
    if (!check_group(checker, fact_state_group(fact->detail), err)) return false;
    if (fact_state_key(fact->detail) <= keys) return true;
    return err_set(err, ERR_FORMAT, "key %u of %u", fact_state_key(fact->detail), keys);
  case FACT_COUNTER:
    if (fact->detail < COUNTER__COUNT && fact->value <= INT64_MAX / 2) return true;
    return err_set(err, ERR_FORMAT, "counter %u is %" PRIu64, fact->detail, fact->value);
  case FACT_FAULT_BEGAN:
  case FACT_FAULT_ENDED:
  case FACT_FAULT_HIT:
    return check_fault(checker, fact, err);
  default:
    return true;
  }
}

static bool check_record(struct checker *checker, const struct trace_record *record,
                         struct err *err) {
  if (!trace_kind_name(record->kind))
    return err_set(err, ERR_FORMAT, "kind %u is not known", record->kind);
  if (record->at < checker->last.at || record->at > TIME_MAX_NS)
    return err_set(err, ERR_FORMAT, "time %" PRId64 " ns comes after %" PRId64 " ns", record->at,
                   checker->last.at);
  checker->last = *record;
  return check_fact(checker, record, err);
}

/* The last record of every run is its last counter. */
static bool check_end(const struct checker *checker, struct err *err) {
  const struct trace_record *last = &checker->last;
  if (last->kind == FACT_COUNTER && last->detail == COUNTER_EVENTS) return true;
  err_set(err, ERR_FORMAT, "the trace ends before its run does");
  return err_note(err, "was it cut off, or is the run that writes it still going?");
}

/* --- Reading --- */

/* Hands all records to the trace's sinks. */
static bool read_records(struct trace_reader *reader, struct checker *checker, struct trace *trace,
                         struct err *err) {
  struct trace_record record;
  int got;
  while ((got = trace_reader_next(reader, &record, err)) > 0) {
    if (!check_record(checker, &record, err)) {
      char found[sizeof err->message];
      memcpy(found, err->message, sizeof found);
      snprintf(err->message, sizeof err->message, "record %" PRIu64 ": %.400s", reader->count - 1,
               found);
      return err_note(err, "records count from 0");
    }
    *trace_next(trace) = record;
    if (fact_is_judged(record.kind)) trace_mark(trace);
  }
  return got == 0 && check_end(checker, err);
}

static bool read_run(struct trace_reader *reader, const struct scenario *scenario,
                     struct run_result *out, struct err *err) {
  struct checker checker = {.plan = &scenario->plans[0]};
  checker.begun = calloc(scenario->fault_count + 1, sizeof *checker.begun);
  ASSERT(checker.begun);
  struct trace *trace = malloc(sizeof *trace);
  ASSERT(trace);
  trace_init(trace);
  struct collector *collector = collector_new(trace);
  collector_begin(collector, checker.plan);
  *out = (struct run_result){.seed = scenario->seeds[0]};
  const bool good = read_records(reader, &checker, trace, err);
  if (good) collector_finish(collector, out);
  collector_free(collector);
  trace_deinit(trace);
  free(trace);
  free(checker.begun);
  return good || err_place(err, reader->path, 0, 0, NULL);
}

/* Of one row and one seed, or it is not what judge_trace_begin wrote. */
static bool read_scenario(const char *path, const char *text, size_t length,
                          const struct registry *registry, struct scenario *out, struct err *err) {
  if (!scenario_load_text(path, text, length, true, registry, out, err))
    return err_note(err, "lines count in the scenario that the trace carries");
  if (out->plan_count == 1 && out->seed_count == 1) return true;
  err_set(err, ERR_FORMAT, "the trace's scenario has %zu rows and %zu seeds: a trace is one run",
          out->plan_count, out->seed_count);
  scenario_free(out);
  return err_place(err, path, 0, 0, NULL);
}

bool judge_trace(FILE *file, const char *path, const struct registry *registry,
                 struct scenario *out_scenario, struct campaign *out_campaign, struct err *err) {
  struct trace_reader reader;
  char *text = NULL;
  size_t length;
  if (!trace_reader_begin(&reader, file, path, &text, &length, err)) return false;
  const bool loaded = read_scenario(path, text, length, registry, out_scenario, err);
  free(text);
  if (!loaded) return false;
  struct run_result result;
  if (!read_run(&reader, out_scenario, &result, err)) {
    scenario_free(out_scenario);
    return false;
  }
  campaign_of_run(out_scenario, &result, out_campaign);
  return true;
}
