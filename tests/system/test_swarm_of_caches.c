/* A cache in many settings under random parts of all faults that can strike it: who marks last or leases
 * loses nothing, every run drains, loses count of nothing and repeats in used memory. */
#include "tests/system/rig.h"

#define SEEDS 40

/* Short timeouts, so that each of them is met and missed; slow enough that requests wait for each other. */
static const char text[] =
    "format: 1\nname: caches\nswarm: true\nmeasure_capacity: false\n"
    "workload: {messages: 300, rate: 400/s}\n"
    "topology: {consumers: 3, threads: 4}\n"
    "system: {name: sqs-standard, visibility_timeout: 1s, request_timeout: 500ms, wait_time: 1s}\n"
    "cache: {appendfsync: always, replicas: 1, replication_delay: 30ms, timeout: 300ms}\n"
    "database: {socket_timeout: 1s, idle_in_transaction_session_timeout: 2s}\n"
    "costs: {cache_request: 300us}\n"
    "compare:\n"
    "  - {label: claim, handler: {name: cache-claim-first, ttl: 2s}}\n"
    "  - {label: effect, handler: {name: cache-effect-first, ttl: 2s}}\n"
    "  - {label: lease, handler: {name: cache-lease, ttl: 2s, lease: 300ms}}\n"
    "  - {label: everysec, handler: {name: cache-lease, ttl: 2s, lease: 300ms}, cache: {appendfsync: everysec}}\n"
    "  - {label: memory, handler: {name: cache-lease, ttl: 2s, lease: 300ms}, cache: {appendonly: false}}\n"
    "faults:\n"
    "  - {every: exponential mean=200ms, power_loss: cache.1, for: 30ms, unsynced: torn}\n"
    "  - {every: exponential mean=200ms, kill: [consumer.any, cache.1], for: 30ms}\n"
    "  - {every: exponential mean=300ms, disk_gone: cache.1, for: 50ms}\n"
    "  - {every: exponential mean=300ms, failover: cache.1, election: unclean}\n"
    "  - {every: exponential mean=300ms, failover: cache.1, election: clean}\n"
    "  - {every: exponential mean=300ms, fsync_lies: cache.1, for: 100ms}\n"
    "  - {every: exponential mean=300ms, fsync_fails: cache.1, for: 20ms}\n"
    "  - {every: exponential mean=300ms, pause: cache.1, for: 50ms}\n"
    "  - {every: exponential mean=300ms, slow: cache.1, for: 100ms, factor: 30, what: both}\n"
    "  - {every: exponential mean=300ms, reset: consumer.any_to_cache}\n"
    "  - {every: exponential mean=300ms, clog: consumer.any_to_cache, for: 100ms}\n"
    "  - {every: exponential mean=300ms, partition: cache.1, for: 100ms}\n"
    "  - {when: statement-received, node: cache.1, nth: 30, drop: this}\n";

enum { ROW_CLAIM };

START_TEST(a_cache_loses_count_of_nothing) {
  struct rig rig;
  rig_load(&rig, text);
  uint64_t seed = (uint64_t)_i + 1;
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    struct run_result result = rig_run(&rig, row, seed), again = rig_run(&rig, row, seed);
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %zu, seed %llu: %s", row, (unsigned long long)seed, wrong);
    ck_assert_msg(result.drained, "row %zu, seed %llu is stuck", row, (unsigned long long)seed);
    ck_assert_uint_eq(result.digest, again.digest);
    int64_t lost = result.metrics[METRIC_LOST];
    ck_assert_msg(row == ROW_CLAIM || lost == 0, "row %zu, seed %llu: lost = %lld", row,
                  (unsigned long long)seed, (long long)lost);
    run_result_deinit(&result);
    run_result_deinit(&again);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_cache_loses_count_of_nothing, 0, SEEDS);
  return rig_main(suite_create("swarm of caches"), tests);
}
