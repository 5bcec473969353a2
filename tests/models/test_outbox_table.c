/* The outbox table against a naive twin: random inserts, rollbacks, marks, deletes and undoing, in any order. */
#include "models/store/outbox_table.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#define IDS_MAX 3000

struct twin {
  struct outbox_row rows[IDS_MAX]; /* by id */
  uint64_t next, cursor;
};
static struct world *world;
static struct outbox_table table;
static struct twin twin;
static uint64_t state;

static uint64_t draw(uint64_t bound) { return hash_mix(state += 0x9e3779b97f4a7c15u) % bound; }

static bool there(const struct outbox_row *row) {
  return row->state == OUTBOX_WAITING || row->state == OUTBOX_PUBLISHED;
}

/* [I1], [I2] */
static void compare(void) {
  uint64_t count = 0, bytes = 0, held = 0;
  for (uint64_t id = 1; id < twin.next; id++) {
    const struct outbox_row *mine = &twin.rows[id], *row = outbox_row(&table, id);
    count += there(mine);
    bytes += there(mine) ? OUTBOX_ROW_BYTES + mine->size : 0;
    held += mine->state == OUTBOX_WAITING && id > twin.cursor;
    if (!row) {
      ck_assert_msg(mine->state == OUTBOX_GONE, "row %llu has no place", (unsigned long long)id);
      continue;
    }
    if (row->state != mine->state) ck_abort_msg("row %llu is in state %u, not %u", (unsigned long long)id, row->state, mine->state);
    if (mine->state == OUTBOX_WAITING && id < table.waiting_from)
      ck_abort_msg("row %llu waits in front of where waiting rows begin", (unsigned long long)id);
    if (there(mine) && row->intent != mine->intent) ck_abort_msg("row %llu is another's", (unsigned long long)id);
  }
  ck_assert_uint_eq(table.count, count);
  ck_assert_uint_eq(table.bytes, bytes);
  ck_assert_uint_eq(table.held, held);
  ck_assert_uint_eq(world->live, held);
}

static void insert(void) {
  if (twin.next == IDS_MAX) return;
  uint64_t id = outbox_draw_id(&table);
  ck_assert_uint_eq(id, twin.next);
  twin.rows[id] = (struct outbox_row){.state = OUTBOX_UNKNOWN};
  twin.next++;
}

static void commit(uint64_t id) {
  struct outbox_row row = {.intent = id * 7, .size = (uint32_t)draw(100), .created_ns = (int64_t)id};
  *outbox_row(&table, id) = row;
  outbox_set(world, &table, id, OUTBOX_WAITING);
  twin.rows[id] = row;
  twin.rows[id].state = OUTBOX_WAITING;
}

static void move(uint64_t id, enum outbox_state to) {
  outbox_set(world, &table, id, to);
  twin.rows[id].state = (uint8_t)to;
}

static void step(void) {
  uint64_t id = 1 + draw(twin.next), reach = draw(3) ? 20 : IDS_MAX;
  if (id + reach < twin.next) id = twin.next - draw(reach);
  if (draw(3) == 0) insert();
  if (id >= twin.next) return;
  struct outbox_row *row = &twin.rows[id];
  switch (draw(8)) {
  case 0:
  case 1:
  case 2:
    if (row->state == OUTBOX_UNKNOWN) commit(id);
    break;
  case 3:
    if (row->state == OUTBOX_UNKNOWN) move(id, OUTBOX_GONE);
    break;
  case 4:
    if (row->state == OUTBOX_WAITING) move(id, OUTBOX_PUBLISHED);
    break;
  case 5:
    if (there(row)) move(id, OUTBOX_GONE);
    break;
  case 6: { /* a deleted row that was noted comes back, as a lost disk undoes it */
    if (row->state != OUTBOX_GONE || row->intent == 0) break;
    row->state = draw(2) ? OUTBOX_WAITING : OUTBOX_PUBLISHED;
    outbox_restore(world, &table, id, row);
    break;
  }
  default:
    if (draw(6)) break;
    outbox_move_cursor(world, &table, id);
    twin.cursor = id;
  }
}

START_TEST(agrees_with_its_naive_twin) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    state = seed * 0x2545f4914f6cdd1du;
    outbox_reset(&table);
    twin = (struct twin){.next = 1};
    world->live = 0;
    for (int i = 0; i < 1500; i++) {
      step();
      if (i % 10 == 0 || seed > 55) compare();
    }
  }
}
END_TEST

START_TEST(ids_are_not_given_back) {
  outbox_reset(&table);
  uint64_t first = outbox_draw_id(&table);
  outbox_set(world, &table, first, OUTBOX_GONE);
  ck_assert_uint_eq(outbox_draw_id(&table), first + 1);
  outbox_forget_unknown(&table); /* its transaction died with the process */
  ck_assert_ptr_null(outbox_row(&table, first + 1));
  ck_assert_uint_eq(outbox_draw_id(&table), first + 2);
}
END_TEST

/* A row that is committed behind the cursor waits for nobody: it must not hold up the end of a run. */
START_TEST(a_row_behind_the_cursor_is_not_held) {
  outbox_reset(&table);
  world->live = 0;
  uint64_t one = outbox_draw_id(&table), two = outbox_draw_id(&table);
  outbox_set(world, &table, two, OUTBOX_WAITING);
  ck_assert_uint_eq(world->live, 1);
  outbox_move_cursor(world, &table, two);
  ck_assert_uint_eq(world->live, 0);
  outbox_set(world, &table, one, OUTBOX_WAITING);
  ck_assert_uint_eq(world->live, 0);
  ck_assert(outbox_is_done(&table, outbox_row(&table, one), one));
  outbox_move_cursor(world, &table, 0); /* taken back by the disk: both wait again */
  ck_assert_uint_eq(world->live, 2);
}
END_TEST

START_TEST(peaks_are_kept) {
  outbox_reset(&table);
  world->live = 0;
  world->counters[COUNTER_OUTBOX_ROWS_PEAK] = world->counters[COUNTER_OUTBOX_BYTES_PEAK] = 0;
  for (int i = 0; i < 5; i++) outbox_set(world, &table, outbox_draw_id(&table), OUTBOX_WAITING);
  for (uint64_t id = 1; id <= 3; id++) outbox_set(world, &table, id, OUTBOX_GONE);
  ck_assert_uint_eq(world->counters[COUNTER_OUTBOX_ROWS_PEAK], 5);
  ck_assert_uint_eq(world->counters[COUNTER_OUTBOX_BYTES_PEAK], 5 * OUTBOX_ROW_BYTES);
  ck_assert_uint_eq(table.count, 2);
  ck_assert_uint_eq(table.first, 4);
}
END_TEST

int main(void) {
  world = world_new(0, 0);
  Suite *suite = suite_create("models/outbox table");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, agrees_with_its_naive_twin);
  tcase_add_test(tests, ids_are_not_given_back);
  tcase_add_test(tests, a_row_behind_the_cursor_is_not_held);
  tcase_add_test(tests, peaks_are_kept);
  suite_add_tcase(suite, tests);
  const int status = run_suite(suite);
  outbox_free(&table);
  world_free(world);
  return status;
}
