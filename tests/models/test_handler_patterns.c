/* Handlers that go by what a message says of its place and its sender: offsets, tokens, versions, keys; and
 * the one that acknowledges first. */
#include "models/client/client.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS

extern const struct handler handler_dedup_table, handler_check_then_insert, handler_commit_first,
    handler_offsets_in_database, handler_conditional_write, handler_fencing_token;

static struct tiny *at_work(const struct handler *handler, uint32_t consumers) {
  struct tiny *tiny = script_new(handler, consumers, 1);
  tiny_service_time(tiny, 10 * MS);
  return tiny;
}

static struct script_step *record(int64_t at_ns, uint32_t consumer, uint64_t intent, uint64_t offset) {
  struct script_step *step = script_add(at_ns, consumer, intent);
  step->origin = (struct origin){.partition = 1, .offset = offset, .fence = 1};
  return step;
}

START_TEST(what_lies_below_the_stored_offset_is_skipped) {
  struct tiny *tiny = at_work(&handler_offsets_in_database, 1);
  record(100 * MS, 1, 1, 0);
  record(200 * MS, 1, 2, 4); /* offsets may leave some out */
  record(300 * MS, 1, 1, 0);
  record(400 * MS, 1, 2, 4);
  record(500 * MS, 1, 3, 0)->origin.partition = 2; /* each partition has its own */
  tiny_run(tiny);
  for (uint64_t intent = 1; intent <= 3; intent++) {
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, intent), 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, intent), intent < 3);
  }
  tiny_free(tiny);
}
END_TEST

/* Two that have one record: who commits second finds the offset raised, and does it over: to skip it. */
START_TEST(zombie_finds_the_offset_raised) {
  struct tiny *tiny = at_work(&handler_offsets_in_database, 2);
  record(100 * MS, 1, 1, 0);
  record(102 * MS, 2, 1, 0);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), 1);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED);
  ck_assert_uint_eq(tiny_count(tiny, FACT_CONDITION_FAILED, 1), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(offsets_have_one_effect_wherever_their_consumer_dies) {
  struct tiny *tiny = at_work(&handler_offsets_in_database, 1);
  record(100 * MS, 1, 1, 0);
  script.resubmit = true;
  tiny_trigger(tiny, VERB_KILL, POINT_HANDLER_STEP, 1)->attempt = (uint32_t)_i + 1;
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), 1);
  tiny_free(tiny);
}
END_TEST

/* Older tokens are refused once a newer one has written; equal ones and other partitions are not. */
START_TEST(older_token_is_refused) {
  struct tiny *tiny = at_work(&handler_fencing_token, 1);
  static const struct {
    uint64_t fence;
    uint32_t partition;
    int status;
  } rows[] = {{5, 1, DG_OK}, {5, 1, DG_OK}, {4, 1, DG_FAILED}, {6, 1, DG_OK}, {5, 1, DG_FAILED}, {1, 2, DG_OK}};
  for (uint64_t i = 0; i < 6; i++)
    record(100 * MS * ((int64_t)i + 1), 1, i + 1, i)->origin =
        (struct origin){.partition = rows[i].partition, .offset = i, .fence = rows[i].fence};
  tiny_run(tiny);
  for (uint64_t i = 0; i < 6; i++) {
    ck_assert_int_eq(script.steps[i].status, rows[i].status);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, i + 1), rows[i].status == DG_OK);
  }
  tiny_free(tiny);
}
END_TEST

/* Without partitions each message has a token of its own. */
START_TEST(token_of_a_queue_is_of_its_message) {
  struct tiny *tiny = at_work(&handler_fencing_token, 1);
  static const uint64_t rows[][3] = {{1, 2, DG_OK}, {2, 1, DG_OK}, {1, 1, DG_FAILED}};
  for (int i = 0; i < 3; i++) script_add(100 * MS * (i + 1), 1, rows[i][0])->origin.fence = rows[i][1];
  tiny_run(tiny);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(script.steps[i].status, (int)rows[i][2]);
  tiny_free(tiny);
}
END_TEST

