/* The log of a replica: epochs, truncation, what it remembers of producers and transactions. */
#include "models/kafka/log.h"
#include "tests/run_suite.h"

static uint64_t next_intent;

static void append(struct partition_log *log, uint32_t producer, uint16_t epoch, int32_t sequence,
                   uint32_t count, bool transactional) {
  struct record records[8];
  for (uint32_t i = 0; i < count; i++)
    records[i] = (struct record){.intent = ++next_intent, .key = 1};
  struct batch batch = {producer, epoch, sequence, transactional};
  log_append(log, &batch, records, count, 0, INT64_MAX);
}

/* Copies what a follower does not have. */
static void follow(struct partition_log *follower, const struct partition_log *leader) {
  for (uint64_t at = follower->end; at < leader->end; at++) {
    struct log_entry entry = *log_at(leader, at);
    if (entry.flags & ENTRY_DATA) entry.flags &= (uint16_t)~ENTRY_ABORTED;
    log_replicate(follower, &entry, log_epoch_at(leader, at), 0, INT64_MAX);
  }
}

static enum kafka_error check(struct partition_log *log, uint32_t producer, uint16_t epoch,
                              int32_t sequence, uint32_t count, bool *duplicate) {
  struct batch batch = {producer, epoch, sequence, false};
  const struct producer_expiration never = {INT64_MAX, INT64_MAX};
  return producer_state_check(&log->producers, &batch, count, log_has_open(log, producer), 0, never,
                              duplicate);
}

/* Whether a marker of transaction version 2 is written. */
static bool mark(struct partition_log *log, uint32_t producer, uint16_t epoch, bool commit) {
  const struct log_marker marker = {.producer = producer, .epoch = epoch, .commit = commit, .strict = true};
  return log_write_marker(log, &marker, 0) == KAFKA_OK;
}

/* Epochs 1 at 0, 3 at 4, 4 at 6; ends at 9. */
static void epochs(struct partition_log *log) {
  log_begin_epoch(log, 1);
  append(log, NO_PRODUCER, 0, 0, 4, false);
  log_begin_epoch(log, 2); /* nothing is written under it */
  log_begin_epoch(log, 3);
  append(log, NO_PRODUCER, 0, 0, 2, false);
  log_begin_epoch(log, 4);
  append(log, NO_PRODUCER, 0, 0, 3, false);
}

START_TEST(an_epoch_ends_where_the_next_begins) { /* [I3] */
  static const struct {
    uint32_t asked, found;
    uint64_t end;
  } cases[] = {{0, 0, 0}, {1, 1, 4}, {2, 1, 4}, {3, 3, 6}, {4, 4, 9}, {9, 4, 9}};
  struct partition_log log = {.replicated = true};
  epochs(&log);
  uint64_t end;
  ck_assert_uint_eq(log_end_of_epoch(&log, cases[_i].asked, &end), cases[_i].found);
  ck_assert_uint_eq(end, cases[_i].end);
  ck_assert_uint_eq(log_last_epoch(&log), 4);
  ck_assert_uint_eq(log_epoch_at(&log, 5), 3);
  log_free(&log);
}
END_TEST

START_TEST(what_is_cut_off_is_forgotten_with_its_epochs) {
  static const struct {
    uint64_t end;
    uint32_t last;
  } cases[] = {{8, 4}, {6, 3}, {5, 3}, {4, 1}, {1, 1}, {0, 0}};
  struct partition_log log = {.replicated = true};
  epochs(&log);
  log_set_high_watermark(&log, 7);
  log_truncate(&log, cases[_i].end);
  ck_assert_uint_eq(log.end, cases[_i].end);
  ck_assert_uint_eq(log_last_epoch(&log), cases[_i].last);
  ck_assert_uint_le(log.high_watermark, log.end);
  log_free(&log);
}
END_TEST

START_TEST(a_follower_knows_batches_as_its_leader_does) {
  struct partition_log leader = {.replicated = true}, follower = {.replicated = true};
  log_begin_epoch(&leader, 1);
  for (int32_t i = 0; i < 7; i++) append(&leader, 5, 0, 3 * i, 3, false);
  follow(&follower, &leader);
  for (int32_t i = 0; i < 8; i++) {
    bool one, other;
    ck_assert_int_eq(check(&leader, 5, 0, 3 * i, 3, &one),
                     check(&follower, 5, 0, 3 * i, 3, &other));
    ck_assert_int_eq(one, other);
    ck_assert_int_eq(one, i >= 2 && i < 7); /* the last five */
  }
  log_free(&leader), log_free(&follower);
}
END_TEST

