#include "sim/world/cost.h"

/* Defaults come from published measurements of ordinary servers, rounded to one digit; where none is
 * solid the source begins with "assumption:". They were fixed before any ordering of guarantees was
 * computed, and are never tuned towards one: who doubts a price sets its key or sweeps it, and the
 * report then says where the ordering turns. A change here changes digests and says why.
 *
 * The network is not in this table: it is the latency of the links.
 * LIMIT: a price is constant: no page-cache misses, garbage collections or checkpoints.
 */
#define FLUSH_SOURCE                                                                               \
  "pg_test_fsync, fdatasync of one 8 kB write: 706us Samsung 970 EVO Plus, 696us "                 \
  "Corsair MP600, 30us Optane 900P (Klaus, 2020); 1643us Samsung 990 PRO (Poder, 2025)"
#define PRICE_MAX_NS INT64_C(3600000000000) /* an hour: a price times a size stays within 64 bits */

const struct key cost_keys[COST__COUNT] = {
    [COST_BROKER_REQUEST] =
        {
            .name = "broker_request",
            .type = VALUE_TIME,
            .value_default = "20us",
            .max = PRICE_MAX_NS,
            .help = "CPU time of a broker for one request, whatever its size",
            .source =
                "assumption: twice the 9us of a single-threaded server (Redis 2.2, \"How fast is "
                "Redis?\": 110000 SET/s), as a broker passes a request between two threads",
        },
    [COST_BROKER_PER_KIB] =
        {
            .name = "broker_per_kib",
            .type = VALUE_TIME,
            .value_default = "1us",
            .max = PRICE_MAX_NS,
            .help = "further CPU time of a broker for each KiB that it appends or sends",
            .source =
                "assumption: four passes over memory (receive, checksum, append, send) at 250us "
                "for 1 MB (Dean, \"Numbers everyone should know\", 2009)",
        },
    [COST_BROKER_REPLICATION] =
        {
            .name = "broker_replication",
            .type = VALUE_TIME,
            .value_default = "2ms",
            .max = PRICE_MAX_NS,
            .help = "time from append to committed on all in-sync replicas, when the client waits "
                    "for it",
            .source =
                "Kreps, \"Benchmarking Apache Kafka: 2 million writes per second\" (2014): 2ms "
                "median, 3ms p99 from producer to consumer, who sees committed records only",
        },
    [COST_BROKER_FLUSH] =
        {
            .name = "broker_flush",
            .type = VALUE_TIME,
            .value_default = "700us",
            .max = PRICE_MAX_NS,
            .help = "one flush of a broker's disk, where it waits for that; what comes meanwhile "
                    "shares the next",
            .source = FLUSH_SOURCE,
        },
    [COST_DATABASE_STATEMENT] =
        {
            .name = "database_statement",
            .type = VALUE_TIME,
            .value_default = "50us",
            .max = PRICE_MAX_NS,
            .help = "CPU time of a database for one prepared single-row statement",
            .source =
                "pgbench -S --protocol=prepared, PostgreSQL 13, one local client: 46us a statement "
                "(dgapitts, pg-ora-demo-scripts, pgbench-prepared-statements)",
        },
    [COST_DATABASE_COMMIT] =
        {
            .name = "database_commit",
            .type = VALUE_TIME,
            .value_default = "700us",
            .max = PRICE_MAX_NS,
            .help = "one flush of the write-ahead log; commits that come meanwhile share the next",
            .source = FLUSH_SOURCE,
        },
    [COST_CACHE_REQUEST] =
        {
            .name = "cache_request",
            .type = VALUE_TIME,
            .value_default = "9us",
            .max = PRICE_MAX_NS,
            .help = "time that the one thread of a cache spends on one request",
            .source = "\"How fast is Redis?\": redis-benchmark without pipelining, 110000 SET/s and GET/s "
                      "of one server: 9us",
        },
    [COST_CACHE_FLUSH] =
        {
            .name = "cache_flush",
            .type = VALUE_TIME,
            .value_default = "700us",
            .max = PRICE_MAX_NS,
            .help = "one flush of a cache's log of writes",
            .source = FLUSH_SOURCE,
        },
};
