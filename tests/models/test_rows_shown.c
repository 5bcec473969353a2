/* What an observer is told of what handlers left in their stores. */
#include "models/store/provider.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define ROWS_MAX 64

static struct shown {
  uint16_t node;
  uint64_t table, key;
  int64_t value;
} shown[ROWS_MAX];
static size_t shown_count;
static struct {
  uint64_t intent, account;
  int64_t amount;
} charges[ROWS_MAX];
static size_t charge_count;

static void on_row(void *context, const struct world *world, const struct node *node, uint64_t table, uint64_t key,
                   int64_t value) {
  (void)context, (void)world;
  ck_assert_uint_lt(shown_count, ROWS_MAX);
  shown[shown_count++] = (struct shown){node->id, table, key, value};
}
static void on_charged(void *context, const struct world *world, uint64_t intent, uint64_t account, int64_t amount) {
  (void)context, (void)world;
  charges[charge_count].intent = intent;
  charges[charge_count].account = account;
  charges[charge_count++].amount = amount;
}
static const struct observer observer = {.row = on_row, .charged = on_charged};

static const struct shown *find(const char *table, uint64_t key) {
  for (size_t i = 0; i < shown_count; i++)
    if (shown[i].table == hash_name(table) && shown[i].key == key) return &shown[i];
  return NULL;
}

/* The first one names the tables in another order than the second, and rolls back what it wrote last. */
static int act(struct dg_context *c, const struct dg_message *m) {
  if (m->id == 9) {
    dg_begin(c);
    dg_put(c, "rows", 77, 1);
    return dg_rollback(c);
  }
  const bool other = m->id % 2 == 0;
  dg_begin(c);
  dg_insert_unique(c, other ? "processed" : "seen", m->id << 20);
  dg_insert_unique(c, other ? "seen" : "processed", m->id);
  dg_put(c, "rows", 1000 - m->id, (int64_t)m->id - 3);
  dg_insert_unique(c, "rows", 1000 - m->id);
  dg_apply(c);
  return dg_commit(c);
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static uint64_t run(uint64_t first, const struct observer *watches) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  for (uint64_t i = 0; i < 4; i++) script_add((int64_t)(i + 1) * 100 * MS, 1, first == 1 ? i + 1 : 4 - i)->key = 2;
  script_add(900 * MS, 1, 9);
  tiny->world->observer = watches;
  shown_count = 0;
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  tiny_free(tiny);
  return digest;
}

START_TEST(rows_and_unique_keys_are_told_once_and_in_order) {
  run(1, &observer);
  ck_assert_uint_eq(shown_count, 4 /* balances */ + 4 /* rows */ + 4 * 2 /* unique keys */);
  for (size_t i = 1; i < shown_count; i++)
    ck_assert(shown[i - 1].table < shown[i].table ||
              (shown[i - 1].table == shown[i].table && shown[i - 1].key < shown[i].key));
  for (uint64_t id = 1; id <= 4; id++) {
    ck_assert_int_eq(find("rows", 1000 - id)->value, (int64_t)id - 3);
    ck_assert_int_eq(find(id % 2 ? "seen" : "processed", id << 20)->value, 0);
    ck_assert_ptr_nonnull(find(id % 2 ? "processed" : "seen", id));
    ck_assert_int_eq(find("balance", id)->value, id == 2 ? 4 : 0);
  }
  ck_assert_ptr_null(find("rows", 77));
}
END_TEST

START_TEST(the_order_is_not_that_of_writing_and_nothing_else_changes) {
  struct shown before[ROWS_MAX];
  ck_assert_uint_eq(run(1, &observer), run(1, NULL));
  run(1, &observer);
  memcpy(before, shown, sizeof before);
  const size_t count = shown_count;
  run(4, &observer);
  ck_assert_uint_eq(shown_count, count);
  ck_assert_mem_eq(before, shown, count * sizeof *shown);
}
END_TEST

static int pay(struct dg_context *c, const struct dg_message *m) {
  return dg_charge(c, 7, (int64_t)m->id * 100, NULL);
}
static const struct handler handler_pay = {.name = "pay", .handle = pay, .uses = HANDLER_USES(PROVIDER)};

/* The second is executed, as the key counts for nothing there; a third is refused: it is of no account. */
START_TEST(charges_are_told_as_they_are_made) {
  static struct quantile_table table = {.constant = true, .median = MS, .mean = MS};
  static struct distribution service = {"1ms", &table};
  struct tiny *tiny = script_new(&handler_pay, 1, 1);
  tiny->plan.provider.store = &store_plain;
  tiny->plan.counts[ROLE_PROVIDER] = 1;
  tiny->plan.links[LINK_CONSUMER_TO_PROVIDER].kind = LINK_KIND_PER_REQUEST;
  tiny_defaults(&tiny->plan.provider.settings, store_plain.keys, store_plain.key_count);
  tiny->plan.provider.settings.values[KEY_PROVIDER_SERVICE_TIME].distribution = &service;
  script_add(100 * MS, 1, 1)->key = 3;
  script_add(200 * MS, 1, 2)->key = 4;
  script_add(300 * MS, 1, 3)->key = 99;
  tiny->world->observer = &observer;
  charge_count = 0;
  tiny_run(tiny);
  ck_assert_uint_eq(charge_count, 2);
  for (uint64_t i = 0; i < 2; i++) {
    ck_assert_uint_eq(charges[i].intent, i + 1);
    ck_assert_uint_eq(charges[i].account, i + 3);
    ck_assert_int_eq(charges[i].amount, (int64_t)(i + 1) * 100);
  }
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rows shown");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, rows_and_unique_keys_are_told_once_and_in_order);
  tcase_add_test(tests, the_order_is_not_that_of_writing_and_nothing_else_changes);
  tcase_add_test(tests, charges_are_told_as_they_are_made);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
