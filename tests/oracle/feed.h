/* Records as a trace would hand them to the ledger. */
#ifndef TESTS_ORACLE_FEED_H
#define TESTS_ORACLE_FEED_H

#include "sim/oracle/ledger.h"
#include "sim/world/fact.h"

/* count: at most TRACE_BLOCK; first: number of the first. */
static inline void feed_ledger(struct ledger *ledger, const struct trace_record *records, size_t count,
                               uint64_t first) {
  uint16_t places[TRACE_BLOCK];
  size_t judged = 0;
  for (size_t i = 0; i < count; i++)
    if (fact_is_judged(records[i].kind)) places[judged++] = (uint16_t)i;
  ledger_sink(ledger, records, places, judged, first);
}

#endif
