/* Every cell of the coordinator's table: state, request, version; then epochs, and how an end is told from
 * one that is repeated. The cells stand here once more, as Kafka's documentation has them. */
#include "models/kafka/transaction.h"
#include "tests/run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES TRANSACTION_STATE__COUNT
#define REQUESTS TRANSACTION_REQUEST__COUNT

static const char *const state_names[STATES] = {"E", "O", "PC", "PA", "CC", "CA", "F", "D"};
static const char *const error_names[] = {
    [KAFKA_OK] = "ok",
    [KAFKA_PRODUCER_FENCED] = "fenced",
    [KAFKA_CONCURRENT_TRANSACTIONS] = "busy",
    [KAFKA_INVALID_TRANSACTION_STATE] = "invalid",
    [KAFKA_INVALID_PRODUCER_ID_MAPPING] = "unknown",
};

/* error>state after, for the states in their order; the last two columns are left out where they are
 * always busy>F and unknown>D. */
struct row {
  enum transaction_request request;
  const char *cells[6];
};
static const struct row both[] = {
    {TRANSACTION_INIT, {"ok>E", "busy>F", "busy>PC", "busy>PA", "ok>E", "ok>E"}},
    {TRANSACTION_ADD, {"ok>O", "ok>O", "busy>PC", "busy>PA", "ok>O", "ok>O"}},
    {TRANSACTION_VERIFY, {"invalid>E", "ok>O", "busy>PC", "busy>PA", "invalid>CC", "invalid>CA"}},
    {TRANSACTION_TIMEOUT, {"ok>E", "busy>F", "ok>PC", "ok>PA", "ok>CC", "ok>CA"}},
    {TRANSACTION_FENCED,
     {"invalid>E", "invalid>O", "invalid>PC", "invalid>PA", "invalid>CC", "invalid>CA"}},
    {TRANSACTION_MARKED, {"invalid>E", "invalid>O", "ok>CC", "ok>CA", "invalid>CC", "invalid>CA"}},
    {TRANSACTION_EXPIRE, {"ok>D", "invalid>O", "invalid>PC", "invalid>PA", "ok>D", "ok>D"}},
};
static const struct row own[2][4] = {
    {{TRANSACTION_COMMIT, {"invalid>E", "ok>PC", "busy>PC", "invalid>PA", "ok>CC", "invalid>CA"}},
     {TRANSACTION_ABORT, {"invalid>E", "ok>PA", "invalid>PC", "busy>PA", "invalid>CC", "ok>CA"}},
     {TRANSACTION_COMMIT_AGAIN,
      {"fenced>E", "fenced>O", "fenced>PC", "fenced>PA", "fenced>CC", "fenced>CA"}},
     {TRANSACTION_ABORT_AGAIN,
      {"fenced>E", "fenced>O", "fenced>PC", "fenced>PA", "fenced>CC", "fenced>CA"}}},
    {{TRANSACTION_COMMIT,
      {"invalid>E", "ok>PC", "fenced>PC", "fenced>PA", "invalid>CC", "invalid>CA"}},
     {TRANSACTION_ABORT, {"ok>PA", "ok>PA", "fenced>PC", "fenced>PA", "ok>PA", "ok>PA"}},
     {TRANSACTION_COMMIT_AGAIN,
      {"fenced>E", "fenced>O", "busy>PC", "invalid>PA", "ok>CC", "invalid>CA"}},
     {TRANSACTION_ABORT_AGAIN,
      {"fenced>E", "fenced>O", "invalid>PC", "busy>PA", "invalid>CC", "ok>CA"}}},
};

static struct transaction in_state(enum transaction_state state) {
  return (struct transaction){.id = 1,
                              .producer = state == TRANSACTION_DEAD ? NO_PRODUCER : 5,
                              .epoch = 10,
                              .state = state};
}

static void check_cell(enum transaction_request request, int version, enum transaction_state state,
                       const char *expected) {
  struct transaction transaction = in_state(state);
  uint32_t last = 5;
  enum kafka_error error = transaction_step(&transaction, request, version, &last);
  char found[32];
  ck_assert_ptr_nonnull(error_names[error]);
  snprintf(found, sizeof found, "%s>%s", error_names[error], state_names[transaction.state]);
  ck_assert_msg(strcmp(found, expected) == 0, "version %d, request %d in %s: %s, not %s", version,
                request, state_names[state], found, expected);
}

