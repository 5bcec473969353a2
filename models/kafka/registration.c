/* The life of a broker as the controller sees it (BrokerLifecycleManager, AlterPartitionManager, the
 * metadata loader of Kafka 4.0).
 *
 *   start --REGISTER--> registered --METADATA_FETCH for ever, BROKER_HEARTBEAT every
 *                            |       broker.heartbeat.interval.ms
 *                            | SIGTERM: heartbeats that want to shut down, until the controller agrees
 *                            '--> exit
 *
 * Until it has registered and fetched metadata a broker leads and follows nothing. At the beginning of the
 * world every broker is registered and knows the first assignment.
 * LIMIT: metadata is not kept on the broker's disk: it is fetched whole after a restart.
 */
#include "models/kafka/replica.h"

#include "sim/base/assert.h"

#define SHUTDOWN_RETRY_NS (50 * NS_PER_MS) /* BrokerLifecycleManager: the first one comes sooner */
#define ALTER_RETRY_NS (50 * NS_PER_MS)    /* DefaultAlterPartitionManager */
#define REGISTRATION_RETRY_NS (100 * NS_PER_MS) /* BrokerLifecycleManager: exponential from here */
#define REGISTRATION_RETRIES_DOUBLE 6

static uint32_t slot(const struct world *world, enum control_slot which) {
  return world->count[ROLE_BROKER] + which;
}

static struct message *request(struct world *world, struct node *node, enum wire kind) {
  return client_request(world, node, kafka_controller(world), kind);
}

static void retry(struct world *world, struct node *node, enum control_slot which,
                  int64_t delay_ns) {
  world_after(world, node, 0, TIMER_CONTROL_RETRY, slot(world, which), span_of(delay_ns));
}

/* --- Sending --- */

static void send_registration(struct world *world, struct node *node) {
  struct replication *replication = replication_of(node);
  struct message *message = request(world, node, WIRE_REGISTER);
  message->a = node->incarnation;
  replication->registrations++;
  client_send(world, node, &replication->client, slot(world, CONTROL_HEARTBEAT), message);
}

static void send_heartbeat(struct world *world, struct node *node) {
  struct replication *replication = replication_of(node);
  struct message *message = request(world, node, WIRE_BROKER_HEARTBEAT);
  message->a = node->incarnation;
  message->b = replication->stopping;
  client_send(world, node, &replication->client, slot(world, CONTROL_HEARTBEAT), message);
}

static void send_metadata_fetch(struct world *world, struct node *node) {
  struct replication *replication = replication_of(node);
  if (client_waits(&replication->client, slot(world, CONTROL_METADATA))) return;
  struct message *message = request(world, node, WIRE_METADATA_FETCH);
  message->a = (int64_t)replication->version;
  client_send(world, node, &replication->client, slot(world, CONTROL_METADATA), message);
}

static uint32_t write_proposal(const struct world *world, const struct node *node, uint32_t tp,
                               struct record *out) {
  const struct replica *replica = replica_of(node, tp);
  const struct replication *replication = replication_of(node);
  struct partition_state wanted = replica->state;
  wanted.isr = replica->proposed;
  uint32_t count = 0, own = broker_index(world, node);
  out[count++] = partition_record(tp, &wanted);
  for (uint32_t n = 0; n < replica_count(world); n++) {
    uint32_t broker = replica_broker(world, tp, n);
    if (!((wanted.isr >> n) & 1) || broker == own) continue;
    out[count++] =
        (struct record){.key = broker, .count = 1, .extra = replication->followers[broker].epoch};
  }
  return count;
}

void registration_alter(struct world *world, struct node *node) {
  struct replication *replication = replication_of(node);
  if (node->doomed || client_waits(&replication->client, slot(world, CONTROL_ALTER))) return;
  struct record found[MESSAGE_RECORDS_MAX];
  uint32_t count = 0;
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++)
    if (replica_of(node, p)->proposed && count + 1 + replica_count(world) <= MESSAGE_RECORDS_MAX)
      count += write_proposal(world, node, p, found + count);
  if (count == 0) return;
  struct message *message = request(world, node, WIRE_ALTER_PARTITION);
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t i = 0; i < count; i++) records[i] = found[i];
  message->a = node->incarnation;
  client_send(world, node, &replication->client, slot(world, CONTROL_ALTER), message);
}

/* --- Answers --- */

void registration_on_registered(struct world *world, struct node *node, struct message *answer) {
  struct replication *replication = replication_of(node);
  if (!client_answered(world, &replication->client, slot(world, CONTROL_HEARTBEAT), answer)) return;
  if (answer->a != KAFKA_OK) {
    uint32_t n = replication->registrations;
    int64_t delay = REGISTRATION_RETRY_NS
                    << (n < REGISTRATION_RETRIES_DOUBLE ? n : REGISTRATION_RETRIES_DOUBLE);
    int64_t most = kafka_setting(world, KEY_BROKER_HEARTBEAT_INTERVAL);
    return retry(world, node, CONTROL_HEARTBEAT, delay < most ? delay : most);
  }
  replication->registered = true;
  send_metadata_fetch(world, node);
}

