/* Whole checks, of programs that are functions of this test: what is tried, what is found, and that it is the same
 * for any number of workers. */
#include "tests/system/check_rig.h"

/* --- Consumers --- */

static int in_one_transaction(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int inserted = dg_insert_unique(context, "processed", message->id << 8 | message->tenant);
  if (inserted == DG_EXISTS) return dg_rollback(context), DG_OK;
  if (inserted == DG_OK) dg_work(context), dg_apply(context);
  return dg_commit(context);
}
static int every_time(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  return dg_apply(context);
}
static int mark_first(struct dg_context *context, const struct dg_message *message) {
  int inserted = dg_insert_unique(context, "processed", message->id);
  if (inserted == DG_EXISTS) return DG_OK;
  return inserted == DG_OK ? dg_apply(context) : inserted;
}
static int by_message_id(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  if (dg_insert_unique(context, "processed", message->message_id) == DG_EXISTS)
    return dg_rollback(context), DG_OK;
  dg_apply(context);
  return dg_commit(context);
}
static int by_content(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  if (dg_insert_unique(context, "processed", message->key << 32 | (uint64_t)message->amount) == DG_EXISTS)
    return dg_rollback(context), DG_OK;
  dg_apply(context);
  return dg_commit(context);
}
/* Nothing but the time of an answer lies between its look-up and what it does on it. */
static int looks_then_acts(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  int status = dg_get(context, "processed", message->id, &mark);
  if (status != DG_NOT_FOUND) return status;
  dg_begin(context);
  dg_apply(context);
  dg_put(context, "processed", message->id, 1);
  return dg_commit(context);
}
static int charges(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  return dg_charge(context, 0, message->amount, NULL);
}
static int charges_with_key(struct dg_context *context, const struct dg_message *message) {
  int status;
  while ((status = dg_charge(context, message->id, message->amount, NULL)) == DG_CONFLICT)
    dg_sleep(context, 1000000000);
  return status;
}
static int puts_what_it_read(struct dg_context *context, const struct dg_message *message) {
  int64_t balance = 0;
  dg_begin(context);
  if (dg_insert_unique(context, "processed", message->id) == DG_EXISTS) return dg_rollback(context), DG_OK;
  dg_get(context, "balance", message->key, &balance);
  dg_put(context, "balance", message->key, balance + message->amount);
  return dg_commit(context);
}
static int does_nothing(struct dg_context *context, const struct dg_message *message) {
  (void)context, (void)message;
  return DG_OK;
}
static int never_acknowledges(struct dg_context *context, const struct dg_message *message) {
  in_one_transaction(context, message);
  return DG_FAILED;
}
static int keeps_a_claim(struct dg_context *context, const struct dg_message *message) {
  int claimed = dg_insert_unique(context, "claims", message->id);
  return claimed == DG_OK ? dg_apply(context) : DG_FAILED; /* else somebody is at it */
}
static int crashes_when_redelivered(struct dg_context *context, const struct dg_message *message) {
  if (message->redelivered) abort();
  return in_one_transaction(context, message);
}
static int loops_when_redelivered(struct dg_context *context, const struct dg_message *message) {
  volatile bool for_ever = message->redelivered;
  while (for_ever) {}
  return in_one_transaction(context, message);
}
static int goes_by_its_process(struct dg_context *context, const struct dg_message *message) {
  static int calls; /* of all runs of a worker: what a program must not go by */
  if (calls++ % 2) dg_step(context, "every other time");
  return in_one_transaction(context, message);
}

#define PLAIN "format: 1\ncheck: {pairs: 50}\n"
#define PLAIN_QUEUE "format: 1\nsystem: sqs-standard\ncheck: {pairs: 50}\n"

