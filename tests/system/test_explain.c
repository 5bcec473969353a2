/* Stories of single operations: what they tell, and that the files which show them are well-formed. */
#include "sim/handler/dgsim.h"
#include "sim/runner/explain.h"
#include "sim/runner/explain_diagram.h"
#include "sim/runner/explain_perfetto.h"
#include "sim/runner/explain_shiviz.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#include <jansson.h>
#include <unistd.h>

#define LOST_ACK "scenarios/tutorial/03-lost-ack.yaml"
#define CRASH "scenarios/tutorial/04-crash.yaml"
#define LOSS "scenarios/tutorial/02-loss.yaml"

struct told {
  struct scenario scenario;
  struct explain_target target;
  struct explanation explanation;
};

static enum explain_found find(const char *path, const char *row, uint64_t intent, struct told *told) {
  const struct registry registry = rig_registry();
  const struct explain_wanted wanted = {.row = row, .intent = intent, .command = "a test"};
  struct err err = {.code = ERR_NONE};
  ck_assert_msg(scenario_load(path, &registry, NULL, 0, 0, &told->scenario, &err), "%s", err.message);
  return explain_find(&told->scenario, &wanted, &told->target, &err);
}

static void tell(const char *path, const char *row, uint64_t intent, struct told *told) {
  ck_assert_int_eq(find(path, row, intent, told), EXPLAIN_FOUND);
  explain_tell(&told->scenario, &told->target, "a test", &told->explanation);
}

static void forget(struct told *told) {
  explain_deinit(&told->explanation);
  scenario_free(&told->scenario);
}

/* What a writer writes, as text to be freed. */
typedef void write_fn(const struct told *told, FILE *out);
static char *text_of(const struct told *told, write_fn *write) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  write(told, out);
  fclose(out);
  char *copy = strdup(text);
  free(text);
  return copy;
}
static void svg(const struct told *told, FILE *out) {
  diagram_write(&told->explanation.story, told->explanation.title, out);
}
static void perfetto(const struct told *told, FILE *out) {
  perfetto_write(&told->explanation.story, told->explanation.title, out);
}
static void shiviz(const struct told *told, FILE *out) { shiviz_write(&told->explanation.story, out); }

/* --- The story --- */

/* Each text occurs in a step of that node, behind the step of the one before. */
struct expected {
  const char *role, *what, *why;
};
static void check_steps(const struct story *story, const struct expected *expected, size_t count) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    for (; at < story->count; at++) {
      const struct step *step = &story->steps[at];
      if (strncmp(story->record->nodes[step->node].name, expected[i].role, strlen(expected[i].role)) == 0 &&
          strstr(step->what, expected[i].what) && strstr(step->why, expected[i].why))
        break;
    }
    ck_assert_msg(at < story->count, "no step '%s' of %s, why '%s', behind step %zu", expected[i].what,
                  expected[i].role, expected[i].why, i);
    at++;
  }
}

START_TEST(the_duplicate_problem_is_told_in_seven_steps) {
  static const struct expected seven[] = {
      {"consumer", "receives it", ""},
      {"database", "effect 1", ""},
      {"consumer", "sends the acknowledgement", ""},
      {"consumer", "the acknowledgement (delete) is lost", "dropped by fault lost-ack"},
      {"broker", "assumes that it was not processed", "no acknowledgement came in time"},
      {"broker", "hands it out AGAIN", "it is visible again"},
      {"database", "AGAIN: effect 2", ""},
  };
  struct told told;
  tell(LOST_ACK, NULL, 0, &told);
  ck_assert_uint_eq(told.target.intent, 2);
  ck_assert_str_eq(told.scenario.plans[told.target.row].label, "queue");
  check_steps(&told.explanation.story, seven, sizeof seven / sizeof *seven);
  ck_assert_int_eq(told.explanation.story.fate, FATE_MANY);
  ck_assert(strstr(told.explanation.story.verdict, "delivered again"));
  forget(&told);
}
END_TEST

