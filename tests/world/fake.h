/* A tiny system for tests of the world: producers that send one request per operation, brokers that
 * store it and echo.
 *
 *   producer.N --request--> broker.1    submit: sends; an answer: OK; after `timeout`: UNKNOWN
 *   producer.N <--answer--- broker.1    request: stored, effect, answered
 *
 * What its hooks do they note in the trace (enum fake_note), between the world's own records, so that
 * the trace is the one log of everything in order; tests/world/timeline.h writes it as text.
 *
 * Each hook looks whether its node's memory is as its last hook left it, when `seal` is set.
 */
#ifndef TESTS_WORLD_FAKE_H
#define TESTS_WORLD_FAKE_H

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/world.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_OPEN_MAX 1024 /* operations that a producer has open, by intent modulo this */
#define FAKE_FAULTS_MAX 8
#define FAKE_BATCH_MAX 8
#define FAKE_NODES_MAX 32

/* How the system behaves; times in ns, shares in SCHEMA_SHARE_SCALE. The words of timeline.h. */
struct fake_settings {
  int64_t link;  /* enum link_kind */
  int64_t latency, bandwidth, request_loss, reply_loss, duplication, reordering;
  int64_t operations, every, outstanding, keys, size;
  int64_t producers, brokers, consumers, cores;
  int64_t cost;    /* of a request, on a core; -1 = brokers have no cores */
  int64_t timeout; /* then an operation is UNKNOWN */
  int64_t retry;   /* sends again after this; 0 = never */
  int64_t resend;  /* sends what is open again when told of a broken connection */
  int64_t batch;   /* operations of one request */
  int64_t delay;   /* a request leaves so much later */
  int64_t hold;    /* a request is held so long; -1 = for ever */
  int64_t drain;   /* so long from a broker's SIGTERM to its exit; -1 = it knows no SIGTERM */
  int64_t tick;    /* a broker's beat; 0 = none */
  int64_t mute;    /* brokers do not answer */
  int64_t sync;    /* a stored operation is on the disk at once, and not only in the page cache */
  int64_t struck;  /* it understands failover: so many things are perturbed each time; -1 = it does not */
  int64_t leads;   /* brokers lead in turn, each so long, and the next one coordinates; 0 = nobody says */
  int64_t seal;    /* looks whether anybody touched a node's memory */
  int64_t drain_limit, drain_events, seed;
};

enum fake_note {
  NOTE_SENDS = FACT__END, /* value: n-th time, as its producer knows */
  NOTE_GOT,               /* value: incarnation of who sent it; detail: epoch */
  NOTE_ANSWERED,
  NOTE_IGNORED,      /* an answer that nobody waits for */
  NOTE_DISCONNECTED, /* detail: peer */
  NOTE_STARTED,      /* value: operations on the disk; detail: enum start_reason */
  NOTE_CRASHED,      /* value: operations that were not synced; detail: power */
  NOTE_TERMINATED,
  NOTE_TICK, /* value: incarnation that asked for it */
  NOTE_STRUCK, /* value: verb; detail: begins << 1 | alive */
  NOTE__END
};

struct fake_constant {
  struct distribution distribution;
  struct quantile_table table;
};

struct fake {
  struct fake_settings settings;
  struct plan plan;
  struct system system;
  struct component producer, broker, consumer;
  struct fake_constant latency, gap, service, every[FAKE_FAULTS_MAX], degraded[FAKE_FAULTS_MAX];
  struct fault_plan faults[FAKE_FAULTS_MAX];
  char names[FAKE_FAULTS_MAX][32];
  struct world *world;
  struct trace_record *records; /* of the last run */
  size_t count, capacity;
  uint64_t seals[FAKE_NODES_MAX];
};
static struct fake fake; /* of the test under way: each test is a process */

/* --- What its hooks share --- */

static inline void fake_note(struct world *world, enum fake_note note, const struct node *node,
                             uint64_t intent, uint64_t value, uint32_t detail) {
  *trace_next(&world->trace) = (struct trace_record){.at = world->now.ns, .intent = intent,
                                                     .value = value, .kind = (uint16_t)note,
                                                     .node = node->id, .detail = detail};
}

