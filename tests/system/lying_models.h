/* Models that lie: each claims a guarantee and breaks it on purpose, without any fault. One for every anomaly
 * that a run can show. A second registry, for tests only.
 *
 *   lying_models_init(&models, lie, true); rig_load_with(&rig, text of lie_write(&text, lie), &models.registry)
 *
 * [I1] The verdict names what was claimed and not kept, and nothing else, although everything of `shows`
 *      has happened: of what was not claimed the contract allows it.
 * [I2] Nothing but `shows` has happened: an anomaly, and what cannot be without it.
 * [I3] The same scenario with a truthful model shows nothing.
 *
 * `misapplied` is not among them: in a run nobody says what an operation's content was. A check does, and
 * there the consumer is last_amount_wins of test_check_consumers.c.
 */
#ifndef TESTS_SYSTEM_LYING_MODELS_H
#define TESTS_SYSTEM_LYING_MODELS_H

#include "models/sqs/store.h"
#include "models/sqs/wire.h"
#include "sim/handler/dgsim.h"
#include "tests/system/rig.h"

extern const struct system system_sqs_standard, system_at_least_once;
extern const struct publisher publisher_outbox_polling;

/* --- Handlers --- */

static int forgets(struct dg_context *c, const struct dg_message *message) {
  (void)message;
  dg_work(c);
  return DG_OK; /* and has done nothing */
}
static int suppresses(struct dg_context *c, const struct dg_message *message) {
  (void)message;
  dg_suppress(c); /* what it has never seen */
  return DG_OK;
}
static int applies_twice(struct dg_context *c, const struct dg_message *message) {
  (void)message;
  dg_apply(c);
  return dg_apply(c);
}
static int refuses_the_first(struct dg_context *c, const struct dg_message *message) {
  return message->delivery == 1 ? DG_FAILED : dg_apply(c);
}
static int refuses_one(struct dg_context *c, const struct dg_message *message) {
  return message->id == 1 ? DG_FAILED : dg_apply(c);
}
static int writes_what_it_likes(struct dg_context *c, const struct dg_message *message) {
  dg_apply(c);
  return dg_put(c, "balance", message->key, 1000);
}
static int takes_its_time(struct dg_context *c, const struct dg_message *message) {
  if (message->id == 1) dg_sleep(c, 3 * INT64_C(1000000000));
  return dg_apply(c);
}
static int applies(struct dg_context *c, const struct dg_message *message) {
  (void)message;
  return dg_apply(c);
}

/* --- A broker that invents, an application that does not tell its database --- */

static void invents(struct world *world, struct node *node, struct message *request) {
  world_fact(world, FACT_EFFECT, node->id, 1000, (uint64_t)world->now.ns, 0);
  system_sqs_standard.components[ROLE_BROKER]->on[SQS_SEND](world, node, request);
}
static void submits_past_the_database(struct world *world, struct node *node,
                                      const struct operation_request *request) {
  node->components[0]->submit(world, node, request);
}

/* --- The table --- */

struct lie {
  const char *about;
  enum anomaly anomaly;
  uint32_t claims; /* what never happens, it says: that, and what would allow it */
  uint32_t shows;
  int (*handle)(struct dg_context *, const struct dg_message *);
  const struct system *system;
  const char *keys, *workload; /* in YAML, to be added */
  message_fn *on_send;         /* of the broker; NULL = the system's own */
  bool bypasses;               /* a publisher whose application does not write to its database */
};

