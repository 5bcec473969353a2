#include "sim/cli/options.h"

#include "sim/base/assert.h"
#include "sim/base/suggest.h"
#include "sim/base/schema.h"
#include "sim/cli/commands.h"
#include "sim/cli/options_table.h"
#include "sim/runner/explore.h"
#include "sim/runner/ranks.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 1024
#define SEEDS_MAX 1000000
#define SHARDS_MAX 1000000

/* Digits only: strtoull alone would take signs, blanks and what follows. */
static bool parse_count(const char *option, const char *text, uint64_t min, uint64_t max,
                        uint64_t *out, struct err *err) {
  char *end;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0')
    return err_set(err, ERR_USAGE, "--%s: '%s' is not a whole number", option, text);
  if (errno == ERANGE || value < min || value > max)
    return err_set(err, ERR_USAGE, "--%s: %s is not between %llu and %llu", option, text,
                   (unsigned long long)min, (unsigned long long)max);
  *out = value;
  return true;
}

/* Which of the option's words it is; "a, b or c" where it is none. */
static bool parse_word(enum option_id id, const char *text, unsigned *out, struct err *err) {
  const struct option_row *row = option_rows;
  while (row->id != id) row++;
  char all[128] = "";
  size_t length = 0;
  unsigned index = 0;
  for (const char *at = row->words; *at != '\0'; index++) {
    const size_t word = strcspn(at, " ");
    if (strlen(text) == word && memcmp(at, text, word) == 0) {
      *out = index;
      return true;
    }
    const char *between = index == 0 ? "" : at[word] ? ", " : " or ";
    length += (size_t)snprintf(all + length, sizeof all - length, "%s%.*s", between, (int)word, at);
    ASSERT_LT(length, sizeof all);
    at += word + (at[word] == ' ');
  }
  return err_set(err, ERR_USAGE, "--%s: '%s' is not %s", row->name, text, all);
}

static bool is_assignment(const char *text) {
  const char *equals = strchr(text, '=');
  return equals && equals != text;
}

static bool add_set(struct options *options, const char *text, struct err *err) {
  if (!is_assignment(text)) {
    err_set(err, ERR_USAGE, "--set: '%s' is not PATH=VALUE", text);
    return err_note(err, "as in --set workload/rate=500/s");
  }
  options->sets[options->set_count++] = text;
  return true;
}

static bool add_vary(struct options *options, const char *text, struct err *err) {
  if (!is_assignment(text)) {
    err_set(err, ERR_USAGE, "--vary: '%s' is not PATH=VALUE,VALUE", text);
    return err_note(err, "as in --vary workload/rate=100/s,500/s");
  }
  options->varies[options->vary_count++] = text;
  return true;
}

/* An option that stands for a value of the scenario. Given again, the last one counts. */
static void set_count(struct options *options, const char **owned, const char *path,
                      uint64_t count) {
  size_t place = options->set_count;
  for (size_t i = 0; *owned && i < options->set_count; i++)
    if (options->sets[i] == *owned) place = i;
  free((char *)*owned);
  ASSERT(asprintf((char **)owned, "%s=%" PRIu64, path, count) > 0);
  options->sets[place] = *owned;
  if (place == options->set_count) options->set_count++;
}

/* An empty one would be the root of the file system. */
static bool take_out(struct options *options, const char *text, struct err *err) {
  if (text[0] == '\0') return err_set(err, ERR_USAGE, "--out: the directory has no name");
  options->out = text;
  options->has_out = true;
  return true;
}

static bool take_proxy(struct options *options, const char *text, struct err *err) {
  const char *colon = strrchr(text, ':');
  const bool too_high = colon && strtoul(colon + 1, NULL, 10) > UINT16_MAX; /* of a name: 0 */
  if (!colon || colon == text || colon[1] == '\0' || too_high) {
    err_set(err, ERR_USAGE, "--proxy: '%s' is not HOST:PORT", text);
    return err_note(err, "as in --proxy 127.0.0.1:5432");
  }
  options->proxy = text;
  return true;
}

/* From 100ms to 1h. */
static bool take_time(const char *option, const char *text, int64_t *out_ns, struct err *err) {
  const struct key key = {.name = option, .type = VALUE_TIME, .min = 100000000, .max = INT64_C(3600) * 1000000000};
  union value value;
  if (!schema_parse(&key, text, &value, err)) return false;
  *out_ns = value.i;
  return true;
}

