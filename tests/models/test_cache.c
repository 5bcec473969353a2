/* The cache alone: what is there when, and what is left of it after each death. */
#include "models/store/keyspace.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define KEY_BYTES (KEYSPACE_KEY_BYTES + KEYSPACE_EXPIRY_BYTES)

enum what { GET, SET, CLAIM, DELETE };
struct request {
  int64_t at; /* submitted; executed one latency later */
  uint32_t consumer;
  enum what what;
  uint64_t key;
  int64_t value, ttl;
  /* filled in */
  int status;
  int64_t found;
};
#define REQUESTS_MAX 16
static struct request requests[REQUESTS_MAX]; /* by message id, from 1 */

static int make_request(struct dg_context *c, const struct dg_message *m) {
  struct request *request = &requests[m->id];
  request->found = -1;
  switch (request->what) {
  case GET: return request->status = dg_cache_get(c, "key", request->key, &request->found);
  case SET: return request->status = dg_cache_set(c, "key", request->key, request->value, request->ttl);
  case CLAIM:
    return request->status =
               dg_cache_set_if_absent(c, "key", request->key, request->value, request->ttl);
  default: return request->status = dg_cache_delete(c, "key", request->key);
  }
}
static const struct handler handler_requests = {.name = "requests", .handle = make_request,
                                                .uses = HANDLER_USES(CACHE)};

static struct tiny *world_of(size_t count, const struct request *list) {
  struct tiny *tiny = script_with_cache(&handler_requests, 2, 4);
  ck_assert_uint_lt(count, REQUESTS_MAX);
  for (size_t i = 0; i < count; i++) {
    requests[i + 1] = list[i];
    requests[i + 1].status = -1;
    script_add(list[i].at, list[i].consumer, i + 1);
  }
  return tiny;
}
#define GETS(when, who, which) {.at = when, .consumer = who, .what = GET, .key = which}
#define DELETES(when, who, which) {.at = when, .consumer = who, .what = DELETE, .key = which}
#define SETS(when, who, which, to, lives)                                                          \
  {.at = when, .consumer = who, .what = SET, .key = which, .value = to, .ttl = lives}
#define CLAIMS(when, who, which, to, lives)                                                        \
  {.at = when, .consumer = who, .what = CLAIM, .key = which, .value = to, .ttl = lives}
#define WORLD(...)                                                                                 \
  world_of(sizeof(struct request[]){__VA_ARGS__} / sizeof(struct request),                         \
           (const struct request[]){__VA_ARGS__})

static void set(struct tiny *tiny, enum cache_key key, int64_t value) {
  tiny->plan.cache.settings.values[key].i = value;
}

static void strike(struct tiny *tiny, enum verb verb, int64_t at) {
  tiny_strike(tiny, verb, at, ROLE_CACHE, 1)->lasts = span_of(5 * MS);
  if (verb == VERB_POWER_LOSS || verb == VERB_DISK_GONE) script_without_pool(tiny);
}

START_TEST(a_key_is_there_until_its_time_is_over_to_the_nanosecond) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 7, 42, 100 * MS), GETS(110 * MS + _i, 1, 7),
                            GETS(150 * MS, 1, 8));
  tiny_run(tiny);
  ck_assert_int_eq(requests[1].status, DG_OK);
  ck_assert_int_eq(requests[2].status, _i < 0 ? DG_OK : DG_NOT_FOUND);
  ck_assert_int_eq(requests[2].found, _i < 0 ? 42 : -1);
  ck_assert_int_eq(requests[3].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_key_that_is_set_anew_has_the_new_time) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 7, 1, 20 * MS), SETS(20 * MS, 1, 7, 2, 100 * MS),
                            GETS(50 * MS, 1, 7), SETS(60 * MS, 1, 7, 3, 0), GETS(NS_PER_S, 1, 7));
  tiny_run(tiny);
  ck_assert_int_eq(requests[3].found, 2);
  ck_assert_int_eq(requests[5].found, 3); /* without a time to live it stays */
  tiny_free(tiny);
}
END_TEST

