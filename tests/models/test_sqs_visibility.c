/* Timeouts, receipts, retention, limits and copies, call by call. */
#include "tests/models/sqs.h"
#include "tests/run_suite.h"

static const struct system *const systems[] = {&system_sqs_standard, &system_sqs_fifo};
static struct sqs_script *script;

static void begin(const struct system *system) {
  script = sqs_script_new(system);
  sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 10 * S);
}
static void end(void) { sqs_script_free(script); }

/* --- Every place a message may be in, and every call by a receipt --- */

enum where { LATEST, OLDER, EXPIRED, GONE, DEAD };
static const char *const where_names[] = {"in flight by it", "in flight by a later one",
                                          "visible again", "deleted", "dead"};

/* The receipt of a first receive, whose message is there at 30 s. */
static size_t bring(enum where where) {
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  size_t got = sqs_at(script, where == LATEST ? 25 * S : 1 * S, SQS_RECEIVE, .most = 1);
  if (where == OLDER) sqs_at(script, 25 * S, SQS_RECEIVE, .most = 1);
  if (where == GONE) sqs_at(script, 2 * S, SQS_DELETE, .receipt = got);
  if (where == DEAD) {
    sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
    sqs_at(script, 25 * S, SQS_RECEIVE, .most = 1);
  }
  return got;
}

enum { KEPT = 1, AGAIN = 2 }; /* what a receive at 31 s and one at 60 s then get */

static const struct cell {
  enum where where;
  enum sqs_message call;
  int64_t timeout;
  enum sqs_status standard, fifo;
  int standard_then, fifo_then; /* KEPT: something at 60 s; AGAIN: at 31 s, and so at 60 s too */
} cells[] = {
    {LATEST, SQS_DELETE, 0, SQS_OK, SQS_OK, 0, 0},
    {OLDER, SQS_DELETE, 0, SQS_OK, SQS_RECEIPT_EXPIRED, 0, KEPT},
    {EXPIRED, SQS_DELETE, 0, SQS_OK, SQS_RECEIPT_EXPIRED, 0, KEPT | AGAIN},
    {GONE, SQS_DELETE, 0, SQS_OK, SQS_OK, 0, 0},
    {DEAD, SQS_DELETE, 0, SQS_OK, SQS_RECEIPT_EXPIRED, 0, 0},
    {LATEST, SQS_CHANGE_TIMEOUT, 20 * S, SQS_OK, SQS_OK, KEPT, KEPT},
    {OLDER, SQS_CHANGE_TIMEOUT, 0, SQS_NOT_IN_FLIGHT, SQS_NOT_IN_FLIGHT, KEPT, KEPT},
    {EXPIRED, SQS_CHANGE_TIMEOUT, 99 * S, SQS_NOT_IN_FLIGHT, SQS_NOT_IN_FLIGHT, KEPT | AGAIN,
     KEPT | AGAIN},
    {GONE, SQS_CHANGE_TIMEOUT, 0, SQS_NOT_IN_FLIGHT, SQS_NOT_IN_FLIGHT, 0, 0},
    {DEAD, SQS_CHANGE_TIMEOUT, 0, SQS_NOT_IN_FLIGHT, SQS_NOT_IN_FLIGHT, 0, 0},
    {LATEST, SQS_CHANGE_TIMEOUT, 0, SQS_OK, SQS_OK, KEPT | AGAIN, KEPT | AGAIN},
    {LATEST, SQS_CHANGE_TIMEOUT, SQS_HIDDEN_MAX, SQS_TIMEOUT_TOO_LONG, SQS_TIMEOUT_TOO_LONG, KEPT,
     KEPT},
};

START_TEST(each_receipt_does_what_it_may_I7_I10_I13) {
  const struct cell *cell = &cells[_i];
  for (int fifo = 0; fifo < 2; fifo++) {
    begin(systems[fifo]);
    size_t got = bring(cell->where);
    size_t call = sqs_at(script, 30 * S, cell->call, .receipt = got, .timeout = cell->timeout);
    size_t soon = sqs_at(script, 31 * S, SQS_RECEIVE);
    size_t late = sqs_at(script, 60 * S, SQS_RECEIVE);
    sqs_script_run(script);
    int then = fifo ? cell->fifo_then : cell->standard_then;
    const char *where = where_names[cell->where];
    ck_assert_msg(script->steps[call].status == (int64_t)(fifo ? cell->fifo : cell->standard),
                  "%s: status %lld", where, (long long)script->steps[call].status);
    ck_assert_msg(script->steps[soon].count == ((then & AGAIN) != 0), "%s: at once", where);
    ck_assert_msg(script->steps[late].count == ((then & KEPT) != 0), "%s: later", where);
    end();
  }
}
END_TEST

