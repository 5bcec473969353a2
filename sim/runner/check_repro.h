/* A failing case of a check, as a scenario: `dgsim check IT -- COMMAND` tries exactly that case.
 *
 *   operations listed, faults as they strike, the contract as it was given, `cases: declared`
 *
 * There is no handler, which is the user's program, and no `expect`: what is expected is what its own run without
 * faults leaves behind. Commands in it (probe, reset, other_version) are as they were: they are run in the folder
 * that the check is run in. The file of the workload's body is named from where the scenario will stand. */
#ifndef SIM_RUNNER_CHECK_REPRO_H
#define SIM_RUNNER_CHECK_REPRO_H

#include "sim/runner/check.h"

#include <stdio.h>

/* `folder`: where the file will stand; it need not be there yet. `name`: of the scenario. A case of a scenario
 * that declares its case itself has its faults there: it is no use to write it again. */
void check_repro_write(const struct scenario *scenario, const struct check_small *small, const char *folder,
                       const char *name, FILE *out);

/* "killed-lost-acked": class and anomaly, or what the program failed in; fits in 64 bytes. */
void check_repro_name(const struct check_small *small, char *out, size_t size);

#endif
