/* The systems of this folder: the same parts with other settings. */
#include "models/kafka/controller.h"
#include "models/handlers/host.h"

#define KC "Kafka 4.0 ConsumerConfig"
#define KP "Kafka 4.0 ProducerConfig"
#define KB "Kafka 4.0 broker configuration"

#define CONSUMER_KEYS                                                                              \
  [KEY_ASSIGNMENT_STRATEGY] = {"partition.assignment.strategy", VALUE_ENUM, "range",               \
                               "range round-robin sticky cooperative-sticky", 0, 0,                \
                               "how partitions are dealt out; only cooperative-sticky lets "       \
                               "members keep what does not move during a rebalance",               \
                               KC " (RangeAssignor first, so eager)"},                             \
  [KEY_GROUP_INSTANCE_ID] = {"group.instance.id", VALUE_ENUM, "none", "none by-index shared", 0, 0, \
                             "static membership: each consumer its own id, or, by mistake, all "  \
                             "the same", KC " (null)"},                                            \
  [KEY_AUTO_COMMIT_INTERVAL] = {"auto.commit.interval.ms", VALUE_MILLISECONDS, "5000", NULL,       \
                                NS_PER_MS, NS_PER_D, "how often, with commit: auto", KC},          \
  [KEY_COMMIT_CALL] = {"commit_call", VALUE_ENUM, "async-retried", "async-retried async sync", 0,  \
                       0, "after processing: commitAsync with a callback that tries again, "      \
                       "without one, or commitSync", NULL},                                        \
  [KEY_API_TIMEOUT] = {"default.api.timeout.ms", VALUE_MILLISECONDS, "60000", NULL, NS_PER_MS,     \
                       NS_PER_D, "how long commitSync tries", KC},                                 \
  [KEY_COMMIT_ON_REVOKE] = {"commit_on_revoke", VALUE_BOOL, "true", NULL, 0, 0,                    \
                            "after processing: a rebalance listener commits before partitions "   \
                            "are given up", NULL},                                                 \
  [KEY_PROCESSING] = {"processing", VALUE_ENUM, "in-poll-loop", "in-poll-loop handed-off", 0, 0,   \
                      "whether the loop processes records itself or hands them to threads and "   \
                      "polls on", NULL},                                                           \
  [KEY_AUTO_OFFSET_RESET] = {"auto.offset.reset", VALUE_ENUM, "earliest", "earliest latest none",  \
                             0, 0, "where a group begins that has nothing committed; Kafka's "    \
                             "latest would skip what is sent before the first poll. none: a new group has " \
                             "committed offset 0, so that only one whose offsets are gone meets "  \
                             "NoOffsetForPartitionException", NULL},                               \
  [KEY_OFFSETS_RETENTION] = {"offsets.retention.minutes", VALUE_COUNT, "10080", NULL, 1, 1000000,  \
                             "how long an empty group's offsets are kept",                         \
                             "Kafka 4.0 GroupCoordinatorConfig"}

