/* Words of a command line, one a line; the first byte says of which command. What was understood is printed as the
 * command that repeats it. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/cli/commands.h"
#include "sim/cli/shell.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 40

void fuzz_options(const uint8_t *data, size_t size) {
  char *words[WORDS_MAX + 1];
  int count = 0;
  if (size == 0) return;
  const struct command *command = &commands[data[0] % command_count];
  char *text = fuzz_text(data + 1, size - 1), *rest = text;
  words[count++] = (char *)(uintptr_t)command->name;
  for (char *word; count < WORDS_MAX && (word = strsep(&rest, "\n"));) words[count++] = word;
  words[count] = NULL;
  struct options options;
  struct err err = {0};
  char *shell = shell_command(count, words);
  for (const char *at = shell; *at; at++) ASSERT_MSG((unsigned char)*at >= ' ', "a control character in: %s", shell);
  free(shell);
  if (options_parse(command->options, count, words, &options, &err))
    free(shell_reproduce("fuzz.yaml", &options));
  else
    fuzz_check_error(&err);
  options_free(&options);
  free(text);
}