START_TEST(of_two_claims_at_one_time_one_is_done) {
  struct tiny *tiny = WORLD(CLAIMS(10 * MS, 1, 7, 1, 50 * MS), CLAIMS(10 * MS, 2, 7, 2, 50 * MS),
                            GETS(20 * MS, 1, 7), CLAIMS(60 * MS, 2, 7, 4, 50 * MS), GETS(70 * MS, 1, 7));
  tiny_run(tiny);
  int done = (requests[1].status == DG_OK) + (requests[2].status == DG_OK);
  int refused = (requests[1].status == DG_EXISTS) + (requests[2].status == DG_EXISTS);
  ck_assert_int_eq(done, 1);
  ck_assert_int_eq(refused, 1);
  ck_assert_int_eq(requests[3].found, requests[1].status == DG_OK ? 1 : 2);
  ck_assert_int_eq(requests[4].status, DG_OK); /* it has run out */
  ck_assert_int_eq(requests[5].found, 4);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_deleted_key_can_be_claimed) {
  struct tiny *tiny = WORLD(DELETES(10 * MS, 1, 7), SETS(20 * MS, 1, 7, 1, NS_PER_H),
                            DELETES(30 * MS, 1, 7), CLAIMS(40 * MS, 1, 7, 2, NS_PER_H),
                            CLAIMS(50 * MS, 1, 8, 1, NS_PER_H));
  tiny_run(tiny);
  ck_assert_int_eq(requests[1].status, DG_NOT_FOUND);
  ck_assert_int_eq(requests[3].status, DG_OK);
  ck_assert_int_eq(requests[4].status, DG_OK);
  ck_assert_uint_eq(tiny->world->dedup_bytes, 2 * KEY_BYTES);
  tiny_free(tiny);
}
END_TEST

START_TEST(memory_falls_when_keys_run_out) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, 30 * MS), SETS(20 * MS, 1, 2, 1, 500 * MS),
                            SETS(25 * MS, 1, 3, 1, 10 * MS), GETS(100 * MS, 1, 9));
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], 3 * KEY_BYTES);
  ck_assert_uint_eq(tiny->world->dedup_bytes, KEY_BYTES);
  tiny_free(tiny);
}
END_TEST

/* Two writes, 610 and 20 ms before the death, the second within a second after the flush of the first; which
 * are there after it. */
static const struct {
  enum verb verb;
  bool appendonly;
  enum cache_fsync fsync;
  bool first, second;
} deaths[] = {
    {VERB_KILL, true, CACHE_FSYNC_EVERYSEC, true, true},
    {VERB_KILL, true, CACHE_FSYNC_NO, true, true},
    {VERB_KILL, false, CACHE_FSYNC_EVERYSEC, false, false},
    {VERB_POWER_LOSS, true, CACHE_FSYNC_ALWAYS, true, true},
    {VERB_POWER_LOSS, true, CACHE_FSYNC_EVERYSEC, true, false},
    {VERB_POWER_LOSS, true, CACHE_FSYNC_NO, false, false},
    {VERB_TERMINATE, true, CACHE_FSYNC_NO, true, true},
    {VERB_DISK_GONE, true, CACHE_FSYNC_ALWAYS, false, false},
};

