/* Random small fault schedules against RabbitMQ's promises. Every other schedule also takes the power from
 * brokers, which only a quorum queue has to bear. */
#ifndef SCHEDULES
#define SCHEDULES 80
#endif
#include "tests/system/schedules.h"

struct shape {
  uint32_t producers, brokers, consumers;
  bool power;
};

static const char *const roles[] = {"producer", "broker", "consumer", "database", "broker"};

/* "consumer.2", of the nodes that there are. */
static const char *node(struct choices *choices, const struct shape *shape, char *out, size_t size) {
  const uint32_t counts[] = {shape->producers, shape->brokers, shape->consumers, 1, shape->brokers};
  uint32_t role = choose(choices, 5);
  snprintf(out, size, "%s.%u", roles[role], 1 + choose(choices, counts[role]));
  return out;
}

static void add_fault(struct rig_text *text, struct choices *choices, const struct shape *shape,
                      uint32_t number) {
  static const char *const directions[] = {"both", "out", "in"};
  static const char *const links[] = {"producer.any_to_broker", "consumer.any_to_broker",
                                      "consumer.any_to_database", "broker.any_to_broker"};
  char target[32];
  rig_add(text, "  - {name: f%u, min_hits: 0, at: %ums, ", number, 150 + choose(choices, 4000));
  switch (choose(choices, 8)) {
  case 0:
    rig_add(text, "for: %ums, partition: %s, direction: %s", 50 + choose(choices, 5000),
            node(choices, shape, target, sizeof target), directions[choose(choices, 3)]);
    break;
  case 1:
    rig_add(text, "for: %ums, partition: broker.%u, from: broker.all", 50 + choose(choices, 5000),
            1 + choose(choices, shape->brokers));
    break;
  case 2: rig_add(text, "reset: %s", links[choose(choices, 4)]); break;
  case 3:
    rig_add(text, "terminate: %s, grace: %ums, for: %ums", node(choices, shape, target, sizeof target),
            choose(choices, 1500), 20 + choose(choices, 1500));
    break;
  case 4:
    rig_add(text, "deploy: %s.all, grace: %ums, mode: %s", roles[choose(choices, 3)],
            choose(choices, 1500), choose(choices, 2) ? "drain" : "kill");
    break;
  case 5:
    rig_add(text, "pause: %s, for: %ums", node(choices, shape, target, sizeof target),
            20 + choose(choices, 4000));
    break;
  default:
    node(choices, shape, target, sizeof target);
    bool kills = target[0] == 'b' && !shape->power;
    rig_add(text, "%s: %s, for: %ums", kills || choose(choices, 2) ? "kill" : "power_loss", target,
            20 + choose(choices, 3000));
  }
  rig_add(text, "}\n");
}

/* Timeouts near the lengths of the faults, so that each of them is met and missed. */
static void add_rows(struct rig_text *text, struct choices *choices, const struct shape *shape) {
  static const char *const rows[][2] = {
      {"rabbitmq-quorum", "}, handler: dedup-table"},
      {"rabbitmq-quorum", ", ack_batch: 5}"},
      {"rabbitmq-confirms", "}, handler: dedup-table"},
      {"rabbitmq-auto-ack", "}"},
  };
  uint32_t heartbeat = 500 + 500 * choose(choices, 6), recovery = 10 + choose(choices, 500);
  uint32_t confirm = 300 + 300 * choose(choices, 5), prefetch = 5 + choose(choices, 50);
  uint32_t poll = 100 + 200 * choose(choices, 5);
  rig_add(text, "compare:\n");
  for (size_t i = 0; i < (shape->power ? 2 : sizeof rows / sizeof *rows); i++)
    rig_add(text,
            "  - {label: row %zu, system: {name: %s, heartbeat: %ums, network_recovery_interval: %ums, "
            "connection_timeout: 2s, confirm_timeout: %ums, give_up_after: 20s, prefetch: %u, "
            "raft.adaptive_failure_detector.poll_interval: %u%s}\n",
            i, rows[i][0], heartbeat, recovery, confirm, prefetch, poll, rows[i][1]);
}

static uint32_t write_schedule(struct rig_text *text, uint64_t schedule) {
  struct choices choices = {.swarm = "swarm of rabbits", .schedule = schedule};
  struct shape shape = {.producers = 1 + choose(&choices, 2), .brokers = 1 + 2 * choose(&choices, 3),
                        .consumers = 1 + choose(&choices, 3), .power = schedule % 2};
  text->length = 0;
  rig_add(text, "format: 1\nname: swarm\nmeasure_capacity: false\n");
  rig_add(text, "workload: {messages: 300, rate: 100/s, keys: 20, service_time: %ums}\n",
          1 + choose(&choices, 12));
  rig_add(text, "topology: {producers: %u, brokers: %u, consumers: %u}\n", shape.producers,
          shape.brokers, shape.consumers);
  add_rows(text, &choices, &shape);
  rig_add(text, "faults:\n");
  uint32_t faults = 1 + choose(&choices, 6);
  for (uint32_t i = 0; i < faults; i++) add_fault(text, &choices, &shape, i);
  return 1 + choose(&choices, 1000);
}

START_TEST(guarantees_hold_whatever_happens) { schedules_hold(_i, write_schedule, 0); }
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, guarantees_hold_whatever_happens, 0, SCHEDULES / SCHEDULE_CHUNK);
  return rig_main(suite_create("swarm of rabbits"), tests);
}
