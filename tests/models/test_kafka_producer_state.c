/* Every branch of the decision that a partition takes on a producer's batch. */
#include "models/kafka/producer_state.h"
#include "sim/kernel/time.h"
#include "tests/run_suite.h"

#define ID 7
#define EPOCH 3

static const struct producer_expiration day = {24 * 60 * 60 * NS_PER_S, 600 * NS_PER_S};

static enum kafka_error ask(struct producer_states *states, uint16_t epoch, int32_t sequence,
                            uint32_t count, bool *duplicate) {
  const struct batch batch = {.producer = ID, .epoch = epoch, .sequence = sequence};
  return producer_state_check(states, &batch, count, false, 0, day, duplicate);
}

static void put(struct producer_states *states, uint16_t epoch, int32_t sequence, uint32_t count,
                uint64_t offset) {
  const struct batch batch = {.producer = ID, .epoch = epoch, .sequence = sequence};
  producer_state_append(states, &batch, count, offset, 0);
}

/* Batches of two records: sequences 0-1, 2-3, … at offsets 0, 2, … */
static struct producer_states batches(uint32_t count) {
  struct producer_states states = {0};
  for (uint32_t i = 0; i < count; i++) put(&states, EPOCH, 2 * (int32_t)i, 2, 2 * i);
  return states;
}

static const struct {
  const char *what;
  uint32_t before; /* batches */
  uint16_t epoch;
  int32_t sequence;
  uint32_t count;
  enum kafka_error error;
  bool duplicate;
} decisions[] = {
    {"nothing known: sequence 0", 0, EPOCH, 0, 2, KAFKA_OK, false},
    {"nothing known: any sequence", 0, EPOCH, 4711, 2, KAFKA_OK, false},
    {"nothing known: any epoch", 0, 9, 5, 2, KAFKA_OK, false},
    {"the next", 3, EPOCH, 6, 2, KAFKA_OK, false},
    {"the next, of another size", 3, EPOCH, 6, 9, KAFKA_OK, false},
    {"the last again", 3, EPOCH, 4, 2, KAFKA_OK, true},
    {"the first again", 3, EPOCH, 0, 2, KAFKA_OK, true},
    {"the fifth last again", 7, EPOCH, 4, 2, KAFKA_OK, true},
    {"the sixth last again", 7, EPOCH, 2, 2, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"cut otherwise: shorter", 3, EPOCH, 4, 1, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"cut otherwise: longer", 3, EPOCH, 4, 4, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"two at once", 3, EPOCH, 2, 4, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"a gap", 3, EPOCH, 8, 2, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"an older epoch", 3, EPOCH - 1, 6, 2, KAFKA_INVALID_PRODUCER_EPOCH, false},
    {"an older epoch, the sequences of a known batch", 3, EPOCH - 1, 4, 2,
     KAFKA_INVALID_PRODUCER_EPOCH, false},
    {"an older epoch from 0", 3, EPOCH - 1, 0, 2, KAFKA_INVALID_PRODUCER_EPOCH, false},
    {"a newer epoch from 0", 3, EPOCH + 1, 0, 2, KAFKA_OK, false},
    {"a newer epoch, the sequences of a known batch", 3, EPOCH + 1, 4, 2,
     KAFKA_OUT_OF_ORDER_SEQUENCE, false},
    {"a newer epoch that goes on", 3, EPOCH + 1, 6, 2, KAFKA_OUT_OF_ORDER_SEQUENCE, false},
};

START_TEST(a_batch_is_decided_in_the_order_of_the_table) {
  struct producer_states states = batches(decisions[_i].before);
  bool duplicate;
  enum kafka_error error =
      ask(&states, decisions[_i].epoch, decisions[_i].sequence, decisions[_i].count, &duplicate);
  ck_assert_msg(error == decisions[_i].error && duplicate == decisions[_i].duplicate,
                "%s: error %d, duplicate %d", decisions[_i].what, error, duplicate);
  producer_states_free(&states);
}
END_TEST

START_TEST(without_an_id_nothing_is_checked) {
  struct producer_states states = batches(3);
  const struct batch batch = {.producer = NO_PRODUCER, .sequence = 99};
  bool duplicate;
  ck_assert_int_eq(producer_state_check(&states, &batch, 1, false, 0, day, &duplicate), KAFKA_OK);
  producer_state_append(&states, &batch, 1, 6, 0);
  ck_assert_uint_eq(states.count, 1);
  producer_states_free(&states);
}
END_TEST

