/* The retention of handled ids, and what the process remembers by itself. */
#include "models/store/local.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

extern const struct handler handler_dedup_table, handler_bloom, handler_bloom_rotating, handler_bloom_backed,
    handler_lru;

#define MS NS_PER_MS
#define S NS_PER_S

enum { RETENTION, PRUNE_EVERY }; /* keys of dedup-table, in its order */

static struct tiny *table_of(int64_t retention, int64_t every) {
  struct tiny *tiny = script_new(&handler_dedup_table, 2, 1);
  tiny->plan.handler_settings.values[RETENTION].i = retention;
  tiny->plan.handler_settings.values[PRUNE_EVERY].i = every;
  script_without_pool(tiny);
  return tiny;
}

/* Effects of a message and its copy so much later. */
static size_t effects_of(struct tiny *tiny, int64_t gap, uint32_t consumer_of_copy) {
  script_add(100 * MS, 1, 5);
  script_add(100 * MS + gap, consumer_of_copy, 5);
  tiny_run(tiny);
  size_t effects = tiny_count(tiny, FACT_EFFECT, 5);
  ck_assert_uint_eq(effects + tiny_count(tiny, FACT_SUPPRESSED, 5), 2);
  tiny_free(tiny);
  return effects;
}

/* The effect is durable a few ms after 100 ms, and the job comes at multiples of `every`. */
START_TEST(an_id_stands_for_its_retention_and_until_the_job_comes) {
  ck_assert_uint_eq(effects_of(table_of(0, S), 100 * S, 1), 1);
  ck_assert_uint_eq(effects_of(table_of(10 * S, S), 10 * S, 2), 1);
  ck_assert_uint_eq(effects_of(table_of(10 * S, S), 10900 * MS - 10 * MS, 1), 1); /* just before 11 s */
  ck_assert_uint_eq(effects_of(table_of(10 * S, S), 10900 * MS + 10 * MS, 1), 2); /* and just after */
  ck_assert_uint_eq(effects_of(table_of(10 * S, NS_PER_MIN), 59 * S, 1), 1);
  ck_assert_uint_eq(effects_of(table_of(10 * S, NS_PER_MIN), 61 * S, 2), 2);
}
END_TEST

START_TEST(the_second_execution_begins_a_window_of_its_own) {
  struct tiny *tiny = table_of(10 * S, S);
  for (int64_t i = 0; i < 4; i++) script_add(100 * MS + i * 6 * S, 1, 5); /* at 0, 6, 12 and 18 s */
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 2); /* the copy at 6 s does not lengthen it */
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, 5, 1) / S, 12);
  tiny_free(tiny);
}
END_TEST

/* What the run says that its stores hold less at the end than at their peak; -1: it says nothing. */
static int64_t forgotten(const struct tiny *tiny) {
  for (size_t i = 0; i < tiny->fact_count; i++)
    if (tiny->facts[i].kind == FACT_COUNTER && tiny->facts[i].detail == COUNTER_DEDUP_BYTES_FORGOTTEN)
      return (int64_t)tiny->facts[i].value;
  return -1;
}

