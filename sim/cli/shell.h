/* Command lines as text that a shell reads back as the same words. */
#ifndef SIM_CLI_SHELL_H
#define SIM_CLI_SHELL_H

#include "sim/cli/options.h"

/* "dgsim" and the arguments, quoted where needed; passwords in addresses of databases are left out, as what this returns
 * is printed and kept: whoever repeats it has them in PGPASSWORD or ~/.pgpass. malloc'ed. */
char *shell_command(int argc, char *const *argv);

/* "dgsim run FILE --vary … --set …": without seeds and workers, which whoever repeats it adds. malloc'ed. */
char *shell_reproduce(const char *path, const struct options *options);

#endif
