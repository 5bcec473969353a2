/* The process of a consumer, as something that one writes lines to and waits for lines of.
 *
 * [I1] Nothing blocks but process_wait, and that no longer than the answer limit without a sign of life: a line,
 *      or bytes on a connection of its own that goes through the proxy.
 * [I2] Lines come in the order in which they were written, each once. What stands behind the last newline when
 *      the process ends is no line.
 * [I3] A process that has ended by itself, or closed its output, is GONE once all its lines were taken: which
 *      does not depend on how soon the tool learns of it.
 */
#ifndef SIM_HANDLER_COMMAND_PROCESS_H
#define SIM_HANDLER_COMMAND_PROCESS_H

#include "sim/handler/command_spawn.h"
#include "sim/handler/proxy.h"

#define PROCESS_LINE_BYTES_MAX (64 * 1024)

struct process_bytes {
  char *bytes;
  size_t start, end, capacity; /* those that wait are [start, end) */
};

struct process {
  struct program *program; /* whose failures are noted */
  struct program_groups *groups;
  struct command_child child;
  struct proxy_server *server; /* its own; NULL = none, or not through the tool */
  struct proxy *proxy;         /* of the connections of what runs now */
  struct process_bytes out, in; /* what it has yet to read; what it has written */
  uint64_t lines; /* taken */
  uint32_t worker, consumer;
};

/* What programs find in their environment: which of the tool's workers runs them, for names of databases; which
 * consumer they are; where the proxy is, as host:port; and Python is told to write each line at once. */
#define PROCESS_WORKER "DGSIM_WORKER"
#define PROCESS_CONSUMER "DGSIM_CONSUMER"
#define PROCESS_PROXY "DGSIM_PROXY"
#define PROCESS_UNBUFFERED "PYTHONUNBUFFERED"

/* Starts it; false with a failure noted. Keeps the memory of a process before it. */
bool process_start(struct process *process, char *const *command);
bool process_running(const struct process *process);

/* Appends to what it is to read: text and a newline. */
void process_write(struct process *process, const char *text, size_t length);

enum process_event {
  PROCESS_LINE,   /* *line is one, NUL-terminated, valid until the next wait */
  PROCESS_PLACE,  /* bytes wait on one of its connections: proxy_hold */
  PROCESS_GONE,   /* it has ended; to be reaped with process_end */
  PROCESS_BLOCKED, /* its server has not answered for a tenth of the limit, perhaps as it waits for others */
  PROCESS_FAILED, /* it hung, or wrote too much: the failure is noted, and it was ended */
};
/* `may_be_blocked`: otherwise such a server counts as one that hangs. */
enum process_event process_wait(struct process *process, bool may_be_blocked, char **line);

/* SIGTERM to the process, and waits until it was delivered. */
void process_terminate(const struct process *process);
/* Closes its input and waits until it has ended by itself, no longer than the answer limit. */
void process_let_exit(struct process *process);
/* Kills what there is, reaps it, and deals with its connections. Returns its status; `words` (may be NULL) gets
 * the last line of its standard error. */
int process_end(struct process *process, enum program_end how, char *words, size_t words_size);
void process_free(struct process *process);

#endif
