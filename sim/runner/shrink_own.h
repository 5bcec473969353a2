/* Making a violation small in its own world: topology, luck, seed, and the faults as they are declared, with
 * fewer and fewer operations. For what no placed fault shows: a disk that lies, an election, time that runs
 * out, work that takes too long.
 *
 *   one operation, the suspect first, then each of the run; then two, then three that follow each other, in
 *   all or about one key; then those that the faults name, with any other. What is left keeps its id, and
 *   with it its time and its luck. A link that loses counts as a fault.
 *
 * LIMIT: only for at most SHRINK_FAULTS_MAX faults, each of which begins once, and without a swarm, files
 *        beside the scenario, or a workload that waits for itself: there one operation has another fate.
 */
#ifndef SIM_RUNNER_SHRINK_OWN_H
#define SIM_RUNNER_SHRINK_OWN_H

#include "sim/runner/shrink.h"

/* `plan`: the violation's, with the faults that are needed and no others. Fills out->own_world, plan,
 * intents, kept and count when it returns true; out->executed grows either way. */
bool shrink_own(const struct shrink_case *violation, const struct plan *plan, struct run *run,
                const char *command, struct shrunk *out);

#endif