START_TEST(what_a_dedup_table_recognised_is_told) {
  static const struct expected steps[] = {{"broker", "hands it out AGAIN", ""},
                                          {"consumer", "drops it as a duplicate", ""}};
  struct told told;
  tell(LOST_ACK, "queue + dedup-table", 2, &told);
  ck_assert(!told.target.anomalous);
  check_steps(&told.explanation.story, steps, 2);
  forget(&told);
}
END_TEST

START_TEST(a_message_that_a_filter_took_for_another_is_told) {
  static const struct expected steps[] = {{"broker", "hands it out", ""}, {"consumer", "drops it as a duplicate", ""}};
  struct told told;
  tell("scenarios/claims/C18-breaks-false-positive.yaml", "bloom", 0, &told);
  ck_assert_int_eq(told.explanation.story.fate, FATE_LOST_ACKED);
  check_steps(&told.explanation.story, steps, 2);
  ck_assert(strstr(told.explanation.story.verdict, "never been delivered before"));
  forget(&told);
}
END_TEST

START_TEST(a_kill_that_loses_is_told) {
  static const struct expected steps[] = {
      {"broker", "notes the acknowledgement", ""},
      {"consumer", "dies", "killed by fault crash"}};
  struct told told;
  tell(CRASH, "at-most-once", 0, &told);
  ck_assert_int_eq(told.explanation.story.fate, FATE_LOST_UNACKED);
  check_steps(&told.explanation.story, steps, 2);
  ck_assert(strstr(told.explanation.story.verdict, "acknowledged before it took effect"));
  forget(&told);
}
END_TEST

START_TEST(a_row_that_nothing_came_of_is_told) {
  static const struct expected steps[] = {
      {"producer", "asks producer_database.1 to commit", ""},
      {"producer", "dies", "killed by fault crash"},
      {"producer_database", "commits its row", ""}};
  struct told told;
  tell("scenarios/claims/C21-breaks-lost.yaml", "dual write", 0, &told);
  check_steps(&told.explanation.story, steps, 3);
  ck_assert(strstr(told.explanation.story.verdict, "its row is committed, and nothing else"));
  forget(&told);
}
END_TEST

