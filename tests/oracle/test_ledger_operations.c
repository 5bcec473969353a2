/* Operations that are not increments: what their final states may be, each law from both sides. */
#include "tests/oracle/fact_script.h"

#include "sim/kernel/time.h"
#include "tests/run_suite.h"

static struct ledger *ledger; /* of the test under way */
static int64_t metrics[METRIC__COUNT];

static void setup(void) { ledger = ledger_new(); }
static void teardown(void) { ledger_free(ledger); }

/* A script, and which of these it should leave that are not 0. */
static const enum metric shown[] = {
    METRIC_REEXECUTIONS,  METRIC_DUPLICATE_EFFECTS, METRIC_STATE_ERRORS, METRIC_STATE_DOUBLED,
    METRIC_STATE_STALE,   METRIC_STATE_LOST,        METRIC_PHANTOMS,     METRIC_STALE_OVERWRITES};
struct example {
  const char *promise, *script, *counts;
};

/* One after the other: the second is intended after the first's call has returned. */
#define TWO(op) op ":1 ok:1 " op ":2 ok:2 "
/* At the same time. */
#define BOTH(op) op ":1 " op ":2 ok:1 ok:2 "

static const struct example examples[] = {
    {"the last SET stands", TWO("set") "effect:1 effect:2 state:1=2", ""},
    {"an older SET over a newer one is stale", TWO("set") "effect:2 effect:1 state:1=1",
     "state_errors=1 state_stale=1 stale_overwrites=1"},
    {"of two at the same time either may be last", BOTH("set") "effect:2 effect:1 state:1=1",
     "stale_overwrites=1"},
    {"a SET that came back is stale", TWO("set") "effect:1 effect:2 effect:1 state:1=1",
     "reexecutions=1 duplicate_effects=1 state_errors=1 state_stale=1 stale_overwrites=1"},
    {"a replay in order ends where it was", TWO("set") "effect:1 effect:2 effect:1 effect:2 state:1=2",
     "reexecutions=2 duplicate_effects=2 stale_overwrites=1"},
    {"done again with nobody in between it is no duplicate", TWO("set") "effect:1 effect:2 effect:2 state:1=2",
     "reexecutions=1"},
    {"the newer SET never came", TWO("set") "effect:1 state:1=1", "state_errors=1 state_lost=1"},
    {"the older one need not show", TWO("set") "effect:2 state:1=2", ""},
    {"neither of two firm ones came", TWO("put") "state:1=0", "state_errors=1 state_lost=1"},
    {"nobody knows of the newer one: it may be there", "set:1 ok:1 set:2 unknown:2 effect:1 effect:2 state:1=2", ""},
    {"or not", "set:1 ok:1 set:2 unknown:2 effect:1 state:1=1", ""},
    {"a call without an answer may take effect late", "set:1 unknown:1 set:2 ok:2 effect:2 effect:1 state:1=1",
     "stale_overwrites=1"},
    {"so may one whose client died", "put:1 abandoned:1 put:2 ok:2 effect:2 effect:1 state:1=1",
     "stale_overwrites=1"},
    {"what had no confirmation was over when it was sent", "set:1 none:1 set:2 none:2 effect:2 effect:1 state:1=1",
     "state_errors=1 state_stale=1 stale_overwrites=1"},
    {"a refused one may not be there", "set:1 ok:1 set:2 rejected:2 effect:1 effect:2 state:1=2",
     "state_errors=1 phantoms=1"},
    {"a row of nobody's", TWO("set") "effect:1 effect:2 state:1=7", "state_errors=1"},
    {"a row of another key's operation", "set:1/1 ok:1 set:2/2 ok:2 effect:1 effect:2 state:1=2 state:2=2",
     "state_errors=1"},
    {"a store that holds what it did not say", TWO("set") "effect:2 effect:1 state:1=2",
     "state_errors=1 stale_overwrites=1"},
    {"resubmitted, its call returns at the last answer",
     "set:1 unknown:1 set:2 ok:2 ok:1 effect:1 effect:2 effect:1 state:1=1",
     "reexecutions=1 duplicate_effects=1 stale_overwrites=1"},

    {"deleted", "put:1 ok:1 delete:2 ok:2 effect:1 effect:2 state:1=none", ""},
    {"a PUT resurrects", "put:1 ok:1 delete:2 ok:2 effect:1 effect:2 effect:1 state:1=1",
     "reexecutions=1 duplicate_effects=1 state_errors=1 state_stale=1 stale_overwrites=1"},
    {"a DELETE removes what was made anew", "delete:1 ok:1 put:2 ok:2 effect:1 effect:2 effect:1 state:1=none",
     "reexecutions=1 duplicate_effects=1 state_errors=1 state_stale=1 stale_overwrites=1"},
    {"a DELETE done again finds nothing", "delete:1 ok:1 effect:1 effect:1 state:1=none", "reexecutions=1"},
    {"a SET resurrects nothing", "set:1 ok:1 delete:2 ok:2 effect:1 effect:2 effect:1 state:1=none",
     "reexecutions=1"},
    {"a SET after a DELETE finds nothing", "delete:1 ok:1 set:2 ok:2 effect:1 effect:2 state:1=none", ""},
    {"so it cannot stand there", "delete:1 ok:1 set:2 ok:2 effect:2 state:1=2", "state_errors=1 state_lost=1"},
    {"unless a PUT made the row", "delete:1 ok:1 put:2 ok:2 set:3 ok:3 effect:1 effect:2 effect:3 state:1=3", ""},
    {"or may have", "delete:1 ok:1 put:2 unknown:2 set:3 ok:3 effect:1 effect:2 effect:3 state:1=3", ""},
    {"but not one that was wanted later",
     "delete:1 set:2 ok:2 put:3 unknown:3 ok:1 effect:1 effect:3 effect:2 state:1=2",
     "state_errors=1 state_stale=1 stale_overwrites=1"},
    {"the DELETE never came", "put:1 ok:1 delete:2 ok:2 effect:1 state:1=1", "state_errors=1 state_lost=1"},
    {"nobody deleted it", "put:1 ok:1 effect:1 state:1=none", "state_errors=1"},

    {"each INSERT counts", TWO("insert-surrogate-key") "effect:1 effect:2 state:1=2", ""},
    {"and each again", TWO("insert-surrogate-key") "effect:1 effect:2 effect:1 state:1=3",
     "reexecutions=1 duplicate_effects=1 state_errors=1 state_doubled=1"},
    {"an INSERT that was refused the second time counts once", TWO("insert-natural-key") "effect:1 effect:2 state:1=2", ""},
    {"a transfer takes and gives", "transfer:1/1>2 ok:1 effect:1 state:1=-1 state:2=1", ""},
    {"twice shows at both ends", "transfer:1/1>2 ok:1 effect:1 effect:1 state:1=-2 state:2=2",
     "reexecutions=1 duplicate_effects=1 state_errors=2 state_doubled=2"},
    {"never shows at both ends", "transfer:1/1>2 ok:1 state:1=0 state:2=0", "state_errors=2 state_lost=2"},
    {"half of one is no explanation", "transfer:1/1>2 ok:1 effect:1 state:1=-1 state:2=0", "state_errors=1"},
    {"of one that nobody knows of either", "transfer:1/1>2 unknown:1 state:1=0 state:2=0", ""},
    {"or", "transfer:1/1>2 unknown:1 effect:1 state:1=-1 state:2=1", ""},
    {"one back and forth", "transfer:1/1>2 ok:1 transfer:2/2>1 ok:2 effect:1 effect:2 state:1=0 state:2=0", ""},

    {"taken back, and done again", "set:1 ok:1 effect:1 effect-undone:1 effect:1 state:1=1", ""},
    {"taken back for good", "set:1 ok:1 effect:1 effect-undone:1 state:1=0", "state_errors=1 state_lost=1"},
};