static inline uint64_t fake_seal(const struct node *node) {
  uint64_t seal = 1;
  for (size_t i = 0; i < node->arena.used; i++)
    seal = hash_pair(seal, (unsigned char)node->arena.base[i]);
  return seal;
}
static inline void fake_enter(const struct node *node) { /* world.h [I1] */
  ck_assert(node->alive && !node->doomed);
  if (fake.settings.seal) ck_assert_uint_eq(fake.seals[node->id], fake_seal(node));
}
static inline void fake_leave(const struct node *node) {
  if (fake.settings.seal) fake.seals[node->id] = fake_seal(node);
}

static inline void fake_crash(struct world *world, struct node *node, bool power) {
  fake_note(world, NOTE_CRASHED, node, 0, 0, power);
}

static inline void fake_disconnected(struct world *world, struct node *node, uint16_t peer) {
  fake_enter(node);
  fake_note(world, NOTE_DISCONNECTED, node, 0, 0, peer);
  fake_leave(node);
}

/* --- Producer --- */

enum fake_request { REQUEST, REQUEST__COUNT };
enum fake_answer { ANSWER, ANSWER__COUNT };
enum fake_producer_timer { TIMER_TIMEOUT, TIMER_RETRY, PRODUCER_TIMER__COUNT };

struct fake_operation {
  uint64_t intent; /* 0 = free */
  uint32_t call, sent;
  uint32_t timeout, retry; /* timers */
};
struct fake_producer {
  struct fake_operation open[FAKE_OPEN_MAX];
  uint64_t gathered[FAKE_BATCH_MAX];
  uint32_t gathered_count;
  uint16_t timeout_lane, retry_lane;
};

static inline struct fake_producer *fake_producer_of(struct node *node) { return node->state[0]; }

static inline struct fake_operation *fake_operation_of(struct node *node, uint64_t intent) {
  struct fake_operation *operation = &fake_producer_of(node)->open[intent % FAKE_OPEN_MAX];
  return operation->intent == intent ? operation : NULL;
}

static inline void fake_producer_start(struct world *world, struct node *node,
                                       enum start_reason reason) {
  struct fake_producer *producer = ARENA_NEW(&node->arena, struct fake_producer, 1);
  node->state[0] = producer;
  producer->timeout_lane = world_lane(world, span_of(fake.settings.timeout));
  if (fake.settings.retry) producer->retry_lane = world_lane(world, span_of(fake.settings.retry));
  fake_note(world, NOTE_STARTED, node, 0, 0, reason);
  fake_leave(node);
}

static inline void fake_send(struct world *world, struct node *node, const uint64_t *intents,
                             uint32_t count) {
  uint16_t broker = world_node(world, ROLE_BROKER, 0)->id;
  struct message *message = world_message(world, node, broker, 0, REQUEST);
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t i = 0; i < count; i++) {
    struct fake_operation *operation = fake_operation_of(node, intents[i]);
    records[i] = (struct record){.intent = intents[i]};
    fake_note(world, NOTE_SENDS, node, intents[i], ++operation->sent, 0);
  }
  message->size = (uint32_t)fake.settings.size;
  message->depart = world->now.ns + fake.settings.delay;
  world_send(world, node, message);
}

static inline void fake_submit(struct world *world, struct node *node,
                               const struct operation_request *request) {
  fake_enter(node);
  struct fake_producer *producer = fake_producer_of(node);
  struct fake_operation *operation = &producer->open[request->intent % FAKE_OPEN_MAX];
  ck_assert_uint_eq(operation->intent, 0);
  *operation = (struct fake_operation){.intent = request->intent, .call = request->call};
  operation->timeout =
      world_timer(world, node, 0, producer->timeout_lane, TIMER_TIMEOUT, request->intent);
  operation->retry = TIMER_NONE;
  if (fake.settings.retry)
    operation->retry = world_timer(world, node, 0, producer->retry_lane, TIMER_RETRY, request->intent);
  producer->gathered[producer->gathered_count++] = request->intent;
  if (producer->gathered_count == fake.settings.batch) {
    producer->gathered_count = 0;
    fake_send(world, node, producer->gathered, (uint32_t)fake.settings.batch);
  }
  fake_leave(node);
}

static inline void fake_close(struct world *world, struct fake_operation *operation,
                              enum outcome outcome) {
  if (operation->timeout != TIMER_NONE) world_cancel(world, operation->timeout);
  if (operation->retry != TIMER_NONE) world_cancel(world, operation->retry);
  operation->intent = 0;
  call_return(world, operation->call, outcome);
}