START_TEST(a_death_takes_what_was_not_on_the_disk) {
  struct tiny *tiny = WORLD(SETS(900 * MS, 1, 1, 1, NS_PER_H), SETS(1490 * MS, 1, 2, 1, NS_PER_H),
                            GETS(1600 * MS, 1, 1), GETS(1600 * MS, 1, 2));
  set(tiny, KEY_CACHE_APPENDONLY, deaths[_i].appendonly);
  set(tiny, KEY_CACHE_APPENDFSYNC, deaths[_i].fsync);
  strike(tiny, deaths[_i].verb, 1510 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(requests[2].status, DG_OK);
  ck_assert_int_eq(requests[3].status, deaths[_i].first ? DG_OK : DG_NOT_FOUND);
  ck_assert_int_eq(requests[4].status, deaths[_i].second ? DG_OK : DG_NOT_FOUND);
  bool lost = !deaths[_i].first || !deaths[_i].second;
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, lost); /* of a lost write, not of a quiet death */
  ck_assert_uint_eq(tiny->world->dedup_bytes, KEY_BYTES * (deaths[_i].first + deaths[_i].second));
  tiny_free(tiny);
}
END_TEST

START_TEST(after_a_second_a_write_is_on_the_disk) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(100 * MS, 1, 2, 1, NS_PER_H),
                            GETS(1600 * MS, 1, 2));
  strike(tiny, VERB_POWER_LOSS, _i ? 1012 * MS : 1011 * MS); /* a flush: 11 ms, + 1 s, + 0.7 ms */
  tiny_run(tiny);
  ck_assert_int_eq(requests[3].status, _i ? DG_OK : DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

START_TEST(what_a_flush_lied_about_goes_with_the_power) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(50 * MS, 1, 2, 1, NS_PER_H),
                            GETS(90 * MS, 1, 1), GETS(90 * MS, 1, 2));
  set(tiny, KEY_CACHE_APPENDFSYNC, CACHE_FSYNC_ALWAYS);
  strike(tiny, VERB_FSYNC_LIES, 40 * MS);
  tiny->faults[0].lasts = span_of(20 * MS);
  strike(tiny, VERB_POWER_LOSS, 70 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(requests[2].status, DG_OK);
  ck_assert_int_eq(requests[3].status, DG_OK);
  ck_assert_int_eq(requests[4].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_write_whose_flush_fails_is_neither_done_nor_answered) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), GETS(50 * MS, 1, 1));
  set(tiny, KEY_CACHE_APPENDFSYNC, CACHE_FSYNC_ALWAYS);
  strike(tiny, VERB_FSYNC_FAILS, 5 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(requests[1].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[2].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

/* Writes at 10, 60 and 90 ms, executed a latency later; a replica has each 50 ms after that. The failover
 * comes at 100 ms. */
static const struct {
  int replicas;
  enum election election;
  bool second;
} failovers[] = {{1, ELECTION_UNCLEAN, false}, {1, ELECTION_CLEAN, true}, {0, ELECTION_UNCLEAN, true}};

START_TEST(an_unclean_failover_takes_what_the_replica_lacks) {
  struct tiny *tiny =
      WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(60 * MS, 1, 1, 2, NS_PER_H),
            SETS(90 * MS, 1, 2, 1, NS_PER_H), GETS(200 * MS, 1, 1), GETS(200 * MS, 1, 2));
  set(tiny, KEY_CACHE_REPLICAS, failovers[_i].replicas);
  set(tiny, KEY_CACHE_REPLICATION_DELAY, 50 * MS);
  strike(tiny, VERB_FAILOVER, 100 * MS);
  tiny->faults[0].election = failovers[_i].election;
  tiny_run(tiny);
  ck_assert_int_eq(requests[4].found, failovers[_i].second ? 2 : 1); /* as it was before */
  ck_assert_int_eq(requests[5].status, failovers[_i].second ? DG_OK : DG_NOT_FOUND);
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, failovers[_i].second ? 0 : 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_failover_breaks_connections) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(50 * MS, 1, 2, 1, NS_PER_H),
                            GETS(50 * MS, 2, 1), GETS(90 * MS, 1, 1));
  set(tiny, KEY_CACHE_REPLICAS, 1);
  strike(tiny, VERB_FAILOVER, 50 * MS + MS / 2);
  tiny_run(tiny);
  ck_assert_int_eq(requests[2].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[3].status, DG_FAILED);
  ck_assert_int_eq(requests[4].status, DG_OK);
  tiny_free(tiny);
}
END_TEST