START_TEST(a_correct_consumer_recovers_from_everything_and_something_was_tried) {
  struct check_result result;
  check_of(in_one_transaction,
           "format: 1\nsystem: {name: sqs-standard, max_receive_count: 20}\n"
           "check: {pairs: 200, delivery: {tenants: true, changed_payload: true, failover: false}}\n",
           2, true, &result, NULL);
  for (size_t i = 0; i < result.failure_count; i++)
    ck_abort_msg("%s: %s", check_class_rows[result.failures[i].what.class].name,
                 result.failures[i].outcome.evidence);
  ck_assert(result.ledger && !result.unjudged);
  ck_assert_uint_eq(result.tried, result.recovered);
  static const enum check_class tried[] = {CHECK_REFUSED, CHECK_CONFLICT, CHECK_UNANSWERED, CHECK_KILLED,
                                           CHECK_KILLED_LATE, CHECK_KILLED_TWICE, CHECK_EXECUTED_LATE,
                                           CHECK_TERMINATED, CHECK_PAUSED, CHECK_ACK_LOST, CHECK_REPUBLISHED,
                                           CHECK_TWINS, CHECK_TENANT, CHECK_PAYLOAD, CHECK_PAIRS};
  for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
    ck_assert_msg(result.counts[tried[i]].tried >= 5, "%s", check_class_rows[tried[i]].name);
  ck_assert_ptr_nonnull(result.counts[CHECK_FAILOVER].not_tried);
  ck_assert_ptr_nonnull(result.counts[CHECK_DECLARED].not_tried);
  check_result_deinit(&result);
}
END_TEST

static const struct {
  const char *name;
  handle_fn *consumer;
  const char *scenario;
  enum check_class class; /* that shows it first */
  enum anomaly anomaly;
} broken[] = {
    {"every time", every_time, PLAIN, CHECK_UNANSWERED, ANOMALY_DUPLICATE_EFFECTS},
    {"mark first", mark_first, PLAIN, CHECK_REFUSED, ANOMALY_LOST_ACKED},
    {"by message id", by_message_id, PLAIN, CHECK_REPUBLISHED, ANOMALY_DUPLICATE_EFFECTS},
    {"by content", by_content, PLAIN, CHECK_TWINS, ANOMALY_LOST_ACKED},
    {"looks, then acts", looks_then_acts, PLAIN_QUEUE, CHECK_PAUSED, ANOMALY_DUPLICATE_EFFECTS},
    {"charges", charges, "format: 1\ncheck: {delivery: {external: plain}}\n", CHECK_UNANSWERED,
     ANOMALY_DUPLICATE_EFFECTS},
    {"never acknowledges", never_acknowledges, PLAIN, CHECK_CLEAN, ANOMALY_STUCK},
    {"keeps a claim", keeps_a_claim, PLAIN, CHECK_REFUSED, ANOMALY_STUCK},
};

START_TEST(each_defect_is_found_by_name_and_made_small) {
  struct check_result result;
  struct check_small small;
  check_of(broken[_i].consumer, broken[_i].scenario, 2, false, &result, &small);
  ck_assert_msg(result.failure_count == 1, "%s", broken[_i].name);
  const struct check_failure *failure = &result.failures[0];
  ck_assert_int_eq(failure->outcome.verdict, CHECK_FAILED);
  ck_assert_msg(failure->what.class == broken[_i].class, "%s: %s", broken[_i].name,
                check_class_rows[failure->what.class].name);
  ck_assert_msg(failure->outcome.anomaly == broken[_i].anomaly, "%s: %s", broken[_i].name, failure->outcome.evidence);
  ck_assert(small.small && small.plan.workload.messages <= 2 && small.what.count <= 1);
  check_result_deinit(&result);
}
END_TEST

START_TEST(what_is_found_is_the_same_for_any_number_of_workers) {
  struct check_result one, three;
  check_of(every_time, PLAIN, 1, true, &one, NULL);
  check_of(every_time, PLAIN, 3, true, &three, NULL);
  ck_assert_uint_eq(one.tried, three.tried);
  ck_assert_uint_eq(one.failure_count, three.failure_count);
  ck_assert_uint_gt(one.failure_count, 10);
  for (size_t i = 0; i < one.failure_count; i++) {
    ck_assert_uint_eq(one.failures[i].outcome.digest, three.failures[i].outcome.digest);
    ck_assert_str_eq(one.failures[i].outcome.evidence, three.failures[i].outcome.evidence);
  }
  check_result_deinit(&one);
  check_result_deinit(&three);
}
END_TEST

