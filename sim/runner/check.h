/* dgsim check: a user's own consumer against every fault that its delivery contract allows.
 *
 *   clean run, twice -> what the consumer does, and what it is to leave behind
 *   every single fault at every place of that run, class by class (CHECK_CLASSES)
 *   variants of what is delivered: each its own clean run, then its faults
 *   pairs of faults, up to a budget
 *   the first failure, made small (check_shrink.h) and written as a scenario (check_repro.h)
 *
 * A case is a run of the scenario's plan, without luck, with faults placed in it as a scenario would declare
 * them, and with the user's program in the place of the handler. It is judged by what is left behind:
 *
 *   ledger   operations whose effect the tool's database states (apply): lost, doubled, stuck…
 *   lines    `operation kind amount`, from the rows of the tool's database, the charges at its provider, what was
 *            published, and the program's own probe, against those of the clean run
 *
 * [K1] Cases run in forked workers, one at a time each. A worker that dies or does not answer ends its case, not
 *      the tool. Results are kept by the number of the case: they are the same for any number of workers.
 * [K2] A case whose fault was never effective is not counted.
 * [K3] What the contract does not allow is not tried, and listed with the reason.
 * [K4] Nothing is judged where nothing can be seen: a clean run that leaves no effect behind is inconclusive.
 * [K5] A case that hung is tried again, alone; what is behind it is tried whatever that comes to.
 */
#ifndef SIM_RUNNER_CHECK_H
#define SIM_RUNNER_CHECK_H

#include "sim/handler/program.h"
#include "sim/runner/placement.h"
#include "sim/runner/scenario.h"
#include "sim/world/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK_FAULTS_MAX 3 /* of one case */
#define CHECK_WORKERS_MAX 64

/* Classes of cases, in the order in which they are tried: name, what is done, when it is part of a contract. */
#define CHECK_CLASSES(X)                                                                           \
  X(CLEAN, "clean", "nothing goes wrong", "always")                                                \
  X(REFUSED, "call-refused", "a call is not made, and answered with an error", "always")           \
  X(CONFLICT, "call-conflict", "a call is answered with a serialization failure or a deadlock", "always") \
  X(UNANSWERED, "call-unanswered", "a call is made, and its answer is lost", "always")             \
  X(KILLED, "killed", "the process is killed before a call, after it, or when a message comes or goes", "always") \
  X(KILLED_LATE, "killed-late", "the process is killed, and what it had asked for is executed after its death", "always") \
  X(KILLED_TWICE, "killed-twice", "the process is killed, and again while it recovers", "always")  \
  X(EXECUTED_LATE, "executed-late", "a request is executed after its caller has given up waiting", "concurrent_delivery") \
  X(TERMINATED, "terminated", "SIGTERM in the middle of its work", "always")                       \
  X(PAUSED, "paused", "it stands still past every timeout, and goes on: the message is somebody else's by then", "concurrent_delivery") \
  X(ACK_LOST, "ack-lost", "the acknowledgement, or its answer, is lost or late", "always")         \
  X(REPUBLISHED, "published-again", "the sender's answer is lost: the same operation with another message id", "always") \
  X(REDELIVERED, "delivered-again", "another copy comes when it was handled, in time for the horizon", "redelivery_horizon") \
  X(FAILOVER, "failover", "the cache fails over to a replica, and its last writes are lost", "failover") \
  X(CLOCK, "clock", "the consumer's clock jumps, also when the message comes again", "clock: tool")                                   \
  X(TWINS, "twins", "two operations that say the same, both wanted", "always")                     \
  X(TENANT, "other-tenant", "another tenant's operation with the same id", "tenants")              \
  X(PAYLOAD, "changed-payload", "the id of another operation with another amount: not to be done", "changed_payload") \
  X(POISON, "poison", "a message that cannot be read among others", "poison")                      \
  X(VERSIONS, "versions", "the old and the new version side by side", "other_version")             \
  X(PAIRS, "pairs", "two faults", "pairs")                                                         \
  X(DECLARED, "declared", "the faults that the file declares", "cases")

