/* Scripted timelines: a run of the fake system as text in, what happened as text out.
 *
 *   timeline("operations=2 every=10ms latency=5ms; kill broker.1 at=12ms for=20ms",
 *            "got answered down up unknown",
 *            "12 broker.1 down\n"
 *            ...);
 *
 * In:  settings (struct fake_settings), then faults: a verb, its target and the keys of a scenario's
 *      entry; `before` before a point is a word of its own. Targets are joined by +.
 * Out: "MILLISECONDS WHO WHAT ABOUT", a line each, of the words that are shown:
 *      notes          sends got answered ignored disconnected started crashed terminated tick
 *                     struck
 *      facts          as in sim/world/fact.h, of nodes and faults without node- and fault-
 *      events         arrived lost (with why) served
 */
#ifndef TESTS_WORLD_TIMELINE_H
#define TESTS_WORLD_TIMELINE_H

#include "tests/world/fake.h"

#include <signal.h>
#include <stdio.h>

#define TIMELINE_TEXT_MAX 65536

/* --- In --- */

/* 12ms, 1.5s, 30%, 7, or a word of choices. */
static inline int64_t timeline_value(const char *text) {
  static const char *const kinds[] = {"connection", "per-request", "datagram"};
  for (int i = 0; i < LINK_KIND__COUNT; i++)
    if (strcmp(text, kinds[i]) == 0) return i;
  static const struct {
    const char *unit;
    int64_t scale;
  } units[] = {{"", 1}, {"us", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_S}, {"h", NS_PER_H},
               {"%", SCHEMA_SHARE_SCALE / 100}};
  char *unit;
  double number = strtod(text, &unit);
  ck_assert_msg(unit != text, "'%s' is no value", text);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(unit, units[i].unit) == 0)
      return (int64_t)(number * (double)units[i].scale + (number < 0 ? -0.5 : 0.5));
  ck_abort_msg("'%s' has no known unit", text);
}

static inline void timeline_setting(const char *name, const char *text) {
#define SETTING(field) {#field, &fake.settings.field}
  const struct {
    const char *name;
    int64_t *value;
  } settings[] = {SETTING(link), SETTING(latency), SETTING(bandwidth), SETTING(request_loss),
                  SETTING(reply_loss), SETTING(duplication), SETTING(reordering),
                  SETTING(operations), SETTING(every), SETTING(outstanding), SETTING(keys),
                  SETTING(size), SETTING(producers), SETTING(brokers), SETTING(consumers),
                  SETTING(cores), SETTING(cost), SETTING(timeout), SETTING(retry),
                  SETTING(resend), SETTING(batch), SETTING(delay), SETTING(hold),
                  SETTING(drain), SETTING(tick), SETTING(mute), SETTING(sync), SETTING(seal),
                  SETTING(leads), SETTING(struck),
                  SETTING(drain_limit), SETTING(drain_events), SETTING(seed)};
#undef SETTING
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    if (strcmp(name, settings[i].name) == 0) {
      *settings[i].value = timeline_value(text);
      return;
    }
  ck_abort_msg("no setting is called '%s'", name);
}

static inline enum role timeline_role(const char *name) {
  for (int role = 0; role < ROLE__COUNT; role++)
    if (strcmp(name, role_names[role]) == 0) return (enum role)role;
  ck_abort_msg("no role is called '%s'", name);
}

static inline struct selector_item timeline_item(char *text) {
  static const char *const words[] = {[WHICH_ANY] = "any", [WHICH_ALL] = "all",
                                      [WHICH_MINORITY] = "minority", [WHICH_MAJORITY] = "majority",
                                      [WHICH_LEADER] = "leader",
                                      [WHICH_COORDINATOR] = "coordinator"};
  if (strcmp(text, "this") == 0) return (struct selector_item){.which = WHICH_THIS};
  char *which = strchr(text, '.');
  ck_assert_msg(which, "'%s' names no node", text);
  *which++ = '\0';
  struct selector_item item = {.which = WHICH_INDEX, .role = timeline_role(text)};
  for (int i = WHICH_ANY; i <= WHICH_COORDINATOR; i++)
    if (strcmp(which, words[i]) == 0) item.which = (enum selector_which)i;
  if (item.which == WHICH_INDEX) item.index = (uint32_t)timeline_value(which);
  return item;
}

