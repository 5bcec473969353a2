#include "models/store/provider.h"

#include "models/store/idempotency_keys.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define RPC_NS (2 * TINY_LATENCY_NS)
#define SERVICE_NS (50 * MS)
#define TIMEOUT_NS (300 * MS)

extern const struct handler handler_charge, handler_charge_with_key, handler_charge_in_transaction;
extern const struct handler handler_idempotency_key;

/* What the test's handler asks for: a request for each operation, and what came of it. */
static struct request {
  uint64_t key;
  int64_t amount;
  int status;
  int64_t charge;
} requests[16];

static int ask(struct dg_context *c, const struct dg_message *m) {
  struct request *request = &requests[m->id];
  request->charge = -1;
  return request->status = dg_charge(c, request->key, request->amount, &request->charge);
}
static const struct handler handler_ask = {.name = "ask", .handle = ask, .uses = HANDLER_USES(PROVIDER)};

static struct tiny *provided(const struct handler *handler, const struct store *provider,
                             uint32_t consumers, uint32_t threads) {
  static struct quantile_table service_table;
  static struct distribution service;
  struct tiny *tiny = script_new(handler, consumers, threads);
  struct settings *settings = &tiny->plan.provider.settings;
  service_table = (struct quantile_table){.constant = true, .median = SERVICE_NS, .mean = SERVICE_NS};
  service = (struct distribution){"50ms", &service_table};
  tiny->plan.provider.store = provider;
  tiny->plan.counts[ROLE_PROVIDER] = 1;
  tiny->plan.links[LINK_CONSUMER_TO_PROVIDER].kind = LINK_KIND_PER_REQUEST;
  tiny_defaults(settings, provider->keys, provider->key_count);
  settings->values[KEY_PROVIDER_SERVICE_TIME].distribution = &service;
  settings->values[KEY_PROVIDER_TIMEOUT].i = TIMEOUT_NS;
  return tiny;
}

static void set(struct tiny *tiny, enum provider_key key, int64_t value) {
  tiny->plan.provider.settings.values[key].i = value;
}

/* The n-th operation asks at an instant, on a consumer. */
static void asks(uint64_t intent, int64_t at_ns, uint64_t key, int64_t amount) {
  requests[intent] = (struct request){.key = key, .amount = amount};
  script_add(at_ns, 1, intent);
}

static void came_to(uint64_t intent, int status, int64_t charge) {
  ck_assert_msg(requests[intent].status == status, "request %llu: status %d, not %d",
                (unsigned long long)intent, requests[intent].status, status);
  ck_assert_int_eq(requests[intent].charge, charge);
}

/* --- Each rule --- */

START_TEST(plain_executes_every_request) {
  struct tiny *tiny = provided(&handler_ask, &store_plain, 1, 4);
  asks(1, 10 * MS, 7, 100);
  asks(2, 20 * MS, 7, 100);
  asks(3, 200 * MS, 7, 200);
  tiny_run(tiny);
  for (uint64_t i = 1; i <= 3; i++) came_to(i, DG_OK, (int64_t)i);
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, 1, 0), 10 * MS + TINY_LATENCY_NS + SERVICE_NS);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + RPC_NS + SERVICE_NS);
  ck_assert_int_eq(tiny_balance(tiny, 1), 3);
  ck_assert_int_eq(tiny_balance(tiny, 2), 0);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(without_a_key_keyed_is_as_plain) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 0, 100);
  asks(2, 200 * MS, 0, 100);
  tiny_run(tiny);
  came_to(2, DG_OK, 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_REPLAYED, 0), 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(the_first_result_is_saved_and_answered_again) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 100);
  asks(2, 200 * MS, 8, 100);
  asks(3, 400 * MS, 7, 100);
  tiny_run(tiny);
  came_to(1, DG_OK, 1);
  came_to(2, DG_OK, 2);
  came_to(3, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 2);
  ck_assert_uint_eq(tiny_nth(tiny, FACT_REPLAYED, 3, 0)->value, 1);
  ck_assert_int_eq(script.steps[2].handled_at, 400 * MS + RPC_NS); /* at once */
  ck_assert_int_eq(tiny_balance(tiny, 1), 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(an_answer_that_is_lost_is_unknown_and_can_be_asked_for_again) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 100);
  asks(2, 600 * MS, 7, 100);
  tiny_trigger(tiny, VERB_DROP, POINT_REQUEST_ANSWERED, 1);
  tiny_run(tiny);
  came_to(1, DG_UNKNOWN, -1);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + TIMEOUT_NS);
  came_to(2, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_key_that_is_under_way_is_a_conflict_and_that_is_not_saved) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 2);
  asks(1, 10 * MS, 7, 100);
  asks(2, 30 * MS, 7, 100);
  asks(3, 100 * MS, 7, 100);
  tiny_run(tiny);
  came_to(2, DG_CONFLICT, -1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_KEY_CONFLICT, 2), 1);
  came_to(1, DG_OK, 1);
  came_to(3, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(other_parameters_are_refused_and_that_is_not_saved) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 2);
  bool compares = _i == 0;
  set(tiny, KEY_PROVIDER_COMPARE_PARAMETERS, compares);
  asks(1, 10 * MS, 7, 100);
  asks(2, 30 * MS, 7, 200); /* while it is under way */
  asks(3, 200 * MS, 7, 200);
  asks(4, 300 * MS, 7, 100);
  tiny_run(tiny);
  came_to(2, compares ? DG_MISMATCH : DG_CONFLICT, -1);
  came_to(3, compares ? DG_MISMATCH : DG_OK, compares ? -1 : 1);
  came_to(4, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_KEY_MISMATCH, 0), compares ? 2 : 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* The account is a parameter as well. */
