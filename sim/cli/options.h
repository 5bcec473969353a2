/* Options of the command line: one table, which getopt_long parses by and --help prints. */
#ifndef SIM_CLI_OPTIONS_H
#define SIM_CLI_OPTIONS_H

#include "sim/base/err.h"
#include "sim/cli/sheet.h"
#include "sim/runner/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bits of a row's `commands`. */
#define OPTIONS_RUN 1u
#define OPTIONS_LIST 2u
#define OPTIONS_DIFF 4u
#define OPTIONS_EXPLORE 8u
#define OPTIONS_REPLAY 16u
#define OPTIONS_JUDGE 32u
#define OPTIONS_SHRINK 64u
#define OPTIONS_EXPLAIN 128u
#define OPTIONS_CHECK 256u
#define OPTIONS_MERGE 512u

struct options {
  bool help, dry_run, verify, no_charts, no_report, no_prune, no_shrink, ties, beyond, keep_going;
  bool has_seed, has_out, has_shard, resume;
  unsigned shard, shards; /* --shard I/N; 1 of 1 */
  uint64_t seed;     /* --seed: exactly this one */
  uint64_t seeds;    /* --seeds: 1 to this; 0 = as the scenario says */
  unsigned faults;   /* explore: up to so many */
  const char *messages; /* "workload/messages=N", owned; NULL = as the scenario says */
  const char *pairs;    /* "check/pairs=N", owned; NULL = as the scenario says */
  unsigned workers;  /* 0 = one for each core; under mpirun, one for each rank */
  int64_t mpi_silence_ns;
  int64_t chart_limit_ns; /* 0 = the default */
  const char **sets; /* "path=value", owned */
  size_t set_count;
  const char **varies; /* "path=value,value", owned */
  size_t vary_count;
  const char *out, *trace, *record, *row, *at, *file;
  const char *plugin, *sql, *database, *proxy, *save; /* check */
  enum report_format format;
  enum sheet_format list_format;
  char **files; /* what is no option, borrowed */
  size_t file_count;
  char **command; /* check: what follows '--', borrowed, NULL-terminated; NULL = there is no '--' */
};

/* Parses argv[1..) with the options of one command; argv is permuted, and ends with a NULL. False with
 * *err set. `out` is to be given to options_free either way. */
bool options_parse(unsigned command, int argc, char **argv, struct options *out, struct err *err);
void options_free(struct options *options);

/* What there is to tell of one option. */
struct option_view {
  const char *name;
  char letter; /* 0 = none */
  const char *argument, *help, *words; /* argument, words: NULL = none */
};
/* Those of a command, one after the other, from *inout_place = 0; false: there are no more. */
bool options_next(unsigned command, size_t *inout_place, struct option_view *out);

/* The options of a command as aligned text, with defaults. */
void options_help(unsigned command, FILE *out);

#endif