static inline struct selector timeline_selector(char *text) {
  struct selector selector = {.count = 0};
  char *rest;
  for (char *item = strtok_r(text, "+", &rest); item; item = strtok_r(NULL, "+", &rest))
    selector.items[selector.count++] = timeline_item(item);
  return selector;
}

static inline uint32_t timeline_point(const char *name) {
  for (uint32_t point = 1; point < POINT_GENERIC__COUNT; point++)
    if (strcmp(name, generic_points[point].name) == 0) return point;
  ck_abort_msg("no point is called '%s'", name);
}

/* A key whose value is a number. */
static inline bool timeline_fault_number(struct fault_plan *fault, const char *key, char *text) {
#define NUMBER(name, field)                                                                        \
  if (strcmp(key, name) == 0) {                                                                    \
    fault->field = (__typeof__(fault->field))timeline_value(text);                                \
    return true;                                                                                   \
  }
  NUMBER("times", times)
  NUMBER("intent", intent)
  NUMBER("attempt", attempt)
  NUMBER("nth", nth)
  NUMBER("chance", chance)
  NUMBER("max_unavailable", max_unavailable)
  NUMBER("for", lasts.ns)
  NUMBER("grace", grace.ns)
  NUMBER("late", late.ns)
  NUMBER("factor", factor)
  NUMBER("loss", degrade_loss)
  NUMBER("request_loss", degrade.request_loss)
  NUMBER("reply_loss", degrade.reply_loss)
  NUMBER("duplication", degrade.duplication)
  NUMBER("reordering", degrade.reordering)
  NUMBER("bandwidth", degrade.bandwidth)
  NUMBER("until", until.ns)
  NUMBER("stability", stability.ns)
  NUMBER("at", at.ns)
#undef NUMBER
  return false;
}

static inline void timeline_fault_key(struct fault_plan *fault, const char *key, char *text) {
  if (strcmp(key, "at") == 0) fault->has_at = true;
  if (timeline_fault_number(fault, key, text)) return;
  if (strcmp(key, "every") == 0) {
    fault->timing = TIMING_EVERY;
    fault->every = fake_constant(&fake.every[fault - fake.faults], timeline_value(text));
  } else if (strcmp(key, "when") == 0) {
    fault->timing = TIMING_WHEN;
    fault->point = timeline_point(text);
  } else if (strcmp(key, "node") == 0) {
    fault->when_node = timeline_selector(text);
  } else if (strcmp(key, "from") == 0) {
    fault->from = timeline_selector(text);
  } else if (strcmp(key, "direction") == 0) {
    fault->direction = strcmp(text, "out") == 0 ? DIRECTION_OUT : DIRECTION_IN;
  } else if (strcmp(key, "latency") == 0) {
    fault->degrade.latency = fake_constant(&fake.degraded[fault - fake.faults], timeline_value(text));
  } else if (strcmp(key, "shape") == 0) {
    static const char *const shapes[] = {"sides", "halves", "majority", "bridge", "ring"};
    for (int i = 0; i < 5; i++)
      if (strcmp(text, shapes[i]) == 0) fault->shape = (enum partition_shape)i;
  } else if (strcmp(key, "what") == 0) {
    fault->slow_what = strcmp(text, "disk") == 0 ? SLOW_DISK : strcmp(text, "cpu") == 0 ? SLOW_CPU : SLOW_BOTH;
  } else if (strcmp(key, "mode") == 0) {
    fault->mode = strcmp(text, "kill") == 0 ? DEPLOY_KILL : DEPLOY_DRAIN;
  } else {
    ck_assert_msg(strcmp(key, "name") == 0, "no key is called '%s'", key);
    snprintf(fake.names[fault - fake.faults], sizeof fake.names[0], "%s", text);
  }
}

