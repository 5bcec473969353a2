/* A failing case written as a scenario is the same case when it is read: operations, faults, contract, content. */
#include "sim/runner/check_repro.h"
#include "sim/runner/check_save.h"
#include "sim/runner/check_worker.h"
#include "tests/system/rig.h"

#include "sim/runner/check_reference.h"
#include "tests/run_suite.h"

#include <sys/stat.h>
#include <unistd.h>

static struct registry check_registry(void) {
  static const struct handler *handlers[256];
  struct registry registry = rig_registry();
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof *handlers);
  handlers[registry.handler_count++] = &check_handler;
  registry.handlers = handlers;
  return registry;
}

static void load_file(const char *path, struct scenario *out) {
  const struct registry registry = check_registry();
  struct err err = {.code = ERR_NONE};
  const bool loaded = scenario_load(path, &registry, NULL, 0, 0, out, &err);
  if (!loaded) err_print(&err, stderr);
  ck_assert_msg(loaded, "%s", path);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  ck_assert_msg(file != NULL, "%s", path);
  fputs(text, file);
  fclose(file);
}

static uint16_t consumer_of(const struct plan *plan) {
  uint32_t index;
  uint16_t node = 0;
  while (placement_role(plan, node, &index) != ROLE_CONSUMER || index != 2) node++;
  return node;
}

/* As check_shrink leaves it, of operations 2 and 4. */
static void make_small(const struct scenario *scenario, const struct check_case *what, struct check_small *out) {
  static const uint64_t only[] = {2, 4};
  const struct check_options options = {0};
  struct check_world *world = check_world_new(scenario, &options, only, 2);
  *out = (struct check_small){.plan = world->plan, .what = *what, .small = true};
  memcpy(out->intents, world->intents, 2 * sizeof *out->intents);
  out->plan.workload.intents = out->intents;
  check_set_variant(&out->plan, what->variant);
  out->plan.mixed_versions = what->mixed;
  out->outcome = (struct check_outcome){.verdict = CHECK_FAILED, .anomaly = ANOMALY_DUPLICATE_EFFECTS,
                                        .evidence = "op-2 \"charge\": 2 instead of 1\n\xff\x1b#"};
  check_world_free(world);
}

static void same_selector(const struct selector *a, const struct selector *b) {
  ck_assert_uint_eq(a->count, b->count);
  for (uint32_t i = 0; i < a->count; i++) {
    ck_assert_int_eq(a->items[i].which, b->items[i].which);
    ck_assert_int_eq(a->items[i].role, b->items[i].role);
    ck_assert_uint_eq(a->items[i].index, b->items[i].index);
  }
}

static void same_fault(const struct fault_plan *a, const struct fault_plan *b) {
  ck_assert_int_eq(a->verb, b->verb);
  ck_assert_int_eq(a->timing, b->timing);
  ck_assert_uint_eq(a->point, b->point);
  ck_assert_int_eq(a->before, b->before);
  ck_assert_uint_eq(a->intent, b->intent);
  ck_assert_uint_eq(a->attempt, b->attempt);
  ck_assert_uint_eq(a->nth, b->nth);
  ck_assert_int_eq(a->chance, b->chance);
  ck_assert_int_eq(a->lasts.ns, b->lasts.ns);
  ck_assert_int_eq(a->late.ns, b->late.ns);
  if (a->verb == VERB_TERMINATE) ck_assert_int_eq(a->grace.ns, b->grace.ns);
  if (a->verb == VERB_FAIL) ck_assert_int_eq(a->error, b->error);
  if (a->verb == VERB_SKEW_CLOCK) {
    ck_assert_int_eq(a->skew.ns, b->skew.ns);
    ck_assert_int_eq(a->skew_direction, b->skew_direction);
  }
  same_selector(&a->target, &b->target);
  same_selector(&a->when_node, &b->when_node);
}

static void same_store(const struct store_plan *a, const struct store_plan *b) {
  ck_assert_ptr_eq(a->store, b->store);
  for (size_t i = 0; a->store && i < a->store->key_count; i++)
    if (a->store->keys[i].type != VALUE_DISTRIBUTION)
      ck_assert_int_eq(a->settings.values[i].i, b->settings.values[i].i);
    else
      ck_assert_str_eq(a->settings.values[i].distribution->text, b->settings.values[i].distribution->text);
}

