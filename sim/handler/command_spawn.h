/* Starts a command as a process group of its own, and ends it so that nothing of it is left.
 *
 * [I1] A command is an argument list: no shell. It gets standard input, output and error, and no other
 *      descriptor of the tool's; default signals, an empty mask, and a group that has its process id.
 * [I2] It dies with whoever started it (PR_SET_PDEATHSIG), and its group stands in the list that the tool kills
 *      when it is interrupted.
 * [I3] After command_end every process of the group has gone and been reaped: whoever starts one becomes the
 *      reaper of orphans (PR_SET_CHILD_SUBREAPER), so that grandchildren can be waited for, too.
 * [I4] Standard error goes to memory without a pipe, so that it never blocks who writes; it is cut off when it
 *      has grown large, and its last line explains a failure.
 *
 * LIMIT: a process of a program that has gone to a session or group of its own outlives it.
 */
#ifndef SIM_HANDLER_COMMAND_SPAWN_H
#define SIM_HANDLER_COMMAND_SPAWN_H

#include "sim/handler/program.h"

#define COMMAND_SHOW_STDERR "DGSIM_SHOW_STDERR" /* in the tool's environment: programs write to its own */

struct command_child {
  int pid;         /* of the process and its group; 0 = none */
  int exit;        /* descriptor that can be read when the process has ended; -1 = the system has none */
  int to, from;    /* its standard input and output; -1 = closed. Neither blocks. */
  int errors;      /* its standard error; -1 = it goes to the tool's */
};
#define COMMAND_NONE ((struct command_child){.exit = -1, .to = -1, .from = -1, .errors = -1})

/* The tool's environment with these NAME=VALUE in it as well; NULL-terminated, owned, one piece. */
char **command_environment(const char *const *more, size_t count);

/* Returns 0, or the errno for which it could not be started; *out is COMMAND_NONE then. `directory`: where it is
 * started; NULL = where the tool is. `has_input`: otherwise its standard input is empty. `groups` may be NULL. */
int command_start(struct command_child *out, char *const *command, char *const *environment, const char *directory,
                  bool has_input, struct program_groups *groups);

/* Waits until the process has ended, at most so long (wall-clock). Returns whether it has; it is not reaped. */
bool command_wait_exit(const struct command_child *child, uint64_t limit_ms);

/* Kills what is left of the group, reaps all of it and closes the descriptors. Returns the status of its
 * process, as waitpid gives it. No child: 0. */
int command_end(struct command_child *child, struct program_groups *groups);

/* Forgets what was written to standard error when that is too much to keep. */
void command_trim_errors(const struct command_child *child);
/* The last line that is not empty of its standard error, shortened and printable; "" when there is none. */
#define COMMAND_WORDS_ROOM 250
void command_last_words(const struct command_child *child, char *out, size_t size);

/* "exited with status 1", "was ended by signal 11 (Segmentation fault)". */
void command_status_text(int status, char *out, size_t size);

/* ms of a clock that never jumps. */
uint64_t command_clock_ms(void);

/* A limit of wall-clock time in which whoever waits has to be running, too: what passes while it is stopped, or the
 * machine sleeps, does not count, since the program may have been stopped with it. */
struct command_limit {
  uint64_t left_ms, at_ms;
};
struct command_limit command_limit_new(uint64_t limit_ms);

/* What is left; to be asked at least each COMMAND_LOOK_MS. */
#define COMMAND_LOOK_MS 100
uint64_t command_limit_left(struct command_limit *limit);

/* How long to wait now until it is to be asked again. */
int command_limit_wait(const struct command_limit *limit);

#endif
