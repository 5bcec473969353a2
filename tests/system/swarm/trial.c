#include "tests/system/swarm/trial.h"

#include "sim/world/world.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHRINK_TRIALS_MAX 1500

const char *trial_name(enum trial trial) {
  switch (trial) {
  case TRIAL_GOOD: return "good";
  case TRIAL_DISAGREED: return "disagreement";
  case TRIAL_DIFFERED: return "not the same again";
  case TRIAL_EARLY: return "ended too early";
  case TRIAL_REFUSED: return "refused";
  case TRIAL_ENDLESS: return "internal error: does not end";
  case TRIAL_DIED: return "internal error";
  }
  return "?";
}

void trial_limit(void) {
  const struct itimerval limit = {.it_value = {.tv_sec = TRIAL_SECONDS}};
  setitimer(ITIMER_PROF, &limit, NULL);
}

/* What must hold whatever happens; "" or what does not. Both judges could make the same mistake here. */
static const char *broken_sum(const struct run_result *result) {
  const int64_t *m = result->metrics;
  const int64_t answers = m[METRIC_OK] + m[METRIC_NONE] + m[METRIC_UNKNOWN] + m[METRIC_REJECTED] + m[METRIC_ABANDONED];
  const int64_t classes = m[METRIC_ONCE] + m[METRIC_MANY] + m[METRIC_LOST_ACKED] + m[METRIC_LOST_UNACKED] +
                          m[METRIC_ABSENT_UNKNOWN] + m[METRIC_ABSENT_REJECTED] + m[METRIC_DEAD_LETTERED] +
                          m[METRIC_STUCK];
  if (classes != m[METRIC_INTENDED]) return "classes do not sum up to what was wanted";
  if (result->drained && m[METRIC_STUCK] > 0) return "it is drained, and something is stuck";
  if (result->drained && answers != m[METRIC_INTENDED]) return "it is drained, and a client has no answer";
  return "";
}

static bool same_from_resolved_form(const struct scenario *scenario, const struct registry *registry) {
  char *text = NULL;
  size_t length = 0;
  struct scenario again;
  struct err err = {.code = ERR_NONE};
  FILE *file = open_memstream(&text, &length);
  if (!file) abort();
  scenario_print_resolved(scenario, file);
  fclose(file);
  const bool read = scenario_load_text("resolved.yaml", text, length, false, registry, &again, &err);
  const bool same = read && again.resolved_hash == scenario->resolved_hash;
  if (!read) err_print(&err, stderr);
  if (read) scenario_free(&again);
  free(text);
  return same;
}

static bool same_again(const struct scenario *scenario, const struct run_result *result) {
  struct run *run = run_new(4096 + 64, 0xa5);
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  run_judge(run, &scenario->plans[0], scenario->seeds[0], "the swarm, again", metrics, &digest);
  run_free(run);
  return digest == result->digest && memcmp(metrics, result->metrics, METRIC_FAULTS_EFFECTIVE * sizeof *metrics) == 0;
}

/* --- When it is over, it is over --- */

/* What happens to operations, and not when, nor what it costs. What a dead-letter queue keeps may go meanwhile, when
 * its retention is over. */
static const enum metric of_operations[] = {METRIC_OK,        METRIC_NONE,         METRIC_UNKNOWN,
                                            METRIC_REJECTED,  METRIC_ABANDONED,    METRIC_DELIVERED,
                                            METRIC_EFFECTS,   METRIC_REEXECUTIONS, METRIC_DUPLICATE_DELIVERIES,
                                            METRIC_PHANTOMS,  METRIC_MISAPPLIED,   METRIC_FALSE_SUPPRESSIONS,
                                            METRIC_REORDERED, METRIC_REPLAYS,      METRIC_KEY_CONFLICTS};
#define OF_OPERATIONS (sizeof of_operations / sizeof *of_operations)
#define OF_CLIENTS 5 /* the first of them */

/* Somebody waits for something that never comes, so that a world goes on for as long as it is let. */
struct waiter {
  struct world *world;
  int64_t healed_at;     /* ns: no fault was to come any more */
  int64_t rebalanced_at; /* ns: the last time; -1 = never */
};

static void wait_forever(void *context, const struct world *world, const struct node *node, enum node_change change) {
  struct waiter *waiter = context;
  (void)node, (void)change;
  if (waiter->world) return;
  waiter->world = (struct world *)(uintptr_t)world;
  world_hold(waiter->world, NULL);
}

static void note(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct waiter *waiter = context;
  (void)first;
  for (size_t i = 0; i < count; i++) {
    if (records[i].kind == FACT_HEALED) waiter->healed_at = records[i].at;
    if (records[i].kind == FACT_REBALANCED) waiter->rebalanced_at = records[i].at;
  }
}

static bool is_set(const struct plan *plan, const char *name, const char *wanted) {
  for (size_t i = 0; i < plan->system->key_count; i++) {
    const struct key *key = &plan->system->keys[i];
    const int64_t value = plan->system_settings.values[i].i;
    if (strcmp(key->name, name) != 0) continue;
    const char *word = key->choices;
    for (int64_t n = value; word && n > 0; n--) word = strchr(word, ' ') + 1;
    return word ? strncmp(word, wanted, strlen(wanted)) == 0 : value != 0;
  }
  return false;
}

