/* A call that only hosts of programs make, never a handler: it has the simulator do something real at the
 * very place of a call.
 *
 *   before handler-step --> perform(argument) --[1 ms of virtual time]--> handler-step
 *                             |        ^
 *                             '-- ns --'  in its way stands another: so much later, once more
 *
 * What `perform` does happens between the two points of one call. So a crash at the first finds it not done,
 * and at the second done; the same holds for `fail`.
 *
 * [I1] `perform` is called off the fiber, on the stack of the simulator, and makes no call itself.
 * [I2] Nothing of it is called after the node has died: `argument` may be of the fiber's stack.
 *
 * It stands behind the public calls, as a plug-in has nothing to do with it: what a plug-in does between two
 * calls is done before the second (dg_step).
 */
#ifndef SIM_HANDLER_EXECUTE_H
#define SIM_HANDLER_EXECUTE_H

#include "sim/handler/dgsim.h"

/* Returns 0 when it is done, whatever came of it, or after how many ns of virtual time it is to be called
 * again, as it would have to wait for somebody. */
typedef int64_t dg_perform(void *argument);

struct dg_host_api {
  struct dg_api api; /* first: contexts point to it */
  int (*execute)(struct dg_context *, const char *name, dg_perform *perform, void *argument);
};

/* DG_OK: done. DG_FAILED, DG_CONFLICT: `perform` was not called. DG_UNKNOWN: its answer is lost, and whether
 * it was called is not to be known either. `name` explains. */
static inline int dg_execute(struct dg_context *context, const char *name, dg_perform *perform,
                             void *argument) {
  return ((const struct dg_host_api *)context->api)->execute(context, name, perform, argument);
}

#endif
