#include "sim/base/printable.h"

#include "sim/base/assert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the character that begins here, by the table of RFC 3629; 0 = that is none to print. */
static size_t character_bytes(const unsigned char *at) {
  const unsigned first = at[0], second = first ? at[1] : 0;
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (first < ' ' || first == 0x7f) return 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0; /* too long a form; a surrogate */
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  for (size_t i = 1; i < length; i++)
    if (at[i] >> 6 != 2) return 0; /* also where the text ends */
  return length;
}

/* U+FFFE and U+FFFF are no characters, and XML cannot hold them. */
static bool is_none(const unsigned char *at) { return at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe; }

static bool is_c1(const unsigned char *at) { return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; }

size_t printable_next(const char **inout_text) {
  const unsigned char *at = (const unsigned char *)*inout_text;
  const size_t length = character_bytes(at);
  *inout_text += length > 0 ? length : 1;
  return length == 0 || is_c1(at) || is_none(at) ? 0 : length;
}

static void make_printable(char *text, bool keeps_tabs) {
  char *to = text;
  for (const char *at = text; *at;) {
    const char *from = at;
    const size_t length = printable_next(&at);
    if (length == 0) *to++ = keeps_tabs && *from == '\t' ? '\t' : '?';
    for (size_t i = 0; i < length; i++) *to++ = from[i];
  }
  *to = '\0';
}

void printable(char *text) { make_printable(text, false); }
void printable_line(char *text) { make_printable(text, true); }

const char *printable_in(char *room, size_t size, const char *text) {
  snprintf(room, size, "%s", text);
  printable(room);
  return room;
}

const char *printable_shortened(char *room, size_t size, const char *text) {
  static const char more[] = "…";
  ASSERT_LE(sizeof more, size);
  char *end = room, *last = room; /* behind the last character after which there is room for `more` */
  for (const char *at = text; *at;) {
    const char *from = at;
    const size_t length = printable_next(&at);
    const size_t bytes = length ? length : 1;
    if ((size_t)(end - room) + bytes >= size) {
      end = stpcpy(last, more);
      break;
    }
    memcpy(end, length ? from : "?", bytes);
    end += bytes;
    if ((size_t)(end - room) + sizeof more <= size) last = end;
  }
  *end = '\0';
  return room;
}

char *printable_copy(const char *text) {
  char *copy = strdup(text);
  ASSERT(copy != NULL);
  printable(copy);
  return copy;
}
