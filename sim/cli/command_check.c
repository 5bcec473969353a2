/* dgsim check: the user's own consumer against every fault that its delivery contract allows. */
#include "sim/cli/commands.h"

#include "sim/base/assert.h"
#include "sim/cli/load.h"
#include "sim/cli/shell.h"
#include "sim/runner/check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- The program --- */

/* What is known of it when workers are forked. */
struct subject {
  const struct options *options;
  const struct check_rules *rules;
  struct program_groups *groups;
};

static struct program *make(void *context, uint32_t worker, struct err *err) {
  const struct subject *subject = context;
  const struct options *options = subject->options;
  const struct check_rules *rules = subject->rules;
  const char *other = rules->other_version ? rules->other_version[0] : NULL;
  if (options->plugin)
    return program_of_plugin(&(struct program_plugin){options->plugin, other}, err);
  if (options->sql)
    return program_of_sql(&(struct program_sql){options->sql, other, options->database, worker}, err);
  const struct program_command command = {.command = options->command,
                                          .other_command = (char *const *)rules->other_version,
                                          .probe = (char *const *)rules->probe,
                                          .reset = (char *const *)rules->reset,
                                          .proxy = options->proxy,
                                          .worker = worker,
                                          .answer_limit_ms = (uint64_t)rules->answer_limit.ns / NS_PER_MS,
                                          .groups = subject->groups};
  return program_of_command(&command, err);
}

/* --- What is left behind when the tool is interrupted: nothing --- */

static struct program_groups *running; /* for the signal handler alone */

static void interrupted(int signal_number) {
  program_groups_kill(running);
  signal(signal_number, SIG_DFL);
  raise(signal_number); /* workers die with the tool */
}

static void watch_signals(struct program_groups *groups) {
  running = groups;
  struct sigaction action = {.sa_handler = interrupted};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN); /* a program that is gone shows where it is written to */
}

/* --- The command --- */

/* The registry with the row that stands for the program. */
static struct registry with_program(const struct registry *registry, const struct handler **room) {
  struct registry with = *registry;
  memcpy(room, registry->handlers, registry->handler_count * sizeof *room);
  room[with.handler_count++] = &check_handler;
  with.handlers = room;
  return with;
}

static bool load(const struct registry *registry, struct options *options, struct scenario *out, struct err *err) {
  if (options->file_count != 1) {
    err_set(err, ERR_USAGE, "'check' needs one scenario file");
    return err_note(err, "as in dgsim check FILE -- python3 consumer.py");
  }
  options->sets[options->set_count++] = "handler=program";
  return load_scenario(options->files[0], registry, options, out, err);
}

/* A plug-in runs in its worker, where nobody can see whether it still does anything; of other programs each answer
 * has its limit, and a case has many. */
#define ANSWERS_OF_A_CASE 100

static enum status check(const struct scenario *scenario, const struct options *options, const char *command,
                         struct err *err) {
  struct subject subject = {options, &scenario->check, program_groups_new()};
  const int64_t answer_ms = scenario->check.answer_limit.ns / NS_PER_MS;
  const struct check_options how = {.workers = options->workers,
                                    .keep_going = options->keep_going,
                                    .own_state = scenario->check.probe || options->proxy || options->sql,
                                    .case_limit_ms = options->plugin ? answer_ms : answer_ms * ANSWERS_OF_A_CASE,
                                    .progress = true,
                                    .command = command,
                                    .make = make,
                                    .make_context = &subject};
  struct check_result result;
  watch_signals(subject.groups);
  bool ran = check_run(scenario, &how, &result, err);
  if (ran) {
    for (int i = 0; i < CHECK_CLASS__COUNT; i++) {
      const struct check_count *count = &result.counts[i];
      if (count->tried) printf("%-16s %5u %5u\n", check_class_rows[i].name, count->tried, count->recovered);
      else printf("%-16s not tried: %s\n", check_class_rows[i].name, count->not_tried);
    }
    printf("%u of %u recovered, %.2f s\n", result.recovered, result.tried, result.wall_s);
    for (size_t i = 0; i < result.failure_count; i++) {
      const struct check_failure *failure = &result.failures[i];
      printf("%s: verdict %d %s / %s: %s\n", check_class_rows[failure->what.class].name, (int)failure->outcome.verdict,
             anomaly_names[failure->outcome.anomaly], program_failure_names[failure->outcome.failure],
             failure->outcome.evidence);
      for (unsigned j = 0; j < failure->what.count; j++) {
        placement_write(&scenario->plans[0], &failure->what.placements[j], stdout);
        putchar('\n');
      }
      if (i == 0) {
        static struct check_small small;
        check_shrink(scenario, &how, failure, &small);
        printf("small: %d %lu operations\n", small.small, (unsigned long)small.plan.workload.messages);
      }
    }
  }
  program_groups_kill(subject.groups);
  enum status status = !ran ? STATUS_USAGE : result.unjudged ? STATUS_INCONCLUSIVE : result.failure_count ? STATUS_VIOLATED : STATUS_HELD;
  check_result_deinit(&result);
  program_groups_free(subject.groups);
  return status;
}

int command_check(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct scenario scenario;
  struct err err = {0};
  const struct handler *room[256];
  char *command = shell_command(argc, argv);
  enum status status = STATUS_USAGE;
  ASSERT_LT(registry->handler_count, sizeof room / sizeof *room);
  const struct registry with = with_program(registry, room);
  if (!options_parse(OPTIONS_CHECK, argc, argv, &options, &err)) {
  } else if (options.help) {
    command_help(command_check, stdout);
    status = STATUS_HELD;
  } else if (load(&with, &options, &scenario, &err)) {
    if (options.dry_run)
      scenario_print_resolved(&scenario, stdout), status = STATUS_HELD;
    else
      status = check(&scenario, &options, command, &err);
    scenario_free(&scenario);
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return (int)status;
}
