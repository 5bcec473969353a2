#include "sim/handler/sql_file.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/input.h"
#include "sim/base/suggest.h"
#include "sim/handler/sql_file_reading.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)

const struct sql_parameter_row sql_parameters[SQL_PARAMETER__COUNT] = {
#define X(id, name, integer, help) [SQL_PARAMETER_##id] = {name, integer, help},
    SQL_PARAMETERS(X)
#undef X
};
const struct sql_class_row sql_classes[SQL_CLASS__COUNT] = {
#define X(id, name, state, help) [SQL_CLASS_##id] = {name, state, help},
    SQL_CLASSES(X)
#undef X
};
const struct sql_action_row sql_actions[SQL_ACTION__COUNT] = {
#define X(id, name, help) [SQL_ACTION_##id] = {name, help},
    SQL_ACTIONS(X)
#undef X
};
const struct sql_directive_row sql_directives[SQL_DIRECTIVE__COUNT] = {
#define X(id, form, help) [SQL_DIRECTIVE_##id] = {form, help},
    SQL_DIRECTIVES(X)
#undef X
};

const char *const sql_section_names[SECTION__COUNT] = {"schema", "handler", "probe"};

/* --- Errors and places --- */

void sql_reading_place(const char *source, const char *at, int *line, int *column) {
  *line = *column = 1;
  for (const char *c = source; c < at; c++) {
    if (*c == '\n')
      (*line)++, *column = 1;
    else
      (*column)++;
  }
}

void sql_file_line(const struct sql_file *file, int line, char *out, size_t room) {
  const char *from = file->source;
  for (; line > 1 && from; line--) {
    from = strchr(from, '\n');
    if (from) from++;
  }
  snprintf(out, room, "%.*s", from ? (int)strcspn(from, "\r\n") : 0, from ? from : "");
}

void sql_file_place(const struct sql_statement *statement, size_t sent_at, int *line, int *column) {
  size_t at = sent_at;
  for (size_t i = statement->use_count; i-- > 0;) {
    const struct sql_use *use = &statement->uses[i];
    if (sent_at < use->sent_at) continue;
    at = sent_at < use->sent_at + use->sent_length
             ? use->at
             : use->at + use->length + (sent_at - use->sent_at - use->sent_length);
    break;
  }
  if (at > strlen(statement->text)) at = strlen(statement->text);
  int down, right;
  sql_reading_place(statement->text, statement->text + at, &down, &right);
  *line = statement->line + down - 1;
  *column = down == 1 ? statement->column + right - 1 : right;
}

/* Gives the error that was just set its place. */
bool sql_reading_wrong(struct reading *reading, const char *at) {
  int line, column;
  char text[512];
  sql_reading_place(reading->file->source, at, &line, &column);
  sql_file_line(reading->file, line, text, sizeof text);
  return err_place(reading->err, reading->file->path, line, column, text);
}

/* --- Words --- */

static bool of_name(char c) { return isalnum((unsigned char)c) || c == '_'; }
size_t sql_name_length(const char *at) {
  size_t length = 0;
  while (of_name(at[length])) length++;
  return length;
}
void sql_skip_blanks(const char **at) {
  while (**at == ' ' || **at == '\t') (*at)++;
}
/* Whether a word stands here, in any case; then goes past it and what follows of blanks. */
bool sql_take_word(const char **at, const char *word) {
  const size_t length = strlen(word);
  if (strncasecmp(*at, word, length) != 0 || of_name((*at)[length])) return false;
  *at += length;
  sql_skip_blanks(at);
  return true;
}
char *sql_copy(const char *text, size_t length) {
  char *copy = strndup(text, length);
  ASSERT(copy);
  return copy;
}
const char *sql_line_end(const char *at) { return at + strcspn(at, "\r\n"); }

bool sql_reading_unknown(struct reading *reading, const char *at, const char *what, const char *const *words,
                         size_t count) {
  const size_t length = sql_name_length(at);
  char word[64];
  snprintf(word, sizeof word, "%.*s", (int)length, at);
  if (length == 0)
    err_set(reading->err, ERR_FORMAT, "%s is missing", what);
  else
    err_set(reading->err, ERR_UNKNOWN_NAME, "unknown %s '%s'", what, word);
  const char *near = suggest(word, words, count);
  if (near) err_note(reading->err, "did you mean '%s'?", near);
  char all[400] = "";
  for (size_t i = 0; i < count; i++)
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", words[i]);
  err_note(reading->err, "one of: %s", all);
  return sql_reading_wrong(reading, at);
}

