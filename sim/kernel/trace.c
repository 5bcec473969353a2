#include "sim/kernel/trace.h"

#include "sim/base/assert.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
/* Where the library chooses the widest vectors that the processor has, it does so for whom asks for it. The
 * digest is the same. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#define digest_update XXH3_64bits_update_dispatch
#else
#define digest_update XXH3_64bits_update
#endif

#define TRACE_FORMAT 1
static const char magic[8] = {'d', 'g', 's', 'i', 'm', 't', 'r', '1'};

struct trace_header {
  char magic[8];
  uint32_t format, record_size, text_length, reserved;
};
_Static_assert(sizeof(struct trace_header) == 24, "a trace begins with 24 bytes");

/* Both ways: swapping is its own inverse, and nothing at all on little-endian machines. */
static struct trace_record little_endian(const struct trace_record *record) {
  return (struct trace_record){.at = (int64_t)htole64((uint64_t)record->at),
                               .intent = htole64(record->intent),
                               .value = htole64(record->value),
                               .kind = htole16(record->kind),
                               .node = htole16(record->node),
                               .detail = htole32(record->detail)};
}

/* The records as they stand in a file: themselves, or a swapped copy of up to a block. */
static const struct trace_record *canonical(const struct trace_record *records, size_t count,
                                            struct trace_record *copy) {
  if (__BYTE_ORDER == __LITTLE_ENDIAN) return records;
  for (size_t i = 0; i < count; i++) copy[i] = little_endian(&records[i]);
  return copy;
}

void trace_init(struct trace *trace) {
  trace->sink_count = 0;
  trace->digest_state = XXH3_createState();
  ASSERT_MSG(trace->digest_state, "out of memory for the digest");
  trace_reset(trace);
}

void trace_deinit(struct trace *trace) {
  XXH3_freeState(trace->digest_state);
  trace->digest_state = NULL;
}

void trace_reset(struct trace *trace) {
  trace->count = trace->mark_count = 0;
  trace->flushed = 0;
  XXH3_64bits_reset(trace->digest_state);
}

static void add_sink(struct trace *trace, trace_sink *sink, trace_mark_sink *mark_sink, void *context) {
  ASSERT_MSG(trace->sink_count < TRACE_SINKS_MAX, "more than TRACE_SINKS_MAX = %d sinks",
             TRACE_SINKS_MAX);
  trace->sinks[trace->sink_count].sink = sink;
  trace->sinks[trace->sink_count].mark_sink = mark_sink;
  trace->sinks[trace->sink_count++].context = context;
}

void trace_add_sink(struct trace *trace, trace_sink *sink, void *context) {
  add_sink(trace, sink, NULL, context);
}

void trace_add_mark_sink(struct trace *trace, trace_mark_sink *sink, void *context) {
  add_sink(trace, NULL, sink, context);
}

void trace_flush(struct trace *trace) {
  if (trace->count == 0) return;
  struct trace_record copy[TRACE_BLOCK];
  digest_update(trace->digest_state, canonical(trace->block, trace->count, copy),
                trace->count * sizeof *trace->block);
  for (size_t i = 0; i < trace->sink_count; i++) {
    void *context = trace->sinks[i].context;
    if (trace->sinks[i].sink)
      trace->sinks[i].sink(context, trace->block, trace->count, trace->flushed);
    else
      trace->sinks[i].mark_sink(context, trace->block, trace->marks, trace->mark_count, trace->flushed);
  }
  trace->flushed += trace->count;
  trace->count = trace->mark_count = 0;
}

uint64_t trace_digest(struct trace *trace) {
  trace_flush(trace);
  return XXH3_64bits_digest(trace->digest_state);
}

bool trace_file_begin(FILE *file, const char *text, size_t length, struct err *err) {
  const size_t padding = (TRACE_TEXT_ALIGN - length % TRACE_TEXT_ALIGN) % TRACE_TEXT_ALIGN;
  if (length + padding > TRACE_TEXT_MAX)
    return err_set(err, ERR_LIMIT, "the trace's text has %zu bytes; the most is %zu", length,
                   TRACE_TEXT_MAX);
  struct trace_header header = {.format = htole32(TRACE_FORMAT),
                                .record_size = htole32(sizeof(struct trace_record)),
                                .text_length = htole32((uint32_t)(length + padding))};
  memcpy(header.magic, magic, sizeof magic);
  fwrite(&header, sizeof header, 1, file);
  fwrite(text, 1, length, file);
  for (size_t i = 0; i < padding; i++) fputc('\n', file);
  if (!ferror(file)) return true;
  return err_set(err, ERR_IO, "cannot write the trace: %s", strerror(errno));
}