START_TEST(charges_with_a_key_and_rows_are_judged_by_lines) {
  struct check_result result;
  check_of(charges_with_key, PLAIN, 2, false, &result, NULL);
  ck_assert_msg(result.failure_count == 0, "%s", result.failures ? result.failures[0].outcome.evidence : "");
  ck_assert(result.lines && !result.ledger);
  check_result_deinit(&result);
  check_of(puts_what_it_read, PLAIN, 2, false, &result, NULL);
  ck_assert_uint_eq(result.failure_count, 1); /* two on one account, one of them standing still in between */
  ck_assert(result.lines && !result.ledger);
  ck_assert(result.failures[0].outcome.anomaly == ANOMALY_LOST_ACKED ||
            result.failures[0].outcome.anomaly == ANOMALY_STATE_ERRORS);
  check_result_deinit(&result);
}
END_TEST

static const struct {
  handle_fn *consumer;
  enum program_failure failure;
  bool unjudged;
  const char *says;
} defective[] = {
    {does_nothing, PROGRAM_CANNOT_JUDGE, true, "nothing behind"},
    {crashes_when_redelivered, PROGRAM_DIED, false, "signal 6"},
    {loops_when_redelivered, PROGRAM_HUNG, false, "no answer within 1000 ms"},
    {goes_by_its_process, PROGRAM_CANNOT_JUDGE, true, "two clean runs differ"},
};

START_TEST(a_program_that_crashes_hangs_or_differs_gets_a_verdict_of_its_own) {
  struct check_result result;
  check_of(defective[_i].consumer, PLAIN, 2, false, &result, NULL);
  ck_assert_uint_eq(result.failure_count, 1);
  const struct check_outcome *outcome = &result.failures[0].outcome;
  ck_assert_int_eq(outcome->verdict, CHECK_PROGRAM);
  ck_assert_msg(outcome->failure == defective[_i].failure, "%s", outcome->evidence);
  ck_assert_msg(strstr(outcome->evidence, defective[_i].says) != NULL, "%s", outcome->evidence);
  ck_assert_int_eq(result.unjudged, defective[_i].unjudged);
  check_result_deinit(&result);
}
END_TEST

START_TEST(a_file_that_declares_its_case_has_it_tried_and_no_other) {
  struct check_result result;
  const char *text = "format: 1\ncheck: {cases: declared}\n"
                     "workload: {intents: [{id: 3, at: 1s, key: 1}]}\nfaults:\n"
                     "  - {when: handler-step, intent: 3, attempt: 1, fail: this}\n";
  check_of(every_time, text, 1, false, &result, NULL);
  ck_assert_uint_eq(result.counts[CHECK_DECLARED].tried, 1);
  ck_assert_uint_eq(result.failure_count, 1);
  ck_assert_uint_eq(result.tried, 2);
  check_result_deinit(&result);
  check_of(in_one_transaction, text, 1, false, &result, NULL);
  ck_assert_uint_eq(result.recovered, 1); /* the first call of that one cannot fail: its case is not counted */
  check_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, a_correct_consumer_recovers_from_everything_and_something_was_tried);
  tcase_add_loop_test(tests, each_defect_is_found_by_name_and_made_small, 0, sizeof broken / sizeof *broken);
  tcase_add_test(tests, what_is_found_is_the_same_for_any_number_of_workers);
  tcase_add_test(tests, charges_with_a_key_and_rows_are_judged_by_lines);
  tcase_add_loop_test(tests, a_program_that_crashes_hangs_or_differs_gets_a_verdict_of_its_own, 0,
                      sizeof defective / sizeof *defective);
  tcase_add_test(tests, a_file_that_declares_its_case_has_it_tried_and_no_other);
  return rig_main(suite_create("check"), tests);
}
