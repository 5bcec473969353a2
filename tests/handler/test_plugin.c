#include "sim/handler/dgsim.h"
#include "sim/handler/fiber.h"
#include "sim/handler/program.h"
#include "tests/run_suite.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#endif
#ifdef SANITIZED
/* What a process had allocated when it was killed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:plugins/variables.c"; }
#define WORKER_LIMIT_S 3 /* ThreadSanitizer waits for one second at the end */
#else
#define WORKER_LIMIT_S 1
#endif

/* --- A simulator that only writes down what it is asked --- */

static char said[4096];
static struct fiber *suspends; /* calls wait on this fiber; NULL = they return at once */

static int say(const char *format, ...) {
  const size_t length = strlen(said);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(said + length, sizeof said - length, format, arguments);
  va_end(arguments);
  if (suspends) fiber_yield(suspends);
  return DG_OK;
}

#define U PRIu64
#define D PRId64
typedef struct dg_context *context;
static int begin(context c) { return (void)c, say("begin\n"); }
static int commit(context c) { return (void)c, say("commit\n"); }
static int rollback(context c) { return (void)c, say("rollback\n"); }
static int get(context c, const char *table, uint64_t key, int64_t *out) {
  return (void)c, *out = 41, say("get %s %" U "\n", table, key);
}
static int put(context c, const char *table, uint64_t key, int64_t value) {
  return (void)c, say("put %s %" U " %" D "\n", table, key, value);
}
static int insert_unique(context c, const char *table, uint64_t key) {
  return (void)c, say("insert_unique %s %" U "\n", table, key);
}
static int apply(context c) { return (void)c, say("apply\n"); }
static int publish(context c) { return (void)c, say("publish\n"); }
static int suppress(context c) { return (void)c, say("suppress\n"); }
static int work(context c) { return (void)c, say("work\n"); }
static int sleep_for(context c, int64_t ns) { return (void)c, say("sleep %" D "\n", ns); }
static int local_seen(context c, uint64_t key) { return (void)c, say("local_seen %" U "\n", key); }
static int local_mark(context c, uint64_t key) { return (void)c, say("local_mark %" U "\n", key); }
static int delete_row(context c, const char *table, uint64_t key) {
  return (void)c, say("delete %s %" U "\n", table, key);
}
static int put_if(context c, const char *table, uint64_t key, int64_t expected, int64_t value) {
  return (void)c, say("put_if %s %" U " %" D " %" D "\n", table, key, expected, value);
}
static int acknowledge(context c) { return (void)c, say("ack\n"); }
static int64_t setting(context c, const char *key) { return (void)c, say("setting %s\n", key), 42; }
static int cache_get(context c, const char *keys, uint64_t key, int64_t *out) {
  return (void)c, (void)out, say("cache_get %s %" U "\n", keys, key);
}
static int cache_set(context c, const char *keys, uint64_t key, int64_t value, int64_t ttl) {
  return (void)c, say("cache_set %s %" U " %" D " %" D "\n", keys, key, value, ttl);
}
static int cache_set_if_absent(context c, const char *keys, uint64_t key, int64_t value, int64_t ttl) {
  return (void)c, say("cache_set_if_absent %s %" U " %" D " %" D "\n", keys, key, value, ttl);
}
static int cache_delete(context c, const char *keys, uint64_t key) {
  return (void)c, say("cache_delete %s %" U "\n", keys, key);
}
static int charge(context c, uint64_t key, int64_t amount, int64_t *out) {
  return (void)c, (void)out, say("charge %" U " %" D "\n", key, amount);
}
static int emit(context c) { return (void)c, say("emit\n"); }
static int step(context c, const char *name) { return (void)c, say("step %s\n", name); }
static int64_t now(context c) { return (void)c, say("now\n"), 43; }
static int acknowledge_all(context c) { return (void)c, say("ack_all\n"); }
static int get_replica(context c, const char *table, uint64_t key, int64_t *out) {
  return (void)c, *out = 44, say("get_replica %s %" U "\n", table, key);
}

static const struct dg_api api = {
    DG_API_VERSION, begin,      commit,      rollback,   get,
    put,            insert_unique, apply,    publish,    suppress,
    work,           sleep_for,  local_seen,  local_mark, delete_row,
    put_if,         acknowledge, setting,    cache_get,  cache_set,
    cache_set_if_absent, cache_delete, charge, emit,     step,
    now,            acknowledge_all, get_replica,
};
static struct dg_context simulator = {&api};

