/* manifest.json: what made these files, and how to make them again. The only file in which the number
 * of workers, the machine and the wall clock appear. */
#ifndef SIM_RUNNER_MANIFEST_H
#define SIM_RUNNER_MANIFEST_H

#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stdio.h>

/* False: a write failed. */
bool manifest_write(const struct campaign *campaign, const char *version, FILE *file);

#endif
