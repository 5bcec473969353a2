/* A scenario file, read, checked and resolved: format 1.
 *
 * The reader is libyaml's event stream and the schema tables; there is no document tree of libyaml's.
 * Whatever is wrong comes back as one `struct err` with file, line, column, source line, caret and the
 * nearest known word. scenario_load also applies `--set` overrides, expands rows, and builds a plan
 * for each row of `compare`.
 */
#ifndef SIM_RUNNER_SCENARIO_H
#define SIM_RUNNER_SCENARIO_H

#include "sim/base/err.h"
#include "sim/oracle/metric.h"
#include "sim/world/claim.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What models exist; handed down by sim/cli/main.c, the only file that includes models/registry.h. */
struct registry {
  const struct system *const *systems;
  size_t system_count;
  const struct handler *const *handlers;
  size_t handler_count;
  const struct store *const *stores;
  size_t store_count;
  const struct client_policy *const *clients;
  size_t client_count;
  const struct publisher *const *publishers;
  size_t publisher_count;
};

enum bound_kind {
  BOUND_NONE,    /* 0, in each seed */
  BOUND_SOME,    /* > 0 */
  BOUND_EXACTLY, /* low */
  BOUND_AT_LEAST,
  BOUND_AT_MOST,
  BOUND_BETWEEN, /* low and high */
  /* against another row: share of that row's value (SCHEMA_SHARE_SCALE), or an ordering */
  BOUND_AT_LEAST_OF,
  BOUND_AT_MOST_OF,
  BOUND_LESS_THAN,
  BOUND_MORE_THAN,
  BOUND_SAME_AS,
};

/* One `metric: bound` of one statement; holds or not on its own. METRIC__COUNT stands for `capacity`,
 * METRIC__COUNT + 1 for `violates`. */
#define EXPECT_CAPACITY METRIC__COUNT
#define EXPECT_VIOLATES (METRIC__COUNT + 1)
struct expectation {
  uint32_t *rows; /* indexes into plans: each row at each of its points that is meant */
  size_t row_count;
  uint32_t *others; /* [row_count], BOUND_AT_LEAST_OF…: the plan of the other row at the same point */
  uint32_t *groups; /* indexes into the plans' groups, each judged by itself */
  size_t group_count; /* 0 = all together */
  unsigned metric;
  enum bound_kind kind;
  bool relative;     /* low and high are shares of `intended` (SCHEMA_SHARE_SCALE) */
  int64_t low, high; /* internal units of the metric: count, ns, bytes, micro-events a second */
  uint32_t other_row; /* by its place in compare */
  int64_t share;              /* BOUND_*_OF */
  uint32_t violations;        /* EXPECT_VIOLATES: exactly these; 0 = none */
  uint32_t violations_either; /* and at least one of these: `lost` is lost_acked or lost_unacked */
  int line, column;
  const char *text; /* "row at-most-once: lost: some", for the report */
};

/* How well a metric is to be known: half of its 95 % interval, as a share of `intended` for a count, else of the
 * value. When all are, in every row and at every point, a campaign ends: precision.h. */
struct precision_goal {
  enum metric metric;
  int64_t share; /* SCHEMA_SHARE_SCALE */
};
#define PRECISION_FIRST_LOOK 32 /* seeds */

/* A file beside the scenario that it takes something from. */
struct scenario_file {
  const char *name; /* as the scenario writes it */
  uint64_t hash;    /* XXH3 of its bytes */
  const char *text; /* its bytes; a 0 behind them, and none in them */
  size_t length;
};

/* One swept key and its values. Numbers are in rising order, in the internal unit of their type, and
 * have a canonical text; what is no number is in the order of the file. */
struct sweep_key {
  const char *path, *column; /* "handler/window", "handler_window_ns" */
  enum value_type type;      /* of numbers */
  bool is_text;
  const char *const *texts; /* [count] */
  const int64_t *numbers;   /* [count]; NULL for texts */
  size_t count;
  const char *option; /* "--set" picked its value, "--vary" gave them; NULL = the file */
};
#define SWEEP_KEYS_MAX 8
#define SWEEP_NONE UINT32_MAX

