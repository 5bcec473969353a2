/* Operations one by one: in the scenario, and in files beside it. */
#include "tests/runner/fake_registry.h"

#include "sim/world/fault.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <unistd.h>

#define SYSTEM "format: 1\nsystem: at-least-once\n"
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

static char folder[] = "/tmp/dgsim-lists-XXXXXX";

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void put(const char *name, const char *text) {
  FILE *file = fopen(path_of(name), "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

static bool try_load(const char *text, struct scenario *out, struct err *err) {
  *err = (struct err){.code = ERR_NONE};
  put("s.yaml", text);
  return scenario_load(path_of("s.yaml"), &fake_registry, NULL, 0, 0, out, err);
}

static struct scenario load(const char *text) {
  struct scenario scenario;
  struct err err;
  bool loaded = try_load(text, &scenario, &err);
  if (!loaded) err_print(&err, stderr);
  ck_assert_msg(loaded, "%s", err.message);
  return scenario;
}

/* Inlined, gcc 12 takes what open_memstream makes for a pointer to `text` itself, and warns that it dangles. */
__attribute__((noinline)) static char *resolved(const struct scenario *scenario) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_print_resolved(scenario, out);
  fclose(out);
  return text;
}

/* Resolving what was resolved says the same; returns the text without freeing the scenario. */
static void check_resolved_again(const struct scenario *scenario, const char *contains) {
  char *once = resolved(scenario);
  ck_assert_msg(strstr(once, contains) != NULL, "%s", once);
  struct scenario again = load(once);
  ck_assert_uint_eq(scenario->resolved_hash, again.resolved_hash);
  free(once);
  scenario_free(&again);
}

/* ---- intents ---- */

#define LISTED                                                                                     \
  SYSTEM "topology: {producers: 3}\n"                                                              \
         "workload:\n  size: 2KiB\n  intents:\n"                                                   \
         "    - {at: 0s}\n"                                                                        \
         "    - {at: 5ms, key: 7, size: 10B, service_time: uniform min=1ms max=3ms}\n"             \
         "    - {id: 17, at: 5ms, key: 3, operation: increment, producer: 2}\n"

START_TEST(a_list_says_every_operation) {
  struct scenario s = load(LISTED);
  const struct workload_plan *workload = &s.plans[0].workload;
  const struct intent_plan *intents = workload->intents;
  ck_assert_uint_eq(workload->messages, 3);
  ck_assert_int_eq(workload->rate, 0);
  ck_assert_int_eq(workload->duration.ns, 5 * MS);
  ck_assert_uint_eq(workload->keys, 7); /* the largest */
  ck_assert_uint_eq(intents[0].id, 1);
  ck_assert_uint_eq(intents[0].key, 1);
  ck_assert_int_eq(intents[0].size, 2048);
  ck_assert_ptr_null(intents[0].service_time);
  ck_assert_uint_eq(intents[0].producer, 0);
  ck_assert_uint_eq(intents[1].id, 2);
  ck_assert_int_eq(intents[1].size, 10);
  ck_assert_str_eq(intents[1].service_time->text, "uniform min=1ms max=3ms");
  ck_assert_uint_eq(intents[2].id, 17);
  ck_assert_int_eq(intents[2].at.ns, 5 * MS);
  ck_assert_uint_eq(intents[2].producer, 2);
  check_resolved_again(&s, "    - {id: 17, at: 5ms, key: 3, operation: increment, size: 2KiB, producer: 2}\n");
  scenario_free(&s);
}
END_TEST

START_TEST(a_list_ends_what_comes_again_and_again_and_its_ids_are_what_triggers_name) {
  struct scenario s = load(LISTED "faults:\n  - {when: effect, intent: 17, kill: this}\n"
                                  "  - {every: 1ms, kill: consumer.1}\n");
  for (size_t i = 0; i < s.fault_count; i++)
    if (s.faults[i].timing == TIMING_EVERY) ck_assert_int_eq(s.faults[i].until.ns, 5 * MS);
  scenario_free(&s);
}
END_TEST

START_TEST(keys_may_be_more_than_the_list_uses) {
  struct scenario s = load(SYSTEM "workload: {keys: 50, intents: [{at: 1s, key: 50}]}\n");
  ck_assert_uint_eq(s.plans[0].workload.keys, 50);
  check_resolved_again(&s, "keys: 50");
  scenario_free(&s);
}
END_TEST

/* ---- a file of arrivals ---- */

#define FILED SYSTEM "workload: {arrivals: {file: a.csv}}\n"

START_TEST(a_file_of_arrivals_is_a_list) {
  put("a.csv", "at,key,size,operation,id,producer\r\n"
               "0s,17,512B,increment,,\n"
               "\n"
               " 1.25ms , \"4\",,,9,1\n"
               "1.25ms,,,increment,12");
  struct scenario s = load(FILED);
  const struct workload_plan *workload = &s.plans[0].workload;
  ck_assert_uint_eq(workload->messages, 3);
  ck_assert_uint_eq(workload->keys, 17);
  ck_assert_uint_eq(workload->intents[0].id, 1);
  ck_assert_int_eq(workload->intents[0].size, 512);
  ck_assert_int_eq(workload->intents[1].at.ns, 1250000);
  ck_assert_uint_eq(workload->intents[1].key, 4);
  ck_assert_int_eq(workload->intents[1].size, 1024); /* empty: the workload's */
  ck_assert_uint_eq(workload->intents[1].producer, 1);
  ck_assert_uint_eq(workload->intents[2].id, 12);
  check_resolved_again(&s, "  arrivals: {file: a.csv}\n");
  scenario_free(&s);
}
END_TEST

START_TEST(the_hash_is_of_the_files_too) {
  put("a.csv", "at\n0s\n");
  struct scenario one = load(FILED);
  put("a.csv", "at\n1s\n");
  struct scenario two = load(FILED);
  ck_assert_uint_ne(one.resolved_hash, two.resolved_hash);
  ck_assert_uint_eq(one.file_count, 1);
  ck_assert_str_eq(one.files[0].name, "a.csv");
  ck_assert_uint_ne(one.files[0].hash, two.files[0].hash);
  scenario_free(&one), scenario_free(&two);
}
END_TEST

START_TEST(a_mistake_in_a_file_is_placed_in_the_file) {
  struct scenario s;
  struct err err;
  put("a.csv", "at,key\n0s,1\n1s,\xC3\xA4\xC3\xB6,\n");
  ck_assert(!try_load(FILED, &s, &err));
  ck_assert_str_eq(err.path, path_of("a.csv"));
  ck_assert_int_eq(err.line, 3);
  ck_assert_int_eq(err.column, 7); /* more cells than columns; characters, not bytes */
  ck_assert_str_eq(err.source_line, "1s,\xC3\xA4\xC3\xB6,");
}
END_TEST

/* ---- a file of faults ---- */

#define FAULTS                                                                                     \
  SYSTEM "topology: {consumers: 3, brokers: 3}\n"                                                  \
         "faults:\n  - {when: effect, kill: this}\n  - {file: f.csv}\n"                            \
         "  - {at: 9s, kill: consumer.1}\n"

START_TEST(rows_of_one_name_are_beginnings_of_one_fault) {
  put("f.csv", "name,at,for,fault,target,from,direction,chance,min_hits\n"
               "cut,1s,2s,partition,consumer.1 consumer.3,broker.all database.1,out,,\n"
               "crash,100ms,,kill,consumer.2,,,,0\n"
               ",5s,,kill,consumer.any,,,,\n"
               "cut,3s,500ms,partition,consumer.2,,,0%,\n"
               "never,,,kill,consumer.1,,,0%,\n");
  struct scenario s = load(FAULTS);
  const struct fault_plan *f = s.faults;
  static const char *const names[] = {"cut", "crash", "kill-3", "never", "kill-2", "kill-1"};
  ck_assert_uint_eq(s.fault_count, 6); /* the scenario's own unnamed ones are numbered first */
  for (size_t i = 0; i < 6; i++) ck_assert_str_eq(f[i].name, names[i]);
  ck_assert_int_eq(f[0].timing, TIMING_RECORDED);
  ck_assert_uint_eq(f[0].occurrence_count, 2);
  const struct fault_plan *o = f[0].occurrences;
  ck_assert_int_eq(o[0].at.ns, S);
  ck_assert_int_eq(o[0].lasts.ns, 2 * S);
  ck_assert_int_eq(o[0].direction, DIRECTION_OUT);
  ck_assert_uint_eq(o[0].target.count, 2);
  ck_assert_uint_eq(o[0].target.items[1].index, 3);
  ck_assert_uint_eq(o[0].from.count, 2);
  ck_assert_uint_eq(o[0].key, f[0].key);
  ck_assert_int_eq(o[1].lasts.ns, 500 * MS);
  ck_assert_int_eq(o[1].chance, 0);
  ck_assert_int_eq(o[1].direction, DIRECTION_BOTH);
  ck_assert_uint_eq(o[1].from.count, 0);
  ck_assert_uint_eq(f[1].min_hits, 0);
  ck_assert_uint_eq(f[2].occurrence_count, 1);
  ck_assert_uint_eq(f[3].occurrence_count, 0); /* it never came: nothing is expected of it */
  ck_assert_uint_eq(f[3].min_hits, 0);
  ck_assert_int_eq(f[4].timing, TIMING_AT);
  ck_assert_int_eq(f[5].timing, TIMING_WHEN); /* triggers are the last */
  check_resolved_again(&s, "faults:\n  - {file: f.csv}\n  - {name: kill-2, at: 9s");
  scenario_free(&s);
}
END_TEST

/* ---- verbs ---- */

#define VERBS                                                                                      \
  "format: 1\ncompare: [at-least-once, kafka-acks-all, sqs-standard]\n"                            \
  "topology: {brokers: 3}\nlinks: {producer_to_broker: {loss: 1%}}\n"                              \
  "faults:\n"                                                                                      \
  "  - {at: 1s, fsync_lies: [database.1, broker.all], for: 3s}\n"                                  \
  "  - {every: 2s, fsync_fails: database.1}\n"                                                     \
  "  - {at: 1s, slow: broker.any, for: 2s}\n"                                                      \
  "  - {at: 1s, slow: database.1, factor: 50, what: disk, for: 2s}\n"                              \
  "  - {at: 1s, disk_gone: broker.coordinator, for: 9s, late: 10s}\n"                              \
  "  - {at: 1s, clog: producer.any_to_broker, for: 2s}\n"                                          \
  "  - {at: 1s, degrade: consumer_to_broker, for: 2s, latency: 200ms, reply_loss: 0%}\n"           \
  "  - {at: 1s, degrade: producer_to_broker, for: 2s, loss: 5%, bandwidth: 1MiB/s}\n"              \
  "  - {at: 1s, failover: broker.leader}\n"                                                        \
  "  - {at: 1s, failover: broker.1, election: unclean}\n"                                          \
  "  - {when: appended, node: broker.coordinator, move_coordinator: this}\n"

START_TEST(verbs_are_read_and_resolve_to_themselves) {
  struct scenario s = load(VERBS);
  const struct fault_plan *f = s.faults;
  ck_assert_str_eq(f[0].name, "fsync-lies-1");
  ck_assert_int_eq(f[1].lasts.ns, S);
  ck_assert_uint_eq(f[2].factor, 10);
  ck_assert_int_eq(f[2].slow_what, SLOW_CPU);
  ck_assert_uint_eq(f[3].factor, 50);
  ck_assert_int_eq(f[3].slow_what, SLOW_DISK);
  ck_assert_int_eq(f[4].target.items[0].which, WHICH_COORDINATOR);
  ck_assert_int_eq(f[5].target_link, LINK_PRODUCER_TO_BROKER);
  ck_assert_int_eq(f[6].degrade.latency->table->mean, 200 * MS);
  ck_assert_int_eq(f[6].degrade.request_loss, -1); /* as before */
  ck_assert_int_eq(f[6].degrade.reply_loss, 0);
  ck_assert_int_eq(f[6].degrade_loss, -1);
  ck_assert_int_eq(f[7].degrade_loss, SCHEMA_SHARE_SCALE / 20);
  ck_assert_ptr_null(f[7].degrade.latency);
  ck_assert_int_eq(f[7].degrade.bandwidth, 1 << 20);
  ck_assert_int_eq(f[8].election, ELECTION_CLEAN);
  ck_assert_int_eq(f[9].election, ELECTION_UNCLEAN);
  ck_assert_int_eq(f[10].timing, TIMING_WHEN);
  ck_assert(!faults_apply(&s.plans[0], &f[8]) && faults_apply(&s.plans[1], &f[8]));
  ck_assert(!faults_apply(&s.plans[2], &f[4]) && faults_apply(&s.plans[1], &f[4]));
  check_resolved_again(&s, "latency: 200ms, reply_loss: 0%, for: 2s");
  check_resolved_again(&s, "failover: broker.leader, election: clean");
  char *text = resolved(&s);
  const char *leader = strstr(text, "broker.leader"), *first = strstr(text, "fsync_lies");
  ck_assert_ptr_nonnull(strstr(leader, "not paired between rows"));
  ck_assert(memchr(first, '\n', 400) < (void *)strstr(first, "not paired")); /* not of this one */
  free(text);
  scenario_free(&s);
}
END_TEST

START_TEST(verbs_in_a_file_of_faults) {
  put("f.csv", "name,at,for,fault,target,latency,loss,factor,what,election\n"
               "slowness,1s,2s,slow,broker.1 consumer.1,,,20,both,\n"
               "slowness,3s,2s,slow,broker.2,,,30,,\n"
               "bad,1s,1s,degrade,consumer.1_to_broker,uniform min=1ms max=9ms,,,,\n"
               "bad,2s,1s,degrade,consumer.1_to_broker,,3%,,,\n"
               ",4s,,failover,broker.2,,,,,unclean\n");
  struct scenario s = load("format: 1\nsystem: kafka-acks-all\ntopology: {brokers: 2}\n"
                           "faults: [{file: f.csv}]\n");
  const struct fault_plan *slowness = s.faults[0].occurrences, *bad = s.faults[1].occurrences;
  ck_assert_uint_eq(slowness[0].factor, 20);
  ck_assert_int_eq(slowness[0].slow_what, SLOW_BOTH);
  ck_assert_uint_eq(slowness[1].factor, 30);
  ck_assert_int_eq(slowness[1].slow_what, SLOW_CPU);
  ck_assert_ptr_nonnull(bad[0].degrade.latency);
  ck_assert_int_eq(bad[0].degrade_loss, -1);
  ck_assert_ptr_null(bad[1].degrade.latency);
  ck_assert_int_eq(bad[1].degrade_loss, 3 * (SCHEMA_SHARE_SCALE / 100));
  ck_assert_int_eq(s.faults[2].occurrences[0].election, ELECTION_UNCLEAN);
  scenario_free(&s);
}
END_TEST

/* What strikes its targets together heals before it strikes again. */
START_TEST(a_window_does_not_overlap_itself) {
  static const char *const verbs[] = {"fsync_lies,broker.1", "slow,broker.1", "clog,consumer_to_broker"};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    struct scenario s;
    struct err err;
    char rows[200];
    snprintf(rows, sizeof rows, "name,at,for,fault,target\na,1s,2s,%s\na,2s,2s,%s\n", verbs[i], verbs[i]);
    put("f.csv", rows);
    ck_assert(!try_load(SYSTEM "faults: [{file: f.csv}]\n", &s, &err));
    ck_assert_str_eq(err.message, "fault 'a' begins before it has healed");
    ck_assert_int_eq(err.line, 3);
  }
}
END_TEST

int main(void) {
  if (!mkdtemp(folder)) return EXIT_FAILURE;
  Suite *suite = suite_create("scenario lists");
  TCase *tcase = tcase_create("all");
  const TTest *const tests[] = {
      a_list_says_every_operation,
      a_list_ends_what_comes_again_and_again_and_its_ids_are_what_triggers_name,
      keys_may_be_more_than_the_list_uses,
      a_file_of_arrivals_is_a_list,
      the_hash_is_of_the_files_too,
      a_mistake_in_a_file_is_placed_in_the_file,
      rows_of_one_name_are_beginnings_of_one_fault,
      verbs_are_read_and_resolve_to_themselves,
      verbs_in_a_file_of_faults,
      a_window_does_not_overlap_itself,
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  const int status = run_suite(suite);
  static const char *const files[] = {"s.yaml", "a.csv", "f.csv"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(path_of(files[i]));
  rmdir(folder);
  return status;
}
