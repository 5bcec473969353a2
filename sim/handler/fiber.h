/* Fibers: cooperative stacks on which handlers run as straight-line code.
 *
 *   resumer:  fiber_resume ----.       .-- returns false      fiber_resume --. returns true
 *                              v       |                                     v     |
 *   fiber:                  function .. fiber_yield .................... goes on .. return
 *
 * [I1] One side runs at a time: fiber_resume returns when the function yields or returns.
 * [I2] A fiber may be dropped wherever it yielded: its function never goes on, no cleanup runs.
 * [I3] One that has returned or was dropped is the next to be started: functions that come one after the other
 *      run on one stack, which stays in the cache. A stack is mapped, with a guard page below it, when more are
 *      alive than ever before, and kept until the pool is freed: no mapping and no allocation per start.
 * [I4] A pool belongs to one thread; a fiber never moves to another.
 *
 * A switch is a jump of the compiler's own, a few ns; only the very first start of a fiber pays for a
 * context. Address and thread sanitizers need contexts and their own calls at every switch.
 * LIMIT: floating-point control words and signal masks are not switched.
 */
#ifndef SIM_HANDLER_FIBER_H
#define SIM_HANDLER_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fiber;
struct fiber_pool;

typedef void fiber_fn(void *argument);

/* Freeing unmaps all stacks; what is alive is dropped. */
struct fiber_pool *fiber_pool_new(void);
void fiber_pool_free(struct fiber_pool *pool);
/* Drops every fiber that is alive. */
void fiber_pool_drop(struct fiber_pool *pool);

/* Bytes of stack that a function on a fiber may use. */
size_t fiber_stack_bytes(void);

/* A fiber that begins `function(argument)` at the next fiber_resume. It is the caller's until it has returned or
 * is dropped; from then on it may be anybody's. */
struct fiber *fiber_start(struct fiber_pool *pool, fiber_fn *function, void *argument);

/* Runs a started fiber until it yields or its function returns; true = it has returned. */
bool fiber_resume(struct fiber *fiber);

/* From the fiber itself: back to the resumer, until the next fiber_resume. */
void fiber_yield(struct fiber *fiber);

/* Abandons one that is alive, except from itself. */
void fiber_drop(struct fiber *fiber);

/* Whether it was started and has neither returned nor been dropped, nor been started again since. */
bool fiber_live(const struct fiber *fiber);

#endif