static inline void fake_on_answer(struct world *world, struct node *node, struct message *message) {
  fake_enter(node);
  for (uint32_t i = 0; i < message->record_count; i++) {
    uint64_t intent = message->records[i].intent;
    struct fake_operation *operation = fake_operation_of(node, intent);
    fake_note(world, operation ? NOTE_ANSWERED : NOTE_IGNORED, node, intent, 0, 0);
    if (operation) fake_close(world, operation, OUTCOME_OK);
  }
  fake_leave(node);
}

static inline void fake_on_timeout(struct world *world, struct node *node, uint64_t intent) {
  fake_enter(node);
  struct fake_operation *operation = fake_operation_of(node, intent);
  operation->timeout = TIMER_NONE;
  fake_close(world, operation, OUTCOME_UNKNOWN);
  fake_leave(node);
}

static inline void fake_on_retry(struct world *world, struct node *node, uint64_t intent) {
  fake_enter(node);
  fake_operation_of(node, intent)->retry =
      world_timer(world, node, 0, fake_producer_of(node)->retry_lane, TIMER_RETRY, intent);
  fake_send(world, node, &intent, 1);
  fake_leave(node);
}

static inline void fake_producer_disconnected(struct world *world, struct node *node, uint16_t peer) {
  fake_disconnected(world, node, peer);
  for (uint64_t intent = 1; fake.settings.resend && intent <= world->intents; intent++)
    if (fake_operation_of(node, intent)) fake_send(world, node, &intent, 1);
  fake_leave(node);
}

/* --- Broker --- */

enum fake_broker_timer { TIMER_TICK, TIMER_RELEASE, TIMER_EXIT, BROKER_TIMER__COUNT };

struct fake_broker {
  uint32_t held;
};
struct fake_disk {
  uint64_t stored, synced;
};

static inline struct fake_broker *fake_broker_of(const struct node *node) { return node->state[0]; }

static inline void fake_broker_start(struct world *world, struct node *node,
                                     enum start_reason reason) {
  node->state[0] = ARENA_NEW(&node->arena, struct fake_broker, 1);
  if (!node->disk[0]) node->disk[0] = calloc(1, sizeof(struct fake_disk));
  const struct fake_disk *disk = node->disk[0];
  fake_note(world, NOTE_STARTED, node, 0, disk->stored, reason);
  if (fake.settings.tick)
    world_after(world, node, 0, TIMER_TICK, node->incarnation, span_of(fake.settings.tick));
  fake_leave(node);
}

/* False when the broker has been killed there. */
static inline bool fake_store(struct world *world, struct node *node, const struct message *message,
                              uint64_t intent) {
  struct fake_disk *disk = node->disk[0];
  if (!world_point(world, node, POINT_APPENDED, true, intent)) return false;
  disk->stored++;
  enum flush flush = fake.settings.sync ? node_flush(world, node) : FLUSH_LIED;
  if (flush == FLUSH_FAILED) return false;
  if (flush == FLUSH_DONE) disk->synced = disk->stored;
  fake_note(world, NOTE_GOT, node, intent, message->from_incarnation, message->epoch);
  world_effect(world, node, intent, world->now.ns, 0);
  return world_point(world, node, POINT_APPENDED, false, intent);
}

static inline void fake_on_request(struct world *world, struct node *node, struct message *message) {
  fake_enter(node);
  world_count_execution(world, message->intent, 0);
  for (uint32_t i = 0; i < message->record_count; i++)
    if (!fake_store(world, node, message, message->records[i].intent)) return;
  if (fake.settings.hold) {
    world_hold(world, node);
    fake_broker_of(node)->held++;
  }
  if (fake.settings.hold > 0)
    world_after(world, node, 0, TIMER_RELEASE, 0, span_of(fake.settings.hold));
  if (!fake.settings.mute) {
    struct message *answer = world_answer(world, node, message, ANSWER);
    struct record *records = message_records(&world->messages, answer, message->record_count);
    memcpy(records, message->records, message->record_count * sizeof *records);
    world_send(world, node, answer);
  }
  fake_leave(node);
}

