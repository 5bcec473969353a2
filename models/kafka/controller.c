#include "models/kafka/controller.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

#include <stdlib.h>

enum { TIMER_BROKER_SESSION, CONTROLLER_TIMER__COUNT };

struct controller {         /* volatile */
  uint32_t *sessions;       /* by broker: timer, TIMER_NONE */
  struct message **parked;  /* by broker: its METADATA_FETCH, NULL */
  uint64_t *known;          /* by broker: version that its last fetch had */
  uint64_t *shutdown_since; /* by broker: version at which its shutdown was done */
  uint16_t session_lane;
};

static struct controller *controller_of(const struct node *node) { return node->state[0]; }

struct record partition_record(uint32_t topic_partition, const struct partition_state *state) {
  return (struct record){.key = topic_partition,
                         .extra = state->leader,
                         .flags = state->isr,
                         .handle = (uint64_t)state->leader_epoch << 32 | state->partition_epoch};
}

struct partition_state partition_of_record(const struct record *record) {
  return (struct partition_state){.leader = record->extra,
                                  .isr = record->flags,
                                  .leader_epoch = (uint32_t)(record->handle >> 32),
                                  .partition_epoch = (uint32_t)record->handle};
}

/* --- Telling brokers what is new --- */

static uint32_t newer(const struct controller_disk *disk, uint64_t version, struct record *out) {
  uint32_t count = 0;
  for (uint32_t b = 0; b < disk->broker_count; b++) {
    const struct broker_state *broker = &disk->brokers[b];
    if (disk->broker_versions[b] <= version) continue;
    uint16_t flags = (uint16_t)(1 | broker->fenced << 1 | broker->shutting_down << 2);
    if (out) out[count] = (struct record){.key = b, .extra = broker->epoch, .count = flags};
    count++;
  }
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    if (disk->partition_versions[p] <= version) continue;
    if (out) out[count] = partition_record(p, &disk->partitions[p]);
    count++;
  }
  return count;
}

static void answer_metadata(struct world *world, struct node *node, const struct message *request) {
  const struct controller_disk *disk = controller_disk(node);
  struct message *answer = world_answer(world, node, request, WIRE_METADATA_FETCHED);
  answer->a = (int64_t)disk->version;
  uint32_t count = newer(disk, (uint64_t)request->a, NULL);
  if (count > 0)
    newer(disk, (uint64_t)request->a, message_records(&world->messages, answer, count));
  world_send(world, node, answer);
}

/* To be called at the end of a step that may have changed something. */
static void publish(struct world *world, struct node *node) {
  struct controller *controller = controller_of(node);
  for (uint32_t b = 0; b < world->count[ROLE_BROKER] && !node->doomed; b++) {
    struct message *request = controller->parked[b];
    if (!request || (uint64_t)request->a >= controller_disk(node)->version) continue;
    controller->parked[b] = NULL;
    answer_metadata(world, node, request);
    world_release(world, request);
  }
}

static uint32_t broker_index(const struct world *world, const struct message *message) {
  return message->from - world->first[ROLE_BROKER];
}

static void on_metadata_fetch(struct world *world, struct node *node, struct message *request) {
  struct controller *controller = controller_of(node);
  uint32_t broker = broker_index(world, request);
  controller->known[broker] = (uint64_t)request->a;
  if (controller->parked[broker]) world_release(world, controller->parked[broker]);
  controller->parked[broker] = request;
  world_take(request);
  publish(world, node);
}

/* --- Elections --- */

static void partition_changed(struct controller_disk *disk, uint32_t partition) {
  disk->partitions[partition].partition_epoch++;
  disk->partition_versions[partition] = disk->version;
}

static void lead(struct controller_disk *disk, uint32_t partition, uint32_t leader) {
  struct partition_state *state = &disk->partitions[partition];
  if (state->leader != NO_BROKER) disk->last_leaders[partition] = state->leader;
  state->leader = leader;
  state->leader_epoch++;
}