START_TEST(what_is_forgotten_at_the_end_is_stated_where_there_is_any) {
  for (int pruned = 0; pruned < 2; pruned++) {
    struct tiny *tiny = table_of(pruned ? 2 * S : 0, S);
    script_add(100 * MS, 1, 1);
    script_add(200 * MS, 1, 2);
    script_add(5 * S, 1, 3);
    tiny_run(tiny);
    ck_assert_int_eq(forgotten(tiny), pruned ? DATABASE_UNIQUE_ROW_BYTES : -1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(memory_follows_what_came_within_the_retention) {
  struct tiny *tiny = table_of(2 * S, 500 * MS);
  for (uint64_t i = 0; i < 40; i++) script_add((int64_t)i * S, 1 + i % 2, i + 1);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 40);
  ck_assert_uint_le(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], 3 * DATABASE_UNIQUE_ROW_BYTES);
  ck_assert_uint_gt(tiny->world->dedup_bytes, 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(the_job_goes_on_after_a_crash) {
  struct tiny *tiny = table_of(2 * S, S);
  tiny_strike(tiny, VERB_KILL, 1500 * MS, ROLE_DATABASE, 1)->lasts = span_of(3 * S);
  ck_assert_uint_eq(effects_of(tiny, 6 * S, 1), 2);
}
END_TEST

/* A flush that lied has deleted the id; with the power the row is back, and with it its age. */
START_TEST(a_deletion_that_was_not_durable_is_taken_back) {
  for (int lies = 0; lies < 2; lies++) {
    struct tiny *tiny = table_of(2 * S, S);
    if (lies) tiny_strike(tiny, VERB_FSYNC_LIES, 2500 * MS, ROLE_DATABASE, 1)->lasts = span_of(S);
    tiny_strike(tiny, VERB_POWER_LOSS, 3200 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
    ck_assert_uint_eq(effects_of(tiny, 3500 * MS, 1), lies ? 1 : 2);
    tiny = table_of(2 * S, S);
    if (lies) tiny_strike(tiny, VERB_FSYNC_LIES, 2500 * MS, ROLE_DATABASE, 1)->lasts = span_of(S);
    tiny_strike(tiny, VERB_POWER_LOSS, 3200 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
    ck_assert_uint_eq(effects_of(tiny, 5 * S, 1), 2);
  }
}
END_TEST

START_TEST(a_row_that_was_not_durable_has_no_age) {
  struct tiny *tiny = table_of(2 * S, S);
  tiny_strike(tiny, VERB_FSYNC_LIES, 50 * MS, ROLE_DATABASE, 1)->lasts = span_of(S);
  tiny_strike(tiny, VERB_POWER_LOSS, 500 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
  script_add(100 * MS, 1, 5);
  script_add(900 * MS, 1, 5); /* anew: what had been done is gone */
  script_add(2950 * MS, 1, 5);
  script_add(3100 * MS, 1, 5); /* deleted by the job at 3 s */
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5) - tiny_count(tiny, FACT_EFFECT_UNDONE, 5), 2);
  ck_assert_uint_eq(tiny->world->dedup_bytes, DATABASE_UNIQUE_ROW_BYTES);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_lost_disk_has_no_ids) {
  struct tiny *tiny = table_of(2 * S, S);
  tiny_strike(tiny, VERB_DISK_GONE, 2500 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
  for (int64_t i = 0; i < 8; i++) script_add(100 * MS + i * S, 1, 5);
  tiny_run(tiny);
  /* done at 0 s; deleted with the disk, done at 3 s; deleted by the job at 6 s, done at 6 s */
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 3);
  ck_assert_uint_eq(tiny->world->dedup_bytes, DATABASE_UNIQUE_ROW_BYTES);
  uint64_t digest = tiny->digest;
  tiny_run(tiny); /* in used memory */
  ck_assert_uint_eq(tiny->digest, digest);
  tiny_free(tiny);
}
END_TEST

/* Its handler has deleted the id before the job came to it: a flush of the job that lied brings nothing back. */
static int insert_or_delete(struct dg_context *c, const struct dg_message *message) {
  if (dg_insert_unique(c, "processed", message->idempotency_key) == DG_EXISTS)
    return dg_delete(c, "processed", message->idempotency_key);
  return dg_apply(c);
}

START_TEST(a_deletion_of_nothing_is_taken_back_as_nothing) {
  struct handler handler = handler_dedup_table;
  handler.handle = insert_or_delete;
  struct tiny *tiny = script_new(&handler, 2, 1);
  tiny->plan.handler_settings.values[RETENTION].i = 2 * S;
  tiny->plan.handler_settings.values[PRUNE_EVERY].i = S;
  script_without_pool(tiny);
  tiny_strike(tiny, VERB_FSYNC_LIES, 2500 * MS, ROLE_DATABASE, 1)->lasts = span_of(S);
  tiny_strike(tiny, VERB_POWER_LOSS, 3200 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
  script_add(100 * MS, 1, 5);  /* inserted */
  script_add(500 * MS, 1, 5);  /* deleted; by the job once more at 3 s */
  script_add(3500 * MS, 1, 5); /* inserted, before the job comes again */
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 2);
  ck_assert_uint_eq(tiny->world->dedup_bytes, DATABASE_UNIQUE_ROW_BYTES);
  tiny_free(tiny);
}
END_TEST

/* --- What the process remembers --- */

static struct tiny *bloom(const struct handler *handler) { return script_new(handler, 2, 1); }

START_TEST(a_filter_knows_a_copy_on_the_same_consumer_only) {
  ck_assert_uint_eq(effects_of(bloom(&handler_bloom), 100 * S, 1), 1);
  ck_assert_uint_eq(effects_of(bloom(&handler_bloom), S, 2), 2);
  ck_assert_uint_eq(effects_of(bloom(&handler_lru), S, 1), 1);
  ck_assert_uint_eq(effects_of(bloom(&handler_lru), S, 2), 2);
}
END_TEST

START_TEST(a_filter_ends_with_its_process) {
  static const struct handler *const handlers[] = {&handler_bloom, &handler_bloom_rotating, &handler_lru};
  for (size_t i = 0; i < 3; i++) {
    struct tiny *tiny = bloom(handlers[i]);
    tiny_strike(tiny, VERB_KILL, 500 * MS, ROLE_CONSUMER, 1)->lasts = span_of(100 * MS);
    script.resubmit = true;
    ck_assert_uint_eq(effects_of(tiny, S, 1), 2);
  }
}
END_TEST

START_TEST(generations_forget_after_the_window) {
  for (int64_t gap = 1; gap < 30; gap++) {
    struct tiny *tiny = bloom(&handler_bloom_rotating);
    tiny->plan.handler_settings.values[KEY_BLOOM_WINDOW].i = 10 * S;
    size_t effects = effects_of(tiny, gap * S, 1); /* the first 10 s are of the first generation */
    ck_assert_uint_eq(effects, gap < 20 ? 1 : 2);
  }
}
END_TEST

START_TEST(an_exact_table_behind_the_filter_decides) {
  for (uint32_t copy = 1; copy <= 2; copy++) /* the filter knows, and does not know */
    ck_assert_uint_eq(effects_of(bloom(&handler_bloom_backed), S, copy), 1);
  struct tiny *tiny = bloom(&handler_bloom_backed);
  tiny->plan.handler_settings.values[KEY_BLOOM_SIZE].i = 1; /* 8 bits: soon all are set */
  for (uint64_t i = 1; i <= 60; i++) script_add((int64_t)i * S, 1, i);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 60);
  ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 0), 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(what_a_full_filter_takes_for_seen_is_dropped) {
  struct tiny *tiny = bloom(&handler_bloom);
  tiny->plan.handler_settings.values[KEY_BLOOM_SIZE].i = 1;
  for (uint64_t i = 1; i <= 60; i++) script_add((int64_t)i * S, 1, i);
  tiny_run(tiny);
  size_t effects = tiny_count(tiny, FACT_EFFECT, 0);
  ck_assert(effects >= 1 && effects < 10);
  ck_assert_uint_eq(effects + tiny_count(tiny, FACT_SUPPRESSED, 0), 60);
  tiny_free(tiny);
}
END_TEST

/* Filters are there from the start, ids of a bounded set as they come; both go with the process. */
START_TEST(memory_is_accounted_while_the_process_lives) {
  struct tiny *tiny = bloom(&handler_bloom);
  tiny->plan.handler_settings.values[KEY_BLOOM_SIZE].i = 1000;
  tiny_strike(tiny, VERB_KILL, 500 * MS, ROLE_CONSUMER, 1)->lasts = span_of(100 * MS);
  script_add(S, 1, 1);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], 2000);
  ck_assert_uint_eq(tiny->world->dedup_bytes, 2000);
  tiny_free(tiny);
  tiny = bloom(&handler_lru);
  tiny->plan.handler_settings.values[KEY_LRU_ENTRIES].i = 3;
  for (uint64_t i = 1; i <= 8; i++) script_add((int64_t)i * 100 * MS, 1, i);
  script_add(S, 2, 20);
  tiny_strike(tiny, VERB_KILL, 2 * S, ROLE_CONSUMER, 1)->lasts = span_of(100 * MS);
  script_add(3 * S, 2, 21);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], 4 * 32);
  ck_assert_uint_eq(tiny->world->dedup_bytes, 2 * 32);
  tiny_free(tiny);
}
END_TEST

