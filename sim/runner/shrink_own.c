#include "sim/runner/shrink_own.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 3000 /* for each number of operations */

struct own {
  const struct shrink_case *violation;
  struct goal goal;
  struct run *run;
  const char *command;
  struct plan plan;
  struct intent_plan *intents; /* of the violation's run, in their order */
  size_t count, capacity;
  struct shrunk *out;
  unsigned left; /* runs */
};

static void see(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct own *own = context;
  const struct workload_plan *workload = &own->plan.workload;
  (void)first;
  for (size_t i = 0; i < count; i++) {
    if (records[i].kind != FACT_INTENDED) continue;
    if (own->count > 0 && own->intents[own->count - 1].id >= records[i].intent) continue;
    GROW(own->intents, own->capacity, own->count + 1);
    own->intents[own->count++] =
        workload->intents ? *workload_find(workload, records[i].intent)
                          : (struct intent_plan){.id = records[i].intent,
                                                 .at = instant_of(records[i].at),
                                                 .key = fact_intended_key(records[i].value),
                                                 .size = workload->size,
                                                 .operation = workload->operation};
  }
}

static bool shows(struct own *own) {
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  own->out->executed++;
  uint32_t violations = run_judge(own->run, &own->plan, own->violation->seed, own->command, metrics,
                                  &digest);
  return goal_reached(&own->goal, own->run, metrics, violations) == own->violation->metric;
}

/* With these operations alone; `places` rise. */
static bool shows_with(struct own *own, const size_t *places, unsigned count) {
  struct workload_plan *workload = &own->plan.workload;
  if (own->left == 0) return false;
  own->left--;
  for (unsigned i = 0; i < count; i++) own->out->intents[i] = own->intents[places[i]];
  workload->intents = own->out->intents;
  workload->messages = count;
  workload->rate = 0;
  const int64_t last = own->out->intents[count - 1].at.ns;
  workload->duration = span_of(last > 0 ? last : 1);
  return shows(own);
}

/* The next operation after a place; of the same key, if that is asked for. own->count: none. */
static size_t next(const struct own *own, size_t place, bool same_key) {
  size_t at = place + 1;
  while (same_key && at < own->count && own->intents[at].key != own->intents[place].key) at++;
  return at;
}

/* `count` operations that follow each other, beginning with a place. */
static bool shows_from(struct own *own, size_t place, unsigned count, bool same_key) {
  size_t places[SHRINK_MESSAGES_MAX] = {place};
  for (unsigned i = 1; i < count; i++)
    if ((places[i] = next(own, places[i - 1], same_key)) >= own->count) return false;
  return shows_with(own, places, count);
}

/* Operations that the faults name, with the one at `place` (own->count: none). */
static bool shows_named(struct own *own, size_t place) {
  size_t places[SHRINK_MESSAGES_MAX];
  unsigned count = 0;
  for (size_t i = 0; i < own->count; i++) {
    bool wanted = i == place;
    for (size_t j = 0; j < own->plan.fault_count; j++)
      wanted |= own->plan.faults[j].intent == own->intents[i].id;
    if (!wanted) continue;
    if (count == SHRINK_MESSAGES_MAX) return false;
    places[count++] = i;
  }
  return count > 0 && shows_with(own, places, count);
}

static bool search_named(struct own *own) {
  bool any = false;
  for (size_t j = 0; j < own->plan.fault_count; j++) any |= own->plan.faults[j].intent > 0;
  own->left = RUNS_MAX;
  if (!any || shows_named(own, own->count)) return any;
  for (size_t i = 0; i < own->count; i++)
    if (shows_named(own, i)) return true;
  return false;
}

static bool search(struct own *own) {
  for (unsigned count = 1; count <= SHRINK_MESSAGES_MAX; count++) {
    own->left = RUNS_MAX;
    for (size_t i = 0; count == 1 && i < own->count; i++)
      if (own->intents[i].id == own->out->suspect && shows_with(own, &i, 1)) return true;
    for (size_t i = 0; i < own->count; i++)
      if (shows_from(own, i, count, false) || (count > 1 && shows_from(own, i, count, true)))
        return true;
  }
  return false;
}

/* Where each needed fault stands in the scenario. */
static bool keep_faults(const struct shrink_case *violation, const struct plan *plan,
                        struct shrunk *out) {
  const struct plan *whole = &violation->scenario->plans[violation->row];
  if (plan->fault_count > SHRINK_FAULTS_MAX) return false;
  for (size_t i = 0; i < plan->fault_count; i++) {
    const struct fault_plan *fault = &plan->faults[i];
    uint32_t place = 0;
    while (place < whole->fault_count && whole->faults[place].name != fault->name) place++;
    if (place == whole->fault_count) return false;
    if (fault->timing != TIMING_AT && fault->timing != TIMING_WHEN) return false;
    out->kept[i] = place;
  }
  return true;
}

static bool can(const struct shrink_case *violation, const struct plan *plan) {
  const struct scenario *scenario = violation->scenario;
  return violation->count == 0 && !plan->swarm && !plan->workload.outstanding &&
         scenario->file_count == 0;
}

/* Links in use whose chances do harm: as given, for a part of them cannot be written. */
static unsigned lossy_links(const struct plan *plan) {
  unsigned count = 0;
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_plan *link = &plan->links[i];
    count += plan->system->links[i].used &&
             (link->request_loss || link->reply_loss || link->duplication || link->reordering);
  }
  return count;
}

bool shrink_own(const struct shrink_case *violation, const struct plan *plan, struct run *run,
                const char *command, struct shrunk *out) {
  const struct plan *given = &violation->scenario->plans[violation->row];
  const unsigned lossy = lossy_links(given);
  if (!can(violation, plan) || !keep_faults(violation, plan, out)) return false;
  if (plan->fault_count + lossy > SHRINK_FAULTS_MAX) return false;
  struct own own = {.violation = violation,
                    .goal = {violation->scenario, violation->row, METRIC__COUNT},
                    .run = run,
                    .command = command,
                    .plan = *plan,
                    .out = out};
  memcpy(own.plan.links, given->links, sizeof own.plan.links);
  run_observe(run, NULL, see, &own);
  shows(&own);
  run_observe(run, NULL, NULL, NULL);
  const bool found = search(&own) || search_named(&own);
  if (found) {
    out->own_world = out->same_sorts = true;
    out->plan = own.plan;
    out->count = (unsigned)plan->fault_count;
    out->lossy_links = lossy;
  }
  free(own.intents);
  return found;
}
