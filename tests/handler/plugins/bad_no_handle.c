#include <dgsim.h>

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "no handle"};
