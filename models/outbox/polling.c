#include "models/outbox/relay.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

enum { TIMER_POLL, TIMER_ANSWER, TIMER_CLEANUP, TIMER__COUNT };
enum phase { ASLEEP, READING, PUBLISHING, MARKING, COMMITTING, CLEANING };

struct relay {
  struct record *rows; /* of the batch under way */
  bool *confirmed;     /* each of them */
  uint32_t count, awaited; /* rows; publications that have not returned */
  uint32_t batch;
  enum phase phase;
  struct session_wait wait;
  uint32_t correlation, transactions;
  uint32_t transaction; /* number of the one that is open, 0 = none */
  uint16_t lane;
  bool held; /* the batch is (world_hold) */
  bool cleanup_due, stopping;
  bool again; /* behind a cleanup: the batch before it was full */
};

static struct relay *relay_of(const struct node *node) { return node->state[PUBLISHER_PORT]; }
static bool by_cursor(const struct world *world) {
  return MUTANT(RELAY_READS_BY_ID) || publisher_setting(world, KEY_POLL_CURSOR) == CURSOR_ID;
}
static bool locks(const struct world *world) {
  return publisher_setting(world, KEY_POLL_LOCK) == LOCK_SKIP_LOCKED;
}
static bool marks_first(const struct world *world) {
  return MUTANT(RELAY_MARKS_FIRST) || publisher_setting(world, KEY_POLL_MARK) == MARK_BEFORE_PUBLISH;
}

/* --- Statements --- */

static struct message *request(struct world *world, struct node *node, uint16_t kind, bool begins) {
  struct relay *relay = relay_of(node);
  uint64_t intent = relay->count ? relay->rows[0].intent : 0;
  return session_request(world, node, kind, intent, relay->transaction, begins);
}

static void ask(struct world *world, struct node *node, enum phase phase, struct message *message) {
  struct relay *relay = relay_of(node);
  relay->phase = phase;
  if (++relay->correlation == 0) relay->correlation = 1;
  session_ask(world, node, &relay->wait, message, relay->correlation, relay->lane, TIMER_ANSWER, 0);
}

/* --- A batch --- */

static void sleep_until_next(struct world *world, struct node *node, int64_t ns) {
  relay_of(node)->phase = ASLEEP;
  world_after(world, node, PUBLISHER_PORT, TIMER_POLL, 0, span_of(ns));
}

static void clean(struct world *world, struct node *node) {
  relay_of(node)->cleanup_due = false;
  ask(world, node, CLEANING, cleanup_request(world, node));
}

/* The batch is over, or there was none. `at_once`: there may be more. */
static void rest(struct world *world, struct node *node, bool at_once) {
  struct relay *relay = relay_of(node);
  if (relay->held) world_unhold(world, node);
  relay->held = false;
  relay->count = relay->awaited = 0;
  relay->transaction = 0;
  if (relay->stopping) {
    relay->phase = ASLEEP;
    if (node->components[0]->terminate) return node->components[0]->terminate(world, node);
    return node_exit(world, node);
  }
  relay->again = at_once;
  if (relay->cleanup_due) return clean(world, node);
  sleep_until_next(world, node, at_once ? 0 : publisher_setting(world, KEY_POLL_EVERY));
}

/* A statement has failed, or it is not known what came of it. The rows are as they were, or are marked. */
static void give_up(struct world *world, struct node *node, bool connected) {
  const struct relay *relay = relay_of(node);
  if (relay->transaction && connected) /* nobody waits for the answer */
    world_send(world, node, request(world, node, DATABASE_ROLLBACK, false));
  if (!node->doomed) rest(world, node, false);
}

static void read_rows(struct world *world, struct node *node) {
  struct relay *relay = relay_of(node);
  if (locks(world)) relay->transaction = ++relay->transactions;
  struct message *message = request(world, node, OUTBOX_SELECT, relay->transaction != 0);
  message->a = relay->batch;
  message->b = (by_cursor(world) ? OUTBOX_BY_CURSOR : 0) | (locks(world) ? OUTBOX_SKIP_LOCKED : 0);
  ask(world, node, READING, message);
}

/* Behind the last step of a batch. */
static void finish(struct world *world, struct node *node) {
  if (relay_of(node)->transaction) return ask(world, node, COMMITTING, request(world, node, DATABASE_COMMIT, false));
  rest(world, node, relay_of(node)->count == relay_of(node)->batch);
}

/* How many rows the mark is for; they stand in front then. [I2] */
static uint32_t to_mark(const struct world *world, struct relay *relay) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < relay->count; i++) {
    bool marks = marks_first(world) || relay->confirmed[i];
    if (!marks && by_cursor(world)) break;
    if (marks) relay->rows[count++] = relay->rows[i];
  }
  return count;
}

static void mark(struct world *world, struct node *node) {
  struct relay *relay = relay_of(node);
  uint32_t count = to_mark(world, relay);
  if (count == 0) return give_up(world, node, true);
  struct message *message =
      request(world, node, by_cursor(world) ? OUTBOX_MOVE_CURSOR : OUTBOX_MARK, false);
  if (by_cursor(world)) {
    message->a = (int64_t)relay->rows[count - 1].handle;
  } else {
    struct record *records = message_records(&world->messages, message, count);
    for (uint32_t i = 0; i < count; i++) records[i] = relay->rows[i];
  }
  ask(world, node, MARKING, message);
}

