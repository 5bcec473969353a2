#include "sim/handler/command_spawn.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ERRORS_BYTES_MAX (1 << 20)

uint64_t command_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct command_limit command_limit_new(uint64_t limit_ms) {
  return (struct command_limit){.left_ms = limit_ms, .at_ms = command_clock_ms()};
}

uint64_t command_limit_left(struct command_limit *limit) {
  const uint64_t now = command_clock_ms(), passed = now - limit->at_ms;
  const uint64_t counted = passed > 2 * COMMAND_LOOK_MS ? COMMAND_LOOK_MS : passed;
  limit->left_ms -= counted < limit->left_ms ? counted : limit->left_ms;
  limit->at_ms = now;
  return limit->left_ms;
}

int command_limit_wait(const struct command_limit *limit) {
  return limit->left_ms < COMMAND_LOOK_MS ? (int)limit->left_ms : COMMAND_LOOK_MS;
}

static bool same_name(const char *one, const char *other) {
  size_t length = strcspn(one, "=");
  return strncmp(one, other, length) == 0 && other[length] == '=';
}

char **command_environment(const char *const *more, size_t count) {
  size_t own = 0, bytes = 0, kept = 0;
  while (environ[own]) own++;
  for (size_t i = 0; i < count; i++) bytes += strlen(more[i]) + 1;
  char **list = malloc((own + count + 1) * sizeof *list + bytes);
  ASSERT(list);
  char *text = (char *)(list + own + count + 1);
  for (size_t i = 0; i < own; i++) {
    bool replaced = false;
    for (size_t j = 0; j < count; j++) replaced = replaced || same_name(more[j], environ[i]);
    if (!replaced) list[kept++] = environ[i];
  }
  for (size_t i = 0; i < count; i++) {
    list[kept++] = strcpy(text, more[i]);
    text += strlen(more[i]) + 1;
  }
  list[kept] = NULL;
  return list;
}

/* --- In the child, between fork and exec: no allocation, no lock --- */

static void keep_only_standard_descriptors(void) {
  if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int i = STDERR_FILENO + 1; i < 1024; i++) fcntl(i, F_SETFD, FD_CLOEXEC);
}

static void default_signals(void) {
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL); /* what is ignored would stay so */
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become(char *const *command, char *const *environment, const char *directory,
                             const int standard[3], int report, int parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127); /* it died before that was set */
  for (int i = 0; i < 3; i++)
    if (standard[i] >= 0) dup2(standard[i], i);
  keep_only_standard_descriptors();
  default_signals();
  if (!directory || chdir(directory) == 0) execvpe(command[0], command, environment);
  int error = errno;
  ssize_t written = write(report, &error, sizeof error);
  (void)written;
  _exit(127);
}

/* --- In the tool --- */

/* A descriptor that is none of the three standard ones, which the tool itself may have been started without. */
static int above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(descriptor);
  return moved;
}

static bool open_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  for (int i = 0; i < 2; i++) ends[i] = above_standard(ends[i]);
  return ends[0] >= 0 && ends[1] >= 0;
}

static void shut(int *descriptor) {
  if (*descriptor >= 0) close(*descriptor);
  *descriptor = -1;
}

static int open_errors(void) {
  if (getenv(COMMAND_SHOW_STDERR)) return -1;
  int errors = above_standard(memfd_create("standard error", MFD_CLOEXEC));
  if (errors >= 0) fcntl(errors, F_SETFL, O_RDWR | O_APPEND); /* so that it can be cut off */
  return errors;
}

int command_start(struct command_child *out, char *const *command, char *const *environment, const char *directory,
                  bool has_input, struct program_groups *groups) {
  int input[2] = {-1, -1}, output[2] = {-1, -1}, report[2] = {-1, -1}, error = 0;
  *out = COMMAND_NONE;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  bool ready = open_pipe(output) && open_pipe(report) && (!has_input || open_pipe(input));
  if (ready && !has_input) ready = (input[0] = above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC))) >= 0;
  const int errors = ready ? open_errors() : -1;
  const int parent = getpid();
  const int pid = ready ? fork() : -1;
  if (pid == 0) become(command, environment, directory, (int[3]){input[0], output[1], errors}, report[1], parent);
  if (pid < 0) error = errno;
  shut(&input[0]), shut(&output[1]), shut(&report[1]);
  *out = (struct command_child){.exit = -1, .to = input[1], .from = output[0], .errors = errors};
  if (pid > 0) {
    setpgid(pid, pid); /* as the child does: whoever comes first */
    out->pid = pid;
    if (groups) program_groups_add(groups, pid);
    ssize_t got;
    do got = read(report[0], &error, sizeof error);
    while (got < 0 && errno == EINTR);
    if (got != sizeof error) error = 0;
    out->exit = pidfd_open(pid, 0);
    for (int i = 0; i < 2; i++) fcntl(i ? out->from : out->to, F_SETFL, O_NONBLOCK);
  }
  shut(&report[0]);
  if (error) command_end(out, groups);
  return error;
}

static bool has_exited(const struct command_child *child) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

bool command_wait_exit(const struct command_child *child, uint64_t limit_ms) {
  struct command_limit limit = command_limit_new(limit_ms);
  while (!has_exited(child)) {
    if (command_limit_left(&limit) == 0) return false;
    struct pollfd exited = {.fd = child->exit, .events = POLLIN};
    poll(&exited, 1, child->exit >= 0 ? command_limit_wait(&limit) : 1);
  }
  return true;
}

int command_end(struct command_child *child, struct program_groups *groups) {
  int status = 0;
  if (child->pid > 0) {
    kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) continue;
    /* Who has died leaves its children to this process before it can be reaped: so none is missed. */
    while (waitpid(-child->pid, NULL, 0) > 0 || errno == EINTR) continue;
    if (groups) program_groups_remove(groups, child->pid);
  }
  shut(&child->exit), shut(&child->to), shut(&child->from), shut(&child->errors);
  *child = COMMAND_NONE;
  return status;
}

void command_trim_errors(const struct command_child *child) {
  if (child->errors >= 0 && lseek(child->errors, 0, SEEK_END) > ERRORS_BYTES_MAX) {
    int cut = ftruncate(child->errors, 0);
    (void)cut;
  }
}

void command_last_words(const struct command_child *child, char *out, size_t size) {
  char tail[2048];
  out[0] = '\0';
  if (child->errors < 0) return;
  const off_t end = lseek(child->errors, 0, SEEK_END);
  const off_t from = end > (off_t)sizeof tail - 1 ? end - (off_t)sizeof tail + 1 : 0;
  ssize_t length = pread(child->errors, tail, sizeof tail - 1, from);
  while (length > 0 && (tail[length - 1] == '\n' || tail[length - 1] == ' ')) length--;
  if (length <= 0) return;
  tail[length] = '\0';
  const char *line = strrchr(tail, '\n');
  printable_shortened(out, size, line ? line + 1 : tail);
}

void command_status_text(int status, char *out, size_t size) {
  if (WIFSIGNALED(status))
    snprintf(out, size, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    snprintf(out, size, "exited with status %d", WEXITSTATUS(status));
}