/* What stands in charts beside what was measured. */
START_TEST(the_closed_form_of_a_filter_is_of_one_consumer_and_a_number_of_hashes) {
  struct tiny *tiny = script_new(&handler_bloom, 1, 1);
  const struct closed_form *form = handler_bloom.closed_form;
  char text[200];
  tiny->plan.workload.messages = 1000;
  ck_assert(!form->write(&tiny->plan, "lost", "size", text, sizeof text));
  tiny->plan.handler_settings.values[KEY_BLOOM_HASHES].i = 5;
  ck_assert(form->write(&tiny->plan, "lost", "size", text, sizeof text));
  ck_assert_str_eq(text, "sum [i=0:999] (1 - exp(-5.0 * i / (8.0 * x)))**5");
  ck_assert(form->write(&tiny->plan, "false_suppressions", "size", text, sizeof text));
  ck_assert(!form->write(&tiny->plan, "duplicate_effects", "size", text, sizeof text));
  ck_assert(!form->write(&tiny->plan, "lost", "hashes", text, sizeof text));
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  ck_assert(!form->write(&tiny->plan, "lost", "size", text, sizeof text));
  tiny_free(tiny);
}
END_TEST

static int without(struct dg_context *context, const struct dg_message *message) {
  return dg_local_seen(context, message->id) == DG_FAILED &&
                 dg_local_mark(context, message->id) == DG_FAILED
             ? DG_OK
             : DG_UNKNOWN;
}
static const struct handler handler_without = {.name = "without", .handle = without};

