/* Between the text of a distribution and its table: its law. Only distribution*.c. */
#ifndef SIM_RUNNER_DISTRIBUTION_LAW_H
#define SIM_RUNNER_DISTRIBUTION_LAW_H

#include "sim/base/err.h"
#include "sim/base/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAW_ATOMS_MAX 16 /* values of a mix */
#define LAW_TEXT_MAX 1024
#define LAW_EXPONENT_SCALE 1000000

enum shape {
  SHAPE_CONSTANT,
  SHAPE_UNIFORM,
  SHAPE_EXPONENTIAL,
  SHAPE_LOGNORMAL,
  SHAPE_PARETO,
  SHAPE_MIX,
  SHAPE__COUNT
};

struct atom {
  int64_t ns, share;
};
struct law {
  enum shape shape;
  int64_t parameters[2];            /* ns; an exponent in LAW_EXPONENT_SCALE */
  struct atom atoms[LAW_ATOMS_MAX]; /* by time */
  size_t atom_count;
  double mu, sigma; /* lognormal */
};

/* Reads a text; writes its canonical form. */
bool law_parse(const char *text, struct law *out, struct err *err);
void law_format(const struct law *law, char out[LAW_TEXT_MAX]);

#endif
