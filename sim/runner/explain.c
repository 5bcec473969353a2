#include "sim/runner/explain.h"

#include "sim/base/assert.h"
#include "sim/base/input.h"
#include "sim/base/printable.h"
#include "sim/handler/program.h"
#include "sim/runner/explain_diagram.h"
#include "sim/runner/explain_perfetto.h"
#include "sim/runner/explain_shiviz.h"
#include "sim/runner/fresh_file.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PATH_MAX_ 1100
#define ANOTHER_LOOK_NS 50000000 /* until signals are asked for again */

/* --- Finding --- */

struct search {
  const struct scenario *scenario;
  const struct explain_wanted *wanted;
  struct run *run;
  struct explain_target *best;
  unsigned rank; /* of what was found; UINT32_MAX = nothing */
};

static void consider(struct search *search, const struct fates *fates, size_t row, uint64_t seed) {
  const uint64_t given = search->wanted->intent;
  const uint64_t intent = given ? given : fates_first(fates);
  if (intent == 0) return;
  const unsigned rank = fate_rows[fates_of(fates, intent)].rank;
  const unsigned order = rank ? rank : UINT32_MAX - 1; /* as it should be: if there is nothing else */
  if (order >= search->rank) return;
  search->rank = order;
  *search->best = (struct explain_target){row, seed, intent, rank > 0};
}

static void search_row(struct search *search, size_t row) {
  const struct plan *plan = &search->scenario->plans[row];
  struct fates *fates = fates_new(plan);
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  run_observe(search->run, NULL, fates_sink, fates);
  for (size_t i = 0; i < search->scenario->seed_count && search->rank > 1; i++) {
    const uint64_t seed = search->scenario->seeds[i];
    fates_reset(fates);
    run_judge(search->run, plan, seed, search->wanted->command, metrics, &digest);
    fates_finish(fates);
    consider(search, fates, row, seed);
  }
  run_observe(search->run, NULL, NULL, NULL);
  fates_free(fates);
}

static void search_rows(struct search *search, const char *label) {
  for (size_t row = 0; row < search->scenario->plan_count && search->rank > 1; row++)
    if (!label || strcmp(label, search->scenario->plans[row].label) == 0) search_row(search, row);
}

/* Of each operation and key something is kept, in each group. */
static bool fits(const struct scenario *scenario, struct err *err) {
  const struct plan *plan = &scenario->plans[0]; /* all have the same workload and groups */
  const uint64_t groups = plan_group_count(plan), most = EXPLAIN_OPERATIONS_MAX / groups;
  const bool operations = plan->workload.messages > most;
  if (!operations && plan->workload.keys <= most) return true;
  err_set(err, ERR_LIMIT, "too many %s to be explained: at most %" PRIu64, operations ? "operations" : "keys", most);
  err_note(err, "--set workload/%s=N with a smaller number", operations ? "messages" : "keys");
  return err_place(err, scenario->path, 0, 0, NULL);
}

enum explain_found explain_find(const struct scenario *scenario, const struct explain_wanted *wanted,
                                struct explain_target *out, struct err *err) {
  const struct workload_plan *workload = &scenario->plans[0].workload;
  if (!fits(scenario, err)) return EXPLAIN_REFUSED;
  if (wanted->intent && !fates_has(workload, wanted->intent)) {
    err_set(err, ERR_UNKNOWN_NAME, "there is no operation %" PRIu64, wanted->intent);
    if (workload->intents)
      err_note(err, "the scenario lists %" PRIu64 " operations, the first is %" PRIu64,
               workload->messages, workload->intents[0].id);
    else
      err_note(err, "the scenario has operations 1 to %" PRIu64, workload->messages);
    return EXPLAIN_REFUSED;
  }
  struct search search = {scenario, wanted, run_new(0, 0), out, UINT32_MAX};
  if (wanted->prefer && !wanted->row) search_rows(&search, wanted->prefer);
  search_rows(&search, wanted->row);
  run_free(search.run);
  return search.rank == UINT32_MAX ? EXPLAIN_NOTHING : EXPLAIN_FOUND;
}

/* --- Telling --- */

/* A program of the user's begins each run with its own stores as they were before the first. */
static void begin_program(const struct plan *plan) {
  struct program *program = plan_handler(plan, 0)->program;
  if (!program) return;
  program_begin(program);
  if (program->kind->reset) program->kind->reset(program);
}

/* What became of each operation. To be freed. */
static struct fates *judge_fates(struct run *run, const struct plan *plan, uint64_t seed, const char *command) {
  struct fates *fates = fates_new(plan);
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  run_observe(run, NULL, fates_sink, fates);
  begin_program(plan);
  run_judge(run, plan, seed, command, metrics, &digest);
  fates_finish(fates);
  return fates;
}

static void tell(const struct scenario *scenario, const struct explain_target *target, struct run *run,
                 const struct fates *fates, const char *command, struct explanation *out) {
  const struct plan *plan = &scenario->plans[target->row];
  begin_program(plan);
  explain_record_run(run, plan, target->seed, target->intent, command, &out->record);
  story_tell(&out->record, fates, &out->story);
  snprintf(out->title, sizeof out->title,
           "operation %" PRIu64 ", %s: scenario %s, row '%s', seed %" PRIu64 " (%s, %s)", target->intent,
           fate_rows[out->story.fate].name, scenario->name, plan->label, target->seed,
           plan->system->name, tables_handler(plan));
}

void explain_tell(const struct scenario *scenario, const struct explain_target *target,
                  const char *command, struct explanation *out) {
  struct run *run = run_new(0, 0);
  struct fates *fates = judge_fates(run, &scenario->plans[target->row], target->seed, command);
  tell(scenario, target, run, fates, command, out);
  fates_free(fates);
  run_free(run);
}

