/* What nodes promise: how they live, die and come back. */
#include "tests/world/timeline.h"

#define LIFE "up down started crashed terminated began ended hit"

/* --- Deaths --- */

START_TEST(a_kill_drops_the_memory_and_keeps_the_disk) {
  timeline("operations=2 every=10ms; kill broker.1 at=15ms for=2ms", LIFE " got",
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "11 broker.1 got 1\n"
           "15 kill began\n"
           "15 broker.1 down\n"
           "15 broker.1 crashed\n"
           "17 broker.1 up\n"
           "17 broker.1 started with 1\n"
           "17 kill ended\n"
           "21 broker.1 got 2\n");
}
END_TEST

START_TEST(a_power_loss_drops_what_was_not_synced) {
  timeline("operations=2 every=10ms; power_loss broker.1 at=15ms for=2ms", LIFE,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "15 power_loss began\n"
           "15 broker.1 down\n"
           "15 broker.1 crashed without power\n"
           "17 broker.1 up\n"
           "17 broker.1 started with 0\n"
           "17 power_loss ended\n"
           "21 power_loss hit 2\n"); /* on a connection that the machine knows nothing of any more */
  timeline("operations=2 every=10ms sync=1; power_loss broker.1 at=15ms for=2ms", "started crashed",
           "0 producer.1 started with 0\n"
           "0 broker.1 started with 0\n"
           "15 broker.1 crashed without power\n"
           "17 broker.1 started with 1\n");
}
END_TEST

START_TEST(memory_is_built_anew_in_zeroed_bytes) {
  timeline_run("operations=3 every=10ms hold=-1 drain_limit=10ms; kill broker.1 at=15ms for=2ms");
  ck_assert_uint_eq(fake_broker_of(world_node(fake.world, ROLE_BROKER, 0))->held, 2);
}
END_TEST

START_TEST(killing_what_is_down_does_nothing) {
  timeline("operations=1; kill broker.1 at=15ms for=10ms; kill broker.1 at=20ms for=50ms name=second",
           LIFE,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "15 kill began\n"
           "15 broker.1 down\n"
           "15 broker.1 crashed\n"
           "25 broker.1 up\n"
           "25 broker.1 started with 1\n"
           "25 kill ended\n");
}
END_TEST

START_TEST(a_node_that_is_down_abandons_operations_at_once) {
  timeline("operations=2 every=10ms; kill producer.1 at=15ms for=20ms",
           "intended abandoned ok hit down up",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "10 producer.1 intended 1\n"
           "12 producer.1 ok 1\n"
           "15 producer.1 down\n"
           "20 producer.1 intended 2\n"
           "20 producer.1 abandoned 2\n"
           "20 kill hit 2\n"
           "35 producer.1 up\n");
}
END_TEST

/* --- [I1] --- */

START_TEST(I1_node_timers_of_a_dead_incarnation_never_fire) {
  timeline("operations=1 every=30ms tick=10ms; kill broker.1 at=15ms for=1ms", "tick up down",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "10 broker.1 tick of 1\n"
           "15 broker.1 down\n"
           "16 broker.1 up\n"
           "26 broker.1 tick of 2\n");
  timeline("operations=1 every=10ms timeout=50ms retry=20ms mute=1;"
           "kill producer.1 at=35ms for=1ms; kill broker.1 at=100ms for=1ms",
           "sends unknown abandoned", "10 producer.1 sends 1\n"
           "30 producer.1 sends 1\n"
           "35 producer.1 abandoned 1\n");
}
END_TEST

START_TEST(I1_node_answers_to_a_dead_incarnation_never_reach_the_next) {
  static const char *const links[] = {"connection", "per-request", "datagram"};
  for (int i = 0; i < LINK_KIND__COUNT; i++) {
    char script[256];
    snprintf(script, sizeof script,
             "link=%s operations=20 every=3ms latency=2ms cost=7ms timeout=1s;"
             "kill producer.1 every=9ms for=1ms until=100ms", links[i]);
    timeline_run(script);
    ck_assert_uint_gt(timeline_count("abandoned", 0), 5);
    ck_assert_uint_eq(timeline_count("ignored", 0), 0);
    ck_assert_uint_ge(timeline_count("got", 0), 10); /* requests that had left are executed */
  }
}
END_TEST

/* --- [I2] --- */

