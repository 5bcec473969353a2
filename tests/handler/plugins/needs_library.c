/* Linked with a library that is found beside it ($ORIGIN). */
#include <dgsim.h>

int64_t library_value(void);

static int handle(struct dg_context *context, const struct dg_message *message) {
  return dg_put(context, "library", message->id, library_value());
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "needs a library", .handle = handle};
