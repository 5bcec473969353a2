/* Lines of JSON that a program writes: read, and answered in every way that an answer can be. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/handler/command_protocol.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>
#include <string.h>

static void answer(struct values *values, const struct protocol_line *line) {
  static const int statuses[] = {DG_OK, DG_NOT_FOUND, DG_EXISTS, DG_CONFLICT, DG_UNKNOWN, DG_FAILED};
  const int64_t results[] = {0, INT64_MIN, INT64_MAX, line->arguments.value, (int64_t)line->arguments.key};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
    for (size_t j = 0; j < sizeof results / sizeof *results; j++) {
      char *text = protocol_answer(values, line, statuses[i], results[j]);
      ASSERT(text && !strchr(text, '\n'));
      free(text);
    }
  values_word(values, line->arguments.key);
}

void fuzz_protocol(const uint8_t *data, size_t size) {
  struct values values = {0};
  char *text = fuzz_text(data, size), *rest = text;
  for (char *line; (line = strsep(&rest, "\n"));) {
    struct protocol_line read;
    struct err err = {0};
    if (!protocol_read(&values, line, &read, &err)) {
      ASSERT(err.message[0]);
      continue;
    }
    if (read.kind == LINE_CALL) answer(&values, &read);
    protocol_line_release(&read);
  }
  values_deinit(&values);
  free(text);
}