static void same_plan(const struct plan *a, const struct plan *b) {
  ck_assert_ptr_eq(a->system, b->system);
  ck_assert_ptr_eq(a->handler, b->handler);
  for (size_t i = 0; i < a->system->key_count; i++)
    if (a->system->keys[i].type != VALUE_DISTRIBUTION)
      ck_assert_int_eq(a->system_settings.values[i].i, b->system_settings.values[i].i);
  same_store(&a->database, &b->database);
  same_store(&a->cache, &b->cache);
  same_store(&a->provider, &b->provider);
  ck_assert(memcmp(a->counts, b->counts, sizeof a->counts) == 0);
  ck_assert_uint_eq(a->partitions, b->partitions);
  ck_assert_uint_eq(a->threads, b->threads);
  ck_assert_uint_eq(a->cores, b->cores);
  ck_assert(a->luck_none && b->luck_none);
  ck_assert_int_eq(a->drain_limit.ns, b->drain_limit.ns);
  ck_assert_int_eq(a->redelivery_horizon.ns, b->redelivery_horizon.ns);
  ck_assert(memcmp(&a->costs, &b->costs, sizeof a->costs) == 0);
  for (int i = 0; i < LINK__COUNT; i++)
    if (plan_link_rule(a, (enum link)i).used)
      ck_assert_str_eq(a->links[i].latency->text, b->links[i].latency->text);
  ck_assert_int_eq(a->mixed_versions, b->mixed_versions);
  ck_assert_int_eq(a->content.variant, b->content.variant);
  ck_assert_str_eq(a->content.body ? a->content.body : "", b->content.body ? b->content.body : "");
  if (a->content.variant != VARIANT_NONE) {
    ck_assert_uint_eq(a->content.first, b->content.first);
    ck_assert_uint_eq(a->content.second, b->content.second);
  }
  ck_assert_uint_eq(a->workload.messages, b->workload.messages);
  ck_assert_uint_eq(a->workload.keys, b->workload.keys);
  ck_assert_int_eq(a->workload.size, b->workload.size);
  ck_assert_str_eq(a->workload.service_time->text, b->workload.service_time->text);
  for (uint64_t i = 0; a->workload.intents && i < a->workload.messages; i++) {
    const struct intent_plan *left = &a->workload.intents[i], *right = &b->workload.intents[i];
    ck_assert_uint_eq(left->id, right->id);
    ck_assert_int_eq(left->at.ns, right->at.ns);
    ck_assert_uint_eq(left->key, right->key);
    ck_assert_uint_eq(left->producer, right->producer);
    ck_assert_int_eq(left->size, right->size);
    ck_assert_int_eq(left->operation, right->operation);
    ck_assert_str_eq(left->service_time ? left->service_time->text : "",
                     right->service_time ? right->service_time->text : "");
  }
}

static void same_list(const char *const *a, const char *const *b) {
  ck_assert_int_eq(a == NULL, b == NULL);
  if (!a) return;
  for (; *a; a++, b++) ck_assert_str_eq(*a, *b);
  ck_assert_ptr_null(*b);
}

static void same_rules(const struct check_rules *a, const struct check_rules *b) {
  ck_assert_int_eq(a->redelivery_horizon.ns, b->redelivery_horizon.ns);
  ck_assert_int_eq(a->concurrent_delivery, b->concurrent_delivery);
  ck_assert_int_eq(a->reorder, b->reorder);
  ck_assert_uint_eq(a->batch, b->batch);
  ck_assert_int_eq(a->ack, b->ack);
  ck_assert_int_eq(a->clock, b->clock);
  ck_assert_int_eq(a->external, b->external);
  ck_assert(a->tenants == b->tenants && a->changed_payload == b->changed_payload);
  ck_assert(a->poison == b->poison && a->failover == b->failover);
  same_list(a->probe, b->probe);
  same_list(a->reset, b->reset);
  same_list(a->other_version, b->other_version);
  same_list(a->ignore, b->ignore);
  ck_assert_int_eq(a->answer_limit.ns, b->answer_limit.ns);
}

