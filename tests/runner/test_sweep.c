/* sweep and where, as the loader reads them: which plans come of a file, and what is expected of which. */
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <stdlib.h>
#include <unistd.h>

#define S INT64_C(1000000000)

static bool try_changed(const char *text, const struct scenario_changes *changes, struct scenario *out,
                        struct err *err) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/dgsim-sweep-%d.yaml", (int)getpid());
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
  const bool loaded = scenario_load_changed(path, &fake_registry, changes, out, err);
  unlink(path);
  return loaded;
}

static struct scenario load_changed(const char *text, const struct scenario_changes *changes) {
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  const bool loaded = try_changed(text, changes, &scenario, &err);
  if (!loaded) err_print(&err, stderr);
  ck_assert_msg(loaded, "%s", err.message);
  return scenario;
}
static struct scenario load_set(const char *text, const char *set) {
  const struct scenario_changes changes = {.sets = &set, .set_count = set != NULL};
  return load_changed(text, &changes);
}
static struct scenario load(const char *text) { return load_set(text, NULL); }

/* What is printed, without its comments: `print` writes it. */
static char *bare(const char *text) {
  char *out = calloc(strlen(text) + 1, 1), *to = out;
  for (const char *line = text; *line;) {
    const char *next = strchr(line, '\n') + 1, *end = strstr(line, "# ");
    if (!end || end >= next) end = next - 1;
    while (end > line && end[-1] == ' ') end--;
    memcpy(to, line, (size_t)(end - line));
    to += end - line;
    if (end > line) *to++ = '\n';
    line = next;
  }
  return out;
}
static char *resolved(const struct scenario *scenario) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_print_resolved(scenario, out);
  fclose(out);
  return text;
}

#define ROWS                                                                                         \
  "format: 1\n"                                                                                      \
  "system: at-least-once\n"                                                                          \
  "compare:\n"                                                                                       \
  "  - {label: base}\n"                                                                              \
  "  - {label: named, handler: {name: cache-ttl}}\n"                                                 \
  "  - {label: says, handler: {name: cache-ttl, window: 7s}}\n"                                      \
  "  - {label: both, system: {name: at-most-once}, handler: {name: cache-ttl}}\n"

START_TEST(rows_come_in_order_and_the_last_key_changes_fastest) {
  struct scenario s = load(ROWS "sweep:\n"
                                "  handler/window: [1min, 5s]\n"
                                "  workload/rate: [10/s, 20/s, 30/s]\n");
  static const struct {
    const char *name;
    int64_t window, rate;
  } wanted[] = {
      {"base at workload/rate 10/s", 0, 10},
      {"base at workload/rate 20/s", 0, 20},
      {"base at workload/rate 30/s", 0, 30},
      {"named at handler/window 5s, workload/rate 10/s", 5, 10},
      {"named at handler/window 5s, workload/rate 20/s", 5, 20},
      {"named at handler/window 5s, workload/rate 30/s", 5, 30},
      {"named at handler/window 1min, workload/rate 10/s", 60, 10},
      {"named at handler/window 1min, workload/rate 20/s", 60, 20},
      {"named at handler/window 1min, workload/rate 30/s", 60, 30},
      {"says at workload/rate 10/s", 7, 10},
      {"says at workload/rate 20/s", 7, 20},
      {"says at workload/rate 30/s", 7, 30},
      {"both at handler/window 5s, workload/rate 10/s", 5, 10},
      {"both at handler/window 5s, workload/rate 20/s", 5, 20},
      {"both at handler/window 5s, workload/rate 30/s", 5, 30},
      {"both at handler/window 1min, workload/rate 10/s", 60, 10},
      {"both at handler/window 1min, workload/rate 20/s", 60, 20},
      {"both at handler/window 1min, workload/rate 30/s", 60, 30},
  };
  ck_assert_uint_eq(s.plan_count, sizeof wanted / sizeof *wanted);
  ck_assert_uint_eq(s.row_count, 4);
  for (size_t i = 0; i < s.plan_count; i++) {
    ck_assert_str_eq(s.points[i].name, wanted[i].name);
    ck_assert_int_eq(s.plans[i].workload.rate, wanted[i].rate * SCHEMA_RATE_SCALE);
    ck_assert_int_eq(s.plans[i].handler_settings.values[0].i, wanted[i].window * S);
    ck_assert_int_eq(s.plans[i].workload.duration.ns, 1000 * S / wanted[i].rate);
  }
  ck_assert_uint_eq(s.rows[3].first, 12);
  ck_assert_uint_eq(s.rows[3].count, 6);
  ck_assert_uint_eq(scenario_axes(&s), 2);
  scenario_free(&s);
}
END_TEST