static inline void fake_on_tick(struct world *world, struct node *node, uint64_t incarnation) {
  fake_enter(node);
  fake_note(world, NOTE_TICK, node, 0, incarnation, 0);
  world_after(world, node, 0, TIMER_TICK, incarnation, span_of(fake.settings.tick));
  fake_leave(node);
}

static inline void fake_on_release(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  fake_enter(node);
  fake_broker_of(node)->held--;
  world_unhold(world, node);
  fake_leave(node);
}

static inline void fake_on_exit(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  fake_enter(node);
  node_exit(world, node);
}

static inline void fake_terminate(struct world *world, struct node *node) {
  fake_enter(node);
  fake_note(world, NOTE_TERMINATED, node, 0, 0, 0);
  world_after(world, node, 0, TIMER_EXIT, 0, span_of(fake.settings.drain));
  fake_leave(node);
}

static inline uint32_t fake_broker_busy(const struct world *world, const struct node *node) {
  (void)world;
  return fake_broker_of(node)->held;
}

static inline void fake_broker_crash(struct world *world, struct node *node, bool power) {
  struct fake_disk *disk = node->disk[0];
  fake_note(world, NOTE_CRASHED, node, 0, disk->stored - disk->synced, power);
  if (power) disk->stored = disk->synced;
}

static inline void fake_disk_lost(struct world *world, struct node *node) {
  (void)world;
  *(struct fake_disk *)node->disk[0] = (struct fake_disk){0};
}
static inline void fake_disk_reset(struct world *world, struct node *node) {
  (void)world;
  if (node->disk[0]) *(struct fake_disk *)node->disk[0] = (struct fake_disk){0};
}
static inline void fake_disk_free(struct node *node) { free(node->disk[0]); }

static inline uint32_t fake_struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  if (node->alive) fake_enter(node);
  fake_note(world, NOTE_STRUCK, node, 0, faults_rules(world, fault)->verb,
            (uint32_t)begins << 1 | node->alive);
  return (uint32_t)fake.settings.struck;
}

static inline int64_t fake_cost(const struct world *world, const struct message *message) {
  (void)world;
  return fake.settings.cost * message->record_count;
}

/* --- Consumer: stands there --- */

static inline void fake_consumer_start(struct world *world, struct node *node,
                                       enum start_reason reason) {
  fake_note(world, NOTE_STARTED, node, 0, 0, reason);
  fake_leave(node);
}

/* --- Tables --- */

static const struct message_kind fake_requests[REQUEST__COUNT] = {
    [REQUEST] = {"request", POINT_PUBLISH_SENT, POINT_PUBLISH_RECEIVED, true, false}};
static const struct message_kind fake_answers[ANSWER__COUNT] = {
    [ANSWER] = {"answer", POINT_PUBLISH_ACK_SENT, POINT_PUBLISH_ACKED, true, true}};
static message_fn *const fake_on_requests[REQUEST__COUNT] = {[REQUEST] = fake_on_request};
static message_fn *const fake_on_answers[ANSWER__COUNT] = {[ANSWER] = fake_on_answer};
static timer_fn *const fake_producer_timers[] = {[TIMER_TIMEOUT] = fake_on_timeout,
                                                 [TIMER_RETRY] = fake_on_retry};
static timer_fn *const fake_broker_timers[] = {
    [TIMER_TICK] = fake_on_tick, [TIMER_RELEASE] = fake_on_release, [TIMER_EXIT] = fake_on_exit};

static const struct component fake_producer_component = {
    .name = "fake-producer", .start = fake_producer_start, .on = fake_on_answers, .stage_count = 1,
    .message_count = ANSWER__COUNT, .messages = fake_answers, .on_timer = fake_producer_timers,
    .timer_count = PRODUCER_TIMER__COUNT, .submit = fake_submit,
    .disconnected = fake_producer_disconnected, .crash = fake_crash};
static const struct component fake_broker_component = {
    .name = "fake-broker", .start = fake_broker_start, .on = fake_on_requests, .stage_count = 1,
    .message_count = REQUEST__COUNT, .messages = fake_requests, .on_timer = fake_broker_timers,
    .timer_count = BROKER_TIMER__COUNT, .cost = fake_cost, .terminate = fake_terminate,
    .disconnected = fake_disconnected, .busy = fake_broker_busy, .crash = fake_broker_crash,
    .struck = fake_struck, .disk_lost = fake_disk_lost, .disk_reset = fake_disk_reset, .disk_free = fake_disk_free};
