/* A small world for programs in SQL: consumers on fibers, virtual time, and faults at the calls that they
 * make, as the host of handlers has them. Everything that is executed is in `log`, a line each: "1 BEGIN". */
#ifndef TESTS_HANDLER_SQL_WORLD_H
#define TESTS_HANDLER_SQL_WORLD_H

#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"
#include "sim/handler/execute.h"
#include "sim/handler/fiber.h"
#include "sim/handler/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACTORS_MAX 4
#define MS INT64_C(1000000)

enum actor_state { ACTOR_GONE, ACTOR_READY, ACTOR_PERFORMS, ACTOR_ANSWERED };
struct sql_world;
struct actor {
  struct dg_context context; /* first */
  struct sql_world *world;
  struct fiber *fiber;
  void *process;
  struct dg_message message;
  enum actor_state state;
  int64_t wake;
  const char *name;
  dg_perform *perform;
  void *argument;
  int answer, status; /* of the call; of the handler */
  unsigned calls;
};
enum strike { STRIKE_NONE, STRIKE_FAIL, STRIKE_KILL, STRIKE_KILL_LATE };
struct sql_fault {
  unsigned actor, call; /* from 1 */
  bool after;
  enum strike strike;
  int status;
};
struct sql_world {
  struct program *program;
  struct fiber_pool *fibers;
  struct actor actors[ACTORS_MAX];
  struct sql_fault faults[4];
  int64_t now;
  char log[16384];
};

static int world_execute(struct dg_context *context, const char *name, dg_perform *perform, void *argument) {
  struct actor *actor = (struct actor *)context;
  actor->name = name;
  actor->perform = perform;
  actor->argument = argument;
  actor->calls++;
  fiber_yield(actor->fiber);
  return actor->answer;
}
static int64_t world_now(struct dg_context *context) { return ((struct actor *)context)->world->now; }
static const struct dg_host_api world_api = {.api = {.version = DG_API_VERSION, .now = world_now},
                                             .execute = world_execute};

static void actor_run(void *argument) {
  struct actor *actor = argument;
  struct program *program = actor->world->program;
  actor->status = program->kind->handle(program, actor->process, &actor->context, &actor->message);
}

static const struct sql_fault *fault_of(struct sql_world *world, const struct actor *actor, bool after) {
  for (size_t i = 0; i < sizeof world->faults / sizeof *world->faults; i++) {
    const struct sql_fault *fault = &world->faults[i];
    if (fault->strike && fault->actor == (unsigned)(actor - world->actors) + 1 &&
        fault->call == actor->calls && fault->after == after)
      return fault;
  }
  return NULL;
}

static void world_kill(struct sql_world *world, struct actor *actor, enum program_end how) {
  if (actor->fiber) fiber_drop(actor->fiber);
  actor->fiber = NULL;
  world->program->kind->end(world->program, actor->process, how);
  actor->process = NULL;
  actor->state = ACTOR_GONE;
}

/* Whether it goes on. */
static bool world_strike(struct sql_world *world, struct actor *actor, bool after) {
  const struct sql_fault *fault = fault_of(world, actor, after);
  actor->answer = DG_OK;
  if (!fault) return true;
  if (fault->strike == STRIKE_FAIL) {
    actor->answer = after ? DG_UNKNOWN : fault->status;
    return true;
  }
  world_kill(world, actor, fault->strike == STRIKE_KILL ? PROGRAM_KILLED : PROGRAM_KILLED_LATE);
  return false;
}

static void world_resume(struct sql_world *world, struct actor *actor) {
  if (fiber_resume(actor->fiber)) {
    actor->fiber = NULL;
    actor->state = ACTOR_GONE;
    return;
  }
  if (!world_strike(world, actor, false)) return;
  actor->state = actor->answer == DG_OK ? ACTOR_PERFORMS : ACTOR_READY;
}

static void world_turn(struct sql_world *world, struct actor *actor) {
  world->now = actor->wake;
  if (actor->state == ACTOR_PERFORMS) {
    const int64_t again_ns = actor->perform(actor->argument);
    snprintf(world->log + strlen(world->log), sizeof world->log - strlen(world->log), "%d %s%s\n",
             (int)(actor - world->actors) + 1, actor->name, again_ns ? " ..." : "");
    actor->wake += again_ns ? again_ns : MS;
    if (!again_ns) actor->state = ACTOR_ANSWERED;
    return;
  }
  if (actor->state == ACTOR_ANSWERED && !world_strike(world, actor, true)) return;
  world_resume(world, actor);
}

/* Runs until every handler has returned or died. */
static void world_run(struct sql_world *world) {
  for (;;) {
    struct actor *next = NULL;
    for (size_t i = 0; i < ACTORS_MAX; i++) {
      struct actor *actor = &world->actors[i];
      if (actor->state != ACTOR_GONE && (!next || actor->wake < next->wake)) next = actor;
    }
    if (!next) return;
    world_turn(world, next);
  }
}

static struct sql_world *world_of(struct program *program) {
  struct sql_world *world = calloc(1, sizeof *world);
  ASSERT(world);
  world->program = program;
  world->fibers = fiber_pool_new();
  program_begin(program);
  program->kind->reset(program);
  return world;
}

/* Gives consumer `which` (from 1) operation `id` at a time. */
static void world_give(struct sql_world *world, unsigned which, uint64_t id, int64_t at) {
  struct actor *actor = &world->actors[which - 1];
  struct program *program = world->program;
  if (!actor->process) actor->process = program->kind->start(program, which, false);
  actor->context.api = &world_api.api;
  actor->world = world;
  actor->message = (struct dg_message){.id = id,
                                       .key = 3,
                                       .message_id = id + 100,
                                       .tenant = 1,
                                       .delivery = 1,
                                       .amount = (int64_t)id * 10,
                                       .idempotency_key = id,
                                       .body = "{}",
                                       .body_size = 2};
  actor->state = ACTOR_READY;
  actor->wake = world->now + at;
  actor->calls = 0;
  actor->fiber = fiber_start(world->fibers, actor_run, actor);
}

/* One message, to its end; what the handler returned, or -1 when it died. */
static int world_handle(struct sql_world *world, unsigned which, uint64_t id) {
  world->actors[which - 1].status = -1;
  world_give(world, which, id, 0);
  world_run(world);
  return world->actors[which - 1].process ? world->actors[which - 1].status : -1;
}

/* Ends all processes; what the probe finds, a line each: "op-1 payment 10". Owned by the caller. */
static char *world_end(struct sql_world *world) {
  struct effect_lines lines = {0};
  for (unsigned i = 0; i < ACTORS_MAX; i++)
    if (world->actors[i].process) world_kill(world, &world->actors[i], PROGRAM_OVER);
  world->program->kind->probe(world->program, &lines);
  effect_lines_sort(&lines);
  char *text = calloc(1, lines.count * 128 + 1);
  ASSERT(text);
  for (size_t i = 0; i < lines.count; i++)
    sprintf(text + strlen(text), "%s %s %s\n", lines.items[i].operation, lines.items[i].kind,
            lines.items[i].amount);
  effect_lines_deinit(&lines);
  return text;
}

static void world_free(struct sql_world *world) {
  fiber_pool_free(world->fibers);
  world->program->kind->free(world->program);
  free(world);
}

/* A file of this text. */
static const char *file_of(const char *text, char path[64]) {
  snprintf(path, 64, "/tmp/dgsim-test-XXXXXX");
  const int file = mkstemp(path);
  ASSERT(file >= 0);
  const size_t length = strlen(text);
  ASSERT(write(file, text, length) == (ssize_t)length);
  close(file);
  return path;
}

#endif