START_TEST(a_value_of_the_base_is_swept_and_every_block_can_be) {
  static const struct {
    const char *path, *values, *column;
    bool is_text;
    int64_t last;
  } table[] = {
      {"system/retries", "[3, 1]", "system_retries", false, 3},
      {"system/commit_interval", "[1s, 200ms]", "system_commit_interval_ns", false, S},
      {"client/attempts", "[2, 4]", "client_attempts", false, 4},
      {"workload/size", "[1KiB, 4B]", "workload_size_bytes", false, 1024},
      {"workload/rate", "[1/s, 30/min]", "workload_rate_micro_per_s", false, SCHEMA_RATE_SCALE},
      {"workload/arrivals", "[steady, poisson]", "workload_arrivals", true, 0},
      {"workload/service_time", "[3ms, 2ms]", "workload_service_time_ns", false, 3000000},
      {"workload/service_time", "[exponential mean=3ms, 2ms]", "workload_service_time", true, 0},
      {"topology/consumers", "[5, 3]", "topology_consumers", false, 5},
      {"links/default/loss", "[1%, 50ppm]", "links_default_loss_ppb", false, 10000000},
      {"links/consumer_to_broker/bandwidth", "[1KiB/s, 1B/s]",
       "links_consumer_to_broker_bandwidth_bytes_per_s", false, 1024},
      {"costs/broker_request", "[30us, 20us]", "costs_broker_request_ns", false, 30000},
      {"faults/kill-1/for", "[3s, 2s]", "faults_kill-1_for_ns", false, 3 * S},
      {"faults/kill-1/at", "[3s, 2s]", "faults_kill-1_at_ns", false, 3 * S},
      {"faults/kill-1/kill", "[consumer.2, consumer.1]", "faults_kill-1_kill", true, 0},
      {"faults/cut/from", "[broker.1, database.1]", "faults_cut_from", true, 0},
      {"drain_limit", "[3s, 2s]", "drain_limit_ns", false, 3 * S},
      {"drain_events", "[3000, 2000]", "drain_events", false, 3000},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char text[1024];
    snprintf(text, sizeof text,
             "format: 1\n"
             "system: {name: at-least-once, retries: 9}\n"
             "client: {name: retrying, attempts: 7}\n"
             "sweep: {%s: %s}\n"
             "faults:\n"
             "  - {at: 1s, kill: consumer.1}\n"
             "  - {name: cut, at: 1s, for: 1s, partition: consumer.1, from: broker.all}\n",
             table[i].path, table[i].values);
    struct scenario s = load(text);
    ck_assert_uint_eq(s.plan_count, 2);
    ck_assert_str_eq(s.sweep[0].column, table[i].column);
    ck_assert_int_eq(s.sweep[0].is_text, table[i].is_text);
    if (!table[i].is_text) ck_assert_int_eq(s.sweep[0].numbers[1], table[i].last);
    char *once = resolved(&s);
    struct scenario again = load(once);
    char *twice = resolved(&again), *first = bare(once), *second = bare(twice);
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(s.resolved_hash, again.resolved_hash);
    ck_assert_uint_eq(again.plan_count, 2);
    scenario_free(&s), scenario_free(&again);
    free(once), free(twice), free(first), free(second);
  }
}
END_TEST

