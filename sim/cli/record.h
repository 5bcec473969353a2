/* A trace record in words, from the tables of sim/world/fact.h. */
#ifndef SIM_CLI_RECORD_H
#define SIM_CLI_RECORD_H

#include "sim/kernel/trace.h"

#include <stdio.h>

/* One line: number, time, node, what happened, to which operation. */
void record_print(const struct trace_record *record, uint64_t number, FILE *out);

#endif
