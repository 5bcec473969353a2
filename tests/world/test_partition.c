/* What the shapes of partitions promise: who still sees whom. */
#include "tests/world/timeline.h"

#include "sim/world/select.h"

/* Three producers (ids 0 to 2) and three brokers (3 to 5); every producer has a channel to every broker. */
#define WORLD "operations=0 producers=3 brokers=3 seed=%u;"
#define NODES 6

static bool cut[NODES][NODES];

/* The observer of beginnings looks when the fault has struck. */
static void look(void *context, const struct world *world, uint32_t fault, const struct fault_plan *rules,
                 bool happened, bool drawn) {
  (void)context, (void)fault, (void)rules, (void)happened, (void)drawn;
  for (size_t i = 0; i < world->channel_count; i++) {
    const struct channel *channel = &world->channels[i];
    ck_assert_uint_eq(channel->ways[0].cuts, channel->ways[1].cuts);
    cut[channel->ends[0]][channel->ends[1]] = cut[channel->ends[1]][channel->ends[0]] =
        channel->ways[0].cuts > 0;
  }
}

static void partition(unsigned seed, const char *target, const char *shape) {
  char script[200];
  snprintf(script, sizeof script, WORLD "partition %s at=5ms for=5ms shape=%s", seed, target, shape);
  timeline_plan(script);
  if (fake.world) world_free(fake.world);
  fake.world = world_new(0, 0xa5);
  fake.world->faults.observer = look;
  world_reset(fake.world, &fake.plan, seed);
  world_run(fake.world);
  for (size_t i = 0; i < fake.world->channel_count; i++) /* healed */
    ck_assert_uint_eq(fake.world->channels[i].ways[0].cuts + fake.world->channels[i].ways[1].cuts, 0);
}

/* Nodes that see each other, by steps over channels that are not cut, from one of them. */
static unsigned component(unsigned from) {
  unsigned seen = 1u << from;
  for (int round = 0; round < NODES; round++)
    for (unsigned a = 0; a < NODES; a++)
      for (unsigned b = 0; b < NODES; b++)
        if ((seen >> a & 1) && (a < 3) != (b < 3) && !cut[a][b]) seen |= 1u << b;
  return seen;
}

static unsigned side_of(const uint8_t *set) { return set[0]; }

static void check_sides(unsigned a, unsigned b) {
  for (unsigned x = 0; x < NODES; x++)
    for (unsigned y = 0; y < NODES; y++)
      if ((x < 3) != (y < 3))
        ck_assert_int_eq(cut[x][y], (a >> x & b >> y & 1) || (a >> y & b >> x & 1));
}

START_TEST(halves_do_not_see_each_other_and_are_drawn) {
  unsigned often[NODES] = {0};
  for (unsigned seed = 1; seed <= 200; seed++) {
    partition(seed, "producer.all+broker.all", "halves");
    unsigned a = side_of(fake.world->faults.items[0].sides[0]);
    unsigned b = side_of(fake.world->faults.items[0].sides[1]);
    ck_assert_uint_eq(a | b, 0x3f);
    ck_assert_uint_eq(a & b, 0);
    ck_assert_int_eq(__builtin_popcount(a), 3);
    check_sides(a, b);
    for (unsigned i = 0; i < NODES; i++) often[i] += a >> i & 1;
  }
  for (unsigned i = 0; i < NODES; i++) ck_assert(often[i] > 70 && often[i] < 130);
}
END_TEST

START_TEST(a_majority_is_cut_from_the_rest) {
  for (unsigned seed = 1; seed <= 50; seed++) {
    partition(seed, "producer.all+broker.all", "majority");
    unsigned a = side_of(fake.world->faults.items[0].sides[0]);
    ck_assert_int_eq(__builtin_popcount(a), 4);
    check_sides(a, 0x3f & ~a);
  }
}
END_TEST

START_TEST(a_bridge_sees_both_halves) {
  for (unsigned seed = 1; seed <= 50; seed++) {
    partition(seed, "producer.all+broker.all", "bridge");
    unsigned a = side_of(fake.world->faults.items[0].sides[0]);
    unsigned b = side_of(fake.world->faults.items[0].sides[1]), bridge = 0x3f & ~(a | b);
    ck_assert_int_eq(__builtin_popcount(a), 2);
    ck_assert_int_eq(__builtin_popcount(b), 3);
    ck_assert_int_eq(__builtin_popcount(bridge), 1);
    check_sides(a, b);
  }
}
END_TEST

/* Also in a world that has had another run before, of another plan, which a world knows by where it lies. */
START_TEST(a_bridge_of_nobody_cuts_nothing) {
  static struct plan plan;
  for (unsigned seed = 1; seed <= 20; seed++) {
    partition(seed, "producer.all+broker.all", "bridge");
    timeline_plan("operations=0 producers=3 brokers=1 seed=1;partition broker.minority at=5ms for=5ms shape=bridge");
    plan = fake.plan;
    memset(cut, 1, sizeof cut);
    world_reset(fake.world, &plan, 1);
    world_run(fake.world);
    for (unsigned producer = 0; producer < 3; producer++) ck_assert(!cut[producer][3]);
  }
}
END_TEST

START_TEST(in_a_ring_each_sees_its_two_neighbours) {
  partition(1, "producer.all+broker.all", "ring"); /* 0 1 2 3 4 5: of channels, 2-3 and 5-0 are left */
  for (unsigned a = 0; a < 3; a++)
    for (unsigned b = 3; b < NODES; b++)
      ck_assert_int_eq(!cut[a][b], (a == 2 && b == 3) || (a == 0 && b == 5));
  ck_assert_uint_eq(component(2), 1u << 2 | 1u << 3);
  partition(1, "producer.1+broker.2+broker.3", "ring"); /* of three, all are neighbours */
  ck_assert_uint_eq(component(0), 0x3f);
}
END_TEST

/* Who is not among the targets sees everybody. */
START_TEST(others_are_left_alone) {
  static const char *const shapes[] = {"halves", "majority", "bridge", "ring"};
  for (size_t i = 0; i < 4; i++) {
    partition(3, "broker.all", shapes[i]);
    ck_assert_uint_eq(component(0), 0x3f);
    partition(3, "broker.1", shapes[i]); /* nothing to split */
    ck_assert_uint_eq(component(0), 0x3f);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("partition");
  tcase_add_test(tests, halves_do_not_see_each_other_and_are_drawn);
  tcase_add_test(tests, a_majority_is_cut_from_the_rest);
  tcase_add_test(tests, a_bridge_sees_both_halves);
  tcase_add_test(tests, a_bridge_of_nobody_cuts_nothing);
  tcase_add_test(tests, in_a_ring_each_sees_its_two_neighbours);
  tcase_add_test(tests, others_are_left_alone);
  return timeline_main("world/partition", tests);
}