START_TEST(each_point_has_faults_of_its_own) {
  struct scenario s = load("format: 1\nsystem: at-least-once\n"
                           "sweep: {faults/cut/for: [1s, 1min], topology/consumers: [1, 4]}\n"
                           "faults: [{name: cut, at: 1s, for: 9s, partition: consumer.all, from: broker.1}]\n");
  ck_assert_uint_eq(s.plan_count, 4);
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(s.plans[i].faults[0].lasts.ns, i < 2 ? S : 60 * S);
    ck_assert_uint_eq(s.plans[i].counts[ROLE_CONSUMER], i % 2 ? 4 : 1);
    ck_assert_uint_eq(s.plans[i].faults[0].key, s.faults[0].key); /* the same luck */
  }
  scenario_free(&s);
}
END_TEST

#define GROUPS                                                                                       \
  "format: 1\n"                                                                                      \
  "system: at-least-once\n"                                                                          \
  "handler: {name: cache-ttl, window: 9s}\n"                                                         \
  "groups:\n"                                                                                        \
  "  mail: {consumers: 2}\n"                                                                         \
  "  bill: {handler: {name: cache-ttl, window: 3s}}\n"                                               \
  "  ship: {handler: dedup-table}\n"

static int64_t window_of(const struct scenario *s, size_t plan, size_t group) {
  return s->plans[plan].groups[group].handler_settings.values[0].i;
}

START_TEST(groups_take_what_they_do_not_say_themselves) {
  struct scenario s = load(GROUPS "sweep: {handler/window: [1s, 2s]}\n");
  ck_assert_uint_eq(s.plan_count, 2);
  ck_assert_int_eq(window_of(&s, 0, 0), S);
  ck_assert_int_eq(window_of(&s, 1, 0), 2 * S);
  ck_assert_int_eq(window_of(&s, 1, 1), 3 * S);
  ck_assert_int_eq(window_of(&s, 1, 2), 24 * 3600 * S); /* another key of another model */
  scenario_free(&s);
  s = load(GROUPS "sweep: {groups/bill/handler/window: [1s, 2s], groups/mail/consumers: [1, 3]}\n");
  ck_assert_uint_eq(s.plan_count, 4);
  ck_assert_int_eq(window_of(&s, 3, 0), 9 * S);
  ck_assert_int_eq(window_of(&s, 3, 1), 2 * S);
  ck_assert_uint_eq(s.plans[3].groups[0].consumers, 3);
  ck_assert_uint_eq(s.plans[2].groups[0].consumers, 1);
  scenario_free(&s);
  s = load(GROUPS "sweep: {groups/bill/handler/window: [1s, 2s], handler/window: [4s, 5s]}\n");
  char *text = resolved(&s);
  struct scenario again = load(text);
  ck_assert_uint_eq(s.resolved_hash, again.resolved_hash);
  for (size_t plan = 0; plan < 4; plan++)
    for (size_t group = 0; group < 3; group++)
      ck_assert_int_eq(window_of(&s, plan, group), window_of(&again, plan, group));
  ck_assert_int_eq(window_of(&s, 3, 0), 5 * S);
  ck_assert_int_eq(window_of(&s, 3, 1), 2 * S); /* the more special path */
  free(text);
  scenario_free(&again), scenario_free(&s);
}
END_TEST

/* Everything of which the resolved form leaves out more than the value itself. */
#define DERIVED                                                                                      \
  "format: 1\n"                                                                                      \
  "system: at-least-once\n"                                                                          \
  "compare: [{label: one}, {label: other, handler: {name: cache-ttl, window: 3s}}]\n"                \
  "workload: {for: 10s}\n"                                                                           \
  "groups: {mail: {consumers: 2}}\n"                                                                 \
  "links: {default: {reply_loss: 1%, latency: 2ms}, consumer_to_broker: {loss: 2%}}\n"               \
  "faults:\n"                                                                                        \
  "  - {every: 1s, kill: mail.any}\n"                                                                \
  "  - {when: ack-sent, intent: 2, drop: this}\n"                                                    \
  "sweep:\n"                                                                                         \
  "  links/default/request_loss: [3%, 1%]\n"                                                         \
  "  workload/rate: [20/s, 10/s]\n"                                                                  \
  "  workload/service_time: [lognormal p99=5ms median=1000us, 1ms]\n"                                \
  "  links/producer_to_broker/latency: [5ms, 1ms]\n"                                                 \
  "  faults/kill-1/stability: [500ms, 1s]\n"                                                         \
  "expect:\n"                                                                                        \
  "  - {lost: none}\n"                                                                               \
  "  - {row: one, where: {workload/rate: at least 900/min, workload/service_time: 1ms}, lost: some}\n"