/* The producer below may answer at once; what came of the last one goes on. */
static void publish(struct world *world, struct node *node) {
  struct relay *relay = relay_of(node);
  uint32_t count = relay->count;
  relay->phase = PUBLISHING;
  relay->awaited = count;
  for (uint32_t i = 0; i < count; i++) relay->confirmed[i] = false;
  for (uint32_t i = 0; i < count && !node->doomed; i++) {
    const struct record *row = &relay->rows[i];
    struct operation_request event = {.intent = row->intent, .key = row->key, .size = row->size,
                                      .attempt = row->attempt};
    event.call = call_open_own(world, node, row->intent, i);
    node->components[0]->submit(world, node, &event);
  }
}

static void returned(struct world *world, struct node *node, uint64_t tag, enum outcome outcome) {
  struct relay *relay = relay_of(node);
  ASSERT(relay->phase == PUBLISHING && relay->awaited > 0);
  relay->confirmed[tag] = outcome == OUTCOME_OK || outcome == OUTCOME_NONE;
  if (--relay->awaited > 0) return;
  if (marks_first(world))
    rest(world, node, relay->count == relay->batch);
  else
    mark(world, node);
}

/* --- What comes back --- */

static void on_rows(struct world *world, struct node *node, struct message *answer) {
  struct relay *relay = relay_of(node);
  if (!session_answered(world, &relay->wait, answer)) return;
  relay->count = answer->record_count;
  if (relay->count == 0) return finish(world, node);
  for (uint32_t i = 0; i < relay->count; i++) relay->rows[i] = answer->records[i];
  world_hold(world, node);
  relay->held = true;
  if (marks_first(world))
    mark(world, node);
  else
    publish(world, node);
}

static void on_answer(struct world *world, struct node *node, struct message *answer) {
  struct relay *relay = relay_of(node);
  if (!session_answered(world, &relay->wait, answer)) return; /* to a ROLLBACK */
  if (answer->a != DG_OK) return give_up(world, node, true);
  if (relay->phase == COMMITTING) relay->transaction = 0;
  if (relay->phase == MARKING && relay->transaction) return finish(world, node);
  if (relay->phase != CLEANING && relay->count > 0 && marks_first(world)) return publish(world, node);
  rest(world, node, relay->phase == CLEANING ? relay->again : relay->count == relay->batch);
}

static void on_answer_timeout(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  session_timed_out(&relay_of(node)->wait);
  give_up(world, node, true);
}

static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct relay *relay = relay_of(node);
  if (peer != session_database(world)->id || relay->wait.correlation == 0) return;
  session_lost(world, &relay->wait);
  give_up(world, node, false);
}

static void on_poll(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  if (relay_of(node)->phase == ASLEEP && !relay_of(node)->stopping) read_rows(world, node);
}

static void on_cleanup(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  relay_of(node)->cleanup_due = true; /* when the batch under way is over, or the next */
  world_after(world, node, PUBLISHER_PORT, TIMER_CLEANUP, 0, span_of(publisher_setting(world, KEY_CLEANUP_EVERY)));
}

/* --- Life --- */

static void terminate(struct world *world, struct node *node) {
  struct relay *relay = relay_of(node);
  relay->stopping = true;
  if (relay->phase == ASLEEP) rest(world, node, false);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  return relay_of(node)->phase != ASLEEP;
}

static size_t arena_bytes(const struct plan *plan) {
  size_t batch = (size_t)plan->publisher_settings.values[KEY_POLL_BATCH].i;
  return 4096 + batch * (sizeof(struct record) + sizeof(bool));
}

/* Relays take turns at first: each begins a part of the interval later. One that comes back begins at once. */
static void start(struct world *world, struct node *node, enum start_reason reason) {
  struct relay *relay = node->state[PUBLISHER_PORT] = ARENA_NEW(&node->arena, struct relay, 1);
  *relay = (struct relay){.batch = (uint32_t)publisher_setting(world, KEY_POLL_BATCH),
                          .lane = session_lane(world)};
  relay->rows = ARENA_NEW(&node->arena, struct record, relay->batch);
  relay->confirmed = ARENA_NEW(&node->arena, bool, relay->batch);
  int64_t every = publisher_setting(world, KEY_POLL_EVERY);
  sleep_until_next(world, node, reason == START_AGAIN ? 0 : every * node->index / world->count[ROLE_RELAY]);
  if (!cleanup_is_here(world, node)) return;
  world_after(world, node, PUBLISHER_PORT, TIMER_CLEANUP, 0, span_of(publisher_setting(world, KEY_CLEANUP_EVERY)));
}

/* --- Tables --- */

static const char *const stages[] = {"polling"};
static message_fn *const on[STORE_MESSAGE__COUNT] = {[STORE_ANSWER] = on_answer, [OUTBOX_ROWS] = on_rows};
static timer_fn *const on_timer[TIMER__COUNT] = {
    [TIMER_POLL] = on_poll, [TIMER_ANSWER] = on_answer_timeout, [TIMER_CLEANUP] = on_cleanup};
static const char *const timer_names[TIMER__COUNT] = {"poll", "statement-timeout", "cleanup"};

const struct component polling_relay = {
    .name = "polling relay", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = STORE_MESSAGE__COUNT, .messages = store_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = TIMER__COUNT, .arena_bytes = arena_bytes,
    .returned = returned, .terminate = terminate, .disconnected = disconnected, .busy = busy,
};
