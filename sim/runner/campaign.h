/* A campaign: all plans of a scenario (each row at each of its points) times all its seeds, over threads,
 * then judged. What is said of a row here is said of a plan: without a sweep, they are the same.
 *
 * Workers only execute (campaign_work.h); results land in an array by index (plan 0 with every seed, then
 * plan 1…), and one thread reads that array in order. So every file is byte-equal for any number of workers.
 */
#ifndef SIM_RUNNER_CAMPAIGN_H
#define SIM_RUNNER_CAMPAIGN_H

#include "sim/base/err.h"
#include "sim/oracle/statistics.h"
#include "sim/runner/precision.h"
#include "sim/runner/journal.h"
#include "sim/runner/result.h"
#include "sim/runner/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranks;

struct campaign_options {
  unsigned workers;    /* -j; 0 = as many as the machine has cores */
  bool verify;         /* every run twice, with another base and fill, and compared */
  bool progress;       /* a line on stderr, rewritten; only when it is a terminal */
  const char *command; /* how this was called, for the manifest and for failed assertions */
  const char *
      reproduce; /* "dgsim run FILE --set …": what repeats it, without seeds and workers; or NULL */
  struct journal *journal; /* goes on with what it remembers, and writes down what is done; NULL = none */
  unsigned shard, shards;  /* only items of this shard, from 1; shards 0 or 1 = all */
  /* Called when the process was told to end (SIGINT, SIGTERM), with the journal stopped, and how many runs it has; is
   * not to return. NULL = these signals do what they do. */
  void (*interrupted)(void *context, int signal, size_t kept, size_t of);
  void *interrupted_context;
  struct ranks *ranks; /* whose rank 0 this is: they help (campaign_mpi.h); NULL = none */
  uint64_t number;     /* of the campaign, for them: grows */
};

#define CAMPAIGN_NO_SEED SIZE_MAX

/* How one expectation came out. */
struct expectation_result {
  bool holds;
  bool unknown; /* could not be judged (no capacity was measured, no latency was there): inconclusive, not violated */
  size_t seed_index; /* a seed that alone shows the violation, or CAMPAIGN_NO_SEED */
  size_t plan;       /* that it was found of: the first one of those that violate it */
  char found[400];   /* "lost = 12 in 20 runs", "seed 3: lost = 1" */
};

struct campaign {
  const struct scenario *scenario;
  size_t seed_count;          /* of the scenario's seeds, the first so many count */
  size_t looks;               /* that were taken at them; 0 = no precision is to be reached */
  bool precise;               /* at the last of them */
  struct precision_gap gap;   /* likewise: what is furthest from its goal */
  struct run_result *results; /* [plan_count * seed_count], row-major */
  size_t result_count;
  int64_t *capacity;      /* [plan_count], micro-events a second; -1 = not measured */
  uint64_t *fault_hits;   /* [fault_count], over the whole campaign */
  bool *fault_applicable; /* [fault_count]: at least one row has such a target */
  struct expectation_result *expectations; /* [scenario->expectation_count] */
  bool *contract_held;                     /* [plan_count] */
  uint32_t *violations;                    /* [plan_count]: union over seeds */
  bool verified;                           /* every run was executed twice */
  size_t verify_mismatches;                /* runs and capacities that differed */
  size_t verify_first; /* index of the first result that differed; result_count = none */
  unsigned workers;    /* threads that ran it, over all ranks: manifest only, as are ranks */
  unsigned ranks;
  const char *command, *reproduce; /* from the options, borrowed */
  enum verdict verdict; /* of the campaign: expect where there is one, else the contracts; then
                           inconclusive when a declared, applicable fault has fewer hits than min_hits */
  double wall_s;
};

/* How many things there are to do: runs, and measurements of capacity. */
size_t campaign_items(const struct scenario *scenario);

/* Runs everything. Nothing can fail but memory (assertion) and the journal: false, with *err set, and nothing to free.
 * Without a journal `err` may be NULL. */
bool campaign_try(const struct scenario *scenario, const struct campaign_options *options, struct campaign *out,
                  struct err *err);
/* Likewise, without a journal. */
void campaign_run(const struct scenario *scenario, const struct campaign_options *options,
                  struct campaign *out);
/* Runs the items of a shard into the journal of the options, and judges nothing. False: a clear error. */
bool campaign_shard(const struct scenario *scenario, const struct campaign_options *options, struct err *err);
/* A campaign of one run that was executed elsewhere: of a scenario with one row and one seed. Takes over
 * what the result owns, and judges it. */
void campaign_of_run(const struct scenario *scenario, const struct run_result *result,
                     struct campaign *out);
void campaign_free(struct campaign *campaign);

/* The campaign's result of a row and seed index. */
const struct run_result *campaign_result(const struct campaign *campaign, size_t row, size_t seed);

/* What a plan is called: its row's label, and at which point it stands. */
const char *campaign_name(const struct campaign *campaign, size_t row);

/* Sum over seeds of a count; mean of anything else. */
int64_t campaign_pooled(const struct campaign *campaign, size_t row, enum metric metric);

/* Mean over seeds with its 95 % interval, of a rate in events a second. n: runs that have one
 * (metric_is_known), so 0 where nothing had an effect. n = 1: a point, but for the mean latency of a long run, whose interval
 * is that of intervals_latency. */
struct estimate campaign_estimate(const struct campaign *campaign, size_t row, enum metric metric);

/* The same of one sink group; what metric_of_group allows. */
struct estimate campaign_group_estimate(const struct campaign *campaign, size_t row, uint32_t group,
                                        enum metric metric);

/* XXH3 over the digests of all runs in order: the one number that says "the same campaign". */
uint64_t campaign_digest(const struct campaign *campaign);

/* Exit status: 0 held, 1 violated, 2 inconclusive; 70 when --verify found a difference. */
int campaign_exit_status(const struct campaign *campaign);

#endif
