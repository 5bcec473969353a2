#include "tests/system/formulas/formulas.h"

#include "models/registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/system/formulas/"

static struct registry registry(void) {
  return (struct registry){.systems = registry_systems,   .system_count = registry_system_count,
                           .handlers = registry_handlers, .handler_count = registry_handler_count,
                           .stores = registry_stores,     .store_count = registry_store_count,
                           .clients = registry_clients,   .client_count = registry_client_count,
                           .publishers = registry_publishers,
                           .publisher_count = registry_publisher_count};
}

void trial_open(struct trial *trial, const struct findings *findings, const char *file, uint64_t seeds,
                uint64_t whole) {
  memset(trial, 0, sizeof *trial);
  trial->seeds = findings->whole ? whole : seeds;
  snprintf(trial->path, sizeof trial->path, FOLDER "%s", file);
}

static _Noreturn void die(const struct trial *trial, const char *why) {
  fprintf(stderr, "formulas: %s, seed %llu: %s\n", trial->path, (unsigned long long)trial->seed, why);
  exit(2);
}

void trial_set(struct trial *trial, const char *format, ...) {
  if (trial->setting_count == TRIAL_SETTINGS_MAX) die(trial, "too many settings");
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(trial->settings[trial->setting_count++], sizeof trial->settings[0], format, arguments);
  va_end(arguments);
}

/* --- What is kept of a run --- */

static struct formula_operation *operation_of(struct trial *trial, uint64_t intent) {
  if (intent >= trial->operation_capacity) {
    size_t old = trial->operation_capacity, capacity = old ? old : 1024;
    while (capacity <= intent) capacity *= 2;
    trial->operations = realloc(trial->operations, capacity * sizeof *trial->operations);
    if (!trial->operations) abort();
    memset(trial->operations + old, 0, (capacity - old) * sizeof *trial->operations);
    trial->operation_capacity = capacity;
  }
  if (intent > trial->operation_count) trial->operation_count = intent;
  return &trial->operations[intent];
}

static void first(int64_t *time, int64_t at) {
  if (*time == 0) *time = at;
}

static void note(struct trial *trial, const struct trace_record *record) {
  if (record->intent == 0) {
    if (record->kind >= TRACE_FACT && record->kind != FACT_STATE && trial->fact_count < TRIAL_FACTS_MAX)
      trial->facts[trial->fact_count++] = *record;
    return;
  }
  if (record->kind < TRACE_FACT) return;
  struct formula_operation *operation = operation_of(trial, record->intent);
  switch (record->kind) {
  case FACT_INTENDED:
    operation->intended = record->at;
    operation->key = fact_intended_key(record->value);
    break;
  case FACT_OK:
  case FACT_NONE:
  case FACT_UNKNOWN:
  case FACT_REJECTED:
  case FACT_ABANDONED:
    operation->answered = record->at;
    operation->answer = record->kind;
    break;
  case FACT_APPENDED:
    first(&operation->appended, record->at);
    operation->appends++;
    break;
  case FACT_DELIVERED:
    first(&operation->delivered, record->at);
    operation->delivered_last = record->at;
    operation->deliveries++;
    break;
  case FACT_EFFECT:
    first(&operation->effect, (int64_t)record->value);
    operation->effects++;
    break;
  case FACT_EFFECT_UNDONE: operation->effects--; break;
  case FACT_REPLAYED: operation->replays++; break;
  case FACT_DEAD_LETTERED: operation->dead_lettered = true; break;
  case FACT_DISPOSED: operation->disposed = true; break;
  case FACT_RETRIED: operation->retries++; break;
  default: break;
  }
}

static void sink(void *context, const struct trace_record *records, size_t count, uint64_t number) {
  (void)number;
  for (size_t i = 0; i < count; i++) note(context, &records[i]);
}

/* --- Seed after seed --- */

static void load(struct trial *trial) {
  const char *sets[TRIAL_SETTINGS_MAX];
  for (size_t i = 0; i < trial->setting_count; i++) sets[i] = trial->settings[i];
  const struct registry models = registry();
  struct err err = {.code = ERR_NONE};
  if (!scenario_load(trial->path, &models, sets, trial->setting_count, 0, &trial->scenario, &err)) {
    err_print(&err, stderr);
    exit(2);
  }
  trial->run = run_new(0, 0);
  run_observe(trial->run, NULL, sink, trial);
}

static void check(const struct trial *trial) {
  static const enum metric classes[] = {METRIC_ONCE,           METRIC_MANY,
                                        METRIC_LOST_ACKED,     METRIC_LOST_UNACKED,
                                        METRIC_ABSENT_UNKNOWN, METRIC_ABSENT_REJECTED,
                                        METRIC_DEAD_LETTERED,  METRIC_STUCK};
  const int64_t *metrics = trial->result.metrics;
  int64_t sum = 0;
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) sum += metrics[classes[i]];
  if (sum != metrics[METRIC_INTENDED]) die(trial, "obligations are in no class, or in two");
  if (!trial->result.drained) die(trial, "the run is stuck");
}

bool trial_next(struct trial *trial) {
  if (!trial->run) load(trial);
  if (trial->has_result) run_result_deinit(&trial->result);
  trial->has_result = false;
  if (trial->seed == trial->seeds) return false;
  trial->seed++;
  if (trial->operation_count)
    memset(trial->operations, 0, (trial->operation_count + 1) * sizeof *trial->operations);
  trial->operation_count = trial->fact_count = 0;
  run_execute(trial->run, &trial->scenario.plans[trial->row], (uint32_t)trial->row, trial->seed, NULL, trial->path,
              &trial->result);
  trial->has_result = true;
  check(trial);
  return true;
}

void trial_close(struct trial *trial) {
  if (trial->has_result) run_result_deinit(&trial->result);
  if (trial->run) {
    run_free(trial->run);
    scenario_free(&trial->scenario);
  }
  free(trial->operations);
}

const struct trace_record *trial_fact(const struct trial *trial, enum fact kind, size_t from) {
  for (size_t i = from; i < trial->fact_count; i++)
    if (trial->facts[i].kind == kind) return &trial->facts[i];
  return NULL;
}
