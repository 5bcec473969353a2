#include "sim/world/operation.h"

const struct operation_row operation_rows[OPERATION__COUNT] = {
#define X(id, word, law, about) [OPERATION_##id] = {word, LAW_##law, about},
    OPERATIONS(X)
#undef X
};
