/* Latencies and timelines, packed and back. */
#include "sim/runner/series.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

static struct bytes first(const struct bytes *bytes, size_t count) {
  struct bytes part = {.items = malloc(count + 1), .count = count};
  memcpy(part.items, bytes->items, count);
  return part;
}

static const struct timeline_bucket full = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, INT64_MAX};
static const struct timeline_bucket some = {.first_effects = 2, .open = -3}, level = {.open = -3};

START_TEST(latencies_come_back) {
  struct histogram latency = {0}, back = {0};
  static const int64_t samples[] = {0, 0, 0, 1, 31, 32, 1000, 1001, 1000000, INT64_MAX, INT64_MAX};
  struct bytes none = series_of_latency(&latency);
  ck_assert_uint_eq(none.count, 0);
  ck_assert(series_add_latency(&none, &back));
  ck_assert_uint_eq(back.total, 0);
  bytes_free(&none);
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) histogram_add(&latency, samples[i]);
  struct bytes series = series_of_latency(&latency);
  ck_assert_uint_lt(series.count, 40);
  ck_assert(series_add_latency(&series, &back));
  ck_assert_mem_eq(&back, &latency, sizeof back);
  ck_assert(series_add_latency(&series, &back)); /* adds */
  histogram_merge(&latency, &latency);
  ck_assert_mem_eq(&back, &latency, sizeof back);
  bytes_free(&series);
}
END_TEST

START_TEST(timelines_come_back) {
  struct timeline_bucket cells[LEDGER_BUCKETS_MAX] = {{0}}, back[LEDGER_BUCKETS_MAX];
  for (size_t count = 0; count <= LEDGER_BUCKETS_MAX; count += count < 4 ? 1 : 249) {
    for (int kind = 0; kind < 4; kind++) { /* nothing, quiet at a level, something at both ends, all full */
      for (size_t i = 0; i < count; i++) {
        cells[i] = kind == 1 ? level : kind == 3 ? full : (struct timeline_bucket){0};
        if (kind == 2) cells[i] = i == 0 || i == count - 1 ? some : level;
      }
      struct bytes series = series_of_timeline(cells, count);
      memset(back, 0xa5, sizeof back);
      ck_assert(series_read_timeline(&series, count, back));
      if (count > 0) ck_assert_mem_eq(back, cells, count * sizeof *cells);
      if (kind < 3) ck_assert_uint_le(series.count, 20);
      ck_assert(kind == 0 || count == 0 || !series_read_timeline(&series, kind == 1 ? 0 : count - 1, back));
      bytes_free(&series);
    }
  }
}
END_TEST

/* Cut off within a number, or with a cell that there is not. */
START_TEST(what_is_no_series_is_refused) {
  struct timeline_bucket cells[3] = {some, level, full}, back[3];
  struct histogram latency = {0}, into = {0};
  histogram_add(&latency, 1000000), histogram_add(&latency, 5);
  struct bytes series = series_of_timeline(cells, 3), packed = series_of_latency(&latency);
  for (size_t count = 1; count < series.count; count++) {
    struct bytes part = first(&series, count);
    ck_assert(count == 6 || !series_read_timeline(&part, 3, back)); /* 6: the first cell alone */
    bytes_free(&part);
  }
  for (size_t count = 1; count < packed.count; count++) {
    struct bytes part = first(&packed, count);
    ck_assert(count == 2 || !series_add_latency(&part, &into));
    bytes_free(&part);
  }
  struct bytes beyond = {0};
  bytes_unsigned(&beyond, HISTOGRAM_CELLS), bytes_unsigned(&beyond, 1);
  ck_assert(!series_add_latency(&beyond, &into));
  beyond.count = 0;
  bytes_unsigned(&beyond, HISTOGRAM_CELLS - 1), bytes_unsigned(&beyond, 1);
  ck_assert(series_add_latency(&beyond, &into));
  bytes_unsigned(&beyond, 0), bytes_unsigned(&beyond, 1);
  ck_assert(!series_add_latency(&beyond, &into));
  bytes_free(&beyond), bytes_free(&series), bytes_free(&packed);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("series");
  TCase *tcase = tcase_create("series");
  tcase_add_test(tcase, latencies_come_back);
  tcase_add_test(tcase, timelines_come_back);
  tcase_add_test(tcase, what_is_no_series_is_refused);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
