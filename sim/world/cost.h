/* Prices of the work of servers and stores, in modelled time: what makes throughput. One table, keys
 * under `costs` in a scenario. Committed with their sources before any ordering was computed. */
#ifndef SIM_WORLD_COST_H
#define SIM_WORLD_COST_H

#include "sim/base/schema.h"

enum cost {
  COST_BROKER_REQUEST,     /* time: CPU of a broker for one request */
  COST_BROKER_PER_KIB,     /* time: more CPU for each KiB appended or sent */
  COST_BROKER_REPLICATION, /* time: from append to committed, when the client waits for it */
  COST_BROKER_FLUSH,       /* time: one flush of a broker's disk, where it flushes; what comes meanwhile shares the next */
  COST_DATABASE_STATEMENT, /* time: CPU of a database for one statement */
  COST_DATABASE_COMMIT,    /* time: one flush of the write-ahead log; commits meanwhile share the next */
  COST_CACHE_REQUEST,      /* time: the one thread of a cache for one request */
  COST_CACHE_FLUSH,        /* time: one flush of a cache's log */
  COST__COUNT
};

extern const struct key cost_keys[COST__COUNT];

#endif
