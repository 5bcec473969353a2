/* Directives of a handler in SQL: comments that say what its program does with an answer. */
#include "sim/handler/sql_file_reading.h"

#include "sim/base/grow.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const directive_words[] = {"schema", "handler", "probe", "if", "on", "retry", "into"};

static bool expect(struct reading *reading, const char **at, char c, enum sql_directive form) {
  if (**at == c) {
    (*at)++;
    sql_skip_blanks(at);
    return true;
  }
  err_set(reading->err, ERR_FORMAT, "'%c' is missing", c);
  err_note(reading->err, "-- dgsim: %s", sql_directives[form].form);
  return sql_reading_wrong(reading, *at);
}

static bool read_action(struct reading *reading, const char **at, enum sql_action *out) {
  const char *names[SQL_ACTION__COUNT - 1];
  for (size_t i = 1; i < SQL_ACTION__COUNT; i++) {
    names[i - 1] = sql_actions[i].name;
    if (!sql_take_word(at, sql_actions[i].name)) continue;
    *out = (enum sql_action)i;
    return true;
  }
  return sql_reading_unknown(reading, *at, "action", names, SQL_ACTION__COUNT - 1);
}

static bool read_classes(struct reading *reading, const char **at, uint32_t *out) {
  const char *names[SQL_CLASS__COUNT];
  for (size_t i = 0; i < SQL_CLASS__COUNT; i++) names[i] = sql_classes[i].name;
  do {
    if (**at == ',') (*at)++;
    sql_skip_blanks(at);
    size_t i = 0;
    while (i < SQL_CLASS__COUNT && !sql_take_word(at, names[i])) i++;
    if (i == SQL_CLASS__COUNT) return sql_reading_unknown(reading, *at, "error", names, SQL_CLASS__COUNT);
    *out |= 1u << i;
  } while (**at == ',');
  return true;
}

static bool read_if(struct reading *reading, const char **at) {
  const bool none = sql_take_word(at, "no");
  const enum sql_directive form = none ? SQL_DIRECTIVE_IF_NO_ROWS : SQL_DIRECTIVE_IF_ROWS;
  if (!sql_take_word(at, "rows")) {
    static const char *const words[] = {"rows", "no rows"};
    return sql_reading_unknown(reading, *at, "condition", words, 2);
  }
  return expect(reading, at, ':', form) &&
         read_action(reading, at, none ? &reading->next.no_rows : &reading->next.rows);
}

static bool read_on(struct reading *reading, const char **at) {
  struct sql_statement *next = &reading->next;
  struct sql_rule rule = {0};
  if (!read_classes(reading, at, &rule.classes) || !expect(reading, at, ':', SQL_DIRECTIVE_ON) ||
      !read_action(reading, at, &rule.action))
    return false;
  GROW(next->rules, next->rule_capacity, next->rule_count + 1);
  next->rules[next->rule_count++] = rule;
  return true;
}

static bool read_retry(struct reading *reading, const char **at) {
  const char *number = *at;
  char *end;
  errno = 0;
  const unsigned long count = strtoul(*at, &end, 10);
  if (end == *at || errno || count < 1 || count > 100) {
    err_set(reading->err, ERR_OUT_OF_RANGE, "how often: a number from 1 to 100");
    err_note(reading->err, "-- dgsim: retry 3 on serialization_failure");
    return sql_reading_wrong(reading, number);
  }
  *at = end;
  sql_skip_blanks(at);
  reading->next.retries = (uint32_t)count;
  static const char *const words[] = {"on"};
  if (!sql_take_word(at, "on")) return sql_reading_unknown(reading, *at, "word", words, 1);
  return read_classes(reading, at, &reading->next.retry_classes);
}

static uint32_t kept(struct sql_file *file, const char *name, size_t length) {
  for (size_t i = 0; i < file->kept_count; i++)
    if (strlen(file->kept[i]) == length && strncmp(file->kept[i], name, length) == 0) return (uint32_t)i;
  return UINT32_MAX;
}

