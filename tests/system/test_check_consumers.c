/* Correct consumers in many styles, at every kind of broker: none of them is to be called wrong. And what only looks
 * like them: found, whatever its rows are called. */
#include "tests/system/check_rig.h"

#include <sys/mman.h>

#define SECOND INT64_C(1000000000)

/* What tenants have in common is no key. */
static uint64_t key_of(const struct dg_message *message) { return message->id << 8 | message->tenant; }

/* DG_EXISTS is none: it was done before. */
static int rolled_back(struct dg_context *context, int status) {
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

/* --- Correct ones --- */

static int mark_and_apply(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", key_of(message));
  if (status == DG_OK) status = dg_apply(context);
  return status == DG_OK ? dg_commit(context) : rolled_back(context, status);
}

static int row_is_the_effect(struct dg_context *context, const struct dg_message *message) {
  const int status = dg_insert_unique(context, "payments", key_of(message));
  return status == DG_EXISTS ? DG_OK : status;
}

static int add_to_balance(struct dg_context *context, const struct dg_message *message) {
  int64_t balance = 0;
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", key_of(message));
  if (status == DG_EXISTS) return dg_rollback(context), DG_EXISTS;
  if (status == DG_OK) status = dg_get(context, "balance", message->key, &balance);
  if (status == DG_OK || status == DG_NOT_FOUND)
    status = dg_put_if(context, "balance", message->key, balance, balance + message->amount);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_CONFLICT : status;
}
static int optimistic_balance(struct dg_context *context, const struct dg_message *message) {
  int status = DG_CONFLICT;
  for (int i = 0; i < 5 && (status == DG_CONFLICT || status == DG_UNKNOWN); i++) {
    if (i > 0) dg_sleep(context, SECOND / 10);
    status = add_to_balance(context, message);
  }
  return status == DG_EXISTS ? DG_OK : status;
}

static int lease_and_mark(struct dg_context *context, const struct dg_message *message) {
  if (dg_cache_set_if_absent(context, "lease", key_of(message), 1, 5 * SECOND) == DG_EXISTS) return DG_CONFLICT;
  const int status = mark_and_apply(context, message);
  dg_cache_delete(context, "lease", key_of(message));
  return status;
}

static int charge_until_known(struct dg_context *context, const struct dg_message *message) {
  int status = DG_CONFLICT;
  for (int i = 0; i < 8 && (status == DG_CONFLICT || status == DG_UNKNOWN); i++) {
    if (i > 0) dg_sleep(context, SECOND);
    status = dg_charge(context, key_of(message), message->amount, NULL);
  }
  return status == DG_MISMATCH ? DG_OK : status;
}
static int charge_then_mark(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  int status = dg_get(context, "charged", key_of(message), &mark);
  if (status != DG_NOT_FOUND) return status;
  status = charge_until_known(context, message);
  if (status == DG_OK) status = dg_insert_unique(context, "charged", key_of(message));
  return status == DG_EXISTS ? DG_OK : status;
}

/* What is to be charged stands in the same transaction as what is applied. */
static int outbox(struct dg_context *context, const struct dg_message *message) {
  int64_t state;
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", key_of(message));
  if (status == DG_OK) status = dg_put(context, "to_charge", key_of(message), 1);
  if (status == DG_OK) status = dg_apply(context);
  status = status == DG_OK ? dg_commit(context) : rolled_back(context, status);
  if (status == DG_OK) status = dg_get(context, "to_charge", key_of(message), &state);
  if (status != DG_OK || state == 2) return status;
  status = charge_until_known(context, message);
  return status == DG_OK ? dg_put(context, "to_charge", key_of(message), 2) : status;
}

static int newest_version(struct dg_context *context, const struct dg_message *message) {
  for (int i = 0; i < 10; i++) {
    int64_t version = 0;
    int status = dg_get(context, "latest", message->key, &version);
    if (status != DG_OK && status != DG_NOT_FOUND) return status;
    if (version >= (int64_t)message->id) return DG_OK;
    status = dg_put_if(context, "latest", message->key, version, (int64_t)message->id);
    if (status == DG_OK) return DG_OK;
  }
  return DG_FAILED;
}

static int acknowledges_itself(struct dg_context *context, const struct dg_message *message) {
  const int status = mark_and_apply(context, message);
  if (status == DG_OK) dg_ack(context);
  return status;
}

static int redelivered_is_a_hint(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  if (message->redelivered && dg_get(context, "processed", key_of(message), &mark) == DG_OK) return DG_OK;
  return mark_and_apply(context, message);
}

static int states(struct dg_context *context, const struct dg_message *message) {
  int64_t state = 0;
  int status = dg_get(context, "state", key_of(message), &state);
  if (status != DG_OK && status != DG_NOT_FOUND) return status;
  if (state == 2) return DG_OK;
  if (state == 0) status = dg_put_if(context, "state", key_of(message), 0, 1);
  if (status != DG_OK && status != DG_EXISTS) return status;
  dg_begin(context);
  status = dg_put_if(context, "state", key_of(message), 1, 2);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_CONFLICT : status; /* the next delivery sees what it came to */
}

static int cache_in_front(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  if (dg_cache_get(context, "seen", key_of(message), &mark) == DG_OK) return DG_OK;
  const int status = mark_and_apply(context, message);
  if (status == DG_OK) dg_cache_set(context, "seen", key_of(message), 1, 60 * SECOND);
  return status;
}

static int again_until_known(struct dg_context *context, const struct dg_message *message) {
  int status = mark_and_apply(context, message);
  while (status == DG_UNKNOWN || status == DG_CONFLICT) {
    dg_sleep(context, SECOND / 2);
    status = mark_and_apply(context, message);
  }
  return status;
}

static int parks_what_it_cannot_read(struct dg_context *context, const struct dg_message *message) {
  const char *body = message->body;
  if (message->body_size > 0 && body[message->body_size - 1] == '}') return mark_and_apply(context, message);
  const int status = dg_insert_unique(context, "parked", key_of(message));
  return status == DG_EXISTS ? DG_OK : status;
}

/* The amount that an id first came with is kept; another one is rejected, and that is noted. */
static int keeps_the_amount(struct dg_context *context, const struct dg_message *message) {
  int64_t amount;
  dg_begin(context);
  int status = dg_put_if(context, "amounts", key_of(message), 0, message->amount);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  if (status == DG_EXISTS) status = dg_get(context, "amounts", key_of(message), &amount);
  else return status;
  if (status != DG_OK || amount == message->amount) return status;
  status = dg_insert_unique(context, "rejected", key_of(message));
  return status == DG_EXISTS ? DG_OK : status;
}

static const struct {
  const char *name;
  handle_fn *handle;
  const char *contract; /* more of `delivery` */
} correct[] = {
    {"mark and apply", mark_and_apply, "changed_payload: true"},
    {"row is the effect", row_is_the_effect, "changed_payload: true"},
    {"optimistic balance", optimistic_balance, "changed_payload: true"},
    {"lease and mark", lease_and_mark, "failover: true"},
    {"charge, then mark", charge_then_mark, "changed_payload: true"},
    {"charges alone", charge_until_known, "batch: 3"},
    {"outbox", outbox, "changed_payload: true"},
    {"newest version", newest_version, "changed_payload: true"},
    {"acknowledges itself", acknowledges_itself, "batch: 3"},
    {"redelivered is a hint", redelivered_is_a_hint, "changed_payload: true"},
    {"states", states, "changed_payload: true"},
    {"cache in front", cache_in_front, "failover: true"},
    {"again until known", again_until_known, "changed_payload: true"},
    {"parks what it cannot read", parks_what_it_cannot_read, "poison: true, changed_payload: true"},
    {"keeps the amount", keeps_the_amount, "changed_payload: true"},
};
static const char *const systems[] = {"sqs-standard", "sqs-fifo", "rabbitmq-quorum", "at-least-once"};

START_TEST(no_correct_consumer_is_called_wrong) {
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
    struct check_result result;
    struct rig_text text = {.length = 0};
    rig_add(&text, "format: 1\nsystem: %s\nworkload: {messages: 3, keys: 2}\n", systems[i]);
    rig_add(&text, "check: {pairs: 300, delivery: {tenants: true, %s}}\n", correct[_i].contract);
    check_of(correct[_i].handle, text.bytes, 1, false, &result, NULL);
    if (result.failure_count > 0)
      ck_abort_msg("%s at %s: %s: %s", correct[_i].name, systems[i],
                   check_class_rows[result.failures[0].what.class].name, result.failures[0].outcome.evidence);
    ck_assert(!result.unjudged);
    ck_assert_uint_ge(result.counts[CHECK_PAUSED].tried, 3);
    ck_assert_uint_ge(result.counts[CHECK_TENANT].tried, 3);
    ck_assert_uint_ge(result.counts[CHECK_PAIRS].tried, 100);
    check_result_deinit(&result);
  }
}
END_TEST

