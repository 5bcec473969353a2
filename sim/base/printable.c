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
  const size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (first < ' ' || first == 0x7f) return 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0; /* too long a form; a surrogate */
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  for (size_t i = 1; i < length; i++)
    if (at[i] >> 6 != 2) return 0; /* also where the text ends */
  return length;
}

static bool is_c1(const unsigned char *at) { return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; }

static void make_printable(char *text, bool keeps_tabs) {
  unsigned char *to = (unsigned char *)text;
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    const size_t length = keeps_tabs && *at == '\t' ? 1 : character_bytes(at);
    if (length == 0 || is_c1(at)) {
      at += is_c1(at) ? 2 : 1;
      *to++ = '?';
      continue;
    }
    for (size_t i = 0; i < length; i++) *to++ = *at++;
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

char *printable_copy(const char *text) {
  char *copy = strdup(text);
  ASSERT(copy != NULL);
  printable(copy);
  return copy;
}
