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

/* Whether anybody connects over a link to a store. The consumers' database is there whether a handler
 * uses it or not; other stores only where one does, a service's where its publisher does. */
static bool store_called(const struct plan *plan, enum link link) {
  const struct publisher *publisher = plan->publisher;
  switch (link_rows[link].from) {
  case ROLE_PRODUCER: return publisher && publisher->database;
  case ROLE_RELAY: return publisher && publisher->relay;
  default: return link_rows[link].to == ROLE_DATABASE || plan_uses(plan, link_rows[link].to);
  }
}

struct link_rule plan_link_rule(const struct plan *plan, enum link link) {
  const struct store_plan *slot = plan_store(plan, link_rows[link].to);
  /* A relay has the system's own producer in it. */
  enum link own = link == LINK_RELAY_TO_BROKER ? LINK_PRODUCER_TO_BROKER : link;
  struct link_rule rule = slot && slot->store ? slot->store->link : plan->system->links[own];
  if (slot)
    rule.used = rule.used && store_called(plan, link);
  else if (link == LINK_RELAY_TO_BROKER)
    rule.used = rule.used && plan->publisher && plan->publisher->relay;
  return rule;
}
