#include "sim/base/hash.h"
#include "sim/base/schema.h"
#include "tests/run_suite.h"

#include <regex.h>
#include <signal.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define S INT64_C(1000000000)

static struct key key_of(enum value_type type) {
  return (struct key){.name = "key", .type = type, .choices = "drain kill kill-hard"};
}

/* Whether all of a text has the pattern of a type, which is one of POSIX, too. */
static bool has_pattern(enum value_type type, const char *text) {
  char pattern[256], whole[300];
  regex_t regex;
  if (!value_type_pattern(type, pattern, sizeof pattern)) return true;
  snprintf(whole, sizeof whole, "^(%s)$", pattern);
  ck_assert_int_eq(regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB), 0);
  const bool found = regexec(&regex, text, 0, NULL, 0) == 0;
  regfree(&regex);
  return found;
}

START_TEST(reads_values_in_internal_units) {
  static const struct {
    enum value_type type;
    const char *text;
    int64_t value;
  } rows[] = {
      {VALUE_BOOL, "true", 1},
      {VALUE_BOOL, "false", 0},
      {VALUE_COUNT, "0", 0},
      {VALUE_COUNT, "20000", 20000},
      {VALUE_COUNT, "9223372036854775807", INT64_MAX},
      {VALUE_TIME, "0s", 0},
      {VALUE_TIME, "1ns", 1},
      {VALUE_TIME, "3us", 3000},
      {VALUE_TIME, "500ms", 500000000},
      {VALUE_TIME, "1.5s", 1500000000},
      {VALUE_TIME, "0.000000001s", 1},
      {VALUE_TIME, "1.50000000000000000000000000000s", 1500000000},
      {VALUE_TIME, "0.1min", 6 * S},
      {VALUE_TIME, "24h", 86400 * S},
      {VALUE_TIME, "0.0000152587890625d", 1318359375}, /* 2^-16 of a day */
      {VALUE_TIME, "26000d", SCHEMA_TIME_MAX_NS},
      {VALUE_MILLISECONDS, "30000", 30 * S},
      {VALUE_MILLISECONDS, "30s", 30 * S},
      {VALUE_MILLISECONDS, "0.5s", S / 2},
      {VALUE_MILLISECONDS, "0", 0},
      {VALUE_SIZE, "0B", 0},
      {VALUE_SIZE, "1KiB", 1024},
      {VALUE_SIZE, "1.5MiB", 1572864},
      {VALUE_SIZE, "0.000000000931322574615478515625GiB", 1}, /* 2^-30 */
      {VALUE_SIZE, "4GiB", INT64_C(4) << 30},
      {VALUE_RATE, "2000/s", INT64_C(2000000000)},
      {VALUE_RATE, "30/min", 500000},
      {VALUE_RATE, "0.000001/s", 1},
      {VALUE_RATE, "1/h", 278},       /* 277.78 */
      {VALUE_RATE, "1/d", 12},        /* 11.57 */
      {VALUE_RATE, "0.5/d", 6},       /* 5.79 */
      {VALUE_RATE, "0.00009/min", 2}, /* 1.5: a half goes up */
      {VALUE_RATE, "100000000000000000/d", INT64_C(1157407407407407407)},
      {VALUE_RATE, "0/h", 0},
      {VALUE_BANDWIDTH, "10MiB/s", 10 << 20},
      {VALUE_BANDWIDTH, "60KiB/min", 1024},
      {VALUE_BANDWIDTH, "0.5KiB/s", 512},
      {VALUE_SHARE, "0%", 0},
      {VALUE_SHARE, "0.1%", 1000000},
      {VALUE_SHARE, "50ppm", 50000},
      {VALUE_SHARE, "0.0000001%", 1},
      {VALUE_SHARE, "100%", 1000000000},
      {VALUE_SHARE, "1000000ppm", 1000000000},
      {VALUE_ENUM, "drain", 0},
      {VALUE_ENUM, "kill", 1},
      {VALUE_ENUM, "kill-hard", 2},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct key key = key_of(rows[i].type);
    union value value = {.i = -1};
    struct err err = {0};
    ck_assert_msg(schema_parse(&key, rows[i].text, &value, &err), "%s: %s", rows[i].text,
                  err.message);
    ck_assert_msg(value.i == rows[i].value, "%s: %lld", rows[i].text, (long long)value.i);
    ck_assert_int_eq(err.code, ERR_NONE);
    ck_assert_msg(has_pattern(rows[i].type, rows[i].text), "the pattern does not take %s", rows[i].text);
  }
}
END_TEST

