/* Keys that handlers with marks in a cache share: help and defaults are the same in each. */
#ifndef MODELS_HANDLERS_CACHE_KEYS_H
#define MODELS_HANDLERS_CACHE_KEYS_H

#include "sim/kernel/time.h"

#define CACHE_KEY_TTL                                                                              \
  {                                                                                                \
    .name = "ttl", .type = VALUE_TIME, .value_default = "24h", .min = NS_PER_MS, .max = 365 * NS_PER_D, \
    .help = "how long a mark says that a message was handled",                                    \
    .source = "ours; the window that the source asks of payments"                                  \
  }

#endif
