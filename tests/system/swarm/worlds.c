/* Workers are processes: one that dies takes one world with it, and the others go on. What they have found out
 * so far lies in memory that they share with their parent. */
#include "tests/system/swarm/coverage.h"
#include "tests/system/swarm/swarm.h"
#include "tests/system/swarm/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILURES_MAX 400    /* of a worker */
#define SHRUNK_MAX 25       /* of all: of the others it is known how to make them */
#define AGAIN_EVERY 8       /* of so many worlds one is run twice */
#define TELL_EVERY 5000

struct failure {
  uint64_t world;
  enum trial trial;
  char said[400];
};

/* Of one worker; only it writes, while it lives. */
struct share {
  uint64_t next; /* world under way */
  struct swarm_refusals refusals;
  struct coverage coverage;
  struct failure failures[FAILURES_MAX];
  uint64_t failure_count; /* may be above FAILURES_MAX */
};

static void note_failure(struct share *share, uint64_t world, enum trial trial, const char *said) {
  fprintf(stderr, "world %" PRIu64 ": %s: %s\n", world, trial_name(trial), said);
  if (share->failure_count < FAILURES_MAX) {
    struct failure *failure = &share->failures[share->failure_count];
    failure->world = world;
    failure->trial = trial;
    snprintf(failure->said, sizeof failure->said, "%s", said);
  }
  share->failure_count++;
}

static _Noreturn void work(struct share *share, const struct registry *registry, const struct swarm_options *options) {
  static struct swarm_world world;
  struct two_judges judges = {.said = ""};
  struct run *run = run_new(0, 0);
  const struct rlimit no_core = {0, 0};
  struct scenario scenarios[2]; /* a run knows its last plan by where it lies: so that one stays */
  bool turn = false, any = false;
  setrlimit(RLIMIT_CORE, &no_core);
  for (; share->next < options->from + options->worlds; share->next += options->workers) {
    struct scenario *scenario = &scenarios[turn];
    struct run_result result;
    char said[400];
    trial_limit();
    swarm_draw(share->next, registry, &world, scenario, &share->refusals);
    const bool again = share->next % AGAIN_EVERY == 0;
    const enum trial trial = trial_run(&judges, run, scenario, registry, again, &result, said);
    if (trial != TRIAL_GOOD) note_failure(share, share->next, trial, said);
    coverage_add(&share->coverage, registry, &scenario->plans[0], &result);
    run_result_deinit(&result);
    if (share->next % TELL_EVERY == 0) fprintf(stderr, "world %" PRIu64 " is done\n", share->next);
    turn = !turn;
    if (any) scenario_free(&scenarios[turn]);
    any = true;
  }
  run_free(run);
  if (any) scenario_free(&scenarios[!turn]);
  two_judges_free(&judges);
  _exit(0);
}

static pid_t start(struct share *share, const struct registry *registry, const struct swarm_options *options) {
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) work(share, registry, options);
  return child;
}

/* A worker has died: its world is the one that it was at, and another goes on behind it. */
static void note_death(struct share *share, int status, const struct swarm_options *options) {
  char said[100];
  const bool endless = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
  if (WIFSIGNALED(status))
    snprintf(said, sizeof said, "signal %d", WTERMSIG(status));
  else
    snprintf(said, sizeof said, "exit status %d", WEXITSTATUS(status));
  note_failure(share, share->next, endless ? TRIAL_ENDLESS : TRIAL_DIED, said);
  share->next += options->workers;
}

static void supervise(struct share *shares, const struct registry *registry, const struct swarm_options *options) {
  pid_t children[SWARM_WORKERS_MAX];
  unsigned alive = options->workers;
  for (unsigned i = 0; i < options->workers; i++) {
    shares[i].next = options->from + i;
    children[i] = start(&shares[i], registry, options);
  }
  while (alive > 0) {
    int status;
    const pid_t ended = wait(&status);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) abort();
    unsigned i = 0;
    while (i < options->workers && children[i] != ended) i++;
    if (i == options->workers) continue;
    children[i] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      alive--;
      continue;
    }
    note_death(&shares[i], status, options);
    children[i] = start(&shares[i], registry, options);
  }
}

