#include "sim/world/role.h"

const char *const role_names[ROLE__COUNT] = {
    [ROLE_CLIENT] = "client",     [ROLE_PRODUCER] = "producer", [ROLE_BROKER] = "broker",
    [ROLE_CONSUMER] = "consumer", [ROLE_DATABASE] = "database", [ROLE_CACHE] = "cache",
    [ROLE_PROVIDER] = "provider", [ROLE_RELAY] = "relay",
    [ROLE_CONTROLLER] = "controller",
};

const struct link_row link_rows[LINK__COUNT] = {
#define X(id, name, from, to) [LINK_##id] = {name, from, to},
    LINKS(X)
#undef X
};
