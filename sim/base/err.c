#include "sim/base/err.h"

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

void err_print(const struct err *err, FILE *out) {
  if (err->path[0] && err->line > 0)
    fprintf(out, "%s:%d:%d: error: %s\n", err->path, err->line, err->column, err->message);
  else if (err->path[0])
    fprintf(out, "%s: error: %s\n", err->path, err->message);
  else
    fprintf(out, "dgsim: error: %s\n", err->message);
  if (err->source_line[0] && err->column > 0) {
    fprintf(out, "  %s\n  ", err->source_line);
    /* The caret stands under its character: tabs are repeated as tabs. */
    for (int i = 0; i + 1 < err->column && err->source_line[i] != '\0'; i++)
      fputc(err->source_line[i] == '\t' ? '\t' : ' ', out);
    fputs("^\n", out);
  }
  if (err->note[0]) fprintf(out, "  note: %s\n", err->note);
}
