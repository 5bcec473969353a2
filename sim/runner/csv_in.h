/* Reading CSV, each cell with its place.
 *
 * libcsv takes care of quoting but says nothing of where a cell stood, so it is fed byte by byte and the
 * bytes are counted here. Cells come as YAML scalars of the same source: whoever reads values and reports
 * mistakes of a scenario does it for a cell without knowing.
 *
 * Blanks around a cell that is not quoted are no part of it; empty lines are skipped; strict quoting.
 */
#ifndef SIM_RUNNER_CSV_IN_H
#define SIM_RUNNER_CSV_IN_H

#include "sim/runner/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_IN_BYTES_MAX ((size_t)1 << 28)
#define CSV_IN_COLUMNS_MAX 32

/* All bytes of a file, with the byte order mark that it may have; a 0 behind them, and none in them. */
struct csv_in_bytes {
  const char *text;
  size_t length;
  uint64_t hash; /* XXH3 */
};

/* A file as text, in the pool, without a byte order mark. out_bytes may be NULL.
 * NULL with *err set; what cannot be opened, read or is too long is not placed. */
const struct yaml_source *csv_in_file(struct pool *pool, const char *path, struct csv_in_bytes *out_bytes,
                                      struct err *err);

/* The same of bytes in memory, which are not kept; `path` is what errors print. */
const struct yaml_source *csv_in_text(struct pool *pool, const char *path, const char *text, size_t length,
                                      struct csv_in_bytes *out_bytes, struct err *err);

/* A row: its cells, which live until the function returns. False: *err was set, reading ends. */
typedef bool csv_in_row_fn(void *context, const struct yaml_node *cells, size_t count);

/* The first row, too, is given to `row`. False with *err set and placed. */
bool csv_in_read(const struct yaml_source *source, csv_in_row_fn *row, void *context,
                 struct err *err);

#endif
