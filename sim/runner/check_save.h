/* Failing cases that are kept: `--save DIR`. Each is a scenario of check_repro.h, DIR/<class>-<anomaly>-<hash>.yaml,
 * and the next check tries it first. One that holds by then is FIXED, and is kept all the same: a regression test.
 * LIMIT: a kept case strikes the n-th call for a message, whatever that is: a program that makes other calls by then
 * may not be reached by it any more, which is said.
 * Whoever wants to forget it deletes the file. */
#ifndef SIM_RUNNER_CHECK_SAVE_H
#define SIM_RUNNER_CHECK_SAVE_H

#include "sim/runner/check.h"

#include <stdbool.h>
#include <stddef.h>

struct check_saved {
  char **paths; /* in the order of their names; owned */
  size_t count;
};
/* What is kept in DIR; nothing where there is no DIR yet. False: a clear error. */
bool check_saved_list(const char *folder, struct check_saved *out, struct err *err);
void check_saved_deinit(struct check_saved *saved);

/* Keeps a case; the same one again is the same file. *out_path says where. False: a clear error. */
bool check_save(const struct scenario *scenario, const struct check_small *small, const char *folder,
                char out_path[512], struct err *err);

#endif