static bool may_lead(const struct controller_disk *disk, uint32_t broker) {
  return !disk->brokers[broker].fenced && !disk->brokers[broker].shutting_down;
}

/* The first of the replicas in `set` that lives, NO_BROKER. */
static uint32_t candidate(const struct world *world, const struct controller_disk *disk,
                          uint32_t partition, uint16_t set) {
  for (uint32_t n = 0; n < replica_count(world); n++) {
    uint32_t broker = replica_broker(world, partition, n);
    if (((set >> n) & 1) && may_lead(disk, broker)) return broker;
  }
  return NO_BROKER;
}

static bool keeps_eligible(const struct world *world) {
  return kafka_setting(world, KEY_ELIGIBLE_LEADER_REPLICAS);
}

static void set_isr(const struct world *world, struct controller_disk *disk, uint32_t partition,
                    uint16_t isr) {
  struct partition_state *state = &disk->partitions[partition];
  if (keeps_eligible(world)) {
    int64_t least = kafka_setting(world, KEY_MIN_INSYNC_REPLICAS);
    uint16_t had = (uint16_t)((state->isr | disk->eligible[partition]) & ~isr);
    disk->eligible[partition] = __builtin_popcount(isr) < least ? had : 0;
  }
  state->isr = isr;
}

static bool unclean_allowed(const struct world *world) {
  return kafka_setting(world, KEY_UNCLEAN_ELECTION) || MUTANT(KAFKA_UNCLEAN_ANYWAY);
}

/* Who may lead though nobody in sync can, in this order: the eligible, the last leader when there is
 * neither, and anybody if that is allowed. */
static uint32_t substitute(const struct world *world, const struct controller_disk *disk,
                           uint32_t partition) {
  uint32_t leader = candidate(world, disk, partition, disk->eligible[partition]);
  if (leader == NO_BROKER && disk->partitions[partition].isr == 0 &&
      disk->eligible[partition] == 0 && may_lead(disk, disk->last_leaders[partition]))
    leader = disk->last_leaders[partition];
  if (leader == NO_BROKER && unclean_allowed(world))
    leader = candidate(world, disk, partition, UINT16_MAX);
  return leader;
}

/* A partition without a leader gets one, if anybody may be it. True: it was given one. */
static bool elect(const struct world *world, struct controller_disk *disk, uint32_t partition) {
  uint32_t leader = candidate(world, disk, partition, disk->partitions[partition].isr);
  if (leader == NO_BROKER) {
    leader = substitute(world, disk, partition);
    if (leader == NO_BROKER) return false;
    uint16_t alone = (uint16_t)(1u << replica_place(world, partition, leader)); /* [I1] */
    set_isr(world, disk, partition, alone);
  }
  lead(disk, partition, leader);
  return true;
}

/* A broker may not be leader or in sync any more; `lost`: nor eligible. */
static void exclude(const struct world *world, struct controller_disk *disk, uint32_t broker,
                    bool lost) {
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    uint32_t place = replica_place(world, p, broker);
    if (place >= replica_count(world)) continue;
    struct partition_state *state = &disk->partitions[p];
    const struct partition_state before = *state;
    uint16_t own = (uint16_t)(1u << place);
    if (state->isr & own && (state->isr != own || keeps_eligible(world)))
      set_isr(world, disk, p, (uint16_t)(state->isr & ~own));
    if (lost) disk->eligible[p] &= (uint16_t)~own;
    if (state->leader == broker && !elect(world, disk, p)) lead(disk, p, NO_BROKER);
    if (state->leader != before.leader || state->isr != before.isr) partition_changed(disk, p);
  }
}

static void fence(const struct world *world, struct controller_disk *disk, uint32_t broker) {
  disk->version++;
  disk->brokers[broker].fenced = true;
  disk->broker_versions[broker] = disk->version;
  exclude(world, disk, broker, false);
}

static void unfence(const struct world *world, struct controller_disk *disk, uint32_t broker) {
  disk->version++;
  disk->brokers[broker].fenced = false;
  disk->broker_versions[broker] = disk->version;
  for (uint32_t p = 0; p < disk->partition_count; p++)
    if (disk->partitions[p].leader == NO_BROKER && elect(world, disk, p))
      partition_changed(disk, p);
}

