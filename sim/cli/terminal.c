#include "sim/cli/terminal.h"

#include "sim/runner/ranks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_colour(void) {
  const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
  if (ranks_start().launched) return false; /* mpirun gives each rank a terminal, also where its own output is a file */
  return isatty(STDOUT_FILENO) && !(no_color && no_color[0] != '\0') &&
         !(terminal && strcmp(terminal, "dumb") == 0);
}