START_TEST(the_resolved_form_keeps_the_sweep_and_resolves_to_itself) {
  struct scenario first = load(DERIVED);
  char *once = resolved(&first);
  struct scenario second = load(once);
  char *twice = resolved(&second), *one = bare(once), *two = bare(twice);
  ck_assert_str_eq(one, two);
  ck_assert_uint_eq(first.resolved_hash, second.resolved_hash);
  ck_assert_ptr_nonnull(strstr(one, "\nsweep:\n  links/default/request_loss: [1%, 3%]\n"
                                    "  workload/rate: [10/s, 20/s]\n"
                                    "  workload/service_time: [lognormal median=1ms p99=5ms, 1ms]\n"));
  ck_assert_ptr_nonnull(strstr(one, "where: {workload/rate: at least 15/s, workload/service_time: 1ms}"));
  ck_assert_ptr_nonnull(strstr(one, "workload:\n  for: 10s\n  arrivals:")); /* neither rate nor messages */
  ck_assert_ptr_null(strstr(one, "until:"));
  ck_assert_ptr_nonnull(strstr(one, "mail: {consumers: 2}\n"));
  ck_assert_ptr_nonnull(strstr(one, "producer_to_broker: {kind: connection, reply_loss: 1%, dup"));
  ck_assert_uint_eq(first.plan_count, 64);
  ck_assert_uint_eq(second.plan_count, 64);
  for (size_t i = 0; i < first.plan_count; i++) {
    const struct plan *a = &first.plans[i], *b = &second.plans[i];
    ck_assert_str_eq(first.points[i].name, second.points[i].name);
    ck_assert_uint_eq(a->workload.messages, b->workload.messages);
    ck_assert_str_eq(a->groups[0].service_time->text, b->groups[0].service_time->text);
    ck_assert_int_eq(a->faults[0].until.ns, b->faults[0].until.ns);
    for (int link = 0; link < LINK__COUNT; link++) {
      if (!fake_at_least_once.links[link].used) continue; /* is not written */
      ck_assert_int_eq(a->links[link].request_loss, b->links[link].request_loss);
      ck_assert_int_eq(a->links[link].reply_loss, b->links[link].reply_loss);
      ck_assert_str_eq(a->links[link].latency->text, b->links[link].latency->text);
    }
  }
  free(once), free(twice), free(one), free(two);
  scenario_free(&first), scenario_free(&second);
}
END_TEST

START_TEST(one_plan_is_cut_out_with_its_values) {
  struct scenario whole = load(DERIVED);
  for (size_t i = 0; i < whole.plan_count; i += 7) {
    char *text = NULL;
    size_t size = 0;
    struct scenario run;
    struct err err = {.code = ERR_NONE};
    FILE *out = open_memstream(&text, &size);
    scenario_print_run(&whole, i, 0, out);
    fclose(out);
    ck_assert_msg(scenario_load_text("x", text, size, true, &fake_registry, &run, &err), "%s", err.message);
    ck_assert_uint_eq(run.plan_count, 1);
    ck_assert_str_eq(run.points[0].name, whole.points[i].name);
    ck_assert_uint_eq(run.plans[0].workload.messages, whole.plans[i].workload.messages);
    ck_assert_int_eq(run.plans[0].links[LINK_PRODUCER_TO_BROKER].request_loss,
                     whole.plans[i].links[LINK_PRODUCER_TO_BROKER].request_loss);
    size_t said = 0;
    for (size_t e = 0; e < whole.expectation_count; e++)
      for (size_t r = 0; r < whole.expectations[e].row_count; r++)
        said += whole.expectations[e].rows[r] == i;
    ck_assert_uint_eq(run.expectation_count, said);
    free(text);
    scenario_free(&run);
  }
  scenario_free(&whole);
}
END_TEST

