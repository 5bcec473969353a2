/* Numbers as bytes that are the same on every machine: for what goes into a file or to another process.
 *
 *   varint   7 bits a byte, lowest first, the top bit says that more follow; at most 10 bytes
 *   signed   the same of (n << 1) ^ (n >> 63): small ones of either sign stay short
 *
 * A writer grows and cannot fail. A reader never reads beyond its end: after the first number that is cut
 * off or too long it is `bad` and gives zeros, so that only the end has to be asked.
 */
#ifndef SIM_BASE_BYTES_H
#define SIM_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  unsigned char *items; /* owned */
  size_t count, capacity;
};

void bytes_free(struct bytes *bytes);
void bytes_unsigned(struct bytes *bytes, uint64_t number);
void bytes_signed(struct bytes *bytes, int64_t number);
/* So many bytes, as they are; their number is not written. */
void bytes_add(struct bytes *bytes, const unsigned char *items, size_t count);

struct bytes_reader {
  const unsigned char *at, *end; /* borrowed */
  bool bad;
};

uint64_t bytes_read_unsigned(struct bytes_reader *reader);
int64_t bytes_read_signed(struct bytes_reader *reader);
/* The same, and bad when it is more than `most`. */
uint64_t bytes_read_up_to(struct bytes_reader *reader, uint64_t most);
/* So many bytes as they are, borrowed; NULL when there are not so many. */
const unsigned char *bytes_read(struct bytes_reader *reader, size_t count);
/* Whether everything was read, and nothing was bad. */
bool bytes_read_all(const struct bytes_reader *reader);

#endif