/* The table, with what differs between the systems as parameters. */
#define KAFKA_KEYS(acks, idempotence, retries, linger, commit, isolation)                          \
  [KEY_ACKS] = {"acks", VALUE_ENUM, acks, "0 1 all", 0, 0,                                         \
                "whose confirmation the producer waits for", KP " acks (all)"},                   \
  [KEY_IDEMPOTENCE] = {"enable.idempotence", VALUE_BOOL, idempotence, NULL, 0, 0,                  \
                       "the broker drops a retried batch by producer id and sequence",            \
                       KP " enable.idempotence (true)"},                                          \
  [KEY_RETRIES] = {"retries", VALUE_COUNT, retries, NULL, 0, 2147483647,                           \
                   "attempts after the first; delivery.timeout.ms usually ends them",             \
                   KP " retries (2147483647)"},                                                   \
  [KEY_RETRY_BACKOFF] = {"retry.backoff.ms", VALUE_MILLISECONDS, "100", NULL, NS_PER_MS, NS_PER_H, \
                         "wait before the first retry; doubles, with 20 % jitter",                \
                         "Kafka 4.0 CommonClientConfigs"},                                        \
  [KEY_RETRY_BACKOFF_MAX] = {"retry.backoff.max.ms", VALUE_MILLISECONDS, "1000", NULL, NS_PER_MS,  \
                             NS_PER_H, "longest wait between retries",                            \
                             "Kafka 4.0 CommonClientConfigs"},                                    \
  [KEY_RECONNECT_BACKOFF] = {"reconnect.backoff.ms", VALUE_MILLISECONDS, "50", NULL, 0, NS_PER_H,  \
                             "wait before a producer connects again; doubles, with 20 % jitter", KP}, \
  [KEY_RECONNECT_BACKOFF_MAX] = {"reconnect.backoff.max.ms", VALUE_MILLISECONDS, "1000", NULL, 0,  \
                                 NS_PER_H, "longest wait before a producer connects again", KP},   \
  [KEY_CONNECTION_SETUP_TIMEOUT] = {"socket.connection.setup.timeout.ms", VALUE_MILLISECONDS,      \
                                    "10000", NULL, NS_PER_MS, NS_PER_D,                            \
                                    "how long a producer waits for a new connection", KP},         \
  [KEY_REQUEST_TIMEOUT] = {"request.timeout.ms", VALUE_MILLISECONDS, "30000", NULL, NS_PER_MS,     \
                           NS_PER_D, "how long a client waits for an answer", KP},                 \
  [KEY_DELIVERY_TIMEOUT] = {"delivery.timeout.ms", VALUE_MILLISECONDS, "120000", NULL, NS_PER_MS,  \
                            10 * NS_PER_D, "how long a batch is retried before it is given up",   \
                            KP},                                                                  \
  [KEY_IN_FLIGHT] = {"max.in.flight.requests.per.connection", VALUE_COUNT, "5", NULL, 1, 16,       \
                     "produce requests under way to one broker", KP},                             \
  [KEY_BATCH_SIZE] = {"batch.size", VALUE_SIZE, "16KiB", NULL, 1, 1 << 20,                         \
                      "most bytes of one batch", KP " batch.size (16384)"},                       \
  [KEY_LINGER] = {"linger.ms", VALUE_MILLISECONDS, linger, NULL, 0, NS_PER_H,                     \
                  "how long a batch that is not full waits for more records",                     \
                  KP " linger.ms (5; 0 before 4.0, and in the generic systems)"},                 \
  [KEY_BUFFER_MEMORY] = {"buffer.memory", VALUE_SIZE, "32MiB", NULL, 1, INT64_C(1) << 40,          \
                         "what a producer keeps unsent at most; full, it refuses at once (REJECTED): " \
                         "the max.block.ms that send() waits first is not modelled", KP " buffer.memory (33554432)"}, \
  [KEY_MAX_POLL_RECORDS] = {"max.poll.records", VALUE_COUNT, "100", NULL, 1, 1000,                 \
                            "most records of one fetch; Kafka's 500 is lowered so that a batch "  \
                            "of 1 ms handlers fits commit_interval", NULL},                       \
  [KEY_COMMIT] = {"commit", VALUE_ENUM, commit,                                                    \
                  "before-processing after-processing in-transaction auto", 0, 0,                 \
                  "when a consumer commits its offsets; auto is enable.auto.commit, Kafka's "     \
                  "default", NULL},                                                               \
  [KEY_COMMIT_INTERVAL] = {"commit_interval", VALUE_TIME, "100ms", NULL, NS_PER_US, NS_PER_D,      \
                           "how often, after processing or in a transaction",                     \
                           "Kafka Streams commit.interval.ms with exactly_once_v2 (100)"},        \
  [KEY_ISOLATION] = {"isolation.level", VALUE_ENUM, isolation, "read_uncommitted read_committed",  \
                     0, 0, "what the reader of the output topic sees; effects are judged there",  \
                     KC " isolation.level (read_uncommitted)"},                                   \
  [KEY_INITIAL_REBALANCE_DELAY] = {"group.initial.rebalance.delay.ms", VALUE_MILLISECONDS, "100",  \
                                   NULL, 0, NS_PER_H,                                              \
                                   "how long an empty group waits for more members; Kafka's 3000 " \
                                   "is lowered so that a short scenario starts at once", NULL},    \
  [KEY_SESSION_TIMEOUT] = {"session.timeout.ms", VALUE_MILLISECONDS, "45000", NULL, NS_PER_MS,     \
                           NS_PER_D, "without a heartbeat for so long a member is put out", KC},  \
  [KEY_HEARTBEAT_INTERVAL] = {"heartbeat.interval.ms", VALUE_MILLISECONDS, "3000", NULL,           \
                              NS_PER_MS, NS_PER_H, "how often a member shows that it lives", KC},  \
  [KEY_MAX_POLL_INTERVAL] = {"max.poll.interval.ms", VALUE_MILLISECONDS, "300000", NULL,           \
                             NS_PER_MS, NS_PER_D,                                                  \
                             "a member that polls less often is out; how long a rebalance waits " \
                             "for members to come back", KC},                                      \
  CONSUMER_KEYS,                                                                                   \
  [KEY_TRANSACTION_TIMEOUT] = {"transaction.timeout.ms", VALUE_MILLISECONDS, "60000", NULL,        \
                               NS_PER_MS, NS_PER_D,                                                \
                               "the coordinator aborts a transaction that is open longer", KP},   \
  [KEY_TRANSACTION_VERSION] = {"transaction.version", VALUE_ENUM, "2", "1 2", 0, 0,                \
                               "2: an epoch for each transaction, partitions are added as they "  \
                               "are written to; 1: neither",                                      \
                               "Kafka 4.0 feature transaction.version (2)"},                      \
  [KEY_TRANSACTION_VERIFICATION] = {"transaction.partition.verification.enable", VALUE_BOOL,      \
                                    "true", NULL, 0, 0,                                           \
                                    "version 1: a leader asks the coordinator before the first "  \
                                    "batch of a transaction; before Kafka 3.6 it did not",        \
                                    "Kafka 4.0 TransactionLogConfig (true)"},                     \
  [KEY_TRANSACTION_TIMEOUT_CHECK] = {"transaction.abort.timed.out.transaction.cleanup.interval.ms", \
                                     VALUE_MILLISECONDS, "10000", NULL, NS_PER_MS, NS_PER_D,      \
                                     "how often the coordinator looks for timed out transactions", \
                                     "Kafka 4.0 TransactionStateManagerConfig (10000)"},          \
  [KEY_TRANSACTION_MAX_TIMEOUT] = {"transaction.max.timeout.ms", VALUE_MILLISECONDS, "900000",    \
                                   NULL, NS_PER_MS, NS_PER_D,                                      \
                                   "the most that transaction.timeout.ms may be",                 \
                                   "Kafka 4.0 TransactionStateManagerConfig (900000)"},           \
  [KEY_TRANSACTIONAL_ID] = {"transactional.id", VALUE_ENUM, "stable", "stable per-process", 0, 0, \
                            "the same for each incarnation of a consumer, or a new one", NULL},   \
  [KEY_TRANSACTIONAL_ID_EXPIRATION] = {"transactional.id.expiration.ms", VALUE_MILLISECONDS,      \
                                       "604800000", NULL, NS_PER_MS, 1000 * NS_PER_D,             \
                                       "an id that is not used for so long is forgotten",         \
                                       "Kafka 4.0 TransactionStateManagerConfig (604800000)"},    \
  [KEY_TRANSACTIONAL_ID_CLEANUP] = {                                                              \
      "transaction.remove.expired.transaction.cleanup.interval.ms", VALUE_MILLISECONDS, "3600000", \
      NULL, NS_PER_MS, NS_PER_D, "how often the coordinator looks for ids to forget",            \
      "Kafka 4.0 TransactionStateManagerConfig (3600000)"},                                       \
  [KEY_OFFSETS] = {"offsets", VALUE_ENUM, "in-transaction",                                       \
                   "in-transaction after-transaction before-transaction", 0, 0,                   \
                   "with commit: in-transaction: sendOffsetsToTransaction, or a commit apart",    \
                   NULL},                                                                         \
  [KEY_GROUP_METADATA] = {"group_metadata", VALUE_BOOL, "true", NULL, 0, 0,                       \
                          "sendOffsetsToTransaction with member and generation, which fences a "  \
                          "member that was put out", "KafkaProducer.sendOffsetsToTransaction"},   \
  [KEY_LOG_FLUSH_INTERVAL] = {"log_flush_interval", VALUE_TIME, "30s", NULL, NS_PER_MS, NS_PER_D,  \
                              "how long an appended record may stay unflushed: between one and "  \
                              "two of these",                                                     \
                              "Linux vm.dirty_expire_centisecs (3000); Kafka leaves flushing to " \
                              "the operating system (log.flush.interval.messages unset)"},        \
  [KEY_LOG_SEGMENT_BYTES] = {"log.segment.bytes", VALUE_SIZE, "1GiB", NULL, 1, INT64_C(1) << 40,   \
                             "a fuller segment is closed, with a snapshot of producers' last "    \
                             "batches", KB " log.segment.bytes (1073741824)"},                    \
  [KEY_PRODUCER_EXPIRATION] = {"producer.id.expiration.ms", VALUE_MILLISECONDS, "86400000", NULL,  \
                               NS_PER_MS, 1000 * NS_PER_D,                                         \
                               "a partition forgets a producer so long after its last batch",     \
                               "Kafka 4.0 TransactionLogConfig (86400000)"},                      \
  [KEY_PRODUCER_EXPIRATION_CHECK] = {"producer.id.expiration.check.interval.ms",                   \
                                     VALUE_MILLISECONDS, "600000", NULL, NS_PER_MS, NS_PER_D,      \
                                     "how often partitions look for producers to forget",         \
                                     "Kafka 4.0 TransactionLogConfig (600000)"},                  \
  [KEY_PRODUCER_SNAPSHOT] = {"producer_snapshot", VALUE_ENUM, "handed-over",                      \
                             "handed-over last-batch", 0, 0,                                      \
                             "what a restarted broker knows of producers: all, as a follower "    \
                             "does that leads meanwhile, or the last batch of a snapshot and "    \
                             "what came after it", "Kafka 4.0 ProducerStateManager"},                 \
  [KEY_REPLICATION_FACTOR] = {"replication.factor", VALUE_COUNT, "1", NULL, 1, REPLICAS_MAX,       \
                              "replicas of each partition, its leader included; above 1 there is " \
                              "a controller",                                                     \
                              KB " default.replication.factor (1)"},                               \
  [KEY_MIN_INSYNC_REPLICAS] = {"min.insync.replicas", VALUE_COUNT, "1", NULL, 1, REPLICAS_MAX,     \
                               "with acks=all: so many must be in sync, or nothing is written",   \
                               KB " min.insync.replicas (1)"},                                     \
  [KEY_UNCLEAN_ELECTION] = {"unclean.leader.election.enable", VALUE_BOOL, "false", NULL, 0, 0,     \
                            "with nobody in sync alive, a replica that is not may lead",          \
                            KB " unclean.leader.election.enable (false)"},                         \
  [KEY_REPLICA_LAG_TIME_MAX] = {"replica.lag.time.max.ms", VALUE_MILLISECONDS, "30000", NULL,      \
                                2 * NS_PER_MS, NS_PER_D,                                           \
                                "a follower that was not caught up for so long leaves the "       \
                                "in-sync set; checked every half of it",                           \
                                KB " replica.lag.time.max.ms (30000)"},                            \
  [KEY_REPLICA_FETCH_WAIT_MAX] = {"replica.fetch.wait.max.ms", VALUE_MILLISECONDS, "500", NULL,    \
                                  NS_PER_MS, NS_PER_H,                                             \
                                  "how long a follower's fetch waits for something new",          \
                                  KB " replica.fetch.wait.max.ms (500)"},                          \
  [KEY_REPLICA_FETCH_BACKOFF] = {"replica.fetch.backoff.ms", VALUE_MILLISECONDS, "1000", NULL,     \
                                 NS_PER_MS, NS_PER_H, "a follower's wait after a failed fetch",   \
                                 KB " replica.fetch.backoff.ms (1000)"},                           \
  [KEY_BROKER_HEARTBEAT_INTERVAL] = {"broker.heartbeat.interval.ms", VALUE_MILLISECONDS, "2000",   \
                                     NULL, NS_PER_MS, NS_PER_H,                                    \
                                     "how often a broker shows the controller that it lives",     \
                                     KB " broker.heartbeat.interval.ms (2000)"},                   \
  [KEY_BROKER_SESSION_TIMEOUT] = {"broker.session.timeout.ms", VALUE_MILLISECONDS, "9000", NULL,   \
                                  NS_PER_MS, NS_PER_D,                                             \
                                  "without a heartbeat for so long a broker leads nothing",       \
                                  KB " broker.session.timeout.ms (9000)"},                         \
  [KEY_STRICT_MIN_ISR] = {"strict_min_isr", VALUE_BOOL, "true", NULL, 0, 0,                        \
                          "the high watermark stands still while fewer than min.insync.replicas " \
                          "are in sync",                                                           \
                          "Kafka since 3.7 (KAFKA-15583, KIP-966); false: as before"},            \
  [KEY_ELIGIBLE_LEADER_REPLICAS] = {"eligible_leader_replicas", VALUE_BOOL, "false", NULL, 0, 0,   \
                                    "who left an in-sync set that became too small may still "    \
                                    "lead; who has lost its tail may not",                        \
                                    "KIP-966; feature eligible.leader.replicas.version, off in " \
                                    "4.0, on in new clusters since 4.1"}

