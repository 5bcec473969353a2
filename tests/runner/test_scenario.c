#include "tests/runner/scenario_text.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#define SYSTEM "format: 1\nsystem: at-least-once\n"
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

/* ---- defaults ---- */

START_TEST(two_lines_run_and_everything_else_has_a_default) {
  struct scenario s = load(SYSTEM);
  ck_assert_uint_eq(s.plan_count, 1);
  ck_assert_uint_eq(s.seed_count, 1);
  ck_assert_uint_eq(s.seeds[0], 1);
  ck_assert(!s.luck_none && s.measure_capacity);
  const struct plan *plan = &s.plans[0];
  ck_assert_str_eq(plan->label, "at-least-once");
  ck_assert_ptr_eq(plan->system, &fake_at_least_once);
  ck_assert_ptr_eq(plan->handler, &fake_naive);
  ck_assert_ptr_eq(plan->database.store, &fake_transactional);
  ck_assert_uint_eq(plan->workload.messages, 1000);
  ck_assert_int_eq(plan->workload.rate, 1000 * INT64_C(1000000));
  ck_assert_int_eq(plan->workload.duration.ns, S);
  ck_assert_uint_eq(plan->workload.outstanding, 0);
  ck_assert(!plan->workload.steady);
  ck_assert_str_eq(plan->workload.gap->text, "exponential mean=1ms");
  ck_assert_uint_eq(plan->workload.keys, 100);
  ck_assert_int_eq(plan->workload.size, 1024);
  ck_assert_str_eq(plan->workload.service_time->text, "1ms");
  ck_assert_uint_eq(plan->counts[ROLE_PRODUCER], 1);
  ck_assert_uint_eq(plan->counts[ROLE_BROKER], 1);
  ck_assert_uint_eq(plan->counts[ROLE_CONSUMER], 2);
  ck_assert_uint_eq(plan->counts[ROLE_DATABASE], 1);
  ck_assert_uint_eq(plan->counts[ROLE_CLIENT], 0);
  ck_assert_uint_eq(plan->partitions, 3);
  ck_assert_uint_eq(plan->threads, 1);
  ck_assert_uint_eq(plan->cores, 1);
  ck_assert_int_eq(plan->drain_limit.ns, 0);
  ck_assert_uint_eq(plan->drain_events, PLAN_DRAIN_EVENTS);
  ck_assert_int_eq(plan->system_settings.values[1].i, 100 * MS);
  scenario_free(&s);
}
END_TEST

START_TEST(links_in_a_rack_are_nearer_unless_default_says_otherwise) {
  struct scenario s = load(SYSTEM);
  const struct link_plan *links = s.plans[0].links;
  ck_assert_str_eq(links[LINK_PRODUCER_TO_BROKER].latency->text, "lognormal median=1ms p99=5ms");
  ck_assert_str_eq(links[LINK_CONSUMER_TO_DATABASE].latency->text,
                   "lognormal median=100us p99=500us");
  ck_assert_str_eq(links[LINK_BROKER_TO_BROKER].latency->text, "lognormal median=100us p99=500us");
  ck_assert_int_eq(links[LINK_CONSUMER_TO_BROKER].bandwidth, 0);
  scenario_free(&s);
  s = load(SYSTEM "links: {default: {latency: 2ms, loss: 1%}, consumer_to_broker: {reply_loss: 3%, "
                  "bandwidth: 1MiB/s}}\n");
  links = s.plans[0].links;
  ck_assert_str_eq(links[LINK_CONSUMER_TO_DATABASE].latency->text, "2ms");
  ck_assert_int_eq(links[LINK_CONSUMER_TO_BROKER].request_loss, 10000000);
  ck_assert_int_eq(links[LINK_CONSUMER_TO_BROKER].reply_loss, 30000000);
  ck_assert_int_eq(links[LINK_PRODUCER_TO_BROKER].reply_loss, 10000000);
  ck_assert_int_eq(links[LINK_CONSUMER_TO_BROKER].bandwidth, 1 << 20);
  scenario_free(&s);
}
END_TEST

