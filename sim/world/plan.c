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

bool plan_understands(const struct plan *plan, enum role role, enum verb verb) {
  const struct store_plan *slot = plan_store(plan, role);
  if (!slot) return (plan->system->verbs >> verb) & 1;
  if (verb == VERB_LOSE_SLOT && !(plan->publisher && plan->publisher->reads_log)) return false;
  return slot->store && (slot->store->verbs >> verb) & 1;
}

static void raise(struct span *longest, int64_t ns) {
  if (ns > longest->ns) longest->ns = ns;
}

struct span plan_longest_timeout(const struct plan *plan) {
  struct span longest = plan->system->longest_timeout(plan);
  for (int role = 0; role < ROLE__COUNT; role++) {
    const struct store_plan *slot = plan_store(plan, (enum role)role);
    if (!slot || !slot->store || !slot->store->longest_timeout) continue;
    if (role == ROLE_DATABASE || plan_uses(plan, (enum role)role))
      raise(&longest, slot->store->longest_timeout(&slot->settings).ns);
  }
  for (uint32_t i = 0; i < plan_group_count(plan); i++) {
    const struct handler *handler = plan_handler(plan, i);
    if (!handler || !handler->waits) continue;
    int key = schema_find(handler->keys, handler->key_count, handler->waits);
    raise(&longest, plan_handler_settings(plan, i)->values[key].i);
  }
  return longest;
}

struct span plan_longest_wait(const struct plan *plan) {
  struct span longest = plan_longest_timeout(plan);
  if (plan->client) raise(&longest, plan->client->longest_wait(&plan->client_settings).ns);
  if (plan->publisher && plan->publisher->longest_wait)
    raise(&longest, plan->publisher->longest_wait(&plan->publisher_settings).ns);
  return longest;
}

int64_t plan_handler_value(const struct plan *plan, uint32_t group, const char *key, int64_t otherwise) {
  const struct handler *handler = plan_handler(plan, group);
  int index = handler ? schema_find(handler->keys, handler->key_count, key) : -1;
  return index < 0 ? otherwise : plan_handler_settings(plan, group)->values[index].i;
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
