/* Roles of nodes and the links between them. A link is named from who connects to who answers;
 * requests and replies are one link. */
#ifndef SIM_WORLD_ROLE_H
#define SIM_WORLD_ROLE_H

enum role {
  ROLE_CLIENT,
  ROLE_PRODUCER,
  ROLE_BROKER,
  ROLE_CONSUMER,
  ROLE_DATABASE,
  ROLE_CACHE,
  ROLE_PROVIDER,
  ROLE_RELAY,
  ROLE_CONTROLLER,
  ROLE__COUNT
};

#define LINKS(X)                                                                                   \
  X(PRODUCER_TO_BROKER, "producer_to_broker", ROLE_PRODUCER, ROLE_BROKER)                          \
  X(CONSUMER_TO_BROKER, "consumer_to_broker", ROLE_CONSUMER, ROLE_BROKER)                          \
  X(BROKER_TO_BROKER, "broker_to_broker", ROLE_BROKER, ROLE_BROKER)                                \
  X(CONSUMER_TO_DATABASE, "consumer_to_database", ROLE_CONSUMER, ROLE_DATABASE)                    \
  X(BROKER_TO_CONTROLLER, "broker_to_controller", ROLE_BROKER, ROLE_CONTROLLER)                    \
  X(CONSUMER_TO_CACHE, "consumer_to_cache", ROLE_CONSUMER, ROLE_CACHE)                             \
  X(CONSUMER_TO_PROVIDER, "consumer_to_provider", ROLE_CONSUMER, ROLE_PROVIDER)                    \
  X(PRODUCER_TO_DATABASE, "producer_to_database", ROLE_PRODUCER, ROLE_DATABASE)                    \
  X(RELAY_TO_DATABASE, "relay_to_database", ROLE_RELAY, ROLE_DATABASE)                             \
  X(RELAY_TO_BROKER, "relay_to_broker", ROLE_RELAY, ROLE_BROKER)

enum link {
#define X(id, name, from, to) LINK_##id,
  LINKS(X)
#undef X
      LINK__COUNT
};

struct link_row {
  const char *name;
  enum role from, to;
};

extern const char *const role_names[ROLE__COUNT];
extern const struct link_row link_rows[LINK__COUNT];

#endif
