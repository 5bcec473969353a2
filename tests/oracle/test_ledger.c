/* What the ledger promises, each class from both sides, and lies that it must see through. */
#include "tests/oracle/fact_script.h"

#include "sim/base/grow.h"
#include "sim/kernel/time.h"
#include "sim/oracle/verdict.h"
#include "tests/run_suite.h"

#include <signal.h>

static struct ledger *ledger; /* of the test under way */
static int64_t metrics[METRIC__COUNT];

static void setup(void) { ledger = ledger_new(); }
static void teardown(void) { ledger_free(ledger); }

/* A script, and all counts of obligations that it should leave that are not 0. */
struct example {
  const char *promise, *script, *counts;
};

/* Counts that say what an obligation came to; prices, times and rates are tested apart. */
static bool is_fate(int metric) {
  return metric_rows[metric].unit == UNIT_COUNT && metric != METRIC_INTENDED &&
         metric != METRIC_ROUND_TRIPS && metric != METRIC_DURABLE_WRITES && metric != METRIC_EVENTS;
}

static void check_example(const struct example *example) {
  script_judge(ledger, example->script, metrics);
  char got[1024] = "";
  for (int i = 0; i < METRIC__COUNT; i++) {
    if (!is_fate(i) || metrics[i] == 0) continue;
    size_t used = strlen(got);
    snprintf(got + used, sizeof got - used, "%s%s=%lld", used ? " " : "", metric_rows[i].name,
             (long long)metrics[i]);
  }
  ck_assert_msg(strcmp(got, example->counts) == 0, "%s\n  facts:    %s\n  expected: %s\n  got:      %s",
                example->promise, example->script, example->counts, got);
}

