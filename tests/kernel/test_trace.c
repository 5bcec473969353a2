#include "sim/base/hash.h"
#include "sim/kernel/trace.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define RECORDS (3 * TRACE_BLOCK + 7)

static struct trace_record record_of(uint64_t number) {
  uint64_t draw = hash_mix(number + 1);
  return (struct trace_record){.at = (int64_t)(number * 1000),
                               .intent = draw >> 32,
                               .value = draw,
                               .kind = (uint16_t)(draw >> 7),
                               .node = (uint16_t)(draw >> 11),
                               .detail = (uint32_t)(draw >> 13)};
}

static void fill(struct trace *trace, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++) *trace_next(trace) = record_of(i);
}

/* The format said again, byte by byte: what the digest and the file must be made of. */
static void put_bytes(unsigned char **out, uint64_t value, int size) {
  for (int i = 0; i < size; i++) *(*out)++ = (unsigned char)(value >> 8 * i);
}

static void canonical_bytes(unsigned char *out, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    struct trace_record record = record_of(i);
    put_bytes(&out, (uint64_t)record.at, 8);
    put_bytes(&out, record.intent, 8);
    put_bytes(&out, record.value, 8);
    put_bytes(&out, record.kind, 2);
    put_bytes(&out, record.node, 2);
    put_bytes(&out, record.detail, 4);
  }
}

START_TEST(the_digest_is_XXH3_of_the_canonical_bytes) {
  static const uint64_t counts[] = {0, 1, TRACE_BLOCK - 1, TRACE_BLOCK, TRACE_BLOCK + 1, RECORDS};
  static unsigned char bytes[RECORDS * 32];
  canonical_bytes(bytes, RECORDS);
  struct trace trace;
  trace_init(&trace);
  for (size_t i = 0; i < 6; i++) {
    trace_reset(&trace);
    fill(&trace, 0, counts[i]);
    ck_assert_uint_eq(trace_digest(&trace), XXH3_64bits(bytes, counts[i] * 32));
  }
  trace_deinit(&trace);
}
END_TEST

START_TEST(the_digest_does_not_depend_on_block_boundaries) {
  struct trace whole, pieces;
  trace_init(&whole);
  trace_init(&pieces);
  fill(&whole, 0, RECORDS);
  for (uint64_t i = 0; i < RECORDS; i++) {
    fill(&pieces, i, i + 1);
    if (hash_mix(i) % 5 == 0) trace_flush(&pieces);
    if (hash_mix(i) % 97 == 0) trace_digest(&pieces); /* asking changes nothing */
  }
  ck_assert_uint_eq(trace_digest(&whole), trace_digest(&pieces));
  ck_assert_uint_eq(whole.flushed, RECORDS);
  ck_assert_uint_eq(pieces.flushed, RECORDS);
  trace_deinit(&whole);
  trace_deinit(&pieces);
}
END_TEST

static void change(struct trace_record *record, int field) {
  switch (field) {
  case 0: record->at ^= 1; break;
  case 1: record->intent ^= UINT64_C(1) << 63; break;
  case 2: record->value ^= 1; break;
  case 3: record->kind ^= 0x8000; break;
  case 4: record->node ^= 1; break;
  default: record->detail ^= UINT32_C(1) << 31; break;
  }
}

START_TEST(the_digest_changes_with_any_field_and_with_the_order) {
  struct trace trace;
  trace_init(&trace);
  uint64_t digests[9];
  for (int field = -1; field < 6; field++) {
    trace_reset(&trace);
    fill(&trace, 0, 700);
    struct trace_record *record = trace_next(&trace);
    *record = record_of(700);
    if (field >= 0) change(record, field);
    fill(&trace, 701, 800);
    digests[field + 1] = trace_digest(&trace);
  }
  trace_reset(&trace);
  fill(&trace, 0, 699);
  fill(&trace, 700, 701);
  fill(&trace, 699, 700);
  fill(&trace, 701, 800);
  digests[7] = trace_digest(&trace);
  trace_reset(&trace);
  fill(&trace, 0, 799);
  digests[8] = trace_digest(&trace);
  for (int i = 0; i < 9; i++)
    for (int j = 0; j < i; j++) ck_assert_uint_ne(digests[i], digests[j]);
  trace_deinit(&trace);
}
END_TEST

/* A sink that checks what it is given and in which order. */
struct listener {
  uint64_t seen;
  struct listener *after; /* who must have seen it before */
};