/* A reader that finds nothing committed skips what there is, until a commit that was long under way says otherwise. */
static bool skips(const struct plan *plan) { return is_set(plan, "auto.offset.reset", "latest"); }

/* Replicas that lead in turn, and do not follow each other: what one of them has comes and goes. */
static bool flips(const struct plan *plan) { return is_set(plan, "unclean.leader.election.enable", "true"); }

static int64_t done(const int64_t *metrics) { return metrics[METRIC_ONCE] + metrics[METRIC_MANY]; }

const char *trial_came_later(const struct plan *plan, uint64_t seed, const struct run_result *result) {
  struct waiter waiter = {.healed_at = INT64_MAX, .rebalanced_at = -1};
  const struct observer observer = {.context = &waiter, .node = wait_forever};
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  if (!result->drained || plan->workload.outstanding > 0 || flips(plan)) return "";
  struct run *run = run_new(0, 0);
  run_observe(run, &observer, note, &waiter);
  run_judge(run, plan, seed, "the swarm, for longer", metrics, &digest);
  run_free(run);
  if (waiter.healed_at > result->end_ns) return "";
  const bool again = waiter.rebalanced_at > result->end_ns;
  if (done(metrics) != done(result->metrics) && !(again && skips(plan))) return "done";
  for (size_t i = 0; i < (again ? OF_CLIENTS : OF_OPERATIONS); i++)
    if (metrics[of_operations[i]] != result->metrics[of_operations[i]]) return metric_rows[of_operations[i]].name;
  return "";
}

enum trial trial_run(struct two_judges *judges, struct run *run, const struct scenario *scenario,
                     const struct registry *registry, bool again, struct run_result *out, char said[400]) {
  char command[100];
  snprintf(command, sizeof command, "system_swarm --print %s, then dgsim run", scenario->name + strcspn(scenario->name, "-") + 1);
  trial_limit();
  said[0] = '\0';
  const bool agree = two_judges_run(judges, run, &scenario->plans[0], 0, scenario->seeds[0], command, out);
  const char *broken = broken_sum(out);
  if (!agree || broken[0]) return snprintf(said, 400, "%s", agree ? broken : judges->said), TRIAL_DISAGREED;
  const char *later = trial_came_later(&scenario->plans[0], scenario->seeds[0], out);
  if (later[0]) return snprintf(said, 400, "it is drained, and goes on: %s", later), TRIAL_EARLY;
  if (!again) return TRIAL_GOOD;
  if (!same_from_resolved_form(scenario, registry))
    return snprintf(said, 400, "its resolved form is another scenario"), TRIAL_DIFFERED;
  if (!same_again(scenario, out)) return snprintf(said, 400, "run again, it is another run"), TRIAL_DIFFERED;
  return TRIAL_GOOD;
}

static _Noreturn void be_child(const struct swarm_world *world, const struct registry *registry, bool again) {
  struct scenario scenario;
  struct two_judges judges = {.said = ""};
  struct run_result result;
  struct err err;
  char said[400];
  const int nowhere = open("/dev/null", O_WRONLY);
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (!getenv("SWARM_TELL")) dup2(nowhere, 2);
  if (!swarm_load(world, registry, &scenario, &err)) _exit(TRIAL_REFUSED);
  const enum trial trial = trial_run(&judges, run_new(0, 0), &scenario, registry, again, &result, said);
  if (said[0]) fprintf(stderr, "%s\n", said);
  _exit((int)trial);
}

enum trial trial_fork(const struct swarm_world *world, const struct registry *registry, bool again) {
  int status;
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) be_child(world, registry, again);
  while (waitpid(child, &status, 0) != child) {}
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGPROF ? TRIAL_ENDLESS : TRIAL_DIED;
  const int code = WEXITSTATUS(status);
  return code == TRIAL_GOOD || (code >= TRIAL_DISAGREED && code <= TRIAL_EARLY) ? (enum trial)code : TRIAL_DIED;
}

/* --- Smaller --- */

static size_t indent_of(const char *line) { return strspn(line, " "); }

/* Takes a line and what hangs on it; returns how many. */
static size_t take(struct swarm_world *world, size_t line) {
  size_t taken = 0;
  const size_t indent = indent_of(world->lines[line]);
  do {
    swarm_remove(world, line);
    taken++;
  } while (line < world->count && indent_of(world->lines[line]) > indent);
  return taken;
}

unsigned trial_shrink(struct swarm_world *world, const struct registry *registry, enum trial trial, bool again) {
  unsigned trials = 0;
  bool smaller = true;
  struct swarm_world *other = malloc(sizeof *other);
  if (!other) abort();
  while (smaller) {
    smaller = false;
    for (size_t line = world->count; line-- > 3 && trials < SHRINK_TRIALS_MAX;) {
      if (line >= world->count) continue;
      *other = *world;
      take(other, line);
      trials++;
      if (trial_fork(other, registry, again) != trial) continue;
      *world = *other;
      smaller = true;
    }
  }
  free(other);
  return trials;
}
