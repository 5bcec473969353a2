/* A connection whose far end has lost its memory with its machine: who learns of it, and when. */
#include "tests/world/timeline.h"

#define SHOWN "got lost up disconnected ok unknown"

START_TEST(what_was_sent_before_is_sent_again_until_the_machine_is_back) {
  timeline("operations=1 latency=5ms timeout=5s; power_loss broker.1 at=12ms for=500ms", "lost up disconnected unknown",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "15 producer.1 lost 1 reset\n"
           "512 broker.1 up\n" /* after 200 ms: nobody; after 400 more: at 615 */
           "625 producer.1 disconnected broker.1\n"
           "5010 producer.1 unknown 1\n");
}
END_TEST

START_TEST(what_is_sent_meanwhile_likewise) {
  timeline("operations=2 every=20ms latency=5ms timeout=5s; power_loss broker.1 at=35ms for=100ms",
           "lost up disconnected ok unknown",
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "30 producer.1 ok 1\n"
           "45 producer.1 lost 2 dead\n"
           "135 broker.1 up\n"
           "255 producer.1 disconnected broker.1\n"
           "5040 producer.1 unknown 2\n");
}
END_TEST

START_TEST(a_machine_that_is_back_knows_no_old_connection) {
  timeline("operations=3 every=20ms latency=5ms timeout=5s; power_loss broker.1 at=31ms for=5ms", SHOWN,
           "0 producer.1 up\n"
           "0 broker.1 up\n"
           "25 broker.1 got 1\n"
           "30 producer.1 ok 1\n"
           "36 broker.1 up\n"
           "45 producer.1 lost 2 reset\n"
           "50 producer.1 disconnected broker.1\n" /* what it sends now, it sends on a new one */
           "65 broker.1 got 3\n"
           "70 producer.1 ok 3\n"
           "5040 producer.1 unknown 2\n");
}
END_TEST

START_TEST(it_is_told_once) {
  timeline_run("operations=9 every=1ms latency=5ms timeout=5s; power_loss broker.1 at=3ms for=1ms");
  ck_assert_uint_eq(timeline_count("disconnected", 0), 1);
  ck_assert_uint_eq(timeline_count("lost", 0) + timeline_count("got", 0), 9);
}
END_TEST

START_TEST(through_a_cut_nobody_is_told) {
  timeline("operations=1 latency=5ms timeout=5s; power_loss broker.1 at=12ms for=500ms;"
           "partition producer.1 from=broker.1 at=600ms for=50ms", "disconnected",
           "1425 producer.1 disconnected broker.1\n"); /* sent again at 215, 615, 1415 */
}
END_TEST

START_TEST(a_sender_that_has_died_is_not_told) {
  timeline("operations=1 latency=5ms timeout=5s; power_loss broker.1 at=12ms for=500ms;"
           "kill producer.1 at=300ms for=1ms", "disconnected", "");
}
END_TEST

START_TEST(a_process_that_dies_later_closes_no_connection_that_it_does_not_know) {
  timeline("operations=2 every=600ms latency=5ms timeout=5s; power_loss broker.1 at=700ms for=1ms;"
           "kill broker.1 at=800ms for=1ms", "disconnected ok",
           "610 producer.1 ok 1\n"
           "1210 producer.1 disconnected broker.1\n");
}
END_TEST

/* What the process before it had sent tells the one that came after it nothing. */
START_TEST(who_came_after_is_told_of_its_own_connection) {
  timeline("operations=4 every=10ms latency=25ms timeout=5s; kill producer.1 at=21ms for=1ms;"
           "power_loss broker.1 at=43ms for=1ms", "lost disconnected",
           "35 broker.1 lost 1 stale\n"
           "45 producer.1 lost 2 reset\n"
           "55 producer.1 lost 3 reset\n"
           "65 producer.1 lost 4 reset\n"
           "80 producer.1 disconnected broker.1\n");
}
END_TEST

START_TEST(who_closes_it_begins_a_new_one) {
  timeline_plan("operations=2 every=600ms latency=5ms timeout=5s; power_loss broker.1 at=700ms for=1ms");
  fake_run_seed(1);
  struct world *world = fake.world;
  struct node *producer = world_node(world, ROLE_PRODUCER, 0), *broker = world_node(world, ROLE_BROKER, 0);
  struct channel *channel = link_channel(world, producer->id, broker->id);
  ck_assert(!channel->half_open); /* it was told */
  channel->used = true;
  broker->death = DEATH_POWER;
  link_node_down(world, broker);
  ck_assert(channel->half_open && !channel->used);
  link_close(world, broker, producer->id);
  ck_assert(channel->half_open);
  link_close(world, producer, broker->id);
  ck_assert(!channel->half_open);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("half open");
  tcase_add_test(tests, what_was_sent_before_is_sent_again_until_the_machine_is_back);
  tcase_add_test(tests, what_is_sent_meanwhile_likewise);
  tcase_add_test(tests, a_machine_that_is_back_knows_no_old_connection);
  tcase_add_test(tests, it_is_told_once);
  tcase_add_test(tests, through_a_cut_nobody_is_told);
  tcase_add_test(tests, a_sender_that_has_died_is_not_told);
  tcase_add_test(tests, a_process_that_dies_later_closes_no_connection_that_it_does_not_know);
  tcase_add_test(tests, who_came_after_is_told_of_its_own_connection);
  tcase_add_test(tests, who_closes_it_begins_a_new_one);
  return timeline_main("world/half_open", tests);
}