static bool read_all(struct reading *reading) {
  for (;;) {
    const char *at = reading->at;
    while (isspace((unsigned char)*at) || *at == ';') at++;
    if (!*at) break;
    const char *directive = at[0] == '-' && at[1] == '-' ? sql_directive_at(at) : NULL;
    if (directive) {
      if (!sql_read_directive(reading, directive)) return false;
      reading->at = sql_line_end(at);
    } else if ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*')) {
      reading->at = sql_past_quoted(at, reading->file->source);
      if (!reading->at) return sql_not_ended(reading, at);
    } else if (!sql_read_statement(reading, at)) {
      return false;
    }
  }
  return !reading->directive || sql_directive_alone(reading);
}

/* --- What stands in the whole --- */

static bool is_missing(struct reading *reading, enum section section, const char *hint) {
  err_set(reading->err, ERR_MISSING_KEY, "the file has no statement in a section '%s'",
          sql_section_names[section]);
  err_note(reading->err, "%s", hint);
  return sql_reading_wrong(reading, reading->file->source + strlen(reading->file->source));
}

/* To which retry each statement belongs: that of the transaction that it is in, or its own. */
static bool settle_retries(struct reading *reading) {
  struct sql_file *file = reading->file;
  int begun = -1;
  for (size_t i = 0; i < file->handler_count; i++) {
    struct sql_statement *statement = &file->handler[i];
    if (statement->verb == SQL_BEGIN)
      begun = (int)i;
    else if (begun >= 0 && statement->retries) {
      err_set(reading->err, ERR_NOT_HERE, "a retry in the middle of a transaction");
      err_note(reading->err, "it stands before BEGIN: what failed is rolled back as a whole");
      char line[512];
      sql_file_line(file, statement->line, line, sizeof line);
      return err_place(reading->err, file->path, statement->line, statement->column, line);
    }
    const int from = begun >= 0 ? begun : (int)i;
    statement->retry_from = file->handler[from].retries ? from : -1;
    if (statement->verb == SQL_COMMIT || statement->verb == SQL_ROLLBACK) begun = -1;
  }
  return true;
}

static bool check(struct reading *reading) {
  if (reading->file->handler_count == 0)
    return is_missing(reading, SECTION_HANDLER, "-- dgsim: handler, then what is done with each message");
  if (!reading->file->probe.text)
    return is_missing(reading, SECTION_PROBE,
                      "-- dgsim: probe, then a SELECT of three columns: operation, kind, amount");
  return settle_retries(reading);
}

struct sql_file *sql_file_of_text(const char *path, const char *text, char mark, struct err *err) {
  struct sql_file *file = calloc(1, sizeof *file);
  ASSERT(file);
  file->path = sql_copy(path, strlen(path));
  file->source = sql_copy(text, strlen(text));
  file->rollback = (struct sql_statement){.text = sql_copy("ROLLBACK", 8),
                                          .sent = sql_copy("ROLLBACK", 8),
                                          .summary = "ROLLBACK",
                                          .line = 1,
                                          .column = 1,
                                          .verb = SQL_ROLLBACK,
                                          .retry_from = -1};
  struct reading reading = {
      .file = file, .at = file->source, .mark = mark, .err = err, .section = SECTION_NONE};
  if (strncmp(reading.at, "\xef\xbb\xbf", 3) == 0) reading.at += 3; /* a byte order mark, as some editors write it */
  const bool good = read_all(&reading) && check(&reading);
  if (good) return file;
  GROW(file->handler, file->handler_capacity, file->handler_count + 1);
  file->handler[file->handler_count++] = reading.next; /* so that it is freed */
  sql_file_free(file);
  return NULL;
}

struct sql_file *sql_file_read(const char *path, char mark, struct err *err) {
  const char *why;
  FILE *in = input_open(path, &why);
  if (!in) {
    err_set(err, ERR_IO, "cannot read %s: %s", path, why);
    return NULL;
  }
  char *text = calloc(1, FILE_BYTES_MAX + 2);
  ASSERT(text);
  const size_t length = fread(text, 1, FILE_BYTES_MAX + 1, in);
  struct sql_file *file = NULL;
  if (ferror(in))
    err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
  else if (length > FILE_BYTES_MAX)
    err_set(err, ERR_TOO_BIG, "%s is longer than 1 MiB", path);
  else if (strlen(text) != length)
    err_set(err, ERR_FORMAT, "%s is not a text: it has a zero byte", path);
  else
    file = sql_file_of_text(path, text, mark, err);
  fclose(in);
  free(text);
  return file;
}

static void deinit(struct sql_statement *statement) {
  free(statement->text);
  free(statement->sent);
  free(statement->uses);
  free(statement->parameters);
  free(statement->into);
  free(statement->rules);
}

void sql_file_free(struct sql_file *file) {
  if (!file) return;
  deinit(&file->schema);
  deinit(&file->probe);
  deinit(&file->rollback);
  for (size_t i = 0; i < file->handler_count; i++) deinit(&file->handler[i]);
  for (size_t i = 0; i < file->kept_count; i++) free(file->kept[i]);
  free(file->handler);
  free(file->kept);
  free(file->path);
  free(file->source);
  free(file);
}
