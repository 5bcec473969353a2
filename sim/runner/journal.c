#include "sim/runner/journal.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/journal_head.h"
#include "sim/runner/journal_row.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SYNC_EVERY_NS INT64_C(1000000000)

struct journal {
  int fd;
  const char *path;
  uint64_t key, end, rows, items; /* of the head; bytes that count; whole rows; that there will be */
  unsigned char *row;             /* room to put one together */
  size_t room;
  int64_t synced_ns; /* when it was last brought to the disk, or opened */
  bool dirty, stopped, finished;
  struct err why; /* it was stopped, where writing failed */
  pthread_mutex_t mutex; /* guards all but fd, path, key */
};

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool io_error(const char *path, struct err *err) {
  return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
}

/* --- Opening --- */

/* False: another process has it. */
static bool lock(int fd, const char *path, struct err *err) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true; /* or nobody watches: [J3] */
  err_set(err, ERR_CONFLICT, "another process is writing '%s'", path);
  return err_note(err, "wait for it, or write somewhere else with --out DIR");
}

/* Opens and locks what is called `path`, or returns -1 with *err set. */
static int open_locked(const char *path, int more, struct err *err) {
  struct stat here, there;
  for (;;) {
    const int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | more, 0666);
    if (fd < 0) {
      io_error(path, err);
      return -1;
    }
    if (!lock(fd, path, err)) {
      close(fd);
      return -1;
    }
    /* Another process may have set it aside since it was opened. */
    if (fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino) return fd;
    close(fd);
  }
}

/* Reads on to the end. */
static bool count_rows(struct journal_reader *reader, struct journal_found *out, struct err *err) {
  uint64_t item;
  struct bytes_reader bytes;
  do out->end = journal_next(reader, &item, &bytes, err);
  while (out->end == JOURNAL_ROW);
  out->rows = reader->rows;
  out->finished = reader->finished;
  out->cut = reader->size - reader->end;
  return out->end != JOURNAL_UNREADABLE;
}

