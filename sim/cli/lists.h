/* The lists of `dgsim list`. */
#ifndef SIM_CLI_LISTS_H
#define SIM_CLI_LISTS_H

#include "sim/cli/list_data.h"
#include "sim/cli/list_text.h"

struct list_row {
  const char *name;
  list_data_fn *data;
  list_text_fn *text; /* NULL = as the sheet */
  const char *title, *about; /* two sentences */
};
extern const struct list_row list_rows[];
extern const size_t list_count;

#endif
