/* What the database makes of each operation: rows, locks, refusals, and what a disk that lied takes back. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define ABSENT ((int64_t)FACT_STATE_ABSENT)

/* The operation of a message is its id's last digit, what its handler does the digit before. */
enum action { APPLY, APPLY_AND_LINGER, APPLY_AND_ROLL_BACK, NOTE_AND_APPLY, APPLY_AND_READ,
              HOLD_ROW_1, HOLD_ROW_2 };
static struct plan *plan; /* of the test under way */
static int64_t read_value;
static int read_status, notes; /* notes: how many were written */

static uint64_t id_of(uint64_t number, enum action action, enum operation operation) {
  return number * 100 + (uint64_t)action * 10 + operation;
}

static int hold_and_apply(struct dg_context *c, uint64_t row) {
  dg_begin(c);
  dg_put(c, "balance", row, 40);
  dg_sleep(c, 20 * MS);
  int applied = dg_apply(c);
  int committed = dg_commit(c);
  return applied == DG_OK ? committed : applied;
}

static int apply_and_end(struct dg_context *c, enum action action) {
  dg_begin(c);
  if (action == NOTE_AND_APPLY) dg_put(c, "notes", 1, ++notes);
  int applied = dg_apply(c);
  if (action == APPLY_AND_READ) read_status = dg_get(c, "balance", 1, &read_value);
  if (action == APPLY_AND_LINGER || action == APPLY_AND_ROLL_BACK) dg_sleep(c, 20 * MS);
  if (action == APPLY_AND_ROLL_BACK) return dg_rollback(c);
  int committed = dg_commit(c);
  if (action == NOTE_AND_APPLY) read_status = dg_get(c, "notes", 1, &read_value);
  return applied == DG_OK ? committed : applied;
}

static int act(struct dg_context *c, const struct dg_message *m) {
  const enum action action = m->id / 10 % 10;
  plan->workload.operation = (enum operation)(m->id % 10);
  if (action == HOLD_ROW_1 || action == HOLD_ROW_2) return hold_and_apply(c, action == HOLD_ROW_1 ? 1 : 2);
  return action == APPLY ? dg_apply(c) : apply_and_end(c, action);
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static struct tiny *new_world(uint32_t consumers) {
  struct tiny *tiny = script_new(&handler_act, consumers, 1);
  plan = &tiny->plan;
  read_value = 0;
  read_status = -1;
  notes = 0;
  return tiny;
}

/* --- Rows --- */

#define SET(n) {n, OPERATION_SET}
#define PUT(n) {n, OPERATION_PUT}
#define DELETE(n) {n, OPERATION_DELETE}
#define SURROGATE(n) {n, OPERATION_INSERT_SURROGATE_KEY}
#define NATURAL(n) {n, OPERATION_INSERT_NATURAL_KEY}
#define TRANSFER(n) {n, OPERATION_TRANSFER}
#define INCREMENT(n) {n, OPERATION_INCREMENT}

struct step {
  uint64_t number;
  enum operation operation;
};
#define STEPS_MAX 4
/* Values: of key 1, of key 2; an id counts as what wrote it, so it is given as the step's place. */
static const struct {
  const char *what;
  struct step steps[STEPS_MAX];
  int count, writer; /* whose id the row holds, from 1; 0 = none's: `value` */
  int64_t value, other;
  int refused; /* the step that is answered DG_EXISTS, from 1; 0 = none */
} rows[] = {
    {"increments add", {INCREMENT(1), INCREMENT(1)}, 2, 0, 2, 0, 0},
    {"the last SET stands", {SET(2), SET(1)}, 2, 2, 0, 0, 0},
    {"the last PUT stands", {PUT(2), PUT(1)}, 2, 2, 0, 0, 0},
    {"DELETE leaves no row", {PUT(1), DELETE(2)}, 2, 0, ABSENT, 0, 0},
    {"PUT makes it anew", {PUT(1), DELETE(2), PUT(1)}, 3, 3, 0, 0, 0},
    {"SET does not", {SET(1), DELETE(2), SET(1)}, 3, 0, ABSENT, 0, 0},
    {"nor an increment", {INCREMENT(1), DELETE(2), INCREMENT(3)}, 3, 0, ABSENT, 0, 0},
    {"each insert makes a row", {SURROGATE(1), SURROGATE(1)}, 2, 0, 2, 0, 0},
    {"of one natural key there is one", {NATURAL(1), NATURAL(2), NATURAL(1)}, 3, 0, 2, 0, 3},
    {"a transfer takes here and adds there", {TRANSFER(1), TRANSFER(1)}, 2, 0, -2, 2, 0},
};

static int64_t stated(const struct tiny *tiny, uint32_t key) { return tiny_balance(tiny, key); }

START_TEST(rows_become_what_operations_make_of_them) {
  struct tiny *tiny = new_world(1);
  for (int i = 0; i < rows[_i].count; i++)
    script_add((i + 1) * 10 * MS, 1, id_of(rows[_i].steps[i].number, APPLY, rows[_i].steps[i].operation));
  tiny_run(tiny);
  const int64_t value =
      rows[_i].writer ? (int64_t)script.steps[rows[_i].writer - 1].intent : rows[_i].value;
  ck_assert_msg(stated(tiny, 1) == value, "%s: %lld, not %lld", rows[_i].what,
                (long long)stated(tiny, 1), (long long)value);
  ck_assert_int_eq(stated(tiny, 2), rows[_i].other);
  for (int i = 0; i < rows[_i].count; i++)
    ck_assert_int_eq(script.steps[i].status, i + 1 == rows[_i].refused ? DG_EXISTS : DG_OK);
  const int effects = rows[_i].count - (rows[_i].refused > 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), (size_t)effects); /* one each, of a transfer too */
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], (uint64_t)effects);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_transaction_sees_its_own_operation) {
  struct tiny *tiny = new_world(1);
  const uint64_t put = id_of(1, APPLY_AND_READ, OPERATION_PUT);
  script_add(10 * MS, 1, put);
  tiny_run(tiny);
  ck_assert_int_eq(read_status, DG_OK);
  ck_assert_int_eq(read_value, (int64_t)put);
  script.steps[0].intent = id_of(1, APPLY_AND_READ, OPERATION_DELETE);
  tiny_run(tiny);
  ck_assert_int_eq(read_status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

/* It is a provider's, whatever the handler thinks. */
START_TEST(a_charge_is_not_done_here) {
  struct tiny *tiny = new_world(1);
  script_add(10 * MS, 1, id_of(1, APPLY, OPERATION_CHARGE));
  script_add(50 * MS, 1, id_of(2, NOTE_AND_APPLY, OPERATION_CHARGE));
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED);
  ck_assert_int_eq(read_status, DG_NOT_FOUND); /* the note is rolled back */
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 0);
  ck_assert_int_eq(stated(tiny, 1), 0);
  tiny_free(tiny);
}
END_TEST