void registration_on_heartbeat(struct world *world, struct node *node, struct message *answer) {
  struct replication *replication = replication_of(node);
  if (!client_answered(world, &replication->client, slot(world, CONTROL_HEARTBEAT), answer)) return;
  if (!replication->stopping) return;
  if (answer->b || answer->a != KAFKA_OK) return node_exit(world, node);
  retry(world, node, CONTROL_HEARTBEAT, SHUTDOWN_RETRY_NS);
}

static void apply(struct world *world, struct node *node, const struct record *records,
                  uint32_t count) {
  struct replication *replication = replication_of(node);
  for (uint32_t i = 0; i < count; i++)
    if (record_is_broker(&records[i]))
      replication->brokers[records[i].key] =
          (struct broker_state){.epoch = records[i].extra,
                                .fenced = (records[i].count >> 1) & 1,
                                .shutting_down = (records[i].count >> 2) & 1};
  for (uint32_t i = 0; i < count && !node->doomed; i++) {
    if (record_is_broker(&records[i])) continue;
    struct partition_state state = partition_of_record(&records[i]);
    replica_apply(world, node, records[i].key, &state);
  }
}

static void fetch_everywhere(struct world *world, struct node *node) {
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++) follower_fetch(world, node, b);
}

void registration_on_metadata(struct world *world, struct node *node, struct message *answer) {
  struct replication *replication = replication_of(node);
  if (!client_answered(world, &replication->client, slot(world, CONTROL_METADATA), answer)) return;
  bool first = replication->version == 0;
  replication->version = (uint64_t)answer->a;
  apply(world, node, answer->records, answer->record_count);
  if (!node->doomed) replica_brokers_changed(world, node);
  if (node->doomed) return;
  fetch_everywhere(world, node);
  send_metadata_fetch(world, node);
  bool waits = client_waits(&replication->client, slot(world, CONTROL_HEARTBEAT));
  if (first && !waits) send_heartbeat(world, node); /* it has caught up: it may be unfenced */
}

/* The proposals of this request have been decided; what was refused may be proposed again. */
void registration_on_altered(struct world *world, struct node *node, struct message *answer) {
  struct replication *replication = replication_of(node);
  if (!client_answered(world, &replication->client, slot(world, CONTROL_ALTER), answer)) return;
  apply(world, node, answer->records, answer->record_count);
  for (uint32_t i = 0; i < answer->record_count; i++)
    replica_of(node, answer->records[i].key)->proposed = 0;
  if (answer->a != KAFKA_OK) return retry(world, node, CONTROL_ALTER, ALTER_RETRY_NS);
  fetch_everywhere(world, node);
  registration_alter(world, node);
}

/* --- Time and failures --- */

/* A heartbeat that was not answered until the next: the connection is closed, and everything is asked
 * again on a new one. */
void registration_on_heartbeat_timer(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct replication *replication = replication_of(node);
  world_timer(world, node, 0, replication->heartbeat_lane, TIMER_HEARTBEAT_DUE, 0);
  if (client_waits(&replication->client, slot(world, CONTROL_HEARTBEAT))) {
    link_close(world, node, kafka_controller(world));
    client_disconnected(world, node, &replication->client, kafka_controller(world));
    return;
  }
  if (!replication->registered) return; /* it is being retried */
  send_heartbeat(world, node);
  if (!node->doomed) send_metadata_fetch(world, node);
}

void registration_on_retry(struct world *world, struct node *node, uint64_t index) {
  struct replication *replication = replication_of(node);
  if (index < world->count[ROLE_BROKER]) return follower_fetch(world, node, (uint32_t)index);
  if (client_waits(&replication->client, (uint32_t)index)) return;
  enum control_slot which = (enum control_slot)(index - world->count[ROLE_BROKER]);
  if (which == CONTROL_ALTER) return registration_alter(world, node);
  if (which == CONTROL_METADATA && replication->registered) return send_metadata_fetch(world, node);
  if (which != CONTROL_HEARTBEAT) return;
  if (replication->registered)
    send_heartbeat(world, node);
  else
    send_registration(world, node);
}

static void failed(struct world *world, struct node *node, uint32_t index) {
  bool fetch = index < world->count[ROLE_BROKER];
  int64_t delay = fetch ? kafka_setting(world, KEY_REPLICA_FETCH_BACKOFF) : ALTER_RETRY_NS;
  world_after(world, node, 0, TIMER_CONTROL_RETRY, index, span_of(delay));
}

