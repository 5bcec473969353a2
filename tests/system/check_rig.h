/* Checks of programs that are functions of a test. */
#ifndef TESTS_SYSTEM_CHECK_RIG_H
#define TESTS_SYSTEM_CHECK_RIG_H

#include "sim/handler/dgsim.h"
#include "sim/runner/check.h"
#include "tests/system/rig.h"

#include <unistd.h>

typedef int handle_fn(struct dg_context *, const struct dg_message *);
struct subject {
  struct program program; /* first */
  handle_fn *handle;
};

static inline void *rig_program_start(struct program *program, uint32_t consumer, bool other_version) {
  (void)consumer, (void)other_version;
  return program;
}
static inline void rig_program_end(struct program *program, void *process, enum program_end how) {
  (void)program, (void)process, (void)how;
}
static inline int rig_program_handle(struct program *program, void *process, struct dg_context *context,
                  const struct dg_message *message) {
  (void)process;
  return ((struct subject *)program)->handle(context, message);
}
static inline void rig_program_release(struct program *program) { free(program); }
static const struct program_kind rig_program_kind = {.name = "test", .start = rig_program_start,
                                                     .end = rig_program_end, .handle = rig_program_handle,
                                                     .free = rig_program_release};

static inline struct program *rig_program_make(void *context, uint32_t worker, struct err *err) {
  struct subject *subject = calloc(1, sizeof *subject);
  (void)worker, (void)err;
  ck_assert_ptr_nonnull(subject);
  subject->program.kind = &rig_program_kind;
  subject->handle = *(handle_fn *const *)context;
  return &subject->program;
}

/* Tries a scenario's text as `options` say; what failed first is made small, if somebody wants it. */
static inline void check_with(const char *text, const struct check_options *options, struct check_result *out,
                              struct check_small *small) {
  struct scenario scenario;
  struct err err = {0};
  const char *sets[] = {"handler=program"};
  static const struct handler *handlers[256];
  struct registry registry = rig_registry();
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof *handlers);
  handlers[registry.handler_count++] = &check_handler;
  registry.handlers = handlers;
  char path[] = "/tmp/dgsim-check-XXXXXX.yaml";
  int file = mkstemps(path, 5);
  ck_assert(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
  close(file);
  bool loaded = scenario_load(path, &registry, sets, 1, 0, &scenario, &err);
  unlink(path);
  ck_assert_msg(loaded, "%s", err.message);
  ck_assert_msg(check_run(&scenario, options, out, &err), "%s", err.message);
  if (small && out->failure_count > 0) check_shrink(&scenario, options, &out->failures[0], small);
  scenario_free(&scenario);
}

static inline void check_of(handle_fn *consumer, const char *text, unsigned workers, bool keep_going, struct check_result *out,
                     struct check_small *small) {
  const struct check_options options = {.workers = workers, .keep_going = keep_going, .case_limit_ms = 1000,
                                        .command = "a test", .make = rig_program_make, .make_context = &consumer};
  check_with(text, &options, out, small);
}

#endif