uint64_t explain_tell_first(const struct scenario *scenario, size_t plan, uint64_t seed, enum fate fate,
                            const char *command, struct explanation *out) {
  struct run *run = run_new(0, 0);
  struct fates *fates = judge_fates(run, &scenario->plans[plan], seed, command);
  const struct explain_target target = {plan, seed, fates_first_of(fates, fate), true};
  if (target.intent != 0) tell(scenario, &target, run, fates, command, out);
  fates_free(fates);
  run_free(run);
  return target.intent;
}

void explain_deinit(struct explanation *explanation) {
  story_deinit(&explanation->story);
  explain_record_deinit(&explanation->record);
}

/* --- Files --- */

static void write_text(const struct explanation *explanation, const char *repeat, FILE *out) {
  story_print(&explanation->story, explanation->title, repeat, out);
}
static void write_svg(const struct explanation *explanation, const char *repeat, FILE *out) {
  (void)repeat;
  diagram_write(&explanation->story, explanation->title, out);
}
static void write_perfetto(const struct explanation *explanation, const char *repeat, FILE *out) {
  (void)repeat;
  perfetto_write(&explanation->story, explanation->title, out);
}
static void write_shiviz(const struct explanation *explanation, const char *repeat, FILE *out) {
  (void)repeat;
  shiviz_write(&explanation->story, out);
}

static const struct {
  const char *suffix;
  void (*write)(const struct explanation *, const char *repeat, FILE *);
} files[] = {{"txt", write_text},
             {"svg", write_svg},
             {"perfetto.json", write_perfetto},
             {"shiviz.log", write_shiviz}};

#define FILES (sizeof files / sizeof *files)

struct writing {
  const struct explanation *explanation;
  const char *repeat;
  struct fresh_file fresh[FILES];
  size_t count; /* that are open */
};

static bool open_files(struct writing *writing, const char *folder, struct err *err) {
  char path[PATH_MAX_ + 64];
  for (; writing->count < FILES; writing->count++) {
    snprintf(path, sizeof path, "%s/%" PRIu64 ".%s", folder, writing->explanation->record.intent,
             files[writing->count].suffix);
    if (!fresh_open(&writing->fresh[writing->count], path, err)) return false;
  }
  return true;
}

static void *write_files(void *context) {
  struct writing *writing = context;
  for (size_t i = 0; i < FILES; i++) files[i].write(writing->explanation, writing->repeat, writing->fresh[i].file);
  return NULL;
}

/* A story may be long, and a FIFO may have no reader: told to end, the process leaves nothing of it. */
static void write_watched(struct writing *writing, struct interrupt *interrupt, const char *folder) {
  pthread_t thread;
  const int failed = pthread_create(&thread, NULL, write_files, writing);
  ASSERT_MSG(failed == 0, "cannot start a thread: %s", strerror(failed));
  struct timespec until;
  do {
    if (interrupt_seen(interrupt) != 0) {
      fprintf(stderr, "dgsim: interrupted: no file of '%s' was replaced\n", PRINTABLE(folder));
      for (size_t i = 0; i < FILES; i++) fresh_unlink(&writing->fresh[i]);
      interrupt_die(interrupt->signal);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ANOTHER_LOOK_NS;
    if (until.tv_nsec >= NS_PER_S) until.tv_sec++, until.tv_nsec -= NS_PER_S;
  } while (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0);
}

/* The files belong together: none takes its place before all are written, and then signals wait for them. */
static bool write_all(struct writing *writing, struct interrupt *interrupt, const char *folder, struct err *err) {
  bool good = open_files(writing, folder, err);
  if (good) write_watched(writing, interrupt, folder);
  for (size_t i = 0; i < writing->count; i++)
    if (good)
      good = fresh_commit(&writing->fresh[i], err);
    else
      fresh_abandon(&writing->fresh[i]);
  return good;
}

bool explain_write(const struct explanation *explanation, const char *directory, const char *repeat,
                   struct err *err) {
  char folder[PATH_MAX_];
  snprintf(folder, sizeof folder, "%.1000s/anomalies", directory);
  if (mkdir(folder, 0777) != 0 && errno != EEXIST)
    return err_set(err, ERR_IO, "cannot write '%s': %s", folder, strerror(errno));
  struct writing writing = {.explanation = explanation, .repeat = repeat};
  struct interrupt interrupt;
  interrupt_begin(&interrupt);
  const bool good = write_all(&writing, &interrupt, folder, err);
  interrupt_end(&interrupt);
  return good;
}

/* --- Results --- */

bool explain_results(const char *directory, char out_path[1024], char out_row[256], struct err *err) {
  char manifest[1024];
  struct stat status;
  out_row[0] = '\0';
  snprintf(out_path, 1024, "%.1000s/resolved.yaml", directory);
  if (stat(out_path, &status) != 0) {
    err_set(err, ERR_IO, "'%s' is no directory of results: it has no resolved.yaml", directory);
    return err_note(err, "dgsim run FILE makes one");
  }
  snprintf(manifest, sizeof manifest, "%.1000s/manifest.json", directory);
  const char *why;
  FILE *file = input_open(manifest, &why);
  json_t *root = file ? json_loadf(file, 0, NULL) : NULL, *row;
  if (file) fclose(file);
  size_t index;
  json_array_foreach(json_object_get(root, "rows"), index, row) {
    const json_t *held = json_object_get(row, "contract_held");
    const char *label = json_string_value(json_object_get(row, "label"));
    if (!json_is_false(held) || !label) continue;
    snprintf(out_row, 256, "%s", label);
    break;
  }
  json_decref(root);
  return true;
}
