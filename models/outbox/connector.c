#include "models/outbox/connector.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>

enum { TIMER_GO_ON, TIMER_ANSWER, TIMER_FLUSH, TIMER_CLEANUP, TIMER__COUNT };
enum phase { WAITING, READING, CREATING, SNAPSHOT, PUBLISHING };

struct connector {
  struct record *rows; /* of the batch under way */
  uint32_t count, awaited, batch;
  enum phase phase;
  struct session_wait wait;
  uint32_t correlation;
  uint16_t lane;
  struct instant started; /* its offsets are stored each so often from then on */
  uint64_t position;      /* published up to here */
  uint64_t row;           /* of a snapshot: id of the last one read */
  bool failed, held, flush_armed, stopping;
};
struct stored_offset {
  uint64_t position;
  bool snapshot; /* the table is still to be read, before the log from `position` on; held as long */
};

static struct connector *connector_of(const struct node *node) { return node->state[PUBLISHER_PORT]; }
static struct stored_offset *stored_in(const struct node *node) { return node->disk[PUBLISHER_PORT]; }

static void ask(struct world *world, struct node *node, enum phase phase, struct message *message) {
  struct connector *connector = connector_of(node);
  connector->phase = phase;
  if (++connector->correlation == 0) connector->correlation = 1;
  session_ask(world, node, &connector->wait, message, connector->correlation, connector->lane, TIMER_ANSWER, 0);
}

/* While something is under way that the slot does not hold. */
static void hold(struct world *world, struct node *node, bool on) {
  struct connector *connector = connector_of(node);
  if (connector->held == on) return;
  connector->held = on;
  if (on)
    world_hold(world, node);
  else
    world_unhold(world, node);
}

/* --- Its offset --- */

static void set_snapshot(struct world *world, struct node *node, bool on) {
  struct stored_offset *stored = stored_in(node);
  if (on && !stored->snapshot) world_hold(world, NULL);
  if (!on && stored->snapshot) world_unhold(world, NULL);
  stored->snapshot = on;
}

static void store_offset(struct world *world, struct node *node) {
  const struct connector *connector = connector_of(node);
  if (connector->position <= stored_in(node)->position || stored_in(node)->snapshot) return;
  stored_in(node)->position = connector->position;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  struct message *message = session_request(world, node, SLOT_CONFIRM, 0, 0, false);
  message->a = (int64_t)connector->position;
  world_send(world, node, message); /* what becomes of it does not matter: the next one says more */
}

static void on_flush(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  connector_of(node)->flush_armed = false;
  store_offset(world, node);
}

static void arm_flush(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  if (connector->flush_armed) return;
  connector->flush_armed = true;
  int64_t every = publisher_setting(world, KEY_CONNECTOR_FLUSH);
  int64_t runs = world->now.ns - connector->started.ns;
  world_after(world, node, PUBLISHER_PORT, TIMER_FLUSH, 0, span_of(every - runs % every));
}

/* --- Steps --- */

static void stop(struct world *world, struct node *node) {
  if (!MUTANT(CONNECTOR_STOPS_AT_ONCE)) store_offset(world, node);
  if (node->doomed) return;
  if (node->components[0]->terminate) return node->components[0]->terminate(world, node);
  node_exit(world, node);
}

static void read_changes(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  if (connector->stopping) return stop(world, node);
  hold(world, node, false);
  struct message *message = session_request(world, node, SLOT_READ, 0, 0, false);
  message->a = (int64_t)connector->position;
  message->b = connector->batch;
  message->c = (int64_t)stored_in(node)->position;
  ask(world, node, READING, message);
}

static void read_table(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  struct message *message = session_request(world, node, OUTBOX_SELECT, 0, 0, false);
  message->a = connector->batch;
  message->b = OUTBOX_BY_CURSOR;
  message->c = (int64_t)connector->row;
  ask(world, node, SNAPSHOT, message);
}