START_TEST(a_link_is_of_its_system_s_kind_where_nobody_chooses) {
  const char *rows = "format: 1\ncompare: [sqs-standard, at-least-once]\n";
  struct scenario s = load(rows);
  ck_assert_int_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].kind, LINK_KIND_PER_REQUEST);
  ck_assert_int_eq(s.plans[1].links[LINK_CONSUMER_TO_BROKER].kind, LINK_KIND_CONNECTION);
  char *text = resolved(&s, false);
  ck_assert_ptr_nonnull(strstr(text, "consumer_to_broker: {latency")); /* no one kind for both */
  free(text);
  scenario_free(&s);
  s = load("format: 1\nsystem: sqs-standard\nlinks: {consumer_to_broker: {kind: datagram, "
           "duplication: 1%}}\n");
  ck_assert_int_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].kind, LINK_KIND_DATAGRAM);
  ck_assert_int_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].duplication, 10000000);
  scenario_free(&s);
  s = load("format: 1\nsystem: sqs-standard\nlinks: {default: {reordering: 1%}}\n");
  ck_assert_int_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].reordering, 0); /* not of a request */
  scenario_free(&s);
}
END_TEST

START_TEST(seeds_are_a_count_or_a_list) {
  struct scenario s = load(SYSTEM "seeds: 200\n");
  ck_assert_uint_eq(s.seed_count, 200);
  ck_assert_uint_eq(s.seeds[199], 200);
  scenario_free(&s);
  s = load(SYSTEM "seeds: [7, 3]\n");
  ck_assert_uint_eq(s.seed_count, 2);
  ck_assert_uint_eq(s.seeds[0], 7);
  scenario_free(&s);
  struct err err = {.code = ERR_NONE};
  write_text(SYSTEM "seeds: [7, 3]\n");
  ck_assert(scenario_load(text_path, &fake_registry, NULL, 0, 5, &s, &err));
  ck_assert_uint_eq(s.seed_count, 5);
  ck_assert_uint_eq(s.seeds[4], 5);
  unlink(text_path);
  scenario_free(&s);
}
END_TEST

START_TEST(a_precision_is_of_campaigns_with_seeds_to_spare) {
  struct scenario s = load(SYSTEM "seeds: 100\nprecision: {latency_p99: 5%, lost: 250ppm}\n");
  ck_assert_uint_eq(s.precision_count, 2);
  ck_assert_int_eq(s.precision[0].metric, METRIC_LATENCY_P99);
  ck_assert_int_eq(s.precision[0].share, SCHEMA_SHARE_SCALE / 20);
  ck_assert_int_eq(s.precision[1].share, SCHEMA_SHARE_SCALE / 4000);
  char *once = resolved(&s, false);
  ck_assert_ptr_nonnull(strstr(once, "\nprecision: {latency_p99: 5%, lost: 0.025%}\n"));
  struct scenario again = load(once);
  ck_assert_uint_eq(again.resolved_hash, s.resolved_hash);
  ck_assert_uint_eq(again.precision_count, 2);
  free(once);
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_print_run(&s, 0, 3, out);
  fclose(out);
  ck_assert_ptr_null(strstr(text, "precision"));
  free(text);
  scenario_free(&s), scenario_free(&again);
  /* Fewer seeds on the command line leave nothing to end early, and are no mistake; all of them are run. */
  struct err err = {.code = ERR_NONE};
  write_text(SYSTEM "seeds: 100\nprecision: {lost: 1%}\n");
  ck_assert(scenario_load(text_path, &fake_registry, NULL, 0, 32, &s, &err));
  ck_assert_uint_eq(s.precision_count, 0);
  char *few = resolved(&s, false);
  ck_assert_ptr_null(strstr(few, "precision"));
  free(few);
  unlink(text_path);
  scenario_free(&s);
}
END_TEST

