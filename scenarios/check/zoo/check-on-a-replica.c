/* Bug: looks for its mark on a replica, which is behind the database that the mark was written to.
 * Shown by an acknowledgement, or an answer to the commit, that is lost: the message comes again before
 * the replica has the mark. duplicate_effects
 * Fixed: the database that is written to decides, by a unique constraint. */
#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  int status = dg_get_replica(context, "processed", message->id, &mark);
  if (status != DG_NOT_FOUND) return status;
  dg_begin(context);
  status = dg_apply(context);
  if (status == DG_OK) status = dg_put(context, "processed", message->id, 1);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "check-on-a-replica", .handle = handle};
