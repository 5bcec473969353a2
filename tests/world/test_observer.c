/* What an observer is told, and that it changes nothing. */
#include "tests/world/timeline.h"

static struct {
  uint64_t sent, sent_lost, arrived, lost, up, down, paused, resumed, begun, ended;
  uint64_t order; /* of the last call: never falls */
} seen;

static void in_order(const struct world *world) {
  const uint64_t order = world->trace.flushed + world->trace.count;
  ck_assert_uint_ge(order, seen.order);
  seen.order = order;
}
static void on_sent(void *context, const struct world *world, const struct message *message, int64_t at) {
  (void)context, (void)message;
  in_order(world);
  seen.sent++;
  seen.sent_lost += at < 0;
}
static void on_arrived(void *context, const struct world *world, const struct message *message) {
  (void)context, (void)message;
  in_order(world);
  seen.arrived++;
}
static void on_lost(void *context, const struct world *world, const struct message *message,
                    unsigned why, uint32_t fault) {
  (void)context, (void)message, (void)fault;
  in_order(world);
  ck_assert_uint_le(why, LOSS_UNSENT);
  seen.lost++;
}
static void on_node(void *context, const struct world *world, const struct node *node,
                    enum node_change change) {
  (void)context, (void)node;
  uint64_t *const counts[NODE_CHANGE__COUNT] = {&seen.up, &seen.down, &seen.paused, &seen.resumed};
  in_order(world);
  ++*counts[change];
}
static void on_fault(void *context, const struct world *world, uint32_t fault, bool begins) {
  (void)context;
  in_order(world);
  ck_assert_uint_lt(fault, world->plan->fault_count);
  ++*(begins ? &seen.begun : &seen.ended);
}
static const struct observer observer = {.sent = on_sent, .arrived = on_arrived, .lost = on_lost,
                                         .node = on_node, .fault = on_fault};

/* The same run twice: alone, and watched. */
static void watch(const char *script) {
  timeline_run(script);
  const uint64_t digest = trace_digest(&fake.world->trace);
  memset(&seen, 0, sizeof seen);
  fake.world->observer = &observer;
  world_reset(fake.world, &fake.plan, (uint64_t)fake.settings.seed);
  world_run(fake.world);
  ck_assert_uint_eq(digest, trace_digest(&fake.world->trace)); /* [I1] */
}

START_TEST(I1_observer_changes_nothing_and_each_transmission_has_one_end) {
  static const char *const links[] = {"connection", "per-request", "datagram"};
  char script[512];
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    snprintf(script, sizeof script,
             "operations=200 every=1ms producers=2 link=%s request_loss=20%% reply_loss=20%% retry=7ms"
             " timeout=50ms cost=1ms; kill broker.1 every=30ms for=3ms times=5;"
             "partition producer.1 at=40ms for=20ms; pause producer.2 at=90ms for=9ms",
             links[i]);
    watch(script);
    ck_assert_uint_gt(seen.sent, 200);
    ck_assert_uint_le(seen.arrived + seen.lost, seen.sent);
    ck_assert_uint_le(seen.sent_lost, seen.lost);
    ck_assert_uint_gt(seen.lost, 0);
    ck_assert_uint_eq(seen.down, 5);
    ck_assert_uint_eq(seen.up, 5 + 3);
    ck_assert_uint_eq(seen.paused, 1);
    ck_assert_uint_eq(seen.resumed, 1);
    ck_assert_uint_eq(seen.begun, 7);
    ck_assert_uint_eq(seen.ended, 7);
  }
}
END_TEST

START_TEST(on_a_quiet_day_all_that_is_sent_arrives) {
  watch("operations=50 every=2ms link=per-request");
  ck_assert_uint_eq(seen.arrived, seen.sent);
  ck_assert_uint_eq(seen.lost, 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("observer");
  tcase_add_test(tests, I1_observer_changes_nothing_and_each_transmission_has_one_end);
  tcase_add_test(tests, on_a_quiet_day_all_that_is_sent_arrives);
  return timeline_main("world/observer", tests);
}
