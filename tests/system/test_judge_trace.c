/* A trace is judged as its run was: for every scenario that we ship, and for those that are awkward. */
#include "sim/base/hash.h"
#include "sim/runner/judge_trace.h"
#include "sim/world/fact.h"
#include "tests/system/rig.h"

#include <glob.h>

/* A run and its trace, as `dgsim run --trace` leaves them. */
static FILE *traced(struct rig *rig, size_t row, size_t seed, struct run_result *out) {
  struct err err = {.code = ERR_NONE};
  FILE *file = tmpfile();
  ck_assert(file != NULL);
  ck_assert_msg(judge_trace_begin(file, &rig->scenario, row, seed, &err), "%s", err.message);
  run_execute(rig->run, &rig->scenario.plans[row], (uint32_t)row, rig->scenario.seeds[seed], file,
              "a test", out);
  ck_assert_int_eq(fflush(file), 0);
  rewind(file);
  return file;
}

static bool judge(FILE *file, struct scenario *scenario, struct campaign *campaign,
                  struct err *err) {
  const struct registry registry = rig_registry();
  *err = (struct err){.code = ERR_NONE};
  return judge_trace(file, "run.trace", &registry, scenario, campaign, err);
}

static void same_results(const struct run_result *a, const struct run_result *b, size_t faults) {
  for (int metric = 0; metric < METRIC__COUNT; metric++)
    ck_assert_msg(a->metrics[metric] == b->metrics[metric], "%s: %lld, not %lld",
                  metric_rows[metric].name, (long long)b->metrics[metric],
                  (long long)a->metrics[metric]);
  ck_assert_uint_eq(a->seed, b->seed);
  ck_assert_uint_eq(a->digest, b->digest);
  ck_assert_uint_eq(a->records, b->records);
  ck_assert_int_eq(a->verdict, b->verdict);
  ck_assert_uint_eq(a->violations, b->violations);
  ck_assert_int_eq(a->drained, b->drained);
  ck_assert_int_eq(a->end_ns, b->end_ns);
  ck_assert_mem_eq(a->fault_hits, b->fault_hits, faults * sizeof *a->fault_hits);
  ck_assert_mem_eq(a->fault_applies, b->fault_applies, faults);
  ck_assert_uint_eq(a->window_count, b->window_count);
  for (size_t i = 0; i < a->window_count; i++) {
    ck_assert_uint_eq(a->windows[i].fault, b->windows[i].fault);
    ck_assert_int_eq(a->windows[i].begin, b->windows[i].begin);
    ck_assert_int_eq(a->windows[i].end, b->windows[i].end);
  }
  ck_assert_uint_eq(a->latency.count, b->latency.count);
  ck_assert_mem_eq(a->latency.items, b->latency.items, a->latency.count);
  ck_assert_uint_eq(a->timeline_count, b->timeline_count);
  ck_assert_int_eq(a->timeline_width, b->timeline_width);
  ck_assert_uint_eq(a->timeline.count, b->timeline.count);
  ck_assert_mem_eq(a->timeline.items, b->timeline.items, a->timeline.count);
}

/* What the text in the trace says, run again, is the same run with the same verdict. */
static void same_when_run(const struct campaign *judged) {
  struct campaign again;
  const struct campaign_options options = {.workers = 1, .command = "a test"};
  campaign_run(judged->scenario, &options, &again);
  same_results(&again.results[0], &judged->results[0], judged->scenario->fault_count);
  ck_assert_int_eq(again.verdict, judged->verdict);
  ck_assert_uint_eq(campaign_digest(&again), campaign_digest(judged));
  for (size_t i = 0; i < judged->scenario->expectation_count; i++) {
    ck_assert_int_eq(again.expectations[i].holds, judged->expectations[i].holds);
    ck_assert_str_eq(again.expectations[i].found, judged->expectations[i].found);
  }
  campaign_free(&again);
}

