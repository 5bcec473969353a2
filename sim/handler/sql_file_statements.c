/* Statements of a handler in SQL: where they end, what their parameters are, and what is sent of them. */
#include "sim/handler/sql_file_reading.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool of_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

const char *sql_past_quoted(const char *at, const char *source) {
  if (at[0] == '-' && at[1] == '-') return sql_line_end(at);
  if (at[0] == '/' && at[1] == '*') {
    const char *end = strstr(at + 2, "*/");
    return end ? end + 2 : NULL;
  }
  if (*at == '\'' || *at == '"') {
    const bool escapes = *at == '\'' && at > source && (at[-1] == 'E' || at[-1] == 'e') &&
                         (at - 1 == source || !of_name(at[-2]));
    for (const char *c = at + 1; *c; c++) {
      if (escapes && *c == '\\' && c[1])
        c++;
      else if (*c == *at && c[1] == *at)
        c++;
      else if (*c == *at)
        return c + 1;
    }
    return NULL;
  }
  if (*at == '$' && (at == source || !of_name(at[-1]))) {
    const size_t length = sql_name_length(at + 1) + 2;
    if (at[length - 1] != '$' || isdigit((unsigned char)at[1])) return at;
    char tag[64];
    if (length >= sizeof tag) return at;
    snprintf(tag, sizeof tag, "%.*s", (int)length, at);
    const char *end = strstr(at + length, tag);
    return end ? end + length : NULL;
  }
  return at;
}

bool sql_not_ended(struct reading *reading, const char *from) {
  err_set(reading->err, ERR_FORMAT, "the statement is not ended");
  err_note(reading->err, "a statement ends with ';', what is quoted with the quote that it began with");
  return sql_reading_wrong(reading, from);
}

static void append(char **text, size_t *length, size_t *capacity, const char *more, size_t count) {
  GROW(*text, *capacity, *length + count + 1);
  memcpy(*text + *length, more, count);
  *length += count;
  (*text)[*length] = '\0';
}

static bool find_parameter(struct reading *reading, const char *at, size_t length, uint32_t *out) {
  const struct sql_file *file = reading->file;
  const char *names[SQL_PARAMETER__COUNT + 64];
  size_t count = 0;
  for (; count < SQL_PARAMETER__COUNT; count++) names[count] = sql_parameters[count].name;
  for (size_t i = 0; i < file->kept_count && count < sizeof names / sizeof *names; i++)
    names[count++] = file->kept[i];
  for (size_t i = 0; i < count; i++) {
    if (strlen(names[i]) != length || strncmp(names[i], at, length) != 0) continue;
    *out = (uint32_t)i;
    return true;
  }
  return sql_reading_unknown(reading, at, "parameter", names, count);
}

/* The number of a parameter in its statement, from 1. */
static size_t number_of(struct sql_statement *statement, uint32_t parameter) {
  for (size_t i = 0; i < statement->parameter_count; i++)
    if (statement->parameters[i] == parameter) return i + 1;
  GROW(statement->parameters, statement->parameter_capacity, statement->parameter_count + 1);
  statement->parameters[statement->parameter_count++] = parameter;
  return statement->parameter_count;
}

/* Whether a parameter begins at this colon: no cast (::), assignment (:=) or slice of an array ([1:2]). */
static bool names_parameter(const char *at, const char *source) {
  return *at == ':' && (isalpha((unsigned char)at[1]) || at[1] == '_') &&
         (at == source || (at[-1] != ':' && !of_name(at[-1]) && at[-1] != ']'));
}

/* What SQLite, and only it, takes for a parameter as well: nobody would give it a value, and it would be NULL. */
static bool is_foreign_parameter(const struct reading *reading, const char *at, const char *source) {
  if (reading->mark != '?' || (at > source && of_name(at[-1]))) return false;
  return *at == '?' || ((*at == '@' || *at == '$') && of_name(at[1]));
}

/* Writes what is sent: the text with numbers for names. `from` is where the text stands in the file. */
static bool number(struct reading *reading, struct sql_statement *statement, const char *from) {
  const char *text = statement->text;
  size_t length = 0, capacity = 0;
  append(&statement->sent, &length, &capacity, "", 0);
  for (const char *at = text; *at;) {
    const char *past = sql_past_quoted(at, text);
    ASSERT(past);
    if (past == at && is_foreign_parameter(reading, at, text)) {
      err_set(reading->err, ERR_FORMAT, "a parameter without a name that the tool knows: it would be NULL");
      err_note(reading->err, "parameters are written :id, :account, :amount");
      return sql_reading_wrong(reading, from + (at - text));
    }
    if (past == at && !names_parameter(at, text)) past = at + 1;
    if (past > at) {
      append(&statement->sent, &length, &capacity, at, (size_t)(past - at));
      at = past;
      continue;
    }
    const size_t name = sql_name_length(at + 1);
    uint32_t parameter;
    if (reading->section == SECTION_PROBE) {
      err_set(reading->err, ERR_NOT_HERE, "the probe has no parameters");
      err_note(reading->err, "it is run after all messages, and says what the tables hold");
      return sql_reading_wrong(reading, from + (at - text));
    }
    if (!find_parameter(reading, from + (at - text) + 1, name, &parameter)) return false;
    char numbered[16];
    const int written =
        snprintf(numbered, sizeof numbered, "%c%zu", reading->mark, number_of(statement, parameter));
    GROW(statement->uses, statement->use_capacity, statement->use_count + 1);
    statement->uses[statement->use_count++] = (struct sql_use){
        .at = (size_t)(at - text), .length = name + 1, .sent_at = length, .sent_length = (size_t)written};
    append(&statement->sent, &length, &capacity, numbered, (size_t)written);
    at += name + 1;
  }
  return true;
}