START_TEST(another_account_is_another_parameter) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 100);
  asks(2, 200 * MS, 7, 100);
  script.steps[1].key = 2;
  tiny_run(tiny);
  came_to(2, DG_MISMATCH, -1);
  tiny_free(tiny);
}
END_TEST

/* Counted from the first request's arrival; nothing that comes later prolongs it. */
START_TEST(a_key_is_new_when_its_retention_is_over) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  set(tiny, KEY_PROVIDER_RETENTION, 500 * MS);
  asks(1, 10 * MS, 7, 100);
  asks(2, 400 * MS, 7, 100);
  asks(3, 510 * MS - 1, 7, 100);
  asks(4, 510 * MS + RPC_NS, 7, 200); /* other parameters: of a new key */
  tiny_run(tiny);
  came_to(3, DG_OK, 1);
  came_to(4, DG_OK, 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(at_its_retention_to_the_ns_a_key_is_new) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  set(tiny, KEY_PROVIDER_RETENTION, 500 * MS);
  asks(1, 10 * MS, 7, 100);
  asks(2, 510 * MS, 7, 100);
  tiny_run(tiny);
  came_to(2, DG_OK, 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_failure_is_saved_or_not) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  bool saved = _i == 0;
  set(tiny, KEY_PROVIDER_FAILURES, SCHEMA_SHARE_SCALE);
  set(tiny, KEY_PROVIDER_CACHE_FAILURES, saved);
  asks(1, 10 * MS, 7, 100);
  asks(2, 200 * MS, 7, 100);
  asks(3, 400 * MS, 8, 100);
  tiny_run(tiny);
  for (uint64_t i = 1; i <= 3; i++) came_to(i, DG_FAILED, -1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_REPLAYED, 2), saved);
  ck_assert_int_eq(script.steps[1].handled_at, 200 * MS + RPC_NS + (saved ? 0 : SERVICE_NS));
  tiny_free(tiny);
}
END_TEST

START_TEST(what_is_not_valid_is_not_saved) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 0);
  asks(2, 200 * MS, 7, 100);
  tiny_run(tiny);
  came_to(1, DG_FAILED, -1);
  came_to(2, DG_OK, 1);
  tiny_free(tiny);
}
END_TEST

/* A share of executions fails, drawn for each request: others succeed. */
START_TEST(failures_are_a_share) {
  struct tiny *tiny = provided(&handler_ask, &store_plain, 1, 1);
  tiny->plan.luck_none = false;
  set(tiny, KEY_PROVIDER_FAILURES, SCHEMA_SHARE_SCALE / 2);
  for (uint64_t i = 1; i < 16; i++) asks(i, (int64_t)i * 100 * MS, 0, 100);
  tiny_run(tiny);
  size_t charged = tiny_count(tiny, FACT_EFFECT, 0), failed = 0;
  for (uint64_t i = 1; i < 16; i++) failed += requests[i].status == DG_FAILED;
  ck_assert_uint_eq(charged + failed, 15);
  ck_assert_uint_ge(charged, 3); /* of 15 at one half: less in 0.4 % of all seeds, and the seed is fixed */
  ck_assert_uint_ge(failed, 3);
  tiny_free(tiny);
}
END_TEST

/* --- Death --- */

/* Verb, point, before: effects in all after a second request, and whether that one is new. */
static const struct {
  enum verb verb;
  enum point point;
  bool before;
  int effects_before_retry;
} deaths[] = {
    {VERB_KILL, POINT_REQUEST_RECEIVED, false, 0},  {VERB_KILL, POINT_EFFECT, true, 0},
    {VERB_KILL, POINT_EFFECT, false, 1},            {VERB_KILL, POINT_REQUEST_ANSWERED, true, 1},
    {VERB_POWER_LOSS, POINT_EFFECT, false, 1},      {VERB_POWER_LOSS, POINT_REQUEST_RECEIVED, false, 0},
    {VERB_TERMINATE, POINT_REQUEST_RECEIVED, false, 0},
};