START_TEST(a_batch_that_is_cut_off_may_come_again) {
  struct partition_log log = {.replicated = true};
  bool duplicate;
  log_begin_epoch(&log, 1);
  append(&log, 5, 0, 0, 2, false);
  append(&log, 5, 0, 2, 2, false);
  log_truncate(&log, 2);
  ck_assert_int_eq(check(&log, 5, 0, 2, 2, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  ck_assert_int_eq(check(&log, 5, 0, 0, 2, &duplicate), KAFKA_OK);
  ck_assert(duplicate);
  log_truncate(&log, 0); /* nothing is known of the producer: anything goes */
  ck_assert_int_eq(check(&log, 5, 0, 4, 2, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  log_free(&log);
}
END_TEST

START_TEST(a_transaction_is_open_until_its_marker_is_below_the_high_watermark) { /* [I2] */
  struct partition_log log = {.replicated = true};
  log_begin_epoch(&log, 1);
  append(&log, NO_PRODUCER, 0, 0, 1, false);
  append(&log, 7, 0, 0, 2, true);
  log_set_high_watermark(&log, 3);
  ck_assert_uint_eq(log_stable(&log), 1);
  ck_assert(mark(&log, 7, 1, true));
  ck_assert_uint_eq(log_stable(&log), 1);
  log_set_high_watermark(&log, 4);
  ck_assert_uint_eq(log_stable(&log), 4);
  ck_assert(!mark(&log, 7, 1, true)); /* a late copy */
  log_free(&log);
}
END_TEST

START_TEST(a_marker_that_is_cut_off_opens_its_transaction_again) {
  struct partition_log log = {.replicated = true};
  log_begin_epoch(&log, 1);
  append(&log, 7, 0, 0, 2, true);
  ck_assert(mark(&log, 7, 1, false));
  ck_assert(log_at(&log, 0)->flags & ENTRY_ABORTED);
  log_truncate(&log, 2);
  ck_assert(!(log_at(&log, 0)->flags & ENTRY_ABORTED));
  log_set_high_watermark(&log, 2);
  ck_assert_uint_eq(log_stable(&log), 0);
  ck_assert(mark(&log, 7, 1, true)); /* and may be ended otherwise */
  ck_assert(!(log_at(&log, 0)->flags & ENTRY_ABORTED));
  log_free(&log);
}
END_TEST

START_TEST(a_follower_sees_the_same_records_aborted) {
  struct partition_log leader = {.replicated = true}, follower = {.replicated = true};
  log_begin_epoch(&leader, 1);
  append(&leader, 7, 0, 0, 2, true);
  append(&leader, 8, 0, 0, 1, true);
  ck_assert(mark(&leader, 7, 1, false));
  ck_assert(mark(&leader, 8, 1, true));
  follow(&follower, &leader);
  ck_assert_uint_eq(follower.end, leader.end);
  for (uint64_t at = 0; at < leader.end; at++)
    ck_assert_uint_eq(log_at(&follower, at)->flags, log_at(&leader, at)->flags);
  log_set_high_watermark(&follower, 4);
  ck_assert_uint_eq(log_stable(&follower), 2); /* the marker of 8 is not below */
  log_free(&leader), log_free(&follower);
}
END_TEST

START_TEST(a_transaction_that_is_marked_is_over_for_its_producer) {
  struct partition_log log = {.replicated = true};
  log_begin_epoch(&log, 1);
  append(&log, 7, 0, 0, 2, true);
  ck_assert(log_has_open(&log, 7));
  ck_assert(mark(&log, 7, 1, true));
  ck_assert(!log_has_open(&log, 7)); /* though its marker is not below the high watermark */
  append(&log, 7, 1, 0, 1, true);
  ck_assert(log_has_open(&log, 7));
  ck_assert_uint_eq(log.open_count, 2);
  log_free(&log);
}
END_TEST

START_TEST(an_older_marker_fences_when_what_followed_is_cut_off) {
  struct partition_log log = {.replicated = true};
  bool duplicate;
  log_begin_epoch(&log, 1);
  append(&log, 7, 0, 0, 2, true);
  ck_assert(mark(&log, 7, 4, false));
  append(&log, NO_PRODUCER, 0, 0, 2, false);
  log.synced = 4;
  log_set_high_watermark(&log, 4);
  log_trim(&log, 4);
  ck_assert_uint_eq(log.start, 4);
  append(&log, 7, 5, 0, 1, true);
  log_truncate(&log, 5);
  ck_assert_int_eq(check(&log, 7, 3, 0, 1, &duplicate), KAFKA_INVALID_PRODUCER_EPOCH);
  ck_assert_int_eq(check(&log, 7, 4, 0, 1, &duplicate), KAFKA_OK);
  log_free(&log);
}
END_TEST

START_TEST(what_is_not_flushed_is_forgotten_only_where_no_machine_fails) {
  struct partition_log log = {0};
  append(&log, NO_PRODUCER, 0, 0, 6, false);
  log_trim(&log, 4);
  ck_assert_uint_eq(log.start, 0);
  log_trim_unflushed(&log, 4);
  ck_assert_uint_eq(log.start, 4);
  append(&log, 7, 0, 0, 2, true);
  log_trim_unflushed(&log, 8); /* it may still be aborted */
  ck_assert_uint_eq(log.start, 6);
  log_write_back(&log, INT64_MAX, 1); /* of a checkpoint before that */
  ck_assert_uint_eq(log.synced, 6); /* [I1] of log.h */
  log_free(&log);
}
END_TEST

START_TEST(a_log_that_is_cut_has_of_each_producer_the_snapshot_and_what_came_after) {
  struct partition_log log = {.replicated = true};
  bool duplicate;
  log_begin_epoch(&log, 1);
  append(&log, 5, 0, 0, 2, false);
  append(&log, 5, 0, 2, 2, false);
  log_roll(&log, 10, 10);
  log_roll(&log, 10, 10); /* the second segment begins at 4 */
  append(&log, 5, 0, 4, 2, false);
  append(&log, 5, 0, 6, 2, false);
  log_truncate(&log, 6);
  ck_assert_int_eq(check(&log, 5, 0, 0, 2, &duplicate), KAFKA_OUT_OF_ORDER_SEQUENCE);
  for (int32_t sequence = 2; sequence <= 4; sequence += 2) {
    ck_assert_int_eq(check(&log, 5, 0, sequence, 2, &duplicate), KAFKA_OK);
    ck_assert(duplicate);
  }
  ck_assert_int_eq(check(&log, 5, 0, 6, 2, &duplicate), KAFKA_OK);
  ck_assert(!duplicate);
  log_free(&log);
}
END_TEST

START_TEST(of_a_torn_batch_nothing_is_kept) {
  struct partition_log log = {.replicated = true};
  log_begin_epoch(&log, 1);
  append(&log, NO_PRODUCER, 0, 0, 2, false);
  append(&log, NO_PRODUCER, 0, 0, 4, false);
  ck_assert_uint_eq(log_lose_unsynced(&log, 5), 4);
  ck_assert_uint_eq(log.end, 2);
  log_free(&log);
}
END_TEST

START_TEST(a_log_can_begin_again_where_its_leader_begins) {
  struct partition_log log = {.replicated = true};
  epochs(&log);
  log_restart_at(&log, 20);
  ck_assert_uint_eq(log.start, 20);
  ck_assert_uint_eq(log.end, 20);
  ck_assert(log.replicated);
  log_begin_epoch(&log, 9);
  append(&log, NO_PRODUCER, 0, 0, 1, false);
  ck_assert_uint_eq(log_last_epoch(&log), 9);
  log_free(&log);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka_log_replica");
  TCase *tests = tcase_create("log");
  tcase_add_loop_test(tests, an_epoch_ends_where_the_next_begins, 0, 6);
  tcase_add_loop_test(tests, what_is_cut_off_is_forgotten_with_its_epochs, 0, 6);
  tcase_add_test(tests, a_follower_knows_batches_as_its_leader_does);
  tcase_add_test(tests, a_batch_that_is_cut_off_may_come_again);
  tcase_add_test(tests, a_transaction_is_open_until_its_marker_is_below_the_high_watermark);
  tcase_add_test(tests, a_marker_that_is_cut_off_opens_its_transaction_again);
  tcase_add_test(tests, a_follower_sees_the_same_records_aborted);
  tcase_add_test(tests, a_transaction_that_is_marked_is_over_for_its_producer);
  tcase_add_test(tests, an_older_marker_fences_when_what_followed_is_cut_off);
  tcase_add_test(tests, what_is_not_flushed_is_forgotten_only_where_no_machine_fails);
  tcase_add_test(tests, a_log_that_is_cut_has_of_each_producer_the_snapshot_and_what_came_after);
  tcase_add_test(tests, of_a_torn_batch_nothing_is_kept);
  tcase_add_test(tests, a_log_can_begin_again_where_its_leader_begins);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
