/* Bug: believes that it still holds a lock that ends by itself, and writes without anything that shows it.
 * Shown by a pause between the look-up and the commit, past the lock's end. duplicate_effects
 * Fixed: writes carry the number of the delivery; the database refuses an older one than it has seen. */
#include <dgsim.h>

#define LEASE_NS INT64_C(10000000000) /* 10 s */

static int do_locked(struct dg_context *context, const struct dg_message *message) {
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

static int handle(struct dg_context *context, const struct dg_message *message) {
  int status = dg_cache_set_if_absent(context, "lock", message->id, 1, LEASE_NS);
  if (status != DG_OK) return status;
  status = do_locked(context, message);
  dg_cache_delete(context, "lock", message->id);
  return status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "lock-without-token", .handle = handle};
