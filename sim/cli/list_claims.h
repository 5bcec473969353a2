/* dgsim list claims: every claim, its scenarios, what is expected of their rows, and what is measured. */
#ifndef SIM_CLI_LIST_CLAIMS_H
#define SIM_CLI_LIST_CLAIMS_H

#include "sim/cli/commands.h"

/* `folder`: NULL = scenarios/claims. STATUS_VIOLATED when a row comes out otherwise, a claim lacks rows, or a
 * scenario is named nowhere; STATUS_USAGE with *err set. */
enum status list_claims(const struct registry *registry, const char *folder, struct err *err);

#endif
