/* One error of the user's making, with its place and a hint.
 *
 * Every function that reads what a user wrote takes a `struct err *` and returns false when it has
 * set it. The first error wins: setting an error that is already set changes nothing, so that
 * callers may go on to a common exit. Programmers' errors do not come here: see assert.h.
 *
 *   err_print:   FILE:LINE:COL: error: MESSAGE
 *                  source line
 *                      ^
 *                note: HINT
 */
#ifndef SIM_BASE_ERR_H
#define SIM_BASE_ERR_H

#include <stdbool.h>
#include <stdio.h>

/* What kind of mistake it is; `err_code_name` gives the word that tests and documents use. */
#define ERR_CODES(X)                                                                               \
  X(NONE, "none")                                                                                  \
  X(USAGE, "usage")                                                                                \
  X(IO, "io")                                                                                      \
  X(NOT_YAML, "not-yaml")                                                                          \
  X(YAML_SUBSET, "yaml-subset")                                                                    \
  X(TOO_BIG, "too-big")                                                                            \
  X(FORMAT, "format")                                                                              \
  X(UNKNOWN_KEY, "unknown-key")                                                                    \
  X(DUPLICATE_KEY, "duplicate-key")                                                                \
  X(MISSING_KEY, "missing-key")                                                                    \
  X(WRONG_TYPE, "wrong-type")                                                                      \
  X(NO_UNIT, "no-unit")                                                                            \
  X(UNKNOWN_UNIT, "unknown-unit")                                                                  \
  X(OUT_OF_RANGE, "out-of-range")                                                                  \
  X(UNKNOWN_NAME, "unknown-name")                                                                  \
  X(BAD_DISTRIBUTION, "bad-distribution")                                                          \
  X(BAD_SELECTOR, "bad-selector")                                                                  \
  X(BAD_BOUND, "bad-bound")                                                                        \
  X(FAULT_SHAPE, "fault-shape")                                                                    \
  X(CONFLICT, "conflict")                                                                          \
  X(BAD_LABEL, "bad-label")                                                                        \
  X(NOT_HERE, "not-here")                                                                          \
  X(LIMIT, "limit")                                                                                \
  X(INTERNAL, "internal")

enum err_code {
#define X(code, name) ERR_##code,
  ERR_CODES(X)
#undef X
      ERR__COUNT
};

struct err {
  enum err_code code;
  char path[512];   /* file the mistake is in, or "" */
  int line, column; /* from 1; 0 = no place */
  char message[512];
  char note[512];        /* "" = no note */
  char source_line[512]; /* the line with the mistake, "" = not known */
};

const char *err_code_name(enum err_code code);

/* Sets the error unless one is set. Returns false always, so `return err_set(…)` reads well. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the hint, unless there is one. Returns false always. */
bool err_note(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives an error its place, unless it has one. `source_line` may be NULL. Returns false always. */
bool err_place(struct err *err, const char *path, int line, int column, const char *source_line);

/* Prints it in the shape above; control characters and what is no UTF-8 as '?' (printable.h). */
void err_print(const struct err *err, FILE *out);

#endif
