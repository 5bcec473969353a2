#include <dgsim.h>
#include <stdlib.h>

__attribute__((constructor)) static void construct(void) { abort(); }

static int handle(struct dg_context *context, const struct dg_message *message) {
  return (void)message, dg_apply(context);
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "bad constructor", .handle = handle};
