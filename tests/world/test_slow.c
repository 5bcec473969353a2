/* What slow nodes promise: everything that has a price costs more. */
#include "tests/world/timeline.h"

/* Without: at 11 ms, answered when its service of 1 ms is over, there at 13 ms. */
START_TEST(a_service_that_begins_on_a_slow_cpu_takes_so_many_times_as_long) {
  timeline("operations=3 every=10ms timeout=1s cost=1ms; slow broker.1 at=15ms for=10ms factor=4",
           "got ok hit began ended",
           "11 broker.1 got 1\n"
           "13 producer.1 ok 1\n"
           "15 slow began\n"
           "21 slow hit\n"
           "21 broker.1 got 2\n"
           "25 slow ended\n"
           "26 producer.1 ok 2\n"
           "31 broker.1 got 3\n"
           "33 producer.1 ok 3\n");
}
END_TEST

START_TEST(requests_queue_for_a_slow_cpu) {
  timeline("operations=3 every=1ms timeout=1s cost=1ms; slow broker.1 at=1ms for=1s factor=10",
           "ok", "13 producer.1 ok 1\n"
                 "23 producer.1 ok 2\n"
                 "33 producer.1 ok 3\n");
}
END_TEST

/* A disk is slow for those who ask it: the fake broker asks for nothing. */
START_TEST(a_slow_disk_does_not_slow_the_cpu) {
  timeline("operations=1 every=10ms timeout=1s cost=1ms; slow broker.1 at=1ms for=1s factor=10 what=disk",
           "ok hit", "13 producer.1 ok 1\n");
  struct node *node = world_node(fake.world, ROLE_BROKER, 0);
  node->slowed = true;
  node->slow[NODE_DISK] = 3;
  node->slow_by[NODE_DISK] = 0;
  ck_assert_int_eq(node_takes(fake.world, node, NODE_DISK, NS_PER_MS), 3 * NS_PER_MS);
  ck_assert_int_eq(node_takes(fake.world, node, NODE_CPU, NS_PER_MS), NS_PER_MS);
}
END_TEST

START_TEST(slow_faults_that_overlap_multiply) {
  timeline("operations=4 every=100ms timeout=1s cost=1ms; slow broker.all at=150ms for=200ms factor=2;"
           "slow broker.1 at=250ms for=200ms factor=5 what=both name=second",
           "ok", "103 producer.1 ok 1\n"
                 "204 producer.1 ok 2\n"
                 "312 producer.1 ok 3\n"
                 "407 producer.1 ok 4\n");
}
END_TEST

START_TEST(slow_ends_with_its_run_and_costs_nothing_where_nothing_costs) {
  timeline_plan("operations=1 every=10ms timeout=1s cost=0; slow broker.1 at=1ms for=1h factor=10");
  fake_run_seed(1);
  ck_assert_uint_eq(timeline_count("hit", 0), 0);
  fake.plan.fault_count = 0;
  world_reset(fake.world, &fake.plan, 1);
  ck_assert_uint_eq(world_node(fake.world, ROLE_BROKER, 0)->slow[NODE_CPU], 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("slow");
  tcase_add_test(tests, a_service_that_begins_on_a_slow_cpu_takes_so_many_times_as_long);
  tcase_add_test(tests, requests_queue_for_a_slow_cpu);
  tcase_add_test(tests, a_slow_disk_does_not_slow_the_cpu);
  tcase_add_test(tests, slow_faults_that_overlap_multiply);
  tcase_add_test(tests, slow_ends_with_its_run_and_costs_nothing_where_nothing_costs);
  return timeline_main("world/slow", tests);
}
