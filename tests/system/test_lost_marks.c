/* A database that fails over in the middle of a handler: which of its marks are lost, and what comes of it. */
#include "tests/system/rig.h"

#include "sim/handler/dgsim.h"

/* Marks, and then charges without a key: who has no mark charges once more. */
static int handle(struct dg_context *c, const struct dg_message *m) {
  const int status = dg_insert_unique(c, "processed", m->id);
  if (status == DG_EXISTS) return dg_suppress(c), DG_OK;
  if (status != DG_OK) return status;
  return dg_charge(c, 0, 1, NULL);
}
static const struct handler marks = {.name = "marks", .about = "of a test", .handle = handle,
                                     .uses = HANDLER_USES(DATABASE) | HANDLER_USES(PROVIDER)};

static const struct {
  const char *election, *delay;
  bool again; /* the mark of the second operation was lost: it is charged twice */
} rows[] = {
    {"unclean", "10s", true},
    {"unclean", "0s", false},
    {"clean", "10s", false},
};

/* It strikes at the handler's second step, another node than that of the step. What comes later is marked. */
START_TEST(a_mark_that_the_standby_lacks_is_lost) {
  static struct rig_text text;
  static const struct handler *handlers[64];
  struct registry registry = rig_registry();
  struct rig rig;
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof(struct handler *));
  handlers[registry.handler_count++] = &marks;
  registry.handlers = handlers;
  rig_add(&text, "format: 1\nname: marks\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 1/s, arrivals: steady, keys: 3}\n"
                 "topology: {producers: 1, consumers: 1}\nsystem: sqs-standard\nhandler: marks\n"
                 "provider: {name: plain, service_time: 10ms}\n"
                 "database: {name: transactional, replication_delay: %s}\n"
                 "faults:\n"
                 "  - {when: handler-step, intent: 2, attempt: 2, failover: database.1, election: %s, min_hits: 0}\n"
                 "  - {when: ack-applied, intent: 2, redeliver: this, for: 5s}\n"
                 "  - {when: ack-applied, intent: 3, redeliver: this, for: 5s}\n",
          rows[_i].delay, rows[_i].election);
  rig_load_with(&rig, text.bytes, &registry);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_int_eq(result.metrics[METRIC_MANY], rows[_i].again);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 3 - rows[_i].again);
  ck_assert_uint_eq(result.fault_hits[0] > 0, rows[_i].again);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_mark_that_the_standby_lacks_is_lost, 0, sizeof rows / sizeof *rows);
  return rig_main(suite_create("lost marks"), tests);
}