/* The generic systems send at once: they stand for a pattern, whose latency is not to be a client's
 * habit. The kafka systems have Kafka's default. */
#define ACKS_0_KEYS(linger)                                                                        \
  {KAFKA_KEYS("0", "false", "0", linger, "before-processing", "read_uncommitted")}
#define ACKS_ALL_KEYS(linger)                                                                      \
  {KAFKA_KEYS("all", "false", "2147483647", linger, "after-processing", "read_uncommitted")}
#define TRANSACTION_KEYS(linger)                                                                   \
  {KAFKA_KEYS("all", "true", "2147483647", linger, "in-transaction", "read_committed")}
static const struct key keys_at_most_once[KEY__COUNT] = ACKS_0_KEYS("0");
static const struct key keys_at_least_once[KEY__COUNT] = ACKS_ALL_KEYS("0");
static const struct key keys_exactly_once[KEY__COUNT] = TRANSACTION_KEYS("0");
static const struct key keys_acks_0[KEY__COUNT] = ACKS_0_KEYS("5");
static const struct key keys_acks_all[KEY__COUNT] = ACKS_ALL_KEYS("5");
static const struct key keys_acks_1[KEY__COUNT] = {
    KAFKA_KEYS("1", "false", "2147483647", "5", "after-processing", "read_uncommitted")};
