#include "sim/runner/scenario_writer.h"

#include "sim/runner/yaml_out.h"

#include <stdarg.h>
#include <string.h>

#define REMARK_COLUMN 42

void write_text(struct writer *writer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vfprintf(writer->full, format, arguments);
  va_end(arguments);
  va_start(arguments, format);
  vfprintf(writer->bare, format, arguments);
  va_end(arguments);
  writer->column += (size_t)length;
}

void write_end(struct writer *writer, const char *remark) {
  if (*remark) {
    int gap = writer->column < REMARK_COLUMN ? (int)(REMARK_COLUMN - writer->column) : 2;
    fprintf(writer->full, "%*s# %s", gap, "", remark);
  }
  write_text(writer, "\n");
  writer->column = 0;
}

const char *given_by_set(const struct yaml_entry *given) {
  return given && given->value->source->option ? given->value->source->option : "";
}

const char *write_format(struct writer *writer, const struct key *key, union value value) {
  char text[1100];
  schema_format(key, value, text, sizeof text);
  return pool_print(writer->reader->pool, "%s", text);
}

void write_comment(struct writer *writer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(writer->full, format, arguments);
  va_end(arguments);
  fputc('\n', writer->full);
}

void write_quoted(struct writer *writer, const char *text) {
  write_text(writer, "%s", yaml_quoted(writer->reader->pool, text));
}

static void write_name(struct writer *writer, const char *name) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
  const bool is_plain = *name && strspn(name, plain) == strlen(name);
  fputs(is_plain ? name : yaml_quoted(writer->reader->pool, name), writer->full);
}

void write_file(struct writer *writer, const char *name) {
  const struct scenario *scenario = writer->reader->scenario;
  char kept[SCENARIO_KEPT_NAME_MAX];
  size_t file = 0;
  while (file < scenario->file_count && strcmp(scenario->files[file].name, name) != 0) file++;
  const bool known = file < scenario->file_count && !writer->record;
  write_text(writer, "{file: ");
  if (known && writer->reader->keeping) scenario_kept_name(file, kept), name = kept;
  write_name(writer, name);
  if (known) fprintf(writer->bare, "%016llx", (unsigned long long)scenario->files[file].hash);
  write_text(writer, "}");
}

void write_part(struct writer *writer, bool *first, const char *key, const char *value) {
  write_text(writer, "%s%s: %s", *first ? "" : ", ", key, value);
  *first = false;
}

bool is_left_out(const struct writer *writer, const struct yaml_entry *given) {
  return value_is_swept(given) && !writer->record;
}

bool arrivals_are_swept(const struct writer *writer) {
  const struct yaml_entry *const *given = writer->reader->workload.given;
  return is_left_out(writer, given[WORKLOAD_MESSAGES]) || is_left_out(writer, given[WORKLOAD_RATE]) ||
         is_left_out(writer, given[WORKLOAD_FOR]);
}

bool key_is_there(const struct writer *writer, const struct key_values *values, size_t i) {
  const char *text = values->table->keys[i].value_default;
  if (is_left_out(writer, values->given[i])) return false;
  return values->given[i] || (text && text[0] != '\0');
}

void unsaid_note(struct unsaid *unsaid, const char *key, const struct yaml_entry *given) {
  if (!given) unsaid->defaults[unsaid->default_count++] = key;
  if (*given_by_set(given)) unsaid->sets[unsaid->set_count++] = key;
}

const char *unsaid_text(struct pool *pool, const struct unsaid *unsaid) {
  const char *defaults = pool_join(pool, unsaid->defaults, unsaid->default_count);
  const char *sets = pool_join(pool, unsaid->sets, unsaid->set_count);
  return pool_print(pool, "%s%s%s%s%s", *sets ? "--set: " : "", sets,
                    *sets && *defaults ? "; " : "", *defaults ? "default: " : "", defaults);
}

const char *write_who(struct writer *writer, const struct key_values *values) {
  struct unsaid unsaid = {.default_count = 0};
  size_t there = 0;
  for (size_t i = 0; i < values->table->count; i++) {
    if (!key_is_there(writer, values, i)) continue;
    there++;
    unsaid_note(&unsaid, values->table->keys[i].name, values->given[i]);
  }
  if (there > 0 && unsaid.default_count == there) return "default";
  return unsaid_text(writer->reader->pool, &unsaid);
}

void write_values(struct writer *writer, const struct key_values *values, bool first) {
  for (size_t i = 0; i < values->table->count; i++)
    if (key_is_there(writer, values, i)) {
      const struct key *key = &values->table->keys[i];
      write_part(writer, &first, key->name, write_format(writer, key, values->values[i]));
    }
}