static const struct example examples[] = {
    {"confirmed and applied is once", "intended:1 delivered:1 effect:1 ok:1 drained",
     "ok=1 delivered=1 effects=1 once=1"},
    {"confirmed first is once as well", "intended:1 ok:1 delivered:1 effect:1 drained",
     "ok=1 delivered=1 effects=1 once=1"},
    {"unconfirmed and applied is once", "intended:1 delivered:1 effect:1 drained",
     "delivered=1 effects=1 once=1"},
    {"two effects are many", "intended:1 ok:1 delivered:1 effect:1 effect:1 drained",
     "ok=1 delivered=1 effects=2 many=1 reexecutions=1 duplicate_effects=1"},
    {"many counts the obligation, reexecutions each", "intended:1 effect:1 effect:1 effect:1 ok:1",
     "ok=1 effects=3 many=1 reexecutions=2 duplicate_effects=1"},
    {"two effects and one undone are once", "intended:1 ok:1 effect:1 effect:1 effect-undone:1",
     "ok=1 effects=1 once=1"},
    {"undone before it is done again is once", "intended:1 ok:1 effect:1 effect-undone:1 effect:1",
     "ok=1 effects=1 once=1"},
    {"undoing what never stood says nothing", "intended:1 ok:1 effect-undone:1 effect:1",
     "ok=1 effects=1 once=1"},

    {"absent and OK is lost_acked", "intended:1 ok:1 drained", "ok=1 lost=1 lost_acked=1"},
    {"delivered is not applied", "intended:1 ok:1 delivered:1 drained",
     "ok=1 delivered=1 lost=1 lost_acked=1"},
    {"absent and NONE is lost_unacked", "intended:1 none:1 drained",
     "none_outcome=1 lost=1 lost_unacked=1"},
    {"NONE and applied is once", "intended:1 none:1 delivered:1 effect:1 drained",
     "none_outcome=1 delivered=1 effects=1 once=1"},
    {"absent and UNKNOWN is no loss", "intended:1 unknown:1 drained", "unknown=1 absent_unknown=1"},
    {"UNKNOWN and applied is once", "intended:1 unknown:1 effect:1", "unknown=1 effects=1 once=1"},
    {"absent and ABANDONED is no loss", "intended:1 abandoned:1 drained",
     "abandoned=1 absent_unknown=1"},
    {"absent with no answer is no loss", "intended:1 drained", "absent_unknown=1"},
    {"absent and REJECTED is right", "intended:1 rejected:1 drained", "rejected=1 absent_rejected=1"},
    {"REJECTED and applied is a phantom", "intended:1 rejected:1 effect:1 drained",
     "rejected=1 effects=1 once=1 phantoms=1"},
    {"REJECTED, applied and undone is right", "intended:1 rejected:1 effect:1 effect-undone:1",
     "rejected=1 absent_rejected=1"},
    {"applied, then REJECTED is a phantom", "intended:1 effect:1 rejected:1 drained",
     "rejected=1 effects=1 once=1 phantoms=1"},

    {"the stronger outcome stands: UNKNOWN then REJECTED", "intended:1 unknown:1 rejected:1",
     "unknown=1 absent_unknown=1"},
    {"the stronger outcome stands: REJECTED then OK", "intended:1 rejected:1 ok:1 effect:1",
     "ok=1 effects=1 once=1"},
    {"the stronger outcome stands: UNKNOWN then OK", "intended:1 unknown:1 ok:1",
     "ok=1 lost=1 lost_acked=1"},
    {"the stronger outcome stands: ABANDONED then REJECTED", "intended:1 abandoned:1 rejected:1",
     "abandoned=1 absent_unknown=1"},
    {"OK is final", "intended:1 ok:1 unknown:1 rejected:1 none:1", "ok=1 lost=1 lost_acked=1"},

    {"dead-lettered is a class of its own", "intended:1 ok:1 dead-lettered:1 drained",
     "ok=1 dead_lettered=1"},
    {"dead-lettered after its effect is once", "intended:1 ok:1 effect:1 dead-lettered:1",
     "ok=1 effects=1 once=1"},
    {"dead-lettered before its effect is once", "intended:1 ok:1 dead-lettered:1 effect:1",
     "ok=1 effects=1 once=1"},
    {"disposed of and OK is lost", "intended:1 ok:1 disposed:1 drained", "ok=1 lost=1 lost_acked=1"},
    {"disposed of and NONE is lost", "intended:1 none:1 disposed:1 drained",
     "none_outcome=1 lost=1 lost_unacked=1"},
    {"disposed of and UNKNOWN is no loss", "intended:1 unknown:1 disposed:1",
     "unknown=1 absent_unknown=1"},
    {"disposed of when done is once", "intended:1 ok:1 effect:1 disposed:1", "ok=1 effects=1 once=1"},

    {"stuck: what is on its way is not lost", "intended:1 ok:1 intended:2 none:2 intended:3 stuck",
     "ok=1 none_outcome=1 stuck=3"},
    {"stuck: what was done is done", "intended:1 ok:1 effect:1 stuck", "ok=1 effects=1 once=1"},
    {"stuck: UNKNOWN and REJECTED stay what they are", "intended:1 unknown:1 intended:2 rejected:2 stuck",
     "unknown=1 rejected=1 absent_unknown=1 absent_rejected=1"},
    {"stuck: what was disposed of is lost", "intended:1 ok:1 disposed:1 stuck",
     "ok=1 lost=1 lost_acked=1"},
    {"stuck: dead-lettered stays so", "intended:1 ok:1 dead-lettered:1 stuck", "ok=1 dead_lettered=1"},

    {"an effect of an id never issued is a phantom", "intended:1 ok:1 effect:1 effect:7 drained",
     "ok=1 effects=1 once=1 phantoms=1"},
    {"so is one of a gap", "intended:5 ok:5 effect:5 effect:3", "ok=1 effects=1 once=1 phantoms=1"},
    {"so is one before its intent", "effect:1 intended:1 ok:1 effect:1",
     "ok=1 effects=1 once=1 phantoms=1"},
    {"so is one of no id", "effect:0", "phantoms=1"},
    {"each of them counts", "effect:9 effect:9", "phantoms=2"},

    {"delivered twice and applied once", "intended:1 ok:1 delivered:1 effect:1 delivered:1",
     "ok=1 delivered=2 effects=1 once=1 duplicate_deliveries=1"},
    {"delivered thrice counts the obligation once",
     "intended:1 ok:1 delivered:1 effect:1 delivered:1 delivered:1 delivered:1",
     "ok=1 delivered=4 effects=1 once=1 duplicate_deliveries=1"},
    {"delivered twice before its effect", "intended:1 delivered:1 delivered:1 effect:1 ok:1",
     "ok=1 delivered=2 effects=1 once=1 duplicate_deliveries=1"},
    {"an effect implies a delivery", "intended:1 ok:1 effect:1 delivered:1",
     "ok=1 delivered=1 effects=1 once=1 duplicate_deliveries=1"},

    {"suppressed and absent is a false suppression", "intended:1 ok:1 delivered:1 suppressed:1",
     "ok=1 delivered=1 lost=1 lost_acked=1 false_suppressions=1"},
    {"suppressing a duplicate is right",
     "intended:1 ok:1 delivered:1 effect:1 delivered:1 suppressed:1",
     "ok=1 delivered=2 effects=1 once=1 duplicate_deliveries=1"},
    {"suppressed and then applied is right", "intended:1 ok:1 suppressed:1 effect:1",
     "ok=1 effects=1 once=1"},

    {"a first effect after a later one is reordered",
     "intended:1 ok:1 intended:2 ok:2 effect:2 effect:1", "ok=2 effects=2 once=2 reordered=1"},
    {"not on another key", "intended:1/1 ok:1 intended:2/2 ok:2 effect:2 effect:1",
     "ok=2 effects=2 once=2"},
    {"a second effect reorders nothing",
     "intended:1 ok:1 intended:2 ok:2 effect:1 effect:2 effect:1",
     "ok=2 effects=3 once=1 many=1 reexecutions=1 duplicate_effects=1"},
    {"nor does one done again",
     "intended:1 ok:1 intended:2 ok:2 effect:1 effect:2 effect-undone:1 effect:1",
     "ok=2 effects=2 once=2"},
    {"each that comes late counts",
     "intended:1 ok:1 intended:2 ok:2 intended:3 ok:3 effect:3 effect:1 effect:2",
     "ok=3 effects=3 once=3 reordered=2"},

    {"a state that holds all effects is right",
     "intended:1/1 ok:1 effect:1 intended:2/2 ok:2 effect:2 state:1=1 state:2=1",
     "ok=2 effects=2 once=2"},
    {"keys that nobody stated hold 0", "intended:1/1 ok:1 effect:1 intended:2/2 ok:2 effect:2 state:1=1",
     "ok=2 effects=2 once=2 state_errors=1"},
    {"no state was stated at all: not judged", "intended:1 ok:1 effect:1 drained",
     "ok=1 effects=1 once=1"},
    {"a loss shows in the state", "intended:1 ok:1 state:1=0",
     "ok=1 lost=1 lost_acked=1 state_errors=1 state_lost=1"},
    {"a duplicate shows in the state", "intended:1 ok:1 effect:1 effect:1 state:1=2",
     "ok=1 effects=2 many=1 reexecutions=1 duplicate_effects=1 state_errors=1 state_doubled=1"},
    {"UNKNOWN may be there", "intended:1 unknown:1 effect:1 state:1=1", "unknown=1 effects=1 once=1"},
    {"UNKNOWN may be absent", "intended:1 unknown:1 state:1=0", "unknown=1 absent_unknown=1"},
    {"REJECTED may not be there", "intended:1 rejected:1 effect:1 state:1=1",
     "rejected=1 effects=1 once=1 state_errors=1 phantoms=1"},
    {"a store that disagrees with its facts", "intended:1 unknown:1 effect:1 state:1=0",
     "unknown=1 effects=1 once=1 state_errors=1"},
    {"a loss hidden by a duplicate is a legal sum",
     "intended:1 unknown:1 intended:2 ok:2 effect:2 effect:2 state:1=2",
     "ok=1 unknown=1 effects=2 many=1 absent_unknown=1 reexecutions=1 duplicate_effects=1"},
    {"the last state of a key stands", "intended:1 ok:1 effect:1 state:1=9 state:1=1",
     "ok=1 effects=1 once=1"},

    {"what explains does not decide", "intended:1 ok:1 appended:1 expired:1 fenced:1 retried:1 effect:1",
     "ok=1 effects=1 once=1"},
    {"nothing happened", "", ""},
};