static void go_on(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  if (stored_in(node)->snapshot && !connector->stopping)
    read_table(world, node);
  else
    read_changes(world, node);
}

/* From what is stored, after a while. */
static void fail(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  connector->phase = WAITING;
  connector->position = stored_in(node)->position;
  connector->row = 0;
  hold(world, node, false);
  if (connector->stopping) return stop(world, node);
  world_after(world, node, PUBLISHER_PORT, TIMER_GO_ON, 0,
              span_of(publisher_setting(world, KEY_CONNECTOR_RESTART)));
}

static void create_slot(struct world *world, struct node *node) {
  hold(world, node, true);
  ask(world, node, CREATING, session_request(world, node, SLOT_CREATE, 0, 0, false));
}

/* A batch is published whole, or the connector fails. */
static void batch_done(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  if (connector->failed) return fail(world, node);
  uint64_t last = connector->rows[connector->count - 1].handle;
  if (stored_in(node)->snapshot)
    connector->row = last;
  else
    connector->position = last;
  arm_flush(world, node);
  go_on(world, node);
}

/* In order; the producer below may answer at once. */
static void publish(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  uint32_t count = connector->count;
  connector->phase = PUBLISHING;
  connector->failed = false;
  connector->awaited = count;
  hold(world, node, true);
  for (uint32_t i = 0; i < count && !node->doomed; i++) {
    const struct record *row = &connector->rows[i];
    struct operation_request event = {.intent = row->intent, .key = row->key, .size = row->size,
                                      .attempt = row->attempt};
    event.call = call_open_own(world, node, row->intent, i);
    node->components[0]->submit(world, node, &event);
  }
}

static void returned(struct world *world, struct node *node, uint64_t tag, enum outcome outcome) {
  (void)tag;
  struct connector *connector = connector_of(node);
  ASSERT(connector->phase == PUBLISHING && connector->awaited > 0); /* [I2] */
  if (outcome != OUTCOME_OK && outcome != OUTCOME_NONE) connector->failed = true;
  if (--connector->awaited == 0) batch_done(world, node);
}

/* --- What comes back --- */

static void take(struct world *world, struct node *node, const struct message *answer) {
  struct connector *connector = connector_of(node);
  connector->count = answer->record_count;
  for (uint32_t i = 0; i < connector->count; i++) connector->rows[i] = answer->records[i];
  publish(world, node);
}

/* A slot begins behind this position; what is missing before it may be in the table. */
static void begin(struct world *world, struct node *node, uint64_t position) {
  struct connector *connector = connector_of(node);
  connector->position = stored_in(node)->position = position;
  connector->row = 0;
  bool reads_table = publisher_setting(world, KEY_CONNECTOR_SNAPSHOT) == SNAPSHOT_WHEN_NEEDED;
  set_snapshot(world, node, reads_table && !MUTANT(CONNECTOR_NO_SNAPSHOT));
  go_on(world, node);
}

static void on_changes(struct world *world, struct node *node, struct message *answer) {
  if (!session_answered(world, &connector_of(node)->wait, answer)) return;
  switch (answer->a) {
  case DG_NOT_FOUND: return create_slot(world, node);
  case DG_CONFLICT: return begin(world, node, (uint64_t)answer->b); /* created, and it had not heard of it */
  default: return take(world, node, answer);
  }
}

static void on_rows(struct world *world, struct node *node, struct message *answer) {
  struct connector *connector = connector_of(node);
  if (!session_answered(world, &connector->wait, answer)) return;
  if (answer->record_count > 0) return take(world, node, answer);
  set_snapshot(world, node, false); /* that was the whole table */
  arm_flush(world, node);
  go_on(world, node);
}

static void on_answer(struct world *world, struct node *node, struct message *answer) {
  struct connector *connector = connector_of(node);
  if (!session_answered(world, &connector->wait, answer)) return; /* of a confirmation or a cleanup */
  if (answer->a != DG_OK) return fail(world, node);
  ASSERT_EQ(connector->phase, CREATING);
  begin(world, node, (uint64_t)answer->b);
}

