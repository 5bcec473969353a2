/* The assignors against what every assignment must be, over all small groups and many claims. */
#include "models/kafka/assignment.h"
#include "sim/base/hash.h"
#include "tests/run_suite.h"

#include <stdbool.h>

#define MEMBERS_MAX 6
#define PARTITIONS_MAX 9
#define DRAWS 200
#define STRANGER 99 /* who has partitions and is not in the group any more */

struct group {
  size_t members, partitions;
  uint64_t ids[MEMBERS_MAX], claim[PARTITIONS_MAX], owner[PARTITIONS_MAX];
  uint32_t shares[MEMBERS_MAX];
};

static void make(struct group *group, int strategy) {
  const struct assignment assignment = {.members = group->members, .partitions = group->partitions,
                                        .ids = group->ids, .claim = group->claim,
                                        .owner = group->owner, .shares = group->shares};
  assignment_make(&assignment, strategy);
}

static size_t count_of(const struct group *group, const uint64_t *who, uint64_t id) {
  size_t count = 0;
  for (size_t p = 0; p < group->partitions; p++) count += who[p] == id;
  return count;
}

static bool is_member(const struct group *group, uint64_t id) {
  for (size_t m = 0; m < group->members; m++)
    if (group->ids[m] == id) return true;
  return false;
}

static void draw(struct group *group, size_t members, size_t partitions, uint64_t n) {
  group->members = members;
  group->partitions = partitions;
  for (size_t m = 0; m < members; m++) group->ids[m] = 10 + m;
  for (size_t p = 0; p < partitions; p++) {
    uint64_t luck = hash_pair(hash_pair(n, p), members * 100 + partitions) % (members + 2);
    group->claim[p] = luck == 0 ? 0 : luck == 1 ? STRANGER : group->ids[luck - 2];
  }
}

static void check_even(const struct group *group) { /* [A1] */
  size_t low = group->partitions / group->members, more = group->partitions % group->members, high = 0;
  for (size_t m = 0; m < group->members; m++) {
    size_t share = count_of(group, group->owner, group->ids[m]);
    ck_assert(share == low || share == low + 1);
    high += share == low + 1;
  }
  ck_assert_uint_eq(high, more);
}

/* How many partitions could stay at the most, if shares are even: the larger ones go to who has most. */
static size_t keepable(const struct group *group) {
  size_t low = group->partitions / group->members, more = group->partitions % group->members, keep = 0;
  for (size_t m = 0; m < group->members; m++) {
    size_t has = count_of(group, group->claim, group->ids[m]);
    keep += has < low ? has : low;
    if (has > low && more > 0) keep++, more--;
  }
  return keep;
}

static void check_moves(const struct group *group) { /* [A2] */
  size_t kept = 0;
  for (size_t p = 0; p < group->partitions; p++)
    kept += group->claim[p] != 0 && group->owner[p] == group->claim[p];
  ck_assert_uint_eq(kept, keepable(group));
}

START_TEST(shares_are_even_and_sticky_moves_no_more_than_it_must) {
  for (size_t members = 1; members <= MEMBERS_MAX; members++)
    for (size_t partitions = 0; partitions <= PARTITIONS_MAX; partitions++)
      for (uint64_t n = 0; n < DRAWS; n++) {
        struct group group;
        draw(&group, members, partitions, n);
        for (int strategy = STRATEGY_RANGE; strategy <= STRATEGY_STICKY; strategy++) {
          make(&group, strategy);
          check_even(&group);
        }
        check_moves(&group);
      }
}
END_TEST

START_TEST(cooperative_gives_nothing_that_another_member_still_has) {
  for (size_t members = 1; members <= MEMBERS_MAX; members++)
    for (uint64_t n = 0; n < DRAWS; n++) {
      struct group group, sticky;
      draw(&group, members, PARTITIONS_MAX, n);
      sticky = group;
      make(&sticky, STRATEGY_STICKY);
      make(&group, STRATEGY_COOPERATIVE_STICKY);
      for (size_t p = 0; p < PARTITIONS_MAX; p++) {
        bool moves = is_member(&group, group.claim[p]) && group.claim[p] != sticky.owner[p];
        ck_assert_uint_eq(group.owner[p], moves ? 0 : sticky.owner[p]);
      }
      /* Second generation: what moved was given up. */
      for (size_t p = 0; p < PARTITIONS_MAX; p++) group.claim[p] = group.owner[p];
      make(&group, STRATEGY_COOPERATIVE_STICKY);
      check_even(&group);
      check_moves(&group);
    }
}
END_TEST

START_TEST(range_gives_neighbours_and_round_robin_turns) {
  struct group group;
  draw(&group, 3, 7, 1);
  static const uint64_t ranges[] = {10, 10, 10, 11, 11, 12, 12}, turns[] = {10, 11, 12, 10, 11, 12, 10};
  make(&group, STRATEGY_RANGE);
  for (size_t p = 0; p < 7; p++) ck_assert_uint_eq(group.owner[p], ranges[p]);
  make(&group, STRATEGY_ROUND_ROBIN);
  for (size_t p = 0; p < 7; p++) ck_assert_uint_eq(group.owner[p], turns[p]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("assignment");
  tcase_add_test(tests, shares_are_even_and_sticky_moves_no_more_than_it_must);
  tcase_add_test(tests, cooperative_gives_nothing_that_another_member_still_has);
  tcase_add_test(tests, range_gives_neighbours_and_round_robin_turns);
  Suite *suite = suite_create("kafka assignment");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
