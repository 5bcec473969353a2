/* What selectors promise: which nodes are meant. */
#include "tests/world/timeline.h"

#include "sim/world/select.h"

static uint8_t set[4];

static bool in(enum role role, uint32_t index) {
  uint16_t id = world_node(fake.world, role, index - 1)->id;
  return (set[id / 8] >> (id % 8)) & 1;
}

static uint32_t size(void) {
  uint32_t count = 0;
  for (size_t i = 0; i < sizeof set; i++) count += (uint32_t)__builtin_popcount(set[i]);
  return count;
}

static void draw(const char *text, uint64_t address) {
  char copy[128];
  snprintf(copy, sizeof copy, "%s", text);
  struct selector selector = timeline_selector(copy);
  memset(set, 0xff, sizeof set);
  selector_draw(fake.world, &selector, address, world_node(fake.world, ROLE_PRODUCER, 1), set);
  for (size_t i = (fake.world->node_count + 7) / 8; i < sizeof set; i++) set[i] = 0;
}

static void five_brokers(void) { timeline_run("operations=0 producers=3 brokers=5 consumers=4"); }

START_TEST(an_index_is_that_node) {
  five_brokers();
  draw("broker.2", 1);
  ck_assert(in(ROLE_BROKER, 2) && size() == 1);
  draw("broker.5+consumer.1", 1);
  ck_assert(in(ROLE_BROKER, 5) && in(ROLE_CONSUMER, 1) && size() == 2);
}
END_TEST

START_TEST(an_index_that_is_not_there_is_nobody) {
  five_brokers();
  draw("broker.6", 1);
  ck_assert_uint_eq(size(), 0);
  draw("database.1", 1);
  ck_assert_uint_eq(size(), 0);
}
END_TEST

START_TEST(all_and_leader_and_this_are_not_drawn) {
  five_brokers();
  for (uint64_t address = 0; address < 50; address++) {
    draw("broker.all", address);
    ck_assert(size() == 5 && in(ROLE_BROKER, 1) && in(ROLE_BROKER, 5));
    draw("broker.leader", address);
    ck_assert(size() == 1 && in(ROLE_BROKER, 1));
    draw("this", address);
    ck_assert(size() == 1 && in(ROLE_PRODUCER, 2));
  }
}
END_TEST

START_TEST(this_without_a_node_is_nobody) {
  five_brokers();
  struct selector selector = {.items = {{.which = WHICH_THIS}}, .count = 1};
  selector_draw(fake.world, &selector, 1, NULL, set);
  ck_assert_uint_eq(set[0] | set[1], 0);
}
END_TEST

START_TEST(any_is_each_as_often) {
  uint32_t counts[6] = {0};
  five_brokers();
  for (uint64_t address = 0; address < 10000; address++) {
    draw("broker.any", hash_mix(address));
    ck_assert_uint_eq(size(), 1);
    for (uint32_t index = 1; index <= 5; index++) counts[index] += in(ROLE_BROKER, index);
  }
  for (uint32_t index = 1; index <= 5; index++) ck_assert(counts[index] > 1840 && counts[index] < 2160);
}
END_TEST

START_TEST(minority_and_majority_are_so_many_and_each_as_often) {
  static const uint32_t brokers[] = {1, 2, 3, 4, 5, 7};
  for (size_t i = 0; i < sizeof brokers / sizeof *brokers; i++) {
    char script[64];
    uint32_t n = brokers[i], minority[8] = {0}, majority[8] = {0};
    snprintf(script, sizeof script, "operations=0 brokers=%u", n);
    timeline_run(script);
    for (uint64_t address = 0; address < 4000; address++) {
      draw("broker.minority", hash_mix(address));
      ck_assert_uint_eq(size(), (n - 1) / 2);
      for (uint32_t index = 1; index <= n; index++) minority[index] += in(ROLE_BROKER, index);
      draw("broker.majority", hash_mix(address));
      ck_assert_uint_eq(size(), n / 2 + 1);
      for (uint32_t index = 1; index <= n; index++) majority[index] += in(ROLE_BROKER, index);
    }
    for (uint32_t index = 1; index <= n; index++) {
      double fewer = 4000.0 * ((n - 1) / 2) / n, more = 4000.0 * (n / 2 + 1) / n; /* NOLINT: whole */
      ck_assert(minority[index] > fewer - 130 && minority[index] < fewer + 130);
      ck_assert(majority[index] > more - 130 && majority[index] < more + 130);
    }
  }
}
END_TEST

START_TEST(an_address_draws_the_same_and_another_seed_otherwise) {
  uint32_t differ = 0, again[100];
  five_brokers();
  for (uint64_t address = 0; address < 100; address++) {
    draw("broker.minority", address);
    memcpy(&again[address], set, sizeof again[address]);
  }
  timeline_run("operations=0 producers=3 brokers=5 consumers=4 seed=1; kill broker.1 at=1ms");
  for (uint64_t address = 0; address < 100; address++) {
    draw("broker.minority", address);
    ck_assert_int_eq(memcmp(&again[address], set, sizeof again[address]), 0);
  }
  timeline_run("operations=0 producers=3 brokers=5 consumers=4 seed=2");
  for (uint64_t address = 0; address < 100; address++) {
    draw("broker.minority", address);
    differ += memcmp(&again[address], set, sizeof again[address]) != 0;
  }
  ck_assert_uint_gt(differ, 50);
}
END_TEST

