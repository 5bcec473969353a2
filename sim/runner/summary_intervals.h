/* What a summary says of runs that were not made: in how many of them something would happen, how rows differ, and,
 * of one run, how well its mean latency is known. For up to SUMMARY_PLANS_MAX plans; of more, in the tables. */
#ifndef SIM_RUNNER_SUMMARY_INTERVALS_H
#define SIM_RUNNER_SUMMARY_INTERVALS_H

#include "sim/runner/campaign.h"

#include <stdio.h>

#define SUMMARY_PLANS_MAX 16

void summary_intervals(const struct campaign *campaign, FILE *out);

#endif