START_TEST(each_class_from_both_sides) {
  check_example(&examples[_i]);
  /* [I6] the same where everything leaves the window at once */
  ledger_limit(ledger, 1, 1, 1024, 1);
  check_example(&examples[_i]);
}
END_TEST

/* Lies: a system that does wrong and states its facts truly must be named for that wrong alone. */

struct stream {
  uint64_t number;
  int64_t now;
};

static void tell(struct stream *stream, enum fact kind, uint64_t intent, uint64_t value) {
  struct trace_record record = {.at = stream->now++, .value = value, .kind = (uint16_t)kind};
  if (kind == FACT_STATE)
    record.detail = (uint32_t)intent; /* a key */
  else
    record.intent = intent;
  feed_ledger(ledger, &record, 1, stream->number++);
}

static void tell_good(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_DELIVERED, intent, 0);
  tell(stream, FACT_EFFECT, intent, (uint64_t)stream->now);
  tell(stream, FACT_OK, intent, 0);
}

static void honest(struct stream *stream, uint64_t intent) { tell_good(stream, intent); }

static void loser(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_DELIVERED, intent, 0);
  tell(stream, FACT_OK, intent, 0);
}
static void acker_without_effect(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_OK, intent, 0);
}
static void forgetter(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_NONE, intent, 0);
}
static void doubler(struct stream *stream, uint64_t intent) {
  tell_good(stream, intent);
  tell(stream, FACT_EFFECT, intent, (uint64_t)stream->now);
}
static void redeliverer(struct stream *stream, uint64_t intent) {
  tell_good(stream, intent);
  tell(stream, FACT_DELIVERED, intent, 0);
}
static void inventor(struct stream *stream, uint64_t intent) {
  tell_good(stream, intent);
  tell(stream, FACT_EFFECT, intent + UINT64_C(1000000), (uint64_t)stream->now);
}
static void rejecting_yet_applying(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_EFFECT, intent, (uint64_t)stream->now);
  tell(stream, FACT_REJECTED, intent, 0);
}
/* Holds every second one back until the next has passed. */
static void reorderer(struct stream *stream, uint64_t intent) {
  tell(stream, FACT_INTENDED, intent, 1);
  tell(stream, FACT_OK, intent, 0);
  if (intent % 2 == 1) return;
  tell(stream, FACT_EFFECT, intent, (uint64_t)stream->now);
  tell(stream, FACT_EFFECT, intent - 1, (uint64_t)stream->now);
}
static void undoer(struct stream *stream, uint64_t intent) {
  tell_good(stream, intent);
  tell(stream, FACT_EFFECT_UNDONE, intent, 0);
}
static void suppressor(struct stream *stream, uint64_t intent) {
  loser(stream, intent);
  tell(stream, FACT_SUPPRESSED, intent, 0);
}
static void buryer(struct stream *stream, uint64_t intent) {
  acker_without_effect(stream, intent);
  tell(stream, FACT_DEAD_LETTERED, intent, 0);
}
static void sleeper(struct stream *stream, uint64_t intent) {
  acker_without_effect(stream, intent);
  tell(stream, FACT_STUCK, 0, 0);
}
/* Says that it applied, and holds nothing. */
static void empty_store(struct stream *stream, uint64_t intent) {
  tell_good(stream, intent);
  tell(stream, FACT_STATE, 1, 0);
}

