#include "sim/runner/csv_in.h"

#include "sim/base/assert.h"
#include "sim/base/input.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct reading {
  const struct yaml_source *source;
  csv_in_row_fn *row;
  void *context;
  struct err *err;
  struct yaml_node cells[CSV_IN_COLUMNS_MAX];
  char *texts[CSV_IN_COLUMNS_MAX]; /* of the cells; kept from row to row */
  size_t rooms[CSV_IN_COLUMNS_MAX];
  size_t count;
  int line, column;           /* of the byte under way */
  int cell_line, cell_column; /* where the cell under way begins */
  bool between;               /* nothing of it has come yet */
  bool failed;
};

static void keep_text(struct reading *reading, const char *text, size_t length) {
  const size_t at = reading->count;
  if (reading->rooms[at] < length + 1) {
    reading->rooms[at] = 2 * (length + 1);
    reading->texts[at] = realloc(reading->texts[at], reading->rooms[at]);
    ASSERT(reading->texts[at] != NULL);
  }
  memcpy(reading->texts[at], text, length);
  reading->texts[at][length] = '\0';
}

static void on_cell(void *text, size_t length, void *context) {
  struct reading *reading = context;
  const int line = reading->cell_line, column = reading->cell_column;
  reading->between = true;
  if (reading->failed) return;
  if (reading->count == CSV_IN_COLUMNS_MAX) {
    reading->failed = true;
    err_set(reading->err, ERR_LIMIT, "a row of more than %d cells", CSV_IN_COLUMNS_MAX);
    yaml_fail_at(reading->source, line, column, reading->err);
    return;
  }
  keep_text(reading, text ? text : "", length);
  reading->cells[reading->count] = (struct yaml_node){.source = reading->source, .line = line,
                                                      .column = column, .kind = YAML_KIND_SCALAR,
                                                      .text = reading->texts[reading->count]};
  reading->count++;
}

static void on_row(int end, void *context) {
  struct reading *reading = context;
  (void)end;
  if (!reading->failed && !reading->row(reading->context, reading->cells, reading->count))
    reading->failed = true;
  reading->count = 0;
}

/* Moves past a byte; columns count characters, as the caret does. */
static void move(struct reading *reading, char byte, char before) {
  if (byte == '\n' && before == '\r') return;
  if (byte == '\n' || byte == '\r') {
    reading->line++;
    reading->column = 1;
  } else if ((byte & 0xC0) != 0x80) {
    reading->column++;
  }
}

/* A cell begins at its first byte that is no blank, an empty one at what ends it. */
static void begin_cell(struct reading *reading, char byte) {
  if (!reading->between || byte == ' ' || byte == '\t') return;
  reading->cell_line = reading->line;
  reading->cell_column = reading->column;
  reading->between = byte == '\r' || byte == '\n' || byte == '\0';
}

static void feed(struct reading *reading, struct csv_parser *parser) {
  const struct yaml_source *source = reading->source;
  char before = '\0';
  for (size_t i = 0; i < source->length && !reading->failed; i++) {
    const char byte = source->text[i];
    begin_cell(reading, byte);
    if (csv_parse(parser, &byte, 1, on_cell, on_row, reading) != 1) {
      reading->failed = true;
      err_set(reading->err, ERR_WRONG_TYPE, "not CSV: a quote where none can stand");
      err_note(reading->err, "a cell with a quote in it is quoted, and the quote doubled");
      yaml_fail_at(source, reading->line, reading->column, reading->err);
    }
    move(reading, byte, before);
    before = byte;
  }
}

bool csv_in_read(const struct yaml_source *source, csv_in_row_fn *row, void *context,
                 struct err *err) {
  struct reading reading = {.source = source, .row = row, .context = context, .err = err,
                            .line = 1, .column = 1, .cell_line = 1, .cell_column = 1,
                            .between = true};
  struct csv_parser parser;
  ASSERT(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0);
  feed(&reading, &parser);
  begin_cell(&reading, '\0');
  if (!reading.failed && csv_fini(&parser, on_cell, on_row, &reading) != 0) {
    reading.failed = true;
    err_set(err, ERR_WRONG_TYPE, "not CSV: a quoted cell that does not end");
    yaml_fail_at(source, reading.cell_line, reading.cell_column, err);
  }
  csv_free(&parser);
  for (size_t i = 0; i < CSV_IN_COLUMNS_MAX; i++) free(reading.texts[i]);
  return !reading.failed;
}

static char *read_whole(FILE *file, size_t *out_length) {
  size_t room = 1 << 16, length = 0;
  char *text = malloc(room);
  ASSERT(text != NULL);
  for (;;) {
    length += fread(text + length, 1, room - length, file);
    if (length < room || length > CSV_IN_BYTES_MAX) break;
    text = realloc(text, room *= 2);
    ASSERT(text != NULL);
  }
  *out_length = length;
  return text;
}

const struct yaml_source *csv_in_text(struct pool *pool, const char *path, const char *text, size_t length,
                                      struct csv_in_bytes *out_bytes, struct err *err) {
  const size_t skip = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  const char *kept = pool_text(pool, text, length);
  struct yaml_source *source = POOL_NEW(pool, struct yaml_source, 1);
  *source = (struct yaml_source){.path = path, .text = kept + skip, .length = length - skip};
  if (out_bytes) *out_bytes = (struct csv_in_bytes){kept, length, XXH3_64bits(text, length)};
  return yaml_check_text(source, err) ? source : NULL;
}

const struct yaml_source *csv_in_file(struct pool *pool, const char *path, struct csv_in_bytes *out_bytes,
                                      struct err *err) {
  const char *why;
  FILE *file = input_open(path, &why);
  if (!file) {
    err_set(err, ERR_IO, "cannot open '%s': %s", path, why);
    return NULL;
  }
  size_t length;
  char *text = read_whole(file, &length);
  const int failed = ferror(file) ? errno : 0;
  const struct yaml_source *source = NULL;
  fclose(file);
  if (failed)
    err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(failed));
  else if (length > CSV_IN_BYTES_MAX)
    err_set(err, ERR_TOO_BIG, "'%s' is larger than 256 MiB", path);
  else
    source = csv_in_text(pool, path, text, length, out_bytes, err);
  free(text);
  return source;
}
