#include "sim/cli/load.h"

#include "sim/base/assert.h"
#include "sim/cli/shell.h"

#include <inttypes.h>
#include <stdlib.h>

bool load_scenario(const char *path, const struct registry *registry, const struct options *options,
                   struct scenario *out, struct err *err) {
  char seed[48];
  const char **sets = calloc(options->set_count + 1, sizeof *sets);
  ASSERT(sets != NULL);
  size_t count = 0;
  for (; count < options->set_count; count++) sets[count] = options->sets[count];
  if (options->has_seed) {
    snprintf(seed, sizeof seed, "seeds=[%" PRIu64 "]", options->seed);
    sets[count++] = seed;
  }
  const struct scenario_changes changes = {.varies = options->varies,
                                           .vary_count = options->vary_count,
                                           .sets = sets,
                                           .set_count = count,
                                           .seeds = options->seeds};
  const bool loaded = scenario_load_changed(path, registry, &changes, out, err);
  free(sets);
  return loaded;
}

static char *word(const char *option, const char *value) {
  char *text;
  ASSERT(asprintf(&text, "--%s=%s", option, value) > 0);
  return text;
}

static char *word_of_number(const char *option, uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, value);
  return word(option, text);
}

char **load_words(const struct options *options, size_t *out_count) {
  char **words = calloc(options->vary_count + options->set_count + 3, sizeof *words);
  ASSERT(words);
  size_t count = 0;
  for (size_t i = 0; i < options->vary_count; i++) words[count++] = word("vary", options->varies[i]);
  for (size_t i = 0; i < options->set_count; i++) words[count++] = word("set", options->sets[i]);
  if (options->seeds > 0) words[count++] = word_of_number("seeds", options->seeds);
  if (options->has_seed) words[count++] = word_of_number("seed", options->seed);
  *out_count = count;
  return words;
}

void load_words_free(char **words) {
  for (size_t i = 0; words[i]; i++) free(words[i]);
  free(words);
}

static enum status load_one(const struct registry *registry, const struct options *options,
                            const char *name, const char *command, load_act *act,
                            struct err *err) {
  struct scenario scenario;
  if (options->file_count != 1) {
    err_set(err, ERR_USAGE, "'%s' needs one scenario file", name);
    err_note(err, "dgsim %s --help lists the options", name);
    return STATUS_USAGE;
  }
  if (!load_scenario(options->files[0], registry, options, &scenario, err)) return STATUS_USAGE;
  const enum status status = act(registry, &scenario, options, command, err);
  scenario_free(&scenario);
  return status;
}

int load_and_act(const struct registry *registry, int argc, char **argv, unsigned which,
                 command_fn *self, load_act *act) {
  struct options options;
  struct err err = {0};
  const char *name = argv[0];
  char *command = shell_command(argc, argv); /* before getopt_long permutes it */
  enum status status = STATUS_HELD;
  if (!options_parse(which, argc, argv, &options, &err))
    status = STATUS_USAGE;
  else if (options.help)
    command_help(self, stdout);
  else
    status = load_one(registry, &options, name, command, act, &err);
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return (int)status;
}