static const struct lie {
  const char *name;
  void (*tell)(struct stream *, uint64_t intent);
  uint32_t anomalies;
} lies[] = {
    {"honest", honest, CLAIM_NOTHING},
    {"loser", loser, CLAIM_BIT(LOST_ACKED)},
    {"acker without effect", acker_without_effect, CLAIM_BIT(LOST_ACKED)},
    {"forgetter", forgetter, CLAIM_BIT(LOST_UNACKED)},
    {"doubler", doubler, CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS)},
    {"redeliverer", redeliverer, CLAIM_BIT(DUPLICATE_DELIVERIES)},
    {"inventor", inventor, CLAIM_BIT(PHANTOMS)},
    {"rejecting yet applying", rejecting_yet_applying, CLAIM_BIT(PHANTOMS)},
    {"reorderer", reorderer, CLAIM_BIT(REORDERED)},
    {"undoer", undoer, CLAIM_BIT(LOST_ACKED)},
    {"suppressor", suppressor, CLAIM_BIT(FALSE_SUPPRESSIONS) | CLAIM_BIT(LOST_ACKED)},
    {"buryer", buryer, CLAIM_BIT(DEAD_LETTERED)},
    {"sleeper", sleeper, CLAIM_BIT(STUCK)},
    {"empty store", empty_store, CLAIM_BIT(STATE_ERRORS)},
};
enum { LIES = sizeof lies / sizeof lies[0] };

/* Lies once, on the last of `count` (an even one), with everybody before it honest. */
static void judge_lie(const struct lie *lie, uint64_t count) {
  struct stream stream = {.now = 1};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t intent = 1; intent < count; intent++)
    if (lie->tell == reorderer && intent == count - 1)
      reorderer(&stream, intent);
    else
      tell_good(&stream, intent);
  lie->tell(&stream, count);
  ledger_finish(ledger, metrics);
}

START_TEST(each_lie_is_named_for_what_it_is_and_nothing_else) {
  const struct lie *lie = &lies[_i];
  static const uint64_t counts[] = {2, 50, 5000};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    judge_lie(lie, counts[i]);
    char expected[256], got[256];
    verdict_describe(lie->anomalies, expected, sizeof expected);
    verdict_describe(verdict_violations(metrics, CLAIM_NOTHING), got, sizeof got);
    ck_assert_msg(strcmp(got, expected) == 0, "%s among %llu: %s, not %s", lie->name,
                  (unsigned long long)counts[i], got, expected);
  }
}
END_TEST

/* Facts about the first ids after so many others that those have long retired. */
static const struct late {
  const char *fact;
  enum fact kinds[3];
  enum metric metric;
  int64_t count;
} lates[] = {
    {"delivery", {FACT_DELIVERED}, METRIC_DUPLICATE_DELIVERIES, 1},
    {"deliveries", {FACT_DELIVERED, FACT_DELIVERED, FACT_DELIVERED}, METRIC_DUPLICATE_DELIVERIES, 1},
    {"effect", {FACT_EFFECT}, METRIC_DUPLICATE_EFFECTS, 1},
    {"effects", {FACT_EFFECT, FACT_EFFECT}, METRIC_REEXECUTIONS, 2},
    {"undoing", {FACT_EFFECT_UNDONE}, METRIC_LOST_ACKED, 1},
    {"undoing twice", {FACT_EFFECT_UNDONE, FACT_EFFECT_UNDONE}, METRIC_LOST_ACKED, 1},
    {"doing again", {FACT_EFFECT_UNDONE, FACT_EFFECT}, METRIC_LOST, 0},
    {"effect taken back", {FACT_EFFECT, FACT_EFFECT_UNDONE}, METRIC_DUPLICATE_EFFECTS, 0},
    {"suppression", {FACT_SUPPRESSED}, METRIC_FALSE_SUPPRESSIONS, 0},
    {"suppression and undoing", {FACT_SUPPRESSED, FACT_EFFECT_UNDONE}, METRIC_FALSE_SUPPRESSIONS, 1},
    {"saved results", {FACT_REPLAYED, FACT_REPLAYED}, METRIC_REPLAYS, 2},
    {"a conflict", {FACT_KEY_CONFLICT}, METRIC_KEY_CONFLICTS, 1},
    {"a mismatch", {FACT_KEY_MISMATCH, FACT_EFFECT}, METRIC_KEY_MISMATCHES, 1},
    {"rejection", {FACT_REJECTED}, METRIC_PHANTOMS, 0},
    {"a letter of the dead", {FACT_EFFECT_UNDONE, FACT_DEAD_LETTERED}, METRIC_DEAD_LETTERED, 1},
    {"a letter taken back", {FACT_EFFECT_UNDONE, FACT_DEAD_LETTERED, FACT_DEAD_LETTER_LEFT},
     METRIC_DEAD_LETTERED, 0},
    {"a letter taken back is lost", {FACT_EFFECT_UNDONE, FACT_DEAD_LETTERED, FACT_DEAD_LETTER_LEFT},
     METRIC_LOST_ACKED, 1},
};
enum { LATES = sizeof lates / sizeof lates[0] };