static inline void timeline_target(struct fault_plan *fault, char *text) {
  if (fault_verbs[fault->verb].target == FAULT_TARGET_LINK) {
    fault->target_link = LINK_PRODUCER_TO_BROKER;
    *strstr(text, "_to_") = '\0';
  }
  fault->target = timeline_selector(text);
}

static inline void timeline_fault(enum verb verb, char *text) {
  size_t number = fake.plan.fault_count++;
  ck_assert_uint_lt(number, FAKE_FAULTS_MAX);
  struct fault_plan *fault = &fake.faults[number];
  *fault = (struct fault_plan){.verb = verb, .timing = TIMING_AT, .chance = SCHEMA_SHARE_SCALE,
                               .max_unavailable = 1, .until = {TIME_MAX_NS}, .lasts = {NS_PER_S},
                               .grace = {30 * NS_PER_S}, .degrade_loss = -1,
                               .degrade = {.request_loss = -1, .reply_loss = -1, .duplication = -1,
                                           .reordering = -1}};
  snprintf(fake.names[number], sizeof fake.names[0], "%s", fault_verbs[verb].name);
  if (verb == VERB_RESET || verb == VERB_DROP) fault->lasts.ns = 0;
  char *rest;
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    if (value) {
      *value++ = '\0';
      timeline_fault_key(fault, word, value);
    } else if (strcmp(word, "before") == 0) {
      fault->before = true;
    } else {
      timeline_target(fault, word);
    }
  }
  fault->name = fake.names[number];
  fault->key = hash_name(fault->name);
}

static inline void timeline_entry(char *text) {
  text += strspn(text, " ");
  size_t length = strcspn(text, " =");
  for (int verb = 0; verb < VERB__COUNT; verb++)
    if (text[length] == ' ' && strlen(fault_verbs[verb].name) == length &&
        memcmp(text, fault_verbs[verb].name, length) == 0)
      return timeline_fault((enum verb)verb, text + length);
  char *rest;
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    ck_assert_msg(value, "'%s' is neither a verb nor a setting", word);
    *value++ = '\0';
    timeline_setting(word, value);
  }
}

/* Builds the plan of a script, as it stands when nothing is said: one producer, one broker without
 * cores, a connection of 1 ms. */
static inline void timeline_plan(const char *script) {
  char text[1024];
  ck_assert_uint_lt(strlen(script), sizeof text);
  strcpy(text, script);
  fake.settings = (struct fake_settings){
      .link = LINK_KIND_CONNECTION, .latency = NS_PER_MS, .operations = 1, .every = 10 * NS_PER_MS,
      .keys = 1, .size = 100, .producers = 1, .brokers = 1, .cores = 1, .cost = -1,
      .timeout = NS_PER_H, .batch = 1, .struck = -1, .drain = -1, .drain_limit = 2 * NS_PER_H, .seed = 1};
  fake.plan = (struct plan){.fault_count = 0};
  char *rest;
  for (char *entry = strtok_r(text, ";", &rest); entry; entry = strtok_r(NULL, ";", &rest))
    timeline_entry(entry);
  fake_build();
}

static inline void timeline_run(const char *script) {
  timeline_plan(script);
  fake_run_seed((uint64_t)fake.settings.seed);
}

/* --- Out --- */

static inline const char *timeline_word(unsigned kind) {
  static const char *const notes[] = {"sends", "got", "answered", "ignored", "disconnected",
                                      "started", "crashed", "terminated", "tick", "struck"};
  if (kind >= FACT__END) return notes[kind - FACT__END];
  const char *name = trace_kind_name(kind);
  if (strncmp(name, "node-", 5) == 0) return name + 5;
  if (strncmp(name, "fault-", 6) == 0) return name + 6;
  return name;
}