START_TEST(a_pattern_takes_what_is_shown_and_nothing_without_its_unit) {
  static const char *const wrong[] = {"5", "5m", "05s", "1e3s", "-1s", "1,5s", " 1s", "1 s", "1kb", "101%", "ms", ""};
  for (int type = VALUE_TIME; type <= VALUE_SHARE; type++) {
    const char *example = value_type_example((enum value_type)type);
    if (type != VALUE_MILLISECONDS) ck_assert_msg(has_pattern((enum value_type)type, example), "%s", example);
    for (size_t i = type == VALUE_MILLISECONDS; i < COUNT(wrong); i++)
      ck_assert_msg(!has_pattern((enum value_type)type, wrong[i]), "%s: %s", example, wrong[i]);
  }
}
END_TEST

START_TEST(refuses_what_is_not_of_the_type) {
  static const struct {
    enum value_type type;
    const char *text;
    enum err_code code;
  } rows[] = {
      {VALUE_BOOL, "yes", ERR_WRONG_TYPE},
      {VALUE_BOOL, "True", ERR_WRONG_TYPE},
      {VALUE_BOOL, "", ERR_WRONG_TYPE},
      {VALUE_COUNT, "010", ERR_WRONG_TYPE},
      {VALUE_COUNT, "1_000", ERR_WRONG_TYPE},
      {VALUE_COUNT, "1,000", ERR_WRONG_TYPE},
      {VALUE_COUNT, "+3", ERR_WRONG_TYPE},
      {VALUE_COUNT, "-3", ERR_WRONG_TYPE},
      {VALUE_COUNT, "1e3", ERR_WRONG_TYPE},
      {VALUE_COUNT, "1.0", ERR_WRONG_TYPE},
      {VALUE_COUNT, "0x10", ERR_WRONG_TYPE},
      {VALUE_COUNT, "12q", ERR_WRONG_TYPE},
      {VALUE_COUNT, " 1", ERR_WRONG_TYPE},
      {VALUE_COUNT, "", ERR_WRONG_TYPE},
      {VALUE_COUNT, "9223372036854775808", ERR_OUT_OF_RANGE},
      {VALUE_COUNT, "99999999999999999999999", ERR_OUT_OF_RANGE},
      {VALUE_TIME, "2", ERR_NO_UNIT},
      {VALUE_TIME, "0", ERR_NO_UNIT},
      {VALUE_TIME, "1.5", ERR_NO_UNIT},
      {VALUE_TIME, "5m", ERR_UNKNOWN_UNIT},
      {VALUE_TIME, "5S", ERR_UNKNOWN_UNIT},
      {VALUE_TIME, "5\xc2\xb5s", ERR_UNKNOWN_UNIT},
      {VALUE_TIME, "5%", ERR_UNKNOWN_UNIT},
      {VALUE_TIME, "5 s", ERR_WRONG_TYPE},
      {VALUE_TIME, "5s ", ERR_WRONG_TYPE},
      {VALUE_TIME, "1:30", ERR_WRONG_TYPE},
      {VALUE_TIME, "1min30s", ERR_WRONG_TYPE},
      {VALUE_TIME, "1e3s", ERR_WRONG_TYPE},
      {VALUE_TIME, "-3s", ERR_WRONG_TYPE},
      {VALUE_TIME, "+3s", ERR_WRONG_TYPE},
      {VALUE_TIME, "010s", ERR_WRONG_TYPE},
      {VALUE_TIME, ".5s", ERR_WRONG_TYPE},
      {VALUE_TIME, "5.s", ERR_WRONG_TYPE},
      {VALUE_TIME, "1.2.3s", ERR_WRONG_TYPE},
      {VALUE_TIME, "fast", ERR_WRONG_TYPE},
      {VALUE_TIME, "lognormal(median=1ms", ERR_WRONG_TYPE},
      {VALUE_TIME, "", ERR_WRONG_TYPE},
      {VALUE_TIME, "0.5ns", ERR_OUT_OF_RANGE},
      {VALUE_TIME, "1.0000000001s", ERR_OUT_OF_RANGE},
      {VALUE_TIME, "0.00000762939453125d", ERR_OUT_OF_RANGE}, /* 2^-17 of a day: half a ns over */
      {VALUE_TIME, "26001d", ERR_OUT_OF_RANGE},
      {VALUE_TIME, "300000000000000h", ERR_OUT_OF_RANGE},
      {VALUE_TIME, "99999999999999999999999s", ERR_OUT_OF_RANGE},
      {VALUE_MILLISECONDS, "1.5", ERR_NO_UNIT},
      {VALUE_MILLISECONDS, "-1", ERR_WRONG_TYPE},
      {VALUE_MILLISECONDS, "030000", ERR_WRONG_TYPE},
      {VALUE_SIZE, "1024", ERR_NO_UNIT},
      {VALUE_SIZE, "1KB", ERR_UNKNOWN_UNIT},
      {VALUE_SIZE, "1MB", ERR_UNKNOWN_UNIT},
      {VALUE_SIZE, "1.5B", ERR_OUT_OF_RANGE},
      {VALUE_SIZE, "10000000000GiB", ERR_OUT_OF_RANGE},
      {VALUE_RATE, "2000", ERR_NO_UNIT},
      {VALUE_RATE, "2000s", ERR_UNKNOWN_UNIT},
      {VALUE_RATE, "2000/", ERR_UNKNOWN_UNIT},
      {VALUE_RATE, "2000/m", ERR_UNKNOWN_UNIT},
      {VALUE_RATE, "2000/s/s", ERR_UNKNOWN_UNIT},
      {VALUE_RATE, "0.0000001/s", ERR_OUT_OF_RANGE},
      {VALUE_RATE, "0.01/d", ERR_OUT_OF_RANGE}, /* would be rounded to never */
      {VALUE_RATE, "10000000000000/s", ERR_OUT_OF_RANGE},
      {VALUE_BANDWIDTH, "10MiB", ERR_UNKNOWN_UNIT},
      {VALUE_BANDWIDTH, "10/s", ERR_UNKNOWN_UNIT},
      {VALUE_BANDWIDTH, "10MB/s", ERR_UNKNOWN_UNIT},
      {VALUE_BANDWIDTH, "10", ERR_NO_UNIT},
      {VALUE_SHARE, "0.01", ERR_NO_UNIT},
      {VALUE_SHARE, "1", ERR_NO_UNIT},
      {VALUE_SHARE, "101%", ERR_OUT_OF_RANGE},
      {VALUE_SHARE, "100.0000001%", ERR_OUT_OF_RANGE},
      {VALUE_SHARE, "0.00000001%", ERR_OUT_OF_RANGE},
      {VALUE_SHARE, "5ppb", ERR_UNKNOWN_UNIT},
      {VALUE_ENUM, "drian", ERR_UNKNOWN_NAME},
      {VALUE_ENUM, "drain kill", ERR_UNKNOWN_NAME},
      {VALUE_ENUM, "", ERR_UNKNOWN_NAME},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct key key = key_of(rows[i].type);
    union value value = {.i = -1};
    struct err err = {0};
    ck_assert_msg(!schema_parse(&key, rows[i].text, &value, &err), "'%s'", rows[i].text);
    ck_assert_msg(err.code == rows[i].code, "'%s': %s: %s", rows[i].text, err_code_name(err.code),
                  err.message);
    ck_assert_msg(value.i == -1, "'%s' touched the value", rows[i].text);
    ck_assert_msg(err.message[0] != '\0' && err.line == 0, "'%s'", rows[i].text);
  }
}
END_TEST

