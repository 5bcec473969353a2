/* Ends or occupies the process that it runs in, in the way that its message asks for. */
#include <dgsim.h>
#include <stdlib.h>

static int64_t deeper(volatile int64_t *above) {
  volatile int64_t here[1000] = {*above + 1};
  return here[0] < 0 ? 0 : deeper(here) + here[0];
}

static int handle(struct dg_context *context, const struct dg_message *message) {
  volatile int64_t zero = 0;
  switch (message->id) {
  case 1: return (int)*(volatile int64_t *)(uintptr_t)zero;
  case 2: return (int)deeper(&zero);
  case 3: abort();
  case 4: exit(3);
  case 5:
    for (;;) zero++;
  default: return dg_apply(context);
  }
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "crashes", .handle = handle};
