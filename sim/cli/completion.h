/* What both shells complete: which words stand where, from the tables of commands, options, lists and keys. */
#ifndef SIM_CLI_COMPLETION_H
#define SIM_CLI_COMPLETION_H

#include "sim/cli/options.h"
#include "sim/runner/scenario.h"

#include <stdio.h>

enum completion {
  COMPLETE_NOTHING,  /* a number or a text of one's own */
  COMPLETE_FILE,
  COMPLETE_FOLDER,
  COMPLETE_SCENARIO, /* a file of YAML */
  COMPLETE_SHARED_OBJECT,
  COMPLETE_LIST,     /* what `dgsim list` takes */
  COMPLETE_WORDS,    /* the option's */
  COMPLETE_POINT,
  COMPLETE_PATH,     /* and = */
  COMPLETE_LABEL,    /* of the rows of the scenario on the line: the program is asked */
  COMPLETE__COUNT
};

/* Of an option's value; of the first argument of a command, by what it says it takes. */
enum completion completion_of_option(const struct option_view *option);
enum completion completion_of_command(const char *arguments);

/* Words in the order of their tables, each once, with `before` and `after` around each. */
void completion_put_lists(FILE *out, const char *before, const char *after);
void completion_put_points(const struct registry *registry, FILE *out, const char *before, const char *after);
/* The paths of --set that a file does not choose names in, in alphabetical order. */
void completion_put_paths(const struct registry *registry, FILE *out, const char *before, const char *after);
/* Paths whose values are words: `before` PATH `between` WORD… `after`, those with blanks between. */
void completion_put_values(const struct registry *registry, FILE *out, const char *before, const char *between,
                           const char *after);

#endif