static const struct key keys_idempotent[KEY__COUNT] = {
    KAFKA_KEYS("all", "true", "2147483647", "5", "after-processing", "read_uncommitted")};
static const struct key keys_transactional[KEY__COUNT] = TRANSACTION_KEYS("5");

static bool check_replication(const struct plan *plan, struct err *err) {
  const union value *values = plan->system_settings.values;
  int64_t factor = values[KEY_REPLICATION_FACTOR].i;
  if (factor > plan->counts[ROLE_BROKER])
    return err_set(err, ERR_CONFLICT, "replication.factor is %lld, but there are %u brokers",
                   (long long)factor, plan->counts[ROLE_BROKER]),
           err_note(err, "each replica of a partition is on a broker of its own: set topology/brokers");
  if (factor > 1 && plan->partitions > 250)
    return err_set(err, ERR_LIMIT, "replicated topics have at most 250 partitions, not %u",
                   plan->partitions);
  if (values[KEY_BROKER_HEARTBEAT_INTERVAL].i >= values[KEY_BROKER_SESSION_TIMEOUT].i)
    return err_set(err, ERR_CONFLICT,
                   "broker.heartbeat.interval.ms must be below broker.session.timeout.ms");
  return true;
}

/* LIMIT: there is one output topic: what several groups publish would not be told apart. */
static bool check_groups(const struct plan *plan, struct err *err) {
  if (!plan->groups) return true;
  if (plan->system_settings.values[KEY_COMMIT].i == COMMIT_IN_TRANSACTION)
    return err_set(err, ERR_CONFLICT, "commit: in-transaction and 'groups' exclude each other"),
           err_note(err, "transactions write to one output topic, which no group has of its own");
  for (uint32_t i = 0; i < plan->group_count; i++)
    if (!plan->groups[i].handler->uses)
      return err_set(err, ERR_CONFLICT, "handler '%s' of group '%s' has no database",
                     plan->groups[i].handler->name, plan->groups[i].name),
             err_note(err, "it publishes to an output topic, which no group has of its own");
  return true;
}

