/* What a campaign has to do, item by item, and what came of it.
 *
 *   items   | capacities, in the order of their plans | runs: of plan 0 every seed, of plan 1 every seed, ... |
 *
 * With a precision to be reached runs stand the other way round, the first seed in every plan, then the second, so
 * that what is looked at is there early; and once it is reached the rest does not count.
 *
 * Whoever executes items (threads, other processes, a journal that remembers) takes them one by one and
 * hands back what came of each, in any order. Results land by number, so the campaign cannot know who did
 * what.
 *
 * [W1] Each item is with one taker at a time, and done once: what comes of it a second time, from one who was
 *      thought to be gone, is dropped. With a shard, those of others are left alone.
 * [W2] work_take and work_done may be called by any thread at any time; work_execute touches nothing that
 *      is shared.
 * [W3] What is done has its row in the journal, where there is one, before anybody can know that it is done.
 */
#ifndef SIM_RUNNER_CAMPAIGN_WORK_H
#define SIM_RUNNER_CAMPAIGN_WORK_H

#include "sim/base/bytes.h"
#include "sim/runner/campaign.h"
#include "sim/runner/journal.h"
#include "sim/runner/run.h"

#include <pthread.h>

enum work_state { WORK_TO_DO, WORK_TAKEN, WORK_DONE };

struct work {
  const struct scenario *scenario;
  const struct campaign_options *options;
  struct campaign *campaign;
  size_t *capacity_plans; /* [capacities]: of plans that differ in faults alone, the first */
  size_t capacities, items;
  size_t end; /* items from here on do not count: the campaign is precise enough without them */
  uint8_t *states; /* [items], enum work_state */
  uint8_t *differs; /* [items]: --verify found a difference */
  size_t next, done; /* done: of those that count */
  size_t mine;            /* items of this shard */
  size_t restored;        /* of done: those that a journal remembered */
  size_t *done_of_seed;    /* [seeds], plans; NULL = no precision is to be reached */
  size_t prefix, look;     /* seeds that are done in all plans, up to the first that is not; when to look next */
  struct journal *journal; /* borrowed; NULL = none */
  struct err err;         /* why nothing more is to be done: the journal cannot be written */
  pthread_mutex_t mutex; /* guards states, next, done, err, and the campaign's results */
};

/* What came of an item: the one or the other. */
struct work_outcome {
  int64_t capacity;      /* micro-events a second */
  struct run_result run; /* owned */
  bool differs;          /* --verify: a second execution came to something else */
};

/* An empty campaign and its items. */
void campaign_prepare(const struct scenario *scenario, const struct campaign_options *options, struct campaign *out,
                      struct work *work);

/* All items of a campaign, whose results and capacities are there to be filled. */
void work_init(struct work *work, const struct scenario *scenario, const struct campaign_options *options,
               struct campaign *campaign);
void work_deinit(struct work *work);

/* Whether an item is of this shard. */
bool work_is_mine(const struct work *work, size_t item);

/* The next item that nobody has taken; false when there is none, or nothing more is to be done. */
bool work_take(struct work *work, size_t *out_item);

/* An item that was taken is to be taken by another. Nothing, when it has been done meanwhile. */
void work_return(struct work *work, size_t item);

/* How many are still to be done; 0 also when nothing more is to be done. */
size_t work_left(struct work *work);

/* Executes an item. `again` is for --verify: NULL = once only. */
void work_execute(const struct work *work, size_t item, struct run *run, struct run *again,
                  struct work_outcome *out);

/* Takes over what the outcome owns, and writes it to the journal. Where that fails, the item is not done. */
void work_done(struct work *work, size_t item, struct work_outcome *outcome);

/* Likewise, of an item that a journal remembers, before any is taken. False: there is another outcome of it. */
bool work_restore(struct work *work, size_t item, struct work_outcome *outcome);

void work_outcome_deinit(struct work_outcome *outcome);

/* How many of how many are done, and how many of these were restored; for who looks on. */
struct work_counts {
  size_t done, mine, restored;
};
struct work_counts work_progress(struct work *work);

/* An outcome as bytes, for a file or another process; see result_pack.h. work_unpack: false = these are no
 * bytes of this item, and there is nothing to free. */
void work_pack(const struct work *work, size_t item, const struct work_outcome *outcome, struct bytes *bytes);
bool work_unpack(const struct work *work, size_t item, struct bytes_reader *reader,
                 struct work_outcome *out);

/* After the last: capacities of plans that share one, what --verify found, and only the seeds that count. */
void work_finish(struct work *work);

#endif