START_TEST(the_name_is_the_file_s_unless_given) {
  static const struct {
    const char *path, *name;
  } cases[] = {{"/tmp/dgsim My_File (2).yaml", "dgsim-my-file-2"},
               {"/tmp/03-dgsim.yml", "03-dgsim"},
               {"/tmp/On.yaml", "scenario"}};
  for (size_t i = 0; i < 3; i++) {
    struct scenario s;
    struct err err = {.code = ERR_NONE};
    FILE *file = fopen(cases[i].path, "w");
    fputs(SYSTEM, file);
    fclose(file);
    ck_assert(scenario_load(cases[i].path, &fake_registry, NULL, 0, 0, &s, &err));
    ck_assert_str_eq(s.name, cases[i].name);
    unlink(cases[i].path);
    scenario_free(&s);
  }
}
END_TEST

START_TEST(luck_none_and_switches_reach_the_plans) {
  struct scenario s = load(SYSTEM "luck: none\nmeasure_capacity: false\ndrain_limit: 5min\ndrain_events: 7\n");
  ck_assert(s.luck_none && s.plans[0].luck_none && !s.measure_capacity);
  ck_assert_int_eq(s.plans[0].drain_limit.ns, 300 * S);
  ck_assert_uint_eq(s.plans[0].drain_events, 7);
  scenario_free(&s);
}
END_TEST

/* ---- workload ---- */

START_TEST(of_messages_rate_and_for_the_third_follows) {
  static const struct {
    const char *text;
    uint64_t messages;
    int64_t rate, ns;
  } cases[] = {
      {"messages: 5", 5, 1000000000, 5 * MS},
      {"rate: 10/s", 1000, 10000000, 100 * S},
      {"for: 2s", 2000, 1000000000, 2 * S},
      {"messages: 5, rate: 10/s", 5, 10000000, 500 * MS},
      {"rate: 2000/s, for: 1min", 120000, 2000000000, 60 * S},
      {"messages: 100, for: 3s", 100, 33333333, 3 * S},
      {"messages: 7, rate: 3/s", 7, 3000000, INT64_C(2333333333)},
      {"rate: 1/min, for: 1h", 60, 16667, 3600 * S},
      {"messages: 300, rate: 10/s, for: 30s", 300, 10000000, 30 * S},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[256];
    snprintf(text, sizeof text, SYSTEM "workload: {%s}\n", cases[i].text);
    struct scenario s = load(text);
    ck_assert_uint_eq(s.plans[0].workload.messages, cases[i].messages);
    ck_assert_int_eq(s.plans[0].workload.rate, cases[i].rate);
    ck_assert_int_eq(s.plans[0].workload.duration.ns, cases[i].ns);
    /* The resolved form gives all three, and they agree. */
    char *once = resolved(&s, true);
    scenario_free(&s);
    s = load(once);
    ck_assert_uint_eq(s.plans[0].workload.messages, cases[i].messages);
    ck_assert_int_eq(s.plans[0].workload.duration.ns, cases[i].ns);
    free(once);
    scenario_free(&s);
  }
}
END_TEST

START_TEST(outstanding_replaces_the_rate) {
  struct scenario s = load(SYSTEM "workload: {messages: 50, outstanding: 8, arrivals: steady}\n");
  ck_assert_uint_eq(s.plans[0].workload.outstanding, 8);
  ck_assert_int_eq(s.plans[0].workload.rate, 0);
  ck_assert_ptr_null(s.plans[0].workload.gap);
  ck_assert(s.plans[0].workload.steady);
  scenario_free(&s);
}
END_TEST

/* ---- slots and rows ---- */

