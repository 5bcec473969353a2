/* Arrays that double. For what the scenario does not bound (a log, a table on disk, a pool).
 *
 * Capacity is kept when the owner resets its count, so a second run allocates nothing. Amortised:
 * in steady state nothing is allocated. Every growth adds one to the thread's `grow_count`, which is
 * how "no allocation per event" is shown.
 */
#ifndef SIM_BASE_GROW_H
#define SIM_BASE_GROW_H

#include <stddef.h>
#include <stdint.h>

/* Returns `items` moved to room for at least `needed` elements; *capacity is updated. The new part
 * is zeroed. */
void *grow(void *items, size_t *capacity, size_t needed, size_t element_size)
    __attribute__((cold));

/* The same for who lays his elements out anew: other memory, which is not zeroed. The old one stays his. */
void *grow_elsewhere(size_t *capacity, size_t needed, size_t element_size) __attribute__((cold));

/* How often memory was grown by this thread since it started. */
uint64_t grow_count(void);

#define GROW(items, capacity, needed)                                                              \
  ((needed) <= (capacity)                                                                          \
       ? (void)0                                                                                   \
       : (void)((items) = grow((items), &(capacity), (needed), sizeof *(items))))

#endif
