/* Fibers: cooperative stacks on which handlers run as straight-line code.
 *
 *   resumer:  fiber_resume ----.       .-- returns false      fiber_resume --. returns true
 *                              v       |                                     v     |
 *   fiber:                  function .. fiber_yield .................... goes on .. return
 *
 * [I1] One side runs at a time: fiber_resume returns when the function yields or returns.
 * [I2] A fiber may be dropped wherever it yielded: its function never goes on, no cleanup runs, and its
 *      stack serves the next start.
 * [I3] A stack is mapped when its fiber is started for the first time, with a guard page below it, and
 *      kept until the pool is freed: no mapping and no allocation per start.
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

/* `count` fibers, none started. Freeing unmaps all stacks; what is suspended is dropped. */
struct fiber_pool *fiber_pool_new(uint32_t count);
void fiber_pool_free(struct fiber_pool *pool);
struct fiber *fiber_pool_at(struct fiber_pool *pool, uint32_t index);

/* Bytes of stack that a function on a fiber may use. */
size_t fiber_stack_bytes(void);

/* Sets a fiber that is not suspended to begin `function(argument)` at the next fiber_resume. */
void fiber_start(struct fiber *fiber, fiber_fn *function, void *argument);

/* Runs a started fiber until it yields or its function returns; true = it has returned. */
bool fiber_resume(struct fiber *fiber);

/* From the fiber itself: back to the resumer, until the next fiber_resume. */
void fiber_yield(struct fiber *fiber);

/* Abandons it, in whatever state it is, except from itself. */
void fiber_drop(struct fiber *fiber);

/* Whether it was started and has neither returned nor been dropped. */
bool fiber_live(const struct fiber *fiber);

#endif
