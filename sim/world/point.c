#include "sim/world/point.h"

const struct point_row generic_points[POINT_GENERIC__COUNT] = {
#define X(id, name, role, about) [POINT_##id] = {name, role, about},
    GENERIC_POINTS(X)
#undef X
};
