/* Random small fault schedules against the guarantees that promise something whatever happens. */
#include "tests/system/schedules.h"

struct shape {
  uint32_t producers, brokers, partitions, consumers;
};

static const char *const roles[] = {"producer", "broker", "consumer", "database"};

/* "consumer.2", of the nodes that there are. */
static const char *node(struct choices *choices, const struct shape *shape, char *out, size_t size) {
  const uint32_t counts[] = {shape->producers, shape->brokers, shape->consumers, 1};
  uint32_t role = choose(choices, 4);
  snprintf(out, size, "%s.%u", roles[role], 1 + choose(choices, counts[role]));
  return out;
}

static void add_partition(struct rig_text *text, struct choices *choices,
                          const struct shape *shape) {
  static const char *const directions[] = {"both", "out", "in"};
  char target[32];
  rig_add(text, "for: %ums, partition: %s, direction: %s", 50 + choose(choices, 8000),
          node(choices, shape, target, sizeof target), directions[choose(choices, 3)]);
}

static const char *link(struct choices *choices) {
  static const char *const links[] = {"producer.any_to_broker", "consumer.any_to_broker",
                                      "consumer.any_to_database", "producer_to_broker",
                                      "consumer_to_broker"};
  return links[choose(choices, 5)];
}

static void add_degrade(struct rig_text *text, struct choices *choices) {
  static const char *const ways[] = {"loss", "request_loss", "reply_loss"};
  rig_add(text, "for: %ums, degrade: %s, ", 50 + choose(choices, 4000), link(choices));
  if (choose(choices, 2))
    rig_add(text, "latency: %ums, bandwidth: 1MiB/s", 1 + choose(choices, 400));
  else
    rig_add(text, "%s: %u%%", ways[choose(choices, 3)], 1 + choose(choices, 60));
}

static void add_slow(struct rig_text *text, struct choices *choices, const struct shape *shape) {
  static const char *const whats[] = {"cpu", "disk", "both"};
  char target[32];
  rig_add(text, "for: %ums, slow: %s, factor: %u, what: %s", 50 + choose(choices, 4000),
          node(choices, shape, target, sizeof target), 2 + choose(choices, 100),
          whats[choose(choices, 3)]);
}

static void add_fault(struct rig_text *text, struct choices *choices, const struct shape *shape,
                      uint32_t number) {
  char target[32];
  rig_add(text, "  - {name: f%u, min_hits: 0, at: %ums, ", number, 150 + choose(choices, 4000));
  switch (choose(choices, 12)) {
  case 0:
  case 1: add_partition(text, choices, shape); break;
  case 2: rig_add(text, "reset: %s", link(choices)); break;
  case 3:
    rig_add(text, "terminate: %s, grace: %ums, for: %ums",
            node(choices, shape, target, sizeof target), choose(choices, 1500),
            20 + choose(choices, 1500));
    break;
  case 4:
    rig_add(text, "deploy: %s.all, grace: %ums, mode: %s", roles[choose(choices, 3)],
            choose(choices, 1500), choose(choices, 2) ? "drain" : "kill");
    break;
  case 5: add_degrade(text, choices); break;
  case 6: add_slow(text, choices, shape); break;
  case 7: rig_add(text, "for: %ums, clog: %s", 50 + choose(choices, 8000), link(choices)); break;
  case 8: /* a disk that fails, or lies while nobody loses power: no contract allows for less */
    rig_add(text, "fsync_%s: %s, for: %ums", choose(choices, 2) ? "fails" : "lies",
            node(choices, shape, target, sizeof target), 20 + choose(choices, 3000));
    break;
  case 9: rig_add(text, "kill: broker.%s, for: 50ms", choose(choices, 2) ? "leader" : "coordinator"); break;
  default:
    rig_add(text, "kill: %s, for: %ums", node(choices, shape, target, sizeof target),
            20 + choose(choices, 3000));
  }
  rig_add(text, "}\n");
}

/* Timeouts near the lengths of the faults, so that each of them is met and missed. */
static void add_rows(struct rig_text *text, struct choices *choices) {
  static const char *const rows[][2] = {
      {"at-most-once", ""},
      {"at-least-once", ""},
      {"at-least-once", ", handler: dedup-table"},
      {"exactly-once", ""},
  };
  uint32_t request = 300 + 700 * choose(choices, 5), session = 700 + 500 * choose(choices, 6);
  uint32_t poll = 5 + choose(choices, 100), commit = 20 + choose(choices, 300);
  rig_add(text, "compare:\n");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    rig_add(text,
            "  - {label: row %zu, system: {name: %s, request.timeout.ms: %u, session.timeout.ms: %u, "
            "heartbeat.interval.ms: 200, max.poll.interval.ms: 4000, transaction.timeout.ms: 6000, "
            "max.poll.records: %u, commit_interval: %ums}%s}\n",
            i, rows[i][0], request, session, poll, commit, rows[i][1]);
}

static uint32_t write_schedule(struct rig_text *text, uint64_t schedule) {
  struct choices choices = {.swarm = "swarm", .schedule = schedule};
  struct shape shape = {.producers = 1 + choose(&choices, 2), .brokers = 1 + choose(&choices, 3),
                        .partitions = 1 + choose(&choices, 4), .consumers = 1 + choose(&choices, 3)};
  text->length = 0;
  rig_add(text, "format: 1\nname: swarm\nmeasure_capacity: false\n");
  rig_add(text, "workload: {messages: 300, rate: 100/s, keys: 20}\n");
  rig_add(text, "topology: {producers: %u, brokers: %u, partitions: %u, consumers: %u}\n",
          shape.producers, shape.brokers, shape.partitions, shape.consumers);
  add_rows(text, &choices);
  rig_add(text, "faults:\n");
  uint32_t faults = 1 + choose(&choices, 5);
  for (uint32_t i = 0; i < faults; i++) add_fault(text, &choices, &shape, i);
  return 1 + choose(&choices, 1000);
}

/* What each row promises: at-most-once repeats nothing, the others lose nothing that was acknowledged,
 * the last two do neither. */
START_TEST(guarantees_hold_whatever_happens) { schedules_hold(_i, write_schedule, 1); }
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, guarantees_hold_whatever_happens, 0, SCHEDULES / SCHEDULE_CHUNK);
  return rig_main(suite_create("swarm of faults"), tests);
}
