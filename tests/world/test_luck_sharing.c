/* Shared luck: what is lost at 1 % is among what is lost at 5 %, and nobody else's presence moves it. */
#include "tests/world/timeline.h"

#define OPERATION_COUNT 3000
#define TRANSMISSIONS 8

/* Of each operation and direction: how often it was transmitted, which of these arrived. */
struct fates {
  uint32_t sent[OPERATION_COUNT + 1][2];
  bool arrived[OPERATION_COUNT + 1][2][TRANSMISSIONS + 1];
};
static struct fates some, more;

static void collect(struct fates *out) {
  *out = (struct fates){0};
  uint16_t broker = world_node(fake.world, ROLE_BROKER, 0)->id;
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    if (record->kind == NOTE_SENDS) out->sent[record->intent][0]++;
    if (record->kind == NOTE_GOT) out->sent[record->intent][1]++;
    if (record->kind != TRACE_ARRIVED || record->value > TRANSMISSIONS) continue;
    out->arrived[record->intent][record->node != broker][record->value] = true;
  }
}

/* Runs with a loss each way and the rest of a script. */
static void run(const char *rest, int per_mille, uint64_t seed, struct fates *out) {
  char script[512];
  snprintf(script, sizeof script,
           "operations=%d every=1ms retry=7ms link=per-request request_loss=%d.%d%% reply_loss=%d.%d%% %s",
           OPERATION_COUNT, per_mille / 10, per_mille % 10, per_mille / 10, per_mille % 10, rest);
  timeline_plan(script);
  fake_run_seed(seed);
  collect(out);
}

/* How many losses of `fewer` there are; each must be one of `among` too. */
static uint64_t check_among(const struct fates *fewer, const struct fates *among) {
  uint64_t losses = 0;
  for (size_t intent = 1; intent <= OPERATION_COUNT; intent++)
    for (int way = 0; way < 2; way++)
      for (uint32_t n = 1; n <= fewer->sent[intent][way] && n <= TRANSMISSIONS; n++) {
        if (fewer->arrived[intent][way][n]) continue;
        ck_assert_msg(!among->arrived[intent][way][n], "operation %zu, way %d, transmission %u", intent,
                      way, n);
        losses++;
      }
  return losses;
}

START_TEST(losses_at_1_percent_are_among_those_at_5_percent) {
  static const char *const links[] = {"", "link=datagram"};
  for (int i = 0; i < 2; i++)
    for (uint64_t seed = 1; seed <= 5; seed++) {
      run(links[i], 10, seed, &some);
      run(links[i], 50, seed, &more);
      uint64_t losses = check_among(&some, &more);
      ck_assert(losses > 25 && losses < 110); /* some 60 */
    }
}
END_TEST

START_TEST(losses_of_the_first_are_the_same_however_many_follow) {
  run("", 100, 3, &some);
  run("timeout=8ms", 100, 3, &more); /* gives up after two */
  for (size_t intent = 1; intent <= OPERATION_COUNT; intent++)
    for (int way = 0; way < 2; way++)
      if (some.sent[intent][way] && more.sent[intent][way])
        ck_assert_uint_eq(some.arrived[intent][way][1], more.arrived[intent][way][1]);
}
END_TEST

START_TEST(another_node_or_fault_moves_nobodys_luck) {
  static const char *const rest[] = {
      "brokers=3", "consumers=5", "cost=100us", "latency=2ms", "hold=5ms tick=3ms", "seal=0 keys=77",
      "; kill consumer.1 every=50ms times=10 for=10ms", "consumers=3; kill consumer.any every=50ms times=10",
      "brokers=2; reset producer.all_to_broker at=1s"};
  run("", 50, 11, &some);
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
    run(rest[i], 50, 11, &more);
    for (size_t intent = 1; intent <= OPERATION_COUNT; intent++)
      for (int way = 0; way < 2; way++)
        for (uint32_t n = 1; n <= TRANSMISSIONS; n++) {
          if (n > some.sent[intent][way] || n > more.sent[intent][way]) continue;
          ck_assert_msg(some.arrived[intent][way][n] == more.arrived[intent][way][n],
                        "%s: operation %zu, way %d, transmission %u", rest[i], intent, way, n);
        }
  }
}
END_TEST

START_TEST(another_seed_is_other_luck) {
  run("", 50, 1, &some);
  run("", 50, 2, &more);
  uint64_t both = 0, first = 0;
  for (size_t intent = 1; intent <= OPERATION_COUNT; intent++) {
    first += !some.arrived[intent][0][1];
    both += !some.arrived[intent][0][1] && !more.arrived[intent][0][1];
  }
  ck_assert(first > 100 && both < 25); /* independent: 7.5 */
}
END_TEST

