/* As acknowledged-before-commit.c, the other way round. */
#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", message->id);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) status = dg_commit(context);
  else dg_rollback(context);
  if (status == DG_OK || status == DG_EXISTS) dg_ack(context);
  return status == DG_EXISTS ? DG_OK : status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "acknowledged-before-commit", .handle = handle};