START_TEST(an_effect_without_its_row_is_told) {
  static const struct expected steps[] = {{"producer", "dies", "killed by fault crash"}, {"database", "effect 1", ""}};
  const struct {
    struct explain_target target;
    bool phantom;
  } cases[] = {{{0, 1, 28, false}, true}, {{0, 1, 50, false}, false}, {{1, 1, 50, false}, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct told told;
    ck_assert_int_eq(find("scenarios/claims/C21-breaks-phantom.yaml", NULL, 50, &told), EXPLAIN_FOUND);
    explain_tell(&told.scenario, &cases[i].target, "a test", &told.explanation);
    if (cases[i].phantom) check_steps(&told.explanation.story, steps, 2);
    ck_assert_int_eq(told.explanation.story.fate, FATE_ONCE);
    ck_assert(!strstr(told.explanation.story.verdict, "a phantom") == !cases[i].phantom);
    forget(&told);
  }
}
END_TEST

START_TEST(a_kill_that_doubles_is_told) {
  static const struct expected steps[] = {
      {"database", "effect 1", ""},
      {"consumer", "dies; it had handled it and not acknowledged it", "killed by fault crash"},
      {"broker", "session is over", ""},
      {"broker", "hands it out AGAIN", "no acknowledgement of it has been noted"},
      {"database", "effect 2", ""}};
  struct told told;
  tell(CRASH, "at-least-once", 0, &told);
  check_steps(&told.explanation.story, steps, 5);
  forget(&told);
}
END_TEST

START_TEST(a_retry_that_is_stored_twice_is_told) {
  static const struct expected steps[] = {
      {"broker", "stores it", ""},
      {"broker", "the confirmation (produced) is lost", "the network lost it"},
      {"producer", "sends it AGAIN", "no answer has come"},
      {"broker", "stores it AGAIN", ""}};
  struct told told;
  tell(LOSS, "at-least-once", 0, &told);
  check_steps(&told.explanation.story, steps, 4);
  ck_assert(strstr(told.explanation.story.verdict, "stored more than once"));
  forget(&told);
}
END_TEST

START_TEST(a_power_loss_that_takes_the_last_copy_ends_the_story) {
  static const struct expected steps[] = {
      {"producer", "what it sends is held up", "fault late"},
      {"broker", "stores it", ""},
      {"consumer", "receives it", ""},
      {"consumer", "dies; it had received it", "killed by fault kill"},
      {"broker", "dies", "lost power by fault power"}};
  char path[] = "/tmp/dgsim-explain-XXXXXX.yaml";
  const int descriptor = mkstemps(path, sizeof ".yaml" - 1);
  ck_assert_int_ge(descriptor, 0);
  FILE *file = fdopen(descriptor, "w");
  ck_assert(file != NULL);
  fputs("format: 1\nname: power\nworkload: {messages: 50, rate: 100/s}\n"
        "topology: {consumers: 1, brokers: 1, partitions: 1}\n"
        "system: {name: at-least-once, session.timeout.ms: 6s, log_flush_interval: 60s}\n"
        "faults:\n"
        "  - {name: late, when: publish-sent, intent: 20, attempt: 1, delay: this, for: 100ms}\n"
        "  - {name: kill, when: delivery-received, intent: 20, kill: this, for: 10s}\n"
        "  - {name: power, at: 2s, power_loss: broker.1, unsynced: dropped, for: 100ms}\n",
        file);
  fclose(file);
  struct told told;
  tell(path, NULL, 20, &told);
  unlink(path);
  check_steps(&told.explanation.story, steps, 5);
  ck_assert_int_eq(told.explanation.story.fate, FATE_LOST_ACKED);
  forget(&told);
}
END_TEST

/* Does half of it where nobody sees it. */
static int in_steps(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  if (dg_step(context, "charge the card") != DG_OK) return DG_FAILED;
  return dg_apply(context);
}
static const struct handler handler_in_steps = {.name = "in-steps", .about = "of a test", .handle = in_steps,
                                                .uses = HANDLER_USES(DATABASE)};

/* A scenario of its own: what the faults do to operation 2 of a handler's. */
static void tell_faults_of(const char *handler, const char *faults, struct told *told) {
  static struct rig_text text;
  static const struct handler *handlers[64];
  struct registry registry = rig_registry();
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof(struct handler *));
  handlers[registry.handler_count++] = &handler_in_steps;
  registry.handlers = handlers;
  struct err err = {.code = ERR_NONE};
  text.length = 0;
  rig_add(&text, "format: 1\nname: told\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 1/s, arrivals: steady}\ntopology: {consumers: 1}\n"
                 "system: sqs-standard\nhandler: %s\nfaults:\n%s", handler, faults);
  ck_assert_msg(scenario_load_text("a test.yaml", text.bytes, text.length, false, &registry, &told->scenario, &err),
                "%s", err.message);
  const struct explain_wanted wanted = {.intent = 2, .command = "a test"};
  ck_assert_int_eq(explain_find(&told->scenario, &wanted, &told->target, &err), EXPLAIN_FOUND);
  explain_tell(&told->scenario, &told->target, "a test", &told->explanation);
}

static void tell_faults(const char *faults, struct told *told) { tell_faults_of("dedup-table", faults, told); }

START_TEST(what_a_handler_does_by_itself_is_told_by_its_name) {
  static const struct expected steps[] = {
      {"consumer", "its handler does by itself: charge the card", ""},
      {"consumer", "its handler's call step 'charge the card' is made, and its answer is lost", "fault lost"},
      {"consumer", "its handler does by itself: charge the card", ""},
      {"database", "effect 1", ""},
  };
  struct told told;
  tell_faults_of("in-steps", "  - {name: lost, when: handler-step, attempt: 1, intent: 2, fail: this}\n", &told);
  check_steps(&told.explanation.story, steps, sizeof steps / sizeof *steps);
  forget(&told);
}
END_TEST

