/* What a campaign has done so far, in an append-only file, so that a process that is killed loses only the runs that it
 * was doing. Knows nothing of campaigns: a row is an item's number and bytes (campaign_journal.h says which).
 *
 *   dgsim journal 1        head: text, a word and its value a line; control characters and % as %XX
 *   version 0.1.0
 *   ...
 *   checksum HEX           XXH3 of the lines above
 *                          an empty line, then rows:
 *   | length u32 | item u64 | bytes[length] | XXH3 u64 of the row before it, seeded with the head's checksum |
 *
 * A row of item 2^64 - 1, without bytes, says that the campaign needs no more of them: it may end before all items are
 * done (precision). Numbers are little-endian. A row is one write(2); once a second, and at the end, what was
 * written is brought to the disk.
 *
 * [J1] Rows count up to the first that is cut off or damaged; nothing is believed from there on.
 * [J2] A row that could not be written whole is taken back; where that fails too, [J1] holds.
 * [J3] One process writes a journal at a time (flock; where a file system has none, nobody watches).
 * [J4] A row is of this head: those of another journal have other checksums.
 */
#ifndef SIM_RUNNER_JOURNAL_H
#define SIM_RUNNER_JOURNAL_H

#include "sim/base/bytes.h"
#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which campaign it is. Texts are borrowed, or stand in `memory`. */
struct journal_head {
  const char *version;      /* of the program */
  uint64_t program;         /* XXH3 of the executable; 0 = not known */
  const char *scenario;     /* its name */
  const char *path;         /* as given */
  const char *const *words; /* of the command line, those that the scenario was loaded with: "--set", "seeds=3" */
  size_t word_count;
  uint64_t resolved; /* the scenario's resolved_hash */
  uint64_t items;
  bool verify;
  unsigned shard, shards; /* 1 of 1: all of it */
  void *memory;           /* owned, when it was read */
};
void journal_head_free(struct journal_head *head);

/* Whether rows of the one belong to the other: everything but path and shard. False: the first thing that differs is
 * told with a word for each, "then" and "now": "then '--seeds=20', now '--seeds=40'". `program` is compared where both are
 * known. */
bool journal_head_same(const struct journal_head *a, const char *of_a, const struct journal_head *b, const char *of_b,
                       char *out_difference, size_t size);

/* --- Reading --- */

enum journal_end {
  JOURNAL_ROW, /* no end: there is one more */
  JOURNAL_WHOLE,
  JOURNAL_TORN,    /* the last row is cut off, or was never brought to the disk whole */
  JOURNAL_DAMAGED, /* a row is damaged, and something stands behind it */
  JOURNAL_UNREADABLE,
};

struct journal_reader {
  int fd; /* borrowed */
  const char *path;
  struct journal_head head;
  uint64_t key;       /* the head's checksum */
  uint64_t end, size; /* behind the last whole row so far; of the file when it was opened; bytes */
  uint64_t rows;      /* read so far */
  bool finished;      /* it was said that no more are needed */
  unsigned char *buffer;
  size_t capacity, used, held;
  uint64_t buffer_at; /* of buffer[0] in the file */
};

/* Reads the head. False: a clear error, and nothing to free. *out_torn: this is the beginning of a head and no more,
 * so there never was a row. */
bool journal_reader_init(struct journal_reader *reader, int fd, const char *path, bool *out_torn, struct err *err);
void journal_reader_deinit(struct journal_reader *reader);

/* The next row; its bytes are good until the next call. */
enum journal_end journal_next(struct journal_reader *reader, uint64_t *out_item, struct bytes_reader *out_bytes,
                              struct err *err);

/* --- Writing --- */

struct journal;

/* What was there when a journal was opened. */
struct journal_found {
  bool resumed;         /* rows are kept, and are to be read again */
  bool set_aside;       /* an unfinished one, or what is none, is PATH.old now */
  bool same;            /* it was of this campaign */
  bool finished;        /* and needed no more rows */
  uint64_t rows, items; /* of it; items: that it would have at most */
  enum journal_end end; /* in which it ended, and how many bytes were cut off for it */
  uint64_t cut;
};

/* `resume`: goes on with what is there. False with *err set: it belongs to something else, or to another process that
 * is alive; what is there is untouched. Without: begins anew. The path is borrowed, the head is not kept. */
struct journal *journal_open(const char *path, const struct journal_head *head, bool resume,
                             struct journal_found *out, struct err *err);

/* Whether it still stands at its path: a folder may be removed with what is being written in it. */
bool journal_is_there(const struct journal *journal);

/* To read from its first row what was there when it was opened; to be given to journal_reader_deinit. */
bool journal_rewind(const struct journal *journal, struct journal_reader *reader, struct err *err);

/* Appends a row; any thread may. False: a clear error, and no row of this journal is written any more. */
bool journal_append(struct journal *journal, uint64_t item, const struct bytes *bytes, struct err *err);

/* Brings what has waited for a second to the disk, where no row comes that would; for who waits for rows. What fails is
 * told of the next row. */
void journal_settle(struct journal *journal);

/* No more rows are needed. False: a clear error. */
bool journal_finish(struct journal *journal, struct err *err);

/* Brings what was written to the disk, and writes nothing any more: for who is about to end the process. */
void journal_stop(struct journal *journal);

/* Likewise, and closes it. False: a clear error. NULL is fine. */
bool journal_close(struct journal *journal, struct err *err);

#endif
