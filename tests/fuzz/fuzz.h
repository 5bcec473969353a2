/* Targets of libFuzzer: each takes any bytes at all for what one reader of dgsim gets from outside.
 *
 *   bytes --> fuzz_fn --> the reader --> an error with its place, or what was read, used as the program uses it
 *
 * What counts as a failure is a crash, an ASSERT, a finding of AddressSanitizer or UndefinedBehaviorSanitizer, a
 * leak, a hang, and what a target asserts by itself: that what was read comes out again as it was. A target keeps
 * nothing from one input to the next but what no input can change.
 *
 * A target is tests/fuzz/fuzz_NAME.c, a row of FUZZ_TARGETS, and a corpus in tests/fuzz/corpus/NAME. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "sim/runner/scenario.h"

#include <stddef.h>
#include <stdint.h>

#define FUZZ_TARGETS(X)                                                                            \
  X(scenario) /* a scenario file, read, printed, read again */                                     \
  X(changes)  /* what --set and --vary say of one */                                               \
  X(values)   /* a single value, of each type */                                                   \
  X(run)      /* a scenario, run */                                                                \
  X(csv)      /* the tables beside a scenario, and those of claims */                              \
  X(trace)    /* a trace, judged and compared */                                                   \
  X(journal)  /* journals, merged and resumed */                                                   \
  X(options)  /* words of a command line */                                                        \
  X(protocol) /* a line of a program that is checked */                                            \
  X(command)  /* everything that such a program writes */                                          \
  X(sql)      /* a file of SQL */                                                                  \
  X(plugin)   /* a shared object's headers */                                                      \
  X(effects)  /* lines of a probe */

typedef void fuzz_fn(const uint8_t *data, size_t size);
#define X(name) fuzz_fn fuzz_##name;
FUZZ_TARGETS(X)
#undef X

/* What `run` and the others have, and what `check` has. */
const struct registry *fuzz_registry(void);
const struct registry *fuzz_check_registry(void);

/* A path at which these bytes are a file, until the next call with this number (0 or 1). */
const char *fuzz_file(int number, const uint8_t *data, size_t size);

/* The bytes as text, to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* An error that is set has a message, and says where; no control characters are in it when it is printed. */
void fuzz_check_error(const struct err *err);

/* The resolved form; to be freed. */
char *fuzz_resolved(const struct scenario *scenario);

/* Whether a scenario is so small that it can be run here. */
bool fuzz_is_small(const struct scenario *scenario);

#endif
