#include "models/outbox/application.h"

#include "models/mutants.h"
#include "models/outbox/session.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>

#define STEPS_MAX 3
#define INDEX_BITS 20 /* of a correlation: which operation */
#define NOBODY UINT32_MAX
enum { TIMER_ANSWER, TIMER__COUNT };

enum step { STEP_UPDATE, STEP_INSERT, STEP_INSERT_ALONE, STEP_COMMIT, STEP_PUBLISH };
struct recipe {
  enum step steps[STEPS_MAX];
};
static const struct recipe dual_write_recipes[] = {
    {{STEP_UPDATE, STEP_COMMIT, STEP_PUBLISH}},
    {{STEP_PUBLISH, STEP_UPDATE, STEP_COMMIT}},
};
static const struct recipe outbox_recipes[] = {
    [OUTBOX_SAME_TRANSACTION] = {{STEP_UPDATE, STEP_INSERT, STEP_COMMIT}},
    [OUTBOX_SEPARATE] = {{STEP_UPDATE, STEP_COMMIT, STEP_INSERT_ALONE}},
};

struct activity {
  struct operation_request request;
  struct session_wait wait;
  uint32_t transaction; /* number of it; 0 = not begun */
  uint32_t round;       /* of this place's requests */
  uint32_t next_free;
  uint8_t step;
  bool live, committed, unconfirmed; /* unconfirmed: the event was sent where no confirmation exists */
};
struct application {
  const struct recipe *recipe;
  uint32_t count, free_list, live, transactions; /* places ever used; the free among them */
  uint16_t lane;
  bool stopping;
};
/* Memory that outlives incarnations; its contents do not. */
struct application_memory {
  struct activity *items;
  size_t capacity;
};

static struct application *application_of(const struct node *node) { return node->state[PUBLISHER_PORT]; }
static struct application_memory *memory_of(const struct node *node) { return node->disk[PUBLISHER_PORT]; }
static struct activity *operation_at(const struct node *node, uint32_t index) {
  return &memory_of(node)->items[index];
}
static enum step step_of(const struct node *node, const struct activity *operation) {
  return application_of(node)->recipe->steps[operation->step];
}

/* --- Ending --- */

static void exit_when_done(struct world *world, struct node *node) {
  const struct application *application = application_of(node);
  if (!application->stopping || application->live > 0) return;
  if (node->components[0]->terminate)
    node->components[0]->terminate(world, node);
  else
    node_exit(world, node);
}

static void end(struct world *world, struct node *node, uint32_t index, enum outcome outcome) {
  struct application *application = application_of(node);
  struct activity *operation = operation_at(node, index);
  const uint32_t call = operation->request.call;
  operation->live = false;
  operation->next_free = application->free_list;
  application->free_list = index;
  application->live--;
  call_return(world, call, outcome);
  exit_when_done(world, node);
}

/* --- Steps --- */

static void ask(struct world *world, struct node *node, uint32_t index, uint16_t kind, bool alone) {
  struct activity *operation = operation_at(node, index);
  struct application *application = application_of(node);
  bool begins = !alone && operation->transaction == 0;
  if (begins) operation->transaction = ++application->transactions;
  struct message *message = session_request(world, node, kind, operation->request.intent,
                                            alone ? 0 : operation->transaction, begins);
  message->b = operation->request.key;
  if (kind == OUTBOX_INSERT) {
    operation_record(&operation->request, message_records(&world->messages, message, 1));
    message->size += operation->request.size;
  }
  uint32_t correlation = (++operation->round << INDEX_BITS | index) + 1;
  if (correlation == 0) correlation = (++operation->round << INDEX_BITS | index) + 1;
  session_ask(world, node, &operation->wait, message, correlation, application->lane, TIMER_ANSWER, index);
}

/* The producer below may answer at once: nothing is touched behind this. */
static void publish(struct world *world, struct node *node, uint32_t index) {
  struct operation_request request = operation_at(node, index)->request;
  request.call = call_open_own(world, node, request.intent, index);
  node->components[0]->submit(world, node, &request);
}

static void take_step(struct world *world, struct node *node, uint32_t index) {
  switch (step_of(node, operation_at(node, index))) {
  case STEP_UPDATE: return ask(world, node, index, DATABASE_APPLY, false);
  case STEP_INSERT: return ask(world, node, index, OUTBOX_INSERT, false);
  case STEP_INSERT_ALONE: return ask(world, node, index, OUTBOX_INSERT, true);
  case STEP_COMMIT: return ask(world, node, index, DATABASE_COMMIT, false);
  case STEP_PUBLISH: return publish(world, node, index);
  }
}

static void step_done(struct world *world, struct node *node, uint32_t index) {
  struct activity *operation = operation_at(node, index);
  if (step_of(node, operation) == STEP_COMMIT) operation->committed = true;
  if (++operation->step == STEPS_MAX)
    return end(world, node, index, operation->unconfirmed ? OUTCOME_NONE : OUTCOME_OK);
  take_step(world, node, index);
}

/* It goes no further. certain: the step has not happened, nor will it. */
static void give_up(struct world *world, struct node *node, uint32_t index, bool certain) {
  const struct activity *operation = operation_at(node, index);
  enum step step = step_of(node, operation);
  if (operation->transaction && !operation->committed && step != STEP_COMMIT) /* nobody waits for the answer */
    world_send(world, node, session_request(world, node, DATABASE_ROLLBACK, operation->request.intent,
                                            operation->transaction, false));
  if (node->doomed) return;
  bool unknown = operation->committed || !certain;
  end(world, node, index, unknown ? OUTCOME_UNKNOWN : OUTCOME_REJECTED);
}

