/* Models that exist for the loader's tests only: rows with keys, and nothing behind them. */
#ifndef TESTS_RUNNER_FAKE_REGISTRY_H
#define TESTS_RUNNER_FAKE_REGISTRY_H

#include "sim/runner/scenario.h"

#include <string.h>

/* Consumers of any system here can acknowledge everything so far: nothing runs. */
__attribute__((unused)) static void fake_acknowledge_all(struct world *world, struct node *node, uint32_t tag) {
  (void)world, (void)node, (void)tag;
}
static const struct component fake_component = {.name = "nothing", .acknowledge_all = fake_acknowledge_all};

static const struct key log_keys[] = {
    {"retries", VALUE_COUNT, "1000000", NULL, 0, 2147483647, "sends after the first",
     "producer configuration: retries"},
    {"commit_interval", VALUE_TIME, "100ms", NULL, 1, 3600 * INT64_C(1000000000), "between commits",
     NULL},
};
static const struct key kafka_keys[] = {
    {"acks", VALUE_ENUM, "all", "0 1 all", 0, 0, "what a confirmation waits for",
     "producer configuration: acks"},
    {"min.insync.replicas", VALUE_COUNT, "1", NULL, 1, 100, "replicas that must be in sync",
     "topic configuration"},
    {"replication.factor", VALUE_COUNT, "3", NULL, 1, 100, "copies", NULL},
    {"linger.ms", VALUE_MILLISECONDS, "0", NULL, 0, 0, "waits for more", NULL},
    {"think_time", VALUE_DISTRIBUTION, "exponential mean=2ms", NULL, 0, 0, "of the client", NULL},
};
static const struct key sqs_keys[] = {
    {"visibility_timeout", VALUE_TIME, "30s", NULL, 0, 43200 * INT64_C(1000000000), "hidden for",
     "SQS developer guide"},
    {"max_receive_count", VALUE_COUNT, "10", NULL, 1, 1000, "then dead-lettered", NULL},
    {"region", VALUE_ENUM, "near", "near far", 0, 0, "where it stands", NULL},
};
static const struct key dedup_keys[] = {
    {"retention", VALUE_TIME, "24h", NULL, 0, 0, "how long an id is remembered", NULL},
};
static const struct key cache_keys[] = {
    {"window", VALUE_TIME, NULL, NULL, 1, 1000000 * INT64_C(1000000000),
     "how long an id is remembered", NULL},
};
static const struct point_row sqs_points[] = {{"receipt-expired", ROLE_BROKER, "a lease ran out"}};
static const struct point_row kafka_points[] = {
    {"transaction-end-sent", ROLE_PRODUCER, "it leaves"},
    {"receipt-expired", ROLE_BROKER, "the same word elsewhere"}};

static bool fake_check(const struct plan *plan, struct err *err) {
  if (plan->system_settings.values[1].i <= plan->system_settings.values[2].i) return true;
  err_set(err, ERR_CONFLICT, "min.insync.replicas is more than replication.factor");
  return err_note(err, "no write could ever succeed");
}

#define FAKE_ALL                                                                                   \
  .components = {[ROLE_PRODUCER] = &fake_component,                                                \
                 [ROLE_BROKER] = &fake_component,                                                  \
                 [ROLE_CONSUMER] = &fake_component},                                               \
  .handler = "naive"
#define FAKE_LINKS(kind_, allowed_)                                                                \
  .links = {[LINK_PRODUCER_TO_BROKER] = {true, kind_, allowed_},                                   \
            [LINK_CONSUMER_TO_BROKER] = {true, kind_, allowed_}}
#define FAKE_KEYS(table) .keys = table, .key_count = sizeof table / sizeof *table
#define FAKE_POINTS(table) .points = table, .point_count = sizeof table / sizeof *table

static const struct system fake_at_most_once = {
    .name = "at-most-once", FAKE_KEYS(log_keys), FAKE_ALL, FAKE_LINKS(LINK_KIND_CONNECTION, 1)};
static const struct system fake_at_least_once = {
    .name = "at-least-once", FAKE_KEYS(log_keys), FAKE_ALL, FAKE_LINKS(LINK_KIND_CONNECTION, 1),
    .groups = true};
static const struct system fake_exactly_once = {
    .name = "exactly-once", FAKE_KEYS(log_keys), FAKE_ALL, FAKE_LINKS(LINK_KIND_CONNECTION, 1)};
static uint16_t fake_coordinator(const struct world *world) {
  (void)world;
  return 0;
}

static const struct system fake_kafka = {.name = "kafka-acks-all",
                                         FAKE_KEYS(kafka_keys),
                                         FAKE_ALL,
                                         FAKE_LINKS(LINK_KIND_CONNECTION, 1),
                                         FAKE_POINTS(kafka_points),
                                         .coordinator = fake_coordinator,
                                         .verbs = 1u << VERB_FAILOVER | 1u << VERB_MOVE_COORDINATOR,
                                         .groups = true,
                                         .check = fake_check};
