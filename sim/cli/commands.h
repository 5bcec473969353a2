/* The commands: each takes its own arguments, prints its own errors and returns the exit status. */
#ifndef SIM_CLI_COMMANDS_H
#define SIM_CLI_COMMANDS_H

#include "sim/runner/scenario.h"

#include <stdio.h>

/* Exit statuses. */
enum status {
  STATUS_HELD = 0,
  STATUS_VIOLATED = 1, /* for diff: the traces differ */
  STATUS_INCONCLUSIVE = 2,
  STATUS_USAGE = 64, /* a mistake in the command, in a scenario or trace, or in where to write */
  STATUS_INTERNAL = 70,
};

/* What they mean, in rising order. */
struct status_row {
  enum status status;
  const char *name, *about;
};
extern const struct status_row status_rows[];
extern const size_t status_count;

/* Of two: 70, 64, 1, 2, 0 in this order. */
enum status status_worse(enum status a, enum status b);

typedef int command_fn(const struct registry *registry, int argc, char **argv);
command_fn command_run, command_merge, command_check, command_explore, command_shrink, command_replay, command_explain, command_judge,
    command_list, command_diff;

struct command {
  const char *name, *arguments, *about;
  command_fn *run;
  unsigned options; /* OPTIONS_… of options.h */
  bool writes;      /* files: it goes on when nobody reads what it prints any more */
};
extern const struct command commands[];
extern const size_t command_count;

/* Usage, options and notes of a command, for --help. */
void command_help(command_fn *run, FILE *out);

#endif
