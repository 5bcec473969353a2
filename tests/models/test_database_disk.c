/* What the database makes of disks that lie and fail. */
#include "models/store/id_set.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS

enum action { APPLY = 1, PUT, READ, CLAIM, FORGET };
static int64_t read_value;
static int read_status;

static int act(struct dg_context *c, const struct dg_message *m) {
  switch (m->id % 10) {
  case PUT: return dg_put(c, "rows", 1, (int64_t)m->id);
  case READ: return read_status = dg_get(c, "rows", 1, &read_value);
  case FORGET: return dg_delete(c, "processed", 7);
  case CLAIM: {
    dg_begin(c);
    int status = dg_insert_unique(c, "processed", 7);
    if (status == DG_EXISTS) return dg_rollback(c), DG_EXISTS;
    dg_apply(c);
    return dg_commit(c);
  }
  default: return dg_apply(c);
  }
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static struct tiny *world_of(size_t steps, const uint64_t *ids) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  for (size_t i = 0; i < steps; i++) script_add((int64_t)(i + 1) * 10 * MS, 1, ids[i]);
  return tiny;
}
#define WORLD(...)                                                                                 \
  world_of(sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t), (const uint64_t[]){__VA_ARGS__})

static void strike(struct tiny *tiny, enum verb verb, int64_t at, int64_t lasts) {
  tiny_strike(tiny, verb, at, ROLE_DATABASE, 1)->lasts = span_of(lasts);
  if (verb == VERB_POWER_LOSS || verb == VERB_DISK_GONE) script_without_pool(tiny);
}

/* What is left is what was applied and not undone. */
static void check_conserved(const struct tiny *tiny) {
  size_t left = tiny_count(tiny, FACT_EFFECT, 0) - tiny_count(tiny, FACT_EFFECT_UNDONE, 0);
  ck_assert_int_eq(tiny_balance(tiny, 1), (int64_t)left);
}

START_TEST(a_commit_whose_flush_lied_is_lost_with_the_power) {
  struct tiny *tiny = WORLD(11, 21, 31);
  strike(tiny, VERB_FSYNC_LIES, 15 * MS, 100 * MS);
  strike(tiny, VERB_POWER_LOSS, 37 * MS, 5 * MS);
  tiny_run(tiny);
  for (size_t i = 0; i < 3; i++) ck_assert_int_eq(script.steps[i].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 11), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 21), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 31), 1);
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, 2);
  ck_assert_uint_ge(tiny->world->faults.items[1].hits, 1); /* it is what undid them */
  tiny_free(tiny);
}
END_TEST

START_TEST(a_true_flush_makes_earlier_commits_durable) {
  struct tiny *tiny = WORLD(11, 21, 31);
  strike(tiny, VERB_FSYNC_LIES, 5 * MS, 20 * MS);
  strike(tiny, VERB_POWER_LOSS, 37 * MS, 5 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 0), 0);
  ck_assert_int_eq(tiny_balance(tiny, 1), 3);
  tiny_free(tiny);
}
END_TEST

