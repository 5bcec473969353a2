/* A row of a journal, byte by byte, for journal.c and journal_read.c alone. */
#ifndef SIM_RUNNER_JOURNAL_ROW_H
#define SIM_RUNNER_JOURNAL_ROW_H

#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

enum { ROW_LENGTH = 4, ROW_ITEM = 8, ROW_BEFORE = ROW_LENGTH + ROW_ITEM, ROW_CHECKSUM = 8 };

#define ROW_FINISHED UINT64_MAX /* the item of a row that says so */

static inline uint64_t row_number(const unsigned char *at, unsigned bytes) {
  uint64_t number = 0;
  for (unsigned i = 0; i < bytes; i++) number |= (uint64_t)at[i] << (8 * i);
  return number;
}

static inline void row_put_number(unsigned char *at, unsigned bytes, uint64_t number) {
  for (unsigned i = 0; i < bytes; i++) at[i] = (unsigned char)(number >> (8 * i));
}

static inline uint64_t row_checksum(const unsigned char *row, size_t length, uint64_t key) {
  return XXH3_64bits_withSeed(row, length, key);
}

#endif
