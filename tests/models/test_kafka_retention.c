/* What a log may forget: nothing that anybody can still ask for. */
#include "models/kafka/consumer.h"
#include "models/kafka/coordinator.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_at_least_once;
extern const struct handler handler_naive;

#define S NS_PER_S
#define MESSAGES 12000 /* 200 a second for a minute */

static const struct partition_log *log_of(const struct world *world) {
  return &broker_disk(&world->nodes[world->first[ROLE_BROKER]])->input[0];
}

/* [I1] of retention.h. */
static void nothing_is_missing(const struct world *world) {
  const uint64_t start = log_of(world)->start;
  const struct node *coordinator = &world->nodes[kafka_coordinator(world)];
  const uint64_t committed = group_at(coordinator, 0)->committed[0];
  if (committed != OFFSET_NONE) ck_assert_uint_ge(committed, start);
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++) {
    struct node *node = &world->nodes[world->first[ROLE_CONSUMER] + i];
    const struct consumer_part *part = node->alive ? &consumer_of(node)->parts[0] : NULL;
    if (!part || !part->positioned) continue;
    ck_assert_uint_ge(part->fetched, start);
    ck_assert_uint_ge(part->committed, start);
  }
}

static uint64_t next[2];   /* by consumer: offset behind the last record that it was sent */
static uint32_t came_back; /* records that a consumer was sent after half a minute without any */
static int64_t last_sent[2];

/* Each answer to a fetch goes on where the one before has ended, or where the reader began anew. */
static void sent(void *context, const struct world *world, const struct message *message, int64_t at) {
  (void)context;
  nothing_is_missing(world);
  const struct node *to = &world->nodes[message->to];
  if (at < 0 || to->role != ROLE_CONSUMER || !message->is_reply || message->kind != WIRE_FETCHED) return;
  ck_assert_int_eq(message->a, 0); /* no position was out of range */
  const uint32_t consumer = to->index - 1;
  if (message->record_count == 0) return;
  if (last_sent[consumer] > 0 && world->now.ns - last_sent[consumer] > 30 * S) {
    ck_assert_uint_eq(message->records[0].handle, next[consumer]);
    came_back += message->record_count;
  }
  next[consumer] = message->records[message->record_count - 1].handle + 1;
  last_sent[consumer] = world->now.ns;
}
static const struct observer observer = {.sent = sent};

static struct tiny *busy(void) {
  struct tiny *tiny = tiny_new(&system_at_least_once, &handler_naive, &store_transactional);
  tiny->plan.workload.messages = MESSAGES;
  tiny->plan.workload.rate = UINT64_C(200) * SCHEMA_RATE_SCALE;
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  tiny->world->observer = &observer;
  return tiny;
}

static void run(struct tiny *tiny) {
  memset(next, 0, sizeof next);
  memset(last_sent, 0, sizeof last_sent);
  came_back = 0;
  tiny_run(tiny);
}

START_TEST(it_forgets_what_all_have_read) {
  struct tiny *tiny = busy();
  run(tiny);
  ck_assert_uint_eq(log_of(tiny->world)->end, MESSAGES);
  ck_assert_uint_gt(log_of(tiny->world)->start, MESSAGES - 2048);
  tiny_free(tiny);
}
END_TEST

/* The other one reads on meanwhile, and who was cut off learns only later that it is no member. */
START_TEST(who_was_cut_off_goes_on_where_it_was) {
  struct tiny *tiny = busy();
  struct fault_plan *cut = tiny_strike(tiny, VERB_PARTITION, 5 * S + 1, ROLE_CONSUMER, 1); /* it has the partition */
  cut->from = tiny_one(ROLE_BROKER, 1);
  cut->lasts = span_of(50 * S);
  run(tiny);
  ck_assert_uint_gt(came_back, 0);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, 0), MESSAGES);
  tiny_free(tiny);
}
END_TEST

/* A log of which a disk's loss leaves nothing begins anew at its first offset. */
START_TEST(it_keeps_all_where_a_disk_may_go) {
  struct tiny *tiny = busy();
  tiny_strike(tiny, VERB_DISK_GONE, 500 * S, ROLE_BROKER, 1); /* when all is over */
  run(tiny);
  ck_assert_uint_eq(log_of(tiny->world)->start, 0);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka retention");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, it_forgets_what_all_have_read);
  tcase_add_test(tests, who_was_cut_off_goes_on_where_it_was);
  tcase_add_test(tests, it_keeps_all_where_a_disk_may_go);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
