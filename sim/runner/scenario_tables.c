#include "sim/runner/scenario_tables.h"

#include "sim/world/cost.h"
#include "sim/world/plan.h"

#define AS_TEXT_(number) #number
#define AS_TEXT(number) AS_TEXT_(number)

/* Name, type, default, choices, min, max, help, source. */
static const struct key top_keys[TOP__COUNT] = {
    [TOP_FORMAT] = {"format", VALUE_COUNT, NULL, NULL, 1, 1, "of the language; the first key",
                    NULL},
    [TOP_NAME] = {"name", VALUE_OTHER, "", "name", 0, 0,
                  "folder in results/ (default: the file's base name)", NULL},
    [TOP_ABOUT] = {"about", VALUE_OTHER, "", "text", 0, 0, "what the experiment shows", NULL},
    [TOP_SEEDS] = {"seeds", VALUE_COUNT, "1", NULL, 1, 1000000,
                   "200 = seeds 1 to 200; a list gives the seeds", NULL},
    [TOP_PRECISION] = {"precision", VALUE_OTHER, "", "map", 0, 0,
                       "METRIC: share…: ends before the last seed, when so much is half the 95 % interval in every row", NULL},
    [TOP_LUCK] = {"luck", VALUE_ENUM, "drawn", "drawn none", 0, 0,
                  "none: only declared faults happen, every distribution is its median", NULL},
    [TOP_SWARM] = {"swarm", VALUE_BOOL, "false", NULL, 0, 0,
                   "each seed draws which of the faults it has, and how dense they come", NULL},
    [TOP_MEASURE_CAPACITY] = {"measure_capacity", VALUE_BOOL, "true", NULL, 0, 0,
                              "a short saturated phase without faults for each row", NULL},
    [TOP_DRAIN_LIMIT] =
        {"drain_limit", VALUE_TIME, "", NULL, 1, SCHEMA_TIME_MAX_NS,
         "what is not drained so long after the last heal is stuck (default: twice the "
         "longest timeout of the row)",
         NULL},
    [TOP_DRAIN_EVENTS] = {"drain_events", VALUE_COUNT, AS_TEXT(PLAN_DRAIN_EVENTS), NULL, 1, INT64_C(1000000000000000),
                          "likewise what is not drained after so many events: a livelock costs no more than that", NULL},
    [TOP_WORKLOAD] = {"workload", VALUE_OTHER, "", "map", 0, 0, "what arrives, and when", NULL},
    [TOP_TOPOLOGY] = {"topology", VALUE_OTHER, "", "map", 0, 0, "how many of each", NULL},
    [TOP_GROUPS] = {"groups", VALUE_OTHER, "", "map", 0, 0,
                    "instead of topology's consumers: groups by name, each gets every operation", NULL},
    [TOP_LINKS] = {"links", VALUE_OTHER, "", "map", 0, 0,
                   "what the network does, by link; `default` is for all of them", NULL},
    [TOP_COSTS] = {"costs", VALUE_OTHER, "", "map", 0, 0, "what work costs servers", NULL},
    [TOP_SYSTEM] = {"system", VALUE_OTHER, "", "model", 0, 0,
                    "the delivery system of every row that names no other", NULL},
    [TOP_HANDLER] = {"handler", VALUE_OTHER, "", "model", 0, 0,
                     "what the consumer does with a message (default: the system's)", NULL},
    [TOP_DATABASE] = {"database", VALUE_OTHER, "", "model", 0, 0,
                      "where effects are kept (default: the first of the table)", NULL},
    [TOP_CACHE] = {"cache", VALUE_OTHER, "", "model", 0, 0,
                   "where handlers keep marks that expire (default: the first of the table)", NULL},
    [TOP_PROVIDER] = {"provider", VALUE_OTHER, "", "model", 0, 0,
                      "the external service that handlers call (default: the first of the table)", NULL},
    [TOP_CLIENT] = {"client", VALUE_OTHER, "", "model", 0, 0,
                    "the application above the producers (default: none, it submits once)", NULL},
    [TOP_PUBLISHER] = {"publisher", VALUE_OTHER, "", "model", 0, 0,
                       "how producers have an operation in their database and publish it (default: direct, "
                       "they only publish)", NULL},
    [TOP_COMPARE] = {"compare", VALUE_OTHER, "", "list", 0, 0,
                     "rows: systems' names, or {label, slots}", NULL},
    [TOP_FAULTS] = {"faults", VALUE_OTHER, "", "list", 0, 0,
                    "what goes wrong: timing, one verb, its keys", NULL},
    [TOP_SWEEP] = {"sweep", VALUE_OTHER, "", "map", 0, 0,
                   "PATH: [values…], paths as of --set: every row at every point of the grid", NULL},
    [TOP_EXPECT] = {"expect", VALUE_OTHER, "", "list", 0, 0,
                    "statements: {row, group, where, about, METRIC: bound …}", NULL},
    [TOP_CHECK] = {"check", VALUE_OTHER, "", "map", 0, 0,
                   "for `dgsim check`: what the broker may do to a consumer of the user's, and how it is judged",
                   NULL},
};

