/* The group coordinator, request by request: scripted members talk to a broker. */
#include "models/kafka/assignment.h"
#include "models/kafka/broker.h"
#include "models/kafka/group_state.h"
#include "sim/base/assert.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

#include <string.h>

extern const struct system system_at_least_once;
extern const struct handler handler_naive;

#define A 11
#define B 12
#define C 13
#define MS NS_PER_MS
#define PARTITIONS 4
#define STEPS_MAX 32

/* One request, and what came of it. */
struct step {
  int64_t at_ms;
  enum wire kind;
  uint64_t member;
  int64_t generation;
  bool known;
  uint32_t instance;
  const char *owns; /* JOIN, COMMIT: partitions, as digits */
  /* filled in */
  bool answered;
  int64_t error, answered_generation, answered_at_ms;
  char partitions[16];
};
struct script {
  struct step steps[STEPS_MAX];
  size_t count;
  int64_t end_ms;
  enum group_state state; /* at the end */
};
static struct script script; /* components have no context of their own */

static void send_step(struct world *world, struct node *node, uint64_t argument) {
  if (argument == script.count) {
    script.state = group_at(&world->nodes[kafka_coordinator(world)], 0)->state;
    return world_unhold(world, NULL);
  }
  const struct step *step = &script.steps[argument];
  struct message *message = world_message(world, node, kafka_coordinator(world), 0, (uint16_t)step->kind);
  message->a = (int64_t)step->member;
  message->b = step->generation;
  message->c = step->known;
  message->d = step->instance;
  message->correlation = (uint32_t)argument + 1;
  uint32_t count = step->owns ? (uint32_t)strlen(step->owns) : 0;
  struct record *records = count > 0 ? message_records(&world->messages, message, count) : NULL;
  for (uint32_t i = 0; i < count; i++)
    records[i] = (struct record){.key = (uint32_t)(step->owns[i] - '0'),
                                 .extra = (uint32_t)(step->owns[i] - '0'), .handle = 9};
  world_send(world, node, message);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  world_hold(world, NULL);
  for (size_t i = 0; i < script.count; i++)
    world_after(world, node, 0, 0, i, span_of(script.steps[i].at_ms * MS));
  world_after(world, node, 0, 0, script.count, span_of(script.end_ms * MS));
}

static void on_answer(struct world *world, struct node *node, struct message *answer) {
  (void)node;
  struct step *step = &script.steps[answer->correlation - 1];
  ck_assert_msg(!step->answered, "request %u is answered twice", answer->correlation);
  step->answered = true;
  step->error = answer->a;
  step->answered_generation = answer->b;
  step->answered_at_ms = world->now.ns / MS;
  for (uint32_t i = 0; i < answer->record_count; i++)
    step->partitions[i] = (char)('0' + answer->records[i].key);
}

static message_fn *const on[WIRE__COUNT] = {
    [WIRE_JOINED] = on_answer,           [WIRE_SYNCED] = on_answer, [WIRE_HEARTBEAT_ANSWER] = on_answer,
    [WIRE_COMMITTED] = on_answer,        [WIRE_LEFT] = on_answer,   [WIRE_OFFSETS_ANSWER] = on_answer,
};
static const char *const stage_names[] = {"scripted"};
static timer_fn *const on_timer[] = {send_step};
static const char *const timer_names[] = {"step"};
static const struct component members = {
    .name = "scripted members", .start = start, .on = on, .stage_names = stage_names,
    .stage_count = 1, .message_count = WIRE__COUNT, .messages = wire_kinds, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = 1};

static struct system group_system(void) {
  struct system system = system_at_least_once;
  system.components[ROLE_CONSUMER] = &members;
  system.host = NULL;
  return system;
}

static struct step *add(int64_t at_ms, enum wire kind, uint64_t member, int64_t generation) {
  ASSERT_LT(script.count, STEPS_MAX);
  script.steps[script.count] = (struct step){.at_ms = at_ms, .kind = kind, .member = member,
                                             .generation = generation};
  return &script.steps[script.count++];
}

static struct step *join_as(int64_t at_ms, uint64_t member, bool known, uint32_t instance,
                            const char *owns) {
  struct step *step = add(at_ms, WIRE_JOIN, member, known ? 1 : 0);
  step->known = known;
  step->instance = instance;
  step->owns = owns;
  return step;
}

static struct step *join(int64_t at_ms, uint64_t member) {
  return join_as(at_ms, member, false, 0, NULL);
}

static void begin(void) { script = (struct script){.end_ms = 1000}; }

static struct system the_system;
static struct tiny *tiny_group(void) {
  the_system = group_system();
  struct tiny *tiny = tiny_new(&the_system, &handler_naive, NULL);
  tiny->plan.partitions = PARTITIONS;
  tiny->plan.system_settings.values[KEY_OFFSETS_RETENTION].i = 1;
  return tiny;
}

