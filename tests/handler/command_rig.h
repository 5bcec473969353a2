/* A program under test without a simulator: the calls that it makes are noted and answered from a script. */
#ifndef TESTS_HANDLER_COMMAND_RIG_H
#define TESTS_HANDLER_COMMAND_RIG_H

#include "sim/handler/dgsim.h"
#include "sim/handler/fiber.h"
#include "sim/handler/program.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake {
  struct dg_context context; /* first */
  struct fiber *fiber;       /* NULL: calls return at once; otherwise each yields first */
  char journal[8192];        /* calls, one a line */
  int statuses[64];          /* of the calls, in order; DG_OK behind the last */
  size_t status_count, calls;
  int64_t read; /* what reads find */
};

__attribute__((format(printf, 2, 3))) static int fake_call(struct dg_context *context, const char *format, ...) {
  struct fake *fake = (struct fake *)context;
  size_t length = strlen(fake->journal);
  va_list arguments;
  va_start(arguments, format);
  length += (size_t)vsnprintf(fake->journal + length, sizeof fake->journal - length, format, arguments);
  va_end(arguments);
  if (length + 2 < sizeof fake->journal) strcpy(fake->journal + length, "\n");
  if (fake->fiber) fiber_yield(fake->fiber);
  const size_t call = fake->calls++;
  return call < fake->status_count ? fake->statuses[call] : DG_OK;
}

/* Keys that are hashes show as '#'. */
static const char *fake_key(uint64_t key) {
  static char texts[4][32];
  static int next;
  char *text = texts[next++ % 4];
  if (key >> 63) return "#";
  snprintf(text, sizeof texts[0], "%" PRIu64, key);
  return text;
}
static const char *fake_value(int64_t value) {
  static char text[32];
  if (value < -(INT64_C(1) << 62)) return "#";
  snprintf(text, sizeof text, "%" PRId64, value);
  return text;
}

static int fake_begin(struct dg_context *c) { return fake_call(c, "begin"); }
static int fake_commit(struct dg_context *c) { return fake_call(c, "commit"); }
static int fake_rollback(struct dg_context *c) { return fake_call(c, "rollback"); }
static int fake_get(struct dg_context *c, const char *table, uint64_t key, int64_t *out) {
  *out = ((struct fake *)c)->read;
  return fake_call(c, "get %s %s", table, fake_key(key));
}
static int fake_get_replica(struct dg_context *c, const char *table, uint64_t key, int64_t *out) {
  *out = ((struct fake *)c)->read;
  return fake_call(c, "get_replica %s %s", table, fake_key(key));
}
static int fake_put(struct dg_context *c, const char *table, uint64_t key, int64_t value) {
  ((struct fake *)c)->read = value;
  return fake_call(c, "put %s %s %s", table, fake_key(key), fake_value(value));
}
static int fake_put_if(struct dg_context *c, const char *table, uint64_t key, int64_t expected, int64_t value) {
  return fake_call(c, "put_if %s %s %" PRId64 " %" PRId64, table, fake_key(key), expected, value);
}
static int fake_insert_unique(struct dg_context *c, const char *table, uint64_t key) {
  return fake_call(c, "insert_unique %s %s", table, fake_key(key));
}
static int fake_delete(struct dg_context *c, const char *table, uint64_t key) {
  return fake_call(c, "delete %s %s", table, fake_key(key));
}
static int fake_apply(struct dg_context *c) { return fake_call(c, "apply"); }
static int fake_publish(struct dg_context *c) { return fake_call(c, "publish"); }
static int fake_emit(struct dg_context *c) { return fake_call(c, "emit"); }
static int fake_suppress(struct dg_context *c) { return fake_call(c, "suppress"); }
static int fake_work(struct dg_context *c) { return fake_call(c, "work"); }
static int fake_sleep(struct dg_context *c, int64_t ns) { return fake_call(c, "sleep %" PRId64, ns); }
static int fake_cache_get(struct dg_context *c, const char *keys, uint64_t key, int64_t *out) {
  *out = ((struct fake *)c)->read;
  return fake_call(c, "cache_get %s %s", keys, fake_key(key));
}
static int fake_cache_set(struct dg_context *c, const char *keys, uint64_t key, int64_t value, int64_t ttl) {
  return fake_call(c, "cache_set %s %s %s %" PRId64, keys, fake_key(key), fake_value(value), ttl);
}
static int fake_cache_set_if_absent(struct dg_context *c, const char *keys, uint64_t key, int64_t value,
                                    int64_t ttl) {
  return fake_call(c, "cache_set_if_absent %s %s %s %" PRId64, keys, fake_key(key), fake_value(value), ttl);
}
static int fake_cache_delete(struct dg_context *c, const char *keys, uint64_t key) {
  return fake_call(c, "cache_delete %s %s", keys, fake_key(key));
}
static int fake_charge(struct dg_context *c, uint64_t key, int64_t amount, int64_t *out) {
  *out = 9;
  return fake_call(c, "charge %s %" PRId64, fake_key(key), amount);
}
static int fake_step(struct dg_context *c, const char *name) { return fake_call(c, "step %s", name); }
static int64_t fake_now(struct dg_context *c) {
  (void)c;
  return 1234567890;
}
static int fake_ack(struct dg_context *c) { return fake_call(c, "ack"); }
static int fake_ack_all(struct dg_context *c) { return fake_call(c, "ack_all"); }

