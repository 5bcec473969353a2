/* dgsim replay: scenarios that once showed something, run again: FIXED, or STILL FAILS. */
#include "sim/base/printable.h"
#include "sim/cli/commands.h"

#include "sim/base/assert.h"
#include "sim/cli/options.h"
#include "sim/cli/shell.h"
#include "sim/runner/campaign.h"
#include "sim/runner/check_save.h"
#include "sim/runner/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
  struct check_saved saved;
  struct err err = {0};
  enum status status = STATUS_HELD;
  if (check_saved_list(path, &saved, &err) && saved.count == 0) err_set(&err, ERR_IO, "no .yaml file in '%s'", path);
  if (err.code != ERR_NONE) {
    err_print(&err, stderr);
    status = STATUS_USAGE;
  }
  for (size_t i = 0; i < saved.count; i++)
    status = status_worse(status, replay(registry, saved.paths[i], options, command));
  check_saved_deinit(&saved);
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