/* --- Brokers --- */

static void start_session(struct world *world, struct node *node, uint32_t broker) {
  struct controller *controller = controller_of(node);
  if (controller->sessions[broker] != TIMER_NONE) world_cancel(world, controller->sessions[broker]);
  controller->sessions[broker] =
      world_timer(world, node, 0, controller->session_lane, TIMER_BROKER_SESSION, broker);
}

static void end_session(struct world *world, struct node *node, uint32_t broker) {
  struct controller *controller = controller_of(node);
  if (controller->sessions[broker] != TIMER_NONE) world_cancel(world, controller->sessions[broker]);
  controller->sessions[broker] = TIMER_NONE;
}

static void on_session(struct world *world, struct node *node, uint64_t broker) {
  controller_of(node)->sessions[broker] = TIMER_NONE;
  world_fact(world, FACT_EXPIRED, node->id, 0, world->first[ROLE_BROKER] + broker, 0);
  fence(world, controller_disk(node), (uint32_t)broker);
  publish(world, node);
}

/* A new incarnation has to wait until the session of the old one is over: DUPLICATE_BROKER_REGISTRATION
 * (ClusterControlManager.registerBroker). */
static void on_register(struct world *world, struct node *node, struct message *request) {
  struct controller_disk *disk = controller_disk(node);
  uint32_t broker = broker_index(world, request);
  struct broker_state *state = &disk->brokers[broker];
  struct message *answer = world_answer(world, node, request, WIRE_REGISTERED);
  uint32_t epoch = (uint32_t)request->a;
  if (epoch < state->epoch) {
    answer->a = KAFKA_STALE_BROKER_EPOCH;
  } else if (epoch > state->epoch && !state->fenced && !state->shutting_down) {
    answer->a = KAFKA_DUPLICATE_BROKER;
  } else if (epoch > state->epoch) {
    end_session(world, node, broker);
    bool unclean = !state->clean;
    *state = (struct broker_state){.epoch = epoch, .fenced = true};
    disk->broker_versions[broker] = ++disk->version;
    if (unclean && keeps_eligible(world)) exclude(world, disk, broker, true);
  }
  world_send(world, node, answer);
  publish(world, node);
}

static bool all_know(const struct world *world, const struct node *node, uint64_t version) {
  const struct controller_disk *disk = controller_disk(node);
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    if (!disk->brokers[b].fenced && controller_of(node)->known[b] < version) return false;
  return true;
}

/* A controlled shutdown: leaders move first, then, when all brokers know, it may go. */
static bool shut_down(struct world *world, struct node *node, uint32_t broker) {
  struct controller_disk *disk = controller_disk(node);
  struct controller *controller = controller_of(node);
  if (!disk->brokers[broker].shutting_down) {
    disk->brokers[broker].shutting_down = true;
    disk->broker_versions[broker] = ++disk->version;
    exclude(world, disk, broker, false);
  }
  if (controller->shutdown_since[broker] == 0) controller->shutdown_since[broker] = disk->version;
  if (!all_know(world, node, controller->shutdown_since[broker])) return false;
  end_session(world, node, broker);
  fence(world, disk, broker);
  disk->brokers[broker].clean = true;
  return true;
}

static void on_heartbeat(struct world *world, struct node *node, struct message *request) {
  struct controller_disk *disk = controller_disk(node);
  uint32_t broker = broker_index(world, request);
  struct broker_state *state = &disk->brokers[broker];
  struct message *answer = world_answer(world, node, request, WIRE_BROKER_HEARTBEAT_ANSWER);
  if (state->epoch != (uint32_t)request->a) {
    answer->a = KAFKA_STALE_BROKER_EPOCH;
  } else if (request->b) {
    if (!state->fenced) start_session(world, node, broker);
    answer->b = state->fenced || shut_down(world, node, broker);
  } else {
    start_session(world, node, broker);
    if (state->fenced && !state->shutting_down) unfence(world, disk, broker);
  }
  world_send(world, node, answer);
  publish(world, node);
}