START_TEST(without_an_answer_a_read_fails_and_a_write_may_have_been_done) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), GETS(10 * MS, 1, 1),
                            CLAIMS(10 * MS, 1, 2, 1, NS_PER_H), DELETES(10 * MS, 1, 3),
                            GETS(10 * NS_PER_S, 2, 1));
  set(tiny, KEY_CACHE_TIMEOUT, 500 * MS);
  struct fault_plan *cut = tiny_strike(tiny, VERB_PARTITION, 5 * MS, ROLE_CONSUMER, 1);
  cut->from = tiny_one(ROLE_CACHE, 1);
  cut->lasts = span_of(NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(requests[1].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[2].status, DG_FAILED);
  ck_assert_int_eq(requests[3].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[4].status, DG_UNKNOWN);
  ck_assert_int_eq(script.steps[0].handled_at, 510 * MS);
  ck_assert_int_eq(requests[5].status, DG_OK); /* it was on its way, and was done in the end */
  tiny_free(tiny);
}
END_TEST

START_TEST(one_thread_serves_one_request_after_the_other) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(10 * MS, 2, 2, 1, NS_PER_H),
                            GETS(10 * MS, 2, 1), SETS(25 * MS, 1, 3, 1, NS_PER_H));
  tiny->plan.cores = 4;
  tiny->plan.costs.values[COST_CACHE_REQUEST].i = 3 * MS;
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].handled_at, 15 * MS);
  ck_assert_int_eq(script.steps[1].handled_at, 18 * MS);
  ck_assert_int_eq(script.steps[2].handled_at, 21 * MS);
  set(tiny, KEY_CACHE_APPENDFSYNC, CACHE_FSYNC_ALWAYS);
  tiny->plan.costs.values[COST_CACHE_FLUSH].i = 10 * MS;
  tiny_run(tiny);
  /* the first is alone; who came meanwhile shares the next flush, from 24 + 3 + 3 ms on; one more, which
   * comes while those are executed, has the third */
  ck_assert_int_eq(script.steps[0].handled_at, 25 * MS);
  ck_assert_int_eq(script.steps[1].handled_at, 41 * MS);
  ck_assert_int_eq(script.steps[2].handled_at, 41 * MS);
  ck_assert_int_eq(script.steps[3].handled_at, 54 * MS);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 3);
  tiny_free(tiny);
}
END_TEST

/* A service of 3 ms and a flush of 10 ms: the first is executed and flushed from 11 to 24 ms, the two others
 * together after that. */
static struct tiny *batch_of_two(void) {
  struct tiny *tiny =
      WORLD(SETS(10 * MS, 1, 1, 1, NS_PER_H), SETS(10 * MS, 2, 2, 1, NS_PER_H),
            SETS(11 * MS, 1, 3, 1, NS_PER_H), GETS(80 * MS, 1, 1), GETS(80 * MS, 2, 2), GETS(80 * MS, 2, 3));
  set(tiny, KEY_CACHE_APPENDFSYNC, CACHE_FSYNC_ALWAYS);
  tiny->plan.costs.values[COST_CACHE_REQUEST].i = 3 * MS;
  tiny->plan.costs.values[COST_CACHE_FLUSH].i = 10 * MS;
  return tiny;
}

