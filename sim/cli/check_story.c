#include "sim/cli/check_story.h"

#include "sim/base/assert.h"
#include "sim/runner/check_worker.h"
#include "sim/runner/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORY_MAX (256 * 1024)
#define STORY_LIMIT_MS 60000

/* The check's: what the program did in stores of its own, no story of the tool's can know. */
static void put_verdict(const struct scenario *scenario, const struct explain_target *target,
                        const struct check_outcome *outcome, struct explanation *explanation) {
  snprintf(explanation->title, sizeof explanation->title, "operation %" PRIu64 ": scenario %.100s, system %.100s",
           target->intent, scenario->name, scenario->plans[0].system->name);
  snprintf(explanation->story.verdict, sizeof explanation->story.verdict, "%s: %.200s", anomaly_names[outcome->anomaly],
           outcome->evidence);
}

static void begin(struct program *program) {
  program_begin(program);
  if (program->kind->reset) program->kind->reset(program);
}

static void tell(struct scenario *scenario, const struct check_options *options, const struct check_tale *tale, FILE *out) {
  struct err err = {0};
  struct plan *plan = &scenario->plans[0];
  uint64_t intent = tale->outcome->intent;
  if (intent == 0 && !tale->ledger && scenario->fault_count > 0) intent = scenario->faults[0].intent;
  struct explain_target target = {.seed = scenario->seeds[0], .intent = intent, .anomalous = true};
  const struct explain_wanted wanted = {.intent = intent, .command = options->command};
  plan->luck_none = true;
  plan->redelivery_horizon = scenario->check.redelivery_horizon;
  plan->mixed_versions = scenario->check.mixed_versions;
  check_set_variant(plan, scenario->check.variant);
  begin(scenario->plans[0].handler->program);
  if (intent == 0 && explain_find(scenario, &wanted, &target, &err) != EXPLAIN_FOUND) return;
  struct explanation explanation;
  explain_tell(scenario, &target, options->command, &explanation);
  if (!tale->ledger) put_verdict(scenario, &target, tale->outcome, &explanation);
  story_print(&explanation.story, explanation.title, tale->repeat, out);
  fflush(out);
}

/* In a process of its own. */
static void make_and_tell(struct scenario *scenario, const struct check_options *options, const struct check_tale *tale,
                          FILE *out) {
  struct err err = {0};
  struct handler handler = check_handler;
  handler.program = options->make(options->make_context, 1, &err);
  if (!handler.program) return;
  scenario->plans[0].handler = &handler;
  tell(scenario, options, tale, out);
  handler.program->kind->free(handler.program);
}

/* Until its end, or for as long as it may take. */
static char *read_all(int fd) {
  char *text = calloc(1, STORY_MAX + 1);
  size_t length = 0;
  ASSERT(text);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  while (length < STORY_MAX && poll(&wait, 1, STORY_LIMIT_MS) > 0) {
    const ssize_t got = read(fd, text + length, STORY_MAX - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += (size_t)got;
  }
  if (length > 0) return text;
  free(text);
  return NULL;
}

/* A message that is handed out a thousand times has a story that says the same a thousand times. */
#define LINES_FIRST 80
#define LINES_LAST 30
static void shorten(char *text) {
  size_t lines = 0, line = 0;
  for (const char *at = text; *at; at++) lines += *at == '\n';
  if (lines <= LINES_FIRST + LINES_LAST + 1) return;
  char *from = text, *to;
  while (line < LINES_FIRST) line += *from++ == '\n';
  for (to = from; line < lines - LINES_LAST;) line += *to++ == '\n';
  char note[64];
  const int length = snprintf(note, sizeof note, "      ... %zu lines more ...\n", lines - LINES_FIRST - LINES_LAST);
  memmove(from + length, to, strlen(to) + 1); /* what is left out is longer than the note */
  memcpy(from, note, (size_t)length);
}

char *check_story(struct scenario *scenario, const struct check_options *options, const struct check_tale *tale) {
  int ends[2];
  fflush(NULL);
  ASSERT(pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = fork();
  ASSERT_MSG(child >= 0, "no process for a story: %s", strerror(errno));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* as a worker: what a plug-in forks ends with it */
    close(ends[0]);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what a plug-in prints is no part of the report */
    FILE *out = fdopen(ends[1], "w");
    if (out) make_and_tell(scenario, options, tale, out);
    _exit(0);
  }
  setpgid(child, child);
  if (options->groups) program_groups_add(options->groups, child);
  close(ends[1]);
  char *text = read_all(ends[0]);
  close(ends[0]);
  kill(-child, SIGKILL);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  if (options->groups) program_groups_remove(options->groups, child);
  if (text) shorten(text);
  return text;
}
