/* A message that is handed out once more, whatever has become of it. */
#include "tests/system/rig.h"

#include "sim/handler/dgsim.h"

#define MS NS_PER_MS

static uint64_t message_ids[16];
static size_t deliveries;

static int handle(struct dg_context *c, const struct dg_message *m) {
  if (m->id == 2) message_ids[deliveries++] = m->message_id;
  return dg_apply(c);
}
static const struct handler looks = {.name = "looks", .about = "of a test", .handle = handle,
                                     .uses = HANDLER_USES(DATABASE)};

/* Loads one row, and runs it; or two, of which the second is of another system. */
static struct run_result run(struct rig *rig, const char *fault, const char *other, size_t row) {
  static struct rig_text text;
  static const struct handler *handlers[64];
  struct registry registry = rig_registry();
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof(struct handler *));
  handlers[registry.handler_count++] = &looks;
  registry.handlers = handlers;
  text.length = deliveries = 0;
  rig_add(&text, "format: 1\nname: again\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 50/s, arrivals: steady, keys: 3}\n"
                 "topology: {producers: 1, consumers: 1}\nhandler: looks\ncompare:\n"
                 "  - {label: one, system: sqs-standard}\n%sfaults:\n  - {%s}\n", other, fault);
  rig_load_with(rig, text.bytes, &registry);
  return rig_run(rig, row, 1);
}

static const struct {
  const char *fault;
  size_t deliveries;
} rows[] = {
    {"when: ack-applied, intent: 2, redeliver: this, for: 2s", 2},
    {"when: before ack-applied, intent: 2, redeliver: this, for: 2h", 2},
    {"when: delivered, intent: 2, redeliver: this, for: 1ms", 2},
    {"when: handled, intent: 2, redeliver: this, for: 10ms", 2},
    {"when: publish-sent, intent: 2, redeliver: this, for: 10ms, min_hits: 0", 1}, /* nobody has had it */
};

START_TEST(it_comes_once_more_and_is_the_same_message) {
  struct rig rig;
  struct run_result result = run(&rig, rows[_i].fault, "", 0);
  ck_assert(result.drained);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_uint_eq(deliveries, rows[_i].deliveries);
  ck_assert_uint_eq(result.fault_hits[0], rows[_i].deliveries - 1);
  for (size_t i = 1; i < deliveries; i++) ck_assert_uint_eq(message_ids[i], message_ids[0]);
  ck_assert_int_eq(result.metrics[METRIC_MANY], rows[_i].deliveries > 1);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 3 - (int64_t)(rows[_i].deliveries > 1));
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* Beside a system that does not know it: not applicable there, nothing happens. */
START_TEST(others_do_not_understand_it) {
  static const char *const others[] = {"sqs-fifo", "at-least-once", "rabbitmq-confirms"};
  char other[100];
  struct rig rig;
  snprintf(other, sizeof other, "  - {label: other, system: %s}\n", others[_i]);
  struct run_result result = run(&rig, rows[0].fault, other, 1);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 3);
  ck_assert_uint_eq(result.fault_applies[0], 0);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, it_comes_once_more_and_is_the_same_message, 0, sizeof rows / sizeof *rows);
  tcase_add_loop_test(tests, others_do_not_understand_it, 0, 3);
  return rig_main(suite_create("redeliver"), tests);
}
