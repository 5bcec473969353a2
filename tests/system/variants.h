/* Variants of correct patterns, each broken in one place, beside the pattern itself: what somebody who
 * looks for faults has to find. Each row is a scenario of two rows, `broken` and `twin`, in a small world
 * without chance; `faults` is one way to show that they differ, with at most two faults.
 *
 *   rig_load_with(&rig, text of variant_write(&text, variant, faults), &models.registry)
 *   rig.scenario.plans[VARIANT_BROKEN], rig.scenario.plans[VARIANT_TWIN]
 *
 * [I1] Without faults both rows hold.
 * [I2] Under `faults` the broken row shows `anomaly` and violates its contract; the twin shows none and
 *      holds, under the very same faults.
 * [I3] Every fault of `faults` is a drop or a kill at a point of one operation.
 */
#ifndef TESTS_SYSTEM_VARIANTS_H
#define TESTS_SYSTEM_VARIANTS_H

#include "tests/system/broken_models.h"

enum { VARIANT_BROKEN, VARIANT_TWIN, VARIANT_ROWS };

struct flaw {
  const char *name;
  const char *world;        /* workload and topology, in YAML, whole lines */
  const char *broken, *twin; /* the slots of either row */
  const char *faults;       /* entries of the block, whole lines */
  enum metric anomaly;      /* is above 0 */
};

#define VARIANT_WORLD(messages, service, consumers)                                                \
  "workload: {messages: " messages ", rate: 2/s, arrivals: steady, keys: 1, service_time: " service \
  "}\ntopology: {producers: 1, brokers: 1, partitions: 1, consumers: " consumers "}\n"
#define VARIANT_KAFKA                                                                              \
  ", session.timeout.ms: 2s, heartbeat.interval.ms: 500ms, max.poll.interval.ms: 3s, "             \
  "request.timeout.ms: 1s, delivery.timeout.ms: 10s"
#define VARIANT_TRANSACTIONS VARIANT_KAFKA ", transaction.timeout.ms: 2s"
#define VARIANT_SQS ", visibility_timeout: 2s, request_timeout: 500ms"
#define VARIANT_QUEUE(handler) "system: {name: sqs-standard" VARIANT_SQS "}, handler: " handler
/* Here a message takes longer than a producer that got no answer waits. */
#define VARIANT_SLOW_QUEUE(handler)                                                                \
  "system: {name: sqs-standard, visibility_timeout: 10s, request_timeout: 200ms}, handler: " handler
/* Its SDK sends once, and its application again what it does not know. */
#define VARIANT_KEYED_QUEUE(key)                                                                   \
  "system: {name: sqs-standard, max_attempts: 1" VARIANT_SQS "}, handler: dedup-table, "           \
  "client: {name: retrying, resubmit_unknown: true, key: " key "}"
/* A transaction is over before a request of it that was lost is sent again. */
#define VARIANT_HASTE                                                                              \
  VARIANT_KAFKA ", transaction.timeout.ms: 100ms, "                                                \
  "transaction.abort.timed.out.transaction.cleanup.interval.ms: 10ms"