static void play(struct tiny *tiny) {
  tiny_run(tiny);
  tiny_free(tiny);
}

static void set(struct tiny *tiny, enum kafka_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

/* --- Every state and request --- */

#define PARKED (-1)

/* Brings the group to a state by 1 s, or, DEAD, by 100 s. A is a member where there are members, of
 * generation 1. Returns when. */
static int64_t bring_to(enum group_state state) {
  begin();
  if (state == GROUP_EMPTY) return 1000;
  join(0, A);
  if (state == GROUP_COMPLETING) return 1000;
  add(200, WIRE_SYNC, A, 1);
  if (state == GROUP_PREPARING) join(300, B);
  if (state == GROUP_DEAD) add(300, WIRE_LEAVE, A, 1);
  return state == GROUP_DEAD ? 100000 : 1000;
}

enum asked { NEW, KNOWN, SYNC, BEAT, COMMIT, LEAVE, STALE_COMMIT, ASKED__COUNT };

static const struct cell {
  int64_t error;
  enum group_state after;
} cells[GROUP_STATE__COUNT][ASKED__COUNT] = {
    [GROUP_EMPTY] = {[NEW] = {KAFKA_OK, GROUP_COMPLETING},
                     [KNOWN] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY},
                     [SYNC] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY},
                     [BEAT] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY},
                     [COMMIT] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY},
                     [LEAVE] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY},
                     [STALE_COMMIT] = {KAFKA_UNKNOWN_MEMBER, GROUP_EMPTY}},
    [GROUP_DEAD] = {[NEW] = {KAFKA_OK, GROUP_COMPLETING},
                    [KNOWN] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD},
                    [SYNC] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD},
                    [BEAT] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD},
                    [COMMIT] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD},
                    [LEAVE] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD},
                    [STALE_COMMIT] = {KAFKA_UNKNOWN_MEMBER, GROUP_DEAD}},
    [GROUP_PREPARING] = {[NEW] = {PARKED, GROUP_PREPARING},
                         [KNOWN] = {KAFKA_OK, GROUP_COMPLETING},
                         [SYNC] = {KAFKA_REBALANCE_IN_PROGRESS, GROUP_PREPARING},
                         [BEAT] = {KAFKA_REBALANCE_IN_PROGRESS, GROUP_PREPARING},
                         [COMMIT] = {KAFKA_OK, GROUP_PREPARING},
                         [LEAVE] = {KAFKA_OK, GROUP_COMPLETING},
                         [STALE_COMMIT] = {KAFKA_ILLEGAL_GENERATION, GROUP_PREPARING}},
    [GROUP_COMPLETING] = {[NEW] = {PARKED, GROUP_PREPARING},
                          [KNOWN] = {KAFKA_OK, GROUP_COMPLETING},
                          [SYNC] = {KAFKA_OK, GROUP_STABLE},
                          [BEAT] = {KAFKA_OK, GROUP_COMPLETING},
                          [COMMIT] = {KAFKA_REBALANCE_IN_PROGRESS, GROUP_COMPLETING},
                          [LEAVE] = {KAFKA_OK, GROUP_EMPTY},
                          [STALE_COMMIT] = {KAFKA_ILLEGAL_GENERATION, GROUP_COMPLETING}},
    [GROUP_STABLE] = {[NEW] = {PARKED, GROUP_PREPARING},
                      [KNOWN] = {KAFKA_OK, GROUP_COMPLETING}, /* the leader joins: a rebalance */
                      [SYNC] = {KAFKA_OK, GROUP_STABLE},
                      [BEAT] = {KAFKA_OK, GROUP_STABLE},
                      [COMMIT] = {KAFKA_OK, GROUP_STABLE},
                      [LEAVE] = {KAFKA_OK, GROUP_EMPTY},
                      [STALE_COMMIT] = {KAFKA_ILLEGAL_GENERATION, GROUP_STABLE}},
};

static const struct step *ask(int64_t at_ms, enum asked asked) {
  static const enum wire kinds[ASKED__COUNT] = {WIRE_JOIN,   WIRE_JOIN,  WIRE_SYNC, WIRE_HEARTBEAT,
                                                WIRE_COMMIT, WIRE_LEAVE, WIRE_COMMIT};
  struct step *step = add(at_ms, kinds[asked], asked == NEW ? C : A, asked == STALE_COMMIT ? 0 : 1);
  step->known = asked == KNOWN;
  if (kinds[asked] == WIRE_COMMIT) step->owns = "0";
  return step;
}