static const struct key workload_keys[WORKLOAD__COUNT] = {
    [WORKLOAD_MESSAGES] = {"messages", VALUE_COUNT, "1000", NULL, 1, INT64_C(1000000000000),
                           "operations; of messages, rate and for, two may be given (of a check: 5)", NULL},
    [WORKLOAD_FOR] = {"for", VALUE_TIME, "", NULL, 1, SCHEMA_TIME_MAX_NS,
                      "how long operations arrive (messages / rate)", NULL},
    [WORKLOAD_RATE] = {"rate", VALUE_RATE, "1000/s", NULL, 1,
                       INT64_C(100000000) * SCHEMA_RATE_SCALE, "arrivals (of a check: 10/s)", NULL},
    [WORKLOAD_OUTSTANDING] = {"outstanding", VALUE_COUNT, "", NULL, 1, 1000000,
                              "instead of rate: so many operations are open at any time", NULL},
    [WORKLOAD_ARRIVALS] = {"arrivals", VALUE_ENUM, "poisson", "poisson steady", 0, 0,
                           "random, or evenly spaced; {file: X.csv}: as its rows say", NULL},
    [WORKLOAD_INTENTS] = {"intents", VALUE_OTHER, "", "list", 0, 0,
                          "instead of messages, rate and for: every operation by itself", NULL},
    [WORKLOAD_KEYS] = {"keys", VALUE_COUNT, "100", NULL, 1, 100000000,
                       "so many different keys, equally likely (of intents: the largest)", NULL},
    [WORKLOAD_SIZE] = {"size", VALUE_SIZE, "1KiB", NULL, 0, INT64_C(1) << 30,
                       "of a message; none is too large, where SQS takes 1 MiB, a Kafka producer 1 MiB "
                       "(max.request.size) and RabbitMQ 16 MiB (max_message_size) unless it is told otherwise",
                       NULL},
    [WORKLOAD_OPERATION] = {"operation", VALUE_ENUM, "increment", OPERATION_WORDS, 0, 0,
                            "what the handler does to the row of the key", NULL},
    [WORKLOAD_SERVICE_TIME] = {"service_time", VALUE_DISTRIBUTION, "1ms", NULL, 0, 0,
                               "the handler's own work on one message", NULL},
    [WORKLOAD_BODY] = {"body", VALUE_OTHER, "", "file", 0, 0,
                       "{file: X}: what messages say to a program of the user's; {intent} {key} {account} "
                       "{amount} {tenant} are filled in (default: account and amount, as JSON)",
                       NULL},
};

static const struct key intent_keys[INTENT_KEY__COUNT] = {
    [INTENT_ID] = {"id", VALUE_COUNT, "", NULL, 1, INT64_C(1000000000000),
                   "keys its luck; rises (default: its place in the list, from 1)", NULL},
    [INTENT_AT] = {"at", VALUE_TIME, NULL, NULL, 0, SCHEMA_TIME_MAX_NS,
                   "when it arrives; never falls", NULL},
    [INTENT_KEY] = {"key", VALUE_COUNT, "1", NULL, 1, 100000000, "a number from 1", NULL},
    [INTENT_OPERATION] = {"operation", VALUE_ENUM, "", OPERATION_WORDS, 0, 0,
                          "default: the workload's", NULL},
    [INTENT_SIZE] = {"size", VALUE_SIZE, "", NULL, 0, INT64_C(1) << 30, "default: the workload's",
                     NULL},
    [INTENT_SERVICE_TIME] = {"service_time", VALUE_DISTRIBUTION, "", NULL, 0, 0,
                             "default: the workload's", NULL},
    [INTENT_PRODUCER] = {"producer", VALUE_COUNT, "", NULL, 1, PLAN_NODES_MAX,
                         "2 = producer.2 (default: drawn by its id)", NULL},
};

