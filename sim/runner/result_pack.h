/* A run's result as bytes, the same on every machine: a row of a journal, an answer to another process.
 * Everything that a campaign's files are made from is in it; numbers only (sim/base/bytes.h).
 *
 * [P1] What result_unpack gives is what result_pack was given, wall time to the nanosecond.
 * [P2] Bytes that no run of this plan could have left are refused, and read nothing out of bounds.
 */
#ifndef SIM_RUNNER_RESULT_PACK_H
#define SIM_RUNNER_RESULT_PACK_H

#include "sim/base/bytes.h"
#include "sim/runner/result.h"
#include "sim/world/plan.h"

/* Appends to *bytes. `plan` is that of result->row. */
void result_pack(const struct run_result *result, const struct plan *plan, struct bytes *bytes);

/* Reads to the reader's end into *out, which is then to be given to run_result_deinit; row and seed are the
 * caller's to fill in. False: these are no such bytes, and there is nothing to free. */
bool result_unpack(struct bytes_reader *reader, const struct plan *plan, struct run_result *out);

#endif