START_TEST(the_complement_is_everybody_else) {
  five_brokers();
  draw("broker.any+producer.1", 7);
  uint8_t chosen[4];
  memcpy(chosen, set, sizeof chosen);
  selector_complement(fake.world, chosen, set);
  ck_assert_uint_eq(size(), fake.world->node_count - 2);
  for (size_t i = 0; i < sizeof set; i++) ck_assert_uint_eq(set[i] & chosen[i], 0);
}
END_TEST

START_TEST(names_needs_no_draw) {
  five_brokers();
  static const struct {
    const char *text;
    enum role role;
    uint32_t index;
    bool named;
  } examples[] = {{"broker.2", ROLE_BROKER, 2, true},       {"broker.2", ROLE_BROKER, 3, false},
                  {"broker.2", ROLE_CONSUMER, 2, false},    {"broker.all", ROLE_BROKER, 4, true},
                  {"broker.all", ROLE_CONSUMER, 4, false},  {"broker.leader", ROLE_BROKER, 1, true},
                  {"broker.leader", ROLE_BROKER, 2, false}, {"producer.1+broker.3", ROLE_BROKER, 3, true},
                  {"broker.any", ROLE_BROKER, 1, false}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    char copy[64];
    snprintf(copy, sizeof copy, "%s", examples[i].text);
    struct selector selector = timeline_selector(copy);
    const struct node *node = world_node(fake.world, examples[i].role, examples[i].index - 1);
    ck_assert_msg(selector_names(fake.world, &selector, node) == examples[i].named, "%s and %s.%u",
                  examples[i].text, role_names[examples[i].role], examples[i].index);
  }
}
END_TEST

/* The third of three brokers leads from 20 ms to 30 ms, and the first coordinates meanwhile. */
START_TEST(leader_and_coordinator_are_who_the_system_says_at_that_moment) {
  timeline("operations=0 brokers=3 leads=10ms; kill broker.leader at=25ms for=1ms;"
           "kill broker.coordinator at=25ms for=1ms name=second; kill broker.leader at=31ms for=1ms",
           "down",
           "25 broker.3 down\n"
           "25 broker.1 down\n"
           "31 broker.1 down\n");
  static const char *const named[] = {"broker.1", "broker.2", "broker.3"};
  for (size_t i = 0; i < 3; i++) {
    struct selector leader = {.items = {{.which = WHICH_LEADER, .role = ROLE_BROKER}}, .count = 1};
    fake.world->now.ns = (int64_t)i * 10 * NS_PER_MS;
    for (uint32_t broker = 0; broker < 3; broker++)
      ck_assert_msg(selector_names(fake.world, &leader, world_node(fake.world, ROLE_BROKER, broker)) ==
                        (broker == i), "%s", named[i]);
  }
}
END_TEST

START_TEST(a_trigger_at_the_leader_waits_for_who_leads_then) {
  timeline("operations=4 every=10ms timeout=1s brokers=1 leads=1ms;"
           "kill this when=appended node=broker.leader nth=2 for=1s", "got down",
           "11 broker.1 got 1\n"
           "21 broker.1 got 2\n"
           "21 broker.1 down\n");
  /* broker.1 has the operations; it leads in the first of two turns of 20 ms */
  timeline("operations=4 every=10ms timeout=1s brokers=2 leads=20ms;"
           "kill this when=appended node=broker.coordinator for=1s", "got down",
           "11 broker.1 got 1\n"
           "21 broker.1 got 2\n"
           "21 broker.1 down\n");
}
END_TEST

START_TEST(a_system_without_a_coordinator_has_no_such_target) {
  timeline_run("operations=0 brokers=3; kill broker.coordinator at=1ms");
  ck_assert_uint_eq(timeline_count("down", 0), 0);
  ck_assert(!faults_apply(&fake.plan, &fake.plan.faults[0]));
  timeline_run("operations=0 brokers=3 leads=1ms; kill broker.coordinator at=1ms");
  ck_assert_uint_eq(timeline_count("down", 0), 1);
  ck_assert(faults_apply(&fake.plan, &fake.plan.faults[0]));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("selector");
  tcase_add_test(tests, an_index_is_that_node);
  tcase_add_test(tests, an_index_that_is_not_there_is_nobody);
  tcase_add_test(tests, all_and_leader_and_this_are_not_drawn);
  tcase_add_test(tests, this_without_a_node_is_nobody);
  tcase_add_test(tests, any_is_each_as_often);
  tcase_add_test(tests, minority_and_majority_are_so_many_and_each_as_often);
  tcase_add_test(tests, an_address_draws_the_same_and_another_seed_otherwise);
  tcase_add_test(tests, the_complement_is_everybody_else);
  tcase_add_test(tests, names_needs_no_draw);
  tcase_add_test(tests, leader_and_coordinator_are_who_the_system_says_at_that_moment);
  tcase_add_test(tests, a_trigger_at_the_leader_waits_for_who_leads_then);
  tcase_add_test(tests, a_system_without_a_coordinator_has_no_such_target);
  return timeline_main("world/selector", tests);
}