START_TEST(I2_node_a_doomed_node_sends_nothing_and_dies_when_its_step_returns) {
  timeline("operations=1 every=10ms timeout=100ms; kill this before when=publish-sent for=1s",
           "sends got down abandoned lost", "10 producer.1 sends 1\n"
           "10 producer.1 down\n"
           "10 producer.1 abandoned 1\n");
  timeline("operations=1 every=10ms timeout=100ms; kill this when=publish-sent for=1s",
           "sends got down abandoned", "10 producer.1 sends 1\n"
           "10 producer.1 down\n"
           "10 producer.1 abandoned 1\n"
           "11 broker.1 got 1\n");
}
END_TEST

START_TEST(I2_node_a_doomed_node_stores_nothing) {
  timeline("operations=1 every=10ms timeout=1s; kill this before when=appended for=50ms",
           "got effect down started ok unknown",
           "0 producer.1 started with 0\n"
           "0 broker.1 started with 0\n"
           "11 broker.1 down\n"
           "61 broker.1 started with 0\n"
           "1010 producer.1 unknown 1\n");
  timeline("operations=1 every=10ms timeout=1s; kill this when=appended for=50ms",
           "got effect down started ok unknown",
           "0 producer.1 started with 0\n"
           "0 broker.1 started with 0\n"
           "11 broker.1 got 1\n"
           "11 broker.1 effect 1\n"
           "11 broker.1 down\n"
           "61 broker.1 started with 1\n"
           "1010 producer.1 unknown 1\n");
}
END_TEST

START_TEST(I2_node_nothing_happens_at_a_doomed_node_any_more) {
  /* The second fault would strike at the next request of the same step. */
  timeline("operations=3 every=1ms latency=5ms resend=1 timeout=1s;"
           "reset producer.all_to_broker at=4ms;"
           "kill this before when=publish-sent attempt=2 name=first for=100ms;"
           "kill broker.1 before when=publish-sent intent=2 attempt=2 name=second for=100ms",
           "sends down began",
           "1 producer.1 sends 1\n"
           "2 producer.1 sends 2\n"
           "3 producer.1 sends 3\n"
           "4 reset began\n"
           "4 producer.1 sends 1\n"
           "4 producer.1 sends 2\n"
           "4 producer.1 sends 3\n"
           "4 first began\n"
           "4 producer.1 down\n");
}
END_TEST

/* --- Ends --- */

START_TEST(terminate_lets_a_node_finish_within_its_grace) {
  timeline("operations=1 hold=50ms drain=30ms; terminate broker.1 at=15ms grace=100ms for=20ms", LIFE,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "15 terminate began\n"
           "15 terminate hit\n"
           "15 broker.1 terminated\n"
           "45 terminate hit\n"
           "45 broker.1 down\n"
           "45 broker.1 crashed\n"
           "65 broker.1 up\n"
           "65 broker.1 started with 1\n"
           "65 terminate ended\n");
}
END_TEST

START_TEST(when_the_grace_is_over_the_node_is_killed) {
  timeline("operations=1 drain=300ms; terminate broker.1 at=15ms grace=100ms for=20ms", LIFE,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "15 terminate began\n"
           "15 broker.1 terminated\n"
           "115 broker.1 down\n"
           "115 broker.1 crashed\n"
           "135 broker.1 up\n"
           "135 broker.1 started with 1\n"
           "135 terminate ended\n");
}
END_TEST

START_TEST(a_component_without_terminate_exits_at_once) {
  timeline("operations=1; terminate broker.1 at=15ms grace=100ms for=20ms", LIFE,
           "0 producer.1 up\n"
           "0 producer.1 started with 0\n"
           "0 broker.1 up\n"
           "0 broker.1 started with 0\n"
           "15 terminate began\n"
           "15 broker.1 down\n"
           "15 broker.1 crashed\n"
           "35 broker.1 up\n"
           "35 broker.1 started with 1\n"
           "35 terminate ended\n");
}
END_TEST

START_TEST(the_grace_of_an_earlier_incarnation_kills_nobody) {
  timeline("operations=1 drain=5ms; terminate broker.1 at=15ms grace=30ms for=10ms;"
           "terminate broker.1 at=40ms grace=30ms for=10ms name=second",
           "terminated down up", "0 producer.1 up\n"
           "0 broker.1 up\n"
           "15 broker.1 terminated\n"
           "20 broker.1 down\n"
           "30 broker.1 up\n"
           "40 broker.1 terminated\n"
           "45 broker.1 down\n" /* the first grace ends here */
           "55 broker.1 up\n");
}
END_TEST

