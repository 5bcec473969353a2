#include "sim/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local const struct assert_context *current; /* diagnostics only: never read by a run */

void assert_context_set(const struct assert_context *context) { current = context; }

void assert_failed(const char *file, int line, const char *expression, const char *detail, ...) {
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
  abort();
}
