#include "sim/handler/command_run.h"

#include "sim/base/grow.h"
#include "sim/handler/command_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX (16 * 1024 * 1024)

struct output {
  char *bytes;
  size_t length, capacity;
};

/* Reads until the command has closed its output. NULL, or what is wrong. */
static const char *collect(const struct command_child *child, uint64_t limit_ms, struct output *out) {
  struct command_limit limit = command_limit_new(limit_ms);
  for (;;) {
    GROW(out->bytes, out->capacity, out->length + 4096);
    const ssize_t got = read(child->from, out->bytes + out->length, out->capacity - out->length - 1);
    if (got > 0) out->length += (size_t)got;
    if (out->length > OUTPUT_BYTES_MAX) return "wrote more than 16 MiB";
    if (got == 0) return command_wait_exit(child, limit_ms) ? NULL : "closed its output and did not end";
    if (got > 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return strerror(errno);
    if (command_limit_left(&limit) == 0) return "did not end within the answer limit";
    struct pollfd readable = {.fd = child->from, .events = POLLIN};
    poll(&readable, 1, command_limit_wait(&limit));
  }
}

/* Runs it; false with the failure noted. */
static bool run(struct program *program, const struct program_command *options, char *const *command,
                const char *what, struct output *out) {
  char worker[64], words[COMMAND_WORDS_ROOM], status_text[80];
  struct command_child child;
  snprintf(worker, sizeof worker, PROCESS_WORKER "=%u", options->worker);
  char **environment = command_environment((const char *[]){worker}, 1);
  const int error = command_start(&child, command, environment, NULL, false, options->groups);
  free(environment);
  if (error)
    return program_fail(program, program_not_started(error) == PROGRAM_NO_RESOURCES ? PROGRAM_NO_RESOURCES : PROGRAM_CANNOT_JUDGE, "cannot start the %s command '%s': %s", what, command[0],
                        strerror(error));
  const char *wrong = collect(&child, program->answer_limit_ms, out);
  command_last_words(&child, words, sizeof words);
  const int status = command_end(&child, options->groups);
  command_status_text(status, status_text, sizeof status_text);
  if (!wrong && status == 0) return true;
  return program_fail(program, PROGRAM_CANNOT_JUDGE, "the %s command '%s' %s%s%s", what, command[0],
                      wrong ? wrong : status_text, words[0] ? "; its last words: " : "", words);
}

bool command_run_reset(struct program *program, const struct program_command *options) {
  struct output output = {0};
  const bool done = run(program, options, options->reset, "reset", &output);
  free(output.bytes);
  return done;
}

static bool parse(struct program *program, char *text, struct effect_lines *out) {
  struct err err = {.code = ERR_NONE};
  unsigned number = 0;
  for (char *line; (line = strsep(&text, "\n"));) {
    number++;
    if (!*line && !text) break; /* behind the last newline */
    if (!effect_lines_parse(out, line, &err))
      return program_fail(program, PROGRAM_CANNOT_JUDGE, "line %u of the output of the probe: %s (%s)", number,
                          err.message, err.note);
  }
  return true;
}

bool command_run_probe(struct program *program, const struct program_command *options, struct effect_lines *out) {
  struct output output = {0};
  bool done = run(program, options, options->probe, "probe", &output);
  if (done && memchr(output.bytes, 0, output.length))
    done = program_fail(program, PROGRAM_CANNOT_JUDGE, "the output of the probe is not text");
  if (done) {
    output.bytes[output.length] = '\0';
    done = parse(program, output.bytes, out);
  }
  free(output.bytes);
  return done;
}