START_TEST(messages_are_those_of_the_language) {
  static const struct {
    enum value_type type;
    const char *text, *message, *note;
  } rows[] = {
      {VALUE_TIME, "2", "'2' has no unit", "write a time with its unit, such as 2ms or 2s"},
      {VALUE_TIME, "5m", "unknown unit 'm' in '5m'", "minutes are min"},
      {VALUE_SHARE, "0.01", "'0.01' has no unit", "write 1% if 0.01 of all is meant"},
      {VALUE_SHARE, "0.001", "'0.001' has no unit", "write 0.1% if 0.001 of all is meant"},
      {VALUE_SHARE, "5", "'5' has no unit",
       "write a share with its unit, such as 0.1% or 50ppm"},
      {VALUE_TIME, "5sec", "unknown unit 'sec' in '5sec'", "units are ns us ms s min h d"},
      {VALUE_RATE, "5/m", "unknown unit '/m' in '5/m'", "minutes are min"},
      {VALUE_RATE, "5", "'5' has no unit", "write a rate with its unit, such as 5/s or 5/min"},
      {VALUE_SIZE, "1KB", "unknown unit 'KB' in '1KB'", "units are B KiB MiB GiB"},
      {VALUE_SIZE, "1", "'1' has no unit", "write a size with its unit, such as 1B or 1KiB"},
      {VALUE_TIME, "0.5ns", "'0.5ns' is not exact in nanoseconds", ""},
      {VALUE_TIME, "fast", "'fast' is not a time", "write a number and its unit, such as 500ms"},
      {VALUE_TIME, "1.5  s", "'1.5  s' is not a time", "no blank between: 1.5s"},
      {VALUE_TIME, "5 sec", "'5 sec' is not a time", "write a number and its unit, such as 500ms"},
      {VALUE_RATE, "5 /min", "'5 /min' is not a rate", "no blank between: 5/min"},
      {VALUE_MILLISECONDS, "-1", "'-1' is not a time",
       "write a number and its unit, such as 30000 or 30s"},
      {VALUE_COUNT, "010", "'010' is not a count", "write digits only, without a leading zero"},
      {VALUE_BOOL, "yes", "'yes' is not true or false", ""},
      {VALUE_SHARE, "150%", "'150%' is too large for 'key': the most is 100%", ""},
      {VALUE_ENUM, "drian", "unknown value 'drian' of 'key' (did you mean 'drain'?)",
       "one of: drain kill kill-hard"},
      {VALUE_ENUM, "stop", "unknown value 'stop' of 'key'", "one of: drain kill kill-hard"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct key key = key_of(rows[i].type);
    union value value;
    struct err err = {0};
    ck_assert(!schema_parse(&key, rows[i].text, &value, &err));
    ck_assert_str_eq(err.message, rows[i].message);
    ck_assert_str_eq(err.note, rows[i].note);
  }
}
END_TEST

START_TEST(a_key_that_counts_minutes_takes_a_time) {
  struct key key = key_of(VALUE_COUNT);
  key.name = "offsets.retention.minutes";
  key.min = 1;
  key.max = 1000;
  static const struct {
    const char *text, *message;
    int64_t value;
  } rows[] = {
      {"10", NULL, 10}, {"10min", NULL, 10}, {"1.5h", NULL, 90}, {"120s", NULL, 2},
      {"90s", "'90s' is not exact in minutes", 0},
      {"0s", "'0s' is too small for 'offsets.retention.minutes': the least is 1", 0},
      {"1d", "'1d' is too large for 'offsets.retention.minutes': the most is 1000", 0},
      {"10m", "unknown unit 'm' in '10m'", 0},
      {"1.5", "'1.5' is not a count", 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    union value value = {.i = -1};
    struct err err = {0};
    ck_assert_msg(schema_parse(&key, rows[i].text, &value, &err) == !rows[i].message, "%s", rows[i].text);
    if (rows[i].message)
      ck_assert_str_eq(err.message, rows[i].message);
    else
      ck_assert_int_eq(value.i, rows[i].value);
  }
}
END_TEST

/* Others write -1 for no limit: the key's help says what does here. */
START_TEST(minus_one_is_told_what_no_limit_is) {
  struct key key = key_of(VALUE_COUNT);
  key.help = "deliveries; 1000000 is no limit";
  union value value;
  struct err err = {0};
  ck_assert(!schema_parse(&key, "-1", &value, &err));
  ck_assert_str_eq(err.note, "write digits only: deliveries; 1000000 is no limit");
}
END_TEST

START_TEST(bounds_of_the_key_are_inclusive) {
  struct key key = key_of(VALUE_TIME);
  key.min = S;
  key.max = 60 * S;
  union value value = {.i = -1};
  struct err fine = {0}, small = {0}, large = {0};
  ck_assert(schema_parse(&key, "1s", &value, &fine));
  ck_assert(schema_parse(&key, "1min", &value, &fine));
  ck_assert(!schema_parse(&key, "999ms", &value, &small));
  ck_assert_int_eq(small.code, ERR_OUT_OF_RANGE);
  ck_assert_str_eq(small.message, "'999ms' is too small for 'key': the least is 1s");
  ck_assert(!schema_parse(&key, "61s", &value, &large));
  ck_assert_int_eq(large.code, ERR_OUT_OF_RANGE);
  ck_assert_str_eq(large.message, "'61s' is too large for 'key': the most is 1min");
  ck_assert_int_eq(value.i, 60 * S);
}
END_TEST

START_TEST(an_earlier_error_stays_as_it_is) {
  struct err err = {0};
  err_set(&err, ERR_IO, "first");
  struct key key = key_of(VALUE_TIME);
  union value value;
  ck_assert(!schema_parse(&key, "2", &value, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_str_eq(err.message, "first");
  ck_assert_str_eq(err.note, "");
}
END_TEST

START_TEST(writes_the_largest_exact_unit) {
  static const struct {
    enum value_type type;
    int64_t value;
    const char *text;
  } rows[] = {
      {VALUE_BOOL, 1, "true"},
      {VALUE_COUNT, 20000, "20000"},
      {VALUE_TIME, 0, "0s"},
      {VALUE_TIME, 60 * S, "1min"},
      {VALUE_TIME, 90 * S, "90s"},
      {VALUE_TIME, 1500000000, "1500ms"},
      {VALUE_TIME, 86400 * S, "1d"},
      {VALUE_TIME, 1000000001, "1000000001ns"},
      {VALUE_MILLISECONDS, 30 * S, "30s"},
      {VALUE_SIZE, 0, "0B"},
      {VALUE_SIZE, 1024, "1KiB"},
      {VALUE_SIZE, 1025, "1025B"},
      {VALUE_RATE, 2000000000, "2000/s"},
      {VALUE_RATE, 278, "0.000278/s"},
      {VALUE_RATE, 0, "0/s"},
      {VALUE_RATE, 500000, "0.5/s"},
      {VALUE_BANDWIDTH, 10 << 20, "10MiB/s"},
      {VALUE_BANDWIDTH, 0, "0B/s"},
      {VALUE_SHARE, 0, "0%"},
      {VALUE_SHARE, 500000, "0.05%"},
      {VALUE_SHARE, 1000000000, "100%"},
      {VALUE_SHARE, 1, "0.0000001%"},
      {VALUE_ENUM, 1, "kill"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct key key = key_of(rows[i].type);
    char text[64];
    schema_format(&key, (union value){.i = rows[i].value}, text, sizeof text);
    ck_assert_str_eq(text, rows[i].text);
  }
}
END_TEST

START_TEST(what_is_written_reads_back_the_same) {
  static const struct {
    enum value_type type;
    int64_t max;
  } types[] = {
      {VALUE_BOOL, 1},
      {VALUE_COUNT, INT64_MAX},
      {VALUE_TIME, SCHEMA_TIME_MAX_NS},
      {VALUE_MILLISECONDS, SCHEMA_TIME_MAX_NS},
      {VALUE_SIZE, INT64_MAX},
      {VALUE_RATE, INT64_MAX},
      {VALUE_BANDWIDTH, INT64_MAX},
      {VALUE_SHARE, SCHEMA_SHARE_SCALE},
      {VALUE_ENUM, 2},
  };
  for (size_t t = 0; t < COUNT(types); t++)
    for (uint64_t i = 0; i < 3000; i++) {
      struct key key = key_of(types[t].type);
      /* Every order of magnitude, and values that are round in decimal or in binary. */
      uint64_t draw = hash_pair(t, i) >> (i % 64);
      if (i % 3 == 1) draw = draw / 1000000 * 1000000;
      if (i % 3 == 2) draw &= ~UINT64_C(0xfffff);
      int64_t number = (int64_t)(draw % ((uint64_t)types[t].max + 1));
      if (i == 0) number = types[t].max;
      char text[64];
      schema_format(&key, (union value){.i = number}, text, sizeof text);
      union value value = {.i = -1};
      struct err err = {0};
      ck_assert_msg(schema_parse(&key, text, &value, &err), "%s: %s", text, err.message);
      ck_assert_msg(value.i == number, "%s: %lld", text, (long long)number);
    }
}
END_TEST

START_TEST(a_distribution_is_written_as_it_was_read) {
  struct key key = key_of(VALUE_DISTRIBUTION);
  struct distribution distribution = {.text = "lognormal median=1ms p99=5ms"};
  char text[64];
  schema_format(&key, (union value){.distribution = &distribution}, text, sizeof text);
  ck_assert_str_eq(text, distribution.text);
}
END_TEST

START_TEST(too_little_room_aborts) {
  struct key key = key_of(VALUE_COUNT);
  char text[4];
  schema_format(&key, (union value){.i = 1000}, text, sizeof text);
}
END_TEST

START_TEST(reading_a_distribution_here_aborts) {
  struct key key = key_of(VALUE_DISTRIBUTION);
  union value value;
  struct err err = {0};
  schema_parse(&key, "5ms", &value, &err);
}
END_TEST

START_TEST(finds_keys_by_name) {
  static const struct key keys[] = {{.name = "window"}, {.name = "min.insync.replicas"}};
  ck_assert_int_eq(schema_find(keys, 2, "window"), 0);
  ck_assert_int_eq(schema_find(keys, 2, "min.insync.replicas"), 1);
  ck_assert_int_eq(schema_find(keys, 2, "min"), -1);
  ck_assert_int_eq(schema_find(keys, 0, "window"), -1);
}
END_TEST

START_TEST(every_type_has_a_name) {
  for (int i = 0; i < VALUE__COUNT; i++)
    ck_assert_ptr_nonnull(value_type_name((enum value_type)i));
  ck_assert_str_eq(value_type_name(VALUE_TIME), "time");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("schema");
  tcase_add_test(tests, reads_values_in_internal_units);
  tcase_add_test(tests, a_pattern_takes_what_is_shown_and_nothing_without_its_unit);
  tcase_add_test(tests, refuses_what_is_not_of_the_type);
  tcase_add_test(tests, messages_are_those_of_the_language);
  tcase_add_test(tests, bounds_of_the_key_are_inclusive);
  tcase_add_test(tests, a_key_that_counts_minutes_takes_a_time);
  tcase_add_test(tests, minus_one_is_told_what_no_limit_is);
  tcase_add_test(tests, an_earlier_error_stays_as_it_is);
  tcase_add_test(tests, writes_the_largest_exact_unit);
  tcase_add_test(tests, what_is_written_reads_back_the_same);
  tcase_add_test(tests, a_distribution_is_written_as_it_was_read);
  tcase_add_test_raise_signal(tests, too_little_room_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, reading_a_distribution_here_aborts, SIGABRT);
  tcase_add_test(tests, finds_keys_by_name);
  tcase_add_test(tests, every_type_has_a_name);
  Suite *suite = suite_create("base/schema");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
