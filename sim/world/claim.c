#include "sim/world/claim.h"

_Static_assert(ANOMALY__COUNT <= 32, "a set of anomalies has 32 bits");

const char *const anomaly_names[ANOMALY__COUNT] = {
#define X(id, name, about) [ANOMALY_##id] = name,
    ANOMALIES(X)
#undef X
};
