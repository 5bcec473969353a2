/* What the workload promises: which operations come, when, and that nothing else has a say in it. */
#include "tests/world/timeline.h"

#include <math.h>

#define INTENTS_MAX 20001

/* What came: when, which key, which producer. */
struct arrival {
  int64_t at;
  uint64_t key;
  uint32_t producer;
};
static struct arrival arrivals[INTENTS_MAX], others[INTENTS_MAX];

static uint64_t collect(struct arrival *out) {
  uint64_t count = 0;
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (record->kind != FACT_INTENDED) continue;
    ck_assert_uint_eq(record->intent, ++count); /* operations are numbered from 1, in order */
    out[count] = (struct arrival){record->at, record->value, record->detail};
  }
  return count;
}

/* An exponential distribution by the middle of each cell; its tails only where draws need them. */
static int64_t exponential(double mean_ns, double uniform) { return (int64_t)(-mean_ns * log1p(-uniform)); }

static void make_exponential(struct fake_constant *out, double mean_ns) {
  struct quantile_table *table = &out->table;
  double width = 1.0 / QUANTILE_CELLS;
  *table = (struct quantile_table){.median = exponential(mean_ns, 0.5), .mean = (int64_t)mean_ns};
  for (int i = 0; i < QUANTILE_CELLS; i++)
    table->body[i] = exponential(mean_ns, (i + 0.5) * width);
  double cell = width;
  for (int level = 0; level < QUANTILE_LEVELS; level++, cell *= width)
    for (int i = 0; i < QUANTILE_CELLS; i++) {
      table->low[level][i] = exponential(mean_ns, cell * (i + 0.5) * width);
      table->high[level][i] = exponential(mean_ns, 1 - cell + cell * (i + 0.5) * width);
    }
  out->distribution.table = table;
}

START_TEST(operations_come_a_gap_apart_the_first_after_one) {
  timeline("operations=3 every=10ms", "intended healed",
           "10 producer.1 intended 1\n"
           "20 producer.1 intended 2\n"
           "30 producer.1 intended 3\n"
           "30 run healed\n");
}
END_TEST

/* A transfer goes to one of the other keys, to each as often. */
START_TEST(a_transfer_goes_to_any_key_but_its_own) {
  enum { KEYS = 4, EACH = 3000 };
  uint32_t seen[KEYS + 1] = {0};
  timeline_run("operations=1 every=10ms keys=4");
  for (uint64_t intent = 1; intent <= (KEYS - 1) * EACH; intent++) {
    const uint32_t other = workload_other_key(fake.world, intent, 2);
    ck_assert(other >= 1 && other <= KEYS && other != 2);
    seen[other]++;
  }
  for (uint32_t key = 1; key <= KEYS; key++)
    ck_assert(key == 2 || (seen[key] > EACH - 180 && seen[key] < EACH + 180)); /* four standard deviations */
}
END_TEST

START_TEST(the_mean_gap_of_poisson_arrivals_is_one_over_the_rate) {
  timeline_plan("operations=20000 keys=10");
  make_exponential(&fake.gap, 1e6);
  for (uint64_t seed = 1; seed <= 5; seed++) {
    fake_run_seed(seed);
    ck_assert_uint_eq(collect(arrivals), 20000);
    double mean = (double)arrivals[20000].at / 20000;
    ck_assert(fabs(mean - 1e6) < 4 * 1e6 / sqrt(20000)); /* four standard errors */
    uint64_t below = 0;
    for (size_t i = 1; i <= 20000; i++)
      below += arrivals[i].at - arrivals[i - 1].at < exponential(1e6, 0.5);
    ck_assert(below > 10000 - 283 && below < 10000 + 283); /* four standard deviations of the median */
  }
}
END_TEST

START_TEST(steady_arrivals_come_at_exactly_n_over_the_rate) {
  timeline_plan("operations=7000");
  fake.plan.workload.steady = true;
  fake.plan.workload.rate = 7 * SCHEMA_RATE_SCALE; /* a period that no number of ns is */
  fake_run_seed(1);
  ck_assert_uint_eq(collect(arrivals), 7000);
  for (int64_t n = 1; n <= 7000; n++) ck_assert_int_eq(arrivals[n].at, n * NS_PER_S / 7);
}
END_TEST

START_TEST(keys_are_even_and_within_their_number) {
  uint64_t counts[8] = {0};
  timeline_run("operations=16000 every=1ms keys=8");
  collect(arrivals);
  for (size_t i = 1; i <= 16000; i++) {
    ck_assert(arrivals[i].key >= 1 && arrivals[i].key <= 8);
    counts[arrivals[i].key - 1]++;
  }
  for (int i = 0; i < 8; i++) ck_assert(counts[i] > 2000 - 168 && counts[i] < 2000 + 168);
}
END_TEST

