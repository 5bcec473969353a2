/* Rank 0. */
#include "sim/runner/campaign_mpi.h"

#include "sim/runner/campaign_mpi_messages.h"
#include "sim/runner/campaign_threads.h"

#include <stdio.h>
#include <stdlib.h>

#define ATTEND_NS 10000000
#define SHARE                                                                                                \
  2 /* a rank gets at most one of so many parts of what is left for each thread: the end is even */

struct lead {
  struct work *work;
  struct ranks *ranks;
  uint64_t campaign, threads; /* of all ranks, about */
  uint64_t *wants;            /* [ranks]: asked for, and not handed out yet */
  bool *gone;                 /* [ranks]: as far as is known here */
  uint32_t *holders;          /* [items]: rank that has it; 0 = none, or this one */
};

static void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  ASSERT_MSG(memory, "out of memory for a campaign");
  return memory;
}

static void say_over(struct ranks *ranks, unsigned rank, uint64_t campaign) {
  struct bytes bytes = campaign_message(CAMPAIGN_OVER, campaign);
  ranks_send(ranks, rank, &bytes);
}

static void on_result(struct lead *lead, unsigned from, struct bytes_reader *reader) {
  struct work_outcome outcome;
  const uint64_t item = bytes_read_unsigned(reader);
  const bool good = !reader->bad && work_unpack(lead->work, item, reader, &outcome);
  ASSERT_MSG(good, "rank %u sends what is no result of run %llu", from, (unsigned long long)item);
  work_done(lead->work, item, &outcome);
}

static void on_message(struct lead *lead, unsigned from, const struct bytes *bytes) {
  enum campaign_message kind;
  uint64_t campaign;
  struct bytes_reader reader = campaign_message_read(bytes, &kind, &campaign);
  ASSERT_LE(campaign, lead->campaign);
  if (kind == CAMPAIGN_RESULT && campaign == lead->campaign) on_result(lead, from, &reader);
  if (kind != CAMPAIGN_WANT) return; /* a late hello; a result that came too late to matter */
  if (campaign < lead->campaign)
    say_over(lead->ranks, from, campaign);
  else
    lead->wants[from] += bytes_read_unsigned(&reader);
}

/* How many a rank gets of those that it wants. */
static uint64_t share(const struct lead *lead, unsigned rank) {
  const uint64_t part = work_left(lead->work) / (SHARE * lead->threads);
  const uint64_t most = part > 0 ? part : 1;
  return lead->wants[rank] < most ? lead->wants[rank] : most;
}

static void hand_out(struct lead *lead, unsigned rank) {
  size_t item;
  uint64_t count = 0;
  const uint64_t most = share(lead, rank);
  struct bytes bytes = campaign_message(CAMPAIGN_ITEMS, lead->campaign);
  for (; count < most && work_take(lead->work, &item); count++) {
    lead->holders[item] = rank;
    bytes_unsigned(&bytes, item);
  }
  if (count == 0) { /* all are with somebody: the wish stands, for one may be given back */
    bytes_free(&bytes);
    return;
  }
  lead->wants[rank] = 0;
  ranks_send(lead->ranks, rank, &bytes);
}

/* [C1] */
static void take_back(struct lead *lead, unsigned rank) {
  fprintf(stderr, "dgsim: note: nothing is heard of rank %u any more: others do what it had begun\n", rank);
  for (size_t item = 0; item < lead->work->items; item++) {
    if (lead->holders[item] != rank) continue;
    lead->holders[item] = 0;
    work_return(lead->work, item);
  }
}

/* What the thread that waits for the threads does meanwhile. */
static void attend(void *context) {
  struct lead *lead = context;
  unsigned from;
  struct bytes bytes;
  int64_t wait_ns = ATTEND_NS;
  for (; ranks_receive(lead->ranks, wait_ns, &from, &bytes); wait_ns = 0) {
    on_message(lead, from, &bytes);
    bytes_free(&bytes);
  }
  for (unsigned rank = 1; rank < ranks_count(lead->ranks); rank++) {
    const bool gone = ranks_silent(lead->ranks, rank);
    if (gone && !lead->gone[rank]) take_back(lead, rank);
    lead->gone[rank] = gone;
    if (!gone && lead->wants[rank] > 0) hand_out(lead, rank);
  }
}

void campaign_mpi_lead(struct work *work, unsigned workers) {
  struct ranks *ranks = work->options->ranks;
  const unsigned count = ranks_count(ranks);
  struct lead lead = {.work = work,
                      .ranks = ranks,
                      .campaign = work->options->number,
                      .threads = (uint64_t)count * workers,
                      .wants = zeroed(count, sizeof *lead.wants),
                      .gone = zeroed(count, sizeof *lead.gone),
                      .holders = zeroed(work->items, sizeof *lead.holders)};
  campaign_threads(work, workers, &(struct work_others){.attend = attend, .context = &lead});
  for (unsigned rank = 1; rank < count; rank++) say_over(ranks, rank, lead.campaign);
  free(lead.wants);
  free(lead.gone);
  free(lead.holders);
}

void campaign_mpi_dismiss(struct ranks *ranks) {
  for (unsigned rank = 1; rank < ranks_count(ranks); rank++) say_over(ranks, rank, CAMPAIGN_NONE_TO_COME);
}
