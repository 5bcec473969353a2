/* Judging a campaign: what the scenario expects against what was found.
 *
 *   expectation   bound on a metric of one or more rows -> holds or not, with what was found
 *   contract      what a row's guarantee allows         -> held when no seed shows anything else
 *   fault         declared and applicable               -> missed when it has too few hits
 *
 * [J1] Violated beats inconclusive beats held.
 * [J2] The verdict follows the expectations where there are any, otherwise the contracts.
 * [J3] A fault that has a target in at least one row and fewer hits over the whole campaign than its
 *      min_hits makes the result inconclusive; one that has a target in no row has no say.
 * [J4] `none` must hold in each seed; other bounds on counts hold for the sum over seeds, bounds on
 *      times and rates for the mean; a share of a count is a share of the summed `intended`.
 * [J5] `less than` and `more than` another row: with several seeds the paired 95 % interval of the
 *      difference excludes 0; with one seed, and for capacity, the values decide.
 */
#ifndef SIM_RUNNER_JUDGE_H
#define SIM_RUNNER_JUDGE_H

#include "sim/runner/campaign.h"

/* Fills fault_hits, fault_applicable, expectations, contract_held, violations and verdict of a campaign
 * whose results and capacities are there. */
void judge_campaign(struct campaign *campaign);

/* [J3] Whether this fault makes the result inconclusive. */
bool judge_fault_missed(const struct campaign *campaign, size_t fault);

/* The command that repeats a violation, malloc'ed; NULL when there is none or nothing is known to repeat. The
 * earliest seed that shows it alone is preferred to all seeds. */
char *judge_reproduce(const struct campaign *campaign);

#endif
