#include "sim/cli/options_table.h"

#include "sim/base/assert.h"
#include "sim/cli/options.h"

/* Name, value of getopt_long, argument, commands, help, words. */
const struct option_row option_rows[] = {
    {"seeds", OPTION_SEEDS, "N", OPTIONS_RUN | OPTIONS_SHRINK,
     "run seeds 1 to N (default: as the scenario says, or 1)", NULL},
    {"seed", OPTION_SEED, "N", OPTIONS_RUN | OPTIONS_EXPLORE | OPTIONS_SHRINK | OPTIONS_EXPLAIN,
     "run exactly seed N, any number from 1", NULL},
    {"faults", OPTION_FAULTS, "K", OPTIONS_EXPLORE, "place up to K faults, 1 to 4 (default: 1)", NULL},
    {"messages", OPTION_MESSAGES, "N", OPTIONS_EXPLORE,
     "so many operations, instead of what the scenario says", NULL},
    {"ties", OPTION_TIES, NULL, OPTIONS_EXPLORE,
     "also let each message arrive after others that would arrive at the same instant", NULL},
    {"at", OPTION_AT, "POINT", OPTIONS_EXPLORE, "place faults at this point only", NULL},
    {"beyond", OPTION_BEYOND, NULL, OPTIONS_EXPLORE,
     "also place what a system assumes not to happen, such as a power loss of the only copy", NULL},
    {"no-prune", OPTION_NO_PRUNE, NULL, OPTIONS_EXPLORE,
     "execute also what cannot differ from what was executed", NULL},
    {"no-shrink", OPTION_NO_SHRINK, NULL, OPTIONS_EXPLORE, "leave what was found as it was found", NULL},
    {"jobs", OPTION_JOBS, "N",
     OPTIONS_RUN | OPTIONS_EXPLORE | OPTIONS_SHRINK | OPTIONS_REPLAY | OPTIONS_CHECK,
     "work on N things at once (default: one for each core; under mpirun, one a rank); results are the same for any N", NULL},
    {"mpi-silence", OPTION_MPI_SILENCE, "TIME", OPTIONS_RUN,
     "under mpirun: a rank that is not heard of for so long is gone (default: 30s)", NULL},
    {"set", OPTION_SET, "PATH=VALUE",
     OPTIONS_RUN | OPTIONS_EXPLORE | OPTIONS_SHRINK | OPTIONS_REPLAY | OPTIONS_EXPLAIN | OPTIONS_CHECK,
     "override a value of the scenario, as in links/default/loss=1%; of a swept path, pick the point; may be "
     "repeated", NULL},
    {"vary", OPTION_VARY, "PATH=V,V", OPTIONS_RUN,
     "run each row with each of these values, as in handler/window=5s,1min: a list of sweep, drawn as a chart; given "
     "twice, as a map", NULL},
    {"out", OPTION_OUT, "DIR",
     OPTIONS_RUN | OPTIONS_EXPLORE | OPTIONS_SHRINK | OPTIONS_EXPLAIN | OPTIONS_CHECK | OPTIONS_MERGE,
     "write into DIR/<scenario> (default: results)", NULL},
    {"no-charts", OPTION_NO_CHARTS, NULL, OPTIONS_RUN | OPTIONS_MERGE,
     "write the charts' scripts, but do not run gnuplot", NULL},
    {"no-report", OPTION_NO_REPORT, NULL, OPTIONS_RUN | OPTIONS_MERGE,
     "write no report.html: it tells some operations' stories, so a few runs are done again", NULL},
    {"chart-limit", OPTION_CHART_LIMIT, "TIME", OPTIONS_RUN | OPTIONS_MERGE,
     "a gnuplot that has not ended after so long is ended, and there are no more charts (default: 1min)", NULL},
    {"format", OPTION_FORMAT, "WORD", OPTIONS_RUN | OPTIONS_JUDGE | OPTIONS_CHECK | OPTIONS_MERGE,
     "what is printed: human, tap or junit (default: human)", "human tap junit"},
    {"format", OPTION_LIST_FORMAT, "WORD", OPTIONS_LIST,
     "what is printed of a table: human, markdown or json (default: human)", "human markdown json"},
    {"dry-run", OPTION_DRY_RUN, NULL, OPTIONS_RUN | OPTIONS_CHECK,
     "check the scenario, print it with every default filled in, run nothing", NULL},
    {"verify", OPTION_VERIFY, NULL, OPTIONS_RUN,
     "run everything twice, with memory laid out differently, and compare", NULL},
    {"resume", OPTION_RESUME, NULL, OPTIONS_RUN,
     "go on with what an earlier run of the same campaign left undone: the same files, byte for byte", NULL},
    {"shard", OPTION_SHARD, "I/N", OPTIONS_RUN,
     "only part I of N, from 1, into DIR/<scenario>/shard-I-of-N.journal, for merge", NULL},
    {"file", OPTION_FILE, "FILE", OPTIONS_MERGE,
     "the scenario is here now (default: where it was for 'run')", NULL},
    {"trace", OPTION_TRACE, "FILE", OPTIONS_RUN,
     "run one row with one seed, write its trace (32 bytes a record) for judge and diff", NULL},
    {"record", OPTION_RECORD, "DIR", OPTIONS_RUN,
     "run one row with one seed, write its arrivals and faults into DIR as a scenario that gives the same digest", NULL},
    {"row", OPTION_ROW, "LABEL", OPTIONS_RUN | OPTIONS_EXPLORE | OPTIONS_SHRINK | OPTIONS_EXPLAIN,
     "the row to trace, record, explore, shrink or explain, when the scenario has several", NULL},
    {"plugin", OPTION_PLUGIN, "SO", OPTIONS_CHECK, "the consumer is this shared object (dgsim.h)", NULL},
    {"sql", OPTION_SQL, "FILE", OPTIONS_CHECK, "the consumer is these statements", NULL},
    {"database", OPTION_DATABASE, "URL", OPTIONS_CHECK,
     "with --sql: on this PostgreSQL (default: SQLite, within the tool)", NULL},
    {"proxy", OPTION_PROXY, "HOST:PORT", OPTIONS_CHECK,
     "the consumer's own database: also cut its connection before and after each request", NULL},
    {"save", OPTION_SAVE, "DIR", OPTIONS_CHECK,
     "keep what fails in DIR, and try what is kept there first: FIXED, or STILL FAILS", NULL},
    {"keep-going", OPTION_KEEP_GOING, NULL, OPTIONS_CHECK, "do not stop at the first failing case", NULL},
    {"pairs", OPTION_PAIRS, "N", OPTIONS_CHECK,
     "so many pairs of faults, instead of what the scenario says; 0 = none", NULL},
    {"help", OPTION_HELP, NULL, ~0u, "print this", NULL},
};
const size_t option_count = sizeof option_rows / sizeof *option_rows;
_Static_assert(sizeof option_rows / sizeof *option_rows <= OPTION_ROWS_MAX, "there is room for all of them");

bool options_next(unsigned command, size_t *inout_place, struct option_view *out) {
  while (*inout_place < option_count && !(option_rows[*inout_place].commands & command)) ++*inout_place;
  if (*inout_place == option_count) return false;
  const struct option_row *row = &option_rows[(*inout_place)++];
  *out = (struct option_view){.name = row->name,
                              .letter = (int)row->id < 256 ? (char)row->id : '\0',
                              .argument = row->argument,
                              .help = row->help,
                              .words = row->words};
  return true;
}

void options_help(unsigned command, FILE *out) {
  struct option_view option;
  for (size_t place = 0; options_next(command, &place, &option);) {
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", option.name, option.argument ? " " : "",
             option.argument ? option.argument : "");
    if (option.letter)
      fprintf(out, "  -%c, %-18s  %s\n", option.letter, left, option.help);
    else
      fprintf(out, "      %-18s  %s\n", left, option.help);
  }
}
