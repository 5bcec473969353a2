/* What ranks say to each other: numbers of sim/base/bytes.h, the kind first, then the number of the campaign.
 * All ranks run the same program (that is what HELLO is for), so bytes that are none of these are a
 * programmer's error. */
#ifndef SIM_RUNNER_CAMPAIGN_MPI_MESSAGES_H
#define SIM_RUNNER_CAMPAIGN_MPI_MESSAGES_H

#include "sim/base/assert.h"
#include "sim/base/bytes.h"
#include "sim/runner/ranks.h"

enum campaign_message {
  CAMPAIGN_HELLO, /* text, to the end */
  CAMPAIGN_BEGIN,
  CAMPAIGN_WANT,   /* how many */
  CAMPAIGN_ITEMS,  /* their numbers, to the end */
  CAMPAIGN_RESULT, /* item, outcome as of work_pack */
  CAMPAIGN_OVER,   /* this campaign, and those before */
  CAMPAIGN_MESSAGE__COUNT
};

#define CAMPAIGN_NONE_TO_COME UINT64_MAX

#define CAMPAIGN_LISTEN_NS 100000000 /* between looks at whether the other one is still there */

static inline struct bytes campaign_message(enum campaign_message kind, uint64_t campaign) {
  struct bytes bytes = {0};
  bytes_unsigned(&bytes, kind);
  bytes_unsigned(&bytes, campaign);
  return bytes;
}

static inline struct bytes_reader
campaign_message_read(const struct bytes *bytes, enum campaign_message *out_kind, uint64_t *out_campaign) {
  struct bytes_reader reader = {.at = bytes->items, .end = bytes->items + bytes->count};
  *out_kind = (enum campaign_message)bytes_read_up_to(&reader, CAMPAIGN_MESSAGE__COUNT - 1);
  *out_campaign = bytes_read_unsigned(&reader);
  ASSERT_MSG(!reader.bad, "a rank sends what is no message");
  return reader;
}

/* Of rank 0 nothing is heard any more. Not through exit: threads are in the middle of their runs, and MPI
 * would wait. */
_Noreturn void campaign_mpi_end_alone(const struct ranks *ranks);

#endif
