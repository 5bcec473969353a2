/* Of the first version of the header. A function of its own has the name of one of the C library. */
#include <dgsim.h>

long a64l(const char *text) { return text[0] == '5' ? 17 : 18; }

static int handle(struct dg_context *context, const struct dg_message *message) {
  return dg_put(context, "a64l", message->id, a64l("5"));
}

const struct dg_plugin dg_plugin = {.version = 1, .name = "version one", .handle = handle};