/* Two copies at the end of the horizon would be twice as late as it allows: the provider has forgotten the key. */
START_TEST(no_pair_goes_beyond_the_contract) {
  struct check_result result;
  check_of(charge_until_known,
           "format: 1\nsystem: sqs-standard\nworkload: {messages: 1}\ncheck: {pairs: 100000}\n", 1, true, &result, NULL);
  ck_assert_msg(result.failure_count == 0, "%s", result.failures ? result.failures[0].outcome.evidence : "");
  ck_assert_uint_eq(result.counts[CHECK_REDELIVERED].tried, 1);
  ck_assert_uint_ge(result.counts[CHECK_PAIRS].tried, 100);
  check_result_deinit(&result);
}
END_TEST

/* --- Wrong ones, whose rows are under numbers of their own --- */

static int balance_by_content(struct dg_context *context, const struct dg_message *message) {
  struct dg_message other = *message;
  other.id = message->key << 24 | (uint64_t)message->amount;
  return optimistic_balance(context, &other);
}
static int last_amount_wins(struct dg_context *context, const struct dg_message *message) {
  return dg_put(context, "amounts", key_of(message), message->amount);
}
/* Whoever stands still in its transaction until another has done it goes on, and does it once more. */
static int looks_in_its_transaction(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  dg_begin(context);
  int status = dg_get(context, "processed", key_of(message), &mark);
  if (status != DG_NOT_FOUND) return rolled_back(context, status);
  status = dg_apply(context);
  if (status == DG_OK) status = dg_put(context, "processed", key_of(message), 1);
  return status == DG_OK ? dg_commit(context) : rolled_back(context, status);
}

