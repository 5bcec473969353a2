/* A campaign's items in a journal: a row's bytes are those of work_pack. */
#ifndef SIM_RUNNER_CAMPAIGN_JOURNAL_H
#define SIM_RUNNER_CAMPAIGN_JOURNAL_H

#include "sim/runner/campaign_work.h"
#include "sim/runner/journal.h"

/* Takes over all rows that count. False: a clear error; a row is of no such item, or of one that has another outcome. */
bool campaign_remember(struct work *work, struct journal_reader *reader, struct err *err);

#endif
