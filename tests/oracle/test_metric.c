#include "sim/oracle/metric.h"

#include "sim/world/claim.h"
#include "sim/world/fact.h"
#include "tests/run_suite.h"

#include <ctype.h>
#include <string.h>

START_TEST(every_metric_is_found_by_its_name_and_no_other) {
  for (int i = 0; i < METRIC__COUNT; i++) {
    ck_assert_ptr_nonnull(metric_rows[i].name);
    ck_assert_int_eq(metric_find(metric_rows[i].name), i);
  }
  ck_assert_int_eq(metric_find("losst"), -1);
  ck_assert_int_eq(metric_find("latency_p99_ns"), -1); /* a column, not a metric */
  ck_assert_int_eq(metric_find(""), -1);
}
END_TEST

START_TEST(a_column_is_the_name_and_the_unit) {
  static const char *const suffixes[] = {
      [UNIT_COUNT] = "", [UNIT_NS] = "_ns", [UNIT_RATE] = "_micro_per_s", [UNIT_BYTES] = ""};
  for (int i = 0; i < METRIC__COUNT; i++) {
    const struct metric_row *row = &metric_rows[i];
    char expected[128];
    snprintf(expected, sizeof expected, "%s%s", row->name, suffixes[row->unit]);
    ck_assert_str_eq(row->column, expected);
    for (const char *c = row->name; *c; c++)
      ck_assert_msg(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_',
                    "metric '%s' is not snake_case", row->name);
    ck_assert_ptr_nonnull(row->about);
  }
}
END_TEST

START_TEST(every_anomaly_is_a_metric_of_its_name) {
  for (int i = 0; i < ANOMALY__COUNT; i++) {
    int metric = metric_find(anomaly_names[i]);
    ck_assert_msg(metric >= 0, "no metric counts '%s'", anomaly_names[i]);
    ck_assert_int_eq(metric_rows[metric].unit, UNIT_COUNT);
  }
}
END_TEST

START_TEST(every_kind_of_record_has_one_name) {
  for (unsigned kind = 0; kind <= UINT16_MAX; kind++) {
    const char *name = trace_kind_name(kind);
    bool known = kind < TRACE_EVENT__COUNT || (kind >= TRACE_FACT && kind < FACT__END);
    ck_assert_msg((name != NULL) == known, "kind %u is called %s", kind, name ? name : "nothing");
    for (unsigned before = 0; name && before < kind; before++) {
      const char *taken = trace_kind_name(before);
      ck_assert_msg(!taken || strcmp(taken, name) != 0, "two kinds are called '%s'", name);
    }
  }
  ck_assert_str_eq(trace_kind_name(FACT_INTENDED), "intended");
  ck_assert_str_eq(trace_kind_name(FACT_EFFECT_UNDONE), "effect-undone");
  ck_assert_str_eq(trace_kind_name(FACT_NODE_DOWN), "node-down");
  ck_assert_str_eq(trace_kind_name(TRACE_ARRIVED), "arrived");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("metric");
  TCase *tcase = tcase_create("metric");
  tcase_add_test(tcase, every_metric_is_found_by_its_name_and_no_other);
  tcase_add_test(tcase, a_column_is_the_name_and_the_unit);
  tcase_add_test(tcase, every_anomaly_is_a_metric_of_its_name);
  tcase_add_test(tcase, every_kind_of_record_has_one_name);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