START_TEST(a_late_fact_of_a_retired_id_counts_I2) {
  const struct late *late = &lates[_i];
  struct stream stream = {.now = 1};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t intent = 1; intent <= 100000; intent++) tell_good(&stream, intent);
  for (int i = 0; i < 3 && late->kinds[i]; i++)
    tell(&stream, late->kinds[i], 1, (uint64_t)stream.now);
  ledger_finish(ledger, metrics);
  ck_assert_msg(metrics[late->metric] == late->count, "%s: %s is %lld, not %lld", late->fact,
                metric_rows[late->metric].name, (long long)metrics[late->metric],
                (long long)late->count);
}
END_TEST

START_TEST(a_late_effect_is_put_to_its_key) {
  struct stream stream = {.now = 1};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t intent = 1; intent <= 100000; intent++) tell_good(&stream, intent);
  /* One more cannot hide behind an absent one: the store has 100001 - 1, its facts 100001. */
  tell(&stream, FACT_INTENDED, 100001, 1);
  tell(&stream, FACT_EFFECT, 1, (uint64_t)stream.now);
  tell(&stream, FACT_STATE, 1, 100000);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 1);
}
END_TEST

START_TEST(a_gap_is_never_issued_however_wide) {
  static const uint64_t starts[] = {2, 513, 100000, UINT64_C(1) << 40};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    struct stream stream = {.now = 1};
    ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
    tell(&stream, FACT_INTENDED, 1, 1);
    tell_good(&stream, 1 + starts[i]);
    tell(&stream, FACT_EFFECT, starts[i], (uint64_t)stream.now); /* last of the gap */
    tell(&stream, FACT_EFFECT, 2 + starts[i], (uint64_t)stream.now);
    tell(&stream, FACT_DELIVERED, starts[i], 0);
    tell(&stream, FACT_EFFECT, 1, (uint64_t)stream.now);
    tell(&stream, FACT_OK, 1, 0);
    ledger_finish(ledger, metrics);
    ck_assert_int_eq(metrics[METRIC_INTENDED], 2);
    ck_assert_int_eq(metrics[METRIC_ONCE], 2);
    ck_assert_int_eq(metrics[METRIC_PHANTOMS], 2);
    ck_assert_int_eq(metrics[METRIC_DELIVERED], 2);
  }
}
END_TEST

START_TEST(evidence_names_the_records_of_both_effects) {
  uint64_t first, second;
  script_judge(ledger, "intended:1 effect:1 intended:2 effect:2 ok:2 delivered:1 effect:1", metrics);
  ck_assert(ledger_evidence(ledger, 0, 1, &first, &second));
  ck_assert_uint_eq(first, 2);
  ck_assert_uint_eq(second, 7);
  ck_assert(!ledger_evidence(ledger, 0, 2, &first, &second));
  ck_assert(!ledger_evidence(ledger, 0, 3, &first, &second));
  ck_assert(!ledger_evidence(ledger, 0, 0, &first, &second));
}
END_TEST

START_TEST(evidence_holds_beyond_four_billion_records) {
  uint64_t number = (UINT64_C(1) << 32) - 2, first, second;
  int64_t now = 1;
  ledger_reset(ledger, SCRIPT_KEYS, 1, SCRIPT_BUCKET_NS);
  script_feed(ledger, "intended:1 effect:1 ok:1 effect:1", &number, &now);
  ck_assert(ledger_evidence(ledger, 0, 1, &first, &second));
  ck_assert_uint_eq(first, UINT64_C(1) << 32);
  ck_assert_uint_eq(second, (UINT64_C(1) << 32) + 2);
}
END_TEST

