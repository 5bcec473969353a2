/* Memory that goes away together: everything behind one scenario.
 *
 * [I1] What pool_alloc returns is zeroed, aligned to 16, and never moves.
 * [I2] pool_free gives back everything, and what was handed over with pool_adopt through its own
 *      function; nothing is freed earlier.
 *
 * Unlike struct arena it grows: how much a file needs is known only when it has been read. Running
 * out of memory is an assertion.
 */
#ifndef SIM_RUNNER_POOL_H
#define SIM_RUNNER_POOL_H

#include <stddef.h>

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *pool); /* NULL is fine */

void *pool_alloc(struct pool *pool, size_t size);
#define POOL_NEW(pool, type, count) ((type *)pool_alloc((pool), sizeof(type) * (size_t)(count)))

/* Moves an array of `count` elements to room for at least one more, doubling. The old place stays
 * allocated, so an array of n costs at most 2n. */
void *pool_grow(struct pool *pool, void *items, size_t count, size_t *capacity,
                size_t element_size);
#define POOL_GROW(pool, items, count, capacity)                                                    \
  ((count) < (capacity)                                                                            \
       ? (void)0                                                                                   \
       : (void)((items) = pool_grow((pool), (items), (count), &(capacity), sizeof *(items))))

/* Copies; printf-style. */
const char *pool_text(struct pool *pool, const char *text, size_t length);
const char *pool_print(struct pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The items with ", " between them. */
const char *pool_join(struct pool *pool, const char *const *items, size_t count);

/* From now on the pool's: released with `release(item)`. */
void pool_adopt(struct pool *pool, void *item, void (*release)(void *item));

#endif
