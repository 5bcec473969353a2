/* A command as a program under test: one process for each consumer, which is told of messages and asks for calls
 * in lines of JSON (command_protocol.h). */
#include "sim/handler/command_run.h"
#include "sim/handler/command_talk.h"
#include "sim/handler/dgsim.h"

#include "sim/base/assert.h"

#include <stdlib.h>

static bool start_process(struct consumer *consumer) {
  if (consumer->terminated || consumer->command->program.failure != PROGRAM_NONE) return false;
  consumer->processes++;
  consumer->numbers = 0;
  return process_start(&consumer->process, consumer->list);
}

static void *start(struct program *program, uint32_t number, bool other_version) {
  struct command *command = (struct command *)program;
  const struct program_command *options = &command->options;
  struct consumer *consumer = calloc(1, sizeof *consumer);
  ASSERT(consumer);
  consumer->command = command;
  consumer->list = other_version && options->other_command ? options->other_command : options->command;
  consumer->process = (struct process){.program = program, .groups = options->groups, .child = COMMAND_NONE,
                                       .server = command->server, .worker = options->worker, .consumer = number};
  return consumer;
}

static int handle(struct program *program, void *process, struct dg_context *context,
                  const struct dg_message *message) {
  struct consumer *consumer = process;
  struct talk *talk = talk_begin(consumer);
  for (;;) {
    if (!process_running(&consumer->process) && !start_process(consumer)) break;
    int status;
    command_trim_errors(&consumer->process.child);
    const enum news news = talk_about(consumer, talk, context, message, &status);
    if (news == NEWS_LINE) return talk_end(talk, status);
    if (news == NEWS_LOST) break;
  }
  (void)program;
  return talk_end(talk, DG_FAILED);
}

static void terminate(struct program *program, void *process) {
  (void)program;
  struct consumer *consumer = process;
  consumer->terminated = true;
  process_terminate(&consumer->process);
}

/* When the run is over, what is left is killed at once: all messages are done or given up, so that nothing is
 * waited for that it still might do, and a run is as quick as it can be. */
static void end(struct program *program, void *process, enum program_end how) {
  (void)program;
  struct consumer *consumer = process;
  if (how == PROGRAM_EXITED) process_let_exit(&consumer->process);
  process_end(&consumer->process, how, NULL, 0);
  process_free(&consumer->process);
  talks_free(consumer);
  free(consumer);
}

static void begin(struct program *program) {
  struct command *command = (struct command *)program;
  values_forget(&command->values);
  if (command->server) proxy_server_settle(command->server);
}

static const char *word(struct program *program, uint64_t number) {
  return values_word(&((struct command *)program)->values, number);
}

static bool reset(struct program *program) {
  struct command *command = (struct command *)program;
  if (command->server) proxy_server_settle(command->server);
  return !command->options.reset || command_run_reset(program, &command->options);
}

static bool probe(struct program *program, struct effect_lines *out) {
  struct command *command = (struct command *)program;
  if (command->server) proxy_server_settle(command->server);
  return !command->options.probe || command_run_probe(program, &command->options, out);
}

static void free_command(struct program *program) {
  struct command *command = (struct command *)program;
  values_deinit(&command->values);
  proxy_server_free(command->server);
  free(command);
}

static const struct program_kind kind = {
    .name = "command", .begin = begin, .word = word, .start = start, .end = end, .terminate = terminate,
    .handle = handle, .reset = reset, .probe = probe, .free = free_command,
};

struct program *program_of_command(const struct program_command *options, struct err *err) {
  if (!options->command || !options->command[0])
    return err_set(err, ERR_USAGE, "there is no command to run"), NULL;
  struct proxy_server *server = NULL;
  if (options->proxy && !(server = proxy_server_new(options->proxy, options->answer_limit_ms, err))) return NULL;
  struct command *command = calloc(1, sizeof *command);
  ASSERT(command);
  *command = (struct command){.program = {.kind = &kind, .answer_limit_ms = options->answer_limit_ms},
                              .options = *options, .server = server};
  return &command->program;
}