void trace_file_sink(void *context, const struct trace_record *records, size_t count,
                     uint64_t first) {
  (void)first;
  struct trace_record copy[TRACE_BLOCK];
  /* A sink cannot fail: the stream remembers, and who closes it asks ferror. */
  (void)!fwrite(canonical(records, count, copy), sizeof *records, count, context);
}

static bool check_header(const struct trace_header *header, size_t got, struct err *err) {
  const uint32_t text = le32toh(header->text_length);
  if (got < sizeof magic || memcmp(header->magic, magic, sizeof magic) != 0) {
    err_set(err, ERR_FORMAT, "not a trace: it does not begin with 'dgsimtr1'");
    return err_note(err, "dgsim run FILE --row ROW --seed N --trace TRACE writes one");
  }
  if (got < sizeof *header)
    return err_set(err, ERR_FORMAT, "the header is torn: %zu of its %zu bytes", got, sizeof *header);
  if (le32toh(header->format) != TRACE_FORMAT)
    return err_set(err, ERR_FORMAT, "trace format %u is not known: this program reads format %d",
                   le32toh(header->format), TRACE_FORMAT);
  if (le32toh(header->record_size) != sizeof(struct trace_record))
    return err_set(err, ERR_FORMAT, "records of %u bytes: in format %d they have %zu",
                   le32toh(header->record_size), TRACE_FORMAT, sizeof(struct trace_record));
  if (text > TRACE_TEXT_MAX || text % TRACE_TEXT_ALIGN != 0)
    return err_set(err, ERR_FORMAT, "a text of %u bytes: it has a multiple of %d, and at most %zu",
                   text, TRACE_TEXT_ALIGN, TRACE_TEXT_MAX);
  if (header->reserved == 0) return true;
  return err_set(err, ERR_FORMAT, "the last number of the header is %u: in format %d it is 0",
                 le32toh(header->reserved), TRACE_FORMAT);
}

/* Reads also what nobody wants: a pipe cannot be told to skip. */
static bool read_text(FILE *file, size_t length, char **out_text, struct err *err) {
  char *text = malloc(length + 1);
  ASSERT_MSG(text, "out of memory for the text of a trace");
  const size_t got = fread(text, 1, length, file);
  text[got] = '\0';
  if (got == length && out_text)
    *out_text = text;
  else
    free(text);
  if (got == length) return true;
  if (ferror(file)) return err_set(err, ERR_IO, "cannot read the trace: %s", strerror(errno));
  return err_set(err, ERR_FORMAT, "the text is torn: %zu of its %zu bytes", got, length);
}

bool trace_reader_begin(struct trace_reader *reader, FILE *file, const char *path, char **out_text,
                        size_t *out_length, struct err *err) {
  *reader = (struct trace_reader){.file = file, .path = path};
  struct trace_header header;
  const size_t got = fread(&header, 1, sizeof header, file);
  if (ferror(file)) {
    err_set(err, ERR_IO, "cannot read the trace: %s", strerror(errno));
    return err_place(err, path, 0, 0, NULL);
  }
  if (!check_header(&header, got, err)) return err_place(err, path, 0, 0, NULL);
  const size_t length = le32toh(header.text_length);
  if (!read_text(file, length, out_text, err)) return err_place(err, path, 0, 0, NULL);
  if (out_length) *out_length = length;
  return true;
}

int trace_reader_next(struct trace_reader *reader, struct trace_record *out, struct err *err) {
  struct trace_record record;
  size_t got = fread(&record, 1, sizeof record, reader->file);
  if (got == sizeof record) {
    *out = little_endian(&record);
    reader->count++;
    return 1;
  }
  if (got == 0 && !ferror(reader->file)) return 0;
  const unsigned long long number = reader->count;
  if (ferror(reader->file))
    err_set(err, ERR_IO, "cannot read record %llu: %s", number, strerror(errno));
  else
    err_set(err, ERR_FORMAT, "record %llu is torn: %zu of its %zu bytes", number, got,
            sizeof record);
  err_note(err, "records count from 0");
  err_place(err, reader->path, 0, 0, NULL);
  return -1;
}