static bool take_shard(struct options *options, const char *text, struct err *err) {
  char part[24];
  uint64_t number = 0, of = 0;
  const char *slash = strchr(text, '/');
  if (!slash || slash == text || (size_t)(slash - text) >= sizeof part) {
    err_set(err, ERR_USAGE, "--shard: '%s' is not I/N", text);
    return err_note(err, "as in --shard 1/8, to --shard 8/8");
  }
  snprintf(part, sizeof part, "%.*s", (int)(slash - text), text);
  if (!parse_count("shard", slash + 1, 1, SHARDS_MAX, &of, err) || !parse_count("shard", part, 1, of, &number, err))
    return false;
  options->shard = (unsigned)number;
  options->shards = (unsigned)of;
  options->has_shard = true;
  return true;
}

/* Those of `check` alone. */
static bool take_check(struct options *options, enum option_id id, const char *value,
                       struct err *err) {
  uint64_t count = 0;
  switch (id) {
  case OPTION_PLUGIN:
    options->plugin = value;
    return true;
  case OPTION_SQL:
    options->sql = value;
    return true;
  case OPTION_DATABASE:
    options->database = value;
    return true;
  case OPTION_PROXY:
    return take_proxy(options, value, err);
  case OPTION_SAVE:
    options->save = value;
    return true;
  case OPTION_KEEP_GOING:
    options->keep_going = true;
    return true;
  case OPTION_PAIRS:
    if (!parse_count("pairs", value, 0, UINT32_MAX, &count, err)) return false;
    set_count(options, &options->pairs, "check/pairs", count);
    return true;
  default:
    ASSERT_MSG(false, "option %d is in the table and does nothing", (int)id);
    return false;
  }
}

/* Those of campaigns that are run in pieces. */
static bool take_piece(struct options *options, enum option_id id, const char *value, struct err *err) {
  switch (id) {
  case OPTION_RESUME:
    options->resume = true;
    return true;
  case OPTION_SHARD:
    return take_shard(options, value, err);
  case OPTION_FILE:
    options->file = value;
    return true;
  default:
    return take_check(options, id, value, err);
  }
}

/* Those of `explore` alone. */
static bool take_explore(struct options *options, enum option_id id, const char *value, struct err *err) {
  uint64_t count = 0;
  switch (id) {
  case OPTION_FAULTS:
    if (!parse_count("faults", value, 1, EXPLORE_FAULTS_MAX, &count, err)) return false;
    options->faults = (unsigned)count;
    return true;
  case OPTION_MESSAGES:
    if (!parse_count("messages", value, 1, INT64_MAX, &count, err)) return false;
    set_count(options, &options->messages, "workload/messages", count);
    return true;
  case OPTION_NO_PRUNE:
    options->no_prune = true;
    return true;
  case OPTION_NO_SHRINK:
    options->no_shrink = true;
    return true;
  case OPTION_AT:
    options->at = value;
    return true;
  case OPTION_BEYOND:
    options->beyond = true;
    return true;
  case OPTION_TIES:
    options->ties = true;
    return true;
  default:
    return take_piece(options, id, value, err);
  }
}

static bool take(struct options *options, int id, const char *value, struct err *err) {
  uint64_t count = 0;
  unsigned word = 0;
  switch ((enum option_id)id) {
  case OPTION_HELP:
    options->help = true;
    return true;
  case OPTION_DRY_RUN:
    options->dry_run = true;
    return true;
  case OPTION_VERIFY:
    options->verify = true;
    return true;
  case OPTION_NO_CHARTS:
  case OPTION_NO_REPORT:
    *(id == OPTION_NO_CHARTS ? &options->no_charts : &options->no_report) = true;
    return true;
  case OPTION_CHART_LIMIT:
    return take_time("chart-limit", value, &options->chart_limit_ns, err);
  case OPTION_OUT:
    return take_out(options, value, err);
  case OPTION_TRACE:
    options->trace = value;
    return true;
  case OPTION_RECORD:
    options->record = value;
    return true;
  case OPTION_ROW:
    options->row = value;
    return true;
  case OPTION_SET:
    return add_set(options, value, err);
  case OPTION_VARY:
    return add_vary(options, value, err);
  case OPTION_FORMAT:
    if (!parse_word(OPTION_FORMAT, value, &word, err)) return false;
    options->format = (enum report_format)word;
    return true;
  case OPTION_LIST_FORMAT:
    if (!parse_word(OPTION_LIST_FORMAT, value, &word, err)) return false;
    options->list_format = (enum sheet_format)word;
    return true;
  case OPTION_SEEDS:
    return parse_count("seeds", value, 1, SEEDS_MAX, &options->seeds, err);
  case OPTION_SEED:
    options->has_seed = true;
    return parse_count("seed", value, 1, INT64_MAX, &options->seed, err);
  case OPTION_MPI_SILENCE:
    return take_time("mpi-silence", value, &options->mpi_silence_ns, err);
  case OPTION_JOBS:
    if (!parse_count("jobs", value, 1, WORKERS_MAX, &count, err)) return false;
    options->workers = (unsigned)count;
    return true;
  default:
    return take_explore(options, (enum option_id)id, value, err);
  }
}