START_TEST(a_slot_without_a_name_changes_the_base_and_one_with_a_name_starts_anew) {
  struct scenario s = load("format: 1\n"
                           "system: {name: kafka-acks-all, acks: 1, min.insync.replicas: 2}\n"
                           "handler: {name: dedup-table, retention: 1h}\n"
                           "compare:\n"
                           "  - {label: base}\n"
                           "  - {label: changed, system: {acks: 0}}\n"
                           "  - {label: anew, system: {name: kafka-acks-all, linger.ms: 5}}\n"
                           "  - {label: bare, system: kafka-acks-all, handler: dedup-table}\n"
                           "  - {label: other, system: sqs-standard, handler: naive}\n"
                           "  - {label: longer, handler: {retention: 2h}}\n");
  const struct plan *p = s.plans;
  ck_assert_uint_eq(s.plan_count, 6);
  ck_assert_int_eq(p[0].system_settings.values[0].i, 1);
  ck_assert_int_eq(p[0].system_settings.values[1].i, 2);
  ck_assert_int_eq(p[1].system_settings.values[0].i, 0);
  ck_assert_int_eq(p[1].system_settings.values[1].i, 2); /* of the base */
  ck_assert_int_eq(p[2].system_settings.values[0].i, 2); /* the table's: all */
  ck_assert_int_eq(p[2].system_settings.values[1].i, 1);
  ck_assert_int_eq(p[2].system_settings.values[3].i, 5 * MS);
  ck_assert_int_eq(p[2].handler_settings.values[0].i, 3600 * S); /* another slot: still the base */
  ck_assert_int_eq(p[3].system_settings.values[0].i, 2);
  ck_assert_int_eq(p[3].handler_settings.values[0].i, 86400 * S);
  ck_assert_ptr_eq(p[4].system, &fake_sqs);
  ck_assert_int_eq(p[4].system_settings.values[0].i, 30 * S); /* nothing of acks leaked */
  ck_assert_int_eq(p[4].handler_settings.values[0].i, 0);
  ck_assert_int_eq(p[5].handler_settings.values[0].i, 7200 * S);
  scenario_free(&s);
}
END_TEST

START_TEST(labels_are_the_system_and_the_slots_that_the_row_names) {
  struct scenario s =
      load("format: 1\nhandler: {name: cache-ttl, window: 1s}\nsystem: {name: at-most-once}\n"
           "compare:\n"
           "  - {system: at-least-once, handler: dedup-table}\n"
           "  - {handler: naive, database: transactional}\n"
           "  - {label: Fixed (50%) + x_1.0-a=b, system: exactly-once, handler: naive}\n"
           "  - {system: {retries: 2}, handler: {window: 3s}}\n");
  ck_assert_str_eq(s.plans[0].label, "at-least-once + dedup-table");
  ck_assert_str_eq(s.plans[1].label, "at-most-once + naive + transactional");
  ck_assert_str_eq(s.plans[2].label, "Fixed (50%) + x_1.0-a=b");
  ck_assert_str_eq(s.plans[3].label, "at-most-once");
  scenario_free(&s);
}
END_TEST

START_TEST(rows_share_world_and_faults) {
  struct scenario s =
      load("format: 1\ncompare: [at-most-once, exactly-once]\ntopology: {consumers: 5}\n"
           "faults:\n  - {at: 1s, kill: consumer.5}\n");
  ck_assert_ptr_eq(s.plans[0].faults, s.plans[1].faults);
  ck_assert_ptr_eq(s.plans[0].faults, s.faults);
  ck_assert_uint_eq(s.plans[1].counts[ROLE_CONSUMER], 5);
  scenario_free(&s);
}
END_TEST

/* ---- expect ---- */

