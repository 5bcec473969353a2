/* What sink groups promise of the world: names, places, and luck of their own. */
#include "tests/world/timeline.h"

#include "sim/world/select.h"

static struct group_plan groups[3];

/* inventory.1, inventory.2, payment.1, mail.1 to mail.3; no databases. */
static void three_groups(void) {
  static const char *const names[] = {"inventory", "payment", "mail"};
  static const char *const databases[] = {"inventory_database", "payment_database", "mail_database"};
  static const uint32_t consumers[] = {2, 1, 3};
  timeline_run("operations=0 producers=1 consumers=6");
  for (uint32_t i = 0, first = 0; i < 3; first += consumers[i++])
    groups[i] = (struct group_plan){.name = names[i], .database_name = databases[i], .first = first,
                                    .consumers = consumers[i],
                                    .service_time = &fake.service.distribution};
  fake.plan.groups = groups;
  fake.plan.group_count = 3;
  fake.plan.counts[ROLE_DATABASE] = 3;
  fake_run_seed(1);
}

START_TEST(nodes_are_called_after_their_group) {
  static const struct {
    const char *name;
    uint32_t group;
  } expected[] = {{"inventory.1", 0}, {"inventory.2", 0}, {"payment.1", 1},
                  {"mail.1", 2},      {"mail.2", 2},      {"mail.3", 2}};
  char name[32];
  three_groups();
  for (uint32_t i = 0; i < 6; i++) {
    const struct node *node = world_node(fake.world, ROLE_CONSUMER, i);
    ck_assert_str_eq(node_name(node, name, sizeof name), expected[i].name);
    ck_assert_uint_eq(node->group, expected[i].group);
    ck_assert_uint_eq(node->index, i + 1);
    ck_assert_uint_eq(node->key, hash_name(name));
  }
  ck_assert_str_eq(node_name(world_node(fake.world, ROLE_PRODUCER, 0), name, sizeof name), "producer.1");
}
END_TEST

START_TEST(a_groups_database_has_the_groups_number) {
  three_groups();
  for (uint32_t i = 0; i < 3; i++) {
    struct node_title title = world_title(&fake.plan, ROLE_DATABASE, i + 1);
    ck_assert_str_eq(title.word, groups[i].database_name);
    ck_assert(title.place == 1 && title.group == i);
  }
}
END_TEST

static uint8_t set[4];

static uint32_t drawn(struct selector_item item, uint64_t address) {
  const struct selector selector = {.items = {item}, .count = 1};
  memset(set, 0, sizeof set);
  selector_draw(fake.world, &selector, address, NULL, set);
  uint32_t consumers = 0;
  for (uint32_t i = 0; i < 6; i++) {
    uint16_t id = world_node(fake.world, ROLE_CONSUMER, i)->id;
    consumers |= ((uint32_t)(set[id / 8] >> (id % 8)) & 1) << i;
  }
  return consumers;
}

static struct selector_item of_group(uint32_t group, enum selector_which which, uint32_t index) {
  return (struct selector_item){.which = which, .role = ROLE_CONSUMER, .index = index,
                                .word = groups[group].name, .offset = groups[group].first,
                                .count = groups[group].consumers};
}

START_TEST(a_selector_of_a_group_means_its_nodes_alone) {
  three_groups();
  ck_assert_uint_eq(drawn(of_group(0, WHICH_ALL, 0), 1), 0x03);
  ck_assert_uint_eq(drawn(of_group(1, WHICH_INDEX, 1), 1), 0x04);
  ck_assert_uint_eq(drawn(of_group(2, WHICH_INDEX, 2), 1), 0x10);
  ck_assert_uint_eq(drawn(of_group(2, WHICH_INDEX, 4), 1), 0);
  ck_assert_uint_eq(drawn((struct selector_item){.which = WHICH_ALL, .role = ROLE_CONSUMER}, 1), 0x3f);
  uint32_t any = 0;
  for (uint64_t address = 0; address < 100; address++) {
    uint32_t one = drawn(of_group(2, WHICH_ANY, 0), address);
    ck_assert_int_eq(__builtin_popcount(one), 1);
    ck_assert_int_eq(__builtin_popcount(drawn(of_group(2, WHICH_MAJORITY, 0), address)), 2);
    any |= one;
  }
  ck_assert_uint_eq(any, 0x38);
}
END_TEST

START_TEST(a_node_is_known_by_its_groups_selector) {
  three_groups();
  const struct selector second = {.items = {of_group(2, WHICH_INDEX, 2)}, .count = 1};
  const struct selector all = {.items = {of_group(1, WHICH_ALL, 0)}, .count = 1};
  for (uint32_t i = 0; i < 6; i++) {
    const struct node *node = world_node(fake.world, ROLE_CONSUMER, i);
    ck_assert_int_eq(selector_names(fake.world, &second, node), i == 4);
    ck_assert_int_eq(selector_names(fake.world, &all, node), i == 2);
  }
}
END_TEST

START_TEST(each_group_counts_an_operation_for_itself) {
  three_groups();
  timeline_run("operations=3");
  fake.plan.groups = groups;
  fake.plan.group_count = 3;
  fake_run_seed(1);
  struct world *world = fake.world;
  uint32_t before = world_count_execution(world, 2, 0);
  ck_assert_uint_eq(world_count_execution(world, 2, 1), 1);
  ck_assert_uint_eq(world_count_execution(world, 2, 1), 2);
  ck_assert_uint_eq(world_count_execution(world, 2, 2), 1);
  ck_assert_uint_eq(world_count_execution(world, 2, 0), before + 1);
  ck_assert_uint_eq(world_count_transmission(world, 2, 1, LINK_CONSUMER_TO_BROKER, 1), 1);
  ck_assert_uint_eq(world_count_transmission(world, 2, 2, LINK_CONSUMER_TO_BROKER, 1), 1);
  uint64_t old = 2 + OPERATION_WINDOW; /* as one that has left the window */
  ck_assert_uint_gt(world_count_execution(world, old, 1), UINT16_MAX);
  ck_assert_uint_eq(world_count_execution(world, old, 2), world_count_execution(world, old, 1) - 1);
}
END_TEST

START_TEST(service_times_of_groups_are_drawn_apart_and_of_the_first_as_of_one) {
  timeline_run("operations=0");
  struct quantile_table *table = &fake.service.table;
  table->constant = false;
  for (size_t i = 0; i < QUANTILE_CELLS; i++) table->body[i] = (int64_t)i * NS_PER_US;
  int64_t alone = workload_service_time(fake.world, 3, 0, 1);
  for (uint32_t i = 0; i < 3; i++) groups[i].service_time = &fake.service.distribution;
  fake.plan.groups = groups;
  fake.plan.group_count = 3;
  ck_assert_int_eq(workload_service_time(fake.world, 3, 0, 1), alone);
  int64_t other = workload_service_time(fake.world, 3, 1, 1);
  ck_assert_int_ne(other, alone);
  ck_assert_int_ne(workload_service_time(fake.world, 3, 2, 1), other);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("groups");
  tcase_add_test(tests, nodes_are_called_after_their_group);
  tcase_add_test(tests, a_groups_database_has_the_groups_number);
  tcase_add_test(tests, a_selector_of_a_group_means_its_nodes_alone);
  tcase_add_test(tests, a_node_is_known_by_its_groups_selector);
  tcase_add_test(tests, each_group_counts_an_operation_for_itself);
  tcase_add_test(tests, service_times_of_groups_are_drawn_apart_and_of_the_first_as_of_one);
  return timeline_main("groups", tests);
}