/* Says which other commands have it: false. */
static bool note_commands(const char *bare, struct err *err) {
  unsigned with = 0;
  for (size_t i = 0; i < option_count; i++)
    if (strcmp(option_rows[i].name, bare) == 0) with |= option_rows[i].commands;
  char names[sizeof err->note] = "";
  size_t length = 0;
  for (size_t i = 0; i < command_count; i++)
    if (with & commands[i].options)
      length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "", commands[i].name);
  return length ? err_note(err, "--%s is an option of %s", bare, names) : false;
}

static bool unknown_option(unsigned command, const char *written, struct err *err) {
  char name[64];
  const char *words[OPTION_ROWS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < option_count; i++)
    if (option_rows[i].commands & command) words[count++] = option_rows[i].name;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(written, "="), written);
  const char *bare = name + strspn(name, "-"), *near = suggest(bare, words, count);
  if (near)
    err_set(err, ERR_USAGE, "unknown option '%s' (did you mean '--%s'?)", name, near);
  else
    err_set(err, ERR_USAGE, "unknown option '%s'", name);
  return note_commands(bare, err);
}

/* --dry-run=x: getopt_long says which option it is, but not that it takes no value. */
static bool superfluous_value(unsigned command, int id, const char *written, struct err *err) {
  if (id == 0 || strncmp(written, "--", 2) != 0) return false;
  for (size_t i = 0; i < option_count; i++)
    if ((option_rows[i].commands & command) && (int)option_rows[i].id == id && !option_rows[i].argument) {
      err_set(err, ERR_USAGE, "option '--%s' takes no value", option_rows[i].name);
      return true;
    }
  return false;
}

/* --no: a beginning of several. */
static bool ambiguous(unsigned command, const char *written, struct err *err) {
  const size_t length = strcspn(written, "=");
  if (length <= 2 || strncmp(written, "--", 2) != 0) return false;
  char names[sizeof err->message / 2] = "";
  size_t used = 0, count = 0;
  for (size_t i = 0; i < option_count && used < sizeof names; i++) {
    const struct option_row *row = &option_rows[i];
    if (!(row->commands & command) || strncmp(row->name, written + 2, length - 2) != 0) continue;
    used += (size_t)snprintf(names + used, sizeof names - used, "%s--%s", count++ > 0 ? ", " : "", row->name);
  }
  if (count < 2) return false;
  err_set(err, ERR_USAGE, "option '%.*s' is ambiguous: %s", (int)length, written, names);
  return true;
}

static bool check_together(unsigned command, const struct options *options, struct err *err) {
  if (options->has_seed && options->seeds > 0)
    return err_set(err, ERR_USAGE, "--seed and --seeds exclude each other");
  if (command == OPTIONS_RUN && options->row && !options->trace && !options->record)
    return err_set(err, ERR_USAGE, "--row says which row to write: it needs --trace or --record");
  if (options->trace && options->record)
    return err_set(err, ERR_USAGE, "--trace and --record exclude each other");
  if (options->record && options->dry_run)
    return err_set(err, ERR_USAGE, "--record and --dry-run exclude each other");
  if (options->trace && options->dry_run)
    return err_set(err, ERR_USAGE, "--trace and --dry-run exclude each other");
  if ((options->resume || options->has_shard) && (options->trace || options->record || options->dry_run))
    return err_set(err, ERR_USAGE, "--%s is for campaigns: it excludes --trace, --record and --dry-run",
                   options->resume ? "resume" : "shard");
  if (options->has_shard && options->format != REPORT_HUMAN)
    return err_set(err, ERR_USAGE, "--shard and --format exclude each other: verdicts are for 'merge' to tell");
  return true;
}

