/* Random fault schedules over the settings of consumer groups: whatever they are, nothing hangs, every
 * obligation ends in one class, and what a setting promises holds. */
#include "tests/system/schedules.h"

#include "sim/world/fact.h"

struct shape {
  uint32_t brokers, consumers, seed;
  bool expires; /* committed offsets may be forgotten: everything may come again */
};

/* Rows: what may be lost, what may be doubled. */
enum { ROW_AFTER, ROW_AUTO, ROW_HANDED_OFF, ROW_THREADS, ROW_BEFORE, ROW_TRANSACTION, ROW_SHARED, ROW__COUNT };
static const char *const rows[ROW__COUNT] = {
    [ROW_AFTER] = "kafka-acks-all, commit: after-processing",
    [ROW_AUTO] = "kafka-acks-all, commit: auto, auto.commit.interval.ms: 300",
    [ROW_HANDED_OFF] =
        "kafka-acks-all, commit: auto, processing: handed-off, auto.commit.interval.ms: 300",
    [ROW_THREADS] = "kafka-acks-all, commit: after-processing, processing: handed-off",
    [ROW_BEFORE] = "at-most-once",
    [ROW_TRANSACTION] = "exactly-once",
    [ROW_SHARED] = "kafka-acks-all, group.instance.id: shared",
};

static const char *const strategies[] = {"range", "round-robin", "sticky", "cooperative-sticky"};
static const char *const calls[] = {"async-retried", "async", "sync"};

static void add_rows(struct rig_text *text, struct choices *choices, const struct shape *shape) {
  uint32_t request = 300 + 700 * choose(choices, 5), session = 700 + 500 * choose(choices, 6);
  uint32_t poll = 1 + choose(choices, 40), interval = 20 + choose(choices, 300);
  uint32_t longest = choose(choices, 2) ? 4000 : 900; /* service times go up to 1200 ms */
  const char *strategy = strategies[choose(choices, 4)], *call = calls[choose(choices, 3)];
  bool is_static = choose(choices, 2), listener = choose(choices, 3);
  rig_add(text, "compare:\n");
  for (size_t i = 0; i < ROW__COUNT; i++) {
    rig_add(text,
            "  - {label: row %zu, system: {name: %s, request.timeout.ms: %u, session.timeout.ms: %u, "
            "heartbeat.interval.ms: 200, max.poll.interval.ms: %u, transaction.timeout.ms: 6000, "
            "max.poll.records: %u, commit_interval: %ums, partition.assignment.strategy: %s",
            i, rows[i], request, session, longest, poll, interval, strategy);
    if (i == ROW_AFTER || i == ROW_SHARED)
      rig_add(text, ", commit_call: %s, commit_on_revoke: %s", call, listener ? "true" : "false");
    if (is_static && i != ROW_SHARED) rig_add(text, ", group.instance.id: by-index");
    if (shape->expires) rig_add(text, ", offsets.retention.minutes: 1");
    rig_add(text, "}}\n");
  }
}

static void add_fault(struct rig_text *text, struct choices *choices, const struct shape *shape,
                      uint32_t number) {
  rig_add(text, "  - {name: f%u, min_hits: 0, at: %ums, ", number, 150 + choose(choices, 5000));
  uint32_t consumer = 1 + choose(choices, shape->consumers), length = 20 + choose(choices, 4000);
  switch (choose(choices, 9)) {
  case 0: rig_add(text, "kill: consumer.%u, for: %ums", consumer, length); break;
  case 1: rig_add(text, "kill: consumer.all, for: %ums", shape->expires ? 100000 : length); break;
  case 2:
    rig_add(text, "terminate: consumer.%u, grace: %ums, for: %ums", consumer,
            choose(choices, 1500), length);
    break;
  case 3:
    rig_add(text, "deploy: consumer.all, grace: %ums, mode: %s", choose(choices, 1500),
            choose(choices, 2) ? "drain" : "kill");
    break;
  case 4: rig_add(text, "pause: consumer.%u, for: %ums", consumer, length); break;
  case 5: rig_add(text, "partition: consumer.%u, for: %ums", consumer, length); break;
  case 6:
    rig_add(text, "kill: broker.%u, for: %ums", 1 + choose(choices, shape->brokers), length);
    break;
  case 7: rig_add(text, "reset: consumer_to_broker"); break;
  default:
    rig_add(text, "partition: consumer.%u, from: database.1, for: %ums", consumer, length);
  }
  rig_add(text, "}\n");
}

