/* The commands beside a program: one that brings its own stores to their beginning, one that says what they hold.
 * Each is run once, with no process of the program alive, no longer than the answer limit; and must exit with 0.
 * A failure is CANNOT_JUDGE, with its last words. */
#ifndef SIM_HANDLER_COMMAND_RUN_H
#define SIM_HANDLER_COMMAND_RUN_H

#include "sim/handler/program.h"

bool command_run_reset(struct program *program, const struct program_command *options);

/* Its output: lines of effects (effect_lines_parse), at most 16 MiB. */
bool command_run_probe(struct program *program, const struct program_command *options, struct effect_lines *out);

#endif