static const struct key topology_keys[TOPOLOGY__COUNT] = {
    [TOPOLOGY_CLIENTS] = {"clients", VALUE_COUNT, "0", NULL, 0, PLAN_NODES_MAX,
                          "callers of producers", NULL},
    [TOPOLOGY_PRODUCERS] = {"producers", VALUE_COUNT, "1", NULL, 1, PLAN_NODES_MAX,
                            "processes that publish", NULL},
    [TOPOLOGY_BROKERS] = {"brokers", VALUE_COUNT, "1", NULL, 1, PLAN_NODES_MAX, "servers", NULL},
    [TOPOLOGY_PARTITIONS] = {"partitions", VALUE_COUNT, "3", NULL, 1, PLAN_PARTITIONS_MAX,
                             "of the topic, where the system has them", NULL},
    [TOPOLOGY_CONSUMERS] = {"consumers", VALUE_COUNT, "2", NULL, 1, PLAN_NODES_MAX,
                            "processes of the consumer group", NULL},
    [TOPOLOGY_THREADS] = {"threads", VALUE_COUNT, "1", NULL, 1, 10000,
                          "handlers at work at once in a consumer", NULL},
    [TOPOLOGY_RELAYS] = {"relays", VALUE_COUNT, "0", NULL, 0, PLAN_NODES_MAX,
                         "processes that publish from an outbox (default: 1 where a row has one)", NULL},
    [TOPOLOGY_CORES] = {"cores", VALUE_COUNT, "1", NULL, 1, PLAN_CORES_MAX, "of each server", NULL},
};

static const struct key group_keys[GROUP_KEY__COUNT] = {
    [GROUP_CONSUMERS] = {"consumers", VALUE_COUNT, "1", NULL, 1, PLAN_NODES_MAX,
                         "processes of this group: NAME.1, NAME.2 …", NULL},
    [GROUP_HANDLER] = {"handler", VALUE_OTHER, "", "model", 0, 0,
                       "what they do with a message (default: the row's)", NULL},
    [GROUP_SERVICE_TIME] = {"service_time", VALUE_DISTRIBUTION, "", NULL, 0, 0,
                            "of this group's handlers (default: the workload's)", NULL},
};

static const struct key link_keys[LINK_KEY__COUNT] = {
    [LINK_KEY_KIND] = {"kind", VALUE_ENUM, "", "connection per-request datagram", 0, 0,
                       "the system's, where it leaves a choice", NULL},
    [LINK_KEY_LATENCY] =
        {"latency", VALUE_DISTRIBUTION, "lognormal median=1ms p99=5ms", NULL, 0, 0,
         "each way; to databases and caches, between brokers and to controllers, in one rack: "
         "lognormal median=100us p99=500us",
         NULL},
    [LINK_KEY_LOSS] = {"loss", VALUE_SHARE, "0%", NULL, 0, SCHEMA_SHARE_SCALE,
                       "of each transmission, both ways", NULL},
    [LINK_KEY_REQUEST_LOSS] = {"request_loss", VALUE_SHARE, "", NULL, 0, SCHEMA_SHARE_SCALE,
                               "one way, instead of loss", NULL},
    [LINK_KEY_REPLY_LOSS] = {"reply_loss", VALUE_SHARE, "", NULL, 0, SCHEMA_SHARE_SCALE,
                             "the other way, instead of loss", NULL},
    [LINK_KEY_DUPLICATION] = {"duplication", VALUE_SHARE, "0%", NULL, 0, SCHEMA_SHARE_SCALE,
                              "of datagrams", NULL},
    [LINK_KEY_REORDERING] = {"reordering", VALUE_SHARE, "0%", NULL, 0, SCHEMA_SHARE_SCALE,
                             "of datagrams", NULL},
    [LINK_KEY_BANDWIDTH] = {"bandwidth", VALUE_BANDWIDTH, "", NULL, 1, INT64_C(1) << 50,
                            "each way (default: without limit)", NULL},
};