static const struct flaw variants[] = {
    {"mark-first", VARIANT_WORLD("2", "10ms", "1"), VARIANT_QUEUE("mark-first"),
     VARIANT_QUEUE("dedup-table"),
     "  - {when: handler-step, intent: 1, attempt: 1, kill: this, for: 100ms}\n", METRIC_LOST_ACKED},
    {"effect-first", VARIANT_WORLD("2", "10ms", "1"), VARIANT_QUEUE("effect-first"),
     VARIANT_QUEUE("dedup-table"),
     "  - {when: handler-step, intent: 1, attempt: 3, kill: this, for: 100ms}\n",
     METRIC_DUPLICATE_EFFECTS},
    {"check-then-insert", VARIANT_WORLD("1", "1s", "2"), VARIANT_SLOW_QUEUE("check-then-insert"),
     VARIANT_SLOW_QUEUE("dedup-table"),
     "  - {when: publish-ack-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_DUPLICATE_EFFECTS},
    {"check-then-insert at read committed", VARIANT_WORLD("1", "1s", "2"),
     VARIANT_SLOW_QUEUE("check-then-insert"),
     VARIANT_SLOW_QUEUE("check-then-insert, database: {isolation: serializable}"),
     "  - {when: publish-ack-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_DUPLICATE_EFFECTS},
    {"commit-first", VARIANT_WORLD("2", "10ms", "1"), VARIANT_QUEUE("commit-first"),
     VARIANT_QUEUE("dedup-table"),
     "  - {when: handler-step, intent: 1, attempt: 2, kill: this, for: 100ms}\n", METRIC_LOST_ACKED},
    {"a key of each message", VARIANT_WORLD("2", "10ms", "1"),
     VARIANT_KEYED_QUEUE("per-message"), VARIANT_KEYED_QUEUE("per-request"),
     "  - {when: publish-ack-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_DUPLICATE_EFFECTS},
    {"a filter that dies with its process", VARIANT_WORLD("2", "10ms", "1"), VARIANT_QUEUE("bloom"),
     VARIANT_QUEUE("bloom-backed"),
     "  - {when: handler-step, intent: 1, attempt: 3, kill: this, for: 100ms}\n",
     METRIC_DUPLICATE_EFFECTS},
    {"ids deleted too early", VARIANT_WORLD("2", "10ms", "1"),
     VARIANT_QUEUE("{name: dedup-table, retention: 500ms, prune_every: 100ms}"),
     VARIANT_QUEUE("{name: dedup-table, retention: 1h}"),
     "  - {when: handled, intent: 1, kill: this, for: 100ms}\n", METRIC_DUPLICATE_EFFECTS},
    {"sqs deletes before processing", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: sqs-standard, delete: before-processing" VARIANT_SQS "}",
     "system: {name: sqs-standard" VARIANT_SQS "}",
     "  - {when: delivered, intent: 1, kill: this, for: 100ms}\n", METRIC_LOST_ACKED},
    {"at-least-once without confirmation", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: at-least-once, acks: 0" VARIANT_KAFKA "}",
     "system: {name: at-least-once" VARIANT_KAFKA "}",
     "  - {when: publish-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_LOST_UNACKED},
    {"exactly-once read uncommitted", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: exactly-once, isolation.level: read_uncommitted" VARIANT_TRANSACTIONS "}",
     "system: {name: exactly-once" VARIANT_TRANSACTIONS "}",
     "  - {when: before ack-sent, intent: 1, kill: this, for: 100ms}\n", METRIC_DUPLICATE_EFFECTS},
    {"exactly-once with offsets outside", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: exactly-once, commit: after-processing" VARIANT_TRANSACTIONS "}",
     "system: {name: exactly-once" VARIANT_TRANSACTIONS "}",
     "  - {when: before ack-sent, intent: 1, kill: this, for: 100ms}\n", METRIC_DUPLICATE_EFFECTS},
    {"exactly-once without idempotence", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: exactly-once, enable.idempotence: false" VARIANT_TRANSACTIONS "}",
     "system: {name: exactly-once" VARIANT_TRANSACTIONS "}",
     "  - {when: publish-ack-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_DUPLICATE_EFFECTS},
    {"kafka without fencing", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: kafka-unfenced" VARIANT_HASTE "}",
     "system: {name: kafka-transactional" VARIANT_HASTE "}",
     "  - {when: transaction-offsets-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_LOST_ACKED},
    {"kafka shows the uncommitted", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: kafka-uncommitted" VARIANT_TRANSACTIONS "}",
     "system: {name: kafka-transactional" VARIANT_TRANSACTIONS "}",
     "  - {when: before ack-sent, intent: 1, kill: this, for: 100ms}\n", METRIC_DUPLICATE_EFFECTS},
    {"kafka without sequence check", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: kafka-unsequenced" VARIANT_TRANSACTIONS "}",
     "system: {name: kafka-transactional" VARIANT_TRANSACTIONS "}",
     "  - {when: publish-ack-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_DUPLICATE_EFFECTS},
    {"sqs deletes when it hands out", VARIANT_WORLD("2", "10ms", "1"),
     "system: {name: sqs-forgetful" VARIANT_SQS "}", "system: {name: sqs-standard" VARIANT_SQS "}",
     "  - {when: delivery-sent, intent: 1, attempt: 1, drop: this}\n", METRIC_LOST_ACKED},
};
enum { VARIANT_COUNT = sizeof variants / sizeof *variants };

/* The scenario of a variant; `faults`: entries in whole lines, "" = none. */
static inline void variant_write(struct rig_text *text, const struct flaw *variant,
                                 const char *faults) {
  text->length = 0;
  rig_add(text, "format: 1\nname: variant\nluck: none\nmeasure_capacity: false\n%s", variant->world);
  rig_add(text, "compare:\n  - {label: broken, %s}\n  - {label: twin, %s}\n", variant->broken,
          variant->twin);
  if (faults[0]) rig_add(text, "faults:\n%s", faults);
}

#endif
