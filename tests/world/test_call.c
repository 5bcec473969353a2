/* What client calls promise: an outcome is stated once. */
#include "tests/world/timeline.h"

#define OUTCOMES "ok none unknown rejected abandoned"

static struct node *producer;

/* A world in which nothing is under way. */
static void quiet(void) {
  timeline_run("operations=0 producers=2");
  producer = world_node(fake.world, ROLE_PRODUCER, 0);
}

static void expect(const char *expected) {
  trace_flush(&fake.world->trace);
  timeline_expect(OUTCOMES, expected);
}

START_TEST(each_outcome_is_a_fact) {
  quiet();
  call_return(fake.world, call_open(fake.world, producer, 1), OUTCOME_OK);
  call_return(fake.world, call_open(fake.world, producer, 2), OUTCOME_NONE);
  call_return(fake.world, call_open(fake.world, producer, 3), OUTCOME_UNKNOWN);
  call_return(fake.world, call_open(fake.world, producer, 4), OUTCOME_REJECTED);
  expect("0 producer.1 ok 1\n"
         "0 producer.1 none 2\n"
         "0 producer.1 unknown 3\n"
         "0 producer.1 rejected 4\n");
}
END_TEST

START_TEST(an_open_call_holds_the_run) {
  quiet();
  uint64_t live = fake.world->live;
  uint32_t call = call_open(fake.world, producer, 1);
  ck_assert_uint_eq(fake.world->live, live + 1);
  ck_assert_uint_eq(fake.world->calls.open, 1);
  call_return(fake.world, call, OUTCOME_OK);
  ck_assert_uint_eq(fake.world->live, live);
  ck_assert_uint_eq(fake.world->calls.open, 0);
}
END_TEST

START_TEST(calls_return_in_any_order_and_their_places_are_used_again) {
  quiet();
  uint32_t calls[100];
  for (uint64_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < 100; i++) calls[i] = call_open(fake.world, producer, 1 + i);
    for (uint32_t i = 0; i < 100; i++) call_return(fake.world, calls[(i * 37) % 100], OUTCOME_OK);
    ck_assert_uint_eq(fake.world->calls.count, 100);
    ck_assert_uint_eq(producer->first_call, CALL_NONE);
  }
  trace_flush(&fake.world->trace);
  for (uint64_t intent = 1; intent <= 100; intent++) ck_assert_uint_eq(timeline_count("ok", intent), 3);
}
END_TEST

START_TEST(a_death_abandons_what_is_open_there_and_nothing_else) {
  quiet();
  struct node *other = world_node(fake.world, ROLE_PRODUCER, 1);
  uint32_t calls[6];
  for (uint32_t i = 0; i < 6; i++) calls[i] = call_open(fake.world, i % 2 ? other : producer, 1 + i);
  call_return(fake.world, calls[2], OUTCOME_OK);
  call_abandon_all(fake.world, producer);
  call_abandon_all(fake.world, producer); /* no more */
  call_return(fake.world, calls[3], OUTCOME_OK);
  expect("0 producer.1 ok 3\n"
         "0 producer.1 abandoned 5\n"
         "0 producer.1 abandoned 1\n"
         "0 producer.2 ok 4\n");
  ck_assert_uint_eq(fake.world->calls.open, 2);
}
END_TEST

static uint64_t returned_tag;
static enum outcome returned_outcome;
static void note_returned(struct world *world, struct node *node, uint64_t tag, enum outcome outcome) {
  (void)world;
  ck_assert_ptr_eq(node, producer);
  returned_tag = tag;
  returned_outcome = outcome;
}

/* What an application publishes is its own affair: its client hears what the application says. */
START_TEST(an_own_call_returns_to_who_has_opened_it) {
  static const struct component application = {.name = "application", .returned = note_returned};
  quiet();
  producer->components[1] = &application;
  uint32_t client = call_open(fake.world, producer, 1);
  uint32_t own = call_open_own(fake.world, producer, 1, 77), lost = call_open_own(fake.world, producer, 2, 78);
  ck_assert_uint_eq(fake.world->calls.open, 3);
  call_return(fake.world, own, OUTCOME_UNKNOWN);
  ck_assert_uint_eq(returned_tag, 77);
  ck_assert_uint_eq(returned_outcome, OUTCOME_UNKNOWN);
  expect("");
  call_abandon_all(fake.world, producer);
  (void)client, (void)lost;
  expect("0 producer.1 abandoned 1\n");
  ck_assert_uint_eq(returned_tag, 77);
  ck_assert_uint_eq(fake.world->calls.open, 0);
  producer->components[1] = NULL;
}
END_TEST

START_TEST(a_doomed_node_learns_no_outcome) {
  quiet();
  uint32_t call = call_open(fake.world, producer, 1);
  producer->doomed = true;
  call_return(fake.world, call, OUTCOME_OK);
  expect("");
  call_abandon_all(fake.world, producer);
  expect("0 producer.1 abandoned 1\n");
}
END_TEST

START_TEST(a_call_returns_once) {
  quiet();
  uint32_t call = call_open(fake.world, producer, 1);
  call_return(fake.world, call, OUTCOME_OK);
  call_return(fake.world, call, OUTCOME_OK);
}
END_TEST

/* Both sides: every operation has one outcome, under every fault. */
START_TEST(every_operation_has_one_outcome) {
  static const char *const faults[] = {
      "", "kill producer.any every=20ms for=5ms times=10", "kill broker.1 every=20ms for=5ms times=10",
      "partition producer.1 every=20ms for=30ms times=10", "reset producer.all_to_broker every=7ms times=30",
      "terminate producer.1 every=20ms for=5ms times=10"};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char script[256];
    snprintf(script, sizeof script, "operations=200 every=1ms producers=2 timeout=50ms latency=3ms; %s",
             faults[i]);
    timeline_run(script);
    for (uint64_t intent = 1; intent <= 200; intent++)
      ck_assert_msg(timeline_count("ok", intent) + timeline_count("unknown", intent) +
                            timeline_count("abandoned", intent) == 1,
                    "%s: operation %llu", faults[i], (unsigned long long)intent);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("call");
  tcase_add_test(tests, each_outcome_is_a_fact);
  tcase_add_test(tests, an_open_call_holds_the_run);
  tcase_add_test(tests, calls_return_in_any_order_and_their_places_are_used_again);
  tcase_add_test(tests, a_death_abandons_what_is_open_there_and_nothing_else);
  tcase_add_test(tests, an_own_call_returns_to_who_has_opened_it);
  tcase_add_test(tests, a_doomed_node_learns_no_outcome);
  tcase_add_test_raise_signal(tests, a_call_returns_once, SIGABRT);
  tcase_add_test(tests, every_operation_has_one_outcome);
  return timeline_main("world/call", tests);
}