/* --- In-sync sets --- */

/* Members that the leader has seen in an incarnation that is gone must not come in (KIP-903). */
static bool eligible(const struct controller_disk *disk, const struct record *members,
                     uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct broker_state *broker = &disk->brokers[members[i].key];
    if (broker->fenced || broker->shutting_down || broker->epoch != members[i].extra) return false;
  }
  return true;
}

/* What has become of the partitions of a request. */
static void answer_states(struct world *world, const struct controller_disk *disk,
                          const struct message *request, struct message *answer) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < request->record_count; i++)
    count += !record_is_broker(&request->records[i]);
  if (count == 0) return;
  struct record *records = message_records(&world->messages, answer, count);
  for (uint32_t i = 0, at = 0; i < request->record_count; i++) {
    uint32_t partition = request->records[i].key;
    if (!record_is_broker(&request->records[i]))
      records[at++] = partition_record(partition, &disk->partitions[partition]);
  }
}

static void on_alter(struct world *world, struct node *node, struct message *request) {
  struct controller_disk *disk = controller_disk(node);
  uint32_t broker = broker_index(world, request);
  struct message *answer = world_answer(world, node, request, WIRE_PARTITION_ALTERED);
  bool stale = disk->brokers[broker].epoch != (uint32_t)request->a || disk->brokers[broker].fenced;
  if (stale) answer->a = KAFKA_STALE_BROKER_EPOCH;
  if (!stale) disk->version++;
  for (uint32_t i = 0; i < request->record_count && !stale;) {
    const struct record *record = &request->records[i++];
    uint32_t members = i;
    while (i < request->record_count && record_is_broker(&request->records[i])) i++;
    struct partition_state wanted = partition_of_record(record);
    struct partition_state *state = &disk->partitions[record->key];
    if (state->leader != broker || state->leader_epoch != wanted.leader_epoch ||
        state->partition_epoch != wanted.partition_epoch ||
        !eligible(disk, &request->records[members], i - members))
      continue;
    ASSERT((wanted.isr >> replica_place(world, record->key, broker)) & 1); /* [I1] */
    set_isr(world, disk, record->key, wanted.isr);
    partition_changed(disk, record->key);
  }
  if (!stale) answer_states(world, disk, request, answer);
  publish(world, node);
  if (!node->doomed) world_send(world, node, answer);
}

/* An administrator moves what a broker leads to another replica (kafka-leader-election.sh): one in sync,
 * or, unclean, the next that lives. */
static void on_elect(struct world *world, struct node *node, struct message *request) {
  struct controller_disk *disk = controller_disk(node);
  uint32_t broker = broker_index(world, request);
  disk->version++;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    struct partition_state *state = &disk->partitions[p];
    uint16_t own = (uint16_t)(1u << replica_place(world, p, broker));
    if (state->leader != broker) continue;
    uint16_t set = (uint16_t)((request->a ? UINT16_MAX : state->isr) & ~own);
    uint32_t leader = candidate(world, disk, p, request->a ? set & (uint16_t)~state->isr : set);
    if (leader == NO_BROKER) leader = candidate(world, disk, p, set);
    if (leader == NO_BROKER) continue;
    uint16_t place = (uint16_t)(1u << replica_place(world, p, leader));
    if (!(state->isr & place)) set_isr(world, disk, p, place);
    lead(disk, p, leader);
    partition_changed(disk, p);
  }
  world_send(world, node, world_answer(world, node, request, WIRE_LEADERS_ELECTED));
  if (!node->doomed) publish(world, node);
}

/* --- Living and dying --- */

static void reset(const struct world *world, struct controller_disk *disk) {
  disk->version = 1;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    disk->partitions[p] = partition_first(world, p);
    disk->partition_versions[p] = 1;
    disk->eligible[p] = 0;
    disk->last_leaders[p] = disk->partitions[p].leader;
  }
  for (uint32_t b = 0; b < disk->broker_count; b++) {
    disk->brokers[b] = (struct broker_state){.epoch = 1};
    disk->broker_versions[b] = 1;
  }
}

