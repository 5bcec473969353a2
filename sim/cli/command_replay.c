/* dgsim replay: scenarios that once showed something, run again: FIXED, or STILL FAILS. */
#include "sim/base/printable.h"
#include "sim/cli/commands.h"

#include "sim/base/assert.h"
#include "sim/cli/options.h"
#include "sim/cli/shell.h"
#include "sim/runner/campaign.h"
#include "sim/runner/judge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_scenario(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

/* It takes a run of its own. */
static bool expects_capacity(const struct scenario *scenario) {
  for (size_t i = 0; i < scenario->expectation_count; i++)
    if (scenario->expectations[i].metric == EXPECT_CAPACITY) return true;
  return false;
}

/* One file: its line, and the expectations that do not hold. */
static enum status replay(const struct registry *registry, const char *path,
                          const struct options *options, const char *command) {
  struct scenario scenario;
  struct err err = {0};
  if (!scenario_load(path, registry, options->sets, options->set_count, 0, &scenario, &err)) {
    printf("ERROR        %s\n", PRINTABLE(path));
    fflush(stdout);
    err_print(&err, stderr);
    return STATUS_USAGE;
  }
  const struct campaign_options run = {.workers = options->workers, .command = command};
  struct campaign campaign;
  scenario.measure_capacity = scenario.measure_capacity && expects_capacity(&scenario);
  campaign_run(&scenario, &run, &campaign);
  static const char *const words[VERDICT__COUNT] = {
      [VERDICT_HELD] = "FIXED", [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
      [VERDICT_VIOLATED] = "STILL FAILS"};
  printf("%-12s %s\n", words[campaign.verdict], PRINTABLE(path));
  for (size_t i = 0; i < scenario.expectation_count; i++)
    if (!campaign.expectations[i].holds)
      printf("             %s: %s\n", scenario.expectations[i].text, campaign.expectations[i].found);
  bool missed = false;
  for (size_t i = 0; i < scenario.fault_count; i++) missed |= judge_fault_missed(&campaign, i);
  if (missed && campaign.verdict == VERDICT_INCONCLUSIVE)
    printf("             a fault was never effective: what it once broke is not reached any more\n");
  enum status status = (enum status)campaign_exit_status(&campaign);
  campaign_free(&campaign);
  scenario_free(&scenario);
  return status;
}

static enum status replay_directory(const struct registry *registry, const char *path,
                                    const struct options *options, const char *command) {
  struct dirent **entries;
  enum status status = STATUS_HELD;
  int count = scandir(path, &entries, is_scenario, alphasort);
  if (count <= 0) {
    struct err err = {0};
    err_set(&err, ERR_IO, count < 0 ? "cannot read '%s': %s" : "no .yaml file in '%s'", path,
            strerror(errno));
    err_print(&err, stderr);
    if (count == 0) free(entries);
    return STATUS_USAGE;
  }
  for (int i = 0; i < count; i++) {
    char *file;
    ASSERT(asprintf(&file, "%s/%s", path, entries[i]->d_name) > 0);
    status = status_worse(status, replay(registry, file, options, command));
    free(file);
    free(entries[i]);
  }
  free(entries);
  return status;
}

int command_replay(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  struct stat place;
  char *command = shell_command(argc, argv);
  enum status status = STATUS_HELD;
  if (!options_parse(OPTIONS_REPLAY, argc, argv, &options, &err)) {
    status = STATUS_USAGE;
  } else if (options.help) {
    command_help(command_replay, stdout);
  } else if (options.file_count == 0) {
    err_set(&err, ERR_USAGE, "'replay' needs a scenario file or a directory of them");
    status = STATUS_USAGE;
  } else {
    for (size_t i = 0; i < options.file_count; i++) {
      bool directory = stat(options.files[i], &place) == 0 && S_ISDIR(place.st_mode);
      status = status_worse(status, (directory ? replay_directory : replay)(
                                        registry, options.files[i], &options, command));
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return (int)status;
}