static void check_row(struct rig *rig, size_t row, size_t seed) {
  struct run_result result;
  struct scenario scenario;
  struct campaign campaign;
  struct err err;
  FILE *file = traced(rig, row, seed, &result);
  ck_assert_msg(judge(file, &scenario, &campaign, &err), "%s:%d: %s", rig->scenario.path, err.line,
                err.message);
  fclose(file);
  ck_assert_str_eq(scenario.name, rig->scenario.name);
  ck_assert_str_eq(scenario.plans[0].label, rig->scenario.plans[row].label);
  ck_assert_uint_eq(scenario.fault_count, rig->scenario.fault_count);
  same_results(&result, &campaign.results[0], scenario.fault_count);
  same_when_run(&campaign);
  campaign_free(&campaign);
  scenario_free(&scenario);
  run_result_deinit(&result);
}

START_TEST(every_shipped_scenario_is_judged_from_its_trace_as_it_was_run) {
  glob_t paths;
  ck_assert_int_eq(glob("scenarios/*.yaml", 0, NULL, &paths), 0);
  ck_assert_int_eq(glob("scenarios/tutorial/*.yaml", GLOB_APPEND, NULL, &paths), 0);
  for (size_t i = 0; i < paths.gl_pathc; i++) {
    struct rig rig;
    rig_open(&rig, paths.gl_pathv[i]);
    const struct scenario *scenario = &rig.scenario;
    check_row(&rig, i % scenario->plan_count, scenario->seed_count - 1); /* all rows have their turn */
    rig_close(&rig);
  }
  ck_assert_uint_ge(paths.gl_pathc, 9);
  globfree(&paths);
}
END_TEST

/* A link that only one kind of row has. */
START_TEST(a_list_of_operations_that_leaves_numbers_out_is_judged_as_it_was_run) {
  struct rig rig;
  rig_load(&rig, "format: 1\n"
                 "workload: {intents: [{id: 2, at: 0s}, {id: 17, at: 5ms}]}\n"
                 "system: at-least-once\n");
  check_row(&rig, 0, 0);
  rig_close(&rig);
}
END_TEST

START_TEST(faults_of_other_rows_systems_stay_and_are_not_applicable) {
  struct rig rig;
  rig_load(&rig, "format: 1\n"
                 "workload: {messages: 200, rate: 100/s}\n"
                 "compare: [{label: queue, system: sqs-standard}, at-least-once,\n"
                 "          {label: topic, system: at-least-once, handler: transform}]\n"
                 "faults:\n"
                 "  - {name: ack, when: ack-sent, nth: 1, drop: this}\n"
                 "  - {name: inside, at: 1s, reset: broker_to_broker}\n"
                 "  - {name: crash, at: 1s, kill: consumer.1, for: 1s}\n"
                 "expect: [{lost: none}, {row: queue, lost: none, goodput: less than topic}]\n");
  for (size_t row = 0; row < 3; row++) check_row(&rig, row, 0);
  rig_close(&rig);
}
END_TEST

/* A small run whose trace is altered. */
static void load_small(struct rig *rig) {
  rig_load(rig, "format: 1\n"
                "workload: {messages: 40, rate: 100/s}\n"
                "system: {name: at-least-once, session.timeout.ms: 6s}\n"
                "faults: [{name: crash, at: 100ms, kill: consumer.1, for: 100ms}]\n");
}

/* The trace as one block of bytes; *out_records: where its records begin. */
static unsigned char *bytes_of(FILE *file, size_t *out_size, size_t *out_records) {
  fseek(file, 0, SEEK_END);
  *out_size = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*out_size);
  ck_assert_uint_eq(fread(bytes, 1, *out_size, file), *out_size);
  fclose(file);
  uint32_t text;
  memcpy(&text, bytes + 16, sizeof text); /* the machines that run tests are little-endian */
  *out_records = 24 + text;
  return bytes;
}

static FILE *file_of(const unsigned char *bytes, size_t size) {
  FILE *file = tmpfile();
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  rewind(file);
  return file;
}

static size_t find_fact(const unsigned char *bytes, size_t size, size_t from, enum fact kind) {
  for (size_t at = from; at < size; at += 32) {
    struct trace_record record;
    memcpy(&record, bytes + at, sizeof record);
    if (record.kind == kind) return at;
  }
  ck_abort_msg("no such fact");
  return 0;
}

