#include "sim/base/assert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local const struct assert_context *current; /* diagnostics only: never read by a run */

static int exit_status;                             /* of the process: said once, before anything runs */

void assert_exit_with(int status) { exit_status = status; }

void assert_context_set(const struct assert_context *context) { current = context; }

void assert_failed(const char *file, int line, const char *expression, const char *detail, ...) {
  const bool memory = errno == ENOMEM;
  fprintf(stderr, "%s:%d: internal error: %s: ", file, line, expression);
  va_list arguments;
  va_start(arguments, detail);
  vfprintf(stderr, detail, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  if (current) {
    if (current->now_ns)
      fprintf(stderr, "  simulated time %lld ns, seed %llu\n", (long long)*current->now_ns,
              (unsigned long long)current->seed);
    if (current->command) fprintf(stderr, "  repeat with: %s\n", current->command);
  }
  if (memory) fputs("  out of memory: a smaller -j or scenario needs less\n", stderr);
  if (exit_status != 0) _exit(exit_status);
  abort();
}
