/* The table of options: between parsing them (options.c), help, and whatever else tells of them. */
#ifndef SIM_CLI_OPTIONS_TABLE_H
#define SIM_CLI_OPTIONS_TABLE_H

#include <stddef.h>

/* Values that getopt_long returns; an option with a letter returns the letter. */
enum option_id {
  OPTION_HELP = 'h',
  OPTION_JOBS = 'j',
  OPTION_SEEDS = 256,
  OPTION_SEED,
  OPTION_SET,
  OPTION_VARY,
  OPTION_OUT,
  OPTION_DRY_RUN,
  OPTION_VERIFY,
  OPTION_TRACE,
  OPTION_RECORD,
  OPTION_ROW,
  OPTION_NO_CHARTS,
  OPTION_NO_REPORT,
  OPTION_CHART_LIMIT,
  OPTION_FORMAT,
  OPTION_FAULTS,
  OPTION_MESSAGES,
  OPTION_NO_PRUNE,
  OPTION_NO_SHRINK,
  OPTION_TIES,
  OPTION_AT,
  OPTION_BEYOND,
  OPTION_PLUGIN,
  OPTION_SQL,
  OPTION_DATABASE,
  OPTION_PROXY,
  OPTION_SAVE,
  OPTION_KEEP_GOING,
  OPTION_PAIRS,
  OPTION_MPI_SILENCE,
  OPTION_RESUME,
  OPTION_SHARD,
  OPTION_FILE,
  OPTION_LIST_FORMAT,
};

struct option_row {
  const char *name;
  enum option_id id;
  const char *argument; /* NULL = takes none; else what it is: FILE, DIR, WORD, POINT, PATH=VALUE… */
  unsigned commands;
  const char *help;
  const char *words; /* of a WORD: those that there are, one blank between */
};
#define OPTION_ROWS_MAX 64
extern const struct option_row option_rows[];
extern const size_t option_count;

#endif