/* --- What comes back --- */

static void on_answer(struct world *world, struct node *node, struct message *answer) {
  uint32_t index = (answer->correlation - 1) & ((1u << INDEX_BITS) - 1);
  if (answer->correlation == 0 || index >= application_of(node)->count) return; /* to a ROLLBACK */
  if (!session_answered(world, &operation_at(node, index)->wait, answer)) return;
  if (answer->a == DG_OK)
    step_done(world, node, index);
  else
    give_up(world, node, index, true);
}

/* A statement that is not answered cannot be committed any more; a COMMIT may have been, and so may what
 * is its own transaction. */
static void unanswered(struct world *world, struct node *node, uint32_t index) {
  enum step step = step_of(node, operation_at(node, index));
  give_up(world, node, index, step == STEP_UPDATE || step == STEP_INSERT);
}

static void on_answer_timeout(struct world *world, struct node *node, uint64_t index) {
  session_timed_out(&operation_at(node, (uint32_t)index)->wait);
  unanswered(world, node, (uint32_t)index);
}

static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  if (peer != session_database(world)->id) return;
  for (uint32_t i = 0; i < application_of(node)->count && !node->doomed; i++) {
    struct activity *operation = operation_at(node, i);
    if (!operation->live || operation->wait.correlation == 0) continue;
    session_lost(world, &operation->wait);
    operation->transaction = 0; /* the database rolls it back by itself */
    unanswered(world, node, i);
  }
}

static void returned(struct world *world, struct node *node, uint64_t tag, enum outcome outcome) {
  uint32_t index = (uint32_t)tag;
  struct activity *operation = operation_at(node, index);
  switch (outcome) {
  case OUTCOME_NONE: operation->unconfirmed = true; return step_done(world, node, index);
  case OUTCOME_OK: return step_done(world, node, index);
  default: return give_up(world, node, index, outcome == OUTCOME_REJECTED);
  }
}

/* --- Operations --- */

static uint32_t take_place(struct node *node) {
  struct application *application = application_of(node);
  struct application_memory *memory = memory_of(node);
  uint32_t index = application->free_list;
  if (index != NOBODY) {
    application->free_list = memory->items[index].next_free;
    return index;
  }
  ASSERT_MSG(application->count < (1u << INDEX_BITS) - 1, "an application has more than %u operations open",
             (1u << INDEX_BITS) - 2);
  index = application->count++;
  GROW(memory->items, memory->capacity, application->count);
  memory->items[index].round = 0;
  return index;
}

static void submit(struct world *world, struct node *node, const struct operation_request *request) {
  struct application *application = application_of(node);
  if (application->stopping) return call_return(world, request->call, OUTCOME_REJECTED);
  uint32_t index = take_place(node);
  struct activity *operation = operation_at(node, index);
  *operation = (struct activity){.request = *request, .round = operation->round, .live = true};
  application->live++;
  take_step(world, node, index);
}

static void terminate(struct world *world, struct node *node) {
  application_of(node)->stopping = true;
  exit_when_done(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  return application_of(node)->live;
}

static void start(struct world *world, struct node *node, const struct recipe *recipe) {
  if (!node->disk[PUBLISHER_PORT])
    node->disk[PUBLISHER_PORT] = calloc(1, sizeof(struct application_memory));
  ASSERT(node->disk[PUBLISHER_PORT]);
  struct application *application = node->state[PUBLISHER_PORT] =
      ARENA_NEW(&node->arena, struct application, 1);
  *application = (struct application){.recipe = recipe, .free_list = NOBODY, .lane = session_lane(world)};
}
static void start_dual_write(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  start(world, node, &dual_write_recipes[world->plan->publisher_settings.values[0].i]);
}
static void start_outbox(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  int64_t recipe = world->plan->publisher_settings.values[KEY_OUTBOX].i;
  start(world, node, &outbox_recipes[MUTANT(OUTBOX_OWN_TRANSACTION) ? OUTBOX_SEPARATE : recipe]);
}

static void disk_free(struct node *node) {
  if (memory_of(node)) free(memory_of(node)->items);
  free(memory_of(node));
  node->disk[PUBLISHER_PORT] = NULL;
}

/* --- Tables --- */

static const char *const stages[] = {"serving"};
static message_fn *const on[STORE_MESSAGE__COUNT] = {[STORE_ANSWER] = on_answer};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_ANSWER] = on_answer_timeout};
static const char *const timer_names[TIMER__COUNT] = {"statement-timeout"};

#define APPLICATION                                                                                \
  .on = on, .stage_names = stages, .stage_count = 1, .message_count = STORE_MESSAGE__COUNT,        \
  .messages = store_messages, .on_timer = on_timer, .timer_names = timer_names,                    \
  .timer_count = TIMER__COUNT, .submit = submit, .returned = returned, .terminate = terminate,     \
  .disconnected = disconnected, .busy = busy, .disk_free = disk_free

const struct component dual_write_application = {APPLICATION, .name = "dual-writing application",
                                                 .start = start_dual_write};
const struct component outbox_application = {APPLICATION, .name = "application with an outbox",
                                             .start = start_outbox};