START_TEST(memory_does_not_follow_the_number_of_messages_I3) {
  struct stream stream = {.now = 1};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  size_t bytes = ledger_bytes(ledger);
  uint64_t grown = grow_count();
  for (uint64_t intent = 1; intent <= 1000000; intent++) tell_good(&stream, intent);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], 1000000);
  ck_assert_uint_eq(ledger_bytes(ledger), bytes);
  ck_assert_uint_eq(grow_count(), grown);
}
END_TEST

/* One in ten has two effects, and one in a thousand a third when it is long forgotten. */
START_TEST(memory_follows_the_latest_exceptions_and_two_or_three_bytes_of_each_other_I3) {
  struct stream stream = {.now = 1};
  enum { FIRST = 300000, COUNT = 2000000, BEHIND = 250000 };
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  size_t bytes = 0;
  for (uint64_t intent = 1; intent <= COUNT; intent++) {
    tell_good(&stream, intent);
    if (intent % 10 == 0) tell(&stream, FACT_EFFECT, intent, 0);
    if (intent % 1000 == 0 && intent > BEHIND) tell(&stream, FACT_EFFECT, intent - BEHIND, 0);
    if (intent == FIRST) bytes = ledger_bytes(ledger);
  }
  ledger_finish(ledger, metrics);
  ck_assert_uint_lt(ledger_bytes(ledger), bytes + (COUNT - FIRST) / 10 * 3);
  ck_assert_int_eq(metrics[METRIC_MANY], COUNT / 10);
  ck_assert_int_eq(metrics[METRIC_REEXECUTIONS], COUNT / 10 + (COUNT - BEHIND) / 1000);
}
END_TEST

static size_t judge_backlog(uint64_t open, uint64_t step) { /* more than window and table hold */
  struct stream stream = {.now = 1};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t i = 0; i < open; i++) tell(&stream, FACT_INTENDED, 1 + i, 1);
  for (uint64_t i = 0; i < open; i++) tell(&stream, FACT_OK, 1 + i * step % open, 0);
  for (uint64_t i = 0; i < open; i++) tell(&stream, FACT_EFFECT, 1 + i * step % open, 0);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], (int64_t)open);
  return ledger_bytes(ledger); /* it never falls */
}

START_TEST(a_backlog_is_packed_unless_facts_are_about_all_of_it_at_once) {
  const size_t half = judge_backlog(100000, 1), in_order = judge_backlog(200000, 1);
  ck_assert_uint_lt(in_order, half + 100000 * 10);
  ck_assert_uint_gt(judge_backlog(200000, 77003), in_order + 100000 * 50); /* no common factor */
}
END_TEST

START_TEST(memory_follows_the_open_window_and_is_given_to_the_next_I3) {
  struct stream stream = {.now = 1};
  enum { OPEN = 100000, ROUNDS = 4 }; /* more than the window holds */
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  size_t bytes = 0;
  for (uint64_t round = 0; round < ROUNDS; round++) {
    for (uint64_t i = 1; i <= OPEN; i++) tell(&stream, FACT_INTENDED, round * OPEN + i, 1);
    for (uint64_t i = 1; i <= OPEN; i++) {
      tell(&stream, FACT_EFFECT, round * OPEN + i, (uint64_t)stream.now);
      tell(&stream, FACT_OK, round * OPEN + i, 0);
    }
    if (round == 0) bytes = ledger_bytes(ledger);
  }
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], OPEN * ROUNDS);
  ck_assert_uint_eq(ledger_bytes(ledger), bytes);
}
END_TEST

START_TEST(many_open_at_once_widen_the_window_and_a_few_lost_do_not) {
  struct stream stream = {.now = 1};
  uint64_t first, second;
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  size_t bytes = ledger_bytes(ledger);
  enum { COUNT = 1000000, LOST = 1000 };
  for (uint64_t intent = 1; intent <= COUNT; intent++)
    if (intent % (COUNT / LOST) == 0)
      loser(&stream, intent);
    else
      tell_good(&stream, intent);
  ck_assert(ledger_evidence(ledger, 0, COUNT / LOST, &first, &second)); /* set aside */
  ck_assert_uint_lt(ledger_bytes(ledger), bytes + LOST * 150);
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1000);
  for (uint64_t intent = 1; intent <= 60000; intent++) tell(&stream, FACT_INTENDED, intent, 1);
  ck_assert(!ledger_evidence(ledger, 0, 1, &first, &second)); /* still in the window */
  tell(&stream, FACT_INTENDED, 1 + (1 << 16), 1);
  ck_assert(ledger_evidence(ledger, 0, 1, &first, &second)); /* which is as wide as it gets */
}
END_TEST

START_TEST(a_run_does_not_depend_on_the_one_before_I6) {
  int64_t fresh[METRIC__COUNT];
  judge_lie(&lies[4], 5000);
  memcpy(fresh, metrics, sizeof fresh);
  for (size_t i = 0; i < LIES; i++) {
    judge_lie(&lies[i], 100 + 1000 * i);
    judge_lie(&lies[4], 5000);
    ck_assert_mem_eq(fresh, metrics, sizeof fresh);
  }
}
END_TEST

