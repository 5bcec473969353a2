#include "sim/runner/explain_index.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/world/point.h"

#include <stdlib.h>

struct explain_request {
  struct explain_answer answer; /* that it gets */
  size_t before;                /* another of the same hash, and 1; 0 = none */
};
struct explain_kind {
  const char *name;
  uint32_t group, count;
};

/* Which point an answer states when it leaves, by that of its request: clients may number requests of
 * several sorts alike. A delivery answers a request that carried nothing. */
static const uint8_t answer_points[POINT_GENERIC__COUNT] = {
    [POINT_PUBLISH_SENT] = POINT_PUBLISH_ACK_SENT,
    [POINT_STATEMENT_SENT] = POINT_STATEMENT_ANSWERED,
    [POINT_REQUEST_SENT] = POINT_REQUEST_ANSWERED,
    [POINT_ACK_SENT] = POINT_ACK_ANSWER_SENT,
};

/* Those of a system's own count as one. */
static uint32_t sort_of(uint32_t point) { return point < POINT_GENERIC__COUNT ? point : POINT_GENERIC__COUNT; }
static uint32_t answer_sort(uint32_t point) {
  return point < POINT_GENERIC__COUNT ? answer_points[point] : POINT_GENERIC__COUNT;
}

void explain_index_deinit(struct explain_index *index) {
  map_deinit(&index->open);
  map_deinit(&index->requests);
  free(index->below);
  free(index->items);
  free(index->kinds);
  *index = (struct explain_index){0};
}

/* --- Open transmissions: a stack for each id --- */

static uint64_t open_key(uint32_t id) { return (uint64_t)id + 1; }

size_t explain_index_find(const struct explain_index *index, uint32_t id) {
  const uint64_t *last = map_get(&index->open, open_key(id));
  return last ? (size_t)*last - 1 : NO_TRANSMISSION;
}

static void open(struct explain_index *index, uint32_t id, size_t number) {
  uint64_t *last = map_put(&index->open, open_key(id), NULL);
  GROW(index->below, index->below_capacity, number + 1);
  index->below[number] = (size_t)*last;
  *last = number + 1;
}

void explain_index_close(struct explain_index *index, uint32_t id) {
  uint64_t *last = map_get(&index->open, open_key(id));
  ASSERT(last);
  const size_t below = index->below[*last - 1];
  if (below > 0)
    *last = below;
  else
    map_remove(&index->open, open_key(id));
}

/* --- Requests --- */

static uint64_t request_key(const struct explain_answer *answer) {
  const uint64_t ends = (uint64_t)answer->from << 48 | (uint64_t)answer->to << 32 | answer->point;
  return hash_pair((uint64_t)answer->correlation << 32 | answer->incarnation, ends) | 1; /* no key is 0 */
}

static bool same(const struct explain_answer *one, const struct explain_answer *other) {
  return one->correlation == other->correlation && one->incarnation == other->incarnation &&
         one->point == other->point && one->from == other->from && one->to == other->to;
}

/* `answer->point` is a sort. */
static bool is_asked(const struct explain_index *index, const struct explain_answer *answer) {
  const uint64_t *last = map_get(&index->requests, request_key(answer));
  for (size_t i = last ? (size_t)*last : 0; i > 0; i = index->items[i - 1].before)
    if (same(&index->items[i - 1].answer, answer)) return true;
  return false;
}

bool explain_index_asked(const struct explain_index *index, const struct explain_answer *answer) {
  struct explain_answer sorted = *answer;
  sorted.point = sort_of(answer->point);
  return is_asked(index, &sorted);
}

static void expect_answer(struct explain_index *index, const struct transmission *request) {
  const struct explain_answer answer = {.correlation = request->correlation, .incarnation = request->incarnation,
                                        .point = answer_sort(request->sent_point), .from = request->from,
                                        .to = request->to};
  if (is_asked(index, &answer)) return; /* sent again */
  uint64_t *last = map_put(&index->requests, request_key(&answer), NULL);
  GROW(index->items, index->request_capacity, index->request_count + 1);
  index->items[index->request_count++] = (struct explain_request){answer, (size_t)*last};
  *last = index->request_count;
}

void explain_index_add(struct explain_index *index, const struct transmission *transmission, size_t number) {
  open(index, transmission->id, number);
  if (!transmission->is_reply) expect_answer(index, transmission);
}

/* --- Counts --- */

uint32_t explain_index_nth(struct explain_index *index, const char *name, uint32_t group) {
  for (size_t i = 0; i < index->kind_count; i++)
    if (index->kinds[i].name == name && index->kinds[i].group == group) return ++index->kinds[i].count;
  GROW(index->kinds, index->kind_capacity, index->kind_count + 1);
  index->kinds[index->kind_count++] = (struct explain_kind){name, group, 1};
  return 1;
}
