/* As retry-inside-handler.c; the second try is like the first one. */
#include <dgsim.h>

static int do_once(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", message->id);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  int status = do_once(context, message);
  return status == DG_UNKNOWN ? do_once(context, message) : status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "retry-inside-handler", .handle = handle};
