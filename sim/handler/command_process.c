#include "sim/handler/command_process.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool open_proxy(struct process *process) {
  if (!process->server) return true;
  process->proxy = proxy_new(process->server);
  return process->proxy || program_fail(process->program, program_not_started(errno),
                                        "cannot listen for the program's connections: %s", strerror(errno));
}

bool process_start(struct process *process, char *const *command) {
  ASSERT(!process_running(process));
  process->in.start = process->in.end = process->out.start = process->out.end = 0;
  process->lines = 0;
  if (!open_proxy(process)) return false;
  char texts[4][64];
  snprintf(texts[0], sizeof texts[0], PROCESS_WORKER "=%u", process->worker);
  snprintf(texts[1], sizeof texts[1], PROCESS_CONSUMER "=%u", process->consumer);
  snprintf(texts[2], sizeof texts[2], PROCESS_UNBUFFERED "=1");
  if (process->proxy) snprintf(texts[3], sizeof texts[3], PROCESS_PROXY "=127.0.0.1:%u", proxy_port(process->proxy));
  char **environment = command_environment((const char *[]){texts[0], texts[1], texts[2], texts[3]},
                                           process->proxy ? 4 : 3);
  const int error = command_start(&process->child, command, environment, NULL, true, process->groups);
  free(environment);
  if (error == 0) return true;
  process_end(process, PROGRAM_KILLED, NULL, 0);
  return program_fail(process->program, program_not_started(error), "cannot start '%s': %s", command[0], strerror(error));
}

bool process_running(const struct process *process) { return process->child.pid > 0; }

/* --- What it is to read --- */

void process_write(struct process *process, const char *text, size_t length) {
  struct process_bytes *out = &process->out;
  if (out->start == out->end) out->start = out->end = 0;
  GROW(out->bytes, out->capacity, out->end + length + 1);
  memcpy(out->bytes + out->end, text, length);
  out->bytes[out->end + length] = '\n';
  out->end += length + 1;
}

/* write(), without the signal that comes of a reader who is gone: what others do about it is not ours to say. */
static ssize_t write_quietly(int to, const char *bytes, size_t length) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t written = write(to, bytes, length);
  const int error = errno;
  if (written < 0 && error == EPIPE && !sigismember(&before, SIGPIPE))
    sigtimedwait(&pipe, NULL, &(struct timespec){.tv_sec = 0});
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return written;
}

static void write_out(struct process *process) {
  struct process_bytes *out = &process->out;
  while (out->start < out->end) {
    const ssize_t written = write_quietly(process->child.to, out->bytes + out->start, out->end - out->start);
    if (written > 0) out->start += (size_t)written;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0 && errno != EINTR) out->start = out->end; /* it does not read any more */
  }
}

/* --- What it has written --- */

/* Takes in what is there, up to a line too long. False: there will be no more. */
static bool read_in(struct process *process) {
  struct process_bytes *in = &process->in;
  while (process->child.from >= 0 && in->end - in->start <= PROCESS_LINE_BYTES_MAX) {
    if (in->start > 0) {
      memmove(in->bytes, in->bytes + in->start, in->end - in->start);
      in->end -= in->start;
      in->start = 0;
    }
    GROW(in->bytes, in->capacity, PROCESS_LINE_BYTES_MAX + 1);
    const ssize_t got = read(process->child.from, in->bytes + in->end, in->capacity - in->end);
    if (got > 0) in->end += (size_t)got;
    if (got < 0 && errno == EAGAIN) return true;
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
  }
  return process->child.from >= 0;
}

static char *take_line(struct process *process) {
  struct process_bytes *in = &process->in;
  char *begin = in->bytes + in->start;
  char *newline = in->end > in->start ? memchr(begin, '\n', in->end - in->start) : NULL;
  if (!newline) return NULL;
  *newline = '\0';
  in->start += (size_t)(newline - begin) + 1;
  process->lines++;
  return begin;
}

static bool exited(const struct process *process) {
  return process->child.exit >= 0 && command_wait_exit(&process->child, 0);
}

static enum process_event failed(struct process *process, enum program_failure failure, const char *what) {
  char words[COMMAND_WORDS_ROOM];
  const uint64_t lines = process->lines;
  process_end(process, PROGRAM_KILLED, words, sizeof words);
  program_fail(process->program, failure, "consumer %u %s, after %llu lines of output%s%s", process->consumer, what,
               (unsigned long long)lines, words[0] ? "; its last words: " : "", words);
  return PROCESS_FAILED;
}

static enum process_event hung(struct process *process) {
  char what[200];
  snprintf(what, sizeof what, "has given no line for %llu ms (does it flush its output after each line, and answer "
           "each message with done or failed?)", (unsigned long long)process->program->answer_limit_ms);
  return failed(process, PROGRAM_HUNG, what);
}

/* What can be told without waiting. PROCESS_FAILED with no failure noted: nothing yet. A line counts after what
 * stands on connections, as what a program has sent before it wrote a line is there when the line is. */
