/* The text under the tree: lines as libyaml counts them, and which characters may stand in it. */
#include "sim/runner/yaml.h"

#include <string.h>

/* Length of the line break at text[i], as libyaml counts lines, or 0. */
static size_t break_at(const char *text, size_t length, size_t i) {
  size_t left = length - i;
  if (text[i] == '\r') return left > 1 && text[i + 1] == '\n' ? 2 : 1;
  if (text[i] == '\n') return 1;
  if (left > 1 && memcmp(text + i, "\xC2\x85", 2) == 0) return 2;
  if (left > 2 &&
      (memcmp(text + i, "\xE2\x80\xA8", 3) == 0 || memcmp(text + i, "\xE2\x80\xA9", 3) == 0))
    return 3;
  return 0;
}

/* Start and length of a line, counted from 1. */
static const char *line_of(const struct yaml_source *source, int line, size_t *out_length) {
  const char *text = source->text;
  size_t start = 0, i = 0;
  for (int at = 1; at < line && i < source->length;) {
    size_t width = break_at(text, source->length, i);
    i += width ? width : 1;
    if (width) at++, start = i;
  }
  for (i = start; i < source->length && !break_at(text, source->length, i);) i++;
  *out_length = i - start;
  return text + start;
}

/* Nothing that moves a cursor reaches a terminal. Tabs stay: err_print repeats them over the caret. */
static void make_printable(char *text) {
  for (; *text; text++)
    if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7F) *text = ' ';
}

bool yaml_fail_at(const struct yaml_source *source, int line, int column, struct err *err) {
  char shown[sizeof err->source_line] = "";
  make_printable(err->message);
  make_printable(err->note);
  size_t length;
  const char *start = line_of(source, line, &length);
  /* A line too long to show is not shown: a caret under its cut end would mislead. */
  if (length < sizeof shown) snprintf(shown, sizeof shown, "%.*s", (int)length, start);
  make_printable(shown);
  return err_place(err, source->path, line, column, shown);
}

/* Bytes of the character at text[i] if it may stand in YAML, else 0. */
static size_t character_at(const unsigned char *text, size_t left) {
  unsigned first = text[0];
  size_t width = first < 0x80             ? 1
                 : (first & 0xE0) == 0xC0 ? 2
                 : (first & 0xF0) == 0xE0 ? 3
                 : (first & 0xF8) == 0xF0 ? 4
                                          : 0;
  if (width == 0 || width > left) return 0;
  unsigned value = width == 1 ? first : first & (0xFFu >> (width + 1));
  for (size_t i = 1; i < width; i++) {
    if ((text[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (text[i] & 0x3F);
  }
  static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[width]) return 0;
  bool allowed = value == '\t' || value == '\n' || value == '\r' ||
                 (value >= 0x20 && value <= 0x7E) || value == 0x85 ||
                 (value >= 0xA0 && value <= 0xD7FF) ||
                 (value >= 0xE000 && value <= 0xFFFD && value != 0xFEFF) ||
                 (value >= 0x10000 && value <= 0x10FFFF);
  return allowed ? width : 0;
}

bool yaml_check_text(const struct yaml_source *source, struct err *err) {
  const char *text = source->text;
  size_t length = source->length;
  int line = 1, column = 1;
  for (size_t i = 0; i < length;) {
    size_t width = break_at(text, length, i);
    if (width) {
      line++;
      column = 1;
    } else {
      width = character_at((const unsigned char *)text + i, length - i);
      if (width == 0) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == 0)
          err_set(err, ERR_YAML_SUBSET, "a NUL byte");
        else
          err_set(err, ERR_YAML_SUBSET,
                  byte < 0x80 ? "control character 0x%02X" : "byte 0x%02X is not UTF-8 text", byte);
        err_note(err, "a scenario is UTF-8 text");
        return yaml_fail_at(source, line, column, err);
      }
      column++;
    }
    i += width;
  }
  return true;
}
