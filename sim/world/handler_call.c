#include "sim/world/handler_call.h"

const char *const handler_call_names[CALL__COUNT] = {
#define X(id, name) [CALL_##id] = #name,
    HANDLER_CALLS(X)
#undef X
};
