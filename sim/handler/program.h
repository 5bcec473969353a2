/* A program under test: the user's own consumer in the place of a built-in handler.
 *
 *   handler host --start--> [process of consumer n] --handle(context, message)--> calls of dgsim.h
 *        '---- end (killed, killed late, exited, over) ----'
 *
 * Three kinds: a shared object, a command that talks over its standard input and output, a file of SQL. Each
 * forwards what the program wants to the same calls as a built-in handler makes (dgsim.h), from the fiber that
 * the host runs it on; so time passes, others interleave, and a crash may strike, at each of them.
 *
 * [I1] `handle` may never return: the host drops the fiber when the node dies, and calls `end`.
 * [I2] One consumer has one process at a time; several calls of `handle` for it may be suspended at once, one
 *      for each thread of the topology.
 * [I3] What a process does depends only on the messages and answers that it was given, in that order; a kind
 *      waits for the process, never for a time, but for the limit after which it counts as hung.
 * [I4] After a program has failed (`failure` of the program is set) `handle` returns DG_FAILED at once, and
 *      nothing is started any more: the run ends soon and is judged by that failure.
 */
#ifndef SIM_HANDLER_PROGRAM_H
#define SIM_HANDLER_PROGRAM_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_context;
struct dg_message;

/* How a process ends. */
enum program_end {
  PROGRAM_KILLED,      /* at once (SIGKILL); connections of its own to servers are cut, and what they had open
                          there has ended before anything else happens */
  PROGRAM_KILLED_LATE, /* at once; what it had asked of servers of its own is still under way there */
  PROGRAM_EXITED,      /* it was asked to finish (terminate) and may exit by itself; killed when it does not */
  PROGRAM_OVER,        /* the run is over */
};

/* What is wrong with a program itself, apart from what its messages came to. */
#define PROGRAM_FAILURES(X)                                                                        \
  X(NONE, "none")                                                                                  \
  X(HUNG, "hung")                                                                                  \
  X(DIED, "died")                                                                                  \
  X(MALFORMED, "malformed")                                                                        \
  X(CHATTY, "chatty")                                                                              \
  X(NOT_STARTED, "not-started")                                                                    \
  X(CANNOT_JUDGE, "cannot-judge")                                                                  \
  X(NO_RESOURCES, "no-resources")

enum program_failure {
#define X(id, name) PROGRAM_##id,
  PROGRAM_FAILURES(X)
#undef X
      PROGRAM_FAILURE__COUNT
};
extern const char *const program_failure_names[PROGRAM_FAILURE__COUNT];

/* NOT_STARTED, or for an errno that says what the machine lacks NO_RESOURCES: no fault of the program's, so that
 * nothing can be said of it. */
enum program_failure program_not_started(int error);

/* Effects that a probe reports: lines `operation TAB kind TAB amount`, each as text, NUL-terminated, owned. */
struct effect_line {
  char *operation, *kind, *amount;
};
struct effect_lines {
  struct effect_line *items;
  size_t count, capacity;
};
void effect_lines_add(struct effect_lines *lines, const char *operation, const char *kind, const char *amount);
void effect_lines_sort(struct effect_lines *lines); /* by bytes: operation, kind, amount */
void effect_lines_clear(struct effect_lines *lines);
void effect_lines_deinit(struct effect_lines *lines);
/* One line of text, without its newline. False with *err set when it has not these three fields. */
bool effect_lines_parse(struct effect_lines *lines, const char *line, struct err *err);

/* For what is said of a failure, and of how the first process ended by itself. */
#define PROGRAM_TEXT_ROOM 512
#define PROGRAM_EXIT_ROOM 400

