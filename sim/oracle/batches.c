#include "sim/oracle/batches.h"

#include "sim/base/assert.h"

void batches_reset(struct batches *batches) {
  batches->current = 0;
  batches->filled = 0;
  batches->length = 1;
  batches->count = 0;
}

void batches_close(struct batches *batches) {
  ASSERT_LT(batches->count, BATCHES_MAX);
  batches->sums[batches->count++] = batches->current;
  batches->current = 0;
  batches->filled = 0;
  if (batches->count < BATCHES_MAX) return;
  for (uint32_t i = 0; i < BATCHES_MAX / 2; i++)
    batches->sums[i] = batches->sums[2 * i] + batches->sums[2 * i + 1];
  batches->count = BATCHES_MAX / 2;
  batches->length *= 2;
}
_Static_assert(BATCHES_MAX % 2 == 0, "batches are joined in pairs");

static int64_t mean_of(batch_sum sum, uint64_t values) {
  if (values == 0) return 0;
  batch_sum twice = 2 * sum + values, by = (batch_sum)2 * values;
  batch_sum quotient = twice / by; /* towards 0; the mean rounds down, so that a half goes up */
  return (int64_t)(twice % by < 0 ? quotient - 1 : quotient);
}

int64_t batches_mean(const struct batches *batches) {
  batch_sum sum = batches->current;
  for (uint32_t i = 0; i < batches->count; i++) sum += batches->sums[i];
  return mean_of(sum, batches->count * batches->length + batches->filled);
}

void batches_means(const struct batches *batches, struct batch_means *out) {
  *out = (struct batch_means){.length = batches->length, .count = batches->count};
  for (uint32_t i = 0; i < batches->count; i++)
    out->means[i] = mean_of(batches->sums[i], batches->length);
}
