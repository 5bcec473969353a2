/* What the runs of a campaign say of all the runs that there could be, beyond means (campaign_estimate): in how
 * large a share of them something happens, how rows differ under the same luck, and what one long run says
 * of its mean latency. For summary, tables and the rule that ends a campaign.
 */
#ifndef SIM_RUNNER_INTERVALS_H
#define SIM_RUNNER_INTERVALS_H

#include "sim/oracle/statistics.h"
#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stddef.h>

/* Share of runs in which a count is above 0, with its exact 95 % interval. *out_runs: how many they are. */
struct estimate intervals_share(const struct campaign *campaign, size_t plan, enum metric metric,
                                size_t *out_runs);

/* One seed: mean latency of a plan's run by its batches, centred on the mean of all. Not sound, and of
 * no batches, where they are not kept. */
struct series_estimate intervals_latency(const struct campaign *campaign, size_t plan);
/* First effects in one of its batches, and in all whole ones. */
uint64_t intervals_batch_length(const struct campaign *campaign, size_t plan, const struct series_estimate *series);

/* --- Differences between rows --- */

/* Whether there are any: two rows and two seeds. */
bool intervals_are_paired(const struct campaign *campaign);

#define INTERVALS_NO_BASE SIZE_MAX
/* The plan that a plan is compared with: the first row's, at the same point. INTERVALS_NO_BASE for those of
 * the first row, and where it has no such point. */
size_t intervals_base(const struct campaign *campaign, size_t plan);

/* Plan minus its base, paired by seed, in the units of campaign_estimate. *out_correlation: NAN where one of them is the same in every run. */
struct estimate intervals_difference(const struct campaign *campaign, size_t plan, size_t base, enum metric metric,
                                     double *out_correlation);

/* The first fault that strikes each row where its system happens to be, so that luck is not shared; NULL =
 * none. The intervals hold as well, and are wider. */
const char *intervals_unpaired(const struct scenario *scenario);

#endif
