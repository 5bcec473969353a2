/* A series that is too long to keep, as sums of consecutive batches of equal length. When all places are
 * taken, neighbours are joined and the length doubles: so there are always between half of BATCHES_MAX and all
 * of them, after as many values, and memory is bounded. Integers only; the end is left over until it is a batch.
 *
 * [B1] A batch i holds the values from i * length to (i + 1) * length - 1, whatever was joined in between.
 */
#ifndef SIM_ORACLE_BATCHES_H
#define SIM_ORACLE_BATCHES_H

#include "sim/base/likely.h"

#include <stdint.h>

#define BATCHES_MAX 64

__extension__ typedef __int128 batch_sum;

struct batches {
  batch_sum current; /* of the batch under way */
  uint64_t filled;   /* values in it */
  uint64_t length;   /* values in a whole one: a power of two */
  uint32_t count;    /* whole ones; below BATCHES_MAX */
  batch_sum sums[BATCHES_MAX];
};

/* What is kept of a series: in its units, rounded. */
struct batch_means {
  uint64_t length;
  uint32_t count;
  int64_t means[BATCHES_MAX];
};

void batches_reset(struct batches *batches);
/* The batch under way is whole. */
void batches_close(struct batches *batches);

static inline void batches_add(struct batches *batches, int64_t value) {
  batches->current += value;
  if (UNLIKELY(++batches->filled == batches->length)) batches_close(batches);
}

/* Of all values; mean: rounded half up, 0 when there is none. */
int64_t batches_mean(const struct batches *batches);
void batches_means(const struct batches *batches, struct batch_means *out);

#endif