/* ---- --set ---- */

#define PICKED                                                                                       \
  ROWS "sweep: {handler/window: [1s, 2s, 3s], workload/rate: [10/s, 20/s]}\n"                        \
       "expect:\n"                                                                                   \
       "  - {row: named, where: {handler/window: at most 1s}, lost: none}\n"                         \
       "  - {row: named, where: {handler/window: at least 2s}, lost: some}\n"

START_TEST(set_picks_a_point_and_drops_what_is_said_of_others) {
  struct scenario s = load_set(PICKED, "handler/window=1500ms");
  ck_assert_uint_eq(s.plan_count, 8); /* four rows at two rates */
  ck_assert_int_eq(s.plans[s.rows[1].first].handler_settings.values[0].i, 3 * S / 2);
  ck_assert_int_eq(s.plans[s.rows[2].first].handler_settings.values[0].i, 7 * S); /* as without */
  ck_assert_uint_eq(s.expectation_count, 0);
  ck_assert_uint_eq(scenario_axes(&s), 1);
  scenario_free(&s);
  s = load_set(PICKED, "handler/window=2min");
  ck_assert_uint_eq(s.expectation_count, 1);
  ck_assert_int_eq(s.expectations[0].kind, BOUND_SOME);
  char *text = resolved(&s);
  ck_assert_ptr_nonnull(strstr(text, "  handler/window: [2min]"));
  struct scenario again = load(text);
  ck_assert_uint_eq(again.expectation_count, 1);
  ck_assert_uint_eq(again.resolved_hash, s.resolved_hash);
  free(text);
  scenario_free(&again), scenario_free(&s);
  s = load_set(PICKED, "workload/rate=5/s");
  ck_assert_uint_eq(s.plan_count, 8);
  ck_assert_uint_eq(s.expectation_count, 2);
  scenario_free(&s);
}
END_TEST

/* ---- --vary ---- */

#define WINDOWED "format: 1\nsystem: at-least-once\nhandler: {name: cache-ttl, window: 1min}\ncompare: [{label: a}, {label: b}]\n"

START_TEST(vary_is_a_list_of_sweep) {
  static const char *const varies[] = {"handler/window=4s,1s,500ms", "links/default/loss=[1%,\"2%\"]"};
  const struct scenario_changes changes = {.varies = varies, .vary_count = 2};
  struct scenario s = load_changed(PICKED, &changes);
  /* Where the file has the path, and behind it; what is said of points that are gone, too. */
  struct scenario same = load(ROWS "sweep: {handler/window: [500ms, 1s, 4s], workload/rate: [10/s, 20/s], "
                                   "links/default/loss: [1%, 2%]}\n"
                                   "expect:\n"
                                   "  - {row: named, where: {handler/window: at most 1s}, lost: none}\n"
                                   "  - {row: named, where: {handler/window: at least 2s}, lost: some}\n");
  ck_assert_uint_eq(s.resolved_hash, same.resolved_hash);
  ck_assert_uint_eq(s.plan_count, same.plan_count);
  for (size_t i = 0; i < s.plan_count; i++) ck_assert_str_eq(s.points[i].name, same.points[i].name);
  char *text = resolved(&s);
  ck_assert_ptr_nonnull(strstr(text, "  handler/window: [500ms, 1s, 4s]         # --vary\n"));
  ck_assert_ptr_nonnull(strstr(text, "  workload/rate: [10/s, 20/s]\n"));
  struct scenario again = load(text);
  ck_assert_uint_eq(again.resolved_hash, s.resolved_hash);
  free(text);
  scenario_free(&again), scenario_free(&same), scenario_free(&s);
}
END_TEST