static void listen(void *context, const struct trace_record *records, size_t count,
                   uint64_t first) {
  struct listener *listener = context;
  ck_assert_uint_eq(first, listener->seen);
  ck_assert_uint_ge(count, 1);
  ck_assert_uint_le(count, TRACE_BLOCK);
  for (size_t i = 0; i < count; i++) {
    struct trace_record expected = record_of(first + i);
    ck_assert_int_eq(memcmp(&records[i], &expected, sizeof expected), 0);
  }
  listener->seen += count;
  if (listener->after) ck_assert_uint_eq(listener->after->seen, listener->seen);
}

START_TEST(every_sink_sees_every_record_once_in_order) {
  struct trace trace;
  struct listener first = {0}, second = {.after = &first};
  trace_init(&trace);
  trace_add_sink(&trace, listen, &first);
  trace_add_sink(&trace, listen, &second);
  trace_flush(&trace); /* nothing yet: no sink is called */
  for (int round = 0; round < 2; round++) {
    first.seen = second.seen = 0;
    fill(&trace, 0, RECORDS);
    ck_assert_uint_eq(second.seen, 3 * TRACE_BLOCK);
    trace_flush(&trace);
    trace_flush(&trace);
    ck_assert_uint_eq(second.seen, RECORDS);
    trace_reset(&trace); /* sinks stay */
  }
  trace_deinit(&trace);
}
END_TEST

static bool is_marked(uint64_t number) { return hash_mix(number) % 3 == 0; }

static void listen_to_marks(void *context, const struct trace_record *records, const uint16_t *places,
                            size_t count, uint64_t first) {
  struct listener *listener = context;
  ck_assert_uint_eq(first, listener->seen);
  const uint64_t end = first + TRACE_BLOCK < RECORDS ? first + TRACE_BLOCK : RECORDS;
  size_t found = 0;
  for (uint64_t i = first; i < end; i++) {
    if (!is_marked(i)) continue;
    struct trace_record expected = record_of(i);
    ck_assert_uint_lt(found, count);
    ck_assert_uint_eq(places[found], i - first);
    ck_assert_int_eq(memcmp(&records[places[found++]], &expected, sizeof expected), 0);
  }
  ck_assert_uint_eq(found, count);
  listener->seen = end;
}

START_TEST(a_mark_sink_is_told_where_every_marked_record_stands) {
  struct trace trace;
  struct listener marked = {0}, all = {.after = &marked};
  trace_init(&trace);
  trace_add_mark_sink(&trace, listen_to_marks, &marked);
  trace_add_sink(&trace, listen, &all);
  for (int round = 0; round < 2; round++) {
    marked.seen = all.seen = 0;
    for (uint64_t i = 0; i < RECORDS; i++) {
      *trace_next(&trace) = record_of(i);
      if (is_marked(i)) trace_mark(&trace);
    }
    trace_flush(&trace);
    ck_assert_uint_eq(marked.seen, RECORDS);
    fill(&trace, 0, 1);
    trace_mark(&trace); /* which the reset forgets */
    trace_reset(&trace);
  }
  trace_deinit(&trace);
}
END_TEST

START_TEST(sinks_do_not_change_the_digest) {
  struct trace plain, heard;
  struct listener listener = {0};
  trace_init(&plain);
  trace_init(&heard);
  trace_add_sink(&heard, listen, &listener);
  fill(&plain, 0, RECORDS);
  fill(&heard, 0, RECORDS);
  ck_assert_uint_eq(trace_digest(&plain), trace_digest(&heard));
  trace_deinit(&plain);
  trace_deinit(&heard);
}
END_TEST

START_TEST(a_fifth_sink_aborts) {
  struct trace trace;
  trace_init(&trace);
  for (int i = 0; i <= TRACE_SINKS_MAX; i++) trace_add_sink(&trace, listen, NULL);
}
END_TEST

#define TEXT "format: 1\nname: x\n"
#define TEXT_PADDED TEXT "\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
#define HEADER 24
#define RECORDS_AT (HEADER + 32)
_Static_assert(sizeof TEXT_PADDED - 1 == 32, "to a multiple of 16");

static FILE *written(uint64_t count) {
  FILE *file = tmpfile();
  struct err err = {0};
  struct trace trace;
  trace_init(&trace);
  ck_assert(trace_file_begin(file, TEXT, strlen(TEXT), &err));
  trace_add_sink(&trace, trace_file_sink, file);
  fill(&trace, 0, count);
  trace_flush(&trace);
  trace_deinit(&trace);
  ck_assert_int_eq(ferror(file), 0);
  rewind(file);
  return file;
}

