/* Every verb of the table against every system and handler: whatever a contract allows, no run breaks a
 * protocol, hangs or loses count, and each run repeats. */
#include "tests/system/rig.h"

#include "sim/world/fault_verbs.h"

/* How each verb is written here; a verb without a line fails the test. */
static const char *const entries[VERB__COUNT] = {
    [VERB_KILL] = "kill: [broker.any, consumer.any, producer.any, database.1, cache.1], for: 50ms",
    [VERB_POWER_LOSS] = "power_loss: [broker.any, consumer.any, database.1, cache.1], for: 50ms, unsynced: torn",
    [VERB_DISK_GONE] = "disk_gone: [broker.any, consumer.any, producer.any, database.1, cache.1], for: 50ms",
    [VERB_TERMINATE] = "terminate: [broker.any, consumer.any, database.1, cache.1], for: 50ms, grace: 100ms",
    [VERB_DEPLOY] = "deploy: consumer.all, for: 50ms",
    [VERB_PAUSE] = "pause: [broker.any, consumer.any, database.1, cache.1], for: 300ms",
    [VERB_SLOW] = "slow: [broker.leader, consumer.any, database.1, cache.1], for: 300ms, factor: 30, what: both",
    [VERB_SKEW_CLOCK] = "skew_clock: [broker.any, consumer.any, database.1], for: 300ms, offset: 1h, direction: back",
    [VERB_FSYNC_LIES] = "fsync_lies: [broker.all, database.1, cache.1], for: 200ms",
    [VERB_FSYNC_FAILS] = "fsync_fails: [broker.any, database.1, cache.1], for: 50ms",
    [VERB_FAILOVER] = "failover: [broker.leader, cache.1], election: unclean",
    [VERB_MOVE_COORDINATOR] = "move_coordinator: broker.coordinator",
    [VERB_PARTITION] = "partition: broker.any, from: [consumer.all, producer.all], for: 300ms",
    [VERB_RESET] = "reset: consumer.any_to_broker",
    [VERB_CLOG] = "clog: producer.any_to_broker, for: 300ms",
    [VERB_DEGRADE] = "degrade: consumer_to_broker, for: 300ms, latency: 30ms, loss: 20%",
    [VERB_DROP] = "drop: this",
    [VERB_DELAY] = "delay: this, for: 3s",
    [VERB_LOSE_SLOT] = "lose_slot: producer_database.1",
    [VERB_DUPLICATE] = "duplicate: this",
    [VERB_REDELIVER] = "redeliver: this, for: 300ms",
    [VERB_FAIL] = "fail: this, error: serialization",
};

/* Verbs that only some systems understand are refused where no row's system does; the cache does one, and
 * the database of an outbox whose log is read. */
static const char *entry_for(const struct system *system, enum verb verb) {
  if (verb == VERB_LOSE_SLOT) return entries[verb];
  if (verb == VERB_SKEW_CLOCK) return NULL; /* no handler here reads one: tests/models/test_skewed_clock.c */
  if (verb == VERB_MOVE_COORDINATOR && !system->coordinator) return NULL;
  if (!fault_verbs[verb].of_system || (system->verbs >> verb) & 1) return entries[verb];
  return verb == VERB_FAILOVER ? "failover: cache.1, election: unclean" : NULL;
}

/* A handler is refused where the system does not have what it needs. */
static bool serves(const struct system *system, const struct handler *handler) {
  if (handler->needs & ~system->says) return false;
  return (handler->uses && !handler->commits) || system->components[ROLE_CONSUMER]->publish;
}

static void write_world(struct rig_text *text, const struct system *system, enum verb verb) {
  text->length = 0;
  rig_add(text, "format: 1\nname: verb\nmeasure_capacity: false\n"
                "workload: {messages: 200, rate: 200/s, keys: 20}\n"
                "topology: {producers: 2, brokers: 2, partitions: 3, consumers: 2}\n"
                "cache: {replicas: 1, replication_delay: 20ms}\n%scompare:\n",
          verb == VERB_LOSE_SLOT ? "publisher: outbox-cdc\n" : "");
  for (size_t i = 0; i < registry_handler_count; i++)
    if (serves(system, registry_handlers[i]))
      rig_add(text, "  - {label: row %zu, system: %s, handler: %s%s}\n", i, system->name, registry_handlers[i]->name,
              registry_handlers[i]->emits ? ", publisher: consumer-outbox" : "");
}

static void write_faults(struct rig_text *text, enum verb verb, const char *entry) {
  rig_add(text, "faults:\n");
  const bool message = fault_verbs[verb].target == FAULT_TARGET_THIS;
  static const char *const of_messages[] = {"publish-sent", "delivery-sent", "ack-sent", "publish-ack-sent"};
  static const char *const of_calls[] = {"before handler-step", "handler-step", "before handler-step, attempt: 2",
                                         "handler-step, attempt: 3"};
  const char *const *points = verb == VERB_FAIL ? of_calls : of_messages;
  for (size_t i = 0; message && i < 4; i++)
    rig_add(text, "  - {when: %s, intent: %zu, min_hits: 0, %s}\n", points[i], 30 * (i + 1),
            entry);
  if (message) return;
  rig_add(text, "  - {every: exponential mean=200ms, min_hits: 0, %s}\n", entry);
  /* what was not on the disk is gone with the power */
  if (verb == VERB_FSYNC_LIES)
    rig_add(text, "  - {every: exponential mean=250ms, min_hits: 0, power_loss: [broker.any, database.1, cache.1], "
                  "for: 20ms}\n");
}

static void check_runs(struct rig *rig, const char *text) {
  for (size_t row = 0; row < rig->scenario.plan_count; row++)
    for (uint64_t seed = 1; seed <= 2; seed++) {
      struct run_result result = rig_run(rig, row, seed), again = rig_run(rig, row, seed);
      const char *conservation = rig_conservation(&result);
      ck_assert_msg(result.drained && conservation[0] == '\0' && result.digest == again.digest,
                    "row %zu, seed %llu: %s%s\n%s", row, (unsigned long long)seed,
                    result.drained ? "" : "stuck ", conservation, text);
      run_result_deinit(&result);
      run_result_deinit(&again);
    }
}

START_TEST(no_verb_breaks_a_system) {
  static struct rig_text text;
  const struct system *system = registry_systems[_i];
  for (int verb = 0; verb < VERB__COUNT; verb++) {
    if (verb == VERB_LOSE_SLOT) continue; /* of publishers that read a log: C24 */
    ck_assert_msg(entries[verb], "'%s' has no line in this test", fault_verbs[verb].name);
    const char *entry = entry_for(system, (enum verb)verb);
    if (!entry) continue;
    struct rig rig;
    write_world(&text, system, (enum verb)verb);
    write_faults(&text, (enum verb)verb, entry);
    rig_load(&rig, text.bytes);
    check_runs(&rig, text.bytes);
    rig_close(&rig);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, no_verb_breaks_a_system, 0, (int)registry_system_count);
  return rig_main(suite_create("every verb"), tests);
}