/* --- Natural keys [I8] --- */

START_TEST(an_insert_waits_for_the_open_one_and_is_refused) {
  struct tiny *tiny = new_world(2);
  const uint64_t id = id_of(1, APPLY_AND_LINGER, OPERATION_INSERT_NATURAL_KEY);
  script_add(10 * MS, 1, id);
  script_add(15 * MS, 2, id);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_EXISTS);
  ck_assert_int_eq(stated(tiny, 1), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(an_insert_takes_the_place_of_one_that_was_rolled_back) {
  struct tiny *tiny = new_world(2);
  const uint64_t id = id_of(1, APPLY_AND_ROLL_BACK, OPERATION_INSERT_NATURAL_KEY);
  script_add(10 * MS, 1, id);
  script_add(15 * MS, 2, id);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_int_eq(stated(tiny, 1), 0); /* it rolls back as well */
  ck_assert_int_gt(script.steps[1].handled_at, script.steps[0].handled_at + 15 * MS);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_refused_insert_rolls_its_transaction_back) {
  struct tiny *tiny = new_world(1);
  const uint64_t id = id_of(1, NOTE_AND_APPLY, OPERATION_INSERT_NATURAL_KEY);
  script_add(10 * MS, 1, id);
  script_add(50 * MS, 1, id);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_EXISTS);
  ck_assert_int_eq(notes, 2);
  ck_assert_int_eq(read_status, DG_OK);
  ck_assert_int_eq(read_value, 1); /* the second note went with its insert */
  ck_assert_uint_eq(tiny_count(tiny, FACT_TRANSACTION_ABORTED, 0), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* --- Locks --- */

START_TEST(inserts_do_not_wait_for_each_other) {
  static const enum operation inserts[] = {OPERATION_INSERT_SURROGATE_KEY, OPERATION_INSERT_NATURAL_KEY,
                                           OPERATION_INCREMENT};
  struct tiny *tiny = new_world(2);
  script_add(10 * MS, 1, id_of(1, APPLY_AND_LINGER, inserts[_i]));
  script_add(15 * MS, 2, id_of(2, APPLY_AND_LINGER, inserts[_i]));
  tiny_run(tiny);
  const int64_t between = script.steps[1].handled_at - script.steps[0].handled_at;
  if (inserts[_i] == OPERATION_INCREMENT)
    ck_assert_int_gt(between, 15 * MS);
  else
    ck_assert_int_eq(between, 5 * MS);
  ck_assert_int_eq(stated(tiny, 1), 2);
  tiny_free(tiny);
}
END_TEST

/* [I9] Each way at the same time: as every statement takes the lower key first, none is refused. */
START_TEST(transfers_that_cross_wait_and_do_not_deadlock) {
  struct tiny *tiny = new_world(2);
  plan->cores = 2;
  for (uint64_t round = 0; round < 10; round++) {
    const int64_t at = 10 * MS + (int64_t)round * 50 * MS;
    script_add(at, 1, id_of(round, APPLY_AND_LINGER, OPERATION_TRANSFER))->key = 1;
    script_add(at, 2, id_of(round + 50, APPLY_AND_LINGER, OPERATION_TRANSFER))->key = 2;
  }
  tiny_run(tiny);
  for (size_t i = 0; i < script.count; i++) ck_assert_int_eq(script.steps[i].status, DG_OK);
  ck_assert_int_eq(stated(tiny, 1), 0);
  ck_assert_int_eq(stated(tiny, 2), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 20);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_deadlock_over_a_second_row_costs_one_transaction) {
  struct tiny *tiny = new_world(2);
  script_add(10 * MS, 1, id_of(1, HOLD_ROW_2, OPERATION_TRANSFER))->key = 1;
  script_add(15 * MS, 2, id_of(2, HOLD_ROW_1, OPERATION_TRANSFER))->key = 2;
  tiny_run(tiny);
  const bool first = script.steps[0].status == DG_OK, second = script.steps[1].status == DG_OK;
  ck_assert(first != second);
  ck_assert_uint_eq(tiny_count(tiny, FACT_TRANSACTION_ABORTED, 0), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* --- [I3] What a flush lied about --- */

/* The first step is on the disk, those after it are taken back; then the last comes again. */
static const struct {
  struct step steps[3];
  int count;
  int64_t value, other; /* -1 of `value`: the id of the first step */
} lies[] = {
    {{SET(1), SET(2), SET(3)}, 3, -1, 0},
    {{PUT(1), DELETE(2)}, 2, -1, 0},
    {{DELETE(1), PUT(2)}, 2, ABSENT, 0},
    {{DELETE(1), SET(2)}, 2, ABSENT, 0},
    {{SURROGATE(1), SURROGATE(2)}, 2, 1, 0},
    {{NATURAL(1), NATURAL(2), NATURAL(3)}, 3, 1, 0},
    {{TRANSFER(1), TRANSFER(2), TRANSFER(3)}, 3, -1, 1},
};

static struct tiny *lying_world(int i, bool again) {
  struct tiny *tiny = new_world(1);
  for (int step = 0; step < lies[i].count; step++)
    script_add((step + 1) * 10 * MS, 1,
               id_of(lies[i].steps[step].number, APPLY, lies[i].steps[step].operation));
  if (again) script_add(60 * MS, 1, script.steps[lies[i].count - 1].intent);
  tiny_strike(tiny, VERB_FSYNC_LIES, 15 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
  tiny_strike(tiny, VERB_POWER_LOSS, 37 * MS, ROLE_DATABASE, 1)->lasts = span_of(5 * MS);
  script_without_pool(tiny);
  tiny_run(tiny);
  return tiny;
}

START_TEST(rows_are_as_they_were_before_a_flush_lied) {
  struct tiny *tiny = lying_world(_i, false);
  const bool transfer = lies[_i].steps[0].operation == OPERATION_TRANSFER;
  const int64_t value = lies[_i].value == -1 && !transfer ? (int64_t)script.steps[0].intent : lies[_i].value;
  ck_assert_int_eq(stated(tiny, 1), value);
  ck_assert_int_eq(stated(tiny, 2), lies[_i].other);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 0), (size_t)lies[_i].count - 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(what_was_taken_back_can_be_done_again) {
  struct tiny *tiny = lying_world(_i, true);
  const struct script_step *last = &script.steps[lies[_i].count];
  ck_assert_int_eq(last->status, DG_OK); /* also of a natural key: it is not there any more */
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, last->intent), 2);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("operations");
  TCase *tests = tcase_create("operations");
  tcase_add_loop_test(tests, rows_become_what_operations_make_of_them, 0, sizeof rows / sizeof *rows);
  tcase_add_test(tests, a_transaction_sees_its_own_operation);
  tcase_add_test(tests, a_charge_is_not_done_here);
  tcase_add_test(tests, an_insert_waits_for_the_open_one_and_is_refused);
  tcase_add_test(tests, an_insert_takes_the_place_of_one_that_was_rolled_back);
  tcase_add_test(tests, a_refused_insert_rolls_its_transaction_back);
  tcase_add_loop_test(tests, inserts_do_not_wait_for_each_other, 0, 3);
  tcase_add_test(tests, transfers_that_cross_wait_and_do_not_deadlock);
  tcase_add_test(tests, a_deadlock_over_a_second_row_costs_one_transaction);
  tcase_add_loop_test(tests, rows_are_as_they_were_before_a_flush_lied, 0, sizeof lies / sizeof *lies);
  tcase_add_loop_test(tests, what_was_taken_back_can_be_done_again, 0, sizeof lies / sizeof *lies);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