static const struct key check_keys[CHECK_KEY__COUNT] = {
    [CHECK_KEY_DELIVERY] = {"delivery", VALUE_OTHER, "", "map", 0, 0,
                            "the contract: what is outside of it is not tried", NULL},
    [CHECK_KEY_PROBE] = {"probe", VALUE_OTHER, "", "list", 0, 0,
                         "a command that prints what the consumer's own stores hold: operation, kind and "
                         "amount, with tabs between",
                         NULL},
    [CHECK_KEY_RESET] = {"reset", VALUE_OTHER, "", "list", 0, 0,
                         "a command that empties the consumer's own stores, before each case", NULL},
    [CHECK_KEY_OTHER_VERSION] = {"other_version", VALUE_OTHER, "", "list", 0, 0,
                                 "the consumer's version before or after: a command, a shared object or a file of SQL",
                                 NULL},
    [CHECK_KEY_IGNORE] = {"ignore", VALUE_OTHER, "", "list", 0, 0,
                          "kinds of lines (tables) that are bookkeeping: not compared", NULL},
    [CHECK_KEY_ANSWER_LIMIT] = {"answer_limit", VALUE_TIME, "10s", NULL, NS_PER_MS, 3600 * NS_PER_S,
                                "of real time: longer without an answer, and the program is hung", NULL},
    [CHECK_KEY_PAIRS] = {"pairs", VALUE_COUNT, "500", NULL, 0, UINT32_MAX,
                         "so many pairs of faults are tried after all single ones", NULL},
    [CHECK_KEY_CASES] = {"cases", VALUE_ENUM, "all", "all declared", 0, 0,
                         "declared: the faults of the file and nothing else, as one case", NULL},
    [CHECK_KEY_VARIANT] = {"variant", VALUE_ENUM, "none", "none twins other-tenant changed-payload poison", 0, 0,
                           "of a declared case: what the second operation says", NULL},
    [CHECK_KEY_MIXED_VERSIONS] = {"mixed_versions", VALUE_BOOL, "false", NULL, 0, 0,
                                  "of a declared case: consumers of an even number run other_version", NULL},
};

static const struct key delivery_keys[DELIVERY__COUNT] = {
    [DELIVERY_REDELIVERY_HORIZON] = {"redelivery_horizon", VALUE_TIME, "24h", NULL, 0, SCHEMA_TIME_MAX_NS,
                                     "no copy comes later than this after the first; 0s: none after success", NULL},
    [DELIVERY_CONCURRENT_DELIVERY] = {"concurrent_delivery", VALUE_BOOL, "true", NULL, 0, 0,
                                      "two consumers may have one message at once", NULL},
    [DELIVERY_REORDER] = {"reorder", VALUE_BOOL, "true", NULL, 0, 0, "messages may come out of order", NULL},
    [DELIVERY_BATCH] = {"batch", VALUE_COUNT, "1", NULL, 1, 10000,
                        "messages that a consumer has at once: the topology's threads", NULL},
    [DELIVERY_ACK] = {"ack", VALUE_ENUM, "single", "single cumulative", 0, 0,
                      "cumulative: one acknowledgement is for everything before it, too", NULL},
    [DELIVERY_CLOCK] = {"clock", VALUE_ENUM, "tool", "tool own", 0, 0,
                        "own: the consumer reads the machine's clock, and the tool lets none jump", NULL},
    [DELIVERY_EXTERNAL] = {"external", VALUE_ENUM, "keyed", "none plain keyed", 0, 0,
                           "what charges go to: keyed honours an idempotency key", NULL},
    [DELIVERY_TENANTS] = {"tenants", VALUE_BOOL, "false", NULL, 0, 0,
                          "two tenants may use one operation id, and both want it done", NULL},
    [DELIVERY_CHANGED_PAYLOAD] = {"changed_payload", VALUE_BOOL, "false", NULL, 0, 0,
                                  "an id may come again with another amount: not to be done", NULL},
    [DELIVERY_POISON] = {"poison", VALUE_BOOL, "false", NULL, 0, 0,
                         "a body that cannot be read may come among others: not to be done", NULL},
    [DELIVERY_FAILOVER] = {"failover", VALUE_BOOL, "false", NULL, 0, 0,
                           "the cache may fail over to a replica and lose its last writes; it takes cache: {replicas: 1}", NULL},
};

const struct key_table top_table = {
    "scenario", top_keys, TOP__COUNT,
    "services"};
const struct key_table workload_table = {"workload", workload_keys, WORKLOAD__COUNT,
                                         "key_skew"};
const struct key_table intent_table = {"intent", intent_keys, INTENT_KEY__COUNT, ""};
const struct key_table topology_table = {"topology", topology_keys, TOPOLOGY__COUNT, ""};
const struct key_table group_table = {"groups", group_keys, GROUP_KEY__COUNT,
                                      "reads database cache provider"};
const struct key_table link_table = {"links", link_keys, LINK_KEY__COUNT, ""};
const struct key_table cost_table = {"costs", cost_keys, COST__COUNT, ""};
const struct key_table check_table = {"check", check_keys, CHECK_KEY__COUNT, ""};
const struct key_table delivery_table = {"delivery", delivery_keys, DELIVERY__COUNT, ""};

const char *const link_latency_near = "lognormal median=100us p99=500us";
bool link_is_near(enum link link) {
  enum role to = link_rows[link].to;
  return to == ROLE_DATABASE || to == ROLE_CACHE || link == LINK_BROKER_TO_BROKER ||
         link == LINK_BROKER_TO_CONTROLLER;
}

const char *const top_not_swept =
    "format name about seeds precision luck swarm measure_capacity compare faults sweep expect";