START_TEST(goodput_is_once_a_second_from_first_arrival_to_last_effect) {
  script_judge(ledger,
               "at:1000000000 intended:1 ok:1 effect:1 at:2000000000 intended:2 ok:2 effect:2 "
               "at:3000000000 intended:3 ok:3 intended:4 ok:4 at:3500000000 effect:3 effect:3 "
               "effect:4>4000000000 at:9000000000 drained",
               metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], 3);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], 1000000); /* 3 in 3 s */
  script_judge(ledger, "at:0 intended:1 ok:1 effect:1>1000000000 intended:2 ok:2 effect:2>2000000000 at:9000000000 effect:1", metrics);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], 500000); /* one in 2 s: a second copy does not lengthen it */
  script_judge(ledger, "at:0 intended:1 ok:1 effect:1>7000000000", metrics);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], 142857); /* slower than one a second is not none */
  script_judge(ledger, "at:5 intended:1 ok:1 at:5 effect:1", metrics);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], 0); /* no time passed */
  script_judge(ledger, "at:0 intended:1 ok:1 effect:1>1", metrics);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], INT64_C(1000000000000000));
}
END_TEST

START_TEST(drain_runs_from_the_last_arrival_or_heal_to_the_end) {
  static const struct {
    const char *script;
    int64_t drain_ns;
  } table[] = {
      {"at:100 intended:1 ok:1 effect:1 at:150 drained", 50},
      {"at:10 healed at:100 intended:1 ok:1 effect:1 at:150 drained", 50},
      {"at:100 intended:1 ok:1 effect:1 at:120 healed at:150 drained", 30},
      {"at:100 intended:1 ok:1 at:120 healed at:999 stuck", 879},
      {"at:100 intended:1 ok:1 at:120 healed", 0},
      {"at:100 drained at:120 healed", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    script_judge(ledger, table[i].script, metrics);
    ck_assert_int_eq(metrics[METRIC_DRAIN], table[i].drain_ns);
  }
}
END_TEST

START_TEST(latency_is_of_the_first_effect_until_it_is_visible) {
  script_judge(ledger, "at:100 intended:1 ok:1 at:110 effect:1>120 at:900 effect:1 effect-undone:1",
               metrics);
  ck_assert_uint_eq(ledger_latency(ledger)->total, 1);
  for (int i = METRIC_LATENCY_MEAN; i <= METRIC_LATENCY_P999; i++) ck_assert_int_eq(metrics[i], 20);
}
END_TEST

START_TEST(prices_are_taken_over_from_counters) {
  char script[256];
  snprintf(script, sizeof script, "counter:%d=11 counter:%d=22 counter:%d=33 counter:%d=44 counter:%d=55",
           COUNTER_ROUND_TRIPS, COUNTER_DURABLE_WRITES, COUNTER_DEDUP_BYTES_PEAK,
           COUNTER_TRANSMISSIONS, COUNTER_EVENTS);
  script_judge(ledger, script, metrics);
  ck_assert_int_eq(metrics[METRIC_ROUND_TRIPS], 11);
  ck_assert_int_eq(metrics[METRIC_DURABLE_WRITES], 22);
  ck_assert_int_eq(metrics[METRIC_DEDUP_BYTES_PEAK], 33);
  ck_assert_int_eq(metrics[METRIC_EVENTS], 55);
  ck_assert_int_eq(metrics[METRIC_DEDUP_BYTES_END], 33); /* nothing was forgotten */
  snprintf(script, sizeof script, "counter:%d=33 counter:%d=33", COUNTER_DEDUP_BYTES_FORGOTTEN,
           COUNTER_DEDUP_BYTES_PEAK);
  script_judge(ledger, script, metrics);
  ck_assert_int_eq(metrics[METRIC_DEDUP_BYTES_END], 0);
}
END_TEST

START_TEST(timeline_carries_what_is_open_forward) {
  size_t count;
  int64_t width;
  script_judge(ledger,
               "at:1 intended:1 intended:2 at:31 effect:1 ok:1 delivered:1 at:45 effect:1 drained",
               metrics);
  const struct timeline_bucket *cells = ledger_timeline(ledger, &count, &width);
  ck_assert_int_eq(width, SCRIPT_BUCKET_NS);
  ck_assert_uint_eq(count, 5);
  static const int64_t open[] = {2, 2, 2, 1, 1};
  for (size_t i = 0; i < count; i++) ck_assert_int_eq(cells[i].open, open[i]);
  ck_assert_uint_eq(cells[0].intended, 2);
  ck_assert_uint_eq(cells[3].first_effects, 1);
  ck_assert_uint_eq(cells[3].duplicate_deliveries, 1);
  ck_assert_uint_eq(cells[4].duplicate_effects, 1);
}
END_TEST

START_TEST(timeline_doubles_its_cells_and_loses_nothing) {
  struct stream stream = {.now = 0};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1);
  enum { COUNT = 20000 };
  for (uint64_t intent = 1; intent <= COUNT; intent++) tell_good(&stream, intent);
  tell(&stream, FACT_INTENDED, COUNT + 1, 1);
  size_t count;
  int64_t width, intended = 0, effects = 0;
  const struct timeline_bucket *cells = ledger_timeline(ledger, &count, &width);
  ck_assert_int_eq(width, 128); /* 80001 ns in at most 1000 cells */
  ck_assert_uint_eq(count, 80000 / 128 + 1);
  for (size_t i = 0; i < count; i++) {
    intended += cells[i].intended;
    effects += cells[i].first_effects;
  }
  ck_assert_int_eq(intended, COUNT + 1);
  ck_assert_int_eq(effects, COUNT);
  ck_assert_int_eq(cells[count - 1].open, 1);
}
END_TEST