static struct shape write_schedule(struct rig_text *text, uint64_t schedule) {
  struct choices choices = {.swarm = "groups", .schedule = schedule};
  struct shape shape = {.brokers = 1 + choose(&choices, 2), .consumers = 1 + choose(&choices, 4),
                        .expires = choose(&choices, 6) == 0};
  text->length = 0;
  rig_add(text, "format: 1\nname: groups\nmeasure_capacity: false\n");
  rig_add(text, "workload: {messages: 300, rate: 80/s, keys: 20, "
                "service_time: mix 1ms=90%% 30ms=9%% 1200ms=1%%}\n");
  rig_add(text, "topology: {brokers: %u, partitions: %u, consumers: %u, threads: %u}\n",
          shape.brokers, 1 + choose(&choices, 6), shape.consumers, 1 + choose(&choices, 3));
  add_rows(text, &choices, &shape);
  rig_add(text, "faults:\n");
  uint32_t faults = 1 + choose(&choices, 5);
  for (uint32_t i = 0; i < faults; i++) add_fault(text, &choices, &shape, i);
  shape.seed = 1 + choose(&choices, 1000);
  return shape;
}

/* Consumers whose application was ended by FencedInstanceIdException. With static members that happens
 * to the wrong one when a JOIN of a dead process is late; nobody starts it again. */
struct fenced {
  uint32_t first_consumer; /* node */
  uint32_t count;
};

static void fenced_sink(void *context, const struct trace_record *records, size_t count,
                        uint64_t first) {
  (void)first;
  struct fenced *fenced = context;
  for (size_t i = 0; i < count; i++)
    fenced->count += records[i].kind == FACT_FENCED && records[i].node >= fenced->first_consumer;
}

static void check_row(const struct run_result *result, size_t row, const struct shape *shape,
                      bool ended, const char *text) {
  const int64_t *metrics = result->metrics;
  bool keeps = row != ROW_HANDED_OFF && row != ROW_BEFORE;
  bool single = row == ROW_TRANSACTION || (row == ROW_BEFORE && !shape->expires);
  if (shape->expires && row == ROW_TRANSACTION) single = false;
  const char *conservation = rig_conservation(result);
  bool good = (result->drained || ended) && conservation[0] == '\0' && (!keeps || metrics[METRIC_LOST] == 0) &&
              (!single || metrics[METRIC_DUPLICATE_EFFECTS] == 0);
  ck_assert_msg(good, "row %zu, seed %u: lost %lld, duplicate_effects %lld%s %s\n%s", row,
                shape->seed, (long long)metrics[METRIC_LOST],
                (long long)metrics[METRIC_DUPLICATE_EFFECTS], result->drained ? "" : ", stuck",
                conservation, text);
}

START_TEST(settings_keep_their_promises_whatever_happens) {
  static struct rig_text text;
  uint64_t first = SCHEDULE_FIRST + (uint64_t)_i * SCHEDULE_CHUNK;
  for (uint64_t schedule = first; schedule < first + SCHEDULE_CHUNK; schedule++) {
    struct shape shape = write_schedule(&text, schedule);
    struct rig rig;
    rig_load(&rig, text.bytes);
    for (size_t row = 0; row < rig.scenario.plan_count; row++) {
      struct fenced fenced = {.first_consumer = 1 + shape.brokers};
      run_observe(rig.run, NULL, fenced_sink, &fenced);
      struct run_result result = rig_run(&rig, row, shape.seed);
      check_row(&result, row, &shape, fenced.count > 0, text.bytes);
      run_result_deinit(&result);
    }
    rig_close(&rig);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, settings_keep_their_promises_whatever_happens, 0, SCHEDULES / SCHEDULE_CHUNK);
  return rig_main(suite_create("swarm of groups"), tests);
}