/* Writes the case beside DIR/sub/, reads it, and compares. */
static void check_round(const struct scenario *scenario, const struct check_case *what, const char *folder) {
  char path[512];
  struct err err = {.code = ERR_NONE};
  struct check_small small;
  struct scenario again;
  make_small(scenario, what, &small);
  ck_assert_msg(check_save(scenario, &small, folder, path, &err), "%s", err.message);
  load_file(path, &again);
  same_plan(&small.plan, again.plans);
  same_rules(&scenario->check, &again.check);
  ck_assert_int_eq(again.check.cases, CHECK_CASES_DECLARED);
  ck_assert_int_eq(again.check.variant, what->variant);
  ck_assert_int_eq(again.check.mixed_versions, what->mixed);
  ck_assert_uint_eq(again.plans->fault_count, what->count);
  for (unsigned i = 0; i < what->count; i++) {
    const struct fault_plan fault = placement_fault(&small.plan, &what->placements[i], "a");
    same_fault(&fault, &again.plans->faults[i]);
  }
  ck_assert_ptr_nonnull(strstr(again.about, "duplicate_effects in a check of a: "));
  ck_assert_ptr_nonnull(strstr(again.about, "op-2 \"charge\": 2 instead of 1\n? #"));
  scenario_free(&again);
  unlink(path);
}

static const char *const files[] = {
    "format: 1\nname: a\n",
    "format: 1\nname: a\nworkload: {body: {file: b.json}, keys: 3}\nsystem: {name: sqs-standard, visibility_timeout: 7s}\n"
    "topology: {threads: 3}\nprovider: plain\nlinks: {default: {latency: 2ms}}\ndrain_limit: 5min\ncheck:\n"
    "  delivery: {redelivery_horizon: 1h, concurrent_delivery: false, clock: own, tenants: true,\n"
    "    changed_payload: true, poison: true, failover: true}\n"
    "  probe: [python3, \"a b.py\", \"-\", \"#x\"]\n  reset: [rm, -f, x.db]\n  other_version: [old]\n"
    "  ignore: [leases, \"null\"]\n  answer_limit: 2s\n  pairs: 3\n",
    "format: 1\nname: a\nworkload:\n  service_time: 3ms\n  intents:\n    - {id: 1, at: 0s}\n"
    "    - {id: 2, at: 1ms, key: 2, operation: charge, size: 3KiB, service_time: 9ms, producer: 2}\n"
    "    - {id: 4, at: 1s, key: 9}\ntopology: {producers: 2}\nsystem: kafka-acks-all\n"
    "check: {delivery: {ack: cumulative, external: none}, other_version: [old]}\n",
};

static char folder[] = "/tmp/dgsim-repro-XXXXXX";

static void each_file(void (*act)(const struct scenario *scenario, const char *saved)) {
  char path[64], body[64], saved[80];
  snprintf(path, sizeof path, "%s/a.yaml", folder);
  snprintf(body, sizeof body, "%s/b.json", folder);
  snprintf(saved, sizeof saved, "%s/kept/deep", folder);
  write_file(body, "{\"intent\": {intent}}");
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct scenario scenario;
    write_file(path, files[i]);
    load_file(path, &scenario);
    act(&scenario, saved);
    scenario_free(&scenario);
  }
  unlink(path);
  unlink(body);
  rmdir(saved);
  *strrchr(saved, '/') = '\0';
  rmdir(saved);
}

static void each_kind(const struct scenario *scenario, const char *saved) {
  const struct plan *plan = scenario->plans;
  unsigned kinds = 0;
  for (int kind = 0; kind < PLACED__COUNT; kind++) {
    struct placement placement = {.node = consumer_of(plan), .intent = 2, .occurrence = 3, .kind = (uint8_t)kind,
                                  .point = POINT_HANDLER_STEP, .before = kind != PLACED_UNANSWERED};
    const bool message = kind == PLACED_DROP || kind == PLACED_DELAY || kind == PLACED_DUPLICATE || kind == PLACED_TIE;
    if (message) placement.point = POINT_ACK_SENT, placement.before = false;
    if (kind == PLACED_KILL_LATE) placement.point = POINT_STATEMENT_SENT, placement.before = false;
    if (!placement_verb(&placement)) continue;
    if (kind == PLACED_DUPLICATE) continue; /* on links of datagrams only */
    if (kind == PLACED_REDELIVER && !(plan->system->verbs & 1u << VERB_REDELIVER)) continue;
    struct check_case what = {.class = CHECK_KILLED, .count = 2, .placements = {placement, placement}};
    what.placements[1].occurrence = 4;
    if (message) what.placements[1].intent = 0; /* counted at its node */
    check_round(scenario, &what, saved);
    kinds++;
  }
  ck_assert_uint_ge(kinds, 13);
}

