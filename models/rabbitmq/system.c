/* The systems rabbitmq-auto-ack, rabbitmq-confirms and rabbitmq-quorum: the same parts with other defaults.
 * See wire.h. */
#include "models/handlers/host.h"
#include "models/rabbitmq/broker.h"
#include "models/rabbitmq/wire.h"
#include "models/store/database.h"

#define CONFIRMS_GUIDE "RabbitMQ guide, consumer acknowledgements and publisher confirms"
#define QUORUM_GUIDE "RabbitMQ guide, quorum queues"
#define TIME_MAX (30 * NS_PER_D)

/* What differs: queue type, delivery mode, confirms, acknowledgement, prefetch. */
#define KEYS(queue, mode, confirmed, acknowledged, window, window_source)                          \
  {                                                                                                \
    [KEY_RABBIT_QUEUE_TYPE] = {.name = "queue-type", .type = VALUE_ENUM, .value_default = queue,   \
                               .choices = "classic quorum",                                        \
                               .help = "which type of queue (x-queue-type)"},                      \
    [KEY_RABBIT_DURABLE] = {.name = "durable", .type = VALUE_BOOL, .value_default = "true",        \
                            .help = "whether the queue is there again after its broker's restart", \
                            .source = "RabbitMQ guide, queues: durable queues in most cases"},     \
    [KEY_RABBIT_DELIVERY_MODE] =                                                                   \
        {.name = "delivery-mode", .type = VALUE_ENUM, .value_default = mode,                       \
         .choices = "persistent transient",                                                        \
         .help = "transient messages of a classic queue are discarded at its broker's restart",    \
         .source = "AMQP 0-9-1 basic.properties: 2 is persistent, 1 and none given are transient"}, \
    [KEY_RABBIT_CONFIRMS] = {.name = "confirms", .type = VALUE_BOOL, .value_default = confirmed,   \
                             .help = "publisher confirms (confirm.select)"},                       \
    [KEY_RABBIT_MANDATORY] =                                                                       \
        {.name = "mandatory", .type = VALUE_BOOL, .value_default = "false",                        \
         .help = "a message that no binding matches is returned, and its producer looks at that",  \
         .source = "AMQP 0-9-1 basic.publish; RabbitMQ guide, publishers: dropped if not set"},    \
    [KEY_RABBIT_BOUND_KEYS] =                                                                      \
        {.name = "bound_keys", .type = VALUE_SHARE, .value_default = "100%",                       \
         .help = "the share of the routing keys that a binding matches; the others go nowhere"},   \
    [KEY_RABBIT_REPUBLISH] =                                                                       \
        {.name = "republish", .type = VALUE_BOOL, .value_default = "true",                         \
         .help = "whether the application publishes again what was not confirmed; not what was "   \
                 "refused: a nack by overflow: reject-publish ends as REJECTED",                   \
         .source = "RabbitMQ guide, reliability: publishers republish what was not confirmed"},    \
    [KEY_RABBIT_CONFIRM_TIMEOUT] =                                                                 \
        {.name = "confirm_timeout", .type = VALUE_TIME, .value_default = "5s", .min = NS_PER_MS,   \
         .max = TIME_MAX,                                                                          \
         .help = "how long the application waits for a confirm before it leaves its connection",   \
         .source = "RabbitMQ tutorial seven, Java: waitForConfirmsOrDie(5_000)"},                  \
    [KEY_RABBIT_OUTSTANDING] =                                                                     \
        {.name = "outstanding_confirms", .type = VALUE_COUNT, .value_default = "0", .min = 0,      \
         .max = 1000000,                                                                           \
         .help = "publishes that may wait for a confirm; 1: one by one; 0 is no limit",            \
         .source = "RabbitMQ tutorial seven: individually, in batches of 100, asynchronously"},    \
    [KEY_RABBIT_GIVE_UP] = {.name = "give_up_after", .type = VALUE_TIME, .value_default = "2min",  \
                            .min = NS_PER_MS, .max = TIME_MAX,                                     \
                            .help = "how long the application tries, all attempts together"},      \
    [KEY_RABBIT_ACK] = {.name = "ack", .type = VALUE_ENUM, .value_default = acknowledged,          \
                        .choices = "manual automatic",                                             \
                        .help = "automatic: done when it is written to the consumer's socket"},    \
    [KEY_RABBIT_ACK_BATCH] = {.name = "ack_batch", .type = VALUE_COUNT, .value_default = "1",      \
                              .min = 1, .max = MESSAGE_RECORDS_MAX,                                \
                              .help = "1: basic.ack for each; else one with multiple after so many"}, \
    [KEY_RABBIT_PREFETCH] = {.name = "prefetch", .type = VALUE_COUNT, .value_default = window,     \
                             .min = 0, .max = 65535,                                               \
                             .help = "most unacknowledged messages of a consumer; 0 is no limit, " \
                                     "quorum: 2000 (UNLIMITED_PREFETCH_COUNT)",                    \
                             .source = window_source},                                             \
    [KEY_RABBIT_ON_FAILURE] =                                                                      \
        {.name = "on_failure", .type = VALUE_ENUM, .value_default = "nack-requeue",                \
         .choices = "nack-requeue reject-requeue reject-discard",                                  \
         .help = "what the consumer says when its handler has failed",                             \
         .source = CONFIRMS_GUIDE ": basic.nack and basic.reject"},                                \
    [KEY_RABBIT_FAILURE_DELAY] =                                                                   \
        {.name = "failure_delay", .type = VALUE_TIME, .value_default = "100ms", .max = NS_PER_H,   \
         .help = "how long the consumer's thread waits before it says so"},                        \
    [KEY_RABBIT_DELIVERY_LIMIT] =                                                                  \
        {.name = "delivery-limit", .type = VALUE_COUNT, .value_default = "20", .min = 0,           \
         .max = RABBIT_DELIVERY_LIMIT_NONE,                                                        \
         .help = "quorum: failed deliveries that a message may have; 1000000 is no limit (-1), and what is " \
                 "nacked then goes to the queue's end; a classic queue has none, whatever this says", \
         .source = QUORUM_GUIDE ", poison message handling: 20 since 4.0; repeated requeues"},     \
    [KEY_RABBIT_DELIVERY_COUNT] =                                                                  \
        {.name = "delivery_count", .type = VALUE_ENUM, .value_default = "failures",                \
         .choices = "failures every-return",                                                       \
         .help = "quorum: what counts for delivery-limit; failures: basic.reject and a lost connection (4.3); " \
                 "every-return: basic.nack, too (4.0 to 4.2)",                                     \
         .source = "rabbitmq-server, discussion 18226 and pull request 15387"},                    \
    [KEY_RABBIT_MAX_LENGTH] = {.name = "max-length", .type = VALUE_COUNT, .value_default = "0",    \
                               .min = 0, .max = 1000000000,                                        \
                               .help = "most ready messages; 0 is no limit",                       \
                               .source = "RabbitMQ guide, queue length limit: none by default"},   \
    [KEY_RABBIT_OVERFLOW] = {.name = "overflow", .type = VALUE_ENUM, .value_default = "drop-head", \
                             .choices = "drop-head reject-publish",                                \
                             .help = "what happens to a publish above max-length",                 \
                             .source = "RabbitMQ guide, queue length limit: drop-head by default"}, \
    [KEY_RABBIT_MESSAGE_TTL] = {.name = "message-ttl", .type = VALUE_MILLISECONDS,                 \
                                .value_default = "0", .max = TIME_MAX,                             \
                                .help = "how long a message may wait at the queue's head; 0 is for ever", \
                                .source = "RabbitMQ guide, time-to-live: none by default"},        \
    [KEY_RABBIT_DEAD_LETTER_TARGET] =                                                              \
        {.name = "dead_letter_target", .type = VALUE_ENUM, .value_default = "none",                \
         .choices = "none queue",                                                                  \
         .help = "queue: there is a dead-letter-exchange with a queue bound to it",                \
         .source = "RabbitMQ guide, dead letter exchanges: none by default"},                      \
    [KEY_RABBIT_HEARTBEAT] = {.name = "heartbeat", .type = VALUE_TIME, .value_default = "60s",     \
                              .max = NS_PER_H,                                                     \
                              .help = "a peer that is silent for so long is taken for dead; 0s: never", \
                              .source = "RabbitMQ guide, heartbeats: 60 s, sent each half of it"}, \
    [KEY_RABBIT_CONNECTION_TIMEOUT] =                                                              \
        {.name = "connection_timeout", .type = VALUE_TIME, .value_default = "60s", .min = NS_PER_MS, \
         .max = NS_PER_H, .help = "how long a client waits for its session",                       \
         .source = "RabbitMQ Java client, ConnectionFactory: DEFAULT_CONNECTION_TIMEOUT"},         \
    [KEY_RABBIT_RECOVERY_INTERVAL] =                                                               \
        {.name = "network_recovery_interval", .type = VALUE_TIME, .value_default = "5s",           \
         .max = NS_PER_H, .help = "how long a client waits before it connects again",              \
         .source = "RabbitMQ Java client, ConnectionFactory: DEFAULT_NETWORK_RECOVERY_INTERVAL"},  \
    [KEY_RABBIT_CONSUMER_TIMEOUT] =                                                                \
        {.name = "consumer_timeout", .type = VALUE_MILLISECONDS, .value_default = "1800000",       \
         .min = NS_PER_MS, .max = TIME_MAX,                                                        \
         .help = "quorum: how long a delivery may be unacknowledged; looked at each minute",       \
         .source = "RabbitMQ guide, consumers: 30 min; quorum queues only since 4.3"},             \
    [KEY_RABBIT_ON_CONSUMER_TIMEOUT] =                                                             \
        {.name = "on_consumer_timeout", .type = VALUE_ENUM, .value_default = "stops",              \
         .choices = "stops resubscribes",                                                          \
         .help = "what a program does whose consumer is cancelled for that (4.3), or its channel closed (to 4.2); " \
                 "stops: nothing, as client libraries do, and gets nothing until it is started again; " \
                 "resubscribes: consumes anew at once",                                            \
         .source = "RabbitMQ Java client guide: channel-level exceptions do not trigger recovery; 4.3.7: " \
                   "consumer_timeout_response"},                                                   \
    [KEY_RABBIT_SYNC_INTERVAL] =                                                                   \
        {.name = "sync_interval", .type = VALUE_TIME, .value_default = "200ms", .min = NS_PER_US,  \
         .max = NS_PER_MIN, .help = "classic: after so long a busy queue writes what it has",      \
         .source = "rabbit_amqqueue_process: SYNC_INTERVAL"},                                      \
    [KEY_RABBIT_FSYNC] =                                                                           \
        {.name = "fsync", .type = VALUE_BOOL, .value_default = "false",                            \
         .help = "classic: a confirm waits until the disk has the message, not only the system",   \
         .source = "rabbit_classic_queue_store_v2, sync/1: written without fsync"},                \
    [KEY_RABBIT_GROUP_SIZE] =                                                                      \
        {.name = "quorum-initial-group-size", .type = VALUE_COUNT, .value_default = "3", .min = 1, \
         .max = RABBIT_REPLICAS_MAX, .help = "quorum: replicas, on as many brokers at most",       \
         .source = QUORUM_GUIDE ": x-quorum-initial-group-size, 3"},                               \
    [KEY_RABBIT_POLL_INTERVAL] =                                                                   \
        {.name = "raft.adaptive_failure_detector.poll_interval", .type = VALUE_MILLISECONDS,       \
         .value_default = "5000", .min = 10 * NS_PER_MS, .max = NS_PER_H,                          \
         .help = "quorum: a leader is heard each interval, and taken for lost after two",          \
         .source = "RabbitMQ, rabbit.schema: the key; its 5000 is not verified"},                  \
  }

