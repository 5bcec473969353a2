/* Everything that a program writes which is checked, as it comes through its pipe: a process that prints the input
 * and reads nothing is handed messages until it is gone. What its calls come to is drawn from the input, too. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"
#include "sim/handler/program.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGES 3
#define ANSWER_LIMIT_MS 5000

struct fake {
  struct dg_context context; /* first */
  const uint8_t *data;
  size_t size;
  uint64_t calls;
};

static int next_status(struct dg_context *context) {
  struct fake *fake = (struct fake *)context;
  return fake->size ? fake->data[fake->calls++ % fake->size] % (DG_MISMATCH + 1) : DG_OK;
}
static int64_t next_number(struct dg_context *context) {
  struct fake *fake = (struct fake *)context;
  return fake->size ? (int64_t)fake->data[fake->calls++ % fake->size] - 128 : 0;
}

#define C struct dg_context *c
#define T const char *t, uint64_t k
static int plain(C) { return next_status(c); }
static int keyed(C, T) { return (void)t, (void)k, next_status(c); }
static int reads(C, T, int64_t *out) { return (void)t, (void)k, *out = next_number(c), next_status(c); }
static int puts_value(C, T, int64_t v) { return (void)t, (void)k, (void)v, next_status(c); }
static int puts_if(C, T, int64_t e, int64_t v) { return (void)t, (void)k, (void)e, (void)v, next_status(c); }
static int sleeps(C, int64_t ns) { return (void)ns, next_status(c); }
static int remembers(C, uint64_t k) { return (void)k, next_status(c); }
static int64_t sets(C, const char *k) { return (void)k, next_number(c); }
static int caches(C, T, int64_t v, int64_t ttl) { return (void)t, (void)k, (void)v, (void)ttl, next_status(c); }
static int charges(C, uint64_t k, int64_t a, int64_t *out) {
  (void)k, (void)a;
  if (out) *out = next_number(c);
  return next_status(c);
}
static int steps(C, const char *name) { return (void)name, next_status(c); }
static int64_t tells(C) { return next_number(c); }

static const struct dg_api api = {
    .version = DG_API_VERSION, .begin = plain, .commit = plain, .rollback = plain, .get = reads, .put = puts_value,
    .insert_unique = keyed, .apply = plain, .publish = plain, .suppress = plain, .work = plain, .sleep = sleeps,
    .local_seen = remembers, .local_mark = remembers, .delete_row = keyed, .put_if = puts_if, .acknowledge = plain,
    .setting = sets, .cache_get = reads, .cache_set = caches, .cache_set_if_absent = caches, .cache_delete = keyed,
    .charge = charges, .emit = plain, .step = steps, .now = tells, .acknowledge_all = plain, .get_replica = reads,
};

void fuzz_command(const uint8_t *data, size_t size) {
  char cat[] = "/bin/cat", path[64];
  snprintf(path, sizeof path, "%s", fuzz_file(0, data, size));
  char *const words[] = {cat, path, NULL};
  const struct program_command options = {.command = words, .worker = 1, .answer_limit_ms = ANSWER_LIMIT_MS};
  struct err err = {0};
  struct program *program = program_of_command(&options, &err);
  ASSERT_MSG(program, "%s", err.message);
  struct fake fake = {.context = {&api}, .data = data, .size = size};
  void *process = program->kind->start(program, 1, false);
  ASSERT(process);
  for (uint64_t id = 1; id <= MESSAGES && program->failure == PROGRAM_NONE; id++) {
    const struct dg_message message = {.id = id, .key = 1, .delivery = 1, .idempotency_key = id, .message_id = id,
                                       .tenant = 1, .amount = 7};
    program->kind->handle(program, process, &fake.context, &message);
  }
  ASSERT(program->failure != PROGRAM_HUNG);
  ASSERT(program->failure == PROGRAM_NONE || program->text[0]);
  for (const char *at = program->text; *at; at++) ASSERT((unsigned char)*at >= ' ');
  for (const char *at = program->exit_text; *at; at++) ASSERT((unsigned char)*at >= ' ');
  program->kind->end(program, process, PROGRAM_OVER);
  program->kind->free(program);
}