static void summarize(struct sql_statement *statement) {
  size_t length = 0;
  bool blank = false;
  for (const char *c = statement->text; *c; c++) {
    if (c[0] == '-' && c[1] == '-')
      c = sql_line_end(c) - 1, blank = true;
    else if (isspace((unsigned char)*c))
      blank = true;
    else {
      if (length + 5 >= SQL_SUMMARY_ROOM) {
        memcpy(statement->summary + length, "...", 3);
        length += 3;
        break;
      }
      if (blank && length) statement->summary[length++] = ' ';
      statement->summary[length++] = *c;
      blank = false;
    }
  }
  statement->summary[length] = '\0';
}

static enum sql_verb verb_of(const char *text) {
  static const struct {
    const char *word;
    enum sql_verb verb;
  } rows[] = {{"begin", SQL_BEGIN},    {"start", SQL_BEGIN},       {"commit", SQL_COMMIT},
              {"end", SQL_COMMIT},     {"rollback", SQL_ROLLBACK}, {"abort", SQL_ROLLBACK},
              {"insert", SQL_CHANGE},  {"update", SQL_CHANGE},     {"delete", SQL_CHANGE},
              {"replace", SQL_CHANGE}, {"with", SQL_CHANGE}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *at = text;
    if (!sql_take_word(&at, rows[i].word)) continue;
    const bool savepoint =
        rows[i].verb == SQL_ROLLBACK && (sql_take_word(&at, "to") || sql_take_word(&at, "transaction to"));
    return savepoint ? SQL_OTHER : rows[i].verb;
  }
  return SQL_OTHER;
}

static void take_text(struct reading *reading, struct sql_statement *statement, const char *from,
                      const char *to) {
  statement->text = sql_copy(from, (size_t)(to - from));
  sql_reading_place(reading->file->source, from, &statement->line, &statement->column);
  summarize(statement);
  statement->verb = verb_of(statement->text);
}

/* A statement from `from`; sets *to after what ends it. */
static bool find_end(struct reading *reading, const char *from, const char **to) {
  for (const char *at = from; *at;) {
    if (*at == ';') {
      *to = at + 1;
      return true;
    }
    if (at[0] == '-' && at[1] == '-' && sql_directive_at(at)) {
      if (!sql_names_section(sql_directive_at(at))) {
        err_set(reading->err, ERR_NOT_HERE, "a directive inside of a statement");
        err_note(reading->err,
                 "it stands before the statement that it speaks of; is that one ended with ';'?");
        return sql_reading_wrong(reading, at);
      }
      return sql_not_ended(reading, from);
    }
    const char *past = sql_past_quoted(at, reading->file->source);
    if (!past) return sql_not_ended(reading, at);
    at = past > at ? past : at + 1;
  }
  return sql_not_ended(reading, from);
}

static bool add_handler(struct reading *reading, const char *from, const char *to) {
  struct sql_file *file = reading->file;
  struct sql_statement *next = &reading->next;
  take_text(reading, next, from, to);
  const bool good = number(reading, next, from);
  GROW(file->handler, file->handler_capacity, file->handler_count + 1);
  file->handler[file->handler_count++] = *next;
  *next = (struct sql_statement){0};
  reading->directive = NULL;
  return good;
}

static bool add_probe(struct reading *reading, const char *from, const char *to) {
  if (reading->file->probe.text) {
    err_set(reading->err, ERR_FORMAT, "a second statement in the section 'probe'");
    err_note(reading->err, "one SELECT: use UNION ALL");
    return sql_reading_wrong(reading, from);
  }
  take_text(reading, &reading->file->probe, from, to);
  return number(reading, &reading->file->probe, from);
}

bool sql_read_statement(struct reading *reading, const char *from) {
  const char *to = from;
  if (reading->section == SECTION_NONE) {
    err_set(reading->err, ERR_FORMAT, "a statement before the first section");
    err_note(reading->err, "sections begin with: -- dgsim: schema, -- dgsim: handler, -- dgsim: probe");
    return sql_reading_wrong(reading, from);
  }
  if (!find_end(reading, from, &to)) return false;
  reading->at = to;
  if (reading->section == SECTION_HANDLER) return add_handler(reading, from, to - 1);
  if (reading->section == SECTION_PROBE) return add_probe(reading, from, to - 1);
  /* The schema is one text, from its first statement to the end of its last. */
  struct sql_statement *schema = &reading->file->schema;
  const char *first = schema->text ? reading->begun[SECTION_SCHEMA] : from;
  if (!schema->text) reading->begun[SECTION_SCHEMA] = from;
  free(schema->text);
  take_text(reading, schema, first, to);
  return true;
}
