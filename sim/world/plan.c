#include "sim/world/plan.h"

const char *group_node_name(const struct group_plan *group, enum role role) {
  switch (role) {
  case ROLE_CONSUMER: return group->name;
  case ROLE_DATABASE: return group->database_name;
  case ROLE_CACHE: return group->cache_name;
  default: return NULL;
  }
}

const struct store_plan *plan_store(const struct plan *plan, enum role role) {
  switch (role) {
  case ROLE_DATABASE: return &plan->database;
  case ROLE_CACHE: return &plan->cache;
  case ROLE_PROVIDER: return &plan->provider;
  default: return NULL;
  }
}

int64_t plan_handler_value(const struct plan *plan, uint32_t group, const char *key, int64_t otherwise) {
  const struct handler *handler = plan_handler(plan, group);
  int index = handler ? schema_find(handler->keys, handler->key_count, key) : -1;
  return index < 0 ? otherwise : plan_handler_settings(plan, group)->values[index].i;
}

/* A database is there whether a handler uses it or not; other stores only where one does. */
struct link_rule plan_link_rule(const struct plan *plan, enum link link) {
  const struct store_plan *slot = plan_store(plan, link_rows[link].to);
  struct link_rule rule = slot && slot->store ? slot->store->link : plan->system->links[link];
  if (slot && link_rows[link].to != ROLE_DATABASE)
    rule.used = rule.used && plan_uses(plan, link_rows[link].to);
  return rule;
}