enum check_class {
#define X(id, name, about, needs) CHECK_##id,
  CHECK_CLASSES(X)
#undef X
      CHECK_CLASS__COUNT
};
struct check_class_row {
  const char *name, *about, *needs; /* needs: the key of `check` that makes it part of the contract */
};
extern const struct check_class_row check_class_rows[CHECK_CLASS__COUNT];

/* What one case is. */
struct check_case {
  enum check_class class;
  enum variant variant;
  bool mixed; /* versions */
  unsigned count;
  struct placement placements[CHECK_FAULTS_MAX];
};

enum check_verdict {
  CHECK_RECOVERED,
  CHECK_FAILED,        /* anomaly and evidence say how */
  CHECK_PROGRAM,       /* the program itself failed: hung, died, malformed… */
  CHECK_NOT_EFFECTIVE, /* the fault was never reached, or met nothing: not counted */
  CHECK_VERDICT__COUNT
};

#define CHECK_EVIDENCE_ROOM 512
struct check_outcome {
  enum check_verdict verdict;
  enum anomaly anomaly;         /* of FAILED */
  enum program_failure failure; /* of PROGRAM */
  uint64_t intent;              /* the operation that suffered; 0 = unknown */
  uint64_t digest;              /* of the trace */
  uint32_t marked, seen;        /* points: of the program itself (program.h) */
  char kind[64]; /* of the rows that differ, which name no operation; "" = none */
  bool of_lines; /* of FAILED: a line says so, not the ledger */
  char evidence[CHECK_EVIDENCE_ROOM]; /* "op-2 charge: 2 instead of 1", or the program's text */
};

/* The reason of what would have come after a failure. */
extern const char check_stopped[];

/* Why a class was not tried; NULL = it was. */
struct check_count {
  uint32_t tried, recovered;
  const char *not_tried;
};

struct check_failure {
  struct check_case what;
  struct check_outcome outcome;
};

struct check_result {
  struct check_count counts[CHECK_CLASS__COUNT];
  uint32_t tried, recovered;
  struct check_failure *failures; /* in the order of the cases; owned */
  size_t failure_count;
  bool stopped;            /* at the first failure: what follows was not tried */
  bool unjudged;           /* [K4], or the program failed, or differed, in its clean runs: failures[0] says how */
  char masked[256];        /* kinds of lines that differ between two clean runs, "" = none */
  uint32_t marked, seen;   /* of the clean run */
  uint32_t calls;          /* of the clean run */
  bool ledger, lines;      /* what is judged */
  double wall_s;
};

/* Who makes the program of a worker (from 1), in that worker. NULL with *err set. */
typedef struct program *check_make_fn(void *context, uint32_t worker, struct err *err);

struct check_options {
  unsigned workers; /* 0 = one for each core */
  bool keep_going;  /* try everything, also after a failure */
  bool own_state;   /* the program has stores of its own, at which it does what nobody sees (a probe, a proxy) */
  bool own_server;  /* a server of its own keeps open what a dead process had begun there (SQL on PostgreSQL) */
  int64_t case_limit_ms; /* wall-clock: a worker that takes longer for a case counts as hung */
  bool progress;
  const char *command;
  struct program_groups *groups; /* workers are put there while they live; NULL = nowhere */
  check_make_fn *make;
  void *make_context;
};

/* A failing case made small: the same anomaly with as few of the operations as show it. */
struct check_small {
  struct plan plan; /* with its operations listed, in `intents`; no faults but the case's */
  struct intent_plan intents[CHECK_FAULTS_MAX];
  struct check_case what;
  struct check_outcome outcome;
  bool small; /* false: no more than CHECK_FAULTS_MAX operations did not show it; the plan is as it was */
};
/* *out holds pointers into itself, and into the scenario's memory. */
void check_shrink(const struct scenario *scenario, const struct check_options *options,
                  const struct check_failure *failure, struct check_small *out);

/* Tries the one row of a scenario that has `check` (scenario->check), whose handler is the program's
 * (check_handler). False: no worker could begin; *err says why. */
bool check_run(const struct scenario *scenario, const struct check_options *options, struct check_result *out,
               struct err *err);
void check_result_deinit(struct check_result *result);

/* The handler row that stands for a user's program: to be put into the registry. Each worker runs a copy with
 * its own program. */
extern const struct handler check_handler;

#endif