static const struct key keys_auto_ack[KEY_RABBIT__COUNT] =
    KEYS("classic", "transient", "false", "automatic", "0", "RabbitMQ: no limit by default");
static const struct key keys_confirms[KEY_RABBIT__COUNT] =
    KEYS("classic", "persistent", "true", "manual", "100",
         CONFIRMS_GUIDE ": 100 to 300 usually; the broker's own default is no limit");
static const struct key keys_quorum[KEY_RABBIT__COUNT] =
    KEYS("quorum", "persistent", "true", "manual", "100",
         CONFIRMS_GUIDE ": 100 to 300 usually; the broker's own default is no limit");

static bool check(const struct plan *plan, struct err *err) {
  const union value *values = plan->system_settings.values;
  if (!host_check(plan, err)) return false;
  bool quorum = values[KEY_RABBIT_QUEUE_TYPE].i == RABBIT_QUORUM;
  int64_t prefetch = values[KEY_RABBIT_PREFETCH].i, batch = values[KEY_RABBIT_ACK_BATCH].i;
  if (quorum && !values[KEY_RABBIT_DURABLE].i)
    return err_set(err, ERR_CONFLICT, "a quorum queue is always durable"),
           err_note(err, "as in RabbitMQ: set durable: true or queue-type: classic");
  if (quorum && prefetch > RABBIT_QUORUM_PREFETCH_MAX)
    return err_set(err, ERR_CONFLICT, "prefetch of a quorum queue is at most %d", RABBIT_QUORUM_PREFETCH_MAX), false;
  if (values[KEY_RABBIT_ACK].i == RABBIT_MANUAL && prefetch > 0 && batch > prefetch)
    return err_set(err, ERR_CONFLICT, "ack_batch is above prefetch"),
           err_note(err, "no more than prefetch messages come before the first acknowledgement");
  return true;
}

