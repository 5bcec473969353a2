/* What the loop promises about nodes and the trace. */
#include "tests/world/timeline.h"

START_TEST(I1_world_between_two_events_of_a_node_nobody_touches_its_memory) {
  timeline_run("seal=1 operations=200 every=1ms producers=2 link=per-request request_loss=20% retry=7ms"
               " timeout=50ms cost=1ms hold=3ms tick=5ms drain=2ms;"
               "kill broker.1 every=30ms for=3ms times=5; terminate broker.1 at=100ms grace=1ms for=1ms;"
               "partition producer.1 at=40ms for=20ms; kill this when=publish-acked intent=50 for=9ms");
  ck_assert_uint_gt(timeline_count("ok", 0), 50);
  ck_assert_uint_gt(timeline_count("tick", 0), 10);
}
END_TEST

/* Records of the events themselves. */
static bool is_event(const struct trace_record *record) {
  return record->kind == TRACE_ARRIVED || record->kind == TRACE_SERVED || record->kind == TRACE_TIMER ||
         record->kind == TRACE_WORLD || record->kind == FACT_INTENDED;
}

START_TEST(I2_world_every_event_writes_one_record) {
  timeline_run("operations=100 every=1ms producers=2 link=per-request request_loss=20% reply_loss=20%"
               " tick=3ms; partition broker.1 at=10ms for=5ms; kill producer.1 at=50ms for=3ms;"
               "kill producer.2 at=130ms for=1ms; kill producer.1 at=140ms for=1ms name=last");
  uint64_t records = 0;
  for (size_t i = 0; i < fake.count; i++) records += is_event(&fake.records[i]);
  ck_assert_uint_eq(records, fake.world->counters[COUNTER_EVENTS]);
}
END_TEST

START_TEST(I2_world_the_record_comes_before_what_the_event_causes) {
  timeline_run("operations=100 every=1ms latency=2ms cost=1500us cores=2 retry=20ms timeout=1s;"
               "reset producer.all_to_broker at=40ms");
  const struct trace_record *event = NULL;
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (is_event(record)) event = record;
    bool served = record->kind == NOTE_GOT || record->kind == NOTE_ANSWERED;
    if (!served && record->kind != NOTE_SENDS) continue;
    ck_assert_int_eq(event->at, record->at);
    ck_assert_uint_eq(event->node, record->node);
    if (served) ck_assert_uint_eq(event->intent, record->intent);
    if (record->kind == NOTE_SENDS) ck_assert(event->kind == FACT_INTENDED || event->kind == TRACE_TIMER);
  }
  ck_assert_uint_gt(timeline_count("served", 0), 0);
}
END_TEST

START_TEST(time_never_falls) {
  timeline_run("operations=100 every=1ms link=datagram reordering=50% duplication=50% cost=1ms;"
               "kill broker.1 every=9ms for=3ms times=9");
  for (size_t i = 1; i < fake.count; i++)
    ck_assert_int_le(fake.records[i - 1].at, fake.records[i].at);
}
END_TEST

START_TEST(counters_are_stated_once_at_the_end) {
  uint64_t seen[COUNTER__COUNT] = {0}, values[COUNTER__COUNT] = {0};
  timeline_run("operations=10 every=1ms link=per-request request_loss=30% retry=5ms");
  for (size_t i = 0; i < fake.count; i++) {
    if (fake.records[i].kind != FACT_COUNTER) continue;
    ck_assert_uint_ge(i + COUNTER__COUNT, fake.count); /* the last records */
    seen[fake.records[i].detail]++;
    values[fake.records[i].detail] = fake.records[i].value;
  }
  for (int counter = 0; counter < COUNTER__COUNT; counter++)
    ck_assert_uint_eq(seen[counter], counter <= COUNTER_EVENTS); /* the rest: of a service's database */
  ck_assert_uint_eq(values[COUNTER_ROUND_TRIPS], timeline_count("answered", 0) + timeline_count("ignored", 0));
  ck_assert_uint_eq(values[COUNTER_TRANSMISSIONS], timeline_count("sends", 0) + timeline_count("got", 0));
}
END_TEST

START_TEST(the_peak_of_dedup_bytes_is_kept) {
  timeline_run("operations=0");
  world_dedup_bytes(fake.world, 100);
  world_dedup_bytes(fake.world, 50);
  world_dedup_bytes(fake.world, -120);
  world_dedup_bytes(fake.world, 20);
  ck_assert_uint_eq(fake.world->counters[COUNTER_DEDUP_BYTES_PEAK], 150);
}
END_TEST

START_TEST(a_second_run_of_a_world_grows_no_memory) {
  timeline_run("operations=2000 every=1ms link=datagram reordering=50% duplication=50% retry=5ms;"
               "kill broker.1 every=90ms for=3ms times=9");
  fake.world->trace.sink_count = 0;
  uint64_t grown = grow_count();
  world_reset(fake.world, &fake.plan, 1);
  world_run(fake.world);
  ck_assert_uint_eq(grow_count(), grown);
}
END_TEST

START_TEST(a_message_that_no_stage_expects_aborts_by_name) {
  timeline_plan("operations=1");
  static message_fn *const nothing[] = {NULL};
  fake.broker.on = nothing;
  fake_run_seed(1);
}
END_TEST

START_TEST(two_roles_without_a_link_cannot_talk) {
  timeline_run("operations=1 consumers=1");
  struct node *consumer = world_node(fake.world, ROLE_CONSUMER, 0);
  ck_assert_ptr_null(link_channel(fake.world, consumer->id, world_node(fake.world, ROLE_BROKER, 0)->id));
  world_send(fake.world, consumer,
             world_message(fake.world, consumer, world_node(fake.world, ROLE_BROKER, 0)->id, 0, REQUEST));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("world");
  tcase_add_test(tests, I1_world_between_two_events_of_a_node_nobody_touches_its_memory);
  tcase_add_test(tests, I2_world_every_event_writes_one_record);
  tcase_add_test(tests, I2_world_the_record_comes_before_what_the_event_causes);
  tcase_add_test(tests, time_never_falls);
  tcase_add_test(tests, counters_are_stated_once_at_the_end);
  tcase_add_test(tests, the_peak_of_dedup_bytes_is_kept);
  tcase_add_test(tests, a_second_run_of_a_world_grows_no_memory);
  tcase_add_test_raise_signal(tests, a_message_that_no_stage_expects_aborts_by_name, SIGABRT);
  tcase_add_test_raise_signal(tests, two_roles_without_a_link_cannot_talk, SIGABRT);
  return timeline_main("world/world", tests);
}
