#include "sim/base/err.h"

#include "sim/base/printable.h"

#include <stdarg.h>
#include <string.h>

static const char *const code_names[ERR__COUNT] = {
#define X(code, name) [ERR_##code] = name,
    ERR_CODES(X)
#undef X
};

const char *err_code_name(enum err_code code) { return code_names[code]; }

bool err_set(struct err *err, enum err_code code, const char *format, ...) {
  if (err->code != ERR_NONE) return false;
  err->code = code;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->message, sizeof err->message, format, arguments);
  va_end(arguments);
  return false;
}

bool err_note(struct err *err, const char *format, ...) {
  if (err->note[0] != '\0') return false;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->note, sizeof err->note, format, arguments);
  va_end(arguments);
  return false;
}

bool err_place(struct err *err, const char *path, int line, int column, const char *source_line) {
  if (err->line != 0) return false;
  snprintf(err->path, sizeof err->path, "%s", path ? path : "");
  err->line = line;
  err->column = column;
  if (source_line) snprintf(err->source_line, sizeof err->source_line, "%s", source_line);
  return false;
}

/* Whatever the message quotes, and the path, may have come from anywhere: nothing of it reaches a terminal as it is. */
void err_print(const struct err *err, FILE *out) {
  struct err shown = *err;
  printable(shown.path);
  printable(shown.message);
  printable(shown.note);
  printable_line(shown.source_line);
  if (shown.path[0] && shown.line > 0)
    fprintf(out, "%s:%d:%d: error: %s\n", shown.path, shown.line, shown.column, shown.message);
  else if (shown.path[0])
    fprintf(out, "%s: error: %s\n", shown.path, shown.message);
  else
    fprintf(out, "dgsim: error: %s\n", shown.message);
  if (shown.source_line[0] && shown.column > 0) {
    fprintf(out, "  %s\n  ", shown.source_line);
    /* The caret stands under its character: tabs are repeated as tabs. */
    for (int i = 0; i + 1 < shown.column && shown.source_line[i] != '\0'; i++)
      fputc(shown.source_line[i] == '\t' ? '\t' : ' ', out);
    fputs("^\n", out);
  }
  if (shown.note[0]) fprintf(out, "  note: %s\n", shown.note);
}