static void write_world(const struct swarm_world *world, const char *out, uint64_t number, const char *suffix) {
  char path[1024];
  static char text[SWARM_TEXT_MAX];
  const size_t length = swarm_text(world, text, sizeof text);
  snprintf(path, sizeof path, "%s/world-%" PRIu64 "%s.yaml", out, number, suffix);
  FILE *file = fopen(path, "w");
  if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0) {
    perror(path);
    exit(70);
  }
}

static void tell_failure(const struct failure *failure, const struct registry *registry, const char *out, bool shrink) {
  static struct swarm_world world;
  struct scenario scenario;
  struct swarm_refusals refusals = {0, 0};
  mkdir(out, 0777);
  swarm_draw(failure->world, registry, &world, &scenario, &refusals);
  scenario_free(&scenario);
  write_world(&world, out, failure->world, "");
  const bool again = failure->world % AGAIN_EVERY == 0;
  unsigned trials = 0;
  if (shrink && trial_fork(&world, registry, again) == failure->trial) {
    trials = trial_shrink(&world, registry, failure->trial, again);
    write_world(&world, out, failure->world, "-small");
  }
  printf("world %" PRIu64 ": %s: %s; %s/world-%" PRIu64 "%s.yaml (%u trials)\n", failure->world,
         trial_name(failure->trial), failure->said, out, failure->world, trials ? "-small" : "", trials);
}

int swarm_worlds(const struct registry *registry, const struct swarm_options *options) {
  const size_t size = options->workers * sizeof(struct share);
  struct share *shares = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shares == MAP_FAILED) abort();
  supervise(shares, registry, options);
  struct coverage *all = calloc(1, sizeof *all);
  struct swarm_refusals refusals = {0, 0};
  uint64_t errors = 0, disagreements = 0;
  unsigned told = 0;
  if (!all) abort();
  for (unsigned i = 0; i < options->workers; i++) {
    coverage_sum(all, &shares[i].coverage);
    refusals.lines += shares[i].refusals.lines;
    refusals.worlds += shares[i].refusals.worlds;
    for (uint64_t k = 0; k < shares[i].failure_count; k++) {
      const bool known = k < FAILURES_MAX;
      const bool died = !known || shares[i].failures[k].trial == TRIAL_DIED || shares[i].failures[k].trial == TRIAL_ENDLESS;
      *(died ? &errors : &disagreements) += 1;
      if (known) tell_failure(&shares[i].failures[k], registry, options->out, told++ < SHRUNK_MAX);
    }
  }
  coverage_print(all, registry, stdout);
  printf("refused by the loader before they could be run: %" PRIu64 " lines, %" PRIu64 " worlds\n", refusals.lines,
         refusals.worlds);
  printf("worlds %" PRIu64 ", internal errors %" PRIu64 ", disagreements %" PRIu64 "\n", options->worlds, errors,
         disagreements);
  free(all);
  munmap(shares, size);
  return errors || disagreements ? 1 : 0;
}

int swarm_print(const struct registry *registry, uint64_t number) {
  static struct swarm_world world;
  static char text[SWARM_TEXT_MAX];
  struct scenario scenario;
  struct swarm_refusals refusals = {0, 0};
  swarm_draw(number, registry, &world, &scenario, &refusals);
  scenario_free(&scenario);
  swarm_text(&world, text, sizeof text);
  fputs(text, stdout);
  return 0;
}

int swarm_file(const struct registry *registry, const char *path, const char *out) {
  static struct swarm_world world;
  char line[4096];
  FILE *file = fopen(path, "r");
  if (!file) return perror(path), 64;
  while (fgets(line, sizeof line, file)) swarm_add(&world, "%.*s", (int)strcspn(line, "\n"), line);
  fclose(file);
  const enum trial trial = trial_fork(&world, registry, true);
  printf("%s: %s\n", path, trial_name(trial));
  if (trial == TRIAL_GOOD || trial == TRIAL_REFUSED) return trial == TRIAL_GOOD ? 0 : 64;
  mkdir(out, 0777);
  trial_shrink(&world, registry, trial, true);
  write_world(&world, out, 0, "-small");
  return 1;
}