START_TEST(an_older_receipt_may_also_delete_nothing_I10) {
  begin(&system_sqs_standard);
  sqs_set(script->tiny, KEY_SQS_OLD_RECEIPTS, SQS_OLD_RECEIPTS_IGNORE);
  size_t got = bring(OLDER);
  size_t call = sqs_at(script, 30 * S, SQS_DELETE, .receipt = got);
  size_t again = sqs_at(script, 60 * S, SQS_RECEIVE);
  sqs_at(script, 61 * S, SQS_DELETE, .receipt = again);
  sqs_script_run(script);
  ck_assert_int_eq(script->steps[call].status, SQS_OK);
  SQS_GOT(script, again, 1);
  ck_assert_uint_eq(script->steps[again].records[0].count, 3);
  ck_assert_uint_eq(sqs_of(script->tiny)->store.oldest, SQS_NONE);
  end();
}
END_TEST

/* --- Deadlines --- */

START_TEST(the_timeout_ends_to_the_nanosecond_I1) {
  static const int64_t edges[] = {-1, 0, 1};
  for (size_t i = 0; i < 3; i++) {
    begin(&system_sqs_standard);
    sqs_at(script, 0, SQS_SEND, .intent = 1);
    sqs_at(script, 1 * S, SQS_RECEIVE);
    size_t again = sqs_at(script, 11 * S + edges[i], SQS_RECEIVE);
    sqs_script_run(script);
    ck_assert_uint_eq(script->steps[again].count, edges[i] >= 0);
    end();
  }
}
END_TEST

START_TEST(a_change_counts_from_the_call_I7) {
  begin(&system_sqs_standard);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
  sqs_at(script, 10 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .timeout = 30 * S); /* later: to 40 s */
  sqs_at(script, 12 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .timeout = 3 * S);  /* sooner: to 15 s */
  size_t before = sqs_at(script, 15 * S - 1, SQS_RECEIVE);
  size_t after = sqs_at(script, 15 * S, SQS_RECEIVE);
  sqs_script_run(script);
  ck_assert_uint_eq(script->steps[before].count, 0);
  SQS_GOT(script, after, 1);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_EXPIRED, 1, 0), 15 * S + MS);
  end();
}
END_TEST

START_TEST(extensions_end_twelve_hours_after_the_receive_I7) {
  begin(&system_sqs_fifo);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
  sqs_at(script, 9 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .timeout = 11 * NS_PER_H);
  int64_t at = 10 * NS_PER_H;
  size_t over = sqs_at(script, at, SQS_CHANGE_TIMEOUT, .receipt = got,
                       .timeout = SQS_HIDDEN_MAX - at + S + 1);
  size_t just = sqs_at(script, at + S, SQS_CHANGE_TIMEOUT, .receipt = got,
                       .timeout = SQS_HIDDEN_MAX - at);
  sqs_script_run(script);
  ck_assert_int_eq(script->steps[over].status, SQS_TIMEOUT_TOO_LONG);
  ck_assert_int_eq(script->steps[just].status, SQS_OK);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_EXPIRED, 1, 0), SQS_HIDDEN_MAX + S + MS);
  end();
}
END_TEST

START_TEST(a_long_poll_gets_what_is_given_back) {
  begin(&system_sqs_standard);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
  size_t waiting = sqs_at(script, 2 * S, SQS_RECEIVE, .wait = 20 * S);
  sqs_at(script, 3 * S, SQS_CHANGE_TIMEOUT, .receipt = got);
  sqs_script_run(script);
  SQS_GOT(script, waiting, 1);
  ck_assert_int_eq(script->steps[waiting].answered_at, 3 * S + 2 * MS);
  end();
}
END_TEST

/* Deadlines change in all directions while the broker is away: the heap is durable. */
START_TEST(deadlines_survive_the_broker) {
  begin(&system_sqs_standard);
  tiny_strike(script->tiny, VERB_POWER_LOSS, 4 * S, ROLE_BROKER, 1)->lasts = span_of(3 * S);
  for (uint64_t intent = 1; intent <= 3; intent++) sqs_at(script, 0, SQS_SEND, .intent = intent);
  size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
  sqs_at(script, 2 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .nth = 1, .timeout = 3 * S); /* to 5 s */
  sqs_at(script, 3 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .nth = 0, .timeout = 60 * S);
  sqs_script_run(script);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_EXPIRED, 2, 0), 7 * S);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_EXPIRED, 3, 0), 11 * S + MS);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_EXPIRED, 1, 0), 63 * S + MS);
  end();
}
END_TEST

