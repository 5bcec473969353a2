/* A trace. The first byte says how the rest is to be taken: 'r' as a file as it stands; a digit as the records of a
 * run of that scenario of `texts`, so that what comes behind the header is reached. It is judged, and its records are
 * printed as `diff` prints them. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/cli/record.h"
#include "sim/runner/judge_trace.h"

#include <stdlib.h>
#include <string.h>

#define WORKLOAD "format: 1\nworkload: {messages: 4, rate: 100/s, keys: 3}\n"
#define FAULTS                                                                                     \
  "faults:\n  - {at: 10ms, kill: consumer.1, for: 5ms}\n  - {when: ack-sent, intent: 2, drop: this}\n"
static const char *const texts[] = {
    WORKLOAD "system: at-least-once\n" FAULTS,
    WORKLOAD "system: sqs-standard\nhandler: dedup-table\n" FAULTS "expect:\n  - {lost: none}\n",
    WORKLOAD "system: kafka-acks-all\ngroups:\n  one: {consumers: 1}\n  two: {consumers: 1}\n",
    "format: 1\nworkload: {messages: 3, rate: 10/s, keys: 2, operation: transfer}\nsystem: at-least-once\n",
    "format: 1\nworkload: {messages: 3, rate: 10/s, keys: 2, operation: set}\nsystem: at-least-once\n",
};

/* The file as it would be. */
static char *whole(unsigned which, const uint8_t *data, size_t size, size_t *out_size) {
  struct scenario scenario;
  struct err err = {0};
  char *text = NULL;
  const char *source = texts[which];
  ASSERT_MSG(scenario_load_text("trace", source, strlen(source), false, fuzz_registry(), &scenario, &err), "%s",
             err.message);
  FILE *out = open_memstream(&text, out_size);
  ASSERT(judge_trace_begin(out, &scenario, 0, 0, &err));
  fwrite(data, 1, size, out);
  ASSERT(fclose(out) == 0);
  scenario_free(&scenario);
  return text;
}

static void print_records(FILE *file) {
  struct trace_reader reader;
  struct trace_record record;
  struct err err = {0};
  char *text = NULL;
  size_t length = 0;
  rewind(file);
  if (!trace_reader_begin(&reader, file, "trace", NULL, NULL, &err)) return fuzz_check_error(&err);
  FILE *out = open_memstream(&text, &length);
  int got;
  while ((got = trace_reader_next(&reader, &record, &err)) > 0) record_print(&record, reader.count, out);
  if (got < 0) fuzz_check_error(&err);
  ASSERT(fclose(out) == 0);
  free(text);
}

static void judge(const char *bytes, size_t size) {
  struct scenario scenario;
  struct campaign campaign;
  struct err err = {0};
  if (size == 0) return; /* fmemopen refuses it */
  FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "rb");
  ASSERT(file);
  if (judge_trace(file, "trace", fuzz_registry(), &scenario, &campaign, &err)) {
    campaign_free(&campaign);
    scenario_free(&scenario);
  } else {
    fuzz_check_error(&err);
  }
  print_records(file);
  fclose(file);
}

void fuzz_trace(const uint8_t *data, size_t size) {
  if (size == 0) return;
  if (data[0] == 'r') return judge((const char *)data + 1, size - 1);
  const unsigned which = (unsigned)(data[0] - '0');
  if (which >= sizeof texts / sizeof *texts) return;
  size_t length = 0;
  char *text = whole(which, data + 1, size - 1, &length);
  judge(text, length);
  free(text);
}
