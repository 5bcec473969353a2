/* Results as bytes, and back: of runs with faults, groups and everything else that a result can carry. */
#include "sim/base/bytes.h"
#include "sim/runner/result_pack.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#include <math.h>

static const char *const files[] = {"scenarios/four-guarantees.yaml", "scenarios/tutorial/03-lost-ack.yaml",
                                    "scenarios/claims/C01-breaks-expired-offsets.yaml", "scenarios/claims/C08-breaks.yaml"};

static void same_bytes(const struct bytes *a, const struct bytes *b) {
  ck_assert_uint_eq(a->count, b->count);
  if (a->count > 0) ck_assert_mem_eq(a->items, b->items, a->count);
}

static void same(const struct plan *plan, const struct run_result *a, const struct run_result *b) {
  ck_assert_mem_eq(a->metrics, b->metrics, sizeof a->metrics);
  ck_assert_uint_eq(a->digest, b->digest);
  ck_assert_uint_eq(a->records, b->records);
  ck_assert_int_eq(a->verdict, b->verdict);
  ck_assert_uint_eq(a->violations, b->violations);
  ck_assert_int_eq(a->drained, b->drained);
  ck_assert_int_eq(a->end_ns, b->end_ns);
  ck_assert_uint_eq(a->grown, b->grown);
  ck_assert(fabs(a->wall_s - b->wall_s) < 1e-9);
  ck_assert_mem_eq(a->fault_hits, b->fault_hits, plan->fault_count * sizeof *a->fault_hits);
  ck_assert_mem_eq(a->fault_applies, b->fault_applies, plan->fault_count);
  ck_assert_uint_eq(a->windows_left_out, b->windows_left_out);
  ck_assert_uint_eq(a->window_count, b->window_count);
  for (size_t i = 0; i < a->window_count; i++) {
    ck_assert_uint_eq(a->windows[i].fault, b->windows[i].fault);
    ck_assert_int_eq(a->windows[i].begin, b->windows[i].begin);
    ck_assert_int_eq(a->windows[i].end, b->windows[i].end);
  }
  ck_assert(!a->latencies == !b->latencies);
  if (a->latencies) ck_assert_mem_eq(a->latencies, b->latencies, sizeof *a->latencies);
  same_bytes(&a->latency, &b->latency);
  ck_assert_int_eq(a->timeline_width, b->timeline_width);
  ck_assert_uint_eq(a->timeline_count, b->timeline_count);
  same_bytes(&a->timeline, &b->timeline);
  ck_assert(!a->groups == !b->groups);
  for (uint32_t group = 0; a->groups && group < plan_group_count(plan); group++) {
    ck_assert_mem_eq(a->groups[group].metrics, b->groups[group].metrics, sizeof a->groups[group].metrics);
    ck_assert_uint_eq(a->groups[group].violations, b->groups[group].violations);
  }
}

static void run_first_seed(struct rig *rig, size_t plan, struct run_result *out) {
  run_execute(rig->run, &rig->scenario.plans[plan], (uint32_t)plan, rig->scenario.seeds[0], NULL, "a test", out);
}

START_TEST(what_comes_back_is_what_went) {
  struct rig rig;
  bool windows = false;
  for (size_t file = 0; file < sizeof files / sizeof *files; file++) {
    rig_open(&rig, files[file]);
    for (size_t plan = 0; plan < rig.scenario.plan_count; plan++) {
      struct run_result result, back;
      struct bytes bytes = {0};
      run_first_seed(&rig, plan, &result);
      result_pack(&result, &rig.scenario.plans[plan], &bytes);
      struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
      ck_assert(result_unpack(&reader, &rig.scenario.plans[plan], &back));
      same(&rig.scenario.plans[plan], &result, &back);
      windows |= result.window_count > 0;
      run_result_deinit(&result), run_result_deinit(&back);
      bytes_free(&bytes);
    }
    rig_close(&rig);
  }
  ck_assert(windows);
}
END_TEST

START_TEST(groups_come_back) {
  struct rig rig;
  rig_load(&rig, "format: 1\nname: groups\nmeasure_capacity: false\nworkload: {messages: 20, rate: 100/s}\n"
                 "system: at-least-once\ngroups: {billing: {consumers: 1}, mail: {consumers: 2}}\n");
  struct run_result result, back;
  struct bytes bytes = {0};
  run_first_seed(&rig, 0, &result);
  ck_assert_ptr_nonnull(result.groups);
  result_pack(&result, &rig.scenario.plans[0], &bytes);
  struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
  ck_assert(result_unpack(&reader, &rig.scenario.plans[0], &back));
  same(&rig.scenario.plans[0], &result, &back);
  run_result_deinit(&result), run_result_deinit(&back);
  bytes_free(&bytes);
  rig_close(&rig);
}
END_TEST

/* Cut off anywhere, longer, or of another plan: refused, whatever the bytes say. */
START_TEST(bytes_of_no_run_are_refused) {
  struct rig rig;
  rig_open(&rig, "scenarios/tutorial/03-lost-ack.yaml");
  const struct plan *plan = &rig.scenario.plans[0];
  struct run_result result, back;
  struct bytes bytes = {0};
  run_first_seed(&rig, 0, &result);
  result_pack(&result, plan, &bytes);
  for (size_t length = 0; length < bytes.count; length++) {
    unsigned char *exact = malloc(length + 1); /* so that a read beyond is seen by a sanitizer */
    memcpy(exact, bytes.items, length);
    struct bytes_reader reader = {.at = exact, .end = exact + length};
    ck_assert(!result_unpack(&reader, plan, &back));
    free(exact);
  }
  bytes_unsigned(&bytes, 0);
  struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
  ck_assert(!result_unpack(&reader, plan, &back));
  uint64_t state = 1;
  for (int round = 0; round < 2000; round++) {
    struct bytes other = {0};
    for (size_t i = 0; i + 1 < bytes.count; i++) bytes_unsigned(&other, bytes.items[i] & 0x7f);
    for (int i = 0; i < 3; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      other.items[(state >> 33) % other.count] = (unsigned char)(state >> 56);
    }
    reader = (struct bytes_reader){.at = other.items, .end = other.items + other.count};
    if (result_unpack(&reader, plan, &back)) run_result_deinit(&back);
    bytes_free(&other);
  }
  run_result_deinit(&result);
  bytes_free(&bytes);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("result_pack");
  TCase *tcase = tcase_create("result_pack");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, what_comes_back_is_what_went);
  tcase_add_test(tcase, groups_come_back);
  tcase_add_test(tcase, bytes_of_no_run_are_refused);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