START_TEST(every_state_answers_every_request) { /* [G1] */
  enum group_state state = (enum group_state)(_i / ASKED__COUNT);
  enum asked asked = (enum asked)(_i % ASKED__COUNT);
  int64_t at = bring_to(state);
  const struct step *step = ask(at, asked);
  script.end_ms = at + 500;
  play(tiny_group());
  struct cell expected = cells[state][asked];
  ck_assert_msg(script.state == expected.after, "state %d, request %d: state %d, not %d", state,
                asked, script.state, expected.after);
  ck_assert_msg((step->answered ? step->error : PARKED) == expected.error,
                "state %d, request %d: error %lld, not %lld", state, asked,
                (long long)(step->answered ? step->error : PARKED), (long long)expected.error);
}
END_TEST

/* --- The life of a group --- */

START_TEST(an_empty_group_waits_on_while_members_arrive) {
  begin();
  const struct step *first = join(0, A), *second = join(50, B);
  join(150, C);
  play(tiny_group());
  ck_assert(first->answered && second->answered);
  ck_assert_int_eq(first->answered_at_ms, 302); /* 100 ms, and as long again after each that saw one come */
  ck_assert_int_eq(second->answered_at_ms, 302);
  ck_assert_int_eq(first->answered_generation, 1);
}
END_TEST

START_TEST(assignment_waits_for_the_leader) { /* [G3] */
  begin();
  join(0, A);
  join(0, B);
  const struct step *follower = add(300, WIRE_SYNC, B, 1), *leader = add(500, WIRE_SYNC, A, 1);
  play(tiny_group());
  ck_assert_int_eq(follower->answered_at_ms, 502);
  ck_assert_str_eq(leader->partitions, "01");
  ck_assert_str_eq(follower->partitions, "23");
  ck_assert_int_eq(script.state, GROUP_STABLE);
}
END_TEST