static const struct system fake_sqs = {.name = "sqs-standard",
                                       FAKE_KEYS(sqs_keys),
                                       FAKE_ALL,
                                       FAKE_LINKS(LINK_KIND_PER_REQUEST, 2 | 4),
                                       FAKE_POINTS(sqs_points)};
static const struct system *const fake_systems[] = {&fake_at_most_once, &fake_at_least_once,
                                                    &fake_exactly_once, &fake_kafka, &fake_sqs};

static const struct handler fake_naive = {.name = "naive", .uses = HANDLER_USES(DATABASE)};
static const struct handler fake_dedup = {
    .name = "dedup-table", FAKE_KEYS(dedup_keys), .uses = HANDLER_USES(DATABASE)};
static const struct handler fake_cache = {
    .name = "cache-ttl", FAKE_KEYS(cache_keys), .uses = HANDLER_USES(DATABASE)};
static const struct handler fake_transform = {.name = "transform"};
static const struct handler *const fake_handlers[] = {&fake_naive, &fake_dedup, &fake_cache, &fake_transform};

static const struct store fake_transactional = {.name = "transactional", .role = ROLE_DATABASE, .component = &fake_component,
                                               .link = {true, LINK_KIND_CONNECTION, 1}};
static const struct key plain_keys[] = {{"delay", VALUE_TIME, "1ms", NULL, 0, 0, "before it answers", NULL}};
static const struct store fake_plain = {.name = "plain", .role = ROLE_PROVIDER, FAKE_KEYS(plain_keys)};
static const struct store *const fake_stores[] = {&fake_plain, &fake_transactional};

static const struct key client_keys[] = {
    {"attempts", VALUE_COUNT, "3", NULL, 1, 1000, "submissions", "a reference"},
};
static const struct client_policy fake_none = {.name = "none"};
static const struct client_policy fake_retrying = {
    .name = "retrying", FAKE_KEYS(client_keys), .retries = true};
static const struct client_policy *const fake_clients[] = {&fake_none, &fake_retrying};

static const struct key outbox_keys[] = {
    {"poll_every", VALUE_TIME, "500ms", NULL, 1, INT64_C(3600000000000), "between two polls", "a reference"},
    {"batch", VALUE_COUNT, "100", NULL, 1, 1000, "rows of a poll", NULL},
};
static const struct publisher fake_direct = {.name = "direct"};
static const struct publisher fake_outbox = {.name = "outbox-polling", FAKE_KEYS(outbox_keys),
                                             .application = &fake_component, .relay = &fake_component,
                                             .database = true};
static const struct publisher *const fake_publishers[] = {&fake_direct, &fake_outbox};

static const struct registry fake_registry = {
    .systems = fake_systems,
    .system_count = sizeof fake_systems / sizeof *fake_systems,
    .handlers = fake_handlers,
    .handler_count = sizeof fake_handlers / sizeof *fake_handlers,
    .stores = fake_stores,
    .store_count = sizeof fake_stores / sizeof *fake_stores,
    .clients = fake_clients,
    .client_count = sizeof fake_clients / sizeof *fake_clients,
    .publishers = fake_publishers,
    .publisher_count = sizeof fake_publishers / sizeof *fake_publishers,
};

/* Of `dgsim check`: with the handler that stands for a program of the user's. */
static const struct handler fake_program = {
    .name = SCENARIO_PROGRAM, .uses = HANDLER_USES(DATABASE) | HANDLER_USES(CACHE) | HANDLER_USES(PROVIDER)};
static const struct handler *const fake_check_handlers[] = {&fake_naive, &fake_program};
static const struct store fake_keyed = {.name = "keyed", .role = ROLE_PROVIDER, FAKE_KEYS(plain_keys)};
static const struct store fake_redis = {.name = "redis", .role = ROLE_CACHE, FAKE_KEYS(plain_keys)};
static const struct store *const fake_check_stores[] = {&fake_plain, &fake_keyed, &fake_redis, &fake_transactional};
static const struct registry fake_check_registry = {
    .systems = fake_systems,
    .system_count = sizeof fake_systems / sizeof *fake_systems,
    .handlers = fake_check_handlers,
    .handler_count = sizeof fake_check_handlers / sizeof *fake_check_handlers,
    .stores = fake_check_stores,
    .store_count = sizeof fake_check_stores / sizeof *fake_check_stores,
    .clients = fake_clients,
    .client_count = sizeof fake_clients / sizeof *fake_clients,
    .publishers = fake_publishers,
    .publisher_count = sizeof fake_publishers / sizeof *fake_publishers,
};

#endif
