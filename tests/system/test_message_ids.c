/* The broker's own ids: of each copy that it has stored, whoever gets it and however often. */
#include "tests/system/rig.h"

#include "sim/handler/dgsim.h"

#define SEEN_MAX 64
static struct {
  uint64_t id, message_id;
} seen[SEEN_MAX];
static size_t seen_count;

/* The first delivery of operation 1 is not done. */
static int handle(struct dg_context *c, const struct dg_message *m) {
  ck_assert_uint_lt(seen_count, SEEN_MAX);
  seen[seen_count].id = m->id;
  seen[seen_count++].message_id = m->message_id;
  if (m->id == 1 && dg_insert_unique(c, "begun", 1) == DG_OK) return DG_FAILED;
  return dg_apply(c);
}
static const struct handler looks = {.name = "looks", .about = "of a test", .handle = handle,
                                     .uses = HANDLER_USES(DATABASE)};

static void run(const char *system, const char *faults) {
  static struct rig_text text;
  static const struct handler *handlers[64];
  struct registry registry = rig_registry();
  struct rig rig;
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof(struct handler *));
  handlers[registry.handler_count++] = &looks;
  registry.handlers = handlers;
  text.length = seen_count = 0;
  rig_add(&text, "format: 1\nname: ids\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 50/s, arrivals: steady, keys: 3}\n"
                 "topology: {producers: 1, partitions: 2}\nsystem: %s\nhandler: looks\n%s", system, faults);
  rig_load_with(&rig, text.bytes, &registry);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  run_result_deinit(&result);
  rig_close(&rig);
}

/* How many ids an operation's deliveries had, and how many deliveries there were. */
static size_t ids_of(uint64_t id, size_t *deliveries) {
  size_t ids = 0;
  *deliveries = 0;
  for (size_t i = 0; i < seen_count; i++) {
    if (seen[i].id != id) continue;
    ++*deliveries;
    bool before = false;
    for (size_t j = 0; j < i && !before; j++) before = seen[j].id == id && seen[j].message_id == seen[i].message_id;
    ids += !before;
  }
  return ids;
}

static const char *const systems[] = {"{name: sqs-standard, visibility_timeout: 5s}",
                                      "{name: sqs-fifo, visibility_timeout: 5s}",
                                      "{name: sqs-standard, visibility_timeout: 5s, copy_redelivery: 100%}",
                                      "at-least-once", "rabbitmq-confirms", "rabbitmq-quorum"};
enum { FIFO = 1, COPIES = 2 };

START_TEST(a_redelivery_has_the_id_of_before_and_no_other_message_has_it) {
  size_t deliveries;
  run(systems[_i], "");
  ck_assert_uint_eq(ids_of(1, &deliveries), 1);
  ck_assert_uint_eq(deliveries, _i == COPIES ? 3 : 2);
  for (size_t i = 0; i < seen_count; i++) {
    ck_assert_uint_ne(seen[i].message_id, 0);
    for (size_t j = 0; j < i; j++) ck_assert((seen[i].id == seen[j].id) == (seen[i].message_id == seen[j].message_id));
  }
}
END_TEST

/* Its acknowledgement is lost: it is sent again, and is another message, unless the broker knows it. */
START_TEST(what_is_published_again_has_another_id) {
  size_t deliveries;
  run(systems[_i], "faults:\n  - {when: publish-ack-sent, intent: 2, attempt: 1, drop: this}\n");
  ck_assert_uint_eq(ids_of(2, &deliveries), _i == FIFO ? 1 : 2);
  ck_assert_uint_eq(deliveries, _i == FIFO ? 1 : _i == COPIES ? 4 : 2);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_redelivery_has_the_id_of_before_and_no_other_message_has_it, 0,
                      sizeof systems / sizeof *systems);
  tcase_add_loop_test(tests, what_is_published_again_has_another_id, 0, sizeof systems / sizeof *systems);
  return rig_main(suite_create("message ids"), tests);
}