struct program;
struct program_kind {
  const char *name; /* "command", "plugin", "sql" */
  /* Optional. A run begins: what the kind kept of the last one is forgotten. */
  void (*begin)(struct program *);
  /* Optional. The word that a number stands for which the program's calls carried: a table (hash_name), a key or
   * a value that it gave as text. NULL: none. Borrowed, until the next run begins. */
  const char *(*word)(struct program *, uint64_t number);
  /* Starts the process of a consumer (from 1). NULL: the failure is noted. */
  void *(*start)(struct program *, uint32_t consumer, bool other_version);
  /* Ends it and frees `process`. */
  void (*end)(struct program *, void *process, enum program_end how);
  /* Optional. SIGTERM: it is to finish what it has; `end` follows. */
  void (*terminate)(struct program *, void *process);
  /* On the fiber. Returns enum dg_status. */
  int (*handle)(struct program *, void *process, struct dg_context *context,
                const struct dg_message *message);
  /* Optional. Before a run: brings the program's own stores to their beginning. False: failure noted. */
  bool (*reset)(struct program *);
  /* Optional. After a run, with no process alive: adds what the program's own stores hold. False: failure noted. */
  bool (*probe)(struct program *, struct effect_lines *out);
  void (*free)(struct program *);
};

struct program {
  const struct program_kind *kind;
  uint64_t answer_limit_ms; /* wall-clock: longer without an answer, and it counts as hung */
  /* The first thing that went wrong with the program itself in this run; text says what, with its place. */
  enum program_failure failure;
  char text[PROGRAM_TEXT_ROOM];
  /* Of this run, for "points marked / points seen". */
  uint32_t marked; /* steps that it marked itself */
  uint32_t seen;   /* requests and answers seen on connections of its own (--proxy), statements of SQL */
  /* How often in this run a process ended by itself while it had a message, which nobody had asked it to; and
   * what the first of them came to. What a program does when a fault has struck is for its supervisor to mend;
   * without any fault it is a defect. */
  uint32_t exits;
  char exit_text[PROGRAM_EXIT_ROOM];
  uint64_t handed;   /* messages that it was handed in this run, again and again included */
  uint64_t answered; /* of these, by a command: done or failed */
};

/* Notes a failure, unless there is one. Returns false. */
bool program_fail(struct program *program, enum program_failure failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The word for a number, or NULL. */
const char *program_word(struct program *program, uint64_t number);
/* For a new run: forgets what was noted. */
void program_begin(struct program *program);

/* How operations are called towards programs, and in the lines of their probes: "op-17". */
#define PROGRAM_OPERATION_ROOM 32
void program_operation(uint64_t id, char out[PROGRAM_OPERATION_ROOM]);

/* Process groups that live now, in memory that workers share with the tool, so that whoever ends the run can
 * end them all. */
struct program_groups;
struct program_groups *program_groups_new(void); /* before any fork */
void program_groups_add(struct program_groups *groups, int group);
void program_groups_remove(struct program_groups *groups, int group);
void program_groups_kill(const struct program_groups *groups); /* async-signal-safe */
void program_groups_free(struct program_groups *groups);

/* Starts a process that ends them all when this one has died of what it could not handle, such as SIGKILL; it ends
 * with program_groups_free. False: there is none. */
bool program_groups_guard(struct program_groups *groups);

/* --- The kinds --- */

struct program_command {
  char *const *command;       /* argument list, NULL-terminated; no shell */
  char *const *other_command; /* of a consumer that runs the other version; NULL = the same */
  char *const *probe;         /* NULL = none */
  char *const *reset;
  const char *proxy; /* "host:port" of the program's own server; NULL = none */
  uint32_t worker;   /* in the environment as DGSIM_WORKER, from 1 */
  uint64_t answer_limit_ms;
  struct program_groups *groups;
};
struct program_plugin {
  const char *path, *other_path; /* of shared objects; other_path NULL = the same */
};
struct program_sql {
  const char *path, *other_path;
  const char *database; /* "postgres://…"; NULL = SQLite in memory of the worker */
  uint32_t worker;
};

/* Each reads and checks what it is given: NULL with *err set when that cannot be used. Owned by the caller:
 * program->kind->free(program). */
struct program *program_of_command(const struct program_command *options, struct err *err);
struct program *program_of_plugin(const struct program_plugin *options, struct err *err);
struct program *program_of_sql(const struct program_sql *options, struct err *err);

#endif
