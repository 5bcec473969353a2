/* C01: at most once loses, but never without a cause: the story of every lost operation has a message
 * that was lost, or a process that died, in it. */
#include "sim/runner/explain.h"
#include "tests/system/rig.h"

#define EVERY 7 /* operations are looked at in steps of this */

static bool is_cause(const struct happening *happening) {
  if (happening->kind == HAPPENING_LOST) return true;
  return happening->kind == HAPPENING_NODE && happening->fault != NO_FAULT;
}

static bool has_cause(const struct explain_record *record) {
  for (size_t i = record->first; i < record->end; i++)
    if (is_cause(&record->items[i])) return true;
  return false;
}

START_TEST(each_lost_operation_has_a_cause_in_its_story) {
  static const char *const files[] = {"scenarios/claims/C01-holds.yaml",
                                      "scenarios/claims/C01-holds-datagrams.yaml"};
  struct rig rig;
  rig_open(&rig, files[_i]);
  unsigned lost = 0;
  for (uint64_t intent = 1; intent <= rig.scenario.plans[0].workload.messages; intent += EVERY) {
    const struct explain_target target = {.row = 0, .seed = 5, .intent = intent};
    struct explanation told;
    explain_tell(&rig.scenario, &target, "a test", &told);
    if (told.story.fate == FATE_LOST_UNACKED) {
      lost++;
      ck_assert_msg(has_cause(&told.record), "%s: %s", files[_i], told.story.verdict);
    }
    ck_assert_int_ne(told.story.fate, FATE_LOST_ACKED);
    explain_deinit(&told);
  }
  ck_assert_uint_gt(lost, 0);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("causes");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, each_lost_operation_has_a_cause_in_its_story, 0, 2);
  return rig_main(suite_create("system/causes_of_loss"), tests);
}
