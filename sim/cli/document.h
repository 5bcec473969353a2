/* Whole documents from the program's tables, which `dgsim list` prints and `cmake --install` puts in their places. */
#ifndef SIM_CLI_DOCUMENT_H
#define SIM_CLI_DOCUMENT_H

#include "sim/runner/scenario.h"

#include <stddef.h>
#include <stdio.h>

typedef void document_fn(const struct registry *registry, FILE *out);
document_fn document_man, document_bash, document_zsh, document_schema;

struct document {
  const char *name, *about;
  document_fn *write;
};
extern const struct document documents[];
extern const size_t document_count;

#endif
