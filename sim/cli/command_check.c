/* dgsim check: the user's own consumer against every fault that its delivery contract allows. */
#include "sim/cli/commands.h"

#include "sim/base/assert.h"
#include "sim/cli/check_story.h"
#include "sim/cli/load.h"
#include "sim/cli/shell.h"
#include "sim/runner/check_repro.h"
#include "sim/runner/check_report.h"
#include "sim/runner/check_save.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/output.h"

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
  static const char said[] = "dgsim: interrupted\n";
  if (running) program_groups_kill(running);
  if (write(STDERR_FILENO, said, sizeof said - 1) < 0) {}
  interrupt_die(signal_number); /* workers die with the tool */
}

static void watch_signals(struct program_groups *groups) {
  running = groups;
  program_groups_guard(groups); /* without one, only a SIGKILL leaves children of a program behind */
  struct sigaction action = {.sa_handler = interrupted};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction now;
  if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL); /* not nohup */
}

static void unwatch(struct program_groups *groups) {
  running = NULL;
  program_groups_kill(groups);
  program_groups_free(groups);
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
  return load_scenario(options->files[0], registry, options, out, err);
}

/* A plug-in runs in its worker, where nobody can see whether it still does anything, and so do statements of SQLite;
 * of other programs each answer has its limit, and a case has many. */
#define ANSWERS_OF_A_CASE 100

static struct check_options how_to(const struct scenario *scenario, const struct options *options,
                                   struct subject *subject, const char *command) {
  const int64_t answer_ms = scenario->check.answer_limit.ns / NS_PER_MS;
  const bool in_worker = options->plugin || (options->sql && !options->database);
  return (struct check_options){.workers = options->workers,
                                .keep_going = options->keep_going,
                                .own_state = scenario->check.probe || options->proxy,
                                .own_server = options->database != NULL,
                                .case_limit_ms = in_worker ? answer_ms : answer_ms * ANSWERS_OF_A_CASE,
                                .progress = true,
                                .command = command,
                                .groups = subject->groups,
                                .make = make,
                                .make_context = subject};
}

/* The command that tries a reproducing file, or with `changed` the file that was given, as --set made it. malloc'ed. */
static char *command_for(const char *path, bool changed, const struct options *options) {
  size_t count = 0;
  const size_t sets = changed ? options->set_count : 0;
  while (options->command && options->command[count]) count++;
  char **words = calloc(count + 2 * sets + 12, sizeof *words);
  ASSERT(words);
  int at = 0;
  words[at++] = (char *)"check";
  words[at++] = (char *)path;
  const struct {
    const char *name, *value;
  } named[] = {{"--plugin", options->plugin}, {"--sql", options->sql}, {"--database", options->database},
               {"--proxy", options->proxy}};
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    if (!named[i].value) continue;
    words[at++] = (char *)named[i].name;
    words[at++] = (char *)named[i].value;
  }
  for (size_t i = 0; i < sets; i++) {
    words[at++] = (char *)"--set";
    words[at++] = (char *)options->sets[i];
  }
  if (count > 0) words[at++] = (char *)"--";
  for (size_t i = 0; i < count; i++) words[at++] = options->command[i];
  char *text = shell_command(at, words);
  free(words);
  return text;
}

/* --- Cases that were kept --- */

static enum verdict try_kept(const struct registry *registry, const struct options *options, const char *path,
                             const char *command, struct check_kept *out, struct err *err) {
  struct scenario scenario;
  struct check_result result;
  out->path = path;
  if (!scenario_load(path, registry, NULL, 0, 0, &scenario, err)) return VERDICT_VIOLATED;
  struct subject subject = {options, &scenario.check, program_groups_new()};
  const struct check_options how = how_to(&scenario, options, &subject, command);
  watch_signals(subject.groups);
  if (check_run(&scenario, &how, &result, err)) {
    const struct check_report report = {.scenario = &scenario, .result = &result};
    out->verdict = check_verdict(&report);
    if (result.failure_count > 0) out->evidence = strdup(result.failures[0].outcome.evidence);
  }
  check_result_deinit(&result);
  unwatch(subject.groups);
  scenario_free(&scenario);
  return out->verdict;
}

/* False: *err is set. */
static bool try_all_kept(const struct registry *registry, const struct options *options, const char *command,
                         struct check_saved *saved, struct check_kept **out, struct err *err) {
  if (!options->save) return true;
  if (!check_saved_list(options->save, saved, err)) return false;
  *out = calloc(saved->count + 1, sizeof **out);
  ASSERT(*out);
  for (size_t i = 0; i < saved->count && err->code == ERR_NONE; i++) {
    (*out)[i].evidence = "";
    try_kept(registry, options, saved->paths[i], command, &(*out)[i], err);
  }
  return err->code == ERR_NONE;
}

/* --- What was found --- */

struct written {
  const struct scenario *scenario;
  const struct check_small *small;
  const char *folder, *name;
};
static void write_case(void *context, FILE *out) {
  const struct written *written = context;
  check_repro_write(written->scenario, written->small, written->folder, written->name, out);
}

/* Where the case that reproduces it was written. */
static bool keep(const struct scenario *scenario, const struct options *options, const struct check_small *small,
                 char out_path[512], struct err *err) {
  if (options->save) return check_save(scenario, small, options->save, out_path, err);
  char name[64], file[80], *folder;
  check_repro_name(small, name, sizeof name);
  snprintf(file, sizeof file, "%s.yaml", name);
  ASSERT(asprintf(&folder, "%s/%s/anomalies", options->out, scenario->name) > 0);
  struct written written = {scenario, small, folder, name};
  const bool kept = output_check(options->out, scenario->name, err) &&
                    output_add(options->out, scenario->name, "anomalies", file, write_case, &written, out_path, err);
  free(folder);
  return kept;
}