static bool write_all(int fd, const unsigned char *bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

static bool begin(struct journal *journal, const struct journal_head *head, struct err *err) {
  size_t length;
  char *text = journal_head_print(head, &length, &journal->key);
  bool good = ftruncate(journal->fd, 0) == 0 && write_all(journal->fd, (unsigned char *)text, length);
  if (!good) {
    io_error(journal->path, err);
    if (ftruncate(journal->fd, 0) != 0) good = false; /* half a head is known as such */
  }
  journal->end = length;
  free(text);
  return good;
}

/* A new file in the place of what cannot be gone on with, which is kept, as long as nobody sets the next one aside, or
 * not. (To cut it to nothing and write again would be slow: file systems bring that to the disk at once.) */
static bool replace(struct journal *journal, bool keep, struct err *err) {
  char old[1024];
  snprintf(old, sizeof old, "%s.old", journal->path);
  if ((keep ? rename(journal->path, old) : unlink(journal->path)) != 0) return io_error(journal->path, err);
  close(journal->fd);
  journal->fd = open_locked(journal->path, O_EXCL, err);
  return journal->fd >= 0;
}

static bool refuse(const char *path, const char *difference, struct err *err) {
  err_set(err, ERR_CONFLICT, "--resume cannot go on with '%s': %s", path, difference);
  return err_note(err, "without --resume the campaign begins anew");
}

static bool resume_with(struct journal *journal, struct journal_reader *reader, const struct journal_head *head,
                        struct journal_found *out, struct err *err) {
  char difference[400];
  if (!journal_head_same(&reader->head, "then", head, "now", difference, sizeof difference))
    return refuse(journal->path, difference, err);
  if (reader->head.shard != head->shard || reader->head.shards != head->shards)
    return refuse(journal->path, "it is of another shard", err);
  if (!count_rows(reader, out, err)) return false;
  if (out->cut > 0 && ftruncate(journal->fd, (off_t)reader->end) != 0) return io_error(journal->path, err);
  out->resumed = true;
  journal->key = reader->key;
  journal->end = reader->end;
  journal->rows = reader->rows;
  journal->finished = reader->finished;
  return true;
}

/* With a file that is open and locked. */
static bool open_with(struct journal *journal, const struct journal_head *head, bool resume,
                      struct journal_found *out, struct err *err) {
  struct journal_reader reader;
  struct err none = {0};
  bool torn;
  if (!journal_reader_init(&reader, journal->fd, journal->path, &torn, &none)) {
    if (torn) return begin(journal, head, err);
    if (resume) {
      *err = none;
      return err_note(err, "without --resume the campaign begins anew, and this is kept as %s.old", journal->path);
    }
    out->set_aside = true;
    return replace(journal, true, err) && begin(journal, head, err);
  }
  char difference[400];
  out->items = reader.head.items / reader.head.shards + (reader.head.items % reader.head.shards >= reader.head.shard);
  out->same = journal_head_same(&reader.head, "then", head, "now", difference, sizeof difference);
  bool good;
  if (resume) {
    good = resume_with(journal, &reader, head, out, err);
  } else {
    good = count_rows(&reader, out, err);
    out->set_aside = good && out->rows > 0 && !out->finished;
    good = good && replace(journal, out->set_aside, err) && begin(journal, head, err);
  }
  journal_reader_deinit(&reader);
  return good;
}

bool journal_is_there(const struct journal *journal) {
  struct stat here, there;
  return fstat(journal->fd, &here) == 0 && stat(journal->path, &there) == 0 && here.st_ino == there.st_ino &&
         here.st_dev == there.st_dev;
}

struct journal *journal_open(const char *path, const struct journal_head *head, bool resume,
                             struct journal_found *out, struct err *err) {
  *out = (struct journal_found){0};
  struct journal *journal = calloc(1, sizeof *journal);
  ASSERT(journal);
  *journal = (struct journal){.path = path, .fd = open_locked(path, 0, err), .synced_ns = now_ns()};
  journal->items = head->items / head->shards + (head->items % head->shards >= head->shard);
  pthread_mutex_init(&journal->mutex, NULL);
  if (journal->fd >= 0 && open_with(journal, head, resume, out, err)) return journal;
  if (journal->fd >= 0) close(journal->fd);
  pthread_mutex_destroy(&journal->mutex);
  free(journal);
  return NULL;
}

bool journal_rewind(const struct journal *journal, struct journal_reader *reader, struct err *err) {
  bool torn;
  return journal_reader_init(reader, journal->fd, journal->path, &torn, err);
}

/* --- Writing --- */

static const unsigned char *put_row(struct journal *journal, uint64_t item, const struct bytes *bytes, size_t length) {
  GROW(journal->row, journal->room, length);
  row_put_number(journal->row, ROW_LENGTH, bytes->count);
  row_put_number(journal->row + ROW_LENGTH, ROW_ITEM, item);
  if (bytes->count > 0) memcpy(journal->row + ROW_BEFORE, bytes->items, bytes->count);
  const size_t checked = ROW_BEFORE + bytes->count;
  row_put_number(journal->row + checked, ROW_CHECKSUM, row_checksum(journal->row, checked, journal->key));
  return journal->row;
}

/* errno says why. */
static bool fail(struct journal *journal, struct err *err) {
  io_error(journal->path, err);
  err_note(err, "%" PRIu64 " of %" PRIu64 " runs are safe in it: make room, then go on with --resume", journal->rows,
           journal->items);
  if (!journal->stopped) journal->why = *err;
  journal->stopped = true;
  return false;
}

static bool sync_now(struct journal *journal, struct err *err) {
  if (fdatasync(journal->fd) == 0 || errno == EINVAL || errno == EROFS) return true; /* of no disk */
  pthread_mutex_lock(&journal->mutex);
  fail(journal, err);
  pthread_mutex_unlock(&journal->mutex);
  return false;
}

bool journal_append(struct journal *journal, uint64_t item, const struct bytes *bytes, struct err *err) {
  const size_t length = ROW_BEFORE + bytes->count + ROW_CHECKSUM;
  const int64_t now = now_ns();
  ASSERT_LE(bytes->count, UINT32_MAX);
  pthread_mutex_lock(&journal->mutex);
  bool good = !journal->stopped, due = false;
  if (!good) {
    *err = journal->why; /* another thread may be about to tell it, and be slower */
    err_set(err, ERR_IO, "nothing is written to '%s' any more", journal->path);
  } else if (write_all(journal->fd, put_row(journal, item, bytes, length), length)) {
    journal->end += length;
    journal->rows += item != ROW_FINISHED;
    due = now - journal->synced_ns >= SYNC_EVERY_NS;
    if (due) journal->synced_ns = now;
    journal->dirty = !due;
  } else {
    good = fail(journal, err);
    if (ftruncate(journal->fd, (off_t)journal->end) != 0) good = false; /* [J1] */
  }
  pthread_mutex_unlock(&journal->mutex);
  return good && (!due || sync_now(journal, err)); /* the others need not wait for the disk */
}

void journal_settle(struct journal *journal) {
  struct err err = {0};
  const int64_t now = now_ns();
  pthread_mutex_lock(&journal->mutex);
  const bool due = journal->dirty && !journal->stopped && now - journal->synced_ns >= SYNC_EVERY_NS;
  if (due) journal->synced_ns = now, journal->dirty = false;
  pthread_mutex_unlock(&journal->mutex);
  if (due && !sync_now(journal, &err)) return; /* the next row says so */
}

bool journal_finish(struct journal *journal, struct err *err) {
  const struct bytes none = {0};
  if (journal->finished) return true;
  journal->finished = journal_append(journal, ROW_FINISHED, &none, err);
  return journal->finished;
}

void journal_stop(struct journal *journal) {
  pthread_mutex_lock(&journal->mutex);
  journal->stopped = true;
  pthread_mutex_unlock(&journal->mutex);
  if (journal->dirty && fdatasync(journal->fd) != 0) return; /* nothing is left to be done about it */
}

bool journal_close(struct journal *journal, struct err *err) {
  if (!journal) return true;
  const bool due = journal->dirty && !journal->stopped;
  const bool good = !due || sync_now(journal, err);
  close(journal->fd);
  pthread_mutex_destroy(&journal->mutex);
  free(journal->row);
  free(journal);
  return good;
}
