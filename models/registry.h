/* Every system, handler, store and publisher that there is. A new row here is enough to add one. Included by
 * sim/cli/main.c alone. */
#ifndef MODELS_REGISTRY_H
#define MODELS_REGISTRY_H

#include "sim/world/model.h"

extern const struct system *const registry_systems[];
extern const size_t registry_system_count;
extern const struct handler *const registry_handlers[];
extern const size_t registry_handler_count;
extern const struct store *const registry_stores[];
extern const size_t registry_store_count;

extern const struct client_policy *const registry_clients[];
extern const size_t registry_client_count;

extern const struct publisher *const registry_publishers[];
extern const size_t registry_publisher_count;

#endif
