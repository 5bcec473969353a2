/* A file of SQL, read for either database; each place that an error could name is in it. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/handler/sql_file.h"

#include <stdlib.h>
#include <string.h>

static void look_at(const struct sql_file *file, const struct sql_statement *statement) {
  int line, column;
  char text[200];
  if (!statement->sent) return;
  for (size_t at = 0; at <= strlen(statement->sent); at++) {
    sql_file_place(statement, at, &line, &column);
    ASSERT_LT(0, line);
    ASSERT_LT(0, column);
  }
  sql_file_line(file, statement->line, text, sizeof text);
}

void fuzz_sql(const uint8_t *data, size_t size) {
  static const char marks[] = {'?', '$'};
  const char *path = fuzz_file(0, data, size);
  for (size_t i = 0; i < sizeof marks; i++) {
    struct err err = {0};
    struct sql_file *file = sql_file_read(path, marks[i], &err);
    if (!file) {
      fuzz_check_error(&err);
      continue;
    }
    look_at(file, &file->schema);
    look_at(file, &file->probe);
    for (size_t at = 0; at < file->handler_count; at++) look_at(file, &file->handler[at]);
    sql_file_free(file);
  }
}
