/* As check-on-a-replica.c; the replica spares the database what it knows already, which decides the rest. */
#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  if (dg_get_replica(context, "processed", message->id, &mark) == DG_OK) return DG_OK;
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", message->id);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "check-on-a-replica", .handle = handle};
