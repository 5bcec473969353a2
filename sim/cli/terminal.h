/* What the standard output can show. */
#ifndef SIM_CLI_TERMINAL_H
#define SIM_CLI_TERMINAL_H

#include <stdbool.h>

/* A terminal that knows colours, and no NO_COLOR. */
bool terminal_colour(void);

#endif
