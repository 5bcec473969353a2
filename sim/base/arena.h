/* Bump allocation out of one block.
 *
 *   base            used      dirty    capacity
 *   |###############|.........|00000000|
 *
 * [I1] What arena_alloc returns is zeroed and aligned to 16; what comes first, or behind arena_line, begins a cache
 *      line.
 * [I2] Nothing is freed one by one; arena_reset gives everything back.
 * [I3] From `dirty` on all is zero and was never written since it was got, so that what a run leaves alone takes no
 *      memory: a table of all consumers by all partitions costs what is used of it.
 * [I4] Running out is a programmer's error (assertion): sizes are bounded by the scenario.
 *
 * `fill` is what memory holds before it is handed out and after a reset: the second run of
 * `--verify` uses another fill and another base, so that a result that depends on an address or on
 * stale bytes cannot repeat.
 */
#ifndef SIM_BASE_ARENA_H
#define SIM_BASE_ARENA_H

#include <stddef.h>

#define CACHE_LINE 64 /* bytes of a cache line */

struct arena {
  char *block; /* what calloc gave */
  char *base;  /* block + offset, and up to the next cache line */
  size_t used, dirty, capacity; /* dirty: as of the last reset */
  unsigned char fill;
};

void arena_init(struct arena *arena, size_t capacity, size_t base_offset, unsigned char fill);
void arena_deinit(struct arena *arena);
void arena_reset(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size);
void arena_line(struct arena *arena); /* takes at most CACHE_LINE - 16 bytes */

/* The same, not zeroed: for large arrays whose elements are written before they are read. */
void *arena_alloc_raw(struct arena *arena, size_t size);

/* `count` zeroed elements of a type. */
#define ARENA_NEW(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

#endif
