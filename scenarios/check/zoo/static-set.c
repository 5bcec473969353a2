/* Bug: remembers what it has handled in variables of its own, which end with its process.
 * Shown by a kill after the effect, or its answer lost, before the acknowledgement. duplicate_effects
 * Fixed: what has been handled is in the database, committed with the effect. */
#include <dgsim.h>
#include <stdbool.h>

static uint64_t handled[1024];
static unsigned count;

static bool is_handled(uint64_t id) {
  for (unsigned i = 0; i < count; i++)
    if (handled[i] == id) return true;
  return false;
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  if (is_handled(message->id)) return DG_OK;
  int status = dg_apply(context);
  if (status == DG_OK) handled[count++ % 1024] = message->id;
  return status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "static-set", .handle = handle};