/* Operations of one entity: repeats and what was overtaken are dropped, a copy at the same time fails. */
START_TEST(write_on_condition_of_the_version) {
  struct tiny *tiny = at_work(&handler_conditional_write, 2);
  script_add(100 * MS, 1, 1);
  script_add(200 * MS, 1, 1);
  script_add(300 * MS, 1, 3);
  script_add(400 * MS, 1, 2); /* comes too late: a false suppression */
  script_add(500 * MS, 1, 4);
  script_add(502 * MS, 2, 4);
  tiny_run(tiny);
  static const size_t effects[] = {1, 0, 1, 1}, suppressed[] = {1, 1, 0, 0};
  for (uint64_t intent = 1; intent <= 4; intent++) {
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, intent), effects[intent - 1]);
    ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, intent), suppressed[intent - 1]);
  }
  ck_assert_int_eq(script.steps[5].status, DG_FAILED);
  tiny_free(tiny);
}
END_TEST

/* A second copy while the first is at work. */
START_TEST(what_stands_behind_the_look) {
  for (int constraint = 0; constraint < 2; constraint++)
    for (int serializable = 0; serializable < 2; serializable++) {
      struct tiny *tiny = at_work(&handler_check_then_insert, 2);
      tiny->plan.handler_settings.values[0].i = constraint;
      tiny->plan.database.settings.values[KEY_DATABASE_ISOLATION].i = serializable;
      script_add(100 * MS, 1, 1);
      script_add(102 * MS, 2, 1);
      tiny_run(tiny);
      ck_assert_int_eq(script.steps[0].status, DG_OK);
      ck_assert_int_eq(script.steps[1].status, serializable ? DG_FAILED : DG_OK);
      ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), constraint || serializable ? 1 : 2);
      ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 1), constraint && !serializable);
      ck_assert_uint_eq(tiny_count(tiny, FACT_SERIALIZATION_FAILED, 1), serializable);
      tiny_free(tiny);
    }
}
END_TEST

/* Three attempts of two operations of one entity. */
START_TEST(key_names_what_the_policy_says) {
  static const struct {
    const char *policy;
    size_t effects[2];
  } rows[] = {{"per-request", {1, 1}}, {"per-user", {1, 0}}, {"per-message", {2, 1}}};
  for (size_t i = 0; i < 3; i++) {
    struct tiny *tiny = at_work(&handler_dedup_table, 1);
    tiny->plan.client = &client_retrying;
    tiny_defaults(&tiny->plan.client_settings, client_retrying.keys, client_retrying.key_count);
    const struct key *key = &client_retrying.keys[client_retrying.key_count - 1];
    struct err err = {0};
    ck_assert_str_eq(key->name, "key");
    ck_assert(schema_parse(key, rows[i].policy, &tiny->plan.client_settings.values[client_retrying.key_count - 1], &err));
    script_add(100 * MS, 1, 1)->attempt = 1;
    script_add(200 * MS, 1, 1)->attempt = 1; /* what the broker delivers again */
    script_add(300 * MS, 1, 1)->attempt = 2;
    script_add(400 * MS, 1, 2)->attempt = 1;
    tiny_run(tiny);
    for (uint64_t intent = 1; intent <= 2; intent++)
      ck_assert_msg(tiny_count(tiny, FACT_EFFECT, intent) == rows[i].effects[intent - 1], "%s, operation %d",
                    rows[i].policy, (int)intent);
    tiny_free(tiny);
  }
}
END_TEST

/* Where nobody takes an acknowledgement it is refused, and the operation is done all the same. */
START_TEST(commit_first_without_a_broker_is_naive) {
  struct tiny *tiny = at_work(&handler_commit_first, 1);
  script_add(100 * MS, 1, 1);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), 1);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("handler patterns");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, what_lies_below_the_stored_offset_is_skipped);
  tcase_add_test(tests, zombie_finds_the_offset_raised);
  tcase_add_loop_test(tests, offsets_have_one_effect_wherever_their_consumer_dies, 0, 6);
  tcase_add_test(tests, older_token_is_refused);
  tcase_add_test(tests, token_of_a_queue_is_of_its_message);
  tcase_add_test(tests, write_on_condition_of_the_version);
  tcase_add_test(tests, what_stands_behind_the_look);
  tcase_add_test(tests, key_names_what_the_policy_says);
  tcase_add_test(tests, commit_first_without_a_broker_is_naive);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