START_TEST(arrivals_are_the_same_whatever_the_system_and_its_faults) {
  static const char *const rest[] = {
      "link=per-request request_loss=30% retry=5ms",
      "link=datagram duplication=50% latency=77ms cost=1ms cores=2",
      "brokers=3 consumers=4; kill broker.any every=10ms for=5ms times=20",
      "hold=3ms; kill producer.2 at=50ms for=100ms; partition producer.all at=10ms for=1s"};
  timeline_plan("operations=500 keys=50 producers=3");
  make_exponential(&fake.gap, 1e6);
  fake_run_seed(9);
  ck_assert_uint_eq(collect(arrivals), 500);
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
    char script[256];
    snprintf(script, sizeof script, "operations=500 keys=50 producers=3 timeout=1s %s", rest[i]);
    timeline_plan(script);
    make_exponential(&fake.gap, 1e6);
    fake_run_seed(9);
    ck_assert_uint_eq(collect(others), 500);
    for (size_t n = 1; n <= 500; n++) {
      ck_assert_int_eq(others[n].at, arrivals[n].at);
      ck_assert_uint_eq(others[n].key, arrivals[n].key);
      ck_assert_uint_eq(others[n].producer, arrivals[n].producer);
    }
  }
}
END_TEST

START_TEST(a_producer_that_is_down_abandons_its_operations) {
  timeline("operations=3 every=10ms; kill producer.1 at=15ms for=10ms", "intended abandoned ok",
           "10 producer.1 intended 1\n"
           "12 producer.1 ok 1\n"
           "20 producer.1 intended 2\n"
           "20 producer.1 abandoned 2\n"
           "30 producer.1 intended 3\n"
           "32 producer.1 ok 3\n");
}
END_TEST

START_TEST(no_operations_are_no_run) {
  timeline("operations=0", "intended drained", "0 run drained\n");
}
END_TEST

/* --- Saturating --- */

START_TEST(a_saturating_workload_keeps_its_places_filled) {
  static const char *const scripts[] = {
      "operations=200 outstanding=7 cost=1ms",
      "operations=200 outstanding=7 cost=1ms link=datagram duplication=50%",
      "operations=200 outstanding=7 link=per-request request_loss=30% retry=5ms"};
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    static bool effected[201];
    memset(effected, 0, sizeof effected);
    timeline_run(scripts[i]);
    uint64_t intended = 0, effects = 0;
    for (size_t r = 0; r < fake.count; r++) {
      const struct trace_record *record = &fake.records[r];
      if (record->kind == FACT_EFFECT && !effected[record->intent]) {
        effected[record->intent] = true;
        effects++;
      }
      intended += record->kind == FACT_INTENDED;
      ck_assert_uint_le(intended - effects, 7);
      bool next_instant = r + 1 == fake.count || fake.records[r + 1].at > record->at;
      if (next_instant && intended < 200) ck_assert_uint_eq(intended - effects, 7);
    }
    ck_assert_uint_eq(intended, 200);
    ck_assert_uint_eq(effects, 200);
  }
}
END_TEST

START_TEST(a_place_is_taken_again_when_the_effect_is_visible) {
  timeline("operations=4 outstanding=2 cost=5ms", "intended effect",
           "0 producer.1 intended 1\n"
           "0 producer.1 intended 2\n"
           "1 broker.1 effect 1\n"
           "1 producer.1 intended 3\n"
           "6 broker.1 effect 2\n"
           "6 producer.1 intended 4\n"
           "11 broker.1 effect 3\n"
           "16 broker.1 effect 4\n");
}
END_TEST

START_TEST(places_of_lost_operations_are_filled_when_nothing_is_under_way) {
  timeline_run("operations=500 outstanding=4 link=per-request request_loss=40% timeout=10ms");
  ck_assert_uint_eq(collect(arrivals), 500);
  ck_assert_uint_gt(timeline_count("lost", 0), 150);
  ck_assert_uint_eq(timeline_count("drained", 0), 1);
}
END_TEST

START_TEST(more_places_than_operations_are_no_more_operations) {
  timeline_run("operations=3 outstanding=100");
  ck_assert_uint_eq(collect(arrivals), 3);
}
END_TEST

/* --- Executions --- */

