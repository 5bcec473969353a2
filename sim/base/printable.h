/* What somebody else wrote, as a terminal and a report can have it: names of files, words of a command line, lines of
 * a program. Bytes that are no UTF-8, U+FFFE and U+FFFF, control characters (C0, DEL and C1, which would move a
 * terminal's cursor or change its colours) and a character that was cut off at the end each show as one '?'. */
#ifndef SIM_BASE_PRINTABLE_H
#define SIM_BASE_PRINTABLE_H

#include <stddef.h>

/* Steps over the next character, of which there is one; its bytes, or 0: it shows as '?'. */
size_t printable_next(const char **inout_text);
/* In its place; it never gets longer. */
void printable(char *text);
/* The same, but for tabs. */
void printable_line(char *text);
/* A copy in `room`, cut off where it is too long; returned. */
const char *printable_in(char *room, size_t size, const char *text);
/* The same, and what is cut off shows as "…": of whole characters, in a room of at least 4 bytes. */
const char *printable_shortened(char *room, size_t size, const char *text);
/* A copy of a path, until the block ends: for printf. */
#define PRINTABLE(text) printable_in((char[1024]){0}, 1024, (text))
/* A copy, malloc'ed. */
char *printable_copy(const char *text);

#endif
