/* A list as data: tables of cells, which are then text for people, Markdown or JSON.
 *
 *   list     name, title, about: two sentences
 *     table  name, about, facts (name and text), columns
 *       row  a cell for each column
 *
 * [S1] JSON has everything, in the order in which it was said; an empty cell is "".
 * [S2] In Markdown each row can be linked: its anchor is TABLE-WORD, or WORD where the table has no name, of the first
 *      word of its first cell; a table's is its name.
 */
#ifndef SIM_CLI_SHEET_H
#define SIM_CLI_SHEET_H

#include <jansson.h>
#include <stdio.h>

enum sheet_format { SHEET_HUMAN, SHEET_MARKDOWN, SHEET_JSON, SHEET__COUNT };

struct sheet {
  json_t *list;  /* owned */
  json_t *table; /* the last; borrowed */
};

/* Texts are copied. sheet_free releases it. */
void sheet_begin(struct sheet *sheet, const char *name, const char *title, const char *about);
void sheet_free(struct sheet *sheet);

/* The next table. `columns`: names with one blank between; with a ` behind it a column's cells are code. */
void sheet_table(struct sheet *sheet, const char *name, const char *about, const char *columns);
/* Of that table: nothing where `text` is NULL or empty. */
void sheet_fact(struct sheet *sheet, const char *name, const char *text);
/* One cell for each column; NULL = empty. */
void sheet_row(struct sheet *sheet, const char *const *cells);
#define SHEET_ROW(sheet, ...) sheet_row((sheet), (const char *const[]){__VA_ARGS__})

void sheet_print(const struct sheet *sheet, enum sheet_format format, FILE *out);

#endif
