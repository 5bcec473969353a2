/* The kind of a program that is a shared object. It runs in this very process: so the tool starts it in
 * workers that it forks, and tries it out in a child before. */
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"
#include "sim/handler/plugin_copy.h"
#include "sim/handler/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY_OUT_S 10 /* wall-clock, for loading and for the constructors */

struct plugin {
  struct program program;
  bool has_other;
  struct plugin_image images[2];  /* this version, the other one */
  struct plugin_copy **copies[2]; /* by consumer; NULL = not yet loaded */
  size_t capacity[2];
};

static struct plugin *plugin_of(struct program *program) { return (struct plugin *)program; }

/* --- Its processes --- */

/* A process is the consumer's copy: one at a time. */
static void *start(struct program *program, uint32_t consumer, bool other_version) {
  struct plugin *plugin = plugin_of(program);
  const int version = other_version && plugin->has_other;
  GROW(plugin->copies[version], plugin->capacity[version], (size_t)consumer + 1);
  struct plugin_copy **copy = &plugin->copies[version][consumer];
  if (!*copy) {
    struct err err = {0};
    *copy = plugin_copy_open(&plugin->images[version], &err);
    if (!*copy) {
      program_fail(program, PROGRAM_NOT_STARTED, "%s", err.message);
      return NULL;
    }
  }
  plugin_copy_begin(*copy);
  return *copy;
}

/* However it ends: what it had is forgotten when it is started again. */
static void end(struct program *program, void *process, enum program_end how) {
  (void)program, (void)process, (void)how;
}

static int handle(struct program *program, void *process, struct dg_context *context,
                  const struct dg_message *message) {
  (void)program;
  int status = plugin_copy_plugin(process)->handle(context, message);
  return status >= DG_OK && status <= DG_MISMATCH ? status : DG_FAILED; /* -1 and the like */
}

static void free_plugin(struct program *program) {
  struct plugin *plugin = plugin_of(program);
  for (int i = 0; i < 2; i++) {
    for (size_t j = 0; j < plugin->capacity[i]; j++) plugin_copy_close(plugin->copies[i][j]);
    free(plugin->copies[i]);
    plugin_image_deinit(&plugin->images[i]);
  }
  free(plugin);
}

static const struct program_kind kind = {
    .name = "plugin", .start = start, .end = end, .handle = handle, .free = free_plugin};

/* --- Trying it out --- */

static _Noreturn void try_out_here(const struct plugin_image *image, int answer) {
  struct err err = {0};
  dup2(STDERR_FILENO, STDOUT_FILENO);
  signal(SIGALRM, SIG_DFL);
  alarm(TRY_OUT_S);
  struct plugin_copy *copy = plugin_copy_open(image, &err);
  if (copy) plugin_copy_begin(copy);
  ssize_t put = write(answer, &err, sizeof err);
  _exit(put == (ssize_t)sizeof err ? 0 : 1);
}

static bool explain_end(const struct plugin_image *image, int status, struct err *err) {
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (number == SIGALRM)
    err_set(err, ERR_LIMIT, "'%s' was not loaded within %d s", image->path, TRY_OUT_S);
  else if (number)
    err_set(err, ERR_FORMAT, "'%s' ended the process that loaded it: %s", image->path, strsignal(number));
  else
    err_set(err, ERR_FORMAT, "'%s' ended the process that loaded it with exit status %d", image->path,
            WEXITSTATUS(status));
  return err_note(err, "its constructors do that, or those of a library that it is linked with");
}

/* Loads it and runs its constructors, once, in a child: whatever they do, the tool goes on. */
static bool try_out(const struct plugin_image *image, struct err *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return err_set(err, ERR_IO, "no pipe: %s", strerror(errno));
  fflush(NULL); /* it might print it again */
  pid_t child = fork();
  if (child == 0) try_out_here(image, ends[1]);
  close(ends[1]);
  struct err answer = {0};
  ssize_t got = 0;
  int status = 0;
  if (child > 0) {
    do got = read(ends[0], &answer, sizeof answer); /* written at once: less than PIPE_BUF */
    while (got < 0 && errno == EINTR);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  }
  close(ends[0]);
  if (child < 0) return err_set(err, ERR_IO, "no process to try '%s' in: %s", image->path, strerror(errno));
  if (got != (ssize_t)sizeof answer) return explain_end(image, status, err);
  if (answer.code == ERR_NONE) return true;
  err_set(err, answer.code, "%s", answer.message);
  return err_note(err, "%s", answer.note);
}

static bool take(struct plugin_image *image, const char *path, struct err *err) {
  return plugin_image_read(image, path, err) && try_out(image, err);
}

struct program *program_of_plugin(const struct program_plugin *options, struct err *err) {
  struct plugin *plugin = calloc(1, sizeof *plugin);
  ASSERT(plugin);
  plugin->program.kind = &kind;
  plugin->has_other = options->other_path != NULL;
  if (take(&plugin->images[0], options->path, err) &&
      (!plugin->has_other || take(&plugin->images[1], options->other_path, err)))
    return &plugin->program;
  free_plugin(&plugin->program);
  return NULL;
}
