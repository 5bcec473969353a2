#include "sim/cli/sheet.h"

#include "sim/base/assert.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Columns that are code, by name; in no output. */
#define CODE "code"

static void put(json_t *object, const char *name, const char *text) {
  ASSERT(json_object_set_new(object, name, json_string(text ? text : "")) == 0);
}

static const char *get(const json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

void sheet_begin(struct sheet *sheet, const char *name, const char *title, const char *about) {
  *sheet = (struct sheet){.list = json_object()};
  put(sheet->list, "list", name);
  put(sheet->list, "title", title);
  put(sheet->list, "about", about);
  json_object_set_new(sheet->list, "tables", json_array());
}

void sheet_free(struct sheet *sheet) { json_decref(sheet->list); }

void sheet_table(struct sheet *sheet, const char *name, const char *about, const char *columns) {
  json_t *names = json_array(), *code = json_array();
  sheet->table = json_object();
  put(sheet->table, "name", name);
  put(sheet->table, "about", about);
  for (size_t length; *columns != '\0'; columns += length + (columns[length] == ' ')) {
    length = strcspn(columns, " ");
    const bool is_code = columns[length - 1] == '`';
    json_array_append_new(names, json_stringn(columns, length - is_code));
    json_array_append_new(code, json_boolean(is_code));
  }
  json_object_set_new(sheet->table, "facts", json_object());
  json_object_set_new(sheet->table, "columns", names);
  json_object_set_new(sheet->table, CODE, code);
  json_object_set_new(sheet->table, "rows", json_array());
  ASSERT(json_array_append_new(json_object_get(sheet->list, "tables"), sheet->table) == 0);
}

void sheet_fact(struct sheet *sheet, const char *name, const char *text) {
  if (text && *text) put(json_object_get(sheet->table, "facts"), name, text);
}

void sheet_row(struct sheet *sheet, const char *const *cells) {
  json_t *row = json_object();
  const json_t *columns = json_object_get(sheet->table, "columns");
  for (size_t i = 0; i < json_array_size(columns); i++)
    put(row, json_string_value(json_array_get(columns, i)), cells[i]);
  ASSERT(json_array_append_new(json_object_get(sheet->table, "rows"), row) == 0);
}

static const char *column(const json_t *table, size_t i) {
  return json_string_value(json_array_get(json_object_get(table, "columns"), i));
}

/* ---- text for people ---- */

static void print_human(const json_t *table, FILE *out) {
  const json_t *rows = json_object_get(table, "rows");
  const size_t columns = json_array_size(json_object_get(table, "columns"));
  int width[16] = {0};
  ASSERT(columns <= sizeof width / sizeof *width);
  for (size_t i = 0; i < json_array_size(rows); i++)
    for (size_t j = 0; j < columns; j++) {
      const int length = (int)strlen(get(json_array_get(rows, i), column(table, j)));
      if (length > width[j]) width[j] = length;
    }
  if (*get(table, "name")) fprintf(out, "\n%s\n", get(table, "name"));
  for (size_t i = 0; i < json_array_size(rows); i++) {
    const json_t *row = json_array_get(rows, i);
    size_t last = columns - 1;
    while (last > 0 && !*get(row, column(table, last))) last--;
    for (size_t j = 0; j < last; j++) fprintf(out, "%-*s  ", width[j], get(row, column(table, j)));
    fprintf(out, "%s\n", get(row, column(table, last)));
  }
}

/* ---- Markdown ---- */

/* What Markdown would take for something else, but in code. */
static void put_text(const char *text, FILE *out) {
  for (bool code = false; *text != '\0'; text++) {
    if (*text == '`') code = !code;
    fprintf(out, "%s%c", strchr(code ? "|" : "|*<[", *text) ? "\\" : "", *text);
  }
}

static void put_code(const char *text, FILE *out) {
  if (*text == '\0') return;
  fputc('`', out);
  for (; *text != '\0'; text++) fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
  fputc('`', out);
}

/* As GitHub makes anchors of headings. */
static void put_anchor(const char *text, FILE *out) {
  for (; *text != '\0'; text++)
    if (isalnum((unsigned char)*text) || strchr("-_", *text))
      fputc(tolower((unsigned char)*text), out);
    else if (*text == ' ' || *text == '.' || *text == '/')
      fputc('-', out);
}

/* Of a row: the first word of its first cell, "jobs" of "--jobs, -j". */
static void put_row_anchor(const json_t *table, const char *cell, FILE *out) {
  char word[128];
  cell += strspn(cell, "-");
  snprintf(word, sizeof word, "%.*s", (int)strcspn(cell, ", "), cell);
  fputs("<a id=\"", out);
  put_anchor(get(table, "name"), out);
  if (*get(table, "name")) fputc('-', out);
  put_anchor(word, out);
  fputs("\"></a>", out);
}

static bool is_empty(const json_t *table, size_t j) {
  const json_t *rows = json_object_get(table, "rows");
  for (size_t i = 0; i < json_array_size(rows); i++)
    if (*get(json_array_get(rows, i), column(table, j))) return false;
  return true;
}

static void put_cell(const json_t *table, size_t j, const char *cell, FILE *out) {
  fputs("| ", out);
  if (j == 0) put_row_anchor(table, cell, out);
  (json_is_true(json_array_get(json_object_get(table, CODE), j)) ? put_code : put_text)(cell, out);
  if (*cell) fputc(' ', out);
}

/* Without the columns in which nothing stands. */
static void print_cells(const json_t *table, FILE *out) {
  const json_t *rows = json_object_get(table, "rows");
  const size_t columns = json_array_size(json_object_get(table, "columns"));
  if (json_array_size(rows) == 0) return;
  fputc('\n', out);
  for (size_t j = 0; j < columns; j++)
    if (!is_empty(table, j)) fprintf(out, "| %s ", column(table, j));
  fputs("|\n", out);
  for (size_t j = 0; j < columns; j++)
    if (!is_empty(table, j)) fputs("|---", out);
  fputs("|\n", out);
  for (size_t i = 0; i < json_array_size(rows); i++) {
    for (size_t j = 0; j < columns; j++)
      if (!is_empty(table, j)) put_cell(table, j, get(json_array_get(rows, i), column(table, j)), out);
    fputs("|\n", out);
  }
}

static void print_markdown(const json_t *table, FILE *out) {
  json_t *facts = json_object_get(table, "facts"), *fact;
  const char *name;
  if (*get(table, "name")) fprintf(out, "\n## %s\n", get(table, "name"));
  if (*get(table, "about")) {
    fputc('\n', out);
    put_text(get(table, "about"), out);
    fputc('\n', out);
  }
  if (json_object_size(facts) > 0) fputc('\n', out);
  json_object_foreach(facts, name, fact) {
    fprintf(out, "- %s: ", name);
    put_text(json_string_value(fact), out);
    fputc('\n', out);
  }
  print_cells(table, out);
}

/* ---- JSON ---- */

static void print_json(const json_t *list, FILE *out) {
  json_t *copy = json_deep_copy(list), *tables = json_object_get(copy, "tables");
  for (size_t i = 0; i < json_array_size(tables); i++) json_object_del(json_array_get(tables, i), CODE);
  ASSERT(json_dumpf(copy, out, JSON_INDENT(2)) == 0 || ferror(out));
  fputc('\n', out);
  json_decref(copy);
}

void sheet_print(const struct sheet *sheet, enum sheet_format format, FILE *out) {
  const json_t *tables = json_object_get(sheet->list, "tables");
  if (format == SHEET_JSON) {
    print_json(sheet->list, out);
    return;
  }
  if (format == SHEET_MARKDOWN) {
    fprintf(out, "# %s\n\n", get(sheet->list, "title"));
    put_text(get(sheet->list, "about"), out);
    fputc('\n', out);
  }
  for (size_t i = 0; i < json_array_size(tables); i++)
    (format == SHEET_MARKDOWN ? print_markdown : print_human)(json_array_get(tables, i), out);
}
