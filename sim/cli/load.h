/* Loading a scenario as the command line asks for it, and the frame of commands that take one. */
#ifndef SIM_CLI_LOAD_H
#define SIM_CLI_LOAD_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"

/* scenario_load with --set, --seed and --seeds. */
bool load_scenario(const char *path, const struct registry *registry, const struct options *options,
                   struct scenario *out, struct err *err);

/* The words of the command line that load_scenario goes by, "--set=a/b=c", "--seeds=3": parsed again, they load the
 * same. NULL-terminated; to be given to load_words_free. */
char **load_words(const struct options *options, size_t *out_count);
void load_words_free(char **words);

/* A command that takes one scenario file: parses the options, prints the help if that is asked for, loads,
 * calls `act`, prints the error if one is set. `command` of `act` is the command line as text. */
typedef enum status load_act(const struct registry *registry, const struct scenario *scenario,
                             const struct options *options, const char *command, struct err *err);
int load_and_act(const struct registry *registry, int argc, char **argv, unsigned which,
                 command_fn *self, load_act *act);

#endif