/* --- Plug-ins --- */

#define PLUGIN(name) PLUGIN_DIR "/" name ".so"

static struct program *program_of(const char *path, const char *other) {
  struct err err = {0};
  const struct program_plugin options = {.path = path, .other_path = other};
  struct program *program = program_of_plugin(&options, &err);
  ck_assert_msg(program != NULL, "%s", err.message);
  program_begin(program);
  said[0] = '\0';
  return program;
}

static int handle(struct program *program, void *process, uint64_t id) {
  const struct dg_message message = {
      .id = id, .key = 2, .message_id = 30, .tenant = 40, .amount = 50};
  return program->kind->handle(program, process, &simulator, &message);
}

static void *start(struct program *program, uint32_t consumer) {
  void *process = program->kind->start(program, consumer, false);
  ck_assert_msg(process != NULL, "%s", program->text);
  return process;
}

#define FIRST_MESSAGE                                                                              \
  "put zeroed 1 1\nput set 1 6\nput constructed 1 101\nput own zeroed 1 1\nput own set 1 8\n"      \
  "put unique 1 1\nput allocated 1 1\n"
#define SECOND_MESSAGE                                                                             \
  "put zeroed 1 2\nput set 1 7\nput constructed 1 102\nput own zeroed 1 2\nput own set 1 9\n"      \
  "put unique 1 2\nput allocated 1 2\n"

START_TEST(every_process_begins_with_fresh_variables) {
  struct program *program = program_of(PLUGIN("variables"), NULL);
  for (int round = 0; round < 3; round++) {
    void *process = start(program, 1);
    said[0] = '\0';
    ck_assert_int_eq(handle(program, process, 1), DG_OK);
    ck_assert_str_eq(said, FIRST_MESSAGE);
    said[0] = '\0';
    ck_assert_int_eq(handle(program, process, 1), DG_OK);
    ck_assert_str_eq(said, SECOND_MESSAGE);
    program->kind->end(program, process, PROGRAM_KILLED);
  }
  program->kind->free(program);
}
END_TEST

START_TEST(consumers_share_no_variable) {
  struct program *program = program_of(PLUGIN("variables"), PLUGIN("variables"));
  void *one = start(program, 1), *two = start(program, 2);
  void *other_version = program->kind->start(program, 3, true);
  ck_assert(one != two && other_version != NULL);
  handle(program, one, 1);
  handle(program, one, 1);
  said[0] = '\0';
  handle(program, two, 1);
  handle(program, other_version, 1);
  ck_assert_str_eq(said, FIRST_MESSAGE FIRST_MESSAGE);
  program->kind->end(program, two, PROGRAM_KILLED_LATE);
  two = start(program, 2); /* and starting one leaves the others alone */
  said[0] = '\0';
  program->kind->end(program, two, PROGRAM_OVER);
  struct program *again = program_of(PLUGIN("variables"), NULL); /* as does another program */
  void *of_again = start(again, 1);
  handle(again, of_again, 1);
  ck_assert_str_eq(said, FIRST_MESSAGE);
  said[0] = '\0';
  handle(program, other_version, 1);
  ck_assert_str_eq(said, SECOND_MESSAGE);
  again->kind->free(again);
  program->kind->free(program);
}
END_TEST

START_TEST(consumers_of_the_other_version_run_the_other_object) {
  struct program *program = program_of(PLUGIN("every_call"), PLUGIN("version_one"));
  void *process = program->kind->start(program, 2, true);
  ck_assert_ptr_nonnull(process);
  ck_assert_int_eq(handle(program, process, 5), DG_OK);
#ifndef SANITIZED /* then an object does not see its own symbols first */
  ck_assert_str_eq(said, "put a64l 5 17\n");
#endif
  program->kind->free(program);
}
END_TEST

START_TEST(every_call_reaches_the_simulator) {
  struct program *program = program_of(PLUGIN("every_call"), NULL);
  ck_assert_int_eq(handle(program, start(program, 1), 1), DG_FAILED); /* -1 is no status */
  ck_assert_str_eq(said, "begin\ncommit\nrollback\nget table 1\nput table 2 41\nput_if table 3 4 5\n"
                         "delete table 6\ninsert_unique table 7\napply\npublish\nemit\nack\nack_all\n"
                         "step step\nnow\nput now 0 43\nget_replica table 8\nput replica 0 44\nsuppress\n"
                         "work\nsleep 9\nsetting key\nput setting 0 42\ncache_get cache 10\n"
                         "cache_set cache 11 12 13\ncache_set_if_absent cache 14 15 16\n"
                         "cache_delete cache 17\ncharge 18 50\nlocal_seen 30\nlocal_mark 40\n");
  program->kind->free(program);
}
END_TEST

