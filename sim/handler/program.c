#include "sim/handler/program.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const program_failure_names[PROGRAM_FAILURE__COUNT] = {
#define X(id, name) [PROGRAM_##id] = name,
    PROGRAM_FAILURES(X)
#undef X
};

enum program_failure program_not_started(int error) {
  const bool lacking = error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM;
  return lacking ? PROGRAM_NO_RESOURCES : PROGRAM_NOT_STARTED;
}

bool program_fail(struct program *program, enum program_failure failure, const char *format, ...) {
  if (program->failure != PROGRAM_NONE) return false;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(program->text, sizeof program->text, format, arguments);
  va_end(arguments);
  program->failure = failure;
  return false;
}

void program_begin(struct program *program) {
  program->failure = PROGRAM_NONE;
  program->text[0] = '\0';
  program->handed = program->answered = 0;
  program->marked = program->seen = program->exits = 0;
  program->exit_text[0] = '\0';
  if (program->kind && program->kind->begin) program->kind->begin(program);
}

const char *program_word(struct program *program, uint64_t number) {
  return program->kind && program->kind->word ? program->kind->word(program, number) : NULL;
}

void program_operation(uint64_t id, char out[PROGRAM_OPERATION_ROOM]) {
  snprintf(out, PROGRAM_OPERATION_ROOM, "op-%" PRIu64, id);
}

/* --- Lines of effects --- */

static char *copy(const char *text, size_t length) {
  char *owned = strndup(text, length);
  ASSERT(owned);
  return owned;
}

static void add(struct effect_lines *lines, char *operation, char *kind, char *amount) {
  GROW(lines->items, lines->capacity, lines->count + 1);
  lines->items[lines->count++] = (struct effect_line){operation, kind, amount};
}

void effect_lines_add(struct effect_lines *lines, const char *operation, const char *kind,
                      const char *amount) {
  add(lines, copy(operation, strlen(operation)), copy(kind, strlen(kind)), copy(amount, strlen(amount)));
}

static int in_order(const void *a, const void *b) {
  const struct effect_line *one = a, *other = b;
  int order = strcmp(one->operation, other->operation);
  if (order == 0) order = strcmp(one->kind, other->kind);
  return order ? order : strcmp(one->amount, other->amount);
}

void effect_lines_sort(struct effect_lines *lines) {
  if (lines->count > 1) qsort(lines->items, lines->count, sizeof *lines->items, in_order);
}

void effect_lines_clear(struct effect_lines *lines) {
  for (size_t i = 0; i < lines->count; i++) {
    free(lines->items[i].operation);
    free(lines->items[i].kind);
    free(lines->items[i].amount);
  }
  lines->count = 0;
}

void effect_lines_deinit(struct effect_lines *lines) {
  effect_lines_clear(lines);
  free(lines->items);
  *lines = (struct effect_lines){0};
}

bool effect_lines_parse(struct effect_lines *lines, const char *line, struct err *err) {
  const char *first = strchr(line, '\t'), *second = first ? strchr(first + 1, '\t') : NULL;
  if (!second || strchr(second + 1, '\t')) {
    err_set(err, ERR_FORMAT, "'%.100s' is not operation TAB kind TAB amount", line);
    return err_note(err, "three fields, and a tab between them: op-17\tcharge\t170");
  }
  if (second == first + 1) {
    err_set(err, ERR_FORMAT, "'%.100s' has no kind between its two tabs", line);
    return err_note(err, "what sort of effect it is, a word: op-17\tcharge\t170");
  }
  add(lines, copy(line, (size_t)(first - line)), copy(first + 1, (size_t)(second - first - 1)),
      copy(second + 1, strlen(second + 1)));
  return true;
}

/* --- Process groups --- */

#define GROUPS_MAX 4096

struct program_groups {
  pid_t guard;                  /* 0 = none */
  atomic_int items[GROUPS_MAX]; /* 0 = free */
};

struct program_groups *program_groups_new(void) {
  struct program_groups *groups = mmap(NULL, sizeof *groups, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT(groups != MAP_FAILED);
  return groups;
}

static void replace(struct program_groups *groups, int from, int to) {
  for (size_t i = 0; i < GROUPS_MAX; i++) {
    int seen = from;
    if (atomic_compare_exchange_strong(&groups->items[i], &seen, to)) return;
  }
  ASSERT_MSG(from != 0, "more than %d processes at once", GROUPS_MAX);
}

void program_groups_add(struct program_groups *groups, int group) { replace(groups, 0, group); }
void program_groups_remove(struct program_groups *groups, int group) { replace(groups, group, 0); }

void program_groups_kill(const struct program_groups *groups) {
  for (size_t i = 0; i < GROUPS_MAX; i++) {
    int group = atomic_load(&groups->items[i]);
    if (group > 0) kill(-group, SIGKILL);
  }
}

/* It knows by the signal that it asked for; all others are blocked, and no descriptor of the tool's is held. */
static _Noreturn void guard(const struct program_groups *groups, pid_t tool) {
  sigset_t all;
  sigfillset(&all);
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  close_range(0, ~0u, 0);
  while (getppid() == tool) sigwaitinfo(&all, NULL);
  program_groups_kill(groups);
  _exit(0);
}

bool program_groups_guard(struct program_groups *groups) {
  sigset_t all, before;
  const pid_t tool = getpid();
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) guard(groups, tool);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (child > 0) groups->guard = child;
  return child > 0;
}

void program_groups_free(struct program_groups *groups) {
  if (groups->guard > 0) {
    kill(groups->guard, SIGKILL);
    while (waitpid(groups->guard, NULL, 0) < 0 && errno == EINTR) continue;
  }
  munmap(groups, sizeof *groups);
}