START_TEST(a_trace_without_one_effect_is_judged_as_a_loss) {
  struct rig rig;
  load_small(&rig);
  struct run_result result;
  size_t size, records;
  unsigned char *bytes = bytes_of(traced(&rig, 0, 0, &result), &size, &records);
  ck_assert_int_eq(result.verdict, VERDICT_HELD);
  size_t effect = find_fact(bytes, size, records, FACT_EFFECT);
  memmove(bytes + effect, bytes + effect + 32, size - effect - 32);
  struct scenario scenario;
  struct campaign campaign;
  struct err err;
  FILE *file = file_of(bytes, size - 32);
  ck_assert_msg(judge(file, &scenario, &campaign, &err), "%s", err.message);
  fclose(file);
  ck_assert_int_eq(campaign.verdict, VERDICT_VIOLATED);
  ck_assert_int_eq(campaign_exit_status(&campaign), 1);
  ck_assert_int_eq(campaign.results[0].metrics[METRIC_LOST_ACKED], 1);
  ck_assert_uint_ne(campaign.results[0].digest, result.digest);
  campaign_free(&campaign);
  scenario_free(&scenario);
  free(bytes);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(a_fault_that_is_never_hit_in_the_trace_makes_it_inconclusive) {
  struct rig rig;
  load_small(&rig);
  struct run_result result;
  size_t size, records;
  unsigned char *bytes = bytes_of(traced(&rig, 0, 0, &result), &size, &records);
  ck_assert_uint_gt(result.fault_hits[0], 0);
  for (uint64_t i = 0; i < result.fault_hits[0]; i++) {
    const uint16_t other = FACT_RETRIED; /* explains, and decides nothing */
    memcpy(bytes + find_fact(bytes, size, records, FACT_FAULT_HIT) + 24, &other, sizeof other);
  }
  struct scenario scenario;
  struct campaign campaign;
  struct err err;
  FILE *file = file_of(bytes, size);
  ck_assert_msg(judge(file, &scenario, &campaign, &err), "%s", err.message);
  fclose(file);
  ck_assert_int_eq(campaign.verdict, VERDICT_INCONCLUSIVE);
  campaign_free(&campaign);
  scenario_free(&scenario);
  free(bytes);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

static void refuses(const unsigned char *bytes, size_t size, const char *message) {
  struct scenario scenario;
  struct campaign campaign;
  struct err err;
  FILE *file = file_of(bytes, size);
  ck_assert(!judge(file, &scenario, &campaign, &err));
  fclose(file);
  ck_assert_str_eq(err.path, "run.trace");
  ck_assert_msg(strstr(err.message, message) != NULL, "'%s' does not say '%s'", err.message,
                message);
}

START_TEST(what_is_no_whole_trace_of_a_run_is_refused) {
  struct rig rig;
  load_small(&rig);
  struct run_result result;
  size_t size, records;
  unsigned char *bytes = bytes_of(traced(&rig, 0, 0, &result), &size, &records);
  refuses(bytes, 0, "not a trace");
  refuses(bytes, 20, "the header is torn");
  refuses(bytes, records - 1, "the text is torn");
  refuses(bytes, records, "the trace ends before its run does");
  refuses(bytes, size - 32, "the trace ends before its run does");
  refuses(bytes, size - 1, "is torn: 31 of its 32 bytes");
  bytes[8] = 2;
  refuses(bytes, size, "trace format 2 is not known");
  bytes[8] = 1;
  unsigned char *seeds = memmem(bytes, size, "seeds: 1", 8);
  seeds[7] = '2';
  refuses(bytes, size, "has 1 rows and 2 seeds");
  seeds[7] = 'x';
  refuses(bytes, size, "is not a count");
  free(bytes);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(facts_that_no_run_states_are_refused_with_their_number) {
  static const struct {
    enum fact kind;
    struct trace_record change; /* fields that are not 0 replace the record's */
    const char *message;
  } rows[] = {
      {FACT_INTENDED, {.value = 101}, "key 101 of 100"},
      {FACT_INTENDED, {.value = UINT64_C(31) << FACT_STATE_KEY_BITS | 1}, "operation number 31 of 8"},
      {FACT_INTENDED, {.value = UINT64_C(101) << 32 | (uint64_t)OPERATION_TRANSFER << FACT_STATE_KEY_BITS | 1}, "key 101 of 100"},
      {FACT_INTENDED, {.value = UINT64_C(1) << 32 | (uint64_t)OPERATION_TRANSFER << FACT_STATE_KEY_BITS | 1}, "from key 1 to key 1"},
      {FACT_INTENDED, {.intent = 41}, "operation 41 of 40"},
      {FACT_INTENDED, {.kind = 999}, "kind 999 is not known"},
      {FACT_DELIVERED, {.at = -1}, "time -1 ns comes after"},
      {FACT_EFFECT, {.value = UINT64_MAX}, "an effect is visible from"},
      {FACT_STATE, {.detail = 101}, "key 101 of 100"},
      {FACT_COUNTER, {.detail = 99}, "counter 99"},
      {FACT_FAULT_HIT, {.detail = 7}, "fault 7 of 1"},
      {FACT_FAULT_BEGAN, {.kind = FACT_FAULT_ENDED}, "ends and has not begun"},
  };
  struct rig rig;
  load_small(&rig);
  struct run_result result;
  size_t size, records;
  unsigned char *bytes = bytes_of(traced(&rig, 0, 0, &result), &size, &records);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t at = find_fact(bytes, size, records, rows[i].kind);
    struct trace_record record, change = rows[i].change;
    memcpy(&record, bytes + at, sizeof record);
    struct trace_record before = record;
    if (change.at) record.at = change.at;
    if (change.intent) record.intent = change.intent;
    if (change.value) record.value = change.value;
    if (change.kind) record.kind = change.kind;
    if (change.detail) record.detail = change.detail;
    memcpy(bytes + at, &record, sizeof record);
    char message[100];
    snprintf(message, sizeof message, "record %zu: ", (at - records) / 32);
    refuses(bytes, size, message);
    refuses(bytes, size, rows[i].message);
    memcpy(bytes + at, &before, sizeof before);
  }
  free(bytes);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* [T2] Whatever is changed, the answer is a verdict or an error. */
START_TEST(no_alteration_of_records_aborts) {
  struct rig rig;
  load_small(&rig);
  struct run_result result;
  size_t size, records, judged = 0;
  unsigned char *bytes = bytes_of(traced(&rig, 0, 0, &result), &size, &records);
  unsigned char *altered = malloc(size);
  for (uint64_t round = 0; round < 400; round++) {
    memcpy(altered, bytes, size);
    for (uint64_t i = 0; i < 1 + round % 5; i++) {
      const uint64_t luck = hash_mix(round * 8 + i + 1);
      const size_t record = records + luck % ((size - records) / 32) * 32;
      const size_t other = records + (luck >> 20) % ((size - records) / 32) * 32;
      if (round % 3 == 0)
        memcpy(altered + record + 8, bytes + other + 8, 24); /* anything but the time */
      else
        altered[record + (luck >> 40) % 32] ^= (unsigned char)(1u << (luck >> 50) % 8);
    }
    struct scenario scenario;
    struct campaign campaign;
    struct err err;
    FILE *file = file_of(altered, size);
    if (judge(file, &scenario, &campaign, &err)) {
      judged++;
      campaign_free(&campaign);
      scenario_free(&scenario);
    } else {
      ck_assert_int_ne(err.code, ERR_NONE);
    }
    fclose(file);
  }
  ck_assert_uint_gt(judged, 50);
  ck_assert_uint_lt(judged, 400);
  free(altered);
  free(bytes);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("judge_trace");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, every_shipped_scenario_is_judged_from_its_trace_as_it_was_run);
  tcase_add_test(tests, a_list_of_operations_that_leaves_numbers_out_is_judged_as_it_was_run);
  tcase_add_test(tests, faults_of_other_rows_systems_stay_and_are_not_applicable);
  tcase_add_test(tests, a_trace_without_one_effect_is_judged_as_a_loss);
  tcase_add_test(tests, a_fault_that_is_never_hit_in_the_trace_makes_it_inconclusive);
  tcase_add_test(tests, what_is_no_whole_trace_of_a_run_is_refused);
  tcase_add_test(tests, facts_that_no_run_states_are_refused_with_their_number);
  tcase_add_test(tests, no_alteration_of_records_aborts);
  return rig_main(suite_create("system/judge_trace"), tests);
}
