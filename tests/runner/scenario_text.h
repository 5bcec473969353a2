/* Scenarios from text, for the tests of the loader. */
#ifndef TESTS_RUNNER_SCENARIO_TEXT_H
#define TESTS_RUNNER_SCENARIO_TEXT_H

#include "tests/runner/fake_registry.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

static char text_path[64];

static inline void write_text(const char *text) {
  snprintf(text_path, sizeof text_path, "/tmp/dgsim-scenario-%d.yaml", (int)getpid());
  FILE *file = fopen(text_path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

static inline bool try_load(const char *text, const char *const *sets, size_t set_count,
                     struct scenario *out, struct err *err) {
  *err = (struct err){.code = ERR_NONE};
  write_text(text);
  bool loaded = scenario_load(text_path, &fake_registry, sets, set_count, 0, out, err);
  unlink(text_path);
  return loaded;
}

static inline struct scenario load_with(const char *text, const char *const *sets, size_t set_count) {
  struct scenario scenario;
  struct err err;
  bool loaded = try_load(text, sets, set_count, &scenario, &err);
  if (!loaded) err_print(&err, stderr);
  ck_assert_msg(loaded, "%s", err.message);
  return scenario;
}

static inline struct scenario load(const char *text) { return load_with(text, NULL, 0); }

static inline struct scenario load_set(const char *text, const char *set) {
  return load_with(text, &set, 1);
}

static inline char *resolved(const struct scenario *scenario, bool comments) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_print_resolved(scenario, out);
  fclose(out);
  if (comments) return text;
  char *to = text;
  for (char *from = text, *next; *from; from = next) {
    next = strchr(from, '\n') + 1;
    char *end = strstr(from, "# ");
    if (!end || end >= next) end = next - 1;
    while (end > from && end[-1] == ' ') end--;
    size_t length = (size_t)(end - from);
    memmove(to, from, length);
    to += length;
    if (length > 0) *to++ = '\n';
  }
  *to = '\0';
  return text;
}

#endif