static void check_row(const struct row *row, int version, bool seen[REQUESTS]) {
  for (int state = 0; state < 6; state++)
    check_cell(row->request, version, (enum transaction_state)state, row->cells[state]);
  bool fenced = row->request == TRANSACTION_FENCED, init = row->request == TRANSACTION_INIT;
  check_cell(row->request, version, TRANSACTION_PREPARE_EPOCH_FENCE, fenced ? "ok>PA" : "busy>F");
  check_cell(row->request, version, TRANSACTION_DEAD, init ? "ok>E" : "unknown>D");
  seen[row->request] = true;
}

START_TEST(each_state_answers_each_request_as_kafka_does) {
  for (int version = 1; version <= 2; version++) {
    bool seen[REQUESTS] = {false};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) check_row(&both[i], version, seen);
    for (size_t i = 0; i < 4; i++) check_row(&own[version - 1][i], version, seen);
    for (int request = 0; request < REQUESTS; request++) ck_assert(seen[request]);
  }
}
END_TEST

static const struct {
  int version;
  enum transaction_state state;
  enum transaction_request request;
  uint16_t epoch, epoch_after, marker;
  uint32_t producer_after;
} epochs[] = {
    /* an end: version 2 only */
    {1, TRANSACTION_ONGOING, TRANSACTION_COMMIT, 10, 10, 10, 5},
    {2, TRANSACTION_ONGOING, TRANSACTION_COMMIT, 10, 11, 11, 5},
    {2, TRANSACTION_ONGOING, TRANSACTION_ABORT, 10, 11, 11, 5},
    {2, TRANSACTION_EMPTY, TRANSACTION_ABORT, 10, 11, 11, 5},
    /* a newer incarnation, and a fence before its abort */
    {1, TRANSACTION_COMPLETE_COMMIT, TRANSACTION_INIT, 10, 11, 0, 5},
    {2, TRANSACTION_EMPTY, TRANSACTION_INIT, 10, 11, 0, 5},
    {2, TRANSACTION_ONGOING, TRANSACTION_INIT, 10, 11, 0, 5},
    {1, TRANSACTION_ONGOING, TRANSACTION_TIMEOUT, 10, 11, 0, 5},
    {1, TRANSACTION_PREPARE_EPOCH_FENCE, TRANSACTION_FENCED, 11, 11, 11, 5},
    {2, TRANSACTION_PREPARE_EPOCH_FENCE, TRANSACTION_FENCED, 11, 12, 12, 5},
    /* nothing changes */
    {2, TRANSACTION_PREPARE_COMMIT, TRANSACTION_INIT, 10, 10, 0, 5},
    {2, TRANSACTION_COMPLETE_COMMIT, TRANSACTION_COMMIT_AGAIN, 10, 10, 0, 5},
    {2, TRANSACTION_EMPTY, TRANSACTION_ADD, 10, 10, 0, 5},
    /* they run out: a new producer id */
    {1, TRANSACTION_EMPTY, TRANSACTION_INIT, 32765, 32766, 0, 5},
    {1, TRANSACTION_EMPTY, TRANSACTION_INIT, 32766, 0, 0, 6},
    {2, TRANSACTION_ONGOING, TRANSACTION_COMMIT, 32765, 32766, 32766, 5},
    {2, TRANSACTION_ONGOING, TRANSACTION_COMMIT, 32766, 0, 32767, 6},
    {2, TRANSACTION_PREPARE_EPOCH_FENCE, TRANSACTION_FENCED, 32767, 0, 32767, 6},
    {1, TRANSACTION_PREPARE_EPOCH_FENCE, TRANSACTION_FENCED, 32767, 32767, 32767, 5},
};

START_TEST(epochs_go_on_as_the_version_says) { /* [T2] */
  struct transaction transaction = in_state(epochs[_i].state);
  transaction.epoch = epochs[_i].epoch;
  uint32_t last = 5;
  transaction_step(&transaction, epochs[_i].request, epochs[_i].version, &last);
  ck_assert_uint_eq(transaction.epoch, epochs[_i].epoch_after);
  ck_assert_uint_eq(transaction.producer, epochs[_i].producer_after);
  ck_assert_uint_eq(transaction.marker.epoch, epochs[_i].marker);
  ck_assert_uint_eq(transaction.marker.producer, epochs[_i].marker ? 5 : 0);
}
END_TEST

