#include "models/kafka/assignment.h"

#include "sim/base/assert.h"

#include <stdbool.h>

static void range(const struct assignment *a) {
  size_t each = a->partitions / a->members, more = a->partitions % a->members, p = 0;
  for (size_t m = 0; m < a->members; m++)
    for (size_t i = 0; i < each + (m < more); i++) a->owner[p++] = a->ids[m];
}

static void round_robin(const struct assignment *a) {
  for (size_t p = 0; p < a->partitions; p++) a->owner[p] = a->ids[p % a->members];
}

static size_t member_of(const struct assignment *a, uint64_t id) {
  for (size_t m = 0; m < a->members; m++)
    if (a->ids[m] == id) return m;
  return a->members;
}

/* How much member m may keep: the smaller share, or the larger while there are such left. */
static size_t quota(const struct assignment *a, size_t owned, size_t *larger_left) {
  size_t share = a->partitions / a->members;
  if (owned <= share || *larger_left == 0) return share;
  (*larger_left)--;
  return share + 1;
}

/* Everybody keeps of what it has the first of its share. */
static void keep(const struct assignment *a, size_t *larger_left) {
  for (size_t m = 0; m < a->members; m++) a->shares[m] = 0;
  for (size_t p = 0; p < a->partitions; p++) {
    size_t m = a->claim[p] ? member_of(a, a->claim[p]) : a->members;
    if (m < a->members) a->shares[m]++;
  }
  for (size_t m = 0; m < a->members; m++) {
    size_t most = quota(a, a->shares[m], larger_left), kept = 0;
    for (size_t p = 0; p < a->partitions; p++)
      if (a->claim[p] == a->ids[m] && kept < most) a->owner[p] = a->ids[m], kept++;
    a->shares[m] = (uint32_t)kept;
  }
}

/* The next member, in turn, below the smaller share; when there is none, one that has just that. */
static size_t next_in_need(const struct assignment *a, size_t *turn, size_t *larger_left) {
  size_t share = a->partitions / a->members;
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < a->members; i++) {
      size_t m = (*turn + i) % a->members;
      if (a->shares[m] >= share + (size_t)round) continue;
      *turn = (m + 1) % a->members;
      *larger_left -= (size_t)round;
      return m;
    }
  }
  ASSERT_MSG(false, "%zu partitions do not fit %zu members", a->partitions, a->members);
  return 0;
}

static void sticky(const struct assignment *a) {
  size_t larger_left = a->partitions % a->members, turn = 0;
  for (size_t p = 0; p < a->partitions; p++) a->owner[p] = 0;
  keep(a, &larger_left);
  for (size_t p = 0; p < a->partitions; p++) {
    if (a->owner[p]) continue;
    size_t m = next_in_need(a, &turn, &larger_left);
    a->owner[p] = a->ids[m];
    a->shares[m]++;
  }
}

static void cooperative(const struct assignment *a) {
  sticky(a);
  for (size_t p = 0; p < a->partitions; p++)
    if (a->claim[p] && a->claim[p] != a->owner[p] && member_of(a, a->claim[p]) < a->members)
      a->owner[p] = 0;
}

void assignment_make(const struct assignment *assignment, int strategy) {
  static void (*const strategies[])(const struct assignment *) = {
      [STRATEGY_RANGE] = range,
      [STRATEGY_ROUND_ROBIN] = round_robin,
      [STRATEGY_STICKY] = sticky,
      [STRATEGY_COOPERATIVE_STICKY] = cooperative,
  };
  ASSERT(assignment->members > 0);
  strategies[strategy](assignment);
}
