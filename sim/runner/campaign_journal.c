#include "sim/runner/campaign_journal.h"

#include <inttypes.h>

/* Its checksum is right, so this program wrote it. */
static bool wrong(const struct journal_reader *reader, uint64_t item, const char *what, struct err *err) {
  err_set(err, ERR_CONFLICT, "row %" PRIu64 ", run %" PRIu64 " of the campaign: %s", reader->rows, item + 1, what);
  return err_place(err, reader->path, 0, 0, NULL);
}

bool campaign_remember(struct work *work, struct journal_reader *reader, struct err *err) {
  uint64_t item;
  struct bytes_reader bytes;
  enum journal_end end;
  while ((end = journal_next(reader, &item, &bytes, err)) == JOURNAL_ROW) {
    struct work_outcome outcome;
    if (item >= work->items || !work_unpack(work, item, &bytes, &outcome))
      return wrong(reader, item, "this is no result of it", err);
    if (!work_restore(work, item, &outcome))
      return wrong(reader, item, "there is another result of it: they were not run by the same program", err);
  }
  return end != JOURNAL_UNREADABLE;
}