static const struct {
  int version;
  uint32_t producer;
  uint16_t epoch; /* of the request; the coordinator is at producer 5, epoch 10 */
  enum kafka_error error;
  bool again;
} ends[] = {
    {1, 5, 10, KAFKA_OK, false},
    {1, 5, 9, KAFKA_PRODUCER_FENCED, false},
    {1, 5, 11, KAFKA_PRODUCER_FENCED, false},
    {1, 4, 10, KAFKA_INVALID_PRODUCER_ID_MAPPING, false},
    {2, 5, 10, KAFKA_OK, false},
    {2, 5, 9, KAFKA_OK, true},
    {2, 5, 8, KAFKA_PRODUCER_FENCED, false},
    {2, 5, 11, KAFKA_PRODUCER_FENCED, false},
    {2, 4, 9, KAFKA_INVALID_PRODUCER_ID_MAPPING, false},
};

START_TEST(a_repeated_end_is_known_by_the_epoch_before) {
  struct transaction transaction = in_state(TRANSACTION_COMPLETE_COMMIT);
  const struct batch producer = {.producer = ends[_i].producer, .epoch = ends[_i].epoch};
  for (int commit = 0; commit <= 1; commit++) {
    enum kafka_error error;
    enum transaction_request request =
        transaction_end_request(&transaction, &producer, commit, ends[_i].version, &error);
    ck_assert_int_eq(error, ends[_i].error);
    if (error != KAFKA_OK) continue;
    if (ends[_i].again)
      ck_assert_int_eq(request, commit ? TRANSACTION_COMMIT_AGAIN : TRANSACTION_ABORT_AGAIN);
    else
      ck_assert_int_eq(request, commit ? TRANSACTION_COMMIT : TRANSACTION_ABORT);
  }
}
END_TEST

START_TEST(a_repeated_end_is_known_over_a_change_of_the_producer_id) {
  struct transaction transaction = in_state(TRANSACTION_ONGOING);
  transaction.epoch = PRODUCER_EPOCH_MAX - 1;
  uint32_t last = 5;
  const struct batch producer = {.producer = 5, .epoch = PRODUCER_EPOCH_MAX - 1};
  enum kafka_error error;
  ck_assert_int_eq(transaction_step(&transaction, TRANSACTION_COMMIT, 2, &last), KAFKA_OK);
  ck_assert_int_eq(transaction_step(&transaction, TRANSACTION_MARKED, 2, &last), KAFKA_OK);
  ck_assert_int_eq(transaction_end_request(&transaction, &producer, true, 2, &error),
                   TRANSACTION_COMMIT_AGAIN);
  ck_assert_int_eq(error, KAFKA_OK);
  ck_assert_int_eq(transaction_step(&transaction, TRANSACTION_COMMIT_AGAIN, 2, &last), KAFKA_OK);
}
END_TEST

START_TEST(a_fenced_client_s_end_is_refused) { /* timeout, or a newer incarnation */
  for (int version = 1; version <= 2; version++) {
    struct transaction transaction = in_state(TRANSACTION_ONGOING);
    uint32_t last = 5;
    enum kafka_error error;
    const struct batch old = {.producer = 5, .epoch = 10};
    transaction_step(&transaction, TRANSACTION_TIMEOUT, version, &last);
    transaction_step(&transaction, TRANSACTION_FENCED, version, &last);
    transaction_end_request(&transaction, &old, true, version, &error);
    ck_assert_int_eq(error, KAFKA_PRODUCER_FENCED);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models/kafka_transaction_state");
  TCase *tests = tcase_create("table");
  tcase_add_test(tests, each_state_answers_each_request_as_kafka_does);
  tcase_add_loop_test(tests, epochs_go_on_as_the_version_says, 0, sizeof epochs / sizeof *epochs);
  tcase_add_loop_test(tests, a_repeated_end_is_known_by_the_epoch_before, 0,
                      sizeof ends / sizeof *ends);
  tcase_add_test(tests, a_repeated_end_is_known_over_a_change_of_the_producer_id);
  tcase_add_test(tests, a_fenced_client_s_end_is_refused);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