START_TEST(an_operations_luck_goes_on_across_the_incarnations_of_its_server) {
  run("; kill broker.1 every=20ms for=3ms times=100", 50, 4, &some);
  run("", 50, 4, &more);
  uint64_t compared = 0;
  for (size_t intent = 1; intent <= OPERATION_COUNT; intent++)
    for (uint32_t n = 1; n <= TRANSMISSIONS; n++) {
      if (n > some.sent[intent][0] || n > more.sent[intent][0]) continue;
      ck_assert_uint_eq(some.arrived[intent][0][n], more.arrived[intent][0][n]);
      compared += n > 1;
    }
  ck_assert_uint_gt(compared, 100);
}
END_TEST

/* --- Faults --- */

static size_t beginnings(uint32_t fault, int64_t *out, size_t room) {
  size_t count = 0;
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_FAULT_BEGAN && fake.records[i].detail == fault && count < room)
      out[count++] = fake.records[i].at;
  return count;
}

START_TEST(timed_faults_come_at_the_same_times_whatever_else_there_is) {
  static const char *const scripts[] = {
      "operations=10; kill broker.any every=10ms for=2ms chance=50% times=50",
      "operations=500 every=1ms producers=3 link=per-request request_loss=20% retry=3ms;"
      "kill broker.any every=10ms for=2ms chance=50% times=50",
      "operations=10 consumers=2; kill broker.any every=10ms for=2ms chance=50% times=50;"
      "kill consumer.any every=7ms for=3ms chance=50% times=20 name=other"};
  int64_t expected[50], got[50];
  timeline_run(scripts[0]);
  size_t count = beginnings(0, expected, 50);
  ck_assert(count > 10 && count < 40);
  for (size_t i = 1; i < sizeof scripts / sizeof *scripts; i++) {
    timeline_run(scripts[i]);
    ck_assert_uint_eq(beginnings(0, got, 50), count);
    for (size_t n = 0; n < count; n++) ck_assert_int_eq(got[n], expected[n]);
  }
}
END_TEST

START_TEST(a_faults_luck_is_keyed_by_its_name_and_not_by_its_place) {
  int64_t expected[50], got[50];
  timeline_run("operations=1; kill broker.1 every=10ms for=2ms chance=50% times=50 name=mine");
  size_t count = beginnings(0, expected, 50);
  timeline_run("operations=1; kill broker.1 at=1h; kill broker.1 every=10ms for=2ms chance=50% times=50"
               " name=mine");
  ck_assert_uint_eq(beginnings(1, got, 50), count);
  for (size_t n = 0; n < count; n++) ck_assert_int_eq(got[n], expected[n]);
  timeline_run("operations=1; kill broker.1 every=10ms for=2ms chance=50% times=50 name=yours");
  bool same = beginnings(0, got, 50) == count;
  for (size_t n = 0; same && n < count; n++) same = got[n] == expected[n];
  ck_assert(!same);
}
END_TEST

/* --- The same run twice --- */

START_TEST(a_run_repeats_wherever_its_memory_lies) {
  timeline_plan("operations=300 every=1ms producers=2 link=per-request request_loss=20% retry=7ms cost=1ms;"
                "kill broker.1 every=30ms for=3ms times=5; kill producer.any every=50ms times=3 for=5ms");
  fake_run_seed(8);
  uint64_t digest = trace_digest(&fake.world->trace);
  struct world *other = world_new(4096 + 48, 0x3c);
  for (int again = 0; again < 3; again++) {
    world_reset(other, &fake.plan, 8);
    world_run(other);
    ck_assert_uint_eq(trace_digest(&other->trace), digest);
    world_reset(other, &fake.plan, 9);
    world_run(other);
    ck_assert_uint_ne(trace_digest(&other->trace), digest);
  }
  world_free(other);
}
END_TEST

START_TEST(without_luck_nothing_bad_happens) {
  timeline_plan("operations=100 every=1ms link=datagram request_loss=50% reply_loss=50% duplication=50%"
                " reordering=50%; kill broker.1 every=10ms chance=50% times=10 for=1ms");
  fake.plan.luck_none = true;
  fake_run_seed(1);
  ck_assert_uint_eq(timeline_count("ok", 0), 100);
  ck_assert_uint_eq(timeline_count("got", 0), 100);
  ck_assert_uint_eq(timeline_count("lost", 0), 0);
  ck_assert_uint_eq(timeline_count("began", 0), 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("luck_sharing");
  tcase_add_test(tests, losses_at_1_percent_are_among_those_at_5_percent);
  tcase_add_test(tests, losses_of_the_first_are_the_same_however_many_follow);
  tcase_add_test(tests, another_node_or_fault_moves_nobodys_luck);
  tcase_add_test(tests, another_seed_is_other_luck);
  tcase_add_test(tests, an_operations_luck_goes_on_across_the_incarnations_of_its_server);
  tcase_add_test(tests, timed_faults_come_at_the_same_times_whatever_else_there_is);
  tcase_add_test(tests, a_faults_luck_is_keyed_by_its_name_and_not_by_its_place);
  tcase_add_test(tests, a_run_repeats_wherever_its_memory_lies);
  tcase_add_test(tests, without_luck_nothing_bad_happens);
  return timeline_main("world/luck_sharing", tests);
}