/* A read that waits for long is asked again; of other requests nobody knows. */
static void on_answer_timeout(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct connector *connector = connector_of(node);
  session_timed_out(&connector->wait);
  if (connector->phase == READING)
    read_changes(world, node);
  else
    fail(world, node);
}

static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct connector *connector = connector_of(node);
  if (peer != session_database(world)->id || connector->wait.correlation == 0) return;
  session_lost(world, &connector->wait);
  fail(world, node);
}

static void on_go_on(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  if (connector_of(node)->phase == WAITING && !connector_of(node)->stopping) go_on(world, node);
}

static void on_cleanup(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  world_after(world, node, PUBLISHER_PORT, TIMER_CLEANUP, 0, span_of(publisher_setting(world, KEY_CLEANUP_EVERY)));
  world_send(world, node, cleanup_request(world, node)); /* one that fails is made good by the next */
}

/* --- Life --- */

static void terminate(struct world *world, struct node *node) {
  struct connector *connector = connector_of(node);
  connector->stopping = true;
  if (connector->phase == PUBLISHING) return;
  if (connector->wait.correlation) session_lost(world, &connector->wait);
  stop(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  const struct connector *connector = connector_of(node);
  return connector->awaited + (connector->position > stored_in(node)->position);
}

static size_t arena_bytes(const struct plan *plan) {
  return 4096 + (size_t)plan->publisher_settings.values[KEY_CONNECTOR_BATCH].i * sizeof(struct record);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[PUBLISHER_PORT]) node->disk[PUBLISHER_PORT] = calloc(1, sizeof(struct stored_offset));
  ASSERT(node->disk[PUBLISHER_PORT]);
  struct connector *connector = node->state[PUBLISHER_PORT] = ARENA_NEW(&node->arena, struct connector, 1);
  *connector = (struct connector){.batch = (uint32_t)publisher_setting(world, KEY_CONNECTOR_BATCH),
                                  .lane = session_lane(world),
                                  .started = world->now,
                                  .position = stored_in(node)->position};
  connector->rows = ARENA_NEW(&node->arena, struct record, connector->batch);
  if (node->index > 1) return;
  go_on(world, node);
  if (cleanup_is_here(world, node))
    world_after(world, node, PUBLISHER_PORT, TIMER_CLEANUP, 0, span_of(publisher_setting(world, KEY_CLEANUP_EVERY)));
}

static void disk_reset(struct world *world, struct node *node) {
  (void)world;
  if (stored_in(node)) *stored_in(node) = (struct stored_offset){0};
}

static void disk_free(struct node *node) {
  free(stored_in(node));
  node->disk[PUBLISHER_PORT] = NULL;
}

/* --- Tables --- */

static const char *const stages[] = {"running"};
static message_fn *const on[STORE_MESSAGE__COUNT] = {
    [STORE_ANSWER] = on_answer, [SLOT_CHANGES] = on_changes, [OUTBOX_ROWS] = on_rows};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_GO_ON] = on_go_on,
                                                 [TIMER_ANSWER] = on_answer_timeout,
                                                 [TIMER_FLUSH] = on_flush,
                                                 [TIMER_CLEANUP] = on_cleanup};
static const char *const timer_names[TIMER__COUNT] = {"restart", "statement-timeout", "offset-flush", "cleanup"};

const struct component connector_relay = {
    .name = "change data capture connector", .start = start, .on = on, .stage_names = stages,
    .stage_count = 1, .message_count = STORE_MESSAGE__COUNT, .messages = store_messages,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .arena_bytes = arena_bytes, .returned = returned, .terminate = terminate,
    .disconnected = disconnected, .busy = busy, .disk_reset = disk_reset, .disk_free = disk_free,
};
