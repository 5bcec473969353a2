/* One run of a user's program, inside of a worker: plan, run, probe, judgement. */
#ifndef SIM_RUNNER_CHECK_EXECUTE_H
#define SIM_RUNNER_CHECK_EXECUTE_H

#include "sim/runner/check_worker.h"

struct check_executor;

/* `program` is borrowed. */
struct check_executor *check_executor_new(const struct check_world *world, struct program *program);
void check_executor_free(struct check_executor *executor);
void check_execute(struct check_executor *executor, const struct check_request *request,
                   struct check_answer *out);

#endif