START_TEST(rows_and_unique_keys_are_as_they_were) {
  struct tiny *tiny = WORLD(12, 22, 14, 13, 24, 34);
  strike(tiny, VERB_FSYNC_LIES, 15 * MS, 21 * MS);
  strike(tiny, VERB_POWER_LOSS, 36 * MS, 1 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(read_status, DG_OK);
  ck_assert_int_eq(read_value, 12);                     /* and not 22 */
  ck_assert_int_eq(script.steps[2].status, DG_OK);
  ck_assert_int_eq(script.steps[4].status, DG_OK);      /* nobody remembers the first claim */
  ck_assert_int_eq(script.steps[5].status, DG_EXISTS);
  ck_assert_uint_eq(tiny->world->dedup_bytes, DATABASE_UNIQUE_ROW_BYTES);
  check_conserved(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_unique_key_whose_delete_was_lost_is_there_again) {
  struct tiny *tiny = WORLD(14, 15, 24);
  strike(tiny, VERB_FSYNC_LIES, 18 * MS, 10 * MS);
  strike(tiny, VERB_POWER_LOSS, 27 * MS, 1 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_int_eq(script.steps[2].status, DG_EXISTS);
  ck_assert_uint_eq(tiny->world->dedup_bytes, DATABASE_UNIQUE_ROW_BYTES);
  check_conserved(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_row_that_was_not_there_is_not_there_again) {
  struct tiny *tiny = WORLD(12, 11, 13);
  strike(tiny, VERB_FSYNC_LIES, 5 * MS, 20 * MS);
  strike(tiny, VERB_POWER_LOSS, 17 * MS, 1 * MS);
  tiny_run(tiny);
  ck_assert_int_ne(read_status, DG_OK);
  tiny_free(tiny);
}
END_TEST

/* --- A standby that takes over --- */

static void take_over(struct tiny *tiny, enum election election, int64_t at) {
  tiny_strike(tiny, VERB_FAILOVER, at, ROLE_DATABASE, 1)->election = election;
}

START_TEST(a_standby_that_is_behind_lacks_the_latest_commits) {
  struct tiny *tiny = WORLD(11, 21, 31, 14);
  tiny->plan.database.settings.values[KEY_DATABASE_REPLICATION_DELAY].i = 15 * MS;
  take_over(tiny, ELECTION_UNCLEAN, 38 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[2].status, DG_OK); /* it was told so */
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 11), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 31), 1);
  check_conserved(tiny);
  ck_assert_uint_ge(tiny->world->faults.items[0].hits, 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_clean_failover_or_one_without_delay_loses_no_commit) {
  for (int clean = 0; clean < 2; clean++) {
    struct tiny *tiny = WORLD(11, 21, 12, 13);
    tiny->plan.database.settings.values[KEY_DATABASE_REPLICATION_DELAY].i = clean ? NS_PER_S : 0;
    take_over(tiny, clean ? ELECTION_CLEAN : ELECTION_UNCLEAN, 38 * MS);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 0), 0);
    ck_assert_int_eq(tiny_balance(tiny, 1), 2);
    tiny_free(tiny);
  }
}
END_TEST

/* At each moment of a statement and its commit: its handler learns something, and nothing stays locked or held. */
START_TEST(what_is_under_way_when_a_standby_takes_over_ends) {
  for (int64_t at = 10 * MS; at < 18 * MS; at += MS / 4) {
    struct tiny *tiny = WORLD(14, 24);
    take_over(tiny, ELECTION_CLEAN, at);
    tiny_run(tiny);
    ck_assert(!tiny->world->stuck);
    ck_assert_int_ne(script.steps[0].status, -1);
    ck_assert_int_eq(script.steps[1].status, script.steps[0].status == DG_OK ||
                                                     tiny_count(tiny, FACT_EFFECT, 14) ? DG_EXISTS : DG_OK);
    check_conserved(tiny);
    tiny_free(tiny);
  }
}
END_TEST

/* Recovery under a disk that lies flushes nothing; afterwards it does. */
START_TEST(a_restart_makes_good_only_what_its_disk_does) {
  for (int lies_on = 0; lies_on < 2; lies_on++) {
    struct tiny *tiny = WORLD(11, 21, 13, 23);
    strike(tiny, VERB_FSYNC_LIES, 5 * MS, lies_on ? 100 * MS : 20 * MS);
    strike(tiny, VERB_KILL, 27 * MS, 1 * MS);
    strike(tiny, VERB_POWER_LOSS, 37 * MS, 1 * MS);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 0), lies_on ? 2 : 0);
    check_conserved(tiny);
    tiny_free(tiny);
  }
}
END_TEST

/* Power is lost in the middle of a flush that lies: what is torn keeps the first few of all of them. */
START_TEST(a_torn_write_keeps_a_first_part) {
  size_t undone[8] = {0};
  for (uint64_t seed = 1; seed <= 60; seed++) {
    struct tiny *tiny = WORLD(11, 21, 31);
    tiny->plan.luck_none = false;
    strike(tiny, VERB_FSYNC_LIES, 5 * MS, 100 * MS);
    strike(tiny, VERB_POWER_LOSS, 37 * MS, 1 * MS);
    tiny->faults[1].unsynced = UNSYNCED_TORN;
    tiny->fact_count = 0;
    world_reset(tiny->world, &tiny->plan, seed);
    world_run(tiny->world);
    undone[tiny_count(tiny, FACT_EFFECT_UNDONE, 0)]++;
    if (tiny_count(tiny, FACT_EFFECT_UNDONE, 11)) ck_assert(tiny_count(tiny, FACT_EFFECT_UNDONE, 31));
    check_conserved(tiny);
    tiny_free(tiny);
  }
  for (size_t i = 0; i <= 3; i++) ck_assert_uint_gt(undone[i], 4);
}
END_TEST

