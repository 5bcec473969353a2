/* Bug: tries again when the commit got no answer, and takes the mark that it finds for that of its first try.
 * Shown by one lost answer of a commit that was done. duplicate_effects
 * Fixed: a mark that is there says that it was done, whoever put it. */
#include <dgsim.h>
#include <stdbool.h>

static int do_once(struct dg_context *context, const struct dg_message *message, bool again) {
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", message->id);
  if (status == DG_OK || (status == DG_EXISTS && again)) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  int status = do_once(context, message, false);
  return status == DG_UNKNOWN ? do_once(context, message, true) : status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "retry-inside-handler", .handle = handle};