START_TEST(a_handler_without_such_a_memory_is_told) {
  struct tiny *tiny = script_new(&handler_without, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("retention");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, an_id_stands_for_its_retention_and_until_the_job_comes);
  tcase_add_test(tests, the_second_execution_begins_a_window_of_its_own);
  tcase_add_test(tests, what_is_forgotten_at_the_end_is_stated_where_there_is_any);
  tcase_add_test(tests, memory_follows_what_came_within_the_retention);
  tcase_add_test(tests, the_job_goes_on_after_a_crash);
  tcase_add_test(tests, a_deletion_that_was_not_durable_is_taken_back);
  tcase_add_test(tests, a_row_that_was_not_durable_has_no_age);
  tcase_add_test(tests, a_lost_disk_has_no_ids);
  tcase_add_test(tests, a_deletion_of_nothing_is_taken_back_as_nothing);
  tcase_add_test(tests, a_filter_knows_a_copy_on_the_same_consumer_only);
  tcase_add_test(tests, a_filter_ends_with_its_process);
  tcase_add_test(tests, generations_forget_after_the_window);
  tcase_add_test(tests, an_exact_table_behind_the_filter_decides);
  tcase_add_test(tests, what_a_full_filter_takes_for_seen_is_dropped);
  tcase_add_test(tests, memory_is_accounted_while_the_process_lives);
  tcase_add_test(tests, the_closed_form_of_a_filter_is_of_one_consumer_and_a_number_of_hashes);
  tcase_add_test(tests, a_handler_without_such_a_memory_is_told);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
