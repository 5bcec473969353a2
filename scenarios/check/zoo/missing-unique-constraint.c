/* Bug: a mark is looked up and then put, and nothing in the database says that there may be only one.
 * Shown by two consumers on one message: one is paused after its look-up. duplicate_effects
 * Fixed: the mark is inserted under a unique constraint; who comes second waits, and finds it. */
#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  int status = dg_get(context, "processed", message->id, &mark);
  if (status != DG_NOT_FOUND) return status;
  dg_begin(context);
  status = dg_apply(context);
  if (status == DG_OK) status = dg_put(context, "processed", message->id, 1);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "missing-unique-constraint", .handle = handle};
