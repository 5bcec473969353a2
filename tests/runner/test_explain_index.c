/* What recordings and stories look up by key, beside searches through everything. */
#include "sim/base/hash.h"
#include "sim/runner/explain_index.h"
#include "sim/runner/explain_ways.h"
#include "sim/world/point.h"
#include "tests/run_suite.h"

#include <stdlib.h>

#define TRANSMISSIONS 3000
#define QUESTIONS 3000

static const char *const names[] = {"publish", "delivery", "ack", "answer"};
static const uint8_t points[] = {POINT_NONE, POINT_PUBLISH_SENT, POINT_ACK_SENT, POINT_REQUEST_SENT,
                                 POINT_GENERIC__COUNT, POINT_GENERIC__COUNT + 1};
static const uint8_t answers[] = {POINT_NONE, POINT_PUBLISH_ACK_SENT, POINT_ACK_ANSWER_SENT, POINT_REQUEST_ANSWERED,
                                  POINT_GENERIC__COUNT + 1, POINT_GENERIC__COUNT};
#define SORTS (sizeof points / sizeof *points)

static uint32_t draw(uint64_t *state, uint32_t below) { return (uint32_t)(hash_mix(++*state) % below); }

/* Few values, so that everything occurs again. */
static struct transmission drawn(uint64_t *state) {
  const uint32_t name = draw(state, 4);
  return (struct transmission){.id = draw(state, 40), .correlation = 1 + draw(state, 6),
                               .incarnation = draw(state, 2), .from = (uint16_t)draw(state, 3),
                               .to = (uint16_t)draw(state, 3), .name = names[name],
                               .sent_point = points[draw(state, SORTS)], .is_reply = draw(state, 2),
                               .fate = draw(state, 3), .end_at = draw(state, 1000)};
}

/* --- Twins --- */

struct all {
  struct transmission items[TRANSMISSIONS];
  bool open[TRANSMISSIONS];
  size_t count;
};

static size_t find(const struct all *all, uint32_t id) {
  for (size_t i = all->count; i-- > 0;)
    if (all->open[i] && all->items[i].id == id) return i;
  return NO_TRANSMISSION;
}

static bool asked(const struct all *all, const struct explain_answer *answer) {
  for (size_t i = 0; i < all->count; i++) {
    const struct transmission *request = &all->items[i];
    bool pair = request->sent_point >= POINT_GENERIC__COUNT && answer->point >= POINT_GENERIC__COUNT;
    for (size_t sort = 0; sort < SORTS; sort++)
      pair |= request->sent_point < POINT_GENERIC__COUNT && points[sort] == request->sent_point &&
              answers[sort] == answer->point;
    if (pair && !request->is_reply && request->correlation == answer->correlation &&
        request->incarnation == answer->incarnation && request->from == answer->from && request->to == answer->to)
      return true;
  }
  return false;
}

static uint32_t nth(const struct all *all, const char *name, uint32_t group) {
  uint32_t count = 1;
  for (size_t i = 0; i < all->count; i++) count += all->items[i].name == name && all->items[i].others == group;
  return count;
}

/* --- */

START_TEST(an_index_finds_what_a_search_finds) { /* [I1] */
  struct all *all = calloc(1, sizeof *all);
  struct explain_index index = {0};
  uint64_t state = 1000 * (uint64_t)_i;
  ck_assert_ptr_nonnull(all);
  while (all->count < TRANSMISSIONS) {
    struct transmission new = drawn(&state);
    new.others = draw(&state, 3); /* here: its group */
    ck_assert_uint_eq(explain_index_nth(&index, new.name, new.others), nth(all, new.name, new.others));
    explain_index_add(&index, &new, all->count);
    all->open[all->count] = true;
    all->items[all->count++] = new;
    const uint32_t id = draw(&state, 40);
    const size_t last = find(all, id);
    ck_assert_uint_eq(explain_index_find(&index, id), last);
    if (last == NO_TRANSMISSION) continue;
    explain_index_close(&index, id);
    all->open[last] = false;
    const struct transmission *like = &all->items[draw(&state, (uint32_t)all->count)];
    const struct explain_answer answer = {.correlation = like->correlation, .incarnation = draw(&state, 3),
                                          .point = answers[draw(&state, SORTS)], .from = like->from,
                                          .to = like->to};
    ck_assert_int_eq(explain_index_asked(&index, &answer), asked(all, &answer));
  }
  explain_index_deinit(&index);
  free(all);
}
END_TEST

START_TEST(the_last_of_a_way_is_what_a_search_finds) {
  struct transmission *items = calloc(TRANSMISSIONS, sizeof *items);
  struct explain_record record = {.transmissions = items, .transmission_count = TRANSMISSIONS};
  struct ways ways;
  uint64_t state = 1000 * (uint64_t)_i;
  ck_assert_ptr_nonnull(items);
  for (size_t i = 0; i < TRANSMISSIONS; i++) items[i] = drawn(&state);
  ways_init(&ways, &record);
  for (size_t question = 0; question < QUESTIONS; question++) {
    const char *name = draw(&state, 50) ? names[draw(&state, 4)] : NULL;
    const uint16_t from = (uint16_t)draw(&state, 4), to = (uint16_t)draw(&state, 3);
    const int64_t at = draw(&state, 100);
    const struct transmission *found = NULL;
    bool own = false;
    for (size_t i = 0; i < TRANSMISSIONS; i++) {
      const struct transmission *sent = &items[i];
      own |= sent->name == name && sent->sent_point >= POINT_GENERIC__COUNT;
      if (sent->name == name && sent->from == from && sent->to == to && sent->fate == FATE_ARRIVED &&
          sent->end_at <= at)
        found = sent;
    }
    ck_assert_ptr_eq(ways_last(&ways, name, from, to, at), found);
    ck_assert_int_eq(ways_is_own(&ways, name), own);
  }
  ways_deinit(&ways);
  free(items);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("explain_index");
  TCase *tcase = tcase_create("explain_index");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, an_index_finds_what_a_search_finds, 0, 5);
  tcase_add_loop_test(tcase, the_last_of_a_way_is_what_a_search_finds, 0, 5);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
