#include "sim/base/bytes.h"

#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

#define MORE 0x80u
#define LONGEST 10 /* bytes of 64 bits, 7 in each */

void bytes_free(struct bytes *bytes) {
  free(bytes->items);
  *bytes = (struct bytes){0};
}

void bytes_unsigned(struct bytes *bytes, uint64_t number) {
  GROW(bytes->items, bytes->capacity, bytes->count + LONGEST);
  for (; number >= MORE; number >>= 7) bytes->items[bytes->count++] = (unsigned char)(number | MORE);
  bytes->items[bytes->count++] = (unsigned char)number;
}

void bytes_signed(struct bytes *bytes, int64_t number) {
  bytes_unsigned(bytes, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

void bytes_add(struct bytes *bytes, const unsigned char *items, size_t count) {
  GROW(bytes->items, bytes->capacity, bytes->count + count);
  if (count > 0) memcpy(bytes->items + bytes->count, items, count);
  bytes->count += count;
}

uint64_t bytes_read_unsigned(struct bytes_reader *reader) {
  uint64_t number = 0;
  for (unsigned i = 0; i < LONGEST && !reader->bad; i++) {
    if (reader->at == reader->end) break;
    const uint64_t byte = *reader->at++;
    if (i == LONGEST - 1 && byte > 1) break;
    number |= (byte & (MORE - 1)) << (7 * i);
    if (byte < MORE) return number;
  }
  reader->bad = true;
  return 0;
}

int64_t bytes_read_signed(struct bytes_reader *reader) {
  const uint64_t number = bytes_read_unsigned(reader);
  return (int64_t)(number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

uint64_t bytes_read_up_to(struct bytes_reader *reader, uint64_t most) {
  const uint64_t number = bytes_read_unsigned(reader);
  if (number <= most) return number;
  reader->bad = true;
  return 0;
}

const unsigned char *bytes_read(struct bytes_reader *reader, size_t count) {
  if (reader->bad || count > (size_t)(reader->end - reader->at)) {
    reader->bad = true;
    return NULL;
  }
  reader->at += count;
  return reader->at - count;
}

bool bytes_read_all(const struct bytes_reader *reader) { return !reader->bad && reader->at == reader->end; }
