#include <dgsim.h>
#include <stdlib.h>

__attribute__((constructor)) static void construct(void) { exit(3); }

static int handle(struct dg_context *context, const struct dg_message *message) {
  return (void)message, dg_apply(context);
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "bad exit", .handle = handle};