START_TEST(who_is_silent_is_out_after_the_session_timeout) {
  begin();
  join(0, A);
  join(0, B);
  add(300, WIRE_SYNC, B, 1);
  add(300, WIRE_SYNC, A, 1);
  for (int64_t at = 3000; at <= 45000; at += 3000) add(at, WIRE_HEARTBEAT, A, 1);
  const struct step *before = add(45200, WIRE_HEARTBEAT, A, 1), *after = add(45400, WIRE_HEARTBEAT, A, 1);
  script.end_ms = 46000;
  play(tiny_group());
  ck_assert_int_eq(before->error, KAFKA_OK);
  ck_assert_int_eq(after->error, KAFKA_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(a_rebalance_waits_for_members_no_longer_than_the_poll_interval) {
  begin();
  struct tiny *tiny = tiny_group();
  set(tiny, KEY_MAX_POLL_INTERVAL, 5000 * MS);
  join_as(0, A, false, 1, NULL);
  join(0, B);
  add(300, WIRE_SYNC, A, 1)->instance = 1;
  add(300, WIRE_SYNC, B, 1);
  const struct step *newcomer = join(1000, C);
  script.end_ms = 8000;
  struct step *heartbeat = add(7000, WIRE_HEARTBEAT, A, 1), *out = add(7000, WIRE_HEARTBEAT, B, 1);
  heartbeat->instance = 1;
  play(tiny);
  ck_assert_int_eq(newcomer->answered_at_ms, 6002);
  ck_assert_int_eq(heartbeat->error, KAFKA_ILLEGAL_GENERATION); /* static: it keeps its place */
  ck_assert_int_eq(out->error, KAFKA_UNKNOWN_MEMBER);
}
END_TEST

START_TEST(who_does_not_sync_is_out) {
  begin();
  struct tiny *tiny = tiny_group();
  set(tiny, KEY_MAX_POLL_INTERVAL, 5000 * MS);
  join(0, A);
  join(0, B);
  add(300, WIRE_SYNC, A, 1);
  const struct step *late = add(6000, WIRE_SYNC, B, 1);
  script.end_ms = 6500;
  play(tiny);
  ck_assert_int_eq(late->error, KAFKA_UNKNOWN_MEMBER);
  ck_assert_int_eq(script.state, GROUP_PREPARING);
}
END_TEST

/* --- Static members --- */

START_TEST(a_restarted_static_member_has_its_partitions_without_a_rebalance) { /* [G4] */
  begin();
  join_as(0, A, false, 1, NULL);
  join_as(0, B, false, 2, NULL);
  add(300, WIRE_SYNC, A, 1)->instance = 1;
  struct step *first = add(300, WIRE_SYNC, B, 1);
  first->instance = 2;
  const struct step *again = join_as(5000, C, false, 2, NULL);
  struct step *second = add(5100, WIRE_SYNC, C, 1), *other = add(5200, WIRE_HEARTBEAT, A, 1);
  second->instance = 2, other->instance = 1;
  script.end_ms = 6000;
  play(tiny_group());
  ck_assert_int_eq(again->answered_at_ms, 5002);
  ck_assert_int_eq(again->answered_generation, 1);
  ck_assert_str_eq(second->partitions, first->partitions);
  ck_assert_int_eq(other->error, KAFKA_OK);
}
END_TEST

START_TEST(of_two_with_one_instance_id_the_earlier_is_fenced) { /* [G4] */
  begin();
  const struct step *parked = join_as(0, A, false, 1, NULL);
  join_as(50, B, false, 1, NULL);
  struct step *requests[4] = {add(500, WIRE_SYNC, A, 1), add(500, WIRE_HEARTBEAT, A, 1),
                              add(500, WIRE_COMMIT, A, 1), join_as(500, A, true, 1, NULL)};
  requests[2]->owns = "0";
  for (int i = 0; i < 3; i++) requests[i]->instance = 1;
  play(tiny_group());
  ck_assert_int_eq(parked->error, KAFKA_FENCED_INSTANCE);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(requests[i]->error, KAFKA_FENCED_INSTANCE);
}
END_TEST

/* --- Cooperative --- */

START_TEST(what_moves_is_nobodys_for_one_generation) { /* [G2] */
  begin();
  struct tiny *tiny = tiny_group();
  set(tiny, KEY_ASSIGNMENT_STRATEGY, STRATEGY_COOPERATIVE_STICKY);
  join(0, A);
  const struct step *alone = add(200, WIRE_SYNC, A, 1);
  join(300, B);
  join_as(400, A, true, 0, "0123");
  const struct step *keeps = add(500, WIRE_SYNC, A, 2), *waits = add(500, WIRE_SYNC, B, 2);
  join_as(600, A, true, 0, "01")->generation = 2;
  join_as(650, B, true, 0, NULL)->generation = 2;
  const struct step *kept = add(700, WIRE_SYNC, A, 3), *got = add(700, WIRE_SYNC, B, 3);
  play(tiny);
  ck_assert_str_eq(alone->partitions, "0123");
  ck_assert_str_eq(keeps->partitions, "01");
  ck_assert_str_eq(waits->partitions, "");
  ck_assert_str_eq(kept->partitions, "01");
  ck_assert_str_eq(got->partitions, "23");
}
END_TEST

/* A late commit has set a group back, and nobody has read from there yet. A rebalance lets everybody do so, or,
 * with the cooperative protocol, only who gets another's partition: what is read anew is open again. */
static uint64_t settled_after_a_rebalance(int64_t strategy) {
  begin();
  join(0, A);
  add(200, WIRE_SYNC, A, 1);
  script.end_ms = 300;
  struct tiny *tiny = tiny_group();
  set(tiny, KEY_ASSIGNMENT_STRATEGY, strategy);
  tiny_run(tiny);
  struct node *coordinator = &tiny->world->nodes[kafka_coordinator(tiny->world)];
  struct group *group = group_at(coordinator, 0);
  ck_assert_int_eq(group->state, GROUP_STABLE);
  group->committed[0] = 3;
  group->settled[0].offset = 8;
  broker_log(coordinator, 0)->end = 10;
  group_prepare(tiny->world, coordinator, group);
  const uint64_t settled = group->settled[0].offset;
  tiny_free(tiny);
  return settled;
}

START_TEST(what_a_rebalance_reads_anew_is_open_again) {
  ck_assert_uint_eq(settled_after_a_rebalance(STRATEGY_RANGE), 3);
  ck_assert_uint_eq(settled_after_a_rebalance(STRATEGY_COOPERATIVE_STICKY), 8);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("group");
  tcase_add_loop_test(tests, every_state_answers_every_request, 0, GROUP_STATE__COUNT * ASKED__COUNT);
  tcase_add_test(tests, an_empty_group_waits_on_while_members_arrive);
  tcase_add_test(tests, assignment_waits_for_the_leader);
  tcase_add_test(tests, who_is_silent_is_out_after_the_session_timeout);
  tcase_add_test(tests, a_rebalance_waits_for_members_no_longer_than_the_poll_interval);
  tcase_add_test(tests, who_does_not_sync_is_out);
  tcase_add_test(tests, a_restarted_static_member_has_its_partitions_without_a_rebalance);
  tcase_add_test(tests, of_two_with_one_instance_id_the_earlier_is_fenced);
  tcase_add_test(tests, what_a_rebalance_reads_anew_is_open_again);
  tcase_add_test(tests, what_moves_is_nobodys_for_one_generation);
  Suite *suite = suite_create("kafka group");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
