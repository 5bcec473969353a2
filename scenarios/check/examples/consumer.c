/* Does each operation once: its key stands under a unique constraint, in the transaction of the effect. */
#include <dgsim.h>

/* An id is unique among those of one tenant only. */
static uint64_t key_of(const struct dg_message *message) { return message->tenant << 32 | message->id; }

static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", key_of(message));
  if (status == DG_OK) status = dg_apply(context);
  if (status != DG_OK) {
    dg_rollback(context);
    return status == DG_EXISTS ? DG_OK : status; /* done before: the message is finished */
  }
  return dg_commit(context); /* anything but DG_OK, and the message comes again */
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "payments", .handle = handle};