START_TEST(every_kind_of_fault_comes_back) { each_file(each_kind); }
END_TEST

static void each_variant(const struct scenario *scenario, const char *saved) {
  for (int variant = 0; variant < VARIANT__COUNT; variant++) {
    const struct check_case what = {.class = CHECK_TWINS, .variant = (enum variant)variant};
    check_round(scenario, &what, saved);
  }
  const struct check_case mixed = {.class = CHECK_VERSIONS, .mixed = true};
  if (scenario->check.other_version) check_round(scenario, &mixed, saved);
}

START_TEST(every_variant_comes_back) { each_file(each_variant); }
END_TEST

/* What could not be made small has its operations by number and rate. */
static void whole_world(const struct scenario *scenario, const char *saved) {
  char path[512];
  struct err err = {.code = ERR_NONE};
  struct scenario again;
  struct check_small whole = {.plan = scenario->plans[0], .what = {.class = CHECK_PAIRS}};
  ck_assert(check_save(scenario, &whole, saved, path, &err));
  load_file(path, &again);
  same_plan(scenario->plans, again.plans);
  ck_assert_int_eq(scenario->plans->workload.rate, again.plans->workload.rate);
  scenario_free(&again);
  unlink(path);
}

START_TEST(what_is_not_small_comes_back_whole) { each_file(whole_world); }
END_TEST

static void save_twice(const struct scenario *scenario, const char *saved) {
  char first[512], second[512], other[512];
  struct err err = {.code = ERR_NONE};
  struct check_small small;
  struct check_saved list;
  struct check_case what = {.class = CHECK_KILLED, .count = 1};
  what.placements[0] = (struct placement){.node = consumer_of(scenario->plans), .intent = 2, .occurrence = 1,
                                          .kind = PLACED_KILL, .point = POINT_HANDLED};
  ck_assert(check_saved_list(saved, &list, &err));
  ck_assert_uint_eq(list.count, 0);
  check_saved_deinit(&list);
  make_small(scenario, &what, &small);
  ck_assert(check_save(scenario, &small, saved, first, &err));
  snprintf(small.outcome.evidence, sizeof small.outcome.evidence, "in other words");
  ck_assert(check_save(scenario, &small, saved, second, &err));
  ck_assert_str_eq(first, second);
  ck_assert_ptr_nonnull(strstr(first, "/killed-duplicate-effects-"));
  small.what.placements[0].occurrence = 2;
  small.outcome.verdict = CHECK_PROGRAM;
  small.outcome.failure = PROGRAM_CANNOT_JUDGE;
  ck_assert(check_save(scenario, &small, saved, other, &err));
  ck_assert_ptr_nonnull(strstr(other, "/killed-cannot-judge-"));
  ck_assert(check_saved_list(saved, &list, &err));
  ck_assert_uint_eq(list.count, 2);
  ck_assert_str_eq(list.paths[0], other);
  ck_assert_str_eq(list.paths[1], first);
  for (size_t i = 0; i < list.count; i++) unlink(list.paths[i]);
  check_saved_deinit(&list);
}

START_TEST(a_case_is_kept_once) { each_file(save_twice); }
END_TEST

int main(void) {
  if (!mkdtemp(folder)) return EXIT_FAILURE;
  Suite *suite = suite_create("check repro");
  TCase *tcase = tcase_create("all");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, every_kind_of_fault_comes_back);
  tcase_add_test(tcase, every_variant_comes_back);
  tcase_add_test(tcase, what_is_not_small_comes_back_whole);
  tcase_add_test(tcase, a_case_is_kept_once);
  suite_add_tcase(suite, tcase);
  const int status = run_suite(suite);
  rmdir(folder);
  return status;
}