#define BIT(id) CLAIM_BIT(id)
#define LOSSES (BIT(LOST_ACKED) | BIT(LOST_UNACKED))
#define TWICE (BIT(REEXECUTIONS) | BIT(DUPLICATE_EFFECTS) | BIT(STATE_ERRORS))
#define QUEUE &system_sqs_standard, ", visibility_timeout: 10s"
#define IMPATIENT &system_sqs_standard, ", visibility_timeout: 1s, after_failure: make-visible"
static const struct lie lies[] = {
    {"says that it is done", ANOMALY_LOST_ACKED, BIT(LOST_ACKED), BIT(LOST_ACKED) | BIT(STATE_ERRORS), forgets,
     QUEUE, "", NULL, false},
    {"says so to nobody", ANOMALY_LOST_UNACKED, BIT(LOST_UNACKED), BIT(LOST_UNACKED) | BIT(STATE_ERRORS), forgets,
     &system_at_least_once, ", acks: 0", "", NULL, false},
    {"wants everything twice", ANOMALY_DUPLICATE_DELIVERIES, BIT(DUPLICATE_DELIVERIES), BIT(DUPLICATE_DELIVERIES),
     refuses_the_first, IMPATIENT, "", NULL, false},
    {"writes everything twice", ANOMALY_REEXECUTIONS, BIT(REEXECUTIONS), BIT(REEXECUTIONS), applies_twice, QUEUE,
     ", operation: put", NULL, false},
    {"adds everything twice", ANOMALY_DUPLICATE_EFFECTS, BIT(DUPLICATE_EFFECTS), TWICE, applies_twice, QUEUE, "",
     NULL, false},
    {"writes what it likes", ANOMALY_STATE_ERRORS, BIT(STATE_ERRORS), BIT(STATE_ERRORS), writes_what_it_likes,
     QUEUE, "", NULL, false},
    {"takes the new for known", ANOMALY_FALSE_SUPPRESSIONS, BIT(FALSE_SUPPRESSIONS),
     BIT(FALSE_SUPPRESSIONS) | BIT(LOST_ACKED) | BIT(STATE_ERRORS), suppresses, QUEUE, "", NULL, false},
    {"invents operations", ANOMALY_PHANTOMS, BIT(PHANTOMS), BIT(PHANTOMS), applies, QUEUE, "", invents, false},
    {"does the first last", ANOMALY_REORDERED, BIT(REORDERED), BIT(REORDERED), takes_its_time, QUEUE, "", NULL,
     false},
    {"writes the first last", ANOMALY_STALE_OVERWRITES,
     BIT(STALE_OVERWRITES) | BIT(REORDERED) | BIT(REEXECUTIONS),
     BIT(STALE_OVERWRITES) | BIT(REORDERED) | BIT(STATE_ERRORS), takes_its_time, QUEUE, ", operation: put", NULL,
     false},
    {"sets aside what it could do", ANOMALY_DEAD_LETTERED, BIT(DEAD_LETTERED),
     BIT(DEAD_LETTERED) | BIT(DUPLICATE_DELIVERIES) | BIT(STATE_ERRORS), refuses_one, IMPATIENT ", max_receive_count: 2",
     "", NULL, false},
    {"never gets one done", ANOMALY_STUCK, BIT(STUCK), BIT(STUCK) | BIT(DUPLICATE_DELIVERIES) | BIT(STATE_ERRORS),
     refuses_one, IMPATIENT, "", NULL, false},
    {"publishes what it has not written", ANOMALY_STORE_DISAGREEMENTS, BIT(STORE_DISAGREEMENTS) | LOSSES,
     BIT(STORE_DISAGREEMENTS) | BIT(PHANTOMS), applies, QUEUE, "", NULL, true},
};
enum { LIE_COUNT = sizeof lies / sizeof *lies };

#define LYING_MESSAGES_MAX 64

struct lying_models {
  message_fn *on[LYING_MESSAGES_MAX];
  struct component broker, application;
  struct publisher publisher;
  struct system system;
  struct handler handler;
  const struct system *systems[1];
  const struct handler *handlers[1];
  const struct publisher *publishers[1];
  struct registry registry;
};

/* The models of a lie, or, where it tells the truth, those that it is made of. They stay in use for as long
 * as anything that was loaded with models->registry. */
static inline void lying_models_init(struct lying_models *models, const struct lie *lie, bool lies_now) {
  const struct component *broker = lie->system->components[ROLE_BROKER];
  *models = (struct lying_models){.registry = rig_registry(), .broker = *broker, .system = *lie->system,
                                  .publisher = publisher_outbox_polling};
  ck_assert_uint_le((size_t)broker->stage_count * broker->message_count, LYING_MESSAGES_MAX);
  for (uint32_t i = 0; i < (uint32_t)broker->stage_count * broker->message_count; i++) models->on[i] = broker->on[i];
  if (lies_now && lie->on_send) models->on[SQS_SEND] = lie->on_send;
  models->broker.on = models->on;
  models->system.name = "liar";
  models->system.components[ROLE_BROKER] = &models->broker;
  models->system.allows = ((UINT32_C(1) << ANOMALY__COUNT) - 1) & ~lie->claims;
  models->handler = (struct handler){.name = "liar", .about = lie->about,
                                     .handle = lies_now ? lie->handle : applies, .uses = HANDLER_USES(DATABASE)};
  models->application = *publisher_outbox_polling.application;
  if (lies_now && lie->bypasses) models->application.submit = submits_past_the_database;
  models->publisher.name = "liar";
  models->publisher.application = &models->application;
  models->publisher.allows = CLAIM_NOTHING;
  models->systems[0] = &models->system;
  models->handlers[0] = &models->handler;
  models->publishers[0] = &models->publisher;
  models->registry.systems = models->systems, models->registry.system_count = 1;
  models->registry.handlers = models->handlers, models->registry.handler_count = 1;
  models->registry.publishers = models->publishers, models->registry.publisher_count = 1;
}

static inline void lie_write(struct rig_text *text, const struct lie *lie) {
  text->length = 0;
  rig_add(text, "format: 1\nname: lie\nluck: none\nmeasure_capacity: false\ndrain_limit: 20s\n");
  rig_add(text, "workload: {messages: 4, rate: 2/s, arrivals: steady, keys: 1%s}\n", lie->workload);
  rig_add(text, "topology: {producers: 1, brokers: 1, partitions: 1, consumers: 2}\n");
  rig_add(text, "system: {name: liar%s}\nhandler: liar\n", lie->keys);
  if (lie->bypasses) rig_add(text, "publisher: liar\n");
}

#endif
