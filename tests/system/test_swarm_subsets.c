/* `swarm: true`: each seed has its own part of the faults, the same in all rows. */
#include "tests/system/rig.h"

#define SEEDS 40
#define FAULTS 5
#define ROWS 2

static const char text[] =
    "format: 1\nswarm: true\nseeds: 40\nmeasure_capacity: false\n"
    "workload: {messages: 400, rate: 200/s}\n"
    "compare:\n  - {label: log, system: {name: at-least-once, session.timeout.ms: 6s}}\n"
    "  - {label: queue, system: sqs-standard}\n"
    "faults:\n"
    "  - {every: exponential mean=300ms, kill: consumer.any, for: 50ms}\n"
    "  - {every: exponential mean=300ms, reset: consumer.any_to_broker}\n"
    "  - {every: 200ms, partition: consumer.1, for: 50ms}\n"
    "  - {when: effect, intent: 30, kill: this}\n"
    "  - {when: effect, intent: 60, kill: this}\n";

/* Which faults a run has had, as bits, and how often each began. */
static unsigned part_of(struct rig *rig, size_t row, uint64_t seed, size_t begun[FAULTS]) {
  struct run_result result = rig_run(rig, row, seed);
  unsigned part = 0;
  memset(begun, 0, FAULTS * sizeof *begun);
  for (size_t i = 0; i < result.window_count; i++) begun[result.windows[i].fault]++;
  for (size_t i = 0; i < FAULTS; i++) {
    part |= (unsigned)(begun[i] != 0) << i;
    if (begun[i] == 0) ck_assert_uint_eq(result.fault_hits[i], 0);
  }
  run_result_deinit(&result);
  return part;
}

START_TEST(each_seed_has_its_part_of_the_faults_and_every_row_the_same) {
  struct rig rig;
  unsigned seen = 0, all = 0, common = ~0u;
  size_t begun[FAULTS], fewest = SIZE_MAX, most = 0;
  rig_load(&rig, text);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    unsigned part = part_of(&rig, 1, seed, begun);
    ck_assert_uint_ne(part, 0);
    ck_assert_uint_eq(part_of(&rig, 0, seed, begun), part);
    all |= part;
    common &= part;
    seen |= 1u << part;
    if (!(part & 4)) continue; /* a constant gap: only the weight makes it differ */
    if (begun[2] < fewest) fewest = begun[2];
    if (begun[2] > most) most = begun[2];
  }
  ck_assert_uint_eq(all, (1u << FAULTS) - 1);
  ck_assert_uint_eq(common, 0);
  ck_assert_int_ge(__builtin_popcount(seen), 10); /* of 31 parts, in 40 seeds */
  ck_assert_uint_gt(most, 3 * fewest);            /* from a quarter of the gap to four of them */
  rig_close(&rig);
}
END_TEST

START_TEST(a_swarm_is_the_same_for_any_number_of_workers) {
  struct rig rig;
  uint64_t digests[2];
  rig_load(&rig, text);
  for (unsigned workers = 1; workers <= 2; workers++) {
    struct campaign campaign;
    campaign_run(&rig.scenario, &(struct campaign_options){.workers = workers}, &campaign);
    digests[workers - 1] = campaign_digest(&campaign);
    campaign_free(&campaign);
  }
  ck_assert_uint_eq(digests[0], digests[1]);
  rig_close(&rig);
}
END_TEST

START_TEST(without_luck_every_fault_is_there) {
  struct rig rig;
  size_t begun[FAULTS];
  char whole[sizeof text + 16];
  snprintf(whole, sizeof whole, "%sluck: none\n", text);
  rig_load(&rig, whole);
  ck_assert_uint_eq(part_of(&rig, 0, 3, begun), (1u << FAULTS) - 1);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("swarm");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, each_seed_has_its_part_of_the_faults_and_every_row_the_same);
  tcase_add_test(tests, a_swarm_is_the_same_for_any_number_of_workers);
  tcase_add_test(tests, without_luck_every_fault_is_there);
  return rig_main(suite_create("system/swarm subsets"), tests);
}
