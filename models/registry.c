#include "models/registry.h"

#include "models/client/client.h"

extern const struct system system_at_most_once, system_at_least_once, system_exactly_once;
extern const struct system system_kafka_acks_0, system_kafka_acks_1, system_kafka_acks_all,
    system_kafka_idempotent, system_kafka_transactional;
extern const struct system system_sqs_standard, system_sqs_fifo;
extern const struct system system_rabbitmq_auto_ack, system_rabbitmq_confirms, system_rabbitmq_quorum;
extern const struct handler handler_naive, handler_dedup_table, handler_transform;
extern const struct handler handler_mark_first, handler_effect_first, handler_check_then_insert;
extern const struct store store_transactional;
extern const struct publisher publisher_direct, publisher_dual_write, publisher_outbox_polling;

const struct system *const registry_systems[] = {
    &system_at_most_once,     &system_at_least_once,       &system_exactly_once,
    &system_kafka_acks_0,     &system_kafka_acks_1,        &system_kafka_acks_all,
    &system_kafka_idempotent, &system_kafka_transactional, &system_sqs_standard,
    &system_sqs_fifo,         &system_rabbitmq_auto_ack,   &system_rabbitmq_confirms,
    &system_rabbitmq_quorum,
};
const size_t registry_system_count = sizeof registry_systems / sizeof *registry_systems;

const struct handler *const registry_handlers[] = {
    &handler_naive,      &handler_dedup_table,  &handler_transform,
    &handler_mark_first, &handler_effect_first, &handler_check_then_insert,
};
const size_t registry_handler_count = sizeof registry_handlers / sizeof *registry_handlers;

const struct store *const registry_stores[] = {&store_transactional};
const size_t registry_store_count = sizeof registry_stores / sizeof *registry_stores;

const struct client_policy *const registry_clients[] = {&client_none, &client_retrying};
const size_t registry_client_count = sizeof registry_clients / sizeof *registry_clients;

const struct publisher *const registry_publishers[] = {&publisher_direct, &publisher_dual_write,
                                                       &publisher_outbox_polling};
const size_t registry_publisher_count = sizeof registry_publishers / sizeof *registry_publishers;
