/* Files beside a scenario: CSV whose first line names keys of the language and whose cells are its
 * scalars. A row comes out as entries, as if it were a map of the scenario; an empty cell is a key that
 * is not given. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"
#include "sim/runner/csv_in.h"

#include <string.h>

/* ---- the file ---- */

/* Beside the scenario, unless the path begins at the root. */
static const char *beside(struct reader *reader, const char *name) {
  const char *path = reader->scenario->path, *end = strrchr(path, '/');
  if (name[0] == '/' || !end) return name;
  return pool_print(reader->pool, "%.*s%s", (int)(end - path + 1), path, name);
}

static void note_file(struct reader *reader, const char *name, const struct csv_in_bytes *bytes) {
  struct scenario *scenario = reader->scenario;
  for (size_t i = 0; i < scenario->file_count; i++) /* it is read at each point of a sweep */
    if (strcmp(scenario->files[i].name, name) == 0 && scenario->files[i].hash == bytes->hash) return;
  POOL_GROW(reader->pool, scenario->files, scenario->file_count, reader->file_capacity);
  scenario->files[scenario->file_count++] =
      (struct scenario_file){name, bytes->hash, bytes->text, bytes->length};
}

/* One run's scenario has its files behind its text, each as its name, 0, its bytes, 0. NULL: not there. */
static const char *attached(const struct reader *reader, const char *name) {
  if (!reader->attached) return NULL;
  const char *at = reader->attached, *end = at + reader->attached_length;
  while (at < end) {
    const char *name_end = memchr(at, '\0', (size_t)(end - at));
    const char *text = name_end ? name_end + 1 : end;
    const char *text_end = memchr(text, '\0', (size_t)(end - text));
    if (!text_end) return NULL;
    if (strcmp(at, name) == 0) return text;
    at = text_end + 1;
  }
  return NULL;
}

static const struct yaml_source *read_attached(struct reader *reader, const struct yaml_node *name,
                                               struct csv_in_bytes *out_bytes) {
  const char *text = attached(reader, name->text);
  if (text) return csv_in_text(reader->pool, name->text, text, strlen(text), out_bytes, reader->err);
  err_set(reader->err, ERR_FORMAT, "it does not carry '%s'", name->text);
  return NULL;
}

static const struct yaml_source *read_source(struct reader *reader, const struct yaml_node *name) {
  struct csv_in_bytes bytes;
  const struct yaml_source *source =
      reader->one_run ? read_attached(reader, name, &bytes)
                      : csv_in_file(reader->pool, beside(reader, name->text), &bytes, reader->err);
  if (!source) {
    yaml_fail_at(name->source, name->line, name->column, reader->err);
    return NULL;
  }
  note_file(reader, name->text, &bytes);
  return source;
}

const struct yaml_source *reader_file(struct reader *reader, const struct yaml_node *map) {
  for (size_t i = 0; i < map->count; i++) {
    if (strcmp(map->entries[i].key, "file") == 0) continue;
    reader_fail_key(reader, &map->entries[i], ERR_FAULT_SHAPE, "'%s' beside 'file'",
                    map->entries[i].key);
    err_note(reader->err, "what is in a file is said there");
    return NULL;
  }
  const struct yaml_node *name = yaml_find(map, "file")->value;
  if (!reader_is(reader, name, YAML_KIND_SCALAR, "file")) return NULL;
  return read_source(reader, name);
}

/* ---- its rows ---- */

struct rows {
  struct reader *reader;
  const struct reader_rows *wanted;
  struct yaml_entry columns[CSV_IN_COLUMNS_MAX]; /* without values */
  size_t count;
};

static bool read_header(struct rows *rows, const struct yaml_node *cells, size_t count) {
  struct reader *reader = rows->reader;
  for (size_t i = 0; i < count; i++) {
    const struct yaml_node *cell = &cells[i];
    const char *key = pool_text(reader->pool, cell->text, strlen(cell->text));
    rows->columns[i] = (struct yaml_entry){key, cell->source, cell->line, cell->column, NULL};
    for (size_t before = 0; before < i; before++)
      if (strcmp(rows->columns[before].key, key) == 0)
        return reader_fail(reader, cell, ERR_DUPLICATE_KEY, "column '%s' given twice", key);
    if (!rows->wanted->column(reader, &rows->columns[i])) return false;
  }
  rows->count = count;
  return true;
}

static bool on_row(void *context, const struct yaml_node *cells, size_t count) {
  struct rows *rows = context;
  struct yaml_entry entries[CSV_IN_COLUMNS_MAX];
  size_t given = 0;
  if (rows->count == 0) return read_header(rows, cells, count);
  if (count > rows->count)
    return reader_fail(rows->reader, &cells[rows->count], ERR_WRONG_TYPE,
                       "more cells than the first line has columns, %zu", rows->count);
  for (size_t i = 0; i < count; i++) {
    if (cells[i].text[0] == '\0') continue;
    struct yaml_node *value = (struct yaml_node *)(uintptr_t)&cells[i]; /* read only, as all nodes */
    entries[given++] = (struct yaml_entry){rows->columns[i].key, cells[i].source, cells[i].line,
                                           cells[i].column, value};
  }
  return rows->wanted->row(rows->wanted->context, &cells[0], entries, given);
}

bool reader_csv(struct reader *reader, const struct yaml_source *source,
                const struct reader_rows *wanted) {
  struct rows rows = {.reader = reader, .wanted = wanted};
  return csv_in_read(source, on_row, &rows, reader->err);
}