START_TEST(a_stopping_node_still_serves) {
  timeline("operations=2 every=10ms drain=30ms; terminate broker.1 at=15ms grace=100ms for=20ms",
           "terminated got ok down up",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "11 broker.1 got 1\n"
           "12 producer.1 ok 1\n"
           "15 broker.1 terminated\n"
           "21 broker.1 got 2\n"
           "22 producer.1 ok 2\n"
           "45 broker.1 down\n"
           "65 broker.1 up\n");
}
END_TEST

/* --- Holds and calls --- */

START_TEST(holds_die_with_their_node) {
  timeline("operations=1 hold=-1 drain_limit=1s; kill broker.1 at=50ms for=10ms",
           "ok down up hit drained stuck", "0 producer.1 up\n"
           "0 broker.1 up\n"
           "12 producer.1 ok 1\n"
           "50 kill hit\n"
           "50 broker.1 down\n"
           "60 broker.1 up\n"
           "60 run drained\n");
  ck_assert_uint_eq(fake.world->live, 0);
}
END_TEST

START_TEST(calls_are_abandoned_exactly_once) {
  timeline_run("operations=40 every=1ms latency=5ms timeout=15ms retry=7ms request_loss=30%"
               " link=per-request producers=3 seed=3; kill producer.any every=5ms for=4ms until=60ms");
  for (uint64_t intent = 1; intent <= 40; intent++)
    ck_assert_uint_eq(timeline_count("ok", intent) + timeline_count("unknown", intent) +
                          timeline_count("abandoned", intent), 1);
  ck_assert_uint_gt(timeline_count("abandoned", 0), 3);
  ck_assert_uint_gt(timeline_count("ok", 0), 3);
  ck_assert_uint_gt(timeline_count("unknown", 0), 0);
  ck_assert_uint_eq(fake.world->calls.open, 0);
}
END_TEST

/* --- Names, numbers, keys --- */

START_TEST(nodes_are_numbered_from_1_within_their_role_and_keyed_by_name) {
  char name[32];
  timeline_run("operations=0 producers=2 brokers=3 consumers=2");
  ck_assert_uint_eq(fake.world->node_count, 7);
  for (uint32_t i = 0; i < 3; i++) {
    struct node *node = world_node(fake.world, ROLE_BROKER, i);
    ck_assert_uint_eq(node->index, i + 1);
    ck_assert_uint_eq(node->key, hash_name(node_name(node, name, sizeof name)));
    ck_assert_ptr_eq(node, &fake.world->nodes[node->id]);
  }
  ck_assert_str_eq(node_name(world_node(fake.world, ROLE_CONSUMER, 1), name, sizeof name), "consumer.2");
}
END_TEST

START_TEST(incarnations_count_from_1) {
  timeline_run("operations=1 every=100ms; kill broker.1 every=10ms times=3 for=1ms");
  uint64_t expected = 1;
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_NODE_UP &&
        fake.records[i].node == world_node(fake.world, ROLE_BROKER, 0)->id)
      ck_assert_uint_eq(fake.records[i].value, expected++);
  ck_assert_uint_eq(expected, 5);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("node");
  tcase_add_test(tests, a_kill_drops_the_memory_and_keeps_the_disk);
  tcase_add_test(tests, a_power_loss_drops_what_was_not_synced);
  tcase_add_test(tests, memory_is_built_anew_in_zeroed_bytes);
  tcase_add_test(tests, killing_what_is_down_does_nothing);
  tcase_add_test(tests, a_node_that_is_down_abandons_operations_at_once);
  tcase_add_test(tests, I1_node_timers_of_a_dead_incarnation_never_fire);
  tcase_add_test(tests, I1_node_answers_to_a_dead_incarnation_never_reach_the_next);
  tcase_add_test(tests, I2_node_a_doomed_node_sends_nothing_and_dies_when_its_step_returns);
  tcase_add_test(tests, I2_node_a_doomed_node_stores_nothing);
  tcase_add_test(tests, I2_node_nothing_happens_at_a_doomed_node_any_more);
  tcase_add_test(tests, terminate_lets_a_node_finish_within_its_grace);
  tcase_add_test(tests, when_the_grace_is_over_the_node_is_killed);
  tcase_add_test(tests, a_component_without_terminate_exits_at_once);
  tcase_add_test(tests, the_grace_of_an_earlier_incarnation_kills_nobody);
  tcase_add_test(tests, a_stopping_node_still_serves);
  tcase_add_test(tests, holds_die_with_their_node);
  tcase_add_test(tests, calls_are_abandoned_exactly_once);
  tcase_add_test(tests, nodes_are_numbered_from_1_within_their_role_and_keyed_by_name);
  tcase_add_test(tests, incarnations_count_from_1);
  return timeline_main("world/node", tests);
}