static const struct {
  const char *when, *error; /* steps of the handler: begin, insert_unique, work, apply, commit */
  struct expected step;
} failed_calls[] = {
    {"before handler-step, attempt: 5", ", error: serialization",
     {"consumer", "its handler's call commit is refused: serialization failure", "fault lost-call"}},
    {"before handler-step, attempt: 2", "",
     {"consumer", "its handler's call insert_unique 'processed' is refused", "fault lost-call"}},
    {"before handler-step, attempt: 5", ", error: unknown",
     {"consumer", "its handler's call commit is not made, and gets no answer", "fault lost-call"}},
    {"handler-step, attempt: 5", "",
     {"consumer", "its handler's call commit is made, and its answer is lost", "fault lost-call"}},
};

/* Once; and not what struck another operation's. */
START_TEST(a_call_that_a_fault_failed_is_told) {
  char faults[400];
  struct told told;
  snprintf(faults, sizeof faults,
           "  - {name: lost-call, when: %s, intent: 2, fail: this%s}\n"
           "  - {name: other-call, when: before handler-step, attempt: 5, intent: 1, fail: this}\n",
           failed_calls[_i].when, failed_calls[_i].error);
  tell_faults(faults, &told);
  check_steps(&told.explanation.story, &failed_calls[_i].step, 1);
  size_t calls = 0;
  for (size_t i = 0; i < told.explanation.story.count; i++)
    calls += strstr(told.explanation.story.steps[i].what, "handler's call") != NULL;
  ck_assert_uint_eq(calls, 1);
  forget(&told);
}
END_TEST

START_TEST(a_message_that_is_handed_out_although_it_was_acknowledged_is_told) {
  static const struct expected steps[] = {
      {"broker", "notes the acknowledgement", ""},
      {"broker", "a copy of its message is left on a server that is out of reach", "fault copy"},
      {"broker", "hands it out AGAIN", "the server is there again"},
      {"consumer", "drops it as a duplicate", ""},
  };
  struct told told;
  tell_faults("  - {name: copy, when: ack-applied, intent: 2, redeliver: this, for: 3s}\n"
              "  - {name: other, when: ack-applied, intent: 1, redeliver: this, for: 3s}\n", &told);
  check_steps(&told.explanation.story, steps, sizeof steps / sizeof *steps);
  forget(&told);
}
END_TEST

START_TEST(recording_does_not_change_the_run) {
  struct told told;
  tell(CRASH, "exactly-once", 2416, &told);
  struct run *run = run_new(0, 0);
  struct run_result result;
  run_execute(run, &told.scenario.plans[told.target.row], (uint32_t)told.target.row, told.target.seed, NULL,
              "a test", &result);
  ck_assert_uint_eq(result.digest, told.explanation.record.digest);
  run_result_deinit(&result);
  run_free(run);
  forget(&told);
}
END_TEST

START_TEST(where_all_is_well_there_is_nothing_to_explain) {
  struct told told;
  ck_assert_int_eq(find("scenarios/tutorial/01-hello.yaml", NULL, 0, &told), EXPLAIN_NOTHING);
  scenario_free(&told.scenario);
}
END_TEST

START_TEST(an_operation_that_never_was_is_refused) {
  struct told told;
  ck_assert_int_eq(find(LOST_ACK, NULL, 6, &told), EXPLAIN_REFUSED);
  scenario_free(&told.scenario);
}
END_TEST