static void make_disk(struct world *world, struct node *node) {
  struct controller_disk *disk = node->disk[0] = calloc(1, sizeof *disk);
  ASSERT(disk);
  disk->partition_count = kafka_topic_partitions(world);
  disk->broker_count = world->count[ROLE_BROKER];
  disk->partitions = calloc(disk->partition_count, sizeof *disk->partitions);
  disk->partition_versions = calloc(disk->partition_count, sizeof *disk->partition_versions);
  disk->eligible = calloc(disk->partition_count, sizeof *disk->eligible);
  disk->last_leaders = calloc(disk->partition_count, sizeof *disk->last_leaders);
  disk->brokers = calloc(disk->broker_count, sizeof *disk->brokers);
  disk->broker_versions = calloc(disk->broker_count, sizeof *disk->broker_versions);
  ASSERT(disk->eligible && disk->last_leaders);
  ASSERT(disk->partitions && disk->partition_versions && disk->brokers && disk->broker_versions);
  reset(world, disk);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[0]) make_disk(world, node);
  uint32_t brokers = world->count[ROLE_BROKER];
  struct controller *controller = node->state[0] = ARENA_NEW(&node->arena, struct controller, 1);
  controller->sessions = ARENA_NEW(&node->arena, uint32_t, brokers);
  controller->parked = ARENA_NEW(&node->arena, struct message *, brokers);
  controller->known = ARENA_NEW(&node->arena, uint64_t, brokers);
  controller->shutdown_since = ARENA_NEW(&node->arena, uint64_t, brokers);
  controller->session_lane =
      world_lane(world, span_of(kafka_setting(world, KEY_BROKER_SESSION_TIMEOUT)));
  for (uint32_t b = 0; b < brokers; b++) {
    controller->sessions[b] = TIMER_NONE;
    if (!controller_disk(node)->brokers[b].fenced) start_session(world, node, b);
  }
}

static void crash(struct world *world, struct node *node, bool power) {
  (void)power;
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    if (controller_of(node)->parked[b]) world_release(world, controller_of(node)->parked[b]);
}

static size_t arena_bytes(const struct plan *plan) { return 4096 + plan->counts[ROLE_BROKER] * 64; }

static void disk_reset(struct world *world, struct node *node) {
  if (node->disk[0]) reset(world, node->disk[0]);
}

static void disk_free(struct node *node) {
  struct controller_disk *disk = controller_disk(node);
  if (!disk) return;
  free(disk->partitions);
  free(disk->partition_versions);
  free(disk->eligible);
  free(disk->last_leaders);
  free(disk->brokers);
  free(disk->broker_versions);
  free(disk);
  node->disk[0] = NULL;
}

static message_fn *const on[WIRE__COUNT] = {
    [WIRE_REGISTER] = on_register,
    [WIRE_BROKER_HEARTBEAT] = on_heartbeat,
    [WIRE_METADATA_FETCH] = on_metadata_fetch,
    [WIRE_ALTER_PARTITION] = on_alter,
    [WIRE_ELECT_LEADERS] = on_elect,
};
static const char *const stage_names[] = {"up"};
static timer_fn *const on_timer[CONTROLLER_TIMER__COUNT] = {[TIMER_BROKER_SESSION] = on_session};
static const char *const timer_names[] = {"broker-session"};

const struct component kafka_controller_node = {
    .name = "kafka controller",
    .start = start,
    .on = on,
    .stage_names = stage_names,
    .stage_count = 1,
    .message_count = WIRE__COUNT,
    .messages = wire_kinds,
    .on_timer = on_timer,
    .timer_names = timer_names,
    .timer_count = CONTROLLER_TIMER__COUNT,
    .arena_bytes = arena_bytes,
    .crash = crash,
    .disk_reset = disk_reset,
    .disk_free = disk_free,
};
