/* Which way a branch goes as a rule, said where the compiler's own guess is wrong and the branch is taken for every
 * message: the rule is then what stands in one piece, and what is rare stands apart. For what is rare in every
 * scenario (faults, ends of life, full tables), not for what one scenario has and another has not.
 */
#ifndef SIM_BASE_LIKELY_H
#define SIM_BASE_LIKELY_H

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