START_TEST(a_file_reads_back_what_was_written) {
  FILE *file = written(RECORDS);
  struct err err = {0};
  struct trace_reader reader;
  char *text;
  size_t length;
  ck_assert(trace_reader_begin(&reader, file, "run.trace", &text, &length, &err));
  ck_assert_uint_eq(length, strlen(TEXT_PADDED));
  ck_assert_str_eq(text, TEXT_PADDED);
  free(text);
  struct trace_record record;
  for (uint64_t i = 0; i < RECORDS; i++) {
    struct trace_record expected = record_of(i);
    ck_assert_int_eq(trace_reader_next(&reader, &record, &err), 1);
    ck_assert_int_eq(memcmp(&record, &expected, sizeof record), 0);
  }
  ck_assert_int_eq(trace_reader_next(&reader, &record, &err), 0);
  ck_assert_int_eq(err.code, ERR_NONE);
  fclose(file);
}
END_TEST

START_TEST(a_file_is_its_header_and_the_canonical_bytes) {
  static unsigned char expected[RECORDS_AT + 3 * 32], got[sizeof expected + 1];
  memcpy(expected, "dgsimtr1\1\0\0\0\40\0\0\0\40\0\0\0\0\0\0\0" TEXT_PADDED, RECORDS_AT);
  canonical_bytes(expected + RECORDS_AT, 3);
  FILE *file = written(3);
  ck_assert_uint_eq(fread(got, 1, sizeof got, file), sizeof expected);
  ck_assert_int_eq(memcmp(got, expected, sizeof expected), 0);
  fclose(file);
}
END_TEST

START_TEST(a_torn_record_is_named_by_its_number) {
  static unsigned char bytes[RECORDS_AT + 5 * 32];
  for (size_t kept = 1; kept < 32; kept++) {
    FILE *whole = written(5), *torn = tmpfile();
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, whole), sizeof bytes);
    fwrite(bytes, 1, RECORDS_AT + 3 * 32 + kept, torn);
    rewind(torn);
    struct err err = {0};
    struct trace_record record;
    struct trace_reader reader;
    ck_assert(trace_reader_begin(&reader, torn, "run.trace", NULL, NULL, &err));
    for (int i = 0; i < 3; i++)
      ck_assert_int_eq(trace_reader_next(&reader, &record, &err), 1);
    ck_assert_int_eq(trace_reader_next(&reader, &record, &err), -1);
    char message[64];
    snprintf(message, sizeof message, "record 3 is torn: %zu of its 32 bytes", kept);
    ck_assert_int_eq(err.code, ERR_FORMAT);
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(err.path, "run.trace");
    fclose(whole);
    fclose(torn);
  }
}
END_TEST

START_TEST(a_header_that_is_not_ours_is_refused) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *message;
  } rows[] = {
      {"", 0, "not a trace: it does not begin with 'dgsimtr1'"},
      {"dgsim", 5, "not a trace: it does not begin with 'dgsimtr1'"},
      {"format: 1\nname: x\n", 18, "not a trace: it does not begin with 'dgsimtr1'"},
      {"dgsimtr1\1\0\0", 11, "the header is torn: 11 of its 24 bytes"},
      {"dgsimtr1\2\0\0\0\40\0\0\0\0\0\0\0\0\0\0\0", 24,
       "trace format 2 is not known: this program reads format 1"},
      {"dgsimtr1\1\0\0\0\50\0\0\0\0\0\0\0\0\0\0\0", 24,
       "records of 40 bytes: in format 1 they have 32"},
      {"dgsimtr1\1\0\0\0\40\0\0\0\21\0\0\0\0\0\0\0", 24,
       "a text of 17 bytes: it has a multiple of 16, and at most 67108864"},
      {"dgsimtr1\1\0\0\0\40\0\0\0\20\0\0\4\0\0\0\0", 24,
       "a text of 67108880 bytes: it has a multiple of 16, and at most 67108864"},
      {"dgsimtr1\1\0\0\0\40\0\0\0\0\0\0\0\7\0\0\0", 24,
       "the last number of the header is 7: in format 1 it is 0"},
      {"dgsimtr1\1\0\0\0\40\0\0\0\40\0\0\0\0\0\0\0format: 1\n", 34,
       "the text is torn: 10 of its 32 bytes"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    FILE *file = tmpfile();
    fwrite(rows[i].bytes, 1, rows[i].size, file);
    rewind(file);
    struct err err = {0};
    struct trace_reader reader;
    char *text;
    ck_assert(!trace_reader_begin(&reader, file, "run.trace", &text, NULL, &err));
    ck_assert_int_eq(err.code, ERR_FORMAT);
    ck_assert_str_eq(err.message, rows[i].message);
    ck_assert_str_eq(err.path, "run.trace");
    fclose(file);
  }
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_an_error) {
  FILE *file = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(file);
  setvbuf(file, NULL, _IONBF, 0);
  struct err err = {0};
  ck_assert(!trace_file_begin(file, TEXT, strlen(TEXT), &err));
  ck_assert_int_eq(err.code, ERR_IO);
  fclose(file);
}
END_TEST

