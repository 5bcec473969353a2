/* Which way a branch goes as a rule, said where the compiler's own guess is wrong on the way of every message. What is
 * the rule then stands in one piece; what is rare (faults, ends of life, full tables) stands apart, two jumps away.
 * Where scenarios differ (replicas, idempotent producers, connections), the one that has the least to do goes
 * straight, as a jump weighs most there.
 */
#ifndef SIM_BASE_LIKELY_H
#define SIM_BASE_LIKELY_H

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