START_TEST(vary_makes_a_sweep_and_set_picks_from_it) {
  const char *vary = "workload/service_time=1ms,exponential mean=2ms", *set = "workload/service_time=1ms";
  const struct scenario_changes varied = {.varies = &vary, .vary_count = 1};
  const struct scenario_changes picked = {.varies = &vary, .vary_count = 1, .sets = &set, .set_count = 1};
  struct scenario s = load_changed(WINDOWED, &varied);
  ck_assert_uint_eq(s.plan_count, 4);
  ck_assert_str_eq(s.sweep[0].texts[1], "exponential mean=2ms");
  scenario_free(&s);
  s = load_changed(WINDOWED, &picked);
  ck_assert_uint_eq(s.plan_count, 2);
  ck_assert_uint_eq(s.sweep[0].count, 1);
  scenario_free(&s);
}
END_TEST

START_TEST(what_is_wrong_with_vary_is_told_at_its_value) {
  static const struct {
    const char *varies[2];
    const char *path, *message, *note;
    int column;
  } rows[] = {
      {{"handler/windo=1s,2s"}, NULL, "no row has a key 'handler/windo' (did you mean 'window'?)", "", 1},
      {{"handler.window=1s"}, NULL, "no key 'handler.window' (did you mean 'handler/window'?)",
       "parts of a path are joined by /", 0},
      {{"workload/rate=10/s,2"}, NULL, "'2' has no unit", "", 7},
      {{"workload/rate=10/s,20/s,10/s"}, NULL, "'10/s' is given twice for 'workload/rate'", "", 12},
      {{"workload/rate=1/s,\"2/s, 3/s\""}, NULL, "'2/s, 3/s'", "", 6}, /* quotes keep a comma */
      {{"workload/rate="}, NULL, "'workload/rate' has no values", "", 1},
      {{"workload/rate=1/s,,2/s"}, NULL, "not YAML", "", 6},
      {{"workload/rate=[1/s"}, NULL, "not YAML", "", 1},
      {{"seeds=1,2"}, NULL, "'seeds' cannot be swept", "", 1},
      {{"workload/rate"}, NULL, "it is not PATH=VALUE,VALUE", "such as --vary", 0},
      {{"workload/rate=1/s", "workload/rate=2/s"}, "--vary workload/rate=2/s", "'workload/rate' is varied twice", "", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char path[80];
    struct scenario scenario;
    struct err err = {.code = ERR_NONE};
    const struct scenario_changes changes = {.varies = rows[i].varies, .vary_count = rows[i].varies[1] ? 2 : 1};
    ck_assert_msg(!try_changed(WINDOWED, &changes, &scenario, &err), "%s", rows[i].varies[0]);
    snprintf(path, sizeof path, "--vary %s", rows[i].varies[0]);
    ck_assert_str_eq(err.path, rows[i].path ? rows[i].path : path);
    ck_assert_msg(strncmp(err.message, rows[i].message, strlen(rows[i].message)) == 0, "%s", err.message);
    ck_assert_msg(strncmp(err.note, rows[i].note, strlen(rows[i].note)) == 0, "%s", err.note);
    if (strcmp(rows[i].message, "not YAML") != 0) ck_assert_int_eq(err.column, rows[i].column);
  }
}
END_TEST

/* ---- where ---- */

static void check_plans(const struct scenario *s, size_t index, const char *wanted) {
  char found[512] = "";
  const struct expectation *e = &s->expectations[index];
  const bool other = e->kind >= BOUND_AT_LEAST_OF;
  for (size_t i = 0; i < e->row_count; i++) {
    const size_t length = strlen(found);
    snprintf(found + length, sizeof found - length, other ? "%s%u/%u" : "%s%u", i ? " " : "", e->rows[i],
             e->others[i]);
  }
  ck_assert_msg(strcmp(found, wanted) == 0, "statement %zu: %s, wanted %s", index, found, wanted);
}

START_TEST(where_means_points_and_another_row_is_taken_at_the_same) {
  /* base: 0 1; named: 2 to 7 (windows 1, 2, 3 by rates); says: 8 9; both: 10 to 15. */
  struct scenario s = load(
      ROWS "sweep: {handler/window: [1s, 2s, 3s], workload/rate: [10/s, 20/s]}\n"
           "expect:\n"
           "  - {lost: none}\n"
           "  - {where: {workload/rate: 20/s}, lost: none}\n"
           "  - {where: {handler/window: 2s}, lost: none}\n"
           "  - {row: named, where: {handler/window: at least 1500ms, workload/rate: at most 15/s}, lost: none}\n"
           "  - {row: [both, named], where: {handler/window: between 2s and 1min}, lost: none}\n"
           "  - {row: named, lost: same as both}\n"
           "  - {row: named, lost: less than base}\n"
           "  - {row: base, where: {handler/window: 3s}, lost: more than named}\n");
  check_plans(&s, 0, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  check_plans(&s, 1, "1 3 5 7 9 11 13 15");
  check_plans(&s, 2, "4 5 12 13");
  check_plans(&s, 3, "4 6");
  check_plans(&s, 4, "12 13 14 15 4 5 6 7");
  check_plans(&s, 5, "2/10 3/11 4/12 5/13 6/14 7/15");
  check_plans(&s, 6, "2/0 3/1 4/0 5/1 6/0 7/1");
  check_plans(&s, 7, "0/6 1/7");
  ck_assert_uint_eq(s.expectations[7].other_row, 1);
  ck_assert_str_eq(s.expectations[3].text,
                   "row named: where {handler/window: at least 1500ms, workload/rate: at most 15/s}: lost: none");
  scenario_free(&s);
}
END_TEST

START_TEST(where_on_words_is_the_word) {
  struct scenario s = load("format: 1\nsystem: kafka-acks-all\nsweep: {system/acks: [all, 0, 1]}\n"
                           "expect: [{where: {system/acks: 0}, lost: none}]\n");
  ck_assert_str_eq(s.points[0].name, "kafka-acks-all at system/acks all"); /* in the order of the file */
  check_plans(&s, 0, "1");
  scenario_free(&s);
}
END_TEST

START_TEST(without_a_sweep_rows_and_plans_are_the_same) {
  struct scenario s = load("format: 1\nsystem: at-least-once\ncompare:\n"
                           "  [{label: base}, at-most-once, {label: says, handler: dedup-table}, kafka-acks-all]\n"
                           "expect: [{row: says, lost: same as base}]\n");
  ck_assert_uint_eq(s.plan_count, 4);
  ck_assert_uint_eq(s.row_count, 4);
  for (size_t i = 0; i < 4; i++) {
    ck_assert_uint_eq(s.rows[i].first, i);
    ck_assert_uint_eq(s.points[i].row, i);
    ck_assert_str_eq(s.points[i].name, s.plans[i].label);
  }
  check_plans(&s, 0, "2/0");
  ck_assert_uint_eq(scenario_axes(&s), 0);
  scenario_free(&s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sweep");
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, rows_come_in_order_and_the_last_key_changes_fastest);
  tcase_add_test(tcase, a_value_of_the_base_is_swept_and_every_block_can_be);
  tcase_add_test(tcase, each_point_has_faults_of_its_own);
  tcase_add_test(tcase, groups_take_what_they_do_not_say_themselves);
  tcase_add_test(tcase, the_resolved_form_keeps_the_sweep_and_resolves_to_itself);
  tcase_add_test(tcase, one_plan_is_cut_out_with_its_values);
  tcase_add_test(tcase, set_picks_a_point_and_drops_what_is_said_of_others);
  tcase_add_test(tcase, vary_is_a_list_of_sweep);
  tcase_add_test(tcase, vary_makes_a_sweep_and_set_picks_from_it);
  tcase_add_test(tcase, what_is_wrong_with_vary_is_told_at_its_value);
  tcase_add_test(tcase, where_means_points_and_another_row_is_taken_at_the_same);
  tcase_add_test(tcase, where_on_words_is_the_word);
  tcase_add_test(tcase, without_a_sweep_rows_and_plans_are_the_same);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