/* What a plan stands for: a row at one point of the sweep. */
struct scenario_point {
  uint32_t row;           /* by its place in compare */
  const uint32_t *values; /* [sweep_count]: of each key its value's index; SWEEP_NONE: the row has no such key */
  const char *at;         /* "handler/window 5min, workload/rate 10/s"; "" = at no point */
  const char *name;       /* the row's label, then " at " and this */
};
/* Its plans stand together, in the order of the grid: the last key changes fastest. */
struct scenario_row {
  const char *label;
  uint32_t first, count;
};

/* `check`: what the broker may do to the user's consumer, and how it is judged. */
enum check_ack { CHECK_ACK_SINGLE, CHECK_ACK_CUMULATIVE };
enum check_clock { CHECK_CLOCK_TOOL, CHECK_CLOCK_OWN };
enum check_external { CHECK_EXTERNAL_NONE, CHECK_EXTERNAL_PLAIN, CHECK_EXTERNAL_KEYED };
enum check_cases { CHECK_CASES_ALL, CHECK_CASES_DECLARED };
#define SCENARIO_CHECK_MESSAGES_MAX 1000
struct check_rules {
  bool given; /* the file has such a block */
  /* delivery: the contract */
  struct span redelivery_horizon; /* no copy comes later than this after the first; 0 = none at all after success */
  bool concurrent_delivery;       /* two consumers may have a message at once */
  bool reorder;
  uint32_t batch; /* messages that a consumer has at once */
  enum check_ack ack;
  enum check_clock clock;
  enum check_external external; /* what the charges of the consumer go to */
  bool tenants, changed_payload, poison, failover;
  /* how it is judged */
  const char *const *probe, *const *reset;     /* argument lists, NULL-terminated; NULL = none */
  const char *const *other_version;            /* of a command: its argument list; else one path */
  const char *const *ignore;                   /* kinds of lines that are bookkeeping; NULL = none */
  struct span answer_limit;                    /* wall-clock */
  uint32_t pairs;                              /* budget after all singles */
  /* of a reproducing file: this one case and no other */
  enum check_cases cases;
  enum variant variant;
  bool mixed_versions;
};

struct scenario {
  const char *path; /* as given */
  const char *name, *about;
  uint64_t *seeds;
  size_t seed_count;
  struct precision_goal *precision;
  size_t precision_count; /* 0 where there are no more seeds than PRECISION_FIRST_LOOK */
  bool luck_none, swarm, measure_capacity;
  struct plan *plans; /* for each row of compare, in order, one at each of its points */
  struct scenario_point *points; /* [plan_count] */
  size_t plan_count;
  struct scenario_row *rows;
  size_t row_count;
  struct sweep_key *sweep;
  size_t sweep_count;
  struct fault_plan *faults; /* shared by all plans, but for what is swept: there the first point's */
  size_t fault_count;
  struct expectation *expectations;
  size_t expectation_count;
  struct check_rules check; /* of `dgsim check`; else all 0 */
  const char *body_file;    /* of workload's body, as the scenario writes it; NULL = none */
  struct scenario_file *files; /* in the order in which they were read */
  size_t file_count;
  uint64_t resolved_hash; /* XXH3 of the resolved text without comments; files by hash, not by name */
  void *memory;           /* everything above */
};

/* The name of the handler that stands for a program of the user's. A registry that has it is that of `dgsim
 * check`: then the file is read as what is to be checked, with this handler, `check` and its defaults. With any
 * other registry a `check` block is a mistake. */
#define SCENARIO_PROGRAM "program"

/* `sets`: "path=value" strings of --set, applied in order after the file is read. `seeds_override`:
 * 0, or the number of --seeds. False with *err set: nothing to free. */
bool scenario_load(const char *path, const struct registry *registry, const char *const *sets,
                   size_t set_count, uint64_t seeds_override, struct scenario *out,
                   struct err *err);