START_TEST(a_provider_that_dies_has_charged_or_knows_nothing_of_it) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 100);
  asks(2, 3000 * MS, 7, 100);
  tiny_trigger(tiny, deaths[_i].verb, deaths[_i].point, 1)->before = deaths[_i].before;
  tiny_run(tiny);
  came_to(1, DG_UNKNOWN, -1);
  came_to(2, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), (size_t)deaths[_i].effects_before_retry);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  ck_assert_int_gt(tiny->world->faults.items[0].hits, 0);
  tiny_free(tiny);
}
END_TEST

/* A run leaves nothing behind for the next. */
START_TEST(two_runs_are_the_same) {
  struct tiny *tiny = provided(&handler_ask, &store_keyed, 1, 1);
  asks(1, 10 * MS, 7, 100);
  asks(2, 200 * MS, 7, 100);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  came_to(2, DG_OK, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* --- The memory of keys --- */

START_TEST(keys_of_owners_are_apart_and_order_is_kept) { /* [K1] [K2] */
  struct idempotency_keys keys = {0};
  for (uint64_t round = 0; round < 3; round++) {
    for (uint64_t i = 0; i < 500; i++)
      for (uint64_t owner = 0; owner < 2; owner++) {
        ck_assert_uint_eq(idempotency_find(&keys, owner, i), IDEMPOTENCY_NONE);
        uint64_t number = idempotency_begin(&keys, owner, i, i, (int64_t)(1000 * round + i));
        idempotency_settle(&keys, number, DG_OK, (int64_t)(2 * i + owner));
      }
    for (uint64_t i = 0; i < 500; i++)
      ck_assert_int_eq(idempotency_at(&keys, idempotency_find(&keys, 1, i))->result, (int64_t)(2 * i + 1));
    idempotency_prune(&keys, (int64_t)(1000 * round + 249));
    ck_assert_uint_eq(idempotency_find(&keys, 1, 249), IDEMPOTENCY_NONE);
    ck_assert_uint_ne(idempotency_find(&keys, 0, 250), IDEMPOTENCY_NONE);
    idempotency_prune(&keys, (int64_t)(1000 * round + 999));
    ck_assert_uint_eq(keys.first, keys.last);
    ck_assert_uint_eq(keys.by_key.count, 0);
  }
  idempotency_deinit(&keys);
}
END_TEST

START_TEST(what_is_under_way_is_not_pruned) { /* [K2] */
  struct idempotency_keys keys = {0};
  uint64_t first = idempotency_begin(&keys, 0, 1, 0, 0);
  uint64_t second = idempotency_begin(&keys, 0, 2, 0, 0);
  idempotency_settle(&keys, second, DG_OK, 1);
  idempotency_prune(&keys, 100);
  ck_assert_uint_eq(idempotency_find(&keys, 0, 1), first);
  idempotency_forget(&keys, first);
  ck_assert_uint_eq(idempotency_find(&keys, 0, 1), IDEMPOTENCY_NONE);
  idempotency_prune(&keys, 100);
  ck_assert_uint_eq(keys.first, 2);
  idempotency_deinit(&keys);
}
END_TEST

/* --- Handlers --- */

/* Runs a handler with a death of its consumer at the n-th call, and delivers again after it. Returns whether
 * there is such a call. */
static bool dies_at(const struct handler *handler, int64_t key, uint32_t n, bool before, struct tiny **out) {
  struct tiny *tiny = *out = provided(handler, &store_keyed, 1, 1);
  if (handler == &handler_charge_in_transaction) tiny->plan.handler_settings.values[0].i = key;
  tiny_service_time(tiny, 3 * MS);
  script.resubmit = true;
  script_add(10 * MS, 1, 5);
  struct fault_plan *fault = tiny_trigger(tiny, VERB_KILL, POINT_HANDLER_STEP, 5);
  fault->nth = n;
  fault->before = before;
  fault->lasts = span_of(500 * MS);
  tiny_run(tiny);
  ck_assert_msg(script.steps[0].runs == 1 && script.steps[0].status == DG_OK, "%s, call %u: status %d",
                handler->name, n, script.steps[0].status);
  return tiny->world->faults.items[0].begun > 0;
}

/* Charges of a message whose consumer dies at the n-th call: just before it, and just after it. */
static const struct {
  const struct handler *handler;
  int64_t key;
  uint32_t calls;
  uint8_t before[7], after[7];
} handlers[] = {
    {&handler_charge, 0, 2, {1, 1}, {1, 2}},          /* work charge */
    {&handler_charge_with_key, 0, 2, {1, 1}, {1, 1}}, /* likewise */
    /* begin insert work charge commit */
    {&handler_charge_in_transaction, 0, 5, {1, 1, 1, 1, 2}, {1, 1, 1, 2, 1}},
    {&handler_charge_in_transaction, 1, 5, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}},
    /* begin insert work apply put put commit */
    {&handler_idempotency_key, 0, 7, {1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1}},
};

START_TEST(a_crash_charges_twice_without_the_providers_key) {
  struct tiny *tiny;
  for (int before = 0; before < 2; before++)
    for (uint32_t n = 1; n <= handlers[_i].calls + 1; n++) {
      bool struck = dies_at(handlers[_i].handler, handlers[_i].key, n, before, &tiny);
      ck_assert_msg(struck == (n <= handlers[_i].calls), "%s: call %u", handlers[_i].handler->name, n);
      size_t expected = !struck ? 1 : before ? handlers[_i].before[n - 1] : handlers[_i].after[n - 1];
      size_t effects = tiny_count(tiny, FACT_EFFECT, 5);
      ck_assert_msg(effects == expected, "%s, dead %s call %u: %zu effects, not %zu",
                    handlers[_i].handler->name, before ? "before" : "after", n, effects, expected);
      ck_assert_int_eq(tiny_balance(tiny, 1), (int64_t)effects);
      tiny_free(tiny);
    }
}
END_TEST

/* The first request is lost, then an answer; its pauses double. */
START_TEST(charge_with_key_asks_again_until_it_knows) {
  struct tiny *tiny = provided(&handler_charge_with_key, &store_keyed, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_trigger(tiny, VERB_DROP, POINT_REQUEST_SENT, 5)->attempt = 1;
  tiny_trigger(tiny, VERB_DROP, POINT_REQUEST_ANSWERED, 5)->attempt = 1;
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_REPLAYED, 5), 1);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + 2 * TIMEOUT_NS + (500 + 1000) * MS + RPC_NS);
  tiny_free(tiny);
}
END_TEST

