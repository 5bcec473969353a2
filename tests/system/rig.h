/* Scenario text, loaded with every model that there is and run in this process. */
#ifndef TESTS_SYSTEM_RIG_H
#define TESTS_SYSTEM_RIG_H

#include "models/registry.h"
#include "sim/runner/campaign.h"
#include "sim/runner/run.h"
#include "sim/runner/scenario.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig {
  struct scenario scenario;
  struct run *run;
};

/* Text that grows. */
struct rig_text {
  char bytes[16384];
  size_t length;
};

__attribute__((format(printf, 2, 3), unused)) static void rig_add(struct rig_text *text,
                                                                  const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format,
                         arguments);
  va_end(arguments);
  ck_assert(length >= 0 && text->length + (size_t)length < sizeof text->bytes);
  text->length += (size_t)length;
}

static inline struct registry rig_registry(void) {
  return (struct registry){.systems = registry_systems,   .system_count = registry_system_count,
                           .handlers = registry_handlers, .handler_count = registry_handler_count,
                           .stores = registry_stores,     .store_count = registry_store_count,
                           .clients = registry_clients,   .client_count = registry_client_count,
                           .publishers = registry_publishers,
                           .publisher_count = registry_publisher_count};
}

static inline void rig_ready(struct rig *rig, bool loaded, const char *path,
                             const struct err *err) {
  if (!loaded) err_print(err, stderr);
  ck_assert_msg(loaded, "%s: %s", path, err->message);
  rig->run = run_new(0, 0);
}

static inline void rig_open(struct rig *rig, const char *path) {
  const struct registry registry = rig_registry();
  struct err err = {.code = ERR_NONE};
  rig_ready(rig, scenario_load(path, &registry, NULL, 0, 0, &rig->scenario, &err), path, &err);
}

/* What the registry points to has to outlive the rig. */
static inline void rig_load_with(struct rig *rig, const char *text,
                                 const struct registry *registry) {
  const char *path = "a test.yaml";
  struct err err = {.code = ERR_NONE};
  rig_ready(rig,
            scenario_load_text(path, text, strlen(text), false, registry, &rig->scenario, &err),
            path, &err);
}

static inline void rig_load(struct rig *rig, const char *text) {
  const struct registry registry = rig_registry();
  rig_load_with(rig, text, &registry);
}

static inline void rig_close(struct rig *rig) {
  run_free(rig->run);
  scenario_free(&rig->scenario);
}

/* One run of a row; to be freed with run_result_deinit. */
static inline struct run_result rig_run(struct rig *rig, size_t row, uint64_t seed) {
  struct run_result result;
  run_execute(rig->run, &rig->scenario.plans[row], (uint32_t)row, seed, NULL, "a test", &result);
  return result;
}

/* Each obligation has ended in exactly one class; "" or what is wrong. */
static inline const char *rig_conservation(const struct run_result *result) {
  static char found[200];
  static const enum metric classes[] = {METRIC_ONCE,           METRIC_MANY,
                                        METRIC_LOST_ACKED,     METRIC_LOST_UNACKED,
                                        METRIC_ABSENT_UNKNOWN, METRIC_ABSENT_REJECTED,
                                        METRIC_DEAD_LETTERED,  METRIC_STUCK};
  const int64_t *metrics = result->metrics;
  int64_t sum = 0, outcomes = metrics[METRIC_OK] + metrics[METRIC_NONE] + metrics[METRIC_UNKNOWN] +
                              metrics[METRIC_REJECTED] + metrics[METRIC_ABANDONED];
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) sum += metrics[classes[i]];
  found[0] = '\0';
  if (sum != metrics[METRIC_INTENDED])
    snprintf(found, sizeof found, "classes sum to %lld of %lld", (long long)sum,
             (long long)metrics[METRIC_INTENDED]);
  else if (result->drained && outcomes != metrics[METRIC_INTENDED])
    snprintf(found, sizeof found, "outcomes sum to %lld of %lld", (long long)outcomes,
             (long long)metrics[METRIC_INTENDED]);
  else if (metrics[METRIC_EFFECTS] !=
           metrics[METRIC_ONCE] + metrics[METRIC_MANY] + metrics[METRIC_REEXECUTIONS])
    snprintf(found, sizeof found, "effects %lld, once %lld, many %lld, reexecutions %lld",
             (long long)metrics[METRIC_EFFECTS], (long long)metrics[METRIC_ONCE],
             (long long)metrics[METRIC_MANY], (long long)metrics[METRIC_REEXECUTIONS]);
  return found;
}

/* Runs a suite of one case and returns the exit status. */
static inline int rig_main(Suite *suite, TCase *tests) {
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

#endif
