#include "sim/cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_colour(void) {
  const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) && !(no_color && no_color[0] != '\0') &&
         !(terminal && strcmp(terminal, "dumb") == 0);
}
