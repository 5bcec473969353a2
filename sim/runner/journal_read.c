#include "sim/runner/journal.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/journal_head.h"
#include "sim/runner/journal_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER ((size_t)256 << 10)

static bool io_error(const struct journal_reader *reader, struct err *err) {
  return err_set(err, ERR_IO, "cannot read '%s': %s", reader->path, strerror(errno));
}

static size_t left(const struct journal_reader *reader) { return reader->held - reader->used; }

/* Sees that `count` bytes of the file are in the buffer, or all that there are. False: a read failed. */
static bool fetch(struct journal_reader *reader, size_t count, struct err *err) {
  if (left(reader) >= count) return true;
  if (left(reader) > 0) memmove(reader->buffer, reader->buffer + reader->used, left(reader));
  reader->buffer_at += reader->used;
  reader->held -= reader->used;
  reader->used = 0;
  GROW(reader->buffer, reader->capacity, count > BUFFER ? count : BUFFER);
  while (reader->held < count) {
    const ssize_t got = pread(reader->fd, reader->buffer + reader->held, reader->capacity - reader->held,
                              (off_t)(reader->buffer_at + reader->held));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(reader, err);
    if (got == 0) break;
    reader->held += (size_t)got;
  }
  return true;
}

static bool read_head(struct journal_reader *reader, bool *out_torn, struct err *err) {
  const unsigned char *behind = NULL;
  for (size_t count = BUFFER; !behind; count *= 2) {
    if (!fetch(reader, count, err)) return false;
    behind = memmem(reader->buffer, reader->held, "\n\n", 2);
    if (reader->held < count) break;
  }
  const char *text = (const char *)reader->buffer;
  *out_torn = !behind && journal_head_torn(text, reader->held);
  if (*out_torn) return err_set(err, ERR_FORMAT, "'%s' is the beginning of a journal and no more", reader->path);
  const size_t length = behind ? (size_t)(behind - reader->buffer) + 1 : reader->held;
  if (!journal_head_parse(text, length, reader->path, &reader->head, &reader->key, err)) return false;
  reader->used = length + 1;
  reader->end = reader->used;
  return true;
}

bool journal_reader_init(struct journal_reader *reader, int fd, const char *path, bool *out_torn, struct err *err) {
  struct stat status;
  *reader = (struct journal_reader){.fd = fd, .path = path};
  *out_torn = false;
  if (fstat(fd, &status) != 0) return io_error(reader, err);
  reader->size = (uint64_t)status.st_size;
  if (read_head(reader, out_torn, err)) return true;
  journal_reader_deinit(reader);
  return false;
}

void journal_reader_deinit(struct journal_reader *reader) {
  journal_head_free(&reader->head);
  free(reader->buffer);
  reader->buffer = NULL;
}

static enum journal_end next_row(struct journal_reader *reader, uint64_t *out_item, struct bytes_reader *out_bytes,
                                 struct err *err) {
  if (!fetch(reader, ROW_BEFORE, err)) return JOURNAL_UNREADABLE;
  if (left(reader) == 0) return JOURNAL_WHOLE;
  if (left(reader) < ROW_BEFORE) return JOURNAL_TORN;
  const size_t length = (size_t)row_number(reader->buffer + reader->used, ROW_LENGTH);
  const uint64_t whole = ROW_BEFORE + length + ROW_CHECKSUM;
  const uint64_t rest = reader->size > reader->end ? reader->size - reader->end : 0;
  if (whole > rest) return JOURNAL_TORN;
  if (!fetch(reader, (size_t)whole, err)) return JOURNAL_UNREADABLE;
  if (left(reader) < whole) return JOURNAL_TORN; /* cut off while it was read */
  const unsigned char *row = reader->buffer + reader->used;
  if (row_number(row + ROW_BEFORE + length, ROW_CHECKSUM) != row_checksum(row, ROW_BEFORE + length, reader->key))
    return whole == rest ? JOURNAL_TORN : JOURNAL_DAMAGED;
  *out_item = row_number(row + ROW_LENGTH, ROW_ITEM);
  *out_bytes = (struct bytes_reader){.at = row + ROW_BEFORE, .end = row + ROW_BEFORE + length};
  reader->used += (size_t)whole;
  reader->end += whole;
  return JOURNAL_ROW;
}

enum journal_end journal_next(struct journal_reader *reader, uint64_t *out_item, struct bytes_reader *out_bytes,
                              struct err *err) {
  enum journal_end end;
  while ((end = next_row(reader, out_item, out_bytes, err)) == JOURNAL_ROW && *out_item == ROW_FINISHED)
    reader->finished = true;
  reader->rows += end == JOURNAL_ROW;
  return end;
}