static inline bool timeline_shown(const char *show, const char *word) {
  size_t length = strlen(word);
  while (*(show += strspn(show, " "))) {
    size_t shown = strcspn(show, " ");
    if (shown == length && memcmp(show, word, length) == 0) return true;
    show += shown;
  }
  return false;
}

static inline void timeline_time(int64_t ns, char *out, size_t size) {
  snprintf(out, size, "%lld.%06lld", (long long)(ns / NS_PER_MS), (long long)(ns % NS_PER_MS));
  size_t length = strlen(out);
  while (out[length - 1] == '0') length--;
  if (out[length - 1] == '.') length--;
  out[length] = '\0';
}

static inline const char *timeline_who(const struct trace_record *record, char *out, size_t size) {
  switch (record->kind) {
  case FACT_FAULT_BEGAN:
  case FACT_FAULT_ENDED:
  case FACT_FAULT_HIT: return fake.names[record->detail];
  case FACT_HEALED:
  case FACT_DRAINED:
  case FACT_STUCK: return "run";
  default: return node_name(&fake.world->nodes[record->node], out, size);
  }
}

static inline void timeline_about(const struct trace_record *record, char *out, size_t size) {
  static const char *const why[] = {"link", "cut", "reset", "dead", "stale", "dropped", "unsent"};
  char name[32];
  out[0] = '\0';
  if (record->kind == NOTE_DISCONNECTED)
    snprintf(out, size, " %s", node_name(&fake.world->nodes[record->detail], name, sizeof name));
  else if (record->kind == NOTE_STARTED)
    snprintf(out, size, " with %llu", (unsigned long long)record->value);
  else if (record->kind == NOTE_CRASHED)
    snprintf(out, size, "%s", record->detail ? " without power" : "");
  else if (record->kind == NOTE_TICK)
    snprintf(out, size, " of %llu", (unsigned long long)record->value);
  else if (record->kind == NOTE_STRUCK)
    snprintf(out, size, " by %s%s", fault_verbs[record->value].name, record->detail & 1 ? "" : ", down");
  else if (record->kind == TRACE_LOST)
    snprintf(out, size, " %llu %s", (unsigned long long)record->intent, why[record->value]);
  else if (record->intent)
    snprintf(out, size, " %llu", (unsigned long long)record->intent);
}

/* What happened in the last run, of the words in `show`. Valid until the next call. */
static inline const char *timeline_text(const char *show) {
  static char text[TIMELINE_TEXT_MAX];
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < fake.count; i++) {
    const struct trace_record *record = &fake.records[i];
    char at[32], who[32], about[64];
    const char *word = timeline_word(record->kind);
    if (!timeline_shown(show, word)) continue;
    timeline_time(record->at, at, sizeof at);
    timeline_about(record, about, sizeof about);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s %s %s%s\n", at,
                             timeline_who(record, who, sizeof who), word, about);
    ck_assert_uint_lt(used, sizeof text);
  }
  return text;
}

static inline void timeline_expect(const char *show, const char *expected) {
  const char *got = timeline_text(show);
  ck_assert_msg(strcmp(got, expected) == 0, "expected:\n%sgot:\n%s", expected, got);
}

static inline void timeline(const char *script, const char *show, const char *expected) {
  timeline_run(script);
  const char *got = timeline_text(show);
  ck_assert_msg(strcmp(got, expected) == 0, "%s\nexpected:\n%sgot:\n%s", script, expected, got);
}

/* How many records of a word the last run has, of one operation or (0) of any. */
static inline uint64_t timeline_count(const char *word, uint64_t intent) {
  uint64_t count = 0;
  for (size_t i = 0; i < fake.count; i++)
    count += strcmp(timeline_word(fake.records[i].kind), word) == 0 &&
             (intent == 0 || fake.records[i].intent == intent);
  return count;
}

/* The end of a test program: runs its promises. */
static inline int timeline_main(const char *name, TCase *tests) {
  tcase_set_timeout(tests, 120);
  tcase_add_checked_fixture(tests, NULL, fake_free);
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
