/* Virtual time: int64 nanoseconds from the start of a run. No wall clock, no floating point. */
#ifndef SIM_KERNEL_TIME_H
#define SIM_KERNEL_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
  int64_t ns;
};
struct span {
  int64_t ns;
};

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_H (60 * NS_PER_MIN)
#define NS_PER_D (24 * NS_PER_H)
#define TIME_MAX_NS (INT64_MAX / 4) /* later than any instant of a run; sums of two do not overflow */

static inline struct instant instant_of(int64_t ns) { return (struct instant){ns}; }
static inline struct span span_of(int64_t ns) { return (struct span){ns}; }
static inline struct instant instant_add(struct instant at, struct span by) {
  return (struct instant){at.ns + by.ns};
}
static inline struct span instant_since(struct instant later, struct instant earlier) {
  return (struct span){later.ns - earlier.ns};
}
static inline bool instant_before(struct instant a, struct instant b) { return a.ns < b.ns; }

#endif