static enum process_event look(struct process *process, char **line, bool *moved) {
  write_out(process);
  /* In this order: what a process wrote before it ended is in the pipe when it has ended. */
  const bool ended = exited(process);
  const bool open = read_in(process);
  if (process->proxy) {
    const enum proxy_news news = proxy_serve(process->proxy);
    *moved = news == PROXY_MOVED;
    if (news == PROXY_AT_PLACE) return PROCESS_PLACE;
    if (news == PROXY_NO_SERVER) {
      program_fail(process->program, PROGRAM_NOT_STARTED, "the program's own server at %s cannot be reached: %s",
                   proxy_server_name(process->server), strerror(errno));
      process_end(process, PROGRAM_KILLED, NULL, 0);
      return PROCESS_FAILED;
    }
  }
  if ((*line = take_line(process))) return PROCESS_LINE;
  if (process->in.end - process->in.start > PROCESS_LINE_BYTES_MAX)
    return failed(process, PROGRAM_CHATTY, "has written a line of more than 64 KiB");
  if (!open && !command_wait_exit(&process->child, process->program->answer_limit_ms))
    return failed(process, PROGRAM_HUNG, "has closed its output and lives on");
  return ended || !open ? PROCESS_GONE : PROCESS_FAILED;
}

enum process_event process_wait(struct process *process, bool may_be_blocked, char **line) {
  const uint64_t limit_ms = process->program->answer_limit_ms, patience_ms = limit_ms - limit_ms / 10;
  struct command_limit limit = command_limit_new(limit_ms);
  may_be_blocked = may_be_blocked && process->proxy;
  for (;;) {
    bool moved = false;
    const enum process_event event = look(process, line, &moved);
    if (event != PROCESS_FAILED || process->program->failure != PROGRAM_NONE) return event;
    if (moved) limit = command_limit_new(limit_ms);
    const uint64_t left_ms = command_limit_left(&limit);
    if (left_ms == 0) return hung(process);
    const bool blocked = may_be_blocked && left_ms <= patience_ms;
    if (blocked && proxy_may_be_blocked(process->proxy)) return PROCESS_BLOCKED;
    struct pollfd polls[3 + PROXY_POLL_MAX] = {{.fd = process->child.from, .events = POLLIN},
                                               {.fd = process->child.exit, .events = POLLIN},
                                               {.fd = -1, .events = POLLOUT}};
    if (process->out.start < process->out.end) polls[2].fd = process->child.to;
    const size_t count = 3 + (process->proxy ? proxy_poll(process->proxy, polls + 3) : 0);
    int wait_ms = command_limit_wait(&limit);
    if (may_be_blocked && !blocked && left_ms - patience_ms < (uint64_t)wait_ms) wait_ms = (int)(left_ms - patience_ms);
    poll(polls, count, wait_ms);
  }
}

/* --- Its end --- */

/* Whether SIGTERM still waits to be delivered, and is not blocked: a program may wait for it by itself. */
static bool termination_pending(int pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  unsigned long long pending = 0, blocked = 0, mask;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "SigPnd: %llx", &mask) == 1 || sscanf(line, "ShdPnd: %llx", &mask) == 1) pending |= mask;
    if (sscanf(line, "SigBlk: %llx", &mask) == 1) blocked = mask;
  }
  fclose(file);
  return (pending & ~blocked) >> (SIGTERM - 1) & 1;
}

/* It is deterministic because of when it comes: the simulator goes on only after each process under way has
 * written a line and waits for the answer, so that the signal finds the program at a place that the protocol
 * determines; and it has been delivered before anything else is written to it. */
void process_terminate(const struct process *process) {
  if (!process_running(process)) return;
  struct command_limit limit = command_limit_new(process->program->answer_limit_ms);
  kill(process->child.pid, SIGTERM);
  while (!command_wait_exit(&process->child, 0) && termination_pending(process->child.pid) && /* or it is dead */
         command_limit_left(&limit) > 0)
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

void process_let_exit(struct process *process) {
  struct command_limit limit = command_limit_new(process->program->answer_limit_ms);
  if (!process_running(process)) return;
  if (process->child.to >= 0) close(process->child.to);
  process->child.to = -1;
  while (!command_wait_exit(&process->child, 1) && command_limit_left(&limit) > 0) {
    read_in(process); /* or it could wait for room in the pipe */
    process->in.start = process->in.end = 0;
    const char *name;
    for (struct proxy_connection *held; process->proxy && proxy_serve(process->proxy) == PROXY_AT_PLACE;)
      if ((held = proxy_hold(process->proxy, &name))) proxy_pass(held);
  }
}

int process_end(struct process *process, enum program_end how, char *words, size_t words_size) {
  if (words) command_last_words(&process->child, words, words_size);
  const int status = command_end(&process->child, process->groups);
  proxy_end(process->proxy, how);
  process->proxy = NULL;
  process->out.start = process->out.end = 0;
  return status;
}

void process_free(struct process *process) {
  process_end(process, PROGRAM_KILLED, NULL, 0);
  free(process->out.bytes);
  free(process->in.bytes);
}