/* --- Delay, retention, limits --- */

START_TEST(a_delayed_message_appears_once_its_delay_is_over) {
  for (int fifo = 0; fifo < 2; fifo++) {
    begin(systems[fifo]);
    sqs_set(script->tiny, KEY_SQS_DELAY, 5 * S);
    sqs_at(script, 0, SQS_SEND, .intent = 1);
    size_t early = sqs_at(script, 5 * S - 1, SQS_RECEIVE);
    size_t due = sqs_at(script, 5 * S, SQS_RECEIVE);
    sqs_at(script, 6 * S, SQS_DELETE, .receipt = due);
    sqs_script_run(script);
    ck_assert_uint_eq(script->steps[early].count, 0);
    SQS_GOT(script, due, 1);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_EXPIRED, 0), 0);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_DRAINED, 0), 1);
    end();
  }
}
END_TEST

START_TEST(what_is_too_old_is_disposed_of_wherever_it_is_I9) {
  for (int fifo = 0; fifo < 2; fifo++) {
    begin(systems[fifo]);
    sqs_set(script->tiny, KEY_SQS_RETENTION, 60 * S);
    sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 100 * S);
    sqs_at(script, 0, SQS_SEND, .intent = 1, .key = 1);
    size_t got = sqs_at(script, 1 * S, SQS_RECEIVE); /* 1 is in flight, 2 visible, 3 behind 1 */
    sqs_at(script, 2 * S, SQS_SEND, .intent = 2, .key = 2);
    sqs_at(script, 3 * S, SQS_SEND, .intent = 3, .key = 1);
    size_t late = sqs_at(script, 70 * S, SQS_DELETE, .receipt = got);
    sqs_at(script, 80 * S, SQS_SEND, .intent = 4, .key = 1);
    size_t last = sqs_at(script, 81 * S, SQS_RECEIVE);
    sqs_at(script, 82 * S, SQS_DELETE, .receipt = last);
    sqs_script_run(script);
    for (uint64_t intent = 1; intent <= 3; intent++)
      ck_assert_int_eq(tiny_at(script->tiny, FACT_DISPOSED, intent, 0),
                       (intent == 1 ? 0 : (int64_t)intent) * S + 60 * S + MS);
    ck_assert_uint_eq(tiny_nth(script->tiny, FACT_DISPOSED, 1, 0)->value, SQS_CAUSE_RETENTION);
    ck_assert_int_eq(script->steps[late].status, SQS_OK);
    SQS_GOT(script, last, 4);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_DRAINED, 0), 1);
    end();
  }
}
END_TEST

START_TEST(too_many_in_flight_refuse_a_short_poll_and_hold_a_long_one_I5) {
  for (int fifo = 0; fifo < 2; fifo++) {
    begin(systems[fifo]);
    sqs_set(script->tiny, KEY_SQS_IN_FLIGHT_LIMIT, 2);
    for (uint64_t intent = 1; intent <= 3; intent++)
      sqs_at(script, 0, SQS_SEND, .intent = intent, .key = (uint32_t)intent);
    size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
    size_t refused = sqs_at(script, 2 * S, SQS_RECEIVE);
    size_t waiting = sqs_at(script, 3 * S, SQS_RECEIVE, .wait = 20 * S);
    sqs_at(script, 4 * S, SQS_DELETE, .receipt = got, .nth = 1);
    sqs_script_run(script);
    SQS_GOT(script, got, 1, 2);
    ck_assert_uint_eq(script->steps[refused].count, 0);
    ck_assert_int_eq(script->steps[refused].status, fifo ? SQS_OK : SQS_OVER_LIMIT);
    SQS_GOT(script, waiting, 3);
    ck_assert_int_eq(script->steps[waiting].answered_at, 4 * S + 2 * MS);
    end();
  }
}
END_TEST

/* --- Copies on other servers --- */

