/* Acknowledging everything up to a message: what was not done of that is lost, where a broker has it. */
#include "tests/system/rig.h"

#include "sim/handler/dgsim.h"

#define MS NS_PER_MS

static int (*acknowledges)(struct dg_context *);
static int told;

/* The first operation takes long, and fails the first time; the second is done before that. */
static int handle(struct dg_context *c, const struct dg_message *m) {
  if (m->id == 1 && m->delivery <= 1 && dg_insert_unique(c, "begun", 1) == DG_OK) {
    dg_sleep(c, 300 * MS);
    return DG_FAILED;
  }
  const int status = dg_apply(c);
  if (m->id == 2 && acknowledges) told = acknowledges(c);
  return status;
}
static const struct handler skips = {.name = "skips", .about = "of a test", .handle = handle,
                                     .uses = HANDLER_USES(DATABASE)};

static struct run_result run(struct rig *rig, const char *system, const char *more, int (*by)(struct dg_context *)) {
  static struct rig_text text;
  static const struct handler *handlers[64];
  struct registry registry = rig_registry();
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof(struct handler *));
  handlers[registry.handler_count++] = &skips;
  registry.handlers = handlers;
  text.length = 0;
  rig_add(&text, "format: 1\nname: all\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 50/s, arrivals: steady, keys: 3}\n"
                 "topology: {producers: 1, partitions: 1, consumers: 1, threads: 2}\nsystem: %s\nhandler: skips\n%s", system, more);
  acknowledges = by;
  told = -1;
  rig_load_with(rig, text.bytes, &registry);
  return rig_run(rig, 0, 1);
}

static int one(struct dg_context *c) { return dg_ack(c); }
static int all(struct dg_context *c) { return dg_ack_all(c); }

#define KILL "faults:\n  - {at: 250ms, kill: consumer.1, for: 50ms}\n"
static const struct {
  const char *system, *more;
  int told;
  int lost; /* of the three, when all up to the second are acknowledged */
} rows[] = {
    {"rabbitmq-confirms", "", DG_OK, 1},
    {"{name: rabbitmq-confirms, ack_batch: 10}", "", DG_OK, 1},
    {"rabbitmq-quorum", "", DG_OK, 1},
    {"rabbitmq-confirms", KILL, DG_OK, 1},
    {"{name: at-least-once, processing: handed-off, commit: auto}", "", DG_OK, 1},
    {"{name: at-least-once, processing: handed-off}", "", DG_OK, 1},
    {"{name: at-least-once, processing: handed-off, commit_interval: 50ms}", KILL, DG_OK, 1},
    {"at-least-once", "", DG_OK, 0}, /* one at a time: there is nothing before it */
    {"sqs-standard", "", DG_FAILED, 0},
};

START_TEST(what_was_not_done_of_it_is_lost) {
  struct rig rig;
  struct run_result result = run(&rig, rows[_i].system, rows[_i].more, all);
  ck_assert_int_eq(told, rows[_i].told);
  ck_assert(result.drained);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_int_eq(result.metrics[METRIC_LOST_ACKED], rows[_i].lost);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 3 - rows[_i].lost);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* The twin: acknowledged alone, the first comes back and is done; of a log, after a crash, what was behind it too. */
START_TEST(alone_nothing_is_lost) {
  struct rig rig;
  struct run_result result = run(&rig, rows[_i].system, rows[_i].more, one);
  ck_assert_int_eq(told, DG_OK);
  ck_assert(result.drained);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  ck_assert_int_eq(result.metrics[METRIC_ONCE] + result.metrics[METRIC_MANY], 3);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

enum { MANY = 1100 }; /* more than a message names */

static int waits_for_the_last(struct dg_context *c, const struct dg_message *m) {
  dg_apply(c);
  if (m->id == MANY) return dg_ack_all(c);
  dg_sleep(c, 20 * NS_PER_S);
  return DG_FAILED; /* of what is acknowledged already */
}

START_TEST(so_many_at_once_are_acknowledged_by_one) {
  static const struct handler waits = {.name = "waits", .about = "of a test", .handle = waits_for_the_last,
                                       .uses = HANDLER_USES(DATABASE)};
  static const struct handler *const handlers[] = {&waits};
  struct registry registry = rig_registry();
  registry.handlers = handlers, registry.handler_count = 1;
  struct rig_text text = {.length = 0};
  struct rig rig;
  rig_add(&text,
          "format: 1\nname: many\nmeasure_capacity: false\nluck: none\n"
          "workload: {messages: %d, rate: 1000/s, arrivals: steady, keys: 3}\n"
          "topology: {producers: 1, consumers: 1, threads: %d}\n"
          "system: {name: rabbitmq-confirms, prefetch: 0}\nhandler: waits\n", MANY, MANY);
  rig_load_with(&rig, text.bytes, &registry);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], MANY);
  ck_assert_int_eq(result.metrics[METRIC_DELIVERED], MANY);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

enum { LAST = 13 };

static int third_for_all(struct dg_context *c, const struct dg_message *m) {
  const int status = dg_apply(c);
  if (m->id == 1) dg_sleep(c, NS_PER_S); /* until all are there: who has nothing to do acknowledges at once */
  if (m->id == 3 && !m->redelivered) dg_ack_all(c);
  if (m->id == LAST && !m->redelivered) dg_sleep(c, 5 * NS_PER_S);
  return status;
}

/* Nine of a batch of ten are done since then, and a tenth is at work: none of them is acknowledged. */
START_TEST(a_batch_begins_anew_behind_it) {
  static const struct handler third = {.name = "third", .about = "of a test", .handle = third_for_all,
                                       .uses = HANDLER_USES(DATABASE)};
  static const struct handler *const handlers[] = {&third};
  struct registry registry = rig_registry();
  registry.handlers = handlers, registry.handler_count = 1;
  struct rig_text text = {.length = 0};
  struct rig rig;
  rig_add(&text,
          "format: 1\nname: anew\nmeasure_capacity: false\nluck: none\n"
          "workload: {messages: %d, rate: 50/s, arrivals: steady, keys: 3}\n"
          "topology: {producers: 1, consumers: 1, threads: 1}\n"
          "system: {name: rabbitmq-confirms, prefetch: 0, ack_batch: 10}\nhandler: third\n"
          "faults:\n  - {at: 2s, kill: consumer.1, for: 100ms}\n", LAST);
  rig_load_with(&rig, text.bytes, &registry);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_DELIVERIES], LAST - 3);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, what_was_not_done_of_it_is_lost, 0, sizeof rows / sizeof *rows);
  tcase_add_test(tests, so_many_at_once_are_acknowledged_by_one);
  tcase_add_test(tests, a_batch_begins_anew_behind_it);
  tcase_add_loop_test(tests, alone_nothing_is_lost, 0, sizeof rows / sizeof *rows);
  return rig_main(suite_create("acknowledge all"), tests);
}