START_TEST(a_batch_does_not_wait_for_a_request_that_got_lost) {
  struct tiny *tiny = batch_of_two();
  tiny_trigger(tiny, VERB_DROP, POINT_STATEMENT_RECEIVED, 3);
  tiny_run(tiny);
  ck_assert_int_eq(requests[2].status, DG_OK);
  ck_assert_int_eq(script.steps[1].handled_at, 41 * MS);
  ck_assert_int_eq(requests[3].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[6].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

/* Between the two, and at the flush that they share. */
START_TEST(a_batch_that_dies_is_not_answered) {
  struct tiny *tiny = batch_of_two();
  strike(tiny, _i ? VERB_FSYNC_FAILS : VERB_POWER_LOSS, _i ? 20 * MS : 26 * MS);
  tiny_run(tiny);
  for (int i = 2; i <= 3; i++) ck_assert_int_eq(requests[i].status, DG_UNKNOWN);
  ck_assert_int_eq(requests[4].status, DG_OK);
  for (int i = 5; i <= 6; i++) ck_assert_int_eq(requests[i].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

/* A failover takes writes out of the middle of a batch; what is left of it is flushed, or fails. */
START_TEST(a_failover_in_the_middle_of_a_batch) {
  struct tiny *tiny = batch_of_two();
  set(tiny, KEY_CACHE_REPLICAS, 1);
  set(tiny, KEY_CACHE_REPLICATION_DELAY, NS_PER_S);
  strike(tiny, VERB_FAILOVER, 25 * MS);
  tiny->faults[0].election = ELECTION_UNCLEAN;
  if (_i) strike(tiny, VERB_FSYNC_FAILS, 20 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(requests[2].status, DG_UNKNOWN);
  /* two writes, and two answers that come over a connection that is broken, if they come */
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, _i ? 2 : 4);
  for (int i = 4; i <= 5; i++) ck_assert_int_eq(requests[i].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

START_TEST(runs_repeat_in_used_memory) {
  struct tiny *tiny = WORLD(SETS(10 * MS, 1, 1, 1, 30 * MS), CLAIMS(11 * MS, 2, 1, 2, NS_PER_H),
                            CLAIMS(50 * MS, 2, 1, 2, NS_PER_H), DELETES(60 * MS, 1, 1),
                            SETS(70 * MS, 1, 1, 5, NS_PER_S), GETS(200 * MS, 1, 1));
  set(tiny, KEY_CACHE_REPLICAS, 1);
  strike(tiny, VERB_POWER_LOSS, 65 * MS);
  strike(tiny, VERB_FAILOVER, 90 * MS);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  struct world *other = world_new(4096, 0xa5);
  world_reset(other, &tiny->plan, 1);
  world_run(other);
  ck_assert_uint_eq(trace_digest(&other->trace), digest);
  world_free(other);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("cache");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_key_is_there_until_its_time_is_over_to_the_nanosecond, -1, 2);
  tcase_add_test(tests, a_key_that_is_set_anew_has_the_new_time);
  tcase_add_test(tests, of_two_claims_at_one_time_one_is_done);
  tcase_add_test(tests, a_deleted_key_can_be_claimed);
  tcase_add_test(tests, memory_falls_when_keys_run_out);
  tcase_add_loop_test(tests, a_death_takes_what_was_not_on_the_disk, 0,
                      sizeof deaths / sizeof *deaths);
  tcase_add_loop_test(tests, after_a_second_a_write_is_on_the_disk, 0, 2);
  tcase_add_test(tests, what_a_flush_lied_about_goes_with_the_power);
  tcase_add_test(tests, a_write_whose_flush_fails_is_neither_done_nor_answered);
  tcase_add_loop_test(tests, an_unclean_failover_takes_what_the_replica_lacks, 0,
                      sizeof failovers / sizeof *failovers);
  tcase_add_test(tests, a_failover_breaks_connections);
  tcase_add_test(tests, without_an_answer_a_read_fails_and_a_write_may_have_been_done);
  tcase_add_test(tests, one_thread_serves_one_request_after_the_other);
  tcase_add_test(tests, a_batch_does_not_wait_for_a_request_that_got_lost);
  tcase_add_loop_test(tests, a_batch_that_dies_is_not_answered, 0, 2);
  tcase_add_loop_test(tests, a_failover_in_the_middle_of_a_batch, 0, 2);
  tcase_add_test(tests, runs_repeat_in_used_memory);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
