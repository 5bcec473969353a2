/* What the files share that read a handler in SQL. See sql_file.h. */
#ifndef SIM_HANDLER_SQL_FILE_READING_H
#define SIM_HANDLER_SQL_FILE_READING_H

#include "sim/handler/sql_file.h"

enum section { SECTION_NONE = -1, SECTION_SCHEMA, SECTION_HANDLER, SECTION_PROBE, SECTION__COUNT };
extern const char *const sql_section_names[SECTION__COUNT];

struct reading {
  struct sql_file *file;
  const char *at; /* what is read next */
  char mark;
  struct err *err;
  enum section section;
  const char *begun[SECTION__COUNT]; /* where it begins; NULL = not yet */
  struct sql_statement next;         /* gets the directives that stand before it */
  const char *directive;             /* the latest of them; NULL = none */
};

/* --- sql_file.c --- */

/* Gives the error that was just set its place. Returns false. */
bool sql_reading_wrong(struct reading *reading, const char *at);
/* An error: the word that stands here is none of these. Returns false. */
bool sql_reading_unknown(struct reading *reading, const char *at, const char *what, const char *const *words,
                         size_t count);
void sql_reading_place(const char *source, const char *at, int *line, int *column);
size_t sql_name_length(const char *at);
/* Whether a word stands here, in any case; then goes past it and what follows of blanks. */
bool sql_take_word(const char **at, const char *word);
void sql_skip_blanks(const char **at);
const char *sql_line_end(const char *at);
char *sql_copy(const char *text, size_t length);

/* --- sql_file_directives.c --- */

/* Where what follows `-- dgsim:` begins; NULL: the comment is another. */
const char *sql_directive_at(const char *comment);
/* Whether it begins a section. */
bool sql_names_section(const char *at);
/* Reads it, from there to the end of its line. */
bool sql_read_directive(struct reading *reading, const char *at);
/* An error: a directive stands before no statement. Returns false. */
bool sql_directive_alone(struct reading *reading);

/* --- sql_file_statements.c --- */

/* The end of what is quoted or commented and begins here; `at` itself when nothing does; NULL: no end. */
const char *sql_past_quoted(const char *at, const char *source);
/* Reads the statement that begins here. */
bool sql_read_statement(struct reading *reading, const char *from);
/* An error: it is not ended. Returns false. */
bool sql_not_ended(struct reading *reading, const char *from);

#endif