START_TEST(a_copy_appears_whether_the_message_is_in_flight_or_deleted_I11) {
  for (int deleted = 0; deleted < 2; deleted++) {
    begin(&system_sqs_standard);
    sqs_set(script->tiny, KEY_SQS_COPY_REDELIVERY, SCHEMA_SHARE_SCALE);
    sqs_set(script->tiny, KEY_SQS_COPY_REDELIVERY_AFTER, 5 * S);
    sqs_at(script, 0, SQS_SEND, .intent = 1);
    size_t got = sqs_at(script, 1 * S, SQS_RECEIVE);
    if (deleted) sqs_at(script, 2 * S, SQS_DELETE, .receipt = got);
    size_t before = sqs_at(script, 6 * S - 1, SQS_RECEIVE);
    size_t copy = sqs_at(script, 6 * S, SQS_RECEIVE);
    if (!deleted) sqs_at(script, 7 * S, SQS_DELETE, .receipt = got);
    sqs_at(script, 8 * S, SQS_DELETE, .receipt = copy);
    size_t last = sqs_at(script, 60 * S, SQS_RECEIVE);
    sqs_script_run(script);
    ck_assert_uint_eq(script->steps[before].count, 0);
    SQS_GOT(script, copy, 1);
    ck_assert_uint_eq(script->steps[copy].records[0].count, 1); /* it missed the receive */
    ck_assert_uint_eq(script->steps[last].count, 0);            /* a copy has no copy */
    ck_assert_uint_eq(sqs_of(script->tiny)->store.oldest, SQS_NONE);
    end();
  }
}
END_TEST

/* --- The store against a naive one --- */

#define ITEMS 40

START_TEST(deadlines_come_in_order_S2) {
  struct sqs_store store = {0};
  sqs_store_clear(&store, &sqs_order_standard);
  struct {
    bool there;
    int64_t due;
    uint64_t set;
  } naive[ITEMS] = {{0}};
  uint64_t sets = 0;
  for (uint64_t step = 0; step < 5000; step++) {
    uint64_t luck = hash_pair(hash_name("deadlines"), step);
    uint32_t item = (uint32_t)(luck % ITEMS);
    int64_t due = (int64_t)(luck >> 32) % 16; /* many are equal */
    if (!naive[item].there) {
      while (store.used <= item || store.items[item].place == PLACE_FREE) {
        uint32_t added = sqs_store_add(&store, &(struct record){.intent = 1}, (int64_t)step);
        sqs_store_show(&store, added);
        sqs_store_hide(&store, added, due);
        ck_assert(!naive[added].there);
        naive[added].there = true, naive[added].due = due, naive[added].set = sets++;
      }
    } else if ((luck >> 20) % 3) {
      sqs_store_set_due(&store, item, due);
      naive[item].due = due, naive[item].set = sets++;
    } else {
      sqs_store_remove(&store, item);
      naive[item].there = false;
    }
    uint32_t first = SQS_NONE, count = 0;
    bool good = true;
    for (uint32_t i = 0; i < ITEMS; i++) {
      if (!naive[i].there) continue;
      count++;
      good &= sqs_store_due(&store, i) == naive[i].due;
      if (first == SQS_NONE || naive[i].due < naive[first].due ||
          (naive[i].due == naive[first].due && naive[i].set < naive[first].set))
        first = i;
    }
    good &= store.heap_count == count && store.counts[PLACE_IN_FLIGHT] == count; /* [S1] */
    good &= count == 0 || store.heap[0].item == first;
    ck_assert_msg(good, "step %llu", (unsigned long long)step);
  }
  sqs_store_free(&store);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sqs visibility");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, each_receipt_does_what_it_may_I7_I10_I13, 0,
                      sizeof cells / sizeof *cells);
  tcase_add_test(tests, an_older_receipt_may_also_delete_nothing_I10);
  tcase_add_test(tests, the_timeout_ends_to_the_nanosecond_I1);
  tcase_add_test(tests, a_change_counts_from_the_call_I7);
  tcase_add_test(tests, extensions_end_twelve_hours_after_the_receive_I7);
  tcase_add_test(tests, a_long_poll_gets_what_is_given_back);
  tcase_add_test(tests, deadlines_survive_the_broker);
  tcase_add_test(tests, a_delayed_message_appears_once_its_delay_is_over);
  tcase_add_test(tests, what_is_too_old_is_disposed_of_wherever_it_is_I9);
  tcase_add_test(tests, too_many_in_flight_refuse_a_short_poll_and_hold_a_long_one_I5);
  tcase_add_test(tests, a_copy_appears_whether_the_message_is_in_flight_or_deleted_I11);
  tcase_add_test(tests, deadlines_come_in_order_S2);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