void registration_on_request_timeout(struct world *world, struct node *node, uint64_t argument) {
  struct client *client = &replication_of(node)->client;
  uint16_t peer = client_slot(client, (uint32_t)(argument >> 32))->peer;
  client_timed_out(world, node, client, argument); /* which closes the connection */
  if (!node->doomed) verification_disconnected(world, node, peer);
}

void registration_disconnected(struct world *world, struct node *node, uint16_t peer) {
  if (!broker_of(node)->replication || world->nodes[peer].role == ROLE_PRODUCER ||
      world->nodes[peer].role == ROLE_RELAY || world->nodes[peer].role == ROLE_CONSUMER)
    return;
  client_disconnected(world, node, &replication_of(node)->client, peer);
}

void registration_terminate(struct world *world, struct node *node) {
  struct replication *replication = broker_of(node)->replication;
  if (!replication || !replication->registered) return node_exit(world, node);
  replication->stopping = true;
  if (!client_waits(&replication->client, slot(world, CONTROL_HEARTBEAT)))
    send_heartbeat(world, node);
  else
    retry(world, node, CONTROL_HEARTBEAT, SHUTDOWN_RETRY_NS);
}

/* An administrator moves what this broker leads: the controller is asked in its name. */
uint32_t registration_struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  if (!begins || !node->alive || !broker_of(node)->replication) return 0;
  uint32_t led = 0;
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) led += replica_of(node, p)->leads;
  struct message *message = request(world, node, WIRE_ELECT_LEADERS);
  message->a = faults_rules(world, fault)->election == ELECTION_UNCLEAN;
  world_send(world, node, message);
  return led;
}

/* What has come of it metadata says. */
void registration_on_elected(struct world *world, struct node *node, struct message *answer) {
  (void)world, (void)node, (void)answer;
}

/* --- Starting --- */

size_t replication_arena_bytes(const struct plan *plan) {
  size_t replicas = (size_t)plan->system_settings.values[KEY_REPLICATION_FACTOR].i;
  size_t topic_partitions = 2 * (size_t)plan->partitions, brokers = plan->counts[ROLE_BROKER];
  if (replicas <= 1) return 0;
  return 4096 + topic_partitions * (sizeof(struct replica) + replicas * sizeof(struct remote)) +
         brokers * (sizeof(struct follower) + sizeof(struct broker_state) + sizeof(struct slot)) +
         CONTROL_SLOT__COUNT * sizeof(struct slot);
}

static void know_the_beginning(struct world *world, struct node *node) {
  struct replication *replication = replication_of(node);
  replication->registered = true;
  replication->version = 1;
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    replication->brokers[b] = (struct broker_state){.epoch = 1};
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) {
    struct partition_state state = partition_first(world, p);
    replica_apply(world, node, p, &state);
  }
  fetch_everywhere(world, node);
  send_metadata_fetch(world, node);
}

void registration_start(struct world *world, struct node *node, enum start_reason reason) {
  struct arena *arena = &node->arena;
  uint32_t brokers = world->count[ROLE_BROKER], all = kafka_topic_partitions(world);
  struct replication *replication = broker_of(node)->replication =
      ARENA_NEW(arena, struct replication, 1);
  replication->replicas = ARENA_NEW(arena, struct replica, all);
  struct remote *remotes = ARENA_NEW(arena, struct remote, (size_t)all * replica_count(world));
  for (uint32_t p = 0; p < all; p++) {
    replication->replicas[p].remotes = remotes + (size_t)p * replica_count(world);
    replication->replicas[p].state.leader = NO_BROKER;
  }
  replication->followers = ARENA_NEW(arena, struct follower, brokers);
  for (uint32_t b = 0; b < brokers; b++) replication->followers[b].timer = TIMER_NONE;
  replication->brokers = ARENA_NEW(arena, struct broker_state, brokers);
  client_init(world, node, &replication->client, brokers + CONTROL_SLOT__COUNT, brokers,
              TIMER_CONTROL_REQUEST, failed);
  replication->lag_lane =
      world_lane(world, span_of(kafka_setting(world, KEY_REPLICA_LAG_TIME_MAX) / 2));
  replication->wait_lane =
      world_lane(world, span_of(kafka_setting(world, KEY_REPLICA_FETCH_WAIT_MAX)));
  replication->heartbeat_lane =
      world_lane(world, span_of(kafka_setting(world, KEY_BROKER_HEARTBEAT_INTERVAL)));
  world_timer(world, node, 0, replication->lag_lane, TIMER_LAG, 0);
  world_timer(world, node, 0, replication->heartbeat_lane, TIMER_HEARTBEAT_DUE, 0);
  if (reason == START_FIRST)
    know_the_beginning(world, node);
  else
    send_registration(world, node);
}