START_TEST(a_flush_that_fails_is_a_panic) {
  struct tiny *tiny = WORLD(11, 21, 31);
  strike(tiny, VERB_FSYNC_FAILS, 15 * MS, 5 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_UNKNOWN);
  ck_assert_int_eq(script.steps[2].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 21), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_NODE_DOWN, 0), 1);
  ck_assert_int_eq(tiny_balance(tiny, 1), 2);
  ck_assert_uint_ge(tiny->world->faults.items[0].hits, 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_database_whose_disk_is_gone_begins_anew) {
  struct tiny *tiny = WORLD(11, 14, 12, 24, 13, 34, 44);
  strike(tiny, VERB_DISK_GONE, 45 * MS, 1 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 11), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 14), 1);
  ck_assert_int_ne(read_status, DG_OK); /* the row is gone */
  ck_assert_int_eq(script.steps[5].status, DG_OK); /* and so is the claim */
  ck_assert_int_eq(script.steps[6].status, DG_EXISTS);
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  check_conserved(tiny);
  ck_assert_uint_ge(tiny->world->faults.items[0].hits, 1);
  uint64_t digest = tiny->digest;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_slow_disk_makes_commits_slow_and_a_slow_cpu_statements) {
  for (int disk = 0; disk < 2; disk++) {
    struct tiny *tiny = WORLD(11);
    strike(tiny, VERB_SLOW, 5 * MS, 100 * MS);
    tiny->faults[0].factor = 10;
    tiny->faults[0].slow_what = disk ? SLOW_DISK : SLOW_CPU;
    tiny_run(tiny);
    int64_t statement = 50 * NS_PER_US, commit = 700 * NS_PER_US;
    int64_t took = disk ? statement + 10 * commit : 10 * statement + commit;
    ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + 2 * TINY_LATENCY_NS + took);
    ck_assert_uint_eq(tiny->world->faults.items[0].hits, 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(what_lied_is_forgotten_by_the_next_run) {
  struct tiny *tiny = WORLD(11, 21, 31);
  strike(tiny, VERB_FSYNC_LIES, 5 * MS, 1000 * MS);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  tiny_free(tiny);
}
END_TEST

START_TEST(an_id_that_was_removed_is_new_again) {
  struct id_set set = {0};
  for (uint64_t id = 1; id <= 2000; id++) id_set_add(&set, id);
  ck_assert(id_set_remove(&set, 700));
  ck_assert(!id_set_remove(&set, 700));
  ck_assert(!id_set_remove(&set, 5000));
  ck_assert_uint_eq(set.count, 1999);
  ck_assert(id_set_has(&set, 699) && !id_set_has(&set, 700) && id_set_has(&set, 701));
  ck_assert(id_set_add(&set, 700));
  id_set_free(&set);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("database_disk");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, a_standby_that_is_behind_lacks_the_latest_commits);
  tcase_add_test(tests, a_clean_failover_or_one_without_delay_loses_no_commit);
  tcase_add_test(tests, what_is_under_way_when_a_standby_takes_over_ends);
  tcase_add_test(tests, a_commit_whose_flush_lied_is_lost_with_the_power);
  tcase_add_test(tests, a_true_flush_makes_earlier_commits_durable);
  tcase_add_test(tests, rows_and_unique_keys_are_as_they_were);
  tcase_add_test(tests, a_unique_key_whose_delete_was_lost_is_there_again);
  tcase_add_test(tests, a_row_that_was_not_there_is_not_there_again);
  tcase_add_test(tests, a_restart_makes_good_only_what_its_disk_does);
  tcase_add_test(tests, a_torn_write_keeps_a_first_part);
  tcase_add_test(tests, a_flush_that_fails_is_a_panic);
  tcase_add_test(tests, a_database_whose_disk_is_gone_begins_anew);
  tcase_add_test(tests, a_slow_disk_makes_commits_slow_and_a_slow_cpu_statements);
  tcase_add_test(tests, what_lied_is_forgotten_by_the_next_run);
  tcase_add_test(tests, an_id_that_was_removed_is_new_again);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
