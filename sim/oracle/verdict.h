/* Verdicts: what a guarantee's contract says of a run's numbers. */
#ifndef SIM_ORACLE_VERDICT_H
#define SIM_ORACLE_VERDICT_H

#include "sim/oracle/metric.h"
#include "sim/world/claim.h"

#include <stddef.h>

#include <stdint.h>

/* Order = precedence when several are combined: the larger value that stands wins. */
enum verdict { VERDICT_HELD, VERDICT_INCONCLUSIVE, VERDICT_VIOLATED, VERDICT__COUNT };

extern const char *const verdict_names[VERDICT__COUNT];

/* CLAIM_BIT()s of the anomalies that happened and are not allowed. */
uint32_t verdict_violations(const int64_t metrics[METRIC__COUNT], uint32_t allowed);

/* "lost_acked, phantoms"; "none" when empty. */
void verdict_describe(uint32_t anomalies, char *out, size_t size);

#endif