START_TEST(a_library_beside_it_is_found) {
  struct program *program = program_of(PLUGIN("needs_library"), NULL);
  handle(program, start(program, 1), 1);
  handle(program, start(program, 2), 2);
  ck_assert_str_eq(said, "put library 1 23\nput library 2 23\n");
  program->kind->free(program);
}
END_TEST

/* --- Crashes --- */

struct job {
  struct program *program;
  void *process;
  uint64_t id;
  int returned;
};

static void run(void *argument) {
  struct job *job = argument;
  job->returned = handle(job->program, job->process, job->id);
}

START_TEST(dropped_in_the_middle_of_a_call_it_starts_afresh) {
  struct program *program = program_of(PLUGIN("variables"), NULL);
  struct fiber_pool *pool = fiber_pool_new();
  struct job job = {.program = program, .process = start(program, 1), .id = 1};
  for (int calls = 1; calls <= 7; calls++) {
    suspends = fiber_start(pool, run, &job);
    for (int i = 0; i < calls; i++) ck_assert(!fiber_resume(suspends));
    fiber_drop(suspends);
    suspends = NULL;
    program->kind->end(program, job.process, PROGRAM_KILLED);
    job.process = start(program, 1);
    said[0] = '\0';
    run(&job);
    ck_assert_str_eq(said, FIRST_MESSAGE);
    program->kind->end(program, job.process, PROGRAM_KILLED);
    job.process = start(program, 1);
  }
  fiber_pool_free(pool);
  program->kind->free(program);
}
END_TEST

/* How a worker ends that lets the plug-in handle this message, on a fiber as in the simulator. */
static int end_of_worker(struct program *program, uint64_t id) {
  pid_t worker = fork();
  if (worker == 0) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!freopen("/dev/null", "w", stderr)) _exit(99);
    signal(SIGALRM, SIG_DFL); /* not the handler of the test framework */
    alarm(WORKER_LIMIT_S); /* in the place of whoever watches the workers */
    struct fiber_pool *pool = fiber_pool_new();
    struct job job = {.program = program, .process = start(program, 1), .id = id};
    fiber_resume(fiber_start(pool, run, &job));
    _exit(0);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(worker, &status, 0), worker);
  return status;
}

START_TEST(what_crashes_ends_its_worker_only) {
  struct program *program = program_of(PLUGIN("crashes"), NULL);
  static const struct {
    uint64_t id;
    int signal, exit_status;
  } cases[] = {{1, SIGSEGV, 0}, {2, SIGSEGV, 0}, {3, SIGABRT, 0}, {4, 0, 3}, {5, SIGALRM, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int status = end_of_worker(program, cases[i].id);
    ck_assert_int_ne(status, 0);
#ifndef SANITIZED /* which reports a bad access in its own way, and exits */
    ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == cases[i].signal
                                      : WEXITSTATUS(status) == cases[i].exit_status,
                  "message %" PRIu64 ": status %d", cases[i].id, status);
#endif
  }
  ck_assert_int_eq(end_of_worker(program, 6), 0);
  ck_assert_int_eq(handle(program, start(program, 1), 6), DG_OK);
  program->kind->free(program);
}
END_TEST

/* --- What cannot be used --- */

