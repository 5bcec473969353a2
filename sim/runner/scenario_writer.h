/* Writing the resolved form: lines and flow maps with comments behind them. Only scenario_print*.c. */
#ifndef SIM_RUNNER_SCENARIO_WRITER_H
#define SIM_RUNNER_SCENARIO_WRITER_H

#include "sim/runner/scenario_reader.h"

#include <stdio.h>

/* Two copies of the text grow together: with comments and without. */
struct writer {
  struct reader *reader;
  FILE *full, *bare;
  size_t column;
  const struct scenario_record *record; /* NULL = the resolved form */
  size_t row_first, row_end;            /* of compare: those that are written */
};

/* What the file did not say, by name. */
struct unsaid {
  const char *defaults[SCHEMA_KEYS_MAX], *sets[SCHEMA_KEYS_MAX];
  size_t default_count, set_count;
};
void unsaid_note(struct unsaid *unsaid, const char *key, const struct yaml_entry *given);
const char *unsaid_text(struct pool *pool, const struct unsaid *unsaid);

/* "--set" when it was given there, else "". `given` may be NULL. */
const char *given_by_set(const struct yaml_entry *given);
/* A key that is not there (no default, not given) is left out; so is one that `sweep` gives. */
bool key_is_there(const struct writer *writer, const struct key_values *values, size_t index);
/* Whether `sweep` says it. A record has no such block: there the one point's values stand in their places. */
bool is_left_out(const struct writer *writer, const struct yaml_entry *given);
/* Whether how much arrives, or for how long, is swept: then what follows from it is not written. */
bool arrivals_are_swept(const struct writer *writer);

void write_text(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends a line, with a comment behind it unless the remark is empty. */
void write_end(struct writer *writer, const char *remark);
/* A line that is only a comment. */
void write_comment(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What a user may not have written as a plain word: quoted, every odd character escaped. */
void write_quoted(struct writer *writer, const char *text);
/* `{file: NAME}`, quoted where it must be. Without comments: its hash, for two files of one name and other contents
 * are another scenario, and one file is the same by any name. */
void write_file(struct writer *writer, const char *name);
/* `key: value` in a flow map, behind a comma unless it is the first. */
void write_part(struct writer *writer, bool *first, const char *key, const char *value);
void write_values(struct writer *writer, const struct key_values *values, bool first);
const char *write_format(struct writer *writer, const struct key *key, union value value);
/* Who gave the values of a table: "default", "default: a, b", "--set: c". */
const char *write_who(struct writer *writer, const struct key_values *values);

/* scenario_print_rows.c */
void write_row(struct writer *writer, const struct row_reading *row);
void write_slots(struct writer *writer, const struct row_reading *row);
void write_fault(struct writer *writer, const struct fault_plan *fault,
                 const struct fault_reading *reading);
/* Whether one of its bounds is written: a record has one row, and nothing to compare it with. */
bool statement_stays(const struct writer *writer, const struct statement *statement);
void write_statement(struct writer *writer, const struct statement *statement);

/* scenario_check_print.c */
void write_check(struct writer *writer);

/* scenario_precision.c; nothing where there is none, or one run. */
void write_precision(struct writer *writer);

#endif
