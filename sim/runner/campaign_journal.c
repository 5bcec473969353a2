#include "sim/runner/campaign_journal.h"

#include "sim/base/assert.h"
#include "sim/base/input.h"
#include "sim/runner/judge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* --- Merging --- */

void merged_free(struct merged *merged) {
  free(merged->missing_of);
  merged->missing_of = NULL;
}

static bool of_this_campaign(const struct journal_reader *reader, const struct journal_head *head,
                             struct merged *merged, struct err *err) {
  char difference[400];
  struct journal_head other = reader->head;
  merged->programs_differ |= other.program != head->program;
  if (other.shards > merged->shards) merged->shards = other.shards;
  other.program = 0;
  if (journal_head_same(&other, "there", head, "here", difference, sizeof difference)) return true;
  return err_set(err, ERR_CONFLICT, "'%s' is of another campaign: %s", reader->path, difference);
}

static bool merge_one(struct work *work, const char *path, const struct journal_head *head, struct merged *merged,
                      struct err *err) {
  struct journal_reader reader;
  bool torn;
  const char *reason;
  const int fd = input_open_file(path, &reason);
  if (fd < 0) return err_set(err, ERR_IO, "cannot read '%s': %s", path, reason);
  struct err why = {0};
  bool good = journal_reader_init(&reader, fd, path, &torn, &why);
  if (good) {
    good = of_this_campaign(&reader, head, merged, err) && campaign_remember(work, &reader, err);
    if (good && reader.end < reader.size && !merged->cut) {
      merged->cut = path;
      merged->cut_after = reader.rows;
    }
    journal_reader_deinit(&reader);
  } else if (torn) {
    good = true; /* its shard was killed before it did anything */
  } else {
    *err = why;
  }
  close(fd);
  return good;
}

static bool all_there(const struct work *work, struct merged *merged, struct err *err) {
  merged->items = work->end;
  merged->missing_of = calloc(merged->shards, sizeof *merged->missing_of);
  ASSERT(merged->missing_of);
  for (size_t item = 0; item < work->end; item++) {
    if (work->states[item] == WORK_DONE) continue;
    merged->missing++;
    merged->missing_of[item % merged->shards]++;
  }
  if (merged->missing == 0) return true;
  err_set(err, ERR_CONFLICT, "%zu of %zu runs %s missing", merged->missing, merged->items,
          merged->missing == 1 ? "is" : "are");
  if (!merged->cut) return false;
  return err_note(err, "'%s' counts up to its row %" PRIu64 ": what stands behind it is cut off or damaged", merged->cut,
                  merged->cut_after);
}

bool campaign_merge(const struct scenario *scenario, const struct campaign_options *options,
                    const struct journal_head *head, const char *const *paths, size_t path_count,
                    struct campaign *out, struct merged *merged, struct err *err) {
  struct work work;
  bool good = true;
  *merged = (struct merged){.shards = 1};
  campaign_prepare(scenario, options, out, &work);
  for (size_t i = 0; good && i < path_count; i++) good = merge_one(&work, paths[i], head, merged, err);
  good = good && all_there(&work, merged, err);
  if (good) work_finish(&work);
  work_deinit(&work);
  if (good)
    judge_campaign(out);
  else
    campaign_free(out);
  return good;
}