static bool check(const struct plan *plan, struct err *err) {
  const union value *values = plan->system_settings.values;
  if (!check_groups(plan, err) || !host_check(plan, err)) return false;
  bool idempotent = values[KEY_IDEMPOTENCE].i;
  if (plan->partitions > 1000)
    return err_set(err, ERR_LIMIT, "a topic of the kafka systems has at most 1000 partitions, not %u",
                   plan->partitions);
  if (idempotent && values[KEY_ACKS].i != ACKS_ALL)
    return err_set(err, ERR_CONFLICT, "enable.idempotence needs acks: all"),
           err_note(err, "as in Kafka: set acks: all or enable.idempotence: false");
  if (idempotent && values[KEY_IN_FLIGHT].i > 5)
    return err_set(err, ERR_CONFLICT,
                   "enable.idempotence needs max.in.flight.requests.per.connection of at most 5"),
           err_note(err, "the broker remembers five batches of a producer");
  if (idempotent && values[KEY_RETRIES].i == 0)
    return err_set(err, ERR_CONFLICT, "enable.idempotence needs retries above 0"), false;
  if (values[KEY_TRANSACTION_TIMEOUT].i > values[KEY_TRANSACTION_MAX_TIMEOUT].i)
    return err_set(err, ERR_CONFLICT, "transaction.timeout.ms is above transaction.max.timeout.ms"),
           err_note(err, "the coordinator answers INVALID_TRANSACTION_TIMEOUT");
  if (values[KEY_COMMIT].i == COMMIT_IN_TRANSACTION &&
      values[KEY_TRANSACTION_TIMEOUT].i < values[KEY_COMMIT_INTERVAL].i)
    return err_set(err, ERR_CONFLICT, "transaction.timeout.ms is below commit_interval"),
           err_note(err, "as in Kafka Streams: a transaction would be over before its commit is due");
  if (values[KEY_HEARTBEAT_INTERVAL].i >= values[KEY_SESSION_TIMEOUT].i)
    return err_set(err, ERR_CONFLICT, "heartbeat.interval.ms must be below session.timeout.ms"),
           err_note(err, "Kafka advises a third of it");
  int64_t commit = values[KEY_COMMIT].i;
  const bool hands_off = values[KEY_PROCESSING].i == PROCESSING_HANDED_OFF;
  if (hands_off && commit != COMMIT_AUTO && commit != COMMIT_AFTER_PROCESSING)
    return err_set(err, ERR_CONFLICT, "processing: handed-off needs commit: auto or after-processing"),
           err_note(err, "the others do with one record after the other");
  if (hands_off && values[KEY_COMMIT_CALL].i == CALL_SYNC)
    return err_set(err, ERR_CONFLICT, "processing: handed-off and commit_call: sync exclude each other"),
           err_note(err, "a loop that polls on does not wait for a commit");
  if (values[KEY_COMMIT_CALL].i != CALL_ASYNC_RETRIED && commit != COMMIT_AFTER_PROCESSING)
    return err_set(err, ERR_CONFLICT, "commit_call needs commit: after-processing"),
           err_note(err, "auto-commit is asynchronous, the others wait for their commit");
  if (!values[KEY_COMMIT_ON_REVOKE].i && commit != COMMIT_AFTER_PROCESSING)
    return err_set(err, ERR_CONFLICT, "commit_on_revoke: false needs commit: after-processing"),
           err_note(err, "the others settle their commits before they give partitions up");
  if (values[KEY_RETRY_BACKOFF].i > values[KEY_RETRY_BACKOFF_MAX].i)
    return err_set(err, ERR_CONFLICT, "retry.backoff.ms is above retry.backoff.max.ms");
  if (values[KEY_DELIVERY_TIMEOUT].i < values[KEY_LINGER].i + values[KEY_REQUEST_TIMEOUT].i)
    return err_set(err, ERR_CONFLICT,
                   "delivery.timeout.ms must be at least linger.ms + request.timeout.ms"),
           err_note(err, "as in Kafka");
  return check_replication(plan, err);
}

