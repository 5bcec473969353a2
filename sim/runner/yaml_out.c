#include "sim/runner/yaml_out.h"

#include "sim/base/assert.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void put_quoted(FILE *out, const char *text) {
  fputc('"', out);
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    unsigned value = *at;
    int width = value < 0x80 ? 1 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    if (width > 1) value &= 0xFFu >> (width + 1);
    for (int i = 1; i < width; i++) value = value << 6 | (at[i] & 0x3Fu);
    bool odd = value < 0x20 || (value >= 0x7F && value <= 0xA0) || value == 0xFEFF ||
               value == 0x2028 || value == 0x2029;
    if (value == '\n')
      fputs("\\n", out);
    else if (odd)
      fprintf(out, "\\u%04X", value);
    else
      fprintf(out, "%s%.*s", value == '"' || value == '\\' ? "\\" : "", width, (const char *)at);
    at += width;
  }
  fputc('"', out);
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