START_TEST(bounds_are_words) {
  struct scenario s =
      load("format: 1\ncompare: [at-most-once, at-least-once, exactly-once]\nexpect:\n"
           "  - {row: at-most-once, lost: some, duplicate_effects: none, about: it loses}\n"
           "  - {lost: 3, ok: at least 3, effects: at most 1%, latency_p99: between 3ms and 9ms}\n"
           "  - {row: [at-least-once, exactly-once], capacity: at least 90% of at-most-once}\n"
           "  - {row: exactly-once, goodput: less than at-least-once, drain: same as at-most-once, "
           "dedup_bytes_peak: at most 2MiB}\n"
           "  - {row: exactly-once, violates: none}\n"
           "  - {row: exactly-once, violates: [lost, duplicate_effects]}\n");
  const struct expectation *e = s.expectations;
  ck_assert_uint_eq(s.expectation_count, 12);
  ck_assert_uint_eq(e[0].row_count, 1);
  ck_assert_uint_eq(e[0].metric, METRIC_LOST);
  ck_assert_int_eq(e[0].kind, BOUND_SOME);
  ck_assert_str_eq(e[0].text, "row at-most-once: lost: some");
  ck_assert_int_eq(e[0].line, 4);
  ck_assert_int_eq(e[1].kind, BOUND_NONE);
  ck_assert_uint_eq(e[2].row_count, 3);
  ck_assert_int_eq(e[2].kind, BOUND_EXACTLY);
  ck_assert_int_eq(e[2].low, 3);
  ck_assert_int_eq(e[3].kind, BOUND_AT_LEAST);
  ck_assert(!e[3].relative && e[4].relative);
  ck_assert_int_eq(e[4].kind, BOUND_AT_MOST);
  ck_assert_int_eq(e[4].high, SCHEMA_SHARE_SCALE / 100);
  ck_assert_int_eq(e[5].kind, BOUND_BETWEEN);
  ck_assert_int_eq(e[5].low, 3 * MS);
  ck_assert_int_eq(e[5].high, 9 * MS);
  ck_assert_uint_eq(e[6].metric, EXPECT_CAPACITY);
  ck_assert_int_eq(e[6].kind, BOUND_AT_LEAST_OF);
  ck_assert_int_eq(e[6].share, SCHEMA_SHARE_SCALE / 10 * 9);
  ck_assert_uint_eq(e[6].other_row, 0);
  ck_assert_uint_eq(e[6].rows[1], 2);
  ck_assert_int_eq(e[7].kind, BOUND_LESS_THAN);
  ck_assert_uint_eq(e[7].other_row, 1);
  ck_assert_int_eq(e[8].kind, BOUND_SAME_AS);
  ck_assert_int_eq(e[9].high, 2 << 20);
  ck_assert_uint_eq(e[10].metric, EXPECT_VIOLATES);
  ck_assert_uint_eq(e[10].violations, 0);
  ck_assert_uint_eq(e[11].violations, CLAIM_BIT(DUPLICATE_EFFECTS));
  ck_assert_uint_eq(e[11].violations_either, CLAIM_BIT(LOST_ACKED) | CLAIM_BIT(LOST_UNACKED));
  scenario_free(&s);
}
END_TEST

/* ---- resolved form ---- */

#define EVERYTHING                                                                                 \
  "format: 1\n"                                                                                    \
  "name: everything\n"                                                                             \
  "about: \"quotes \\\" and \\\\ and \\u2028 and ä and\\nlines # no comment\"\n"                  \
  "seeds: [7, 9]\n"                                                                                \
  "luck: drawn\n"                                                                                  \
  "drain_limit: 90s\n"                                                                             \
  "drain_events: 90000\n"                                                                          \
  "workload: {messages: 1000, rate: 3/s, keys: 7, service_time: mix 5ms=10% 1ms=90%, arrivals: "   \
  "steady}\n"                                                                                      \
  "topology: {producers: 2, brokers: 3, consumers: 3}\n"                                           \
  "links:\n"                                                                                       \
  "  default: {latency: lognormal p99=5ms median=1000us, duplication: 1%}\n"                       \
  "  consumer_to_broker: {request_loss: 0.25%, bandwidth: 1024KiB/s}\n"                            \
  "costs: {broker_request: 30us}\n"                                                                \
  "system: {name: kafka-acks-all, linger.ms: 5}\n"                                                 \
  "handler: {name: dedup-table, retention: 1h}\n"                                                  \
  "compare:\n"                                                                                     \
  "  - {label: log}\n"                                                                             \
  "  - {system: sqs-standard, handler: {name: cache-ttl, window: 90s}}\n"                          \
  "faults:\n"                                                                                      \
  "  - {name: cut, at: 10s, for: 2s, partition: [consumer.1, broker.any], from: database.1}\n"     \
  "  - {every: exponential mean=3s, reset: producer.2_to_broker}\n"                                \
  "  - {every: 8s, times: 4, kill: consumer.any, stability: 1s}\n"                                 \
  "  - {at: 40s, deploy: consumer.all, grace: 2000ms}\n"                                           \
  "  - {when: before receipt-expired, intent: 2, attempt: 1, node: broker.leader, kill: this}\n"   \
  "expect:\n"                                                                                      \
  "  - {row: log, about: \"a: b\", lost: at most 0.1%, violates: [lost, reordered]}\n"             \
  "  - {latency_p99: between 1ms and 2000ms}\n"                                                    \
  "  - {row: [log], capacity: at least 50% of sqs-standard + cache-ttl}\n"