static struct span longest_timeout(const struct plan *plan) {
  static const enum rabbit_key timeouts[] = {
      KEY_RABBIT_CONFIRM_TIMEOUT,   KEY_RABBIT_GIVE_UP,          KEY_RABBIT_HEARTBEAT,
      KEY_RABBIT_CONNECTION_TIMEOUT, KEY_RABBIT_RECOVERY_INTERVAL, KEY_RABBIT_MESSAGE_TTL,
      KEY_RABBIT_POLL_INTERVAL,     KEY_RABBIT_FAILURE_DELAY};
  const union value *values = plan->system_settings.values;
  int64_t longest = 0;
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
    if (values[timeouts[i]].i > longest) longest = values[timeouts[i]].i;
  /* Who is silent is noticed by its heartbeat; without one, by consumer_timeout. */
  if (values[KEY_RABBIT_HEARTBEAT].i == 0 && values[KEY_RABBIT_CONSUMER_TIMEOUT].i > longest)
    longest = values[KEY_RABBIT_CONSUMER_TIMEOUT].i;
  return span_of(longest);
}

/* Where the queue is led now: of several that think so, in the latest term. */
static uint16_t leader(const struct world *world) {
  uint16_t found = (uint16_t)world->first[ROLE_BROKER];
  uint32_t term = 0;
  for (uint32_t i = 0; i < rabbit_replicas(world) && rabbit_quorum(world); i++) {
    const struct node *node = &world->nodes[world->first[ROLE_BROKER] + i];
    const struct raft *raft = &broker_of(node)->raft;
    if (!node->alive || !raft_leads(raft) || raft->term <= term) continue;
    found = node->id;
    term = raft->term;
  }
  return found;
}

