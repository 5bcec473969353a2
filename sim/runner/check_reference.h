/* What a user's program does when nothing goes wrong: the reference that cases are judged by. */
#ifndef SIM_RUNNER_CHECK_REFERENCE_H
#define SIM_RUNNER_CHECK_REFERENCE_H

#include "sim/runner/check_worker.h"

/* A world with these operations of the scenario's only (NULL: all), and no reference yet. Without luck, and
 * without the file's own faults. check_world_free frees it. */
struct check_world *check_world_new(const struct scenario *scenario, const struct check_options *options,
                                    const uint64_t *only, unsigned only_count);
void check_world_free(struct check_world *world);

/* The clean runs of the plan: fills the reference and *out_clean (owned by the caller: places of the first run).
 * *out_failure is set, and false returned, where there is nothing to judge by; *err where no worker could begin. */
bool check_reference(struct check_world *world, struct check_answer *out_clean, struct check_failure *out_failure,
                     bool *out_unjudged, struct err *err);

/* Likewise of a variant, which is judged. */
bool check_reference_variant(struct check_world *world, enum variant variant, struct check_answer *out_clean,
                             struct err *err);

/* One case after its references. False: no worker could begin. */
bool check_one(struct check_world *world, const struct check_case *what, struct check_outcome *out,
               struct err *err);

#endif