static uint32_t controllers(const struct plan *plan) {
  return plan->system_settings.values[KEY_REPLICATION_FACTOR].i > 1;
}

/* Who leads the first partition of the input topic, as the controller has it. */
static uint16_t leader(const struct world *world) {
  uint16_t first = (uint16_t)world->first[ROLE_BROKER];
  if (!kafka_replicated(world)) return first;
  uint32_t broker = controller_disk(&world->nodes[kafka_controller(world)])->partitions[0].leader;
  return broker == NO_BROKER ? first : (uint16_t)(first + broker);
}

static struct span longest_timeout(const struct plan *plan) {
  static const enum kafka_key timeouts[] = {KEY_REQUEST_TIMEOUT, KEY_DELIVERY_TIMEOUT,
                                            KEY_SESSION_TIMEOUT, KEY_MAX_POLL_INTERVAL,
                                            KEY_TRANSACTION_TIMEOUT, KEY_COMMIT_INTERVAL,
                                            KEY_AUTO_COMMIT_INTERVAL, KEY_API_TIMEOUT,
                                            KEY_RECONNECT_BACKOFF, KEY_CONNECTION_SETUP_TIMEOUT,
                                            /* replicated only */
                                            KEY_BROKER_SESSION_TIMEOUT, KEY_REPLICA_LAG_TIME_MAX};
  size_t count = sizeof timeouts / sizeof *timeouts - (controllers(plan) ? 0 : 2);
  int64_t longest = 0;
  for (size_t i = 0; i < count; i++)
    if (plan->system_settings.values[timeouts[i]].i > longest)
      longest = plan->system_settings.values[timeouts[i]].i;
  return span_of(longest);
}

