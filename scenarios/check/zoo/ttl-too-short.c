/* Bug: a mark counts for ten minutes; copies come for a day.
 * Shown by a copy that comes later than that. duplicate_effects
 * Fixed: a window that is longer than the redelivery horizon of the contract. */
#include <dgsim.h>

#define WINDOW_NS (10 * INT64_C(60000000000))

static int marked(struct dg_context *context, const struct dg_message *message, int64_t now) {
  int64_t at;
  int status = dg_insert_unique(context, "marks", message->id);
  if (status != DG_EXISTS) return status;
  status = dg_get(context, "marked_at", message->id, &at);
  return status != DG_OK ? status : now - at < WINDOW_NS ? DG_EXISTS : DG_OK;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t now = dg_now(context);
  dg_begin(context);
  int status = marked(context, message, now);
  if (status == DG_OK) status = dg_put(context, "marked_at", message->id, now);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) return dg_commit(context);
  dg_rollback(context);
  return status == DG_EXISTS ? DG_OK : status;
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "ttl-too-short", .handle = handle};