/* Fates agree with the ledger, which counts in its own way. */
START_TEST(fates_agree_with_the_ledger) {
  struct rig rig;
  rig_open(&rig, CRASH);
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    const struct plan *plan = &rig.scenario.plans[row];
    struct fates *fates = fates_new(plan);
    run_observe(rig.run, NULL, fates_sink, fates);
    struct run_result result = rig_run(&rig, row, 1);
    run_observe(rig.run, NULL, NULL, NULL);
    fates_finish(fates);
    int64_t counts[FATE__COUNT] = {0};
    for (uint64_t intent = 1; intent <= plan->workload.messages; intent++) counts[fates_of(fates, intent)]++;
    ck_assert_int_eq(counts[FATE_MANY], result.metrics[METRIC_MANY]);
    ck_assert_int_eq(counts[FATE_LOST_ACKED], result.metrics[METRIC_LOST_ACKED]);
    ck_assert_int_eq(counts[FATE_LOST_UNACKED], result.metrics[METRIC_LOST_UNACKED]);
    ck_assert_int_eq(counts[FATE_ABSENT_UNKNOWN], result.metrics[METRIC_ABSENT_UNKNOWN]);
    run_result_deinit(&result);
    fates_free(fates);
  }
  rig_close(&rig);
}
END_TEST

/* --- The diagram --- */

static size_t occurrences(const char *text, const char *what) {
  size_t count = 0;
  for (; (text = strstr(text, what)); text += strlen(what)) count++;
  return count;
}

/* Elements close in order, text has no bare < or &. What XML asks of a file as plain as ours. */
static void check_xml(const char *text) {
  char open[32][16];
  int depth = 0;
  for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
    const char *end = strchr(at, '>');
    ck_assert(end != NULL);
    if (at[1] == '?') continue;
    const size_t length = strcspn(at + 1 + (at[1] == '/'), " />\n");
    ck_assert_uint_gt(length, 0);
    if (at[1] == '/') {
      ck_assert_int_gt(depth, 0);
      depth--;
      ck_assert_msg(strncmp(open[depth], at + 2, length) == 0, "%.20s closes %s", at, open[depth]);
    } else if (end[-1] != '/') {
      ck_assert_int_lt(depth, 32);
      snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, at + 1);
    }
  }
  ck_assert_int_eq(depth, 0);
  for (const char *at = strchr(text, '&'); at; at = strchr(at + 1, '&'))
    ck_assert(strncmp(at, "&lt;", 4) == 0 || strncmp(at, "&gt;", 4) == 0 || strncmp(at, "&amp;", 5) == 0);
}

static void check_diagram(const char *path, const char *row, uint64_t intent) {
  struct told told;
  tell(path, row, intent, &told);
  const struct explain_record *record = &told.explanation.record;
  char *text = text_of(&told, svg);
  size_t lost = 0;
  for (size_t i = 0; i < record->transmission_count; i++)
    lost += record->transmissions[i].fate == FATE_LOST;
  check_xml(text);
  ck_assert_uint_gt(record->transmission_count, 0);
  ck_assert_uint_eq(occurrences(text, "class=\"arrow"), record->transmission_count);
  ck_assert_uint_eq(occurrences(text, "class=\"cross\""), lost);
  free(text);
  forget(&told);
}

START_TEST(a_diagram_has_an_arrow_a_message_and_a_cross_a_loss) {
  check_diagram(LOST_ACK, "queue", 2);
  check_diagram(CRASH, "at-most-once", 0);
  check_diagram(LOSS, "at-least-once", 0);
}
END_TEST

START_TEST(a_death_is_a_band) {
  struct told told;
  tell(CRASH, "at-least-once", 0, &told);
  char *text = text_of(&told, svg);
  ck_assert_uint_eq(occurrences(text, "height=\"20\" class=\"down\""), 1); /* the legend's */
  ck_assert_uint_ge(occurrences(text, "class=\"down\""), 2);
  free(text);
  forget(&told);
}
END_TEST

/* --- Event files --- */

