#include "sim/runner/yaml_out.h"

#include "sim/base/assert.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_odd(unsigned value) {
  return value < 0x20 || (value >= 0x7F && value <= 0xA0) || value == 0xFEFF || value == 0x2028 || value == 0x2029;
}

/* The character at `at`, and how many bytes it takes; 0: there is none. */
static int character_at(const unsigned char *at, unsigned *out) {
  const int width = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;
  unsigned value = width > 1 ? *at & (0xFFu >> (width + 1)) : *at;
  for (int i = 1; i < width; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (at[i] & 0x3Fu);
  }
  *out = value;
  return width;
}

static void put_quoted(FILE *out, const char *text) {
  fputc('"', out);
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    unsigned value = 0;
    const int width = character_at(at, &value);
    if (width == 0)
      fputc('?', out);
    else if (value == '\n')
      fputs("\\n", out);
    else if (is_odd(value))
      fprintf(out, "\\u%04X", value);
    else
      fprintf(out, "%s%.*s", value == '"' || value == '\\' ? "\\" : "", width, (const char *)at);
    at += width ? width : 1;
  }
  fputc('"', out);
}

void text_tidy(char *text) {
  for (unsigned char *at = (unsigned char *)text; *at;) {
    unsigned value = 0;
    const int width = character_at(at, &value);
    if (width == 0)
      *at = '?';
    else if ((value < 0x20 && value != '\n') || value == 0x7F)
      *at = ' ';
    at += width ? width : 1;
  }
}

const char *yaml_quoted(struct pool *pool, const char *text) {
  char *quoted = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&quoted, &size);
  ASSERT_MSG(out, "out of memory");
  put_quoted(out, text);
  ASSERT(fclose(out) == 0);
  const char *kept = pool_text(pool, quoted, size);
  free(quoted);
  return kept;
}

/* Letters, digits and what stands in paths and options; `null` is nothing. */
static bool is_plain(const char *text) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/+=";
  const char *head = text + strspn(text, "-./");
  return *head && strchr(letters, *head) && strspn(text, plain) == strlen(text) && strcasecmp(text, "null") != 0;
}

const char *yaml_word(struct pool *pool, const char *text) {
  return is_plain(text) ? text : yaml_quoted(pool, text);
}

const char *yaml_list(struct pool *pool, const char *const *words) {
  const char *list = "[";
  for (size_t i = 0; words[i]; i++)
    list = pool_print(pool, "%s%s%s", list, i ? ", " : "", yaml_word(pool, words[i]));
  return pool_print(pool, "%s]", list);
}
