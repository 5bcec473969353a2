#include "sim/cli/commands.h"

#include "sim/cli/options.h"

const struct command commands[] = {
    {"run", "FILE...", "run scenarios: all guarantees, all seeds; judge, write tables and charts",
     command_run, OPTIONS_RUN, true},
    {"merge", "JOURNAL|DIR...", "one campaign of the shards that were run apart: judge, write as 'run' does",
     command_merge, OPTIONS_MERGE, true},
    {"check", "FILE -- COMMAND...", "a consumer of your own against crashes, redelivery and lost answers",
     command_check, OPTIONS_CHECK, true},
    {"explore", "FILE", "place faults everywhere: the smallest violation, or none up to K faults",
     command_explore, OPTIONS_EXPLORE, true},
    {"shrink", "FILE", "the smallest world that shows what a run of the scenario shows",
     command_shrink, OPTIONS_SHRINK, true},
    {"replay", "FILE|DIR...", "run reproducing scenarios again: FIXED, or STILL FAILS",
     command_replay, OPTIONS_REPLAY, false},
    {"judge", "TRACE...",
     "judge runs by their traces, without running them; exit status as for 'run'",
     command_judge, OPTIONS_JUDGE, false},
    {"list", "WHAT [FILE]", "tables (systems, faults, keys, claims ...), man page; alone it names all",
     command_list, OPTIONS_LIST, false},
    {"diff", "TRACE TRACE",
     "the first record in which two traces differ; exit 0 when they are equal", command_diff,
     OPTIONS_DIFF, false},
    {"explain", "FILE|DIR [ID]", "the story of one operation, such as a lost or doubled one, and its diagram",
     command_explain, OPTIONS_EXPLAIN, true},
};
const size_t command_count = sizeof commands / sizeof *commands;

const struct status_row status_rows[] = {
    {STATUS_HELD, "held", "what the scenario expects, or, without `expect`, what the guarantees promise"},
    {STATUS_VIOLATED, "violated", "something that was expected or promised did not hold; of diff: the traces differ"},
    {STATUS_INCONCLUSIVE, "inconclusive",
     "a declared fault never perturbed anything, so passing would mean nothing; of check: nothing could be judged, as "
     "the program did not start, or all that failed is that it hung; of explore: too many placements to go on"},
    {STATUS_USAGE, "wrong usage",
     "a mistake in the command or in the scenario, shown with its place, a trace that is not whole, or a place that "
     "cannot be written"},
    {STATUS_INTERNAL, "an error of the program",
     "such as a difference that --verify found; no memory, or nobody who takes what is printed"},
};
const size_t status_count = sizeof status_rows / sizeof *status_rows;

enum status status_worse(enum status a, enum status b) {
  static const enum status order[] = {STATUS_INTERNAL, STATUS_USAGE, STATUS_VIOLATED,
                                      STATUS_INCONCLUSIVE};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (a == order[i] || b == order[i]) return order[i];
  return STATUS_HELD;
}

void command_help(command_fn *run, FILE *out) {
  for (size_t i = 0; i < command_count; i++) {
    if (commands[i].run != run) continue;
    fprintf(out, "Usage: dgsim %s [OPTION...] %s\n\n%s\n\n", commands[i].name,
            commands[i].arguments, commands[i].about);
    options_help(commands[i].options, out);
    return;
  }
}