/* The story of the case that was written, or with `changed` of the file that was given. NULL: there is none. */
static char *story_of(const struct registry *registry, const struct options *options, const char *path, bool changed,
                      const struct check_outcome *outcome, bool ledger, const char *again) {
  struct scenario scenario;
  struct err err = {0};
  const size_t sets = changed ? options->set_count : 0;
  if (outcome->verdict != CHECK_FAILED || !scenario_load(path, registry, options->sets, sets, 0, &scenario, &err))
    return NULL;
  struct subject subject = {options, &scenario.check, program_groups_new()};
  const struct check_options how = how_to(&scenario, options, &subject, again);
  watch_signals(subject.groups);
  const struct check_tale tale = {outcome, ledger && !outcome->of_lines, again};
  char *story = check_story(&scenario, &how, &tale);
  unwatch(subject.groups);
  scenario_free(&scenario);
  return story;
}

static void print(const struct check_report *report, const struct options *options) {
  struct report suites;
  if (options->format == REPORT_HUMAN) return check_report_human(report, stdout);
  report_begin(&suites, options->format, stdout);
  check_report_suite(report, &suites);
  report_end(&suites);
  check_report_line(report, stderr); /* the report may have gone into a file */
}

/* Makes the first failure small, writes it, tells its story. What it adds to the report lives as long as this. False:
 * the case could not be written, which was said; the verdict is told all the same. */
static bool tell(const struct registry *registry, const struct options *options, const struct check_options *how,
                 const struct check_report *counted) {
  struct check_report told = *counted, *report = &told;
  struct check_small small;
  char path[512] = "";
  char *again = NULL, *story = NULL;
  bool written = true;
  const struct scenario *scenario = report->scenario;
  const struct check_result *result = report->result;
  const bool of_file = scenario->check.cases == CHECK_CASES_DECLARED;
  if (result->failure_count > 0 && !result->unjudged) {
    check_shrink(scenario, how, &result->failures[0], &small);
    report->small = &small;
    struct err err = {0};
    if (of_file)
      snprintf(path, sizeof path, "%s", scenario->path);
    else
      written = keep(scenario, options, &small, path, &err);
    if (written) {
      again = command_for(path, of_file, options);
      story = story_of(registry, options, path, of_file, &small.outcome, result->ledger, again);
      report->path = of_file ? NULL : path;
      report->again = again;
      report->story = story;
    } else {
      err_print(&err, stderr);
    }
  }
  if (options->proxy && result->seen == 0 && !result->unjudged)
    fputs("dgsim: nothing came through the proxy (DGSIM_PROXY): none of the program's requests was cut\n", stderr);
  print(report, options);
  free(again);
  free(story);
  return written;
}

static enum status check(const struct registry *registry, const struct scenario *scenario,
                         const struct options *options, const char *command, struct err *err) {
  struct subject subject = {options, &scenario->check, program_groups_new()};
  const struct check_options how = how_to(scenario, options, &subject, command);
  struct check_saved saved = {0};
  struct check_kept *kept = NULL;
  struct check_result result = {0};
  enum status status = STATUS_USAGE;
  if (try_all_kept(registry, options, command, &saved, &kept, err)) {
    watch_signals(subject.groups);
    if (check_run(scenario, &how, &result, err)) {
      struct check_report report = {.scenario = scenario, .result = &result, .kept = kept, .kept_count = saved.count};
      if (tell(registry, options, &how, &report)) status = (enum status)check_exit_status(&report);
    }
  }
  for (size_t i = 0; kept && i < saved.count; i++)
    if (kept[i].evidence && *kept[i].evidence) free((char *)kept[i].evidence);
  free(kept);
  check_saved_deinit(&saved);
  unwatch(subject.groups);
  check_result_deinit(&result);
  return status;
}

/* For whoever reads a report: which file there is nothing to report of, and why. */
static void print_error(const struct options *options, const struct err *err) {
  struct report suites;
  if (options->format == REPORT_HUMAN || options->dry_run) return;
  const bool of_option = err->path[0] == '\0' || strncmp(err->path, "--", 2) == 0;
  const char *file = options->file_count > 0 ? options->files[0] : "check";
  report_begin(&suites, options->format, stdout);
  report_error(&suites, of_option ? file : err->path, err);
  report_end(&suites);
}

/* False: *err is set, and nothing was printed. */
static bool load_and_check(const struct registry *registry, struct options *options, const char *command,
                           enum status *out_status, struct err *err) {
  struct scenario scenario;
  if (!load(registry, options, &scenario, err)) return false;
  if (options->dry_run)
    scenario_print_resolved(&scenario, stdout), *out_status = STATUS_HELD;
  else
    *out_status = check(registry, &scenario, options, command, err);
  scenario_free(&scenario);
  return err->code == ERR_NONE;
}

int command_check(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  const struct handler *room[256];
  char *command = shell_command(argc, argv); /* before getopt_long permutes it */
  enum status status = STATUS_USAGE;
  ASSERT_LT(registry->handler_count, sizeof room / sizeof *room);
  const struct registry with = with_program(registry, room);
  if (options_parse(OPTIONS_CHECK, argc, argv, &options, &err)) {
    if (options.help) {
      command_help(command_check, stdout);
      status = STATUS_HELD;
    } else if (!load_and_check(&with, &options, command, &status, &err)) {
      print_error(&options, &err);
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  if (err.code == ERR_INTERNAL) status = STATUS_INTERNAL;
  options_free(&options);
  free(command);
  return (int)status;
}