START_TEST(service_time_is_keyed_by_operation_and_execution) {
  timeline_plan("operations=10 every=1ms");
  make_exponential(&fake.service, 1e6);
  fake_run_seed(5);
  int64_t first = workload_service_time(fake.world, 3, 0, 1), second = workload_service_time(fake.world, 3, 0, 2);
  int64_t other = workload_service_time(fake.world, 4, 0, 1);
  ck_assert(first != second && first != other);
  timeline_plan("operations=10 every=1ms link=per-request request_loss=50% retry=3ms consumers=2");
  make_exponential(&fake.service, 1e6);
  fake_run_seed(5);
  ck_assert_int_eq(workload_service_time(fake.world, 3, 0, 1), first);
  ck_assert_int_eq(workload_service_time(fake.world, 3, 0, 2), second);
  fake_run_seed(6);
  ck_assert_int_ne(workload_service_time(fake.world, 3, 0, 1), first);
}
END_TEST

START_TEST(executions_and_transmissions_are_counted_across_the_window_of_memory) {
  timeline_run("operations=1");
  struct world *world = fake.world;
  ck_assert_uint_eq(world_count_execution(world, 1, 0), 2); /* the run was the first */
  ck_assert_uint_eq(world_count_transmission(world, 1, 0, LINK_PRODUCER_TO_BROKER, 0), 2);
  ck_assert_uint_eq(world_count_transmission(world, 1, 0, LINK_PRODUCER_TO_BROKER, 1), 2);
  uint64_t old = 1 + OPERATION_WINDOW; /* not in the ring: it counts on, apart from its first */
  ck_assert_uint_gt(world_count_execution(world, old, 0), UINT16_MAX);
  ck_assert_uint_gt(world_count_transmission(world, old, 0, LINK_PRODUCER_TO_BROKER, 0), UINT16_MAX);
  ck_assert_uint_ne(world_count_transmission(world, old, 0, LINK_PRODUCER_TO_BROKER, 0),
                    world_count_transmission(world, old, 0, LINK_PRODUCER_TO_BROKER, 0));
}
END_TEST

/* Times and ids of a list; what is drawn for an operation is drawn by its id. */
START_TEST(a_list_keeps_ids_times_and_luck_of_what_it_leaves) {
  timeline_plan("operations=40 producers=3 keys=9 every=10ms");
  fake_run_seed(7);
  ck_assert_uint_eq(collect(arrivals), 40);
  struct intent_plan list[2] = {
      {.id = 17, .at = instant_of(arrivals[17].at), .key = (uint32_t)arrivals[17].key},
      {.id = 30, .at = instant_of(arrivals[17].at), .key = 5, .producer = 2}};
  fake.plan.workload.intents = list;
  fake.plan.workload.messages = 2;
  fake_run_seed(7);
  size_t found = 0;
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (record->kind != FACT_INTENDED) continue;
    ck_assert_uint_eq(record->intent, list[found].id);
    ck_assert_int_eq(record->at, list[found].at.ns);
    ck_assert_uint_eq(record->value, list[found].key);
    ck_assert_uint_eq(record->detail, found == 0 ? arrivals[17].producer : 1);
    found++;
  }
  ck_assert_uint_eq(found, 2);
  fake.plan.workload.intents = NULL;
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("workload");
  tcase_add_test(tests, operations_come_a_gap_apart_the_first_after_one);
  tcase_add_test(tests, a_transfer_goes_to_any_key_but_its_own);
  tcase_add_test(tests, the_mean_gap_of_poisson_arrivals_is_one_over_the_rate);
  tcase_add_test(tests, steady_arrivals_come_at_exactly_n_over_the_rate);
  tcase_add_test(tests, keys_are_even_and_within_their_number);
  tcase_add_test(tests, arrivals_are_the_same_whatever_the_system_and_its_faults);
  tcase_add_test(tests, a_producer_that_is_down_abandons_its_operations);
  tcase_add_test(tests, no_operations_are_no_run);
  tcase_add_test(tests, a_saturating_workload_keeps_its_places_filled);
  tcase_add_test(tests, a_place_is_taken_again_when_the_effect_is_visible);
  tcase_add_test(tests, places_of_lost_operations_are_filled_when_nothing_is_under_way);
  tcase_add_test(tests, more_places_than_operations_are_no_more_operations);
  tcase_add_test(tests, service_time_is_keyed_by_operation_and_execution);
  tcase_add_test(tests, executions_and_transmissions_are_counted_across_the_window_of_memory);
  tcase_add_test(tests, a_list_keeps_ids_times_and_luck_of_what_it_leaves);
  return timeline_main("world/workload", tests);
}
