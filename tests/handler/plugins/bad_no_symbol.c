#include <dgsim.h>

static int handle(struct dg_context *context, const struct dg_message *message) {
  return (void)message, dg_apply(context);
}

extern const struct dg_plugin plugin;
const struct dg_plugin plugin = {.version = DG_API_VERSION, .name = "another name", .handle = handle};