#define CONNECTION                                                                                 \
  { .used = true, .kind = LINK_KIND_CONNECTION, .allowed = 1u << LINK_KIND_CONNECTION }

#define RABBIT_SYSTEM                                                                              \
  .key_count = KEY_RABBIT__COUNT, .check = check, .points = rabbit_points,                         \
  .point_count = sizeof rabbit_points / sizeof *rabbit_points,                                     \
  .components = {[ROLE_PRODUCER] = &rabbit_producer,                                               \
                 [ROLE_BROKER] = &rabbit_broker,                                                   \
                 [ROLE_CONSUMER] = &rabbit_consumer},                                              \
  .host = &handler_host,                                                                           \
  .links = {[LINK_PRODUCER_TO_BROKER] = CONNECTION,                                                \
            [LINK_CONSUMER_TO_BROKER] = CONNECTION,                                                \
            [LINK_BROKER_TO_BROKER] = CONNECTION},                                                 \
  .leader = leader, .handler = "naive", .longest_timeout = longest_timeout

#define ALLOWS_REPEATING                                                                           \
  (CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) |      \
   CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED))

extern const struct system system_rabbitmq_auto_ack, system_rabbitmq_confirms, system_rabbitmq_quorum;

const struct system system_rabbitmq_auto_ack = {
    RABBIT_SYSTEM,
    .name = "rabbitmq-auto-ack",
    .about = "RabbitMQ, classic queue, automatic acknowledgement, no confirms: at most once",
    .keys = keys_auto_ack,
    .allows = CLAIM_BIT(LOST_UNACKED) | CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED),
    .ack = "nothing: a delivery is its own acknowledgement",
};
const struct system system_rabbitmq_confirms = {
    RABBIT_SYSTEM,
    .name = "rabbitmq-confirms",
    .about = "RabbitMQ, classic queue, persistent messages, publisher confirms, manual acknowledgements",
    .keys = keys_confirms,
    .allows = ALLOWS_REPEATING,
    .no_power_loss = 1u << ROLE_BROKER, /* what is confirmed is written, not flushed */
    .ack = "basic.ack",
};
const struct system system_rabbitmq_quorum = {
    RABBIT_SYSTEM,
    .name = "rabbitmq-quorum",
    .about = "RabbitMQ, quorum queue, publisher confirms, manual acknowledgements",
    .keys = keys_quorum,
    .allows = ALLOWS_REPEATING,
    .ack = "basic.ack",
};