START_TEST(the_resolved_form_resolves_to_itself) {
  struct scenario first = load(EVERYTHING);
  char *once = resolved(&first, true), *once_bare = resolved(&first, false);
  struct scenario second = load(once);
  char *twice_bare = resolved(&second, false);
  ck_assert_str_eq(once_bare, twice_bare);
  ck_assert_uint_eq(first.resolved_hash, second.resolved_hash);
  ck_assert_str_eq(first.about, second.about);
  ck_assert_ptr_nonnull(strstr(once, "mix 1ms=90% 5ms=10%"));
  ck_assert_ptr_nonnull(
      strstr(once, "  for: 333.333333333s") ? once : strstr(once, "  for: 333333333333ns"));
  ck_assert_ptr_nonnull(strstr(once, "# derived: messages / rate"));
  ck_assert_ptr_nonnull(strstr(once, "# system acks: default, producer configuration: acks"));
  ck_assert_ptr_nonnull(strstr(
      once,
      "{label: sqs-standard + cache-ttl, system: {name: sqs-standard, visibility_timeout: 30s"));
  ck_assert_ptr_nonnull(strstr(once, "request_loss: 0.25%, reply_loss: 0%, duplication: 0%"));
  ck_assert_ptr_nonnull(strstr(once, "until: "));
  ck_assert_uint_eq(first.plan_count, second.plan_count);
  for (size_t i = 0; i < first.fault_count; i++)
    ck_assert_uint_eq(first.faults[i].key, second.faults[i].key);
  free(once), free(once_bare), free(twice_bare);
  scenario_free(&first);
  scenario_free(&second);
}
END_TEST

START_TEST(the_hash_is_of_what_is_said_not_of_how) {
  struct scenario a = load(SYSTEM "workload: {rate: 60/min, messages: 3}\n");
  struct scenario b = load(
      "# a comment\nformat: 1\nworkload:\n  messages: 3\n  rate: 1/s\ncompare: [at-least-once]\n");
  struct scenario c = load(SYSTEM "workload: {rate: 60/min, messages: 4}\n");
  ck_assert_uint_eq(a.resolved_hash, b.resolved_hash);
  ck_assert_uint_ne(a.resolved_hash, c.resolved_hash);
  scenario_free(&a), scenario_free(&b), scenario_free(&c);
}
END_TEST

/* ---- --set ---- */

START_TEST(set_edits_what_the_file_says) {
  struct scenario s = load_set(SYSTEM "workload: {rate: 5/s}\n", "workload/rate=20/s");
  ck_assert_int_eq(s.plans[0].workload.rate, 20000000);
  char *text = resolved(&s, true);
  ck_assert_ptr_nonnull(strstr(text, "rate: 20/s"));
  ck_assert_ptr_nonnull(strstr(text, "# --set"));
  free(text);
  scenario_free(&s);
  s = load_set(SYSTEM, "links/default/loss=1%"); /* makes what is not there */
  ck_assert_int_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].reply_loss, 10000000);
  scenario_free(&s);
  s = load_set("format: 1\nsystem: kafka-acks-all\n",
               "system/min.insync.replicas=2"); /* dots are the key's */
  ck_assert_ptr_eq(s.plans[0].system, &fake_kafka);
  ck_assert_int_eq(s.plans[0].system_settings.values[1].i, 2);
  scenario_free(&s);
  s = load_set(SYSTEM, "compare=[at-most-once, {label: b, handler: dedup-table}]");
  ck_assert_uint_eq(s.plan_count, 2);
  ck_assert_ptr_eq(s.plans[1].handler, &fake_dedup);
  scenario_free(&s);
  s = load_set(SYSTEM, "handler=dedup-table");
  ck_assert_ptr_eq(s.plans[0].handler, &fake_dedup);
  scenario_free(&s);
}
END_TEST