START_TEST(every_flow_ends_or_is_marked) {
  struct told told;
  tell(LOSS, "at-least-once", 0, &told);
  char *text = text_of(&told, perfetto);
  json_t *root = json_loads(text, 0, NULL), *event, *other;
  size_t index, inner, begins = 0, lost = 0;
  ck_assert(root != NULL);
  json_t *events = json_object_get(root, "traceEvents");
  json_array_foreach(events, index, event) {
    if (strcmp(json_string_value(json_object_get(event, "ph")), "s") != 0) continue;
    bool ended = false;
    begins++;
    json_array_foreach(events, inner, other) {
      if (strcmp(json_string_value(json_object_get(other, "ph")), "f") != 0) continue;
      ended |= json_equal(json_object_get(event, "id"), json_object_get(other, "id"));
    }
    const bool marked = json_is_true(json_object_get(json_object_get(event, "args"), "lost"));
    lost += marked;
    ck_assert(ended != marked);
  }
  ck_assert_uint_eq(begins, told.explanation.record.transmission_count);
  ck_assert_uint_gt(lost, 0);
  json_decref(root);
  free(text);
  forget(&told);
}
END_TEST

START_TEST(vector_clocks_count_each_node_and_join_at_arrivals) {
  struct told told;
  tell(LOST_ACK, "queue", 2, &told);
  char *text = text_of(&told, shiviz), *rest = text;
  ck_assert_str_eq(strsep(&rest, "\n"), SHIVIZ_REGEX);
  ck_assert_str_eq(strsep(&rest, "\n"), "");
  int64_t consumer = 0, lines = 0;
  while (rest && *rest) {
    char *host = strsep(&rest, "\n"), *event = strsep(&rest, "\n"), *clock = strchr(host, '{');
    ck_assert(clock != NULL && event != NULL);
    clock[-1] = '\0';
    json_t *json = json_loads(clock, 0, NULL);
    ck_assert(json != NULL);
    ck_assert_int_gt(json_integer_value(json_object_get(json, host)), 0);
    if (strncmp(host, "consumer", 8) == 0) {
      ck_assert_int_eq(json_integer_value(json_object_get(json, host)), ++consumer);
      ck_assert_int_gt(json_integer_value(json_object_get(json, "broker.1")), 0);
    }
    json_decref(json);
    lines++;
  }
  ck_assert_int_gt(lines, (int64_t)told.explanation.story.count - 1);
  free(text);
  forget(&told);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("explain");
  TCase *tcase = tcase_create("explain");
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, the_duplicate_problem_is_told_in_seven_steps);
  tcase_add_test(tcase, what_a_dedup_table_recognised_is_told);
  tcase_add_test(tcase, a_message_that_a_filter_took_for_another_is_told);
  tcase_add_test(tcase, a_kill_that_loses_is_told);
  tcase_add_test(tcase, a_row_that_nothing_came_of_is_told);
  tcase_add_test(tcase, an_effect_without_its_row_is_told);
  tcase_add_test(tcase, a_kill_that_doubles_is_told);
  tcase_add_test(tcase, a_retry_that_is_stored_twice_is_told);
  tcase_add_test(tcase, what_a_handler_does_by_itself_is_told_by_its_name);
  tcase_add_loop_test(tcase, a_call_that_a_fault_failed_is_told, 0, sizeof failed_calls / sizeof *failed_calls);
  tcase_add_test(tcase, a_message_that_is_handed_out_although_it_was_acknowledged_is_told);
  tcase_add_test(tcase, a_power_loss_that_takes_the_last_copy_ends_the_story);
  tcase_add_test(tcase, recording_does_not_change_the_run);
  tcase_add_test(tcase, where_all_is_well_there_is_nothing_to_explain);
  tcase_add_test(tcase, an_operation_that_never_was_is_refused);
  tcase_add_test(tcase, fates_agree_with_the_ledger);
  tcase_add_test(tcase, a_diagram_has_an_arrow_a_message_and_a_cross_a_loss);
  tcase_add_test(tcase, a_death_is_a_band);
  tcase_add_test(tcase, every_flow_ends_or_is_marked);
  tcase_add_test(tcase, vector_clocks_count_each_node_and_join_at_arrivals);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