START_TEST(a_newer_epoch_forgets_the_batches_of_the_older) { /* [I1] */
  struct producer_states states = batches(5);
  bool duplicate;
  put(&states, EPOCH + 1, 0, 2, 10);
  ck_assert_uint_eq(states.items[0].count, 1);
  ck_assert_int_eq(ask(&states, EPOCH, 8, 2, &duplicate), KAFKA_INVALID_PRODUCER_EPOCH);
  ck_assert_int_eq(ask(&states, EPOCH + 1, 0, 2, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  producer_states_free(&states);
}
END_TEST

START_TEST(zero_follows_the_largest_sequence) {
  struct producer_states states = {0};
  bool duplicate;
  put(&states, EPOCH, INT32_MAX - 1, 2, 0); /* ends at the largest */
  ck_assert_int_eq(ask(&states, EPOCH, 0, 3, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  ck_assert_int_eq(ask(&states, EPOCH, 1, 3, &duplicate), KAFKA_OUT_OF_ORDER_SEQUENCE);
  put(&states, EPOCH, 0, 3, 2);
  put(&states, EPOCH, INT32_MAX, 4, 5); /* not what a client would do; goes round within a batch */
  ck_assert_int_eq(ask(&states, EPOCH, INT32_MAX, 4, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  ck_assert_int_eq(ask(&states, EPOCH, 3, 1, &duplicate), KAFKA_OK);
  ck_assert_int_eq(producer_sequence_add(INT32_MAX, 1), 0);
  ck_assert_int_eq(producer_sequence_add(INT32_MAX - 2, 5), 2);
  producer_states_free(&states);
}
END_TEST

static enum kafka_error ask_at(struct producer_states *states, int64_t now_s, bool open,
                               bool *duplicate) {
  const struct batch batch = {.producer = ID, .epoch = EPOCH, .sequence = 0};
  return producer_state_check(states, &batch, 2, open, now_s * NS_PER_S, day, duplicate);
}

START_TEST(after_a_day_and_a_sweep_the_producer_is_forgotten) {
  struct producer_states states = batches(1); /* at 0 s */
  bool duplicate;
  ck_assert_int_eq(ask_at(&states, 86399, false, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  ck_assert_int_eq(ask_at(&states, 90000, true, &duplicate), KAFKA_OK); /* a transaction is open */
  ck_assert(duplicate);
  ck_assert_int_eq(ask_at(&states, 86400, false, &duplicate), KAFKA_OK); /* 144 sweeps of 600 s */
  ck_assert_msg(!duplicate, "a late retry of a forgotten producer is appended again");
  put(&states, EPOCH, 0, 2, 2);
  ck_assert_uint_eq(states.items[0].count, 1);
  producer_states_free(&states);
}
END_TEST

START_TEST(sweeps_count_from_the_broker_s_start) {
  struct producer_states states = batches(1);
  bool duplicate;
  producer_states_restart(&states, 100 * NS_PER_S); /* sweeps at 100 + 600 n */
  ck_assert_int_eq(ask_at(&states, 86499, false, &duplicate), KAFKA_OK);
  ck_assert_msg(duplicate, "the day is over, but no sweep has been");
  ck_assert_int_eq(ask_at(&states, 86500, false, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  producer_states_free(&states);
}
END_TEST

/* Which of seven batches are still known as duplicates, as bits; those that are not are out of order. */
static unsigned known(struct producer_states *states) {
  unsigned bits = 0;
  for (int i = 0; i < 7; i++) {
    bool duplicate;
    enum kafka_error error = ask(states, EPOCH, 2 * i, 2, &duplicate);
    ck_assert_int_eq(error, duplicate ? KAFKA_OK : KAFKA_OUT_OF_ORDER_SEQUENCE);
    bits |= (unsigned)duplicate << i;
  }
  return bits;
}

static const struct {
  uint64_t snapshot; /* offset; batch i begins at 2 i */
  unsigned before, after;
} restarts[] = {
    {0, 0x7c, 0x7c},  /* no snapshot: all of the log is read again */
    {4, 0x7c, 0x7c},  /* batches 2 to 6 came after it */
    {6, 0x7c, 0x7c},  /* 3 to 6, and the last one in it: 2 */
    {8, 0x7c, 0x78},  /* 4 to 6, and 3 */
    {12, 0x7c, 0x60}, /* 6, and 5 */
    {14, 0x7c, 0x40}, /* a clean shutdown: the last one alone */
};

START_TEST(a_restart_leaves_the_snapshot_and_what_came_after) {
  struct producer_states states = batches(7);
  ck_assert_uint_eq(known(&states), restarts[_i].before);
  producer_states_snapshot(&states, restarts[_i].snapshot);
  ck_assert_uint_eq(known(&states), restarts[_i].before);
  producer_states_restart(&states, 0);
  ck_assert_uint_eq(known(&states), restarts[_i].after);
  put(&states, EPOCH, 14, 2, 14);
  bool duplicate;
  ck_assert_int_eq(ask(&states, EPOCH, 14, 2, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  producer_states_free(&states);
}
END_TEST

START_TEST(what_is_cut_off_the_log_is_forgotten) {
  struct producer_states states = batches(7);
  bool duplicate;
  producer_states_truncate(&states, 10); /* batches 5 and 6 are gone */
  ck_assert_int_eq(ask(&states, EPOCH, 10, 2, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  ck_assert_int_eq(ask(&states, EPOCH, 8, 2, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  producer_states_truncate(&states, 4); /* all that were remembered */
  ck_assert_int_eq(ask(&states, EPOCH, 100, 2, &duplicate), KAFKA_OK);
  producer_states_free(&states);
}
END_TEST

static const struct {
  bool known; /* a batch of EPOCH, and a marker of coordinator epoch 5, came before */
  uint16_t epoch;
  uint32_t coordinator;
  bool strict;
  enum kafka_error error;
} markers[] = {
    {false, 0, 0, true, KAFKA_OK},
    {false, 9, 0, false, KAFKA_OK},
    {true, EPOCH, 5, false, KAFKA_OK}, /* version 1: the epoch of the transaction itself */
    {true, EPOCH, 5, true, KAFKA_INVALID_PRODUCER_EPOCH},
    {true, EPOCH + 1, 5, true, KAFKA_OK},
    {true, EPOCH + 1, 6, false, KAFKA_OK},
    {true, EPOCH - 1, 5, false, KAFKA_INVALID_PRODUCER_EPOCH},
    {true, EPOCH - 1, 5, true, KAFKA_INVALID_PRODUCER_EPOCH},
    {true, EPOCH + 1, 4, true, KAFKA_TRANSACTION_COORDINATOR_FENCED},
    {true, EPOCH, 4, false, KAFKA_TRANSACTION_COORDINATOR_FENCED},
};

START_TEST(a_marker_is_checked_by_epochs_alone) {
  struct producer_states states = {0};
  const struct batch first = {.producer = ID, .epoch = EPOCH};
  if (markers[_i].known) {
    ck_assert_int_eq(producer_state_marker(&states, &first, 5, true, 0), KAFKA_OK);
    put(&states, EPOCH, 0, 2, 0);
  }
  const struct batch producer = {.producer = ID, .epoch = markers[_i].epoch};
  ck_assert_int_eq(
      producer_state_marker(&states, &producer, markers[_i].coordinator, markers[_i].strict, 0),
      markers[_i].error);
  producer_states_free(&states);
}
END_TEST

START_TEST(a_marker_of_a_newer_epoch_fences_and_the_epoch_begins_at_0) { /* [I2] */
  struct producer_states states = batches(2);
  const struct batch marker = {.producer = ID, .epoch = EPOCH + 1};
  bool duplicate;
  ck_assert_int_eq(producer_state_marker(&states, &marker, 0, true, 0), KAFKA_OK);
  ck_assert_int_eq(ask(&states, EPOCH, 4, 2, &duplicate), KAFKA_INVALID_PRODUCER_EPOCH);
  ck_assert_int_eq(ask(&states, EPOCH + 1, 4, 2, &duplicate), KAFKA_OUT_OF_ORDER_SEQUENCE);
  ck_assert_int_eq(ask(&states, EPOCH + 1, 0, 2, &duplicate), KAFKA_OK);
  producer_states_free(&states);
}
END_TEST

START_TEST(a_marker_of_the_same_epoch_lets_a_late_batch_in) { /* what version 1 suffers from */
  struct producer_states states = batches(2);
  const struct batch marker = {.producer = ID, .epoch = EPOCH};
  bool duplicate;
  ck_assert_int_eq(producer_state_marker(&states, &marker, 0, false, 0), KAFKA_OK);
  ck_assert_int_eq(ask(&states, EPOCH, 4, 2, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  producer_states_free(&states);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models/kafka_producer_state");
  TCase *tests = tcase_create("decisions");
  tcase_add_loop_test(tests, a_batch_is_decided_in_the_order_of_the_table, 0,
                      sizeof decisions / sizeof *decisions);
  tcase_add_test(tests, without_an_id_nothing_is_checked);
  tcase_add_test(tests, a_newer_epoch_forgets_the_batches_of_the_older);
  tcase_add_test(tests, zero_follows_the_largest_sequence);
  tcase_add_test(tests, after_a_day_and_a_sweep_the_producer_is_forgotten);
  tcase_add_test(tests, sweeps_count_from_the_broker_s_start);
  tcase_add_loop_test(tests, a_restart_leaves_the_snapshot_and_what_came_after, 0,
                      sizeof restarts / sizeof *restarts);
  tcase_add_test(tests, what_is_cut_off_the_log_is_forgotten);
  tcase_add_loop_test(tests, a_marker_is_checked_by_epochs_alone, 0,
                      sizeof markers / sizeof *markers);
  tcase_add_test(tests, a_marker_of_a_newer_epoch_fences_and_the_epoch_begins_at_0);
  tcase_add_test(tests, a_marker_of_the_same_epoch_lets_a_late_batch_in);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
