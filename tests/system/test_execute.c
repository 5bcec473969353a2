/* What a host of programs has done between the two points of a call (sim/handler/execute.h): done at the
 * second, and not at the first. */
#include "sim/handler/execute.h"
#include "tests/system/check_rig.h"

/* --- A program that counts in a store of its own how often each operation was done --- */

#define COUNTED 8
struct counter {
  struct program program; /* first */
  uint64_t done[COUNTED];
};
struct request {
  uint64_t *count;
  int looks;
};

/* Two others are in its way first. */
static int64_t perform(void *argument) {
  struct request *request = argument;
  if (request->looks++ < 2) return 5000000;
  ++*request->count;
  return 0;
}
static int handle(struct program *program, void *process, struct dg_context *context,
                  const struct dg_message *message) {
  struct request request = {&((struct counter *)program)->done[message->id], 0};
  (void)process;
  const int64_t before = dg_now(context);
  const int status = dg_execute(context, "count", perform, &request);
  if (status == DG_OK) ck_assert_int_eq(request.looks, 3);
  if (status == DG_OK)
    ck_assert_int_eq(dg_now(context) - before, 11000000); /* twice 5 ms, and 1 ms for the answer */
  return status;
}
static void *start(struct program *program, uint32_t consumer, bool other_version) {
  (void)consumer, (void)other_version;
  return program;
}
static void end(struct program *program, void *process, enum program_end how) {
  (void)program, (void)process, (void)how;
}
static bool reset(struct program *program) {
  memset(((struct counter *)program)->done, 0, sizeof((struct counter *)program)->done);
  return true;
}
static bool probe(struct program *program, struct effect_lines *out) {
  const struct counter *counter = (const struct counter *)program;
  char operation[PROGRAM_OPERATION_ROOM], amount[24];
  for (uint64_t i = 0; i < COUNTED; i++) {
    if (counter->done[i] == 0) continue;
    program_operation(i, operation);
    snprintf(amount, sizeof amount, "%u", (unsigned)counter->done[i]);
    effect_lines_add(out, operation, "done", amount);
  }
  return true;
}
static void release(struct program *program) { free(program); }
static const struct program_kind kind = {.name = "test",
                                         .start = start,
                                         .end = end,
                                         .handle = handle,
                                         .reset = reset,
                                         .probe = probe,
                                         .free = release};
static struct program *make(void *context, uint32_t worker, struct err *err) {
  struct counter *counter = calloc(1, sizeof *counter);
  (void)context, (void)worker, (void)err;
  ck_assert_ptr_nonnull(counter);
  counter->program.kind = &kind;
  return &counter->program;
}

static void check_executed(const char *text, struct check_result *out) {
  const struct check_options options = {
      .workers = 1, .keep_going = true, .case_limit_ms = 5000, .command = "a test", .make = make};
  check_with(text, &options, out, NULL);
}

static const struct {
  const char *fault;
  bool twice; /* it was done, and is done again when the message comes back */
} table[] = {
    {"when: before handler-step, intent: 3, attempt: 1, fail: this", false},
    {"when: before handler-step, intent: 3, attempt: 1, fail: this, error: unknown", false},
    {"when: before handler-step, intent: 3, attempt: 1, kill: this", false},
    {"when: handler-step, intent: 3, attempt: 1, fail: this", true},
    {"when: handler-step, intent: 3, attempt: 1, kill: this", true},
    {"at: 1008ms, kill: consumer.1", false}, /* while it still waits for others */
};

START_TEST(a_fault_at_either_point_finds_it_done_or_not) {
  struct check_result result;
  char text[400];
  snprintf(text, sizeof text,
           "format: 1\ncheck: {cases: declared}\ntopology: {consumers: 1}\n"
           "workload: {intents: [{id: 3, at: 1s, key: 1}]}\nfaults:\n  - {%s}\n",
           table[_i].fault);
  check_executed(text, &result);
  ck_assert_msg(result.counts[CHECK_DECLARED].tried == 1, "%s", table[_i].fault);
  ck_assert_msg(result.failure_count == (table[_i].twice ? 1 : 0), "%s: %s", table[_i].fault,
                result.failure_count ? result.failures[0].outcome.evidence : "");
  if (table[_i].twice) ck_assert_str_eq(result.failures[0].outcome.evidence, "op-3 done: 2 instead of 1");
  check_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_fault_at_either_point_finds_it_done_or_not, 0, sizeof table / sizeof *table);
  return rig_main(suite_create("execute"), tests);
}