START_TEST(timeline_takes_a_jump_to_the_end_of_time) {
  struct stream stream = {.now = 3};
  ledger_reset(ledger, SCRIPT_KEYS, 1, 1);
  tell(&stream, FACT_INTENDED, 1, 1);
  stream.now = TIME_MAX_NS;
  tell(&stream, FACT_STUCK, 0, 0);
  size_t count;
  int64_t width;
  const struct timeline_bucket *cells = ledger_timeline(ledger, &count, &width);
  ck_assert_uint_le(count, LEDGER_BUCKETS_MAX);
  ck_assert_uint_gt(count, LEDGER_BUCKETS_MAX / 2);
  ck_assert_uint_eq(cells[0].intended, 1);
  for (size_t i = 0; i < count; i++) ck_assert_int_eq(cells[i].open, 1);
}
END_TEST

START_TEST(timeline_is_empty_where_nothing_was_intended) {
  size_t count;
  int64_t width;
  script_judge(ledger, "effect:1 healed", metrics);
  ledger_timeline(ledger, &count, &width);
  ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(issuing_an_id_twice_is_refused) { script_judge(ledger, "intended:2 intended:2", metrics); }
END_TEST
START_TEST(a_key_the_workload_does_not_have_is_refused) {
  script_judge(ledger, "intended:1/5", metrics);
}
END_TEST
START_TEST(a_time_before_the_beginning_is_refused) {
  script_judge(ledger, "at:-5 intended:1", metrics);
}
END_TEST

static void add_aborting(TCase *tcase) {
  if (strcmp(getenv("CK_FORK") ? getenv("CK_FORK") : "yes", "no") == 0) return;
  tcase_add_test_raise_signal(tcase, issuing_an_id_twice_is_refused, SIGABRT);
  tcase_add_test_raise_signal(tcase, a_key_the_workload_does_not_have_is_refused, SIGABRT);
  tcase_add_test_raise_signal(tcase, a_time_before_the_beginning_is_refused, SIGABRT);
}

int main(void) {
  Suite *suite = suite_create("ledger");
  TCase *tcase = tcase_create("ledger");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, each_class_from_both_sides, 0, sizeof examples / sizeof examples[0]);
  tcase_add_loop_test(tcase, each_lie_is_named_for_what_it_is_and_nothing_else, 0, LIES);
  tcase_add_loop_test(tcase, a_late_fact_of_a_retired_id_counts_I2, 0, LATES);
  tcase_add_test(tcase, a_late_effect_is_put_to_its_key);
  tcase_add_test(tcase, a_gap_is_never_issued_however_wide);
  tcase_add_test(tcase, evidence_names_the_records_of_both_effects);
  tcase_add_test(tcase, evidence_holds_beyond_four_billion_records);
  tcase_add_test(tcase, memory_does_not_follow_the_number_of_messages_I3);
  tcase_add_test(tcase, memory_follows_the_latest_exceptions_and_two_or_three_bytes_of_each_other_I3);
  tcase_add_test(tcase, a_backlog_is_packed_unless_facts_are_about_all_of_it_at_once);
  tcase_add_test(tcase, memory_follows_the_open_window_and_is_given_to_the_next_I3);
  tcase_add_test(tcase, many_open_at_once_widen_the_window_and_a_few_lost_do_not);
  tcase_add_test(tcase, a_run_does_not_depend_on_the_one_before_I6);
  tcase_add_test(tcase, goodput_is_once_a_second_from_first_arrival_to_last_effect);
  tcase_add_test(tcase, drain_runs_from_the_last_arrival_or_heal_to_the_end);
  tcase_add_test(tcase, latency_is_of_the_first_effect_until_it_is_visible);
  tcase_add_test(tcase, prices_are_taken_over_from_counters);
  tcase_add_test(tcase, timeline_carries_what_is_open_forward);
  tcase_add_test(tcase, timeline_doubles_its_cells_and_loses_nothing);
  tcase_add_test(tcase, timeline_takes_a_jump_to_the_end_of_time);
  tcase_add_test(tcase, timeline_is_empty_where_nothing_was_intended);
  add_aborting(tcase);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
