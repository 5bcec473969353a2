/* A commit names each partition once where nobody waits for an acknowledgement, and each record where somebody does:
 * nothing that happens depends on it. */
#include "models/kafka/consumer.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_at_least_once;
extern const struct handler handler_naive;

#define MS NS_PER_MS
#define S NS_PER_S

static uint32_t kept_most; /* records that a consumer has kept for its next commit */

static void look(void *context, const struct world *world, const struct node *node, uint32_t point, bool before,
                 uint64_t intent, const struct message *message) {
  (void)context, (void)point, (void)before, (void)intent, (void)message;
  if (node->role != ROLE_CONSUMER || !node->state[0]) return;
  const uint32_t kept = consumer_of(&world->nodes[node->id])->processed_count;
  if (kept > kept_most) kept_most = kept;
}
static const struct observer waits = {.point = look};

/* 4000 operations a second in two partitions; the broker is away when a commit is due. */
static struct tiny *busy(int64_t commit_interval) {
  struct tiny *tiny = tiny_new(&system_at_least_once, &handler_naive, &store_transactional);
  tiny->plan.workload.messages = 8000;
  tiny->plan.workload.rate = UINT64_C(4000) * SCHEMA_RATE_SCALE;
  tiny->plan.partitions = 2;
  tiny->plan.system_settings.values[KEY_BUFFER_MEMORY].i = 1 << 24;
  tiny->plan.system_settings.values[KEY_COMMIT_INTERVAL].i = commit_interval;
  tiny_strike(tiny, VERB_KILL, 1200 * MS, ROLE_BROKER, 1)->lasts = span_of(300 * MS);
  return tiny;
}

static void same_whoever_waits(int64_t commit_interval, uint32_t least, uint32_t most) {
  struct tiny *tiny = busy(commit_interval);
  tiny_run(tiny);
  const uint64_t digest = tiny->digest;
  ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, 0), 8000);
  kept_most = 0;
  tiny->world->observer = &waits;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  ck_assert_uint_ge(kept_most, least);
  ck_assert_uint_le(kept_most, most);
  tiny_free(tiny);
}

START_TEST(few_records_between_commits) { same_whoever_waits(100 * MS, 20, PROCESSED_MAX); }
END_TEST

START_TEST(more_records_than_a_commit_has_room_for) { /* they are folded */
  same_whoever_waits(4 * S, PROCESSED_MAX + 1, 2 * PROCESSED_MAX);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka commits");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, few_records_between_commits);
  tcase_add_test(tests, more_records_than_a_commit_has_room_for);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