static const struct {
  handle_fn *handle;
  enum check_class class;
  enum anomaly anomaly;
} wrong[] = {
    {balance_by_content, CHECK_TWINS, ANOMALY_LOST_ACKED},
    {last_amount_wins, CHECK_PAYLOAD, ANOMALY_MISAPPLIED},
    {looks_in_its_transaction, CHECK_PAUSED, ANOMALY_DUPLICATE_EFFECTS},
};

START_TEST(each_of_these_defects_is_found) {
  struct check_result result;
  check_of(wrong[_i].handle,
           "format: 1\nsystem: at-least-once\nworkload: {messages: 3, keys: 2}\n"
           "check: {pairs: 0, delivery: {changed_payload: true}}\n",
           1, false, &result, NULL);
  ck_assert_uint_eq(result.failure_count, 1);
  const struct check_failure *failure = &result.failures[0];
  ck_assert_msg(failure->what.class == wrong[_i].class, "%s", check_class_rows[failure->what.class].name);
  ck_assert_msg(failure->outcome.anomaly == wrong[_i].anomaly, "%s", failure->outcome.evidence);
  check_result_deinit(&result);
}
END_TEST

/* --- What is no verdict, and what is one --- */

static int *times; /* of all processes */

static int stands_still_once(struct dg_context *context, const struct dg_message *message) {
  if (message->redelivered && (*times)++ == 0) pause();
  return mark_and_apply(context, message);
}

static void *shared(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(memory, MAP_FAILED);
  return memory;
}

/* It is the machine's doing, and what is behind that case is tried as if nothing had been. */
START_TEST(a_case_that_hangs_once_ends_nothing) {
  struct check_result plain, result;
  times = shared(sizeof *times);
  check_of(mark_and_apply, "format: 1\ncheck: {pairs: 20}\n", 2, false, &plain, NULL);
  check_of(stands_still_once, "format: 1\ncheck: {pairs: 20}\n", 2, false, &result, NULL);
  ck_assert_int_gt(*times, 1);
  ck_assert_uint_eq(result.failure_count, 0);
  for (int class = 0; class < CHECK_CLASS__COUNT; class++)
    ck_assert_msg(result.counts[class].tried == plain.counts[class].tried, "%s: %u instead of %u",
                  check_class_rows[class].name, result.counts[class].tried, plain.counts[class].tried);
  check_result_deinit(&plain);
  check_result_deinit(&result);
  munmap(times, sizeof *times);
}
END_TEST