/* A file on a medium that fails: the first `good` bytes are read, nothing after them is. */
struct failing {
  FILE *file;
  size_t good;
};

static ssize_t read_some(void *cookie, char *out, size_t size) {
  struct failing *failing = cookie;
  const size_t got = fread(out, 1, size < failing->good ? size : failing->good, failing->file);
  failing->good -= got;
  if (got == 0) errno = EIO;
  return got > 0 ? (ssize_t)got : -1;
}

START_TEST(what_cannot_be_read_is_told_from_what_is_torn) {
  static const struct {
    size_t good;
    const char *message;
  } rows[] = {{0, "cannot read the trace: Input/output error"},
              {10, "cannot read the trace: Input/output error"},
              {RECORDS_AT - 1, "cannot read the trace: Input/output error"},
              {RECORDS_AT, "cannot read record 0: Input/output error"},
              {RECORDS_AT + 2 * sizeof(struct trace_record) + 5, "cannot read record 2: Input/output error"}};
  struct failing failing = {written(3), rows[_i].good};
  FILE *file = fopencookie(&failing, "r", (cookie_io_functions_t){.read = read_some});
  ck_assert_ptr_nonnull(file);
  setvbuf(file, NULL, _IONBF, 0);
  struct err err = {.code = ERR_NONE};
  struct trace_reader reader;
  struct trace_record record;
  if (trace_reader_begin(&reader, file, "a.dgt", NULL, NULL, &err))
    while (trace_reader_next(&reader, &record, &err) > 0) continue;
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_str_eq(err.message, rows[_i].message);
  ck_assert_str_eq(err.path, "a.dgt");
  fclose(file);
  fclose(failing.file);
}
END_TEST

START_TEST(a_text_may_be_empty_or_just_fit_and_no_longer) {
  static const size_t lengths[] = {0, 16, TRACE_TEXT_MAX - 15, TRACE_TEXT_MAX};
  static char text[TRACE_TEXT_MAX + 1];
  memset(text, 'x', sizeof text);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    FILE *file = tmpfile();
    struct err err = {0};
    struct trace_reader reader;
    char *back;
    size_t length;
    ck_assert(trace_file_begin(file, text, lengths[i], &err));
    rewind(file);
    ck_assert(trace_reader_begin(&reader, file, "run.trace", &back, &length, &err));
    ck_assert_uint_eq(length, (lengths[i] + 15) / 16 * 16);
    ck_assert_int_eq(memcmp(back, text, lengths[i]), 0);
    ck_assert_uint_eq(strlen(back), length);
    ck_assert_uint_eq(strspn(back + lengths[i], "\n"), length - lengths[i]);
    free(back);
    fclose(file);
  }
  struct err err = {0};
  ck_assert(!trace_file_begin(stderr, text, sizeof text, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("trace");
  tcase_add_test(tests, the_digest_is_XXH3_of_the_canonical_bytes);
  tcase_add_test(tests, the_digest_does_not_depend_on_block_boundaries);
  tcase_add_test(tests, the_digest_changes_with_any_field_and_with_the_order);
  tcase_add_test(tests, every_sink_sees_every_record_once_in_order);
  tcase_add_test(tests, a_mark_sink_is_told_where_every_marked_record_stands);
  tcase_add_test(tests, sinks_do_not_change_the_digest);
  tcase_add_test_raise_signal(tests, a_fifth_sink_aborts, SIGABRT);
  tcase_add_test(tests, a_file_reads_back_what_was_written);
  tcase_add_test(tests, a_file_is_its_header_and_the_canonical_bytes);
  tcase_add_test(tests, a_torn_record_is_named_by_its_number);
  tcase_add_test(tests, a_header_that_is_not_ours_is_refused);
  tcase_add_test(tests, a_file_that_cannot_be_written_is_an_error);
  tcase_add_loop_test(tests, what_cannot_be_read_is_told_from_what_is_torn, 0, 5);
  tcase_add_test(tests, a_text_may_be_empty_or_just_fit_and_no_longer);
  Suite *suite = suite_create("kernel/trace");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