START_TEST(each_law_from_both_sides) {
  const struct example *example = &examples[_i];
  char got[512] = "";
  script_judge(ledger, example->script, metrics);
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    size_t used = strlen(got);
    if (metrics[shown[i]] == 0) continue;
    snprintf(got + used, sizeof got - used, "%s%s=%lld", used ? " " : "", metric_rows[shown[i]].name,
             (long long)metrics[shown[i]]);
  }
  ck_assert_msg(strcmp(got, example->counts) == 0, "%s\n  facts:    %s\n  expected: %s\n  got:      %s",
                example->promise, example->script, example->counts, got);
}
END_TEST

/* --- Long runs --- */

struct stream {
  uint64_t number;
  int64_t now;
};

static void tell(struct stream *stream, enum fact kind, uint64_t intent, uint64_t value) {
  struct trace_record record = {.at = ++stream->now, .kind = (uint16_t)kind, .value = value};
  if (kind == FACT_STATE)
    record.detail = (uint32_t)intent; /* a key */
  else
    record.intent = intent;
  feed_ledger(ledger, &record, 1, stream->number++);
}

static void tell_good(struct stream *stream, uint64_t intent, enum operation operation, uint32_t key,
                      uint32_t other) {
  tell(stream, FACT_INTENDED, intent, fact_intended(key, operation, other));
  tell(stream, FACT_DELIVERED, intent, 0);
  tell(stream, FACT_EFFECT, intent, (uint64_t)stream->now);
  tell(stream, FACT_OK, intent, 0);
}

