/* The user's own program on a consumer: its process, and what messages say to it. */
#include "models/handlers/host_state.h"

#include "sim/world/content.h"

#define CALLS_MAX 10000 /* for one message, once: whoever makes more does not end */

static struct program *program_at(const struct world *world, const struct node *node) {
  return plan_handler(world->plan, node->group)->program;
}

static bool has_program(const struct plan *plan) {
  for (uint32_t i = 0; i < plan_group_count(plan); i++)
    if (plan_handler(plan, i) && plan_handler(plan, i)->program) return true;
  return false;
}

size_t host_program_bytes(const struct plan *plan) {
  return has_program(plan) ? plan->threads * (content_body_room(plan) + 16) : 0;
}

void host_program_start(struct world *world, struct node *node) {
  if (!program_at(world, node)) return;
  struct host *host = host_of(node);
  const size_t room = content_body_room(world->plan);
  for (uint32_t i = 0; i < host->thread_count; i++)
    host->threads[i].body = ARENA_NEW(&node->arena, char, room);
}

/* So many deliveries, and a hundred for each operation more, and it is known what a program does with them: what comes
 * after that is refused without asking it, so that a message that it never takes does not cost real time for ever. */
#define HANDED_MOST 400

/* A process is started with the first message that it gets: also after it has died by itself, as whoever
 * supervises it would. */
void host_program_message(struct world *world, struct node *node, struct thread *thread) {
  struct host *host = host_of(node);
  struct program *program = program_at(world, node);
  const struct content content = content_of(world->plan, thread->intent, thread->message.key);
  struct dg_message *message = &thread->message;
  message->id = content.id;
  message->tenant = content.tenant;
  message->amount = content.amount;
  message->body = thread->body;
  message->body_size = content_body(world->plan, thread->intent, &content, thread->body);
  if (message->message_id == 0) message->message_id = thread->intent;
  if (message->idempotency_key == thread->intent) message->idempotency_key = content.id;
  if (!host->process && program->failure == PROGRAM_NONE)
    host->process = program->kind->start(program, node->index,
                                         world->plan->mixed_versions && node->index % 2 == 0);
  thread->process = host->process;
  thread->handed_most = HANDED_MOST + 100 * world->plan->workload.messages;
  thread->calls = 0;
}

bool host_program_calls(struct thread *thread) {
  if (++thread->calls <= CALLS_MAX) return true;
  return program_fail(thread->handler->program, PROGRAM_CHATTY,
                      "more than %d calls for one message that it was given once: it tries again without end", CALLS_MAX);
}

int host_program_handle(struct thread *thread) {
  struct program *program = thread->handler->program;
  if (!thread->process || program->failure != PROGRAM_NONE) return DG_FAILED;
  if (program->handed++ >= thread->handed_most) return DG_FAILED;
  return program->kind->handle(program, thread->process, &thread->context, &thread->message);
}

void host_program_terminate(struct world *world, struct node *node) {
  struct program *program = program_at(world, node);
  if (program && program->kind->terminate && host_of(node)->process)
    program->kind->terminate(program, host_of(node)->process);
}

static void end(struct world *world, struct node *node, enum program_end how) {
  struct host *host = host_of(node);
  if (!host || !host->process) return;
  struct program *program = program_at(world, node);
  program->kind->end(program, host->process, how);
  host->process = NULL;
}

void host_program_crash(struct world *world, struct node *node) {
  const bool late = node->down_by != NO_FAULT && faults_rules(world, node->down_by)->late.ns > 0;
  end(world, node, node->death == DEATH_EXIT ? PROGRAM_EXITED : late ? PROGRAM_KILLED_LATE : PROGRAM_KILLED);
}

void host_program_over(struct world *world, struct node *node) {
  if (node->alive) end(world, node, PROGRAM_OVER);
}