#define ANY_LINK (1u << LINK_KIND_CONNECTION | 1u << LINK_KIND_PER_REQUEST)
#define CONNECTION_ONLY (1u << LINK_KIND_CONNECTION)

#define KAFKA_SYSTEM                                                                               \
  .key_count = KEY__COUNT, .check = check, .points = kafka_points,                                  \
  .point_count = sizeof kafka_points / sizeof *kafka_points,                                       \
  .components = {[ROLE_PRODUCER] = &kafka_producer,                                                \
                 [ROLE_BROKER] = &kafka_broker,                                                    \
                 [ROLE_CONSUMER] = &kafka_consumer,                                                \
                 [ROLE_CONTROLLER] = &kafka_controller_node},                                      \
  .host = &handler_host,                                                                           \
  .links = {[LINK_PRODUCER_TO_BROKER] = {true, LINK_KIND_CONNECTION,                               \
                                         ANY_LINK | 1u << LINK_KIND_DATAGRAM},                     \
            [LINK_CONSUMER_TO_BROKER] = {true, LINK_KIND_CONNECTION, ANY_LINK},                    \
            [LINK_BROKER_TO_BROKER] = {true, LINK_KIND_CONNECTION, CONNECTION_ONLY},               \
            [LINK_BROKER_TO_CONTROLLER] = {true, LINK_KIND_CONNECTION, CONNECTION_ONLY}},          \
  .controllers = controllers, .leader = leader, .coordinator = kafka_coordinator, .groups = true,  \
  .says = SAYS_OFFSET | SAYS_FENCE,                                                                \
  .longest_timeout = longest_timeout, \
  .verbs = 1u << VERB_FAILOVER | 1u << VERB_MOVE_COORDINATOR,                                      \
  /* Acknowledged is what the leader has in its page cache: without replicas nothing else has it.   \
   * LIMIT: the search places no power loss of a broker with replicas either, where the contract     \
   * bears the loss of fewer copies than there are. */                                               \
  .no_power_loss = 1u << ROLE_BROKER