/* What a command line changes in a file. */
struct scenario_changes {
  const char *const *varies; /* "path=value,value": as a list of `sweep`, where it replaces one for that path */
  size_t vary_count;
  const char *const *sets; /* "path=value", after those: of a path that is varied, picks the point */
  size_t set_count;
  uint64_t seeds; /* 0, or the number of --seeds */
};
bool scenario_load_changed(const char *path, const struct registry *registry,
                           const struct scenario_changes *changes, struct scenario *out, struct err *err);
/* The same from text in memory, which is not kept; `path` is what errors print. `one_run`: as
 * scenario_print_run wrote it, files included; nothing beside `path` is read. Then a fault may strike links or points of
 * other rows' systems, which are not here: it is not applicable, and no mistake. */
bool scenario_load_text(const char *path, const char *text, size_t length, bool one_run,
                        const struct registry *registry, struct scenario *out, struct err *err);
void scenario_free(struct scenario *scenario);

/* How many keys are swept over more than one value: the axes of a chart. */
size_t scenario_axes(const struct scenario *scenario);

/* Whether a fault strikes each row where that row's system happens to be: then luck is not shared. */
bool scenario_fault_is_unpaired(const struct fault_plan *fault);

/* The resolved form (scenarios/README.md). Resolving what it wrote gives the same bytes. */
void scenario_print_resolved(const struct scenario *scenario, FILE *out);

/* The same to be kept in a folder with copies of its files, which have the names of scenario_kept_name there. */
#define SCENARIO_KEPT_NAME_MAX 40
void scenario_print_kept(const struct scenario *scenario, FILE *out);
void scenario_kept_name(size_t file, char out[SCENARIO_KEPT_NAME_MAX]);

/* One fault as it has it, without the remark behind: "{name: cut, at: 1min, …}"; "{file: NAME}" of one that comes
 * from a file. */
void scenario_print_fault(const struct scenario *scenario, size_t fault, FILE *out);

/* The resolved form of one plan with one seed, by their indexes: all that is needed to judge this run
 * by itself, or to run it again. Every fault is there, so their numbers are the same. Of `expect`, what
 * is said of this row stays; comparisons with other rows, and `capacity`, which no run of its own
 * shows, are left out. Files that it takes something from follow behind the text: a 0, then of each its name, 0, its
 * bytes, 0. */
void scenario_print_run(const struct scenario *scenario, size_t plan, size_t seed, FILE *out);
/* What is left of a run that was made small. */
struct scenario_part {
  const struct intent_plan *intents; /* of its operations */
  size_t intent_count;
  const uint32_t *faults; /* indexes, in any order */
  size_t fault_count;
  const char *name, *about;
  enum metric metric; /* that is expected to be none, and is not */
};
/* Likewise, of a part of the run. */
void scenario_print_part(const struct scenario *scenario, size_t plan, size_t seed,
                         const struct scenario_part *part, FILE *out);

/* One run's scenario, with what was drawn in files beside it: see sim/runner/recording.h. */
#define RECORD_ARRIVALS "arrivals.csv"
#define RECORD_FAULTS "faults.csv"
#define RECORD_SCENARIO "scenario.yaml"
struct scenario_record {
  size_t plan; /* whose row has no other point */
  uint64_t seed;
  bool has_faults;      /* there is a file of faults */
  const bool *applies;  /* [fault_count]: the row has its point and target; another stands in for one that has not */
  const bool *absent;   /* [fault_count], swarm: not in that run */
  const uint64_t *hits; /* [fault_count], of that run: min_hits of triggers is not more */
};

/* The resolved form of the row and seed of a record: arrivals and timed faults come from the two files,
 * triggers stay. Of the expectations those stay that are about this row alone. */
void scenario_print_recorded(const struct scenario *scenario, const struct scenario_record *record,
                             FILE *out);

/* `dgsim list keys`: every key of every table, with type, default, help and source. */
void scenario_list_keys(const struct registry *registry, FILE *out);

#endif
