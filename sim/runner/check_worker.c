#include "sim/runner/check_worker.h"

#include "sim/base/assert.h"
#include "sim/runner/check_execute.h"
#include "sim/runner/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOTHING SIZE_MAX
#define LOOK_MS 100
#define LESS_AT_ONCE "fewer at once with -j, or more descriptors and processes: ulimit -n, ulimit -u"
#define CUT_OFF 125        /* exit status of a worker whose pipes are gone */
#define INTERNAL_ERROR 124 /* of one in which an assertion of ours has failed, and was told */

/* A worker, as the tool sees it. */
struct worker {
  pid_t process; /* 0 = not started */
  int requests, answers;
  size_t at;       /* the request that it has, or NOTHING */
  int64_t due_ms;  /* when it counts as hung */
};

/* What an answer begins with; places and lines follow. */
struct answer_head {
  struct check_outcome outcome;
  uint64_t effects;
  uint32_t calls, exits;
  char exit_text[PROGRAM_EXIT_ROOM];
  size_t place_count, line_bytes;
  bool refused; /* the program could not be made */
  struct err err;
};

void check_answer_deinit(struct check_answer *answer) {
  free(answer->places);
  effect_lines_deinit(&answer->lines);
  answer->places = NULL;
}

/* --- Both sides --- */

static bool write_all(int fd, const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t written = write(fd, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    count -= (size_t)written;
  }
  return true;
}

