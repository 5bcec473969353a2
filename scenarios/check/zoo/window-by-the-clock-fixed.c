/* As window-by-the-clock.c, without a clock. */
#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int status = dg_insert_unique(context, "marks", message->id);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "window-by-the-clock", .handle = handle};
