/* The publishers, from the plainest on. */
#include "models/outbox/connector.h"
#include "models/outbox/relay.h"

static const struct key dual_write_keys[] = {
    {.name = "order", .type = VALUE_ENUM, .value_default = "database-first",
     .choices = "database-first publish-first", .help = "which of the two writes comes first",
     .source = "ours: both orders are in use, and both lose"},
};

#define POLLING_KEYS                                                                               \
  CLEANUP_KEYS,                                                                                    \
  [KEY_POLL_EVERY] = {.name = "poll_every", .type = VALUE_TIME, .value_default = "500ms",          \
                      .min = NS_PER_US, .max = NS_PER_D, .source = "ours",                         \
                      .help = "from the end of a batch that was not full to the next poll"},       \
  [KEY_POLL_BATCH] = {.name = "batch", .type = VALUE_COUNT, .value_default = "100", .min = 1,      \
                      .max = MESSAGE_RECORDS_MAX, .help = "rows of a poll at most", .source = "ours"},\
  [KEY_POLL_CURSOR] = {.name = "cursor", .type = VALUE_ENUM, .value_default = "published-flag",    \
                       .choices = "published-flag id", .source = "ours",                           \
                       .help = "how the relay knows what is new: a flag in each row, or the last id that it "\
                               "has read"},                                                        \
  [KEY_POLL_MARK] = {.name = "mark", .type = VALUE_ENUM, .value_default = "after-publish",         \
                     .choices = "after-publish before-publish", .source = "ours",                  \
                     .help = "when rows are marked as published"},                                 \
  [KEY_POLL_LOCK] = {.name = "lock", .type = VALUE_ENUM, .value_default = "none",                  \
                     .choices = "none skip-locked",                                                \
                     .help = "whether a poll locks its rows until they are marked, so that other relays pass "\
                             "them over",                                                          \
                     .source = "ours; FOR UPDATE SKIP LOCKED of PostgreSQL, SELECT"}

static const struct key polling_keys[KEY_POLLING__COUNT] = {[KEY_OUTBOX] = OUTBOX_KEY, POLLING_KEYS};

static const struct key consumer_keys[KEY_POLLING__COUNT] = {
    [KEY_OUTBOX] = {.name = "outbox", .type = VALUE_ENUM, .value_default = "same-transaction",
                    .choices = "same-transaction separate",
                    .help = "whether a handler's event is inserted in its transaction, or by a statement that is "
                            "committed by itself before",
                    .source = "the pattern: Richardson, microservices.io, Transactional outbox"},
    POLLING_KEYS};

static const struct key connector_keys[KEY_CONNECTOR__COUNT] = {
    [KEY_OUTBOX] = OUTBOX_KEY,
    CLEANUP_KEYS,
    [KEY_CONNECTOR_FLUSH] = {.name = "offset.flush.interval.ms", .type = VALUE_MILLISECONDS,
                             .value_default = "60000", .min = NS_PER_MS, .max = NS_PER_D,
                             .help = "between two times at which the connector stores how far it is; what is "
                                     "behind that is published again after a crash",
                             .source = "Kafka Connect: offset.flush.interval.ms"},
    [KEY_CONNECTOR_RESTART] = {.name = "retriable.restart.connector.wait.ms", .type = VALUE_MILLISECONDS,
                               .value_default = "10000", .min = NS_PER_MS, .max = NS_PER_D,
                               .help = "from a failure until it begins again behind its stored offset",
                               .source = "Debezium: retriable.restart.connector.wait.ms"},
    [KEY_CONNECTOR_BATCH] = {.name = "max.batch.size", .type = VALUE_COUNT, .value_default = "1024",
                             .min = 1, .max = MESSAGE_RECORDS_MAX, .help = "changes of a batch at most",
                             .source = "Debezium: max.batch.size, 2048; here a message holds 1024"},
    [KEY_CONNECTOR_SNAPSHOT] = {.name = "snapshot.mode", .type = VALUE_ENUM, .value_default = "initial",
                                .choices = "initial when_needed",
                                .help = "what happens when the slot is gone: it goes on where the log stands "
                                        "then, or reads the whole table first",
                                .source = "Debezium PostgreSQL connector: snapshot.mode"},
};

static struct span connector_wait(const struct settings *settings) {
  int64_t flush = settings->values[KEY_CONNECTOR_FLUSH].i, restart = settings->values[KEY_CONNECTOR_RESTART].i;
  return span_of(flush > restart ? flush : restart);
}

static struct span polling_wait(const struct settings *settings) {
  return span_of(settings->values[KEY_POLL_EVERY].i);
}

const struct publisher publisher_direct = {
    .name = "direct",
    .about = "publishes the operation, and has no database",
};

const struct publisher publisher_dual_write = {
    .name = "dual-write",
    .about = "writes to its database and publishes, one after the other",
    .keys = dual_write_keys,
    .key_count = sizeof dual_write_keys / sizeof *dual_write_keys,
    .application = &dual_write_application,
    .database = true,
};

/* A relay that died repeats what it had not marked, and a later event may overtake an earlier one that was
 * not confirmed. */
#define OUTBOX_ALLOWS                                                                              \
  (CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) |      \
   CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED))

const struct publisher publisher_outbox_polling = {
    .name = "outbox-polling",
    .about = "writes the event beside its row, in one transaction; a relay polls that table and publishes",
    .keys = polling_keys,
    .key_count = KEY_POLLING__COUNT,
    .application = &outbox_application,
    .relay = &polling_relay,
    .database = true,
    .allows = OUTBOX_ALLOWS,
    .longest_wait = polling_wait,
};

const struct publisher publisher_consumer_outbox = {
    .name = "consumer-outbox",
    .about = "of handlers that emit: a relay polls the outbox of the group's database and publishes to the output topic",
    .keys = consumer_keys,
    .key_count = KEY_POLLING__COUNT,
    .relay = &polling_relay,
    .of_consumers = true,
    .allows = OUTBOX_ALLOWS,
    .longest_wait = polling_wait,
};

const struct publisher publisher_outbox_cdc = {
    .name = "outbox-cdc",
    .about = "writes the event beside its row, in one transaction; a connector reads the database's log and publishes",
    .keys = connector_keys,
    .key_count = KEY_CONNECTOR__COUNT,
    .application = &outbox_application,
    .relay = &connector_relay,
    .database = true,
    .reads_log = true,
    .allows = OUTBOX_ALLOWS,
    .longest_wait = connector_wait,
};