static bool read_all(int fd, void *bytes, size_t count) {
  char *at = bytes;
  while (count > 0) {
    ssize_t got = read(fd, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    count -= (size_t)got;
  }
  return true;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The worker's side --- */

static size_t write_lines(const struct effect_lines *lines, char **out) {
  size_t length = 0;
  FILE *memory = open_memstream(out, &length);
  ASSERT(memory);
  for (size_t i = 0; i < lines->count; i++) {
    const struct effect_line *line = &lines->items[i];
    fprintf(memory, "%s%c%s%c%s%c", line->operation, '\0', line->kind, '\0', line->amount, '\0');
  }
  fclose(memory);
  return length;
}

static bool send_answer(int fd, struct check_answer *answer) {
  char *text = NULL;
  struct answer_head head = {.outcome = answer->outcome, .effects = answer->effects, .calls = answer->calls,
                             .exits = answer->exits, .place_count = answer->place_count,
                             .line_bytes = write_lines(&answer->lines, &text)};
  memcpy(head.exit_text, answer->exit_text, sizeof head.exit_text);
  bool sent = write_all(fd, &head, sizeof head) &&
              write_all(fd, answer->places, answer->place_count * sizeof *answer->places) &&
              write_all(fd, text, head.line_bytes);
  free(text);
  check_answer_deinit(answer);
  return sent;
}

static void refuse(int fd, const struct err *err) {
  struct answer_head head = {.refused = true};
  head.err = *err;
  write_all(fd, &head, sizeof head);
}

static void work(const struct check_world *world, uint32_t number, int requests, int answers) {
  struct err err = {0};
  struct check_request request;
  const pid_t self = getpid();
  struct program *program = world->options->make(world->options->make_context, number, &err);
  if (!program) return refuse(answers, &err);
  struct check_executor *executor = check_executor_new(world, program);
  while (read_all(requests, &request, sizeof request)) {
    struct check_answer answer;
    check_execute(executor, &request, &answer);
    if (getpid() != self) _exit(0); /* a plug-in has forked, and come back in both */
    if (!send_answer(answers, &answer)) _exit(CUT_OFF);
  }
  check_executor_free(executor);
  program->kind->free(program);
}

/* --- The tool's side --- */

/* The ends of other workers' pipes: one that kept them would keep those workers from seeing their end. */
static void close_others(const struct worker *workers, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (workers[i].process <= 0) continue;
    close(workers[i].requests);
    close(workers[i].answers);
  }
}

/* Two pipes, or none. */
static bool open_pipes(int in[2], int out[2]) {
  if (pipe2(in, O_CLOEXEC) != 0) return false;
  if (pipe2(out, O_CLOEXEC) == 0) return true;
  const int number = errno;
  close(in[0]), close(in[1]);
  errno = number;
  return false;
}

static bool no_worker(unsigned index, unsigned count, struct err *err) {
  err_set(err, ERR_IO, "cannot start worker %u of %u (-j): %s", index + 1, count, strerror(errno));
  return err_note(err, LESS_AT_ONCE);
}

/* False: *err says why. */
static bool start(const struct check_world *world, struct worker *workers, unsigned count, unsigned index,
                  struct err *err) {
  struct worker *worker = &workers[index];
  int in[2], out[2];
  if (!open_pipes(in, out)) return no_worker(index, count, err);
  fflush(NULL);
  const pid_t tool = getpid();
  const pid_t process = fork();
  if (process < 0) {
    no_worker(index, count, err);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    return false;
  }
  worker->process = process;
  if (worker->process == 0) {
    assert_exit_with(INTERNAL_ERROR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != tool) _exit(1); /* it died before that */
    setpgid(0, 0); /* what a plug-in forks can be ended with it */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what a program within the worker prints is no report */
    close(in[1]);
    close(out[0]);
    close_others(workers, count);
    work(world, index + 1, in[0], out[1]);
    _exit(0);
  }
  setpgid(worker->process, worker->process); /* as the worker does: whoever comes first */
  if (world->options->groups) program_groups_add(world->options->groups, worker->process);
  close(in[0]);
  close(out[1]);
  worker->requests = in[1];
  worker->answers = out[0];
  worker->at = NOTHING;
  return true;
}

/* Until it has exited, but no longer than a case may take: a plug-in may have stopped it, or left something behind
 * that never ends. */
static void wait_for_exit(const struct check_world *world, const struct worker *worker) {
  const int64_t limit_ms = world->options->case_limit_ms;
  const int exited = (int)syscall(SYS_pidfd_open, worker->process, 0);
  if (exited >= 0) {
    struct pollfd wait = {.fd = exited, .events = POLLIN};
    if (poll(&wait, 1, limit_ms > INT_MAX ? INT_MAX : (int)limit_ms) <= 0) kill(worker->process, SIGKILL);
    close(exited);
  }
  siginfo_t info;
  while (waitid(P_PID, (id_t)worker->process, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {}
}

/* Returns its wait status. What it has forked into its group ends with it. */
static int stop(const struct check_world *world, struct worker *worker, bool at_once) {
  int status = 0;
  if (worker->process == 0) return 0;
  close(worker->requests);
  if (at_once) kill(worker->process, SIGKILL);
  wait_for_exit(world, worker);
  kill(-worker->process, SIGKILL); /* before it is reaped: nobody else can have its number */
  while (waitpid(worker->process, &status, 0) < 0 && errno == EINTR) {}
  if (world->options->groups) program_groups_remove(world->options->groups, worker->process);
  close(worker->answers);
  worker->process = 0;
  return status;
}

static bool receive(struct worker *worker, struct check_answer *out, struct answer_head *head) {
  *out = (struct check_answer){0};
  if (!read_all(worker->answers, head, sizeof *head) || head->refused) return false;
  *out = (struct check_answer){.outcome = head->outcome, .effects = head->effects, .calls = head->calls,
                               .exits = head->exits, .place_count = head->place_count};
  memcpy(out->exit_text, head->exit_text, sizeof out->exit_text);
  out->places = malloc((head->place_count + 1) * sizeof *out->places);
  char *text = malloc(head->line_bytes + 1);
  ASSERT(out->places && text);
  bool whole = read_all(worker->answers, out->places, head->place_count * sizeof *out->places) &&
               read_all(worker->answers, text, head->line_bytes);
  for (size_t at = 0; whole && at < head->line_bytes;) {
    const char *operation = text + at, *kind = operation + strlen(operation) + 1, *amount = kind + strlen(kind) + 1;
    effect_lines_add(&out->lines, operation, kind, amount);
    at = (size_t)(amount + strlen(amount) + 1 - text);
  }
  free(text);
  return whole;
}

static void died(struct check_answer *out, int status) {
  *out = (struct check_answer){.outcome = {.verdict = CHECK_PROGRAM, .failure = PROGRAM_DIED}};
  if (WIFSIGNALED(status))
    snprintf(out->outcome.evidence, sizeof out->outcome.evidence, "the program ended its process by signal %d (%s)",
             WTERMSIG(status), strsignal(WTERMSIG(status)));
  else if (WEXITSTATUS(status) == CUT_OFF)
    snprintf(out->outcome.evidence, sizeof out->outcome.evidence,
             "the program closed descriptors that it had not opened: those of the process that it runs in");
  else
    snprintf(out->outcome.evidence, sizeof out->outcome.evidence, "the program called exit(%d) in its handler",
             WEXITSTATUS(status));
}

static void hung(struct check_answer *out, int64_t limit_ms) {
  *out = (struct check_answer){.outcome = {.verdict = CHECK_PROGRAM, .failure = PROGRAM_HUNG}};
  snprintf(out->outcome.evidence, sizeof out->outcome.evidence, "no answer within %lld ms of wall-clock time",
           (long long)limit_ms);
}

/* What the requests are done with. */
struct job {
  struct check_world *world;
  const struct check_request *requests;
  struct check_answer *answers;
  size_t next, end; /* end: none from here on is begun */
  bool stop_at_failure;
  struct worker *workers;
  unsigned worker_count;
  int64_t begun_ms;
  struct err *err;
};

static bool give(struct job *job, unsigned index) {
  struct worker *worker = &job->workers[index];
  if (job->next >= job->end) return false;
  if (worker->process == 0 && !start(job->world, job->workers, job->worker_count, index, job->err)) return false;
  worker->at = job->next++;
  worker->due_ms = now_ms() + job->world->options->case_limit_ms;
  write_all(worker->requests, &job->requests[worker->at], sizeof *job->requests); /* else it is dead: seen below */
  return true;
}

static bool is_failure(const struct check_answer *answer) {
  return answer->outcome.verdict == CHECK_FAILED || answer->outcome.verdict == CHECK_PROGRAM;
}

/* A line on a terminal's stderr, rewritten once a second has passed. */
static void show_progress(const struct job *job, size_t done) {
  const struct check_options *options = job->world->options;
  static const char clear[] = "\r\033[K";
  if (!options->progress || !isatty(STDERR_FILENO) || now_ms() - job->begun_ms < 1000) return;
  if (done == job->end)
    fputs(clear, stderr);
  else
    fprintf(stderr, "\r  %zu of %zu cases, %lld s\033[K", done, job->end, (long long)(now_ms() - job->begun_ms) / 1000);
  fflush(stderr);
}

/* A worker has something to say, or is gone, or has had its time. False: it could not begin. */
static bool take(struct job *job, struct worker *worker, bool late) {
  struct answer_head head = {0};
  struct check_answer *answer = &job->answers[worker->at];
  if (late) {
    stop(job->world, worker, true);
    hung(answer, job->world->options->case_limit_ms);
  } else if (!receive(worker, answer, &head)) {
    const int status = stop(job->world, worker, false);
    if (head.refused) return *job->err = head.err, false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == INTERNAL_ERROR)
      return err_set(job->err, ERR_INTERNAL, "a worker has ended by the error above");
    check_answer_deinit(answer);
    died(answer, status);
  }
  if (answer->outcome.verdict == CHECK_PROGRAM && answer->outcome.failure == PROGRAM_NO_RESOURCES) {
    err_set(job->err, ERR_IO, "%s", answer->outcome.evidence);
    return err_note(job->err, LESS_AT_ONCE);
  }
  const size_t done = worker->at;
  worker->at = NOTHING;
  if (job->stop_at_failure && is_failure(answer) && done + 1 < job->end) job->end = done + 1;
  return true;
}

static bool wait_for_one(struct job *job) {
  struct pollfd waits[CHECK_WORKERS_MAX];
  int64_t soonest = INT64_MAX;
  for (unsigned i = 0; i < job->worker_count; i++) {
    const bool busy = job->workers[i].process && job->workers[i].at != NOTHING;
    waits[i] = (struct pollfd){.fd = busy ? job->workers[i].answers : -1, .events = POLLIN};
    if (busy && job->workers[i].due_ms < soonest) soonest = job->workers[i].due_ms;
  }
  const int64_t left = soonest - now_ms();
  const int wait_ms = left < 0 ? 0 : left > LOOK_MS ? LOOK_MS : (int)left + 1;
  const int64_t before = now_ms();
  poll(waits, job->worker_count, wait_ms);
  const int64_t stopped_ms = now_ms() - before - wait_ms; /* then the workers may have been, too */
  for (unsigned i = 0; stopped_ms > LOOK_MS && i < job->worker_count; i++) job->workers[i].due_ms += stopped_ms;
  for (unsigned i = 0; i < job->worker_count; i++) {
    if (waits[i].fd < 0) continue;
    const bool late = waits[i].revents == 0 && now_ms() > job->workers[i].due_ms;
    if ((waits[i].revents || late) && !take(job, &job->workers[i], late)) return false;
  }
  return true;
}

static bool any_busy(const struct job *job) {
  for (unsigned i = 0; i < job->worker_count; i++)
    if (job->workers[i].at != NOTHING) return true;
  return false;
}

bool check_do(struct check_world *world, unsigned workers, const struct check_request *requests, size_t count,
              bool stop_at_failure, struct check_answer *answers, size_t *out_done, struct err *err) {
  struct worker items[CHECK_WORKERS_MAX] = {0};
  struct job job = {.world = world, .requests = requests, .answers = answers, .end = count,
                    .stop_at_failure = stop_at_failure, .workers = items, .err = err,
                    .worker_count = workers < CHECK_WORKERS_MAX ? workers : CHECK_WORKERS_MAX};
  bool begun = true;
  job.begun_ms = now_ms();
  memset(answers, 0, count * sizeof *answers);
  for (unsigned i = 0; i < job.worker_count; i++) items[i].at = NOTHING;
  do {
    for (unsigned i = 0; i < job.worker_count; i++)
      if (items[i].at == NOTHING) give(&job, i);
    show_progress(&job, job.next);
    begun = err->code == ERR_NONE;
  } while (begun && any_busy(&job) && (begun = wait_for_one(&job)));
  for (unsigned i = 0; i < job.worker_count; i++) stop(world, &items[i], !begun);
  show_progress(&job, job.end);
  if (out_done) *out_done = job.end;
  for (size_t i = begun ? job.end : 0; i < count; i++) check_answer_deinit(&answers[i]);
  return begun;
}