/* Long after an id has retired, what was wanted of it is still known. */
START_TEST(a_retired_operation_comes_back_as_what_it_was) {
  enum { COUNT = 300000 };
  struct stream stream = {0};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t id = 1; id <= COUNT; id++) tell_good(&stream, id, OPERATION_PUT, 1 + id % 2, 0);
  tell(&stream, FACT_EFFECT, 2, (uint64_t)stream.now); /* over COUNT, of the same key */
  tell(&stream, FACT_STATE, 1, 2);
  tell(&stream, FACT_STATE, 2, COUNT - 1);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], COUNT - 1);
  ck_assert_int_eq(metrics[METRIC_DUPLICATE_EFFECTS], 1);
  ck_assert_int_eq(metrics[METRIC_STALE_OVERWRITES], 1);
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 1);
  ck_assert_int_eq(metrics[METRIC_STATE_STALE], 1);
}
END_TEST

START_TEST(retired_transfers_keep_their_sums) {
  enum { COUNT = 100000 };
  struct stream stream = {0};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t id = 1; id <= COUNT; id++) tell_good(&stream, id, OPERATION_TRANSFER, 1, 2 + id % 2);
  tell(&stream, FACT_EFFECT, 3, (uint64_t)stream.now); /* to key 3 once more */
  tell(&stream, FACT_EFFECT_UNDONE, 4, 0);             /* one less to key 2 */
  tell(&stream, FACT_STATE, 1, (uint64_t)(int64_t)-COUNT);
  tell(&stream, FACT_STATE, 2, COUNT / 2 - 1);
  tell(&stream, FACT_STATE, 3, COUNT / 2 + 1);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_STATE_DOUBLED], 1);
  ck_assert_int_eq(metrics[METRIC_STATE_LOST], 1);
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 2); /* of key 1 the two make up for each other */
}
END_TEST

/* Books on rows are begun by the first operation that needs them, and forgotten with the run. */
START_TEST(increments_need_no_books_on_rows) {
  struct stream stream = {0};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  tell_good(&stream, 1, OPERATION_INCREMENT, 1, 0);
  ledger_finish(ledger, metrics);
  const size_t without = ledger_bytes(ledger);
  script_judge(ledger, TWO("set") "effect:2 effect:1 state:1=1", metrics);
  ck_assert_uint_gt(ledger_bytes(ledger), without);
  const size_t with = ledger_bytes(ledger);
  script_judge(ledger, "intended:1 ok:1 effect:1 state:1=1", metrics);
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 0);
  ck_assert_int_eq(metrics[METRIC_STALE_OVERWRITES], 0);
  script_judge(ledger, TWO("set") "effect:1 effect:2 state:1=2", metrics);
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 0);
  ck_assert_uint_eq(ledger_bytes(ledger), with);
}
END_TEST

/* Every other id is issued: what is remembered of those that are not is memory that it says it has. */
START_TEST(memory_of_gaps_is_told_I3) {
  enum { GAPS = 4096 };
  char words[64];
  uint64_t number = 0;
  int64_t now = 1;
  struct ledger *gaps = ledger_new();
  ledger_reset(gaps, SCRIPT_KEYS, 1, 1000);
  const size_t before = ledger_bytes(gaps);
  for (int i = 1; i <= GAPS; i++) {
    snprintf(words, sizeof words, "intended:%d ok:%d effect:%d", 2 * i, 2 * i, 2 * i);
    script_feed(gaps, words, &number, &now);
  }
  ck_assert_uint_ge(ledger_bytes(gaps), before + GAPS * 2 * sizeof(uint64_t)); /* its first and last id */
  ck_assert_uint_lt(ledger_bytes(gaps), before + GAPS * 8 * sizeof(uint64_t));
  ledger_free(gaps);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("operations in the ledger");
  TCase *tcase = tcase_create("operations");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, each_law_from_both_sides, 0, sizeof examples / sizeof *examples);
  tcase_add_test(tcase, a_retired_operation_comes_back_as_what_it_was);
  tcase_add_test(tcase, retired_transfers_keep_their_sums);
  tcase_add_test(tcase, increments_need_no_books_on_rows);
  tcase_add_test(tcase, memory_of_gaps_is_told_I3);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