START_TEST(set_finds_faults_by_the_name_that_they_have_or_will_get) {
  const char *faults = SYSTEM "faults:\n"
                              "  - {at: 1s, kill: consumer.1}\n"
                              "  - {name: cut, at: 1s, partition: consumer.1, for: 1s}\n"
                              "  - {at: 2s, power_loss: consumer.1}\n";
  static const char *const sets[] = {"faults/cut/for=7s", "faults/kill-1/at=9s",
                                     "faults/power-loss-1/unsynced=torn", "seeds=3"};
  struct scenario s = load_with(faults, sets, 4);
  ck_assert_int_eq(s.faults[1].lasts.ns, 7 * S);
  ck_assert_int_eq(s.faults[0].at.ns, 9 * S);
  ck_assert_int_eq(s.faults[2].unsynced, UNSYNCED_TORN);
  ck_assert_uint_eq(s.seed_count, 3);
  scenario_free(&s);
}
END_TEST

START_TEST(an_error_in_an_argument_is_placed_in_the_argument) {
  struct scenario s;
  struct err err;
  const char *set = "workload/service_time=lognormal(median=1ms)";
  ck_assert(!try_load(SYSTEM, &set, 1, &s, &err));
  ck_assert_str_eq(err.path, "--set workload/service_time=lognormal(median=1ms)");
  ck_assert_int_eq(err.line, 1);
  ck_assert_str_eq(err.source_line, "lognormal(median=1ms)");
}
END_TEST

START_TEST(one_distribution_is_built_once) {
  struct scenario s = load(SYSTEM);
  ck_assert_ptr_eq(s.plans[0].links[LINK_CONSUMER_TO_BROKER].latency,
                   s.plans[0].links[LINK_PRODUCER_TO_BROKER].latency);
  scenario_free(&s);
}
END_TEST

/* ---- the list for people ---- */

START_TEST(the_list_of_keys_shows_every_table) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_list_keys(&fake_registry, out);
  fclose(out);
  static const char *const words[] = {
      "measure_capacity", "service_time",        "partitions", "request_loss",
      "database_commit",  "min.insync.replicas", "window"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    ck_assert_msg(strstr(text, words[i]) != NULL, "%s", words[i]);
  free(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario");
  TCase *tcase = tcase_create("all");
  const TTest *const tests[] = {
      two_lines_run_and_everything_else_has_a_default,
      links_in_a_rack_are_nearer_unless_default_says_otherwise,
      a_link_is_of_its_system_s_kind_where_nobody_chooses,
      seeds_are_a_count_or_a_list,
      a_precision_is_of_campaigns_with_seeds_to_spare,
      the_name_is_the_file_s_unless_given,
      luck_none_and_switches_reach_the_plans,
      of_messages_rate_and_for_the_third_follows,
      outstanding_replaces_the_rate,
      a_slot_without_a_name_changes_the_base_and_one_with_a_name_starts_anew,
      labels_are_the_system_and_the_slots_that_the_row_names,
      rows_share_world_and_faults,
      bounds_are_words,
      the_resolved_form_resolves_to_itself,
      the_hash_is_of_what_is_said_not_of_how,
      set_edits_what_the_file_says,
      set_finds_faults_by_the_name_that_they_have_or_will_get,
      an_error_in_an_argument_is_placed_in_the_argument,
      one_distribution_is_built_once,
      the_list_of_keys_shows_every_table,
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
