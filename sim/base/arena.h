/* Bump allocation out of one block, from both ends of it.
 *
 *   base      used     dirty         far_dirty    far    capacity
 *   |#########|........|0000000000000|............|######|
 *
 * What every message needs is small, and is taken from the front: on a page or two, however many nodes there are. With
 * a thousand of them it is not lines that a cache lacks, but pages of which a processor knows where they are. What is
 * large, or seldom needed, is taken from the far end.
 *
 * [I1] What arena_alloc returns is zeroed and aligned to 16; what comes first, or behind arena_line, begins a cache
 *      line. What arena_far returns is zeroed and begins a cache line.
 * [I2] Nothing is freed one by one; arena_reset gives everything back.
 * [I3] Between `dirty` and `far_dirty` all is zero and was never written since it was got, so that what a run leaves
 *      alone takes no memory: a table of all consumers by all partitions costs what is used of it.
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
#define ARENA_PAGE 4096

struct arena {
  char *block; /* what calloc gave */
  char *base;  /* where the offset lies behind the first page that begins in it */
  size_t used, far, capacity;    /* what is taken: below `used`, and from `far` on */
  size_t dirty, far_dirty;       /* as of the last reset: what was ever taken */
  unsigned char fill;
};

void arena_init(struct arena *arena, size_t capacity, size_t base_offset, unsigned char fill);
void arena_deinit(struct arena *arena);
void arena_reset(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size);
void arena_line(struct arena *arena); /* takes at most CACHE_LINE - 16 bytes */

/* From the far end; takes at most CACHE_LINE - 1 bytes more. */
void *arena_far(struct arena *arena, size_t size);

/* The same, not zeroed: for large arrays whose elements are written before they are read. */
void *arena_alloc_raw(struct arena *arena, size_t size);
void *arena_far_raw(struct arena *arena, size_t size);

/* At the one end or at the other, zeroed: a table that every message needs, but of as many elements as the world has
 * of something, is near by as long as it is small. */
#define ARENA_SMALL 2048 /* bytes */
static inline void *arena_by_size(struct arena *arena, size_t size) {
  return size <= ARENA_SMALL ? arena_alloc(arena, size) : arena_far(arena, size);
}

/* `count` zeroed elements of a type. */
#define ARENA_NEW(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))
#define ARENA_BY_SIZE(arena, type, count) ((type *)arena_by_size((arena), sizeof(type) * (size_t)(count)))
#define ARENA_FAR(arena, type, count) ((type *)arena_far((arena), sizeof(type) * (size_t)(count)))

/* A list that is short as a rule, and may become long: an array near by, until there is no room in it, and then one at
 * the far end, of its full size. `room`, `full`: elements. */
void *arena_widen(struct arena *arena, const void *items, size_t room, size_t full, size_t element_size)
    __attribute__((cold));

/* Where `count` fill the room of a list: widens it. */
#define ARENA_WIDEN(arena, items, count, room, full)                                                  \
  ((count) < (room) ? (void)0                                                                         \
                    : (void)((items) = arena_widen((arena), (items), (room), (full), sizeof *(items)), \
                             (room) = (full)))

#endif