static pid_t *forked;

static int forks_and_leaves(struct dg_context *context, const struct dg_message *message) {
  if (*forked != 0) return mark_and_apply(context, message);
  const pid_t child = fork();
  for (; child == 0;) pause();
  *forked = child; /* both see it: the child must not write there */
  return mark_and_apply(context, message);
}
static int comes_back_in_both(struct dg_context *context, const struct dg_message *message) {
  if (message->redelivered) fork();
  return mark_and_apply(context, message);
}

/* Whoever adopts it may not have reaped it yet. */
static bool is_gone(pid_t process) {
  char path[64], state = 'Z';
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  FILE *file = fopen(path, "r");
  if (!file) return true;
  const bool known = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
  fclose(file);
  return !known || state == 'Z' || state == 'X';
}

START_TEST(what_a_program_forks_ends_with_its_worker_and_answers_nothing) {
  struct check_result result;
  forked = shared(sizeof *forked);
  check_of(forks_and_leaves, "format: 1\nworkload: {messages: 2}\ncheck: {pairs: 0}\n", 1, false, &result, NULL);
  ck_assert_int_gt(*forked, 0);
  for (int i = 0; i < 200 && !is_gone(*forked); i++) usleep(10000); /* its death is on its way */
  ck_assert(is_gone(*forked));
  ck_assert_uint_eq(result.failure_count, 0);
  check_result_deinit(&result);
#ifndef __SANITIZE_THREAD__ /* forked on a fiber, it takes switches of fibers for races of threads */
  check_of(comes_back_in_both, "format: 1\nworkload: {messages: 2}\ncheck: {pairs: 0}\n", 1, false, &result, NULL);
  ck_assert_uint_eq(result.failure_count, 0);
  ck_assert_uint_gt(result.tried, 50);
  check_result_deinit(&result);
#endif
  munmap(forked, sizeof *forked);
}
END_TEST

static int closes_everything(struct dg_context *context, const struct dg_message *message) {
  for (int i = 3; i < 256; i++) close(i);
  return mark_and_apply(context, message);
}
static int tries_for_ever(struct dg_context *context, const struct dg_message *message) {
  while (message->redelivered) dg_sleep(context, 1);
  return mark_and_apply(context, message);
}
static int sleeps_for_ever(struct dg_context *context, const struct dg_message *message) {
  if (message->redelivered) dg_sleep(context, INT64_MAX);
  return mark_and_apply(context, message);
}

static const struct {
  handle_fn *handle;
  enum check_verdict verdict;
  enum program_failure failure;
  const char *says;
} odd[] = {
    {closes_everything, CHECK_PROGRAM, PROGRAM_DIED, "closed descriptors"},
    {tries_for_ever, CHECK_PROGRAM, PROGRAM_CHATTY, "more than 10000 calls"},
    {sleeps_for_ever, CHECK_FAILED, PROGRAM_NONE, "lost_acked"},
};

START_TEST(what_is_odd_is_said_in_words) {
  struct check_result result;
  check_of(odd[_i].handle, "format: 1\nworkload: {messages: 2}\ncheck: {pairs: 0}\n", 1, false, &result, NULL);
  ck_assert_uint_eq(result.failure_count, 1);
  const struct check_outcome *outcome = &result.failures[0].outcome;
  ck_assert_int_eq(outcome->verdict, odd[_i].verdict);
  ck_assert_int_eq(outcome->failure, odd[_i].failure);
  ck_assert_msg(strstr(outcome->evidence, odd[_i].says) != NULL, "%s", outcome->evidence);
  check_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, no_correct_consumer_is_called_wrong, 0, sizeof correct / sizeof *correct);
  tcase_add_test(tests, no_pair_goes_beyond_the_contract);
  tcase_add_loop_test(tests, each_of_these_defects_is_found, 0, sizeof wrong / sizeof *wrong);
  tcase_add_test(tests, a_case_that_hangs_once_ends_nothing);
  tcase_add_test(tests, what_a_program_forks_ends_with_its_worker_and_answers_nothing);
  tcase_add_loop_test(tests, what_is_odd_is_said_in_words, 0, sizeof odd / sizeof *odd);
  return rig_main(suite_create("check_consumers"), tests);
}