START_TEST(what_is_wrong_with_a_file_is_said) {
  static const struct {
    const char *path;
    enum err_code code;
    const char *message, *note;
  } cases[] = {
      {"/nowhere/consumer.so", ERR_IO, "cannot read '/nowhere/consumer.so': No such file or directory", ""},
      {PLUGIN_DIR, ERR_IO, "is not a file", ""},
      {SOURCE_DIR "/tests/handler/test_plugin.c", ERR_FORMAT, "is not a shared object", "cc -shared -fPIC"},
      {"/dev/null", ERR_IO, "is not a file", ""},
      {"/proc/self/exe", ERR_FORMAT, "cannot", ""}, /* a program, not a library */
      {PLUGIN("bad_no_symbol"), ERR_UNKNOWN_NAME, "has no symbol 'dg_plugin'", ".handle = handle"},
      {PLUGIN("bad_newer"), ERR_OUT_OF_RANGE,
       "was compiled with version 3 of dgsim.h; this dgsim knows up to version 2", "newer dgsim"},
      {PLUGIN("bad_no_version"), ERR_OUT_OF_RANGE, "is 0", ".version = DG_API_VERSION"},
      {PLUGIN("bad_no_handle"), ERR_MISSING_KEY, "has no handle", ".handle"},
      {PLUGIN("bad_unresolved"), ERR_FORMAT, "undefined symbol: nobody_has_this_function", "ldd -r"},
      {PLUGIN("bad_constructor"), ERR_FORMAT, "ended the process that loaded it: Aborted", "constructors"},
      {PLUGIN("bad_exit"), ERR_FORMAT, "ended the process that loaded it with exit status 3", "constructors"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const pairs[2][2] = {{cases[i].path, NULL}, {PLUGIN("every_call"), cases[i].path}};
    for (int other = 0; other < 2; other++) {
      struct err err = {0};
      const struct program_plugin options = {.path = pairs[other][0], .other_path = pairs[other][1]};
      ck_assert_msg(program_of_plugin(&options, &err) == NULL, "%s", cases[i].path);
      ck_assert_msg(err.code == cases[i].code, "%s: %s", cases[i].path, err.message);
      ck_assert_msg(strstr(err.message, cases[i].message) != NULL, "%s", err.message);
      ck_assert_msg(strstr(err.note, cases[i].note) != NULL, "%s", err.note);
    }
  }
}
END_TEST

/* Any file is refused or loaded, and nothing outside of it is read: each length of one, and each of its first
 * bytes another. */
START_TEST(damaged_files_are_survived) {
  char bytes[1 << 16], path[] = "/tmp/dgsim-plugin-XXXXXX";
  FILE *file = fopen(PLUGIN("bad_no_handle"), "rb");
  ck_assert_ptr_nonnull(file);
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  ck_assert(size > 4096 && size < sizeof bytes);
  int damaged = mkstemp(path);
  ck_assert_int_ge(damaged, 0);
  for (size_t i = 0; i < 128; i++) {
    const bool cut = i % 2 == 0;
    const size_t at = cut ? i * (size / 128) : i / 2;
    const char whole = bytes[at];
    if (!cut) bytes[at] = (char)~whole;
    ck_assert_int_eq(ftruncate(damaged, 0), 0);
    ck_assert_int_eq(pwrite(damaged, bytes, cut ? at : size, 0), cut ? at : size);
    bytes[at] = whole;
    struct err err = {0};
    const struct program_plugin options = {.path = path};
    ck_assert_ptr_null(program_of_plugin(&options, &err)); /* whole, it has no handle */
    ck_assert(err.code != ERR_NONE && err.message[0] != '\0');
  }
  close(damaged);
  unlink(path);
}
END_TEST

/* --- Cost --- */

static int open_files(void) {
  DIR *files = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(files);
  int count = 0;
  while (readdir(files)) count++;
  closedir(files);
  return count;
}

START_TEST(a_start_costs_microseconds_and_no_file) {
  struct program *program = program_of(PLUGIN("variables"), NULL); /* 88 KB of variables */
  program->kind->end(program, start(program, 1), PROGRAM_KILLED);
  const int before = open_files();
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (int i = 0; i < 1000; i++) program->kind->end(program, start(program, 1), PROGRAM_KILLED);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  ck_assert_int_eq(open_files(), before);
  const double us = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
  ck_assert_msg(us < 500, "%.1f us a start", us); /* loading it anew costs as much, copying it a few */
  program->kind->free(program);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plugin");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, every_process_begins_with_fresh_variables);
  tcase_add_test(tests, consumers_share_no_variable);
  tcase_add_test(tests, consumers_of_the_other_version_run_the_other_object);
  tcase_add_test(tests, every_call_reaches_the_simulator);
  tcase_add_test(tests, a_library_beside_it_is_found);
  tcase_add_test(tests, dropped_in_the_middle_of_a_call_it_starts_afresh);
  tcase_add_test(tests, what_crashes_ends_its_worker_only);
  tcase_add_test(tests, what_is_wrong_with_a_file_is_said);
  tcase_add_test(tests, damaged_files_are_survived);
  tcase_add_test(tests, a_start_costs_microseconds_and_no_file);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
