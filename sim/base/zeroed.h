/* Memory for a known number of things, all bytes 0; the caller's to free. Never NULL, also for none. */
#ifndef SIM_BASE_ZEROED_H
#define SIM_BASE_ZEROED_H

#include "sim/base/assert.h"

#include <stddef.h>
#include <stdlib.h>

static inline void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  ASSERT_MSG(memory != NULL, "out of memory for %zu times %zu bytes", count, size);
  return memory;
}

#endif
