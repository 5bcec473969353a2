/* As lock-without-token.c; the lock spares useless work, and the token decides. */
#include <dgsim.h>

#define LEASE_NS INT64_C(10000000000) /* 10 s */
#define DONE INT64_MAX                /* larger than every token */

static int do_locked(struct dg_context *context, const struct dg_message *message) {
  int64_t largest = 0, token = (int64_t)message->fence;
  int status = dg_get(context, "token", message->id, &largest);
  if (status != DG_OK && status != DG_NOT_FOUND) return status;
  if (largest == DONE) return DG_OK;
  if (largest > token) return DG_CONFLICT;
  status = dg_put_if(context, "token", message->id, largest, token);
  if (status != DG_OK) return status;
  dg_begin(context);
  status = dg_put_if(context, "token", message->id, token, DONE);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  int status = dg_cache_set_if_absent(context, "lock", message->id, 1, LEASE_NS);
  if (status != DG_OK) return status;
  status = do_locked(context, message);
  dg_cache_delete(context, "lock", message->id);
  return status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "lock-without-token", .handle = handle};