static bool read_into(struct reading *reading, const char **at) {
  struct sql_file *file = reading->file;
  struct sql_statement *next = &reading->next;
  do {
    if (**at == ',') (*at)++;
    sql_skip_blanks(at);
    const size_t length = sql_name_length(*at);
    if (length == 0 || isdigit((unsigned char)**at)) {
      err_set(reading->err, ERR_FORMAT, "a name is missing");
      err_note(reading->err, "-- dgsim: into balance");
      return sql_reading_wrong(reading, *at);
    }
    for (size_t i = 0; i < SQL_PARAMETER__COUNT; i++) {
      if (strlen(sql_parameters[i].name) != length || strncmp(sql_parameters[i].name, *at, length) != 0)
        continue;
      err_set(reading->err, ERR_CONFLICT, "the message has a parameter '%s' already", sql_parameters[i].name);
      err_note(reading->err, "what a statement keeps has a name of its own");
      return sql_reading_wrong(reading, *at);
    }
    uint32_t index = kept(file, *at, length);
    if (index == UINT32_MAX) {
      GROW(file->kept, file->kept_capacity, file->kept_count + 1);
      index = (uint32_t)file->kept_count;
      file->kept[file->kept_count++] = sql_copy(*at, length);
    }
    GROW(next->into, next->into_capacity, next->into_count + 1);
    next->into[next->into_count++] = index;
    *at += length;
    sql_skip_blanks(at);
  } while (**at == ',');
  return true;
}

bool sql_directive_alone(struct reading *reading) {
  err_set(reading->err, ERR_FORMAT, "no statement follows this");
  err_note(reading->err, "a directive stands before the statement that it speaks of");
  return sql_reading_wrong(reading, reading->directive);
}

static bool begin_section(struct reading *reading, enum section section, const char *line) {
  if (reading->directive) return sql_directive_alone(reading);
  if (reading->begun[section]) {
    err_set(reading->err, ERR_DUPLICATE_KEY, "a second section '%s'", sql_section_names[section]);
    err_note(reading->err, "a file has one section of each");
    return sql_reading_wrong(reading, line);
  }
  reading->begun[section] = line;
  reading->section = section;
  return true;
}

/* A comment `-- dgsim: ...`, from after the colon to the end of its line. */
bool sql_read_directive(struct reading *reading, const char *at) {
  const char *line = at;
  sql_skip_blanks(&at);
  const char *word = at;
  size_t which = 0;
  const size_t count = sizeof directive_words / sizeof *directive_words;
  while (which < count && !sql_take_word(&at, directive_words[which])) which++;
  if (which == count) return sql_reading_unknown(reading, at, "section or directive", directive_words, count);
  bool (*const readers[])(struct reading *, const char **) = {read_if, read_on, read_retry, read_into};
  if (which < SECTION__COUNT) {
    if (!begin_section(reading, (enum section)which, word)) return false;
  } else if (reading->section != SECTION_HANDLER) {
    err_set(reading->err, ERR_NOT_HERE, "directives stand in the section 'handler'");
    return sql_reading_wrong(reading, word);
  } else {
    if (!readers[which - SECTION__COUNT](reading, &at)) return false;
    reading->directive = word;
  }
  sql_skip_blanks(&at);
  if (at < sql_line_end(line)) {
    err_set(reading->err, ERR_FORMAT, "more than a directive");
    err_note(reading->err, "what is to be explained stands in a comment of its own");
    return sql_reading_wrong(reading, at);
  }
  return true;
}

const char *sql_directive_at(const char *comment) {
  const char *at = comment + 2;
  sql_skip_blanks(&at);
  if (strncasecmp(at, "dgsim", 5) != 0) return NULL;
  at += 5;
  sql_skip_blanks(&at);
  return *at == ':' ? at + 1 : NULL;
}

bool sql_names_section(const char *at) {
  sql_skip_blanks(&at);
  for (size_t i = 0; i < SECTION__COUNT; i++)
    if (sql_take_word(&at, sql_section_names[i])) return true;
  return false;
}