/* `check` has one program, said in one of three ways. */
static bool check_program(const struct options *options, struct err *err) {
  const int ways = (options->command != NULL) + (options->plugin != NULL) + (options->sql != NULL);
  if (ways > 1)
    return err_set(err, ERR_USAGE, "a command after '--', --plugin and --sql exclude each other");
  if (options->database && !options->sql)
    return err_set(err, ERR_USAGE, "--database says where the statements of --sql run: it needs --sql");
  if (options->proxy && options->sql)
    return err_set(err, ERR_USAGE, "--proxy and --sql exclude each other");
  if (ways == 1 || options->dry_run) return true;
  err_set(err, ERR_USAGE, "'check' needs the consumer to check");
  return err_note(err, "as in dgsim check FILE -- python3 consumer.py; or --plugin SO, or --sql FILE");
}

/* What follows '--' is the program's command line: it is cut off before getopt_long permutes the rest.
 * Options take no '--' as their value. */
static bool cut_command(int *argc, char **argv, struct options *out, struct err *err) {
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], "--") != 0) continue;
    if (i + 1 == *argc) {
      err_set(err, ERR_USAGE, "no command follows '--'");
      return err_note(err, "as in dgsim check FILE -- python3 consumer.py");
    }
    out->command = argv + i + 1;
    *argc = i;
    return true;
  }
  return true;
}

/* The tables of getopt_long, from ours. */
static void getopt_tables(unsigned command, struct option longs[OPTION_ROWS_MAX + 1],
                          char shorts[2 * OPTION_ROWS_MAX + 2]) {
  size_t count = 0, letters = 0;
  shorts[letters++] = ':'; /* a missing argument is told from an unknown option */
  for (size_t i = 0; i < option_count; i++) {
    if (!(option_rows[i].commands & command)) continue;
    longs[count++] = (struct option){
        option_rows[i].name, option_rows[i].argument ? required_argument : no_argument, NULL, (int)option_rows[i].id};
    if ((int)option_rows[i].id >= 256) continue;
    shorts[letters++] = (char)option_rows[i].id;
    if (option_rows[i].argument) shorts[letters++] = ':';
  }
  longs[count] = (struct option){0};
  shorts[letters] = '\0';
}

bool options_parse(unsigned command, int argc, char **argv, struct options *out, struct err *err) {
  *out = (struct options){
      .out = "results", .faults = 1, .shard = 1, .shards = 1, .mpi_silence_ns = RANKS_SILENCE_NS};
  out->sets = calloc((size_t)argc + 2, sizeof *out->sets);
  out->varies = calloc((size_t)argc + 1, sizeof *out->varies);
  ASSERT(out->sets != NULL && out->varies != NULL);
  if (command == OPTIONS_CHECK && !cut_command(&argc, argv, out, err)) return false;
  struct option longs[OPTION_ROWS_MAX + 1];
  char shorts[2 * OPTION_ROWS_MAX + 2];
  getopt_tables(command, longs, shorts);
  optind = 0; /* begin anew */
  opterr = 0;
  for (;;) {
    const int before = optind > 0 ? optind : 1;
    const int id = getopt_long(argc, argv, shorts, longs, NULL);
    if (id == -1) break;
    const char *written = argv[optind > before ? optind - 1 : before];
    if (id == ':') return err_set(err, ERR_USAGE, "option '%s' needs a value", written);
    if (id == '?') {
      if (superfluous_value(command, optopt, written, err)) return false;
      if (optopt == 0 && ambiguous(command, written, err)) return false;
      char letter[] = {'-', (char)optopt, '\0'};
      return unknown_option(command, optopt > 0 && optopt < 256 ? letter : written, err);
    }
    if (!take(out, id, optarg, err)) return false;
  }
  out->files = argv + optind;
  out->file_count = (size_t)(argc - optind);
  if (out->help) return true;
  return check_together(command, out, err) &&
         (command != OPTIONS_CHECK || check_program(out, err));
}

void options_free(struct options *options) {
  free(options->sets);
  free(options->varies);
  free((char *)options->messages);
  free((char *)options->pairs);
  options->sets = options->varies = NULL;
}