/* Saved failures: the same key never gets past one; another key after each does, however many. */
START_TEST(only_another_key_gets_past_a_saved_failure) {
  static const int64_t same = 0, after_failure = 1;
  for (int other = 0; other < 2; other++) {
    struct tiny *tiny = provided(&handler_charge_with_key, &store_keyed, 1, 1);
    tiny->plan.handler_settings.values[0].i = other ? after_failure : same;
    tiny->plan.luck_none = false;
    set(tiny, KEY_PROVIDER_FAILURES, SCHEMA_SHARE_SCALE / 2);
    for (uint64_t i = 1; i <= 12; i++) script_add((int64_t)i * 100 * NS_PER_S, 1, i);
    tiny_run(tiny);
    size_t charged = tiny_count(tiny, FACT_EFFECT, 0);
    ck_assert_uint_eq(tiny_count(tiny, FACT_REPLAYED, 0), other ? 0 : 2 * (12 - charged));
    ck_assert_uint_ge(charged, other ? 12 : 2);
    ck_assert_uint_le(charged, other ? 12 : 10);
    tiny_free(tiny);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models/provider");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, plain_executes_every_request);
  tcase_add_test(tests, without_a_key_keyed_is_as_plain);
  tcase_add_test(tests, the_first_result_is_saved_and_answered_again);
  tcase_add_test(tests, an_answer_that_is_lost_is_unknown_and_can_be_asked_for_again);
  tcase_add_test(tests, a_key_that_is_under_way_is_a_conflict_and_that_is_not_saved);
  tcase_add_loop_test(tests, other_parameters_are_refused_and_that_is_not_saved, 0, 2);
  tcase_add_test(tests, another_account_is_another_parameter);
  tcase_add_test(tests, a_key_is_new_when_its_retention_is_over);
  tcase_add_test(tests, at_its_retention_to_the_ns_a_key_is_new);
  tcase_add_loop_test(tests, a_failure_is_saved_or_not, 0, 2);
  tcase_add_test(tests, what_is_not_valid_is_not_saved);
  tcase_add_test(tests, failures_are_a_share);
  tcase_add_loop_test(tests, a_provider_that_dies_has_charged_or_knows_nothing_of_it, 0,
                      sizeof deaths / sizeof *deaths);
  tcase_add_test(tests, two_runs_are_the_same);
  tcase_add_test(tests, keys_of_owners_are_apart_and_order_is_kept);
  tcase_add_test(tests, what_is_under_way_is_not_pruned);
  tcase_add_loop_test(tests, a_crash_charges_twice_without_the_providers_key, 0,
                      sizeof handlers / sizeof *handlers);
  tcase_add_test(tests, charge_with_key_asks_again_until_it_knows);
  tcase_add_test(tests, only_another_key_gets_past_a_saved_failure);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
