#include "models/registry.h"

#include "models/client/client.h"

/* Rows in the order in which `dgsim list` shows them; of each slot the first is the default. */
#define SYSTEMS(X)                                                                                 \
  X(at_most_once)                                                                                  \
  X(at_least_once)                                                                                 \
  X(exactly_once)                                                                                  \
  X(kafka_acks_0)                                                                                  \
  X(kafka_acks_1)                                                                                  \
  X(kafka_acks_all)                                                                                \
  X(kafka_idempotent)                                                                              \
  X(kafka_transactional)                                                                           \
  X(sqs_standard)                                                                                  \
  X(sqs_fifo)                                                                                      \
  X(rabbitmq_auto_ack)                                                                             \
  X(rabbitmq_confirms)                                                                             \
  X(rabbitmq_quorum)

#define HANDLERS(X)                                                                                \
  X(naive)                                                                                         \
  X(dedup_table)                                                                                   \
  X(outbox)                                                                                        \
  X(apply_then_publish)                                                                            \
  X(transform)                                                                                     \
  X(mark_first)                                                                                    \
  X(effect_first)                                                                                  \
  X(check_then_insert)                                                                             \
  X(insert_or_ignore)                                                                              \
  X(commit_first)                                                                                  \
  X(offsets_in_database)                                                                           \
  X(conditional_write)                                                                             \
  X(fencing_token)                                                                                 \
  X(cache_claim_first)                                                                             \
  X(cache_effect_first)                                                                            \
  X(cache_lease)                                                                                   \
  X(charge)                                                                                        \
  X(charge_with_key)                                                                               \
  X(charge_in_transaction)                                                                         \
  X(idempotency_key)                                                                               \
  X(bloom)                                                                                         \
  X(bloom_rotating)                                                                                \
  X(bloom_backed)                                                                                  \
  X(lru)

#define STORES(X)                                                                                  \
  X(transactional)                                                                                 \
  X(redis)                                                                                         \
  X(plain)                                                                                         \
  X(keyed)

#define DECLARE_SYSTEM(name) extern const struct system system_##name;
#define DECLARE_HANDLER(name) extern const struct handler handler_##name;
#define DECLARE_STORE(name) extern const struct store store_##name;
SYSTEMS(DECLARE_SYSTEM)
HANDLERS(DECLARE_HANDLER)
STORES(DECLARE_STORE)
extern const struct publisher publisher_direct, publisher_dual_write, publisher_outbox_polling,
    publisher_outbox_cdc, publisher_consumer_outbox;

#define SYSTEM_ROW(name) &system_##name,
#define HANDLER_ROW(name) &handler_##name,
#define STORE_ROW(name) &store_##name,

const struct system *const registry_systems[] = {SYSTEMS(SYSTEM_ROW)};
const size_t registry_system_count = sizeof registry_systems / sizeof *registry_systems;

const struct handler *const registry_handlers[] = {HANDLERS(HANDLER_ROW)};
const size_t registry_handler_count = sizeof registry_handlers / sizeof *registry_handlers;

const struct store *const registry_stores[] = {STORES(STORE_ROW)};
const size_t registry_store_count = sizeof registry_stores / sizeof *registry_stores;

const struct client_policy *const registry_clients[] = {&client_none, &client_retrying};
const size_t registry_client_count = sizeof registry_clients / sizeof *registry_clients;

const struct publisher *const registry_publishers[] = {&publisher_direct, &publisher_dual_write,
                                                       &publisher_outbox_polling,
                                                       &publisher_outbox_cdc,
                                                       &publisher_consumer_outbox};
const size_t registry_publisher_count = sizeof registry_publishers / sizeof *registry_publishers;
