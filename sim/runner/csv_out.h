/* Writing CSV, each cell through libcsv: quoted always, so that a label may hold anything.
 *
 * The first failed write is remembered in `failed`. Numbers are integers, or
 * doubles with 6 significant digits, so the same data are the same bytes everywhere.
 */
#ifndef SIM_RUNNER_CSV_OUT_H
#define SIM_RUNNER_CSV_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct csv_out {
  FILE *file;  /* borrowed */
  bool in_row; /* the next cell needs a comma before it */
  bool failed;
};

void csv_out_init(struct csv_out *csv, FILE *file);
void csv_out_text(struct csv_out *csv, const char *text);
void csv_out_integer(struct csv_out *csv, int64_t value);
void csv_out_unsigned(struct csv_out *csv, uint64_t value);
void csv_out_real(struct csv_out *csv, double value);
void csv_out_digest(struct csv_out *csv, uint64_t value); /* 16 hex digits */
void csv_out_seconds(struct csv_out *csv, int64_t ns);    /* exact: 12.5 */
void csv_out_end_row(struct csv_out *csv);
void csv_out_header(struct csv_out *csv, const char *const *names, size_t count);

#endif