static const struct component fake_consumer_component = {
    .name = "fake-consumer", .start = fake_consumer_start, .crash = fake_crash};

/* --- Who leads --- */

static inline uint16_t fake_in_turn(const struct world *world, int64_t ahead) {
  int64_t turn = world->now.ns / fake.settings.leads + ahead;
  return (uint16_t)(world->first[ROLE_BROKER] + turn % world->count[ROLE_BROKER]);
}
static inline uint16_t fake_leader(const struct world *world) { return fake_in_turn(world, 0); }
static inline uint16_t fake_coordinator(const struct world *world) { return fake_in_turn(world, 1); }

/* --- Plan and run --- */

static inline const struct distribution *fake_constant(struct fake_constant *constant, int64_t ns) {
  constant->table.constant = true;
  constant->table.median = constant->table.mean = ns;
  constant->distribution.table = &constant->table;
  return &constant->distribution;
}

/* The plan that the settings ask for; the faults stay. */
static inline void fake_build(void) {
  const struct fake_settings *settings = &fake.settings;
  fake.producer = fake_producer_component;
  fake.broker = fake_broker_component;
  fake.consumer = fake_consumer_component;
  if (settings->cost < 0) fake.broker.cost = NULL;
  if (settings->drain < 0) fake.broker.terminate = NULL;
  fake.system = (struct system){.name = "fake"};
  if (settings->struck >= 0) fake.system.verbs = 1u << VERB_FAILOVER;
  if (settings->leads) {
    fake.system.leader = fake_leader;
    fake.system.coordinator = fake_coordinator;
  }
  fake.system.components[ROLE_PRODUCER] = &fake.producer;
  fake.system.components[ROLE_BROKER] = &fake.broker;
  fake.system.components[ROLE_CONSUMER] = &fake.consumer;
  fake.system.links[LINK_PRODUCER_TO_BROKER].used = true;
  struct plan *plan = &fake.plan;
  plan->system = &fake.system;
  plan->counts[ROLE_PRODUCER] = (uint32_t)settings->producers;
  plan->counts[ROLE_BROKER] = (uint32_t)settings->brokers;
  plan->counts[ROLE_CONSUMER] = (uint32_t)settings->consumers;
  plan->cores = (uint32_t)settings->cores;
  plan->links[LINK_PRODUCER_TO_BROKER] = (struct link_plan){
      .kind = (enum link_kind)settings->link, .latency = fake_constant(&fake.latency, settings->latency),
      .request_loss = settings->request_loss, .reply_loss = settings->reply_loss,
      .duplication = settings->duplication, .reordering = settings->reordering,
      .bandwidth = settings->bandwidth};
  plan->workload = (struct workload_plan){
      .messages = (uint64_t)settings->operations, .outstanding = (uint64_t)settings->outstanding,
      .gap = fake_constant(&fake.gap, settings->every), .keys = (uint32_t)settings->keys,
      .size = settings->size, .service_time = fake_constant(&fake.service, NS_PER_MS)};
  plan->faults = fake.faults;
  plan->drain_limit = span_of(settings->drain_limit);
  plan->drain_events = (uint64_t)settings->drain_events;
}

#define FAKE_RECORDS_MAX (1 << 20) /* more is a run without an end, as a fault of the world may make of one */

static inline void fake_sink(void *context, const struct trace_record *records, size_t count,
                             uint64_t first) {
  (void)context;
  (void)first;
  ck_assert_uint_le(fake.count + count, FAKE_RECORDS_MAX);
  GROW(fake.records, fake.capacity, fake.count + count);
  memcpy(fake.records + fake.count, records, count * sizeof *records);
  fake.count += count;
}

/* Runs the plan; its records stand in fake.records. */
static inline void fake_run_seed(uint64_t seed) {
  if (fake.world) world_free(fake.world);
  fake.world = world_new(0, 0xa5);
  trace_add_sink(&fake.world->trace, fake_sink, NULL);
  fake.count = 0;
  world_reset(fake.world, &fake.plan, seed);
  world_run(fake.world);
}

static inline void fake_free(void) {
  if (fake.world) world_free(fake.world);
  free(fake.records);
  fake.world = NULL;
  fake.records = NULL;
  fake.count = fake.capacity = 0;
}

#endif
