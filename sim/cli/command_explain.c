/* dgsim explain: the story of one operation that was lost, doubled, reordered or stuck. */
#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/options.h"
#include "sim/cli/row.h"
#include "sim/cli/shell.h"
#include "sim/runner/explain.h"
#include "sim/runner/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct source {
  char path[1024];      /* of the scenario */
  char row[256];        /* of a results directory: the row that broke its contract */
  const char *given;    /* the argument */
  bool is_directory;
};

static bool find_source(const char *given, struct source *out, struct err *err) {
  struct stat status;
  *out = (struct source){.given = given};
  out->is_directory = stat(given, &status) == 0 && S_ISDIR(status.st_mode);
  if (out->is_directory) return explain_results(given, out->path, out->row, err);
  snprintf(out->path, sizeof out->path, "%s", given);
  return true;
}

static bool parse_operation(const char *text, uint64_t *out, struct err *err) {
  char *end;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  *out = value;
  if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value > 0) return true;
  err_set(err, ERR_USAGE, "'%s' is no operation", text);
  return err_note(err, "operations are numbered from 1, in order of arrival");
}

/* The command that tells exactly this story again. malloc'ed. */
static char *repeat_command(const struct source *source, const struct scenario *scenario,
                            const struct explain_target *target, const struct options *options) {
  char intent[24], seed[24];
  const size_t words = 7 + 2 * options->set_count;
  char **argv = calloc(words, sizeof *argv);
  ASSERT(argv != NULL);
  snprintf(intent, sizeof intent, "%" PRIu64, target->intent);
  snprintf(seed, sizeof seed, "%" PRIu64, target->seed);
  char *const fixed[] = {"explain", (char *)source->given, intent, "--row",
                         (char *)scenario->plans[target->row].label, "--seed", seed};
  memcpy(argv, fixed, sizeof fixed);
  for (size_t i = 0; i < options->set_count; i++) {
    argv[7 + 2 * i] = "--set";
    argv[8 + 2 * i] = (char *)options->sets[i];
  }
  char *text = shell_command((int)words, argv);
  free(argv);
  return text;
}

static bool tell(const struct source *source, const struct scenario *scenario,
                 const struct explain_target *target, const struct options *options,
                 const char *command, struct err *err) {
  char directory[1024];
  const bool beside = source->is_directory && !options->has_out;
  if (!beside && !output_check(options->out, scenario->name, err)) return false;
  if (beside)
    snprintf(directory, sizeof directory, "%.1000s", source->given);
  else
    snprintf(directory, sizeof directory, "%.500s/%.500s", options->out, scenario->name);
  struct explanation explanation;
  char *repeat = repeat_command(source, scenario, target, options);
  explain_tell(scenario, target, command, &explanation);
  story_print(&explanation.story, explanation.title, repeat, stdout);
  const bool good = explain_write(&explanation, directory, repeat, err);
  if (good)
    printf("files:   %s/anomalies/%" PRIu64 ".{txt,svg,perfetto.json,shiviz.log}\n", PRINTABLE(directory),
           target->intent);
  explain_deinit(&explanation);
  free(repeat);
  return good;
}

static bool explain(const struct registry *registry, const struct options *options,
                    const char *command, struct err *err) {
  struct source source;
  struct scenario scenario;
  struct explain_target target;
  struct explain_wanted wanted = {.row = options->row, .command = command};
  if (options->file_count == 2 && !parse_operation(options->files[1], &wanted.intent, err))
    return false;
  if (!find_source(options->files[0], &source, err) ||
      !load_scenario(source.path, registry, options, &scenario, err))
    return false;
  const int row = wanted.row ? row_find(&scenario, wanted.row, err) : -1;
  if (err->code != ERR_NONE || !row_has_one_point(&scenario, row, "a story is told", err)) {
    scenario_free(&scenario);
    return false;
  }
  wanted.prefer = source.row[0] ? source.row : NULL;
  const enum explain_found found = explain_find(&scenario, &wanted, &target, err);
  bool good = found != EXPLAIN_REFUSED;
  if (found == EXPLAIN_NOTHING)
    printf("nothing to explain: in every run each operation took effect once and in order "
           "(rows: %zu, seeds: %zu)\n",
           wanted.row ? 1 : scenario.plan_count, scenario.seed_count);
  if (found == EXPLAIN_FOUND) good = tell(&source, &scenario, &target, options, command, err);
  scenario_free(&scenario);
  return good;
}

int command_explain(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  char *command = shell_command(argc, argv); /* before getopt_long permutes it */
  int status = STATUS_USAGE;
  if (options_parse(OPTIONS_EXPLAIN, argc, argv, &options, &err)) {
    if (options.help) {
      command_help(command_explain, stdout);
      status = STATUS_HELD;
    } else if (options.file_count < 1 || options.file_count > 2) {
      err_set(&err, ERR_USAGE, "'explain' needs a scenario or a results directory, and maybe one operation");
      err_note(&err, "dgsim explain --help lists the options");
    } else if (explain(registry, &options, command, &err)) {
      status = STATUS_HELD;
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return status;
}
