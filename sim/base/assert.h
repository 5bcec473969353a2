/* Assertions for programmers' errors. Never compiled out: a simulator that goes on after a broken
 * invariant publishes wrong numbers.
 *
 * A failed one prints the expression, both values, and (when a run has said so) the simulated time,
 * the seed and the command that repeats it, then aborts, or exits where the program has said with what. Where memory
 * was refused, it says what needs less.
 */
#ifndef SIM_BASE_ASSERT_H
#define SIM_BASE_ASSERT_H

#include "sim/base/likely.h"

#include <stdint.h>

/* What a failed assertion prints about the run under way in this thread. Set by the runner, per
 * thread; `now_ns` is read through the pointer at the moment of failure. */
struct assert_context {
  const int64_t *now_ns;
  uint64_t seed;
  const char *command;
};
void assert_context_set(const struct assert_context *context); /* NULL = no run under way */

/* For a program whose exit statuses are part of what it promises: a failed assertion ends the process with this one
 * instead of SIGABRT. 0 = abort. */
void assert_exit_with(int status);

_Noreturn void assert_failed(const char *file, int line, const char *expression, const char *detail,
                             ...) __attribute__((cold, format(printf, 4, 5)));

#define ASSERT(condition)                                                                          \
  do {                                                                                             \
    if (UNLIKELY(!(condition))) assert_failed(__FILE__, __LINE__, #condition, " ");    \
  } while (0)

/* As ASSERT, with a printf-style sentence. */
#define ASSERT_MSG(condition, ...)                                                                 \
  do {                                                                                             \
    if (UNLIKELY(!(condition)))                                                         \
      assert_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                                  \
  } while (0)

#define ASSERT_OP_(a, op, b)                                                                       \
  do {                                                                                             \
    const long long left_ = (long long)(a), right_ = (long long)(b);                               \
    if (UNLIKELY(!(left_ op right_)))                                                   \
      assert_failed(__FILE__, __LINE__, #a " " #op " " #b, "%lld against %lld", left_, right_);    \
  } while (0)
#define ASSERT_EQ(a, b) ASSERT_OP_(a, ==, b)
#define ASSERT_LE(a, b) ASSERT_OP_(a, <=, b)
#define ASSERT_LT(a, b) ASSERT_OP_(a, <, b)

#endif
