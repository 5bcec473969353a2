/* Exceptions that nobody has named for long, packed: two or three bytes each instead of a hundred.
 *
 *   pages, by rising id:  [first..last]  [first..last]  …        an id between two pages is in none
 *   of each, 512 bytes:   gap, form, key, gap, form, key, …      as bits, read from the front only
 *
 * An entry says how far its id is from the one before it, its form (outcome, deliveries, flags, effects,
 * operation) in a bit or two where it is one of the last two, its key, and what its kind needs beside: a
 * note, of an operation that is no increment; when it was intended, of one that never had an effect.
 *
 * [A1] What comes back is what was put away, but for the numbers of the records of its effects: these are
 *      forgotten, as those of ids that retire are. Of a keyless one no key comes back, of one that had an
 *      effect not when it was intended: neither is asked for.
 * [A2] No page is empty, ids rise within it and from page to page, and it has at most entries_max.
 * [A3] To read or to remove a page costs what is in it; to put away costs what is put away, the pages that
 *      it falls into, and a copy of the list of pages from the first of these on.
 */
#ifndef SIM_ORACLE_LEDGER_ARCHIVE_H
#define SIM_ORACLE_LEDGER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_PAGE_WORDS 64
#define ARCHIVE_ENTRIES_MAX 512 /* of a page */
#define ARCHIVE_NONE SIZE_MAX

struct exception; /* ledger_state.h */

struct archive_page {
  uint64_t first, last; /* ids */
  uint32_t place;
  uint16_t count, bits; /* entries, and what they take */
};

struct archive {
  struct archive_page *pages;
  size_t count, room;
  struct archive_page *spare; /* where archive_put makes the list anew from the first page that changes */
  size_t spare_count, spare_room;
  uint64_t **slabs; /* of places: each as long as any other, so that nothing moves */
  size_t slab_count, slab_room;
  uint32_t places;    /* that were ever used since the reset */
  uint32_t free_head; /* place + 1; its first word is the next one's */
  uint32_t entries_max;
  unsigned key_bits;
};

/* Empty; keeps memory. keys: of any entry, below it. */
void archive_reset(struct archive *archive, uint32_t keys, uint32_t entries_max);
void archive_deinit(struct archive *archive);
size_t archive_bytes(const struct archive *archive);

/* Puts table[places[0]], table[places[1]], … away, `count` exceptions by rising id, none of which is here. */
void archive_put(struct archive *archive, const struct exception *table, const uint64_t *places,
                 size_t count);

/* Index of the page that has the id if any has, or ARCHIVE_NONE. */
static inline size_t archive_covering(const struct archive *archive, uint64_t intent) {
  size_t low = 0, high = archive->count;
  if (high == 0 || intent > archive->pages[high - 1].last) return ARCHIVE_NONE;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (archive->pages[middle].last < intent)
      low = middle + 1;
    else
      high = middle;
  }
  return archive->pages[low].first <= intent ? low : ARCHIVE_NONE;
}

/* The form of the entry before, and the last one that was another. */
struct archive_forms {
  uint64_t last, earlier;
};

/* Goes through a page; valid until the archive changes. */
struct archive_reader {
  const uint64_t *words;
  unsigned at, key_bits;
  uint32_t left;
  struct archive_forms forms;
  uint64_t intent, intended_at; /* of the entry before */
};
struct archive_reader archive_open(const struct archive *archive, size_t page);
bool archive_next(struct archive_reader *reader, struct exception *out); /* false: that was all */

/* Of one id: false when it is not here. */
bool archive_find(const struct archive *archive, uint64_t intent, struct exception *out);

void archive_remove(struct archive *archive, size_t page);

#endif