static const struct dg_api fake_api = {
    .version = DG_API_VERSION, .begin = fake_begin, .commit = fake_commit, .rollback = fake_rollback,
    .get = fake_get, .put = fake_put, .insert_unique = fake_insert_unique, .apply = fake_apply,
    .publish = fake_publish, .suppress = fake_suppress, .work = fake_work, .sleep = fake_sleep,
    .delete_row = fake_delete, .put_if = fake_put_if, .acknowledge = fake_ack, .cache_get = fake_cache_get,
    .cache_set = fake_cache_set, .cache_set_if_absent = fake_cache_set_if_absent,
    .cache_delete = fake_cache_delete, .charge = fake_charge, .emit = fake_emit, .step = fake_step,
    .now = fake_now, .acknowledge_all = fake_ack_all, .get_replica = fake_get_replica,
};

/* --- A program in a folder of its own --- */

struct rig {
  char folder[64], script[96];
  char *command[8];
  struct program_groups *groups;
  struct program *program;
  struct fake fake;
  int descriptors; /* open before */
};

static int open_descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(folder);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

static void rig_write(const struct rig *rig, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", rig->folder, name);
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

/* What a script left in a file of its folder, "" when there is none. */
static const char *rig_read(const struct rig *rig, const char *name) {
  static char text[16384];
  char path[128];
  snprintf(path, sizeof path, "%s/%s", rig->folder, name);
  FILE *file = fopen(path, "r");
  const size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file) fclose(file);
  text[length] = '\0';
  return text;
}

/* A script in sh or bash, which finds its folder as $1. */
static void rig_open(struct rig *rig, const char *shell, const char *script, struct program_command options) {
  *rig = (struct rig){.fake.context.api = &fake_api};
  strcpy(rig->folder, "/tmp/dgsim-command-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(rig->folder));
  rig->descriptors = open_descriptors();
  rig_write(rig, "script", script);
  snprintf(rig->script, sizeof rig->script, "%s/script", rig->folder);
  char *command[] = {(char *)shell, rig->script, rig->folder, NULL};
  memcpy(rig->command, command, sizeof command);
  struct err err = {.code = ERR_NONE};
  rig->groups = program_groups_new();
  if (!options.command) options.command = rig->command;
  if (!options.answer_limit_ms) options.answer_limit_ms = 5000;
  options.groups = rig->groups;
  options.worker = 1;
  rig->program = program_of_command(&options, &err);
  ck_assert_msg(rig->program != NULL, "%s", err.message);
  program_begin(rig->program);
}

/* Nothing is left: no process, no descriptor, no file. */
static void rig_close(struct rig *rig) {
  char remove[96];
  rig->program->kind->free(rig->program);
  program_groups_free(rig->groups);
  snprintf(remove, sizeof remove, "rm -r %s", rig->folder);
  ck_assert_int_eq(system(remove), 0);
  ck_assert_int_eq(open_descriptors(), rig->descriptors);
}

static void *rig_start(struct rig *rig) {
  void *process = rig->program->kind->start(rig->program, 1, false);
  ck_assert_ptr_nonnull(process);
  return process;
}

static struct dg_message rig_message(uint64_t id) {
  static const char body[] = "{\"amount\":170}";
  return (struct dg_message){.id = id, .key = 3, .body = body, .body_size = sizeof body - 1, .delivery = 1,
                             .idempotency_key = id, .message_id = 100 + id, .tenant = 1,
                             .amount = (int64_t)id * 10};
}

static int rig_handle(struct rig *rig, void *process, uint64_t id) {
  const struct dg_message message = rig_message(id);
  return rig->program->kind->handle(rig->program, process, &rig->fake.context, &message);
}

static void rig_end(struct rig *rig, void *process, enum program_end how) {
  rig->program->kind->end(rig->program, process, how);
}

/* One message, to a process of its own. */
static int rig_once(struct rig *rig, uint64_t id) {
  void *process = rig_start(rig);
  const int status = rig_handle(rig, process, id);
  rig_end(rig, process, PROGRAM_OVER);
  return status;
}

static void rig_failed(const struct rig *rig, enum program_failure failure, const char *says) {
  ck_assert_msg(rig->program->failure == failure, "%s: %s", program_failure_names[rig->program->failure],
                rig->program->text);
  ck_assert_msg(strstr(rig->program->text, says) != NULL, "'%s' is not in: %s", says, rig->program->text);
}

#endif