#define ALLOWS_REPEATING                                                                           \
  (CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) |      \
   CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED))
#define ALLOWS_LOSING (CLAIM_BIT(LOST_UNACKED) | CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED))
#define ACK_COMMIT "an offset commit"
#define ACK_END "the end of a transaction"

#define SYSTEM(id, title, text, alias, table, default_handler, allowed, acknowledges)              \
  extern const struct system id;                                                                   \
  const struct system id = {KAFKA_SYSTEM, .name = title, .about = text, .stands_for = alias,       \
                            .keys = table, .handler = default_handler, .allows = allowed,          \
                            .ack = acknowledges}

SYSTEM(system_at_most_once, "at-most-once",
       "fire and forget; offsets committed before processing",
       "a partitioned log with acks=0 and a consumer that commits each batch before it processes it "
       "(kafka-acks-0)",
       keys_at_most_once, "naive", ALLOWS_LOSING, ACK_COMMIT);
SYSTEM(system_at_least_once, "at-least-once",
       "retry until acknowledged; offsets committed after processing",
       "a partitioned log with acks=all, no broker deduplication, and a consumer that commits what it "
       "has processed (kafka-acks-all)",
       keys_at_least_once, "naive", ALLOWS_REPEATING, ACK_COMMIT);
SYSTEM(system_exactly_once, "exactly-once",
       "idempotent producer; outputs and offsets in one transaction; read-committed reader",
       "a partitioned log that is read and written in transactions, judged on the output topic "
       "(kafka-transactional)",
       keys_exactly_once, "transform", CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REORDERED), ACK_END);
SYSTEM(system_kafka_acks_0, "kafka-acks-0", "Kafka with acks=0 and commits before processing", NULL,
       keys_acks_0, "naive", ALLOWS_LOSING, ACK_COMMIT);
SYSTEM(system_kafka_acks_1, "kafka-acks-1",
       "Kafka with acks=1, enable.idempotence=false, commits after processing", NULL, keys_acks_1,
       "naive", ALLOWS_REPEATING, ACK_COMMIT);
SYSTEM(system_kafka_acks_all, "kafka-acks-all",
       "Kafka with acks=all, enable.idempotence=false, commits after processing", NULL,
       keys_acks_all, "naive", ALLOWS_REPEATING, ACK_COMMIT);
SYSTEM(system_kafka_idempotent, "kafka-idempotent",
       "Kafka with the idempotent producer (its default), commits after processing", NULL,
       keys_idempotent, "naive", ALLOWS_REPEATING, ACK_COMMIT);
SYSTEM(system_kafka_transactional, "kafka-transactional",
       "Kafka's read-process-write transactions, version 2, read-committed reader", NULL,
       keys_transactional, "transform", CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REORDERED), ACK_END);
