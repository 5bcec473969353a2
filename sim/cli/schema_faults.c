/* An entry of `faults`: timing, exactly one verb, and the verb's keys, in one flat map. */
#include "sim/cli/schema_parts.h"

#include "sim/runner/scenario_reader.h"
#include "sim/world/fault_verbs.h"

#include <string.h>

/* consumer.1, broker.any; nodes of groups are called as the file calls these. */
static json_t *part_node(bool this_allowed) {
  char pattern[256];
  const char *word;
  size_t length = (size_t)snprintf(pattern, sizeof pattern, "%s[a-z][a-z0-9_-]*\\.([1-9][0-9]*", this_allowed ? "this|" : "");
  for (size_t i = 0; (word = select_which(i)) != NULL; i++)
    length += (size_t)snprintf(pattern + length, sizeof pattern - length, "|%s", word);
  snprintf(pattern + length, sizeof pattern - length, ")");
  return part_pattern(pattern, "ROLE.WHICH, such as consumer.1, consumer.any or broker.leader");
}

static json_t *part_nodes(bool this_allowed) {
  json_t *list = part_list(part_node(false));
  json_object_set_new(list, "maxItems", json_integer(PLAN_SELECTOR_MAX));
  return part_either(part_node(this_allowed), list);
}

static json_t *part_link(void) {
  char pattern[512];
  const char *word;
  size_t length = (size_t)snprintf(pattern, sizeof pattern, "[a-z][a-z0-9-]*(_database|_cache)?(\\.([1-9][0-9]*");
  for (size_t i = 0; (word = select_which(i)) != NULL; i++)
    length += (size_t)snprintf(pattern + length, sizeof pattern - length, "|%s", word);
  length += (size_t)snprintf(pattern + length, sizeof pattern - length, "))?_to_(");
  for (int role = 0; role < ROLE__COUNT; role++)
    length += (size_t)snprintf(pattern + length, sizeof pattern - length, "%s%s", role ? "|" : "", role_names[role]);
  snprintf(pattern + length, sizeof pattern - length, ")");
  return part_pattern(pattern, "a link, such as consumer_to_broker or producer.any_to_broker");
}

static void add_point(json_t *list, const char *name) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strcmp(json_string_value(json_array_get(list, i)), name) == 0) return;
  json_array_append_new(list, json_string(name));
}

/* Each, and `before` each. */
static json_t *part_point(const struct registry *registry) {
  json_t *names = json_array();
  for (size_t i = 1; i < POINT_GENERIC__COUNT; i++) add_point(names, generic_points[i].name);
  for (size_t i = 0; i < registry->system_count; i++)
    for (size_t j = 0; j < registry->systems[i]->point_count; j++) add_point(names, registry->systems[i]->points[j].name);
  const size_t count = json_array_size(names);
  for (size_t i = 0; i < count; i++)
    json_array_append_new(names, json_sprintf("before %s", json_string_value(json_array_get(names, i))));
  return json_pack("{s:o}", "enum", names);
}

static json_t *part_fault_key(const struct registry *registry, const struct fault_key *row) {
  json_t *part;
  switch (row->kind) {
  case FAULT_KEY_NAME:
    part = part_name(false);
    break;
  case FAULT_KEY_NODES:
    part = part_nodes(false);
    break;
  case FAULT_KEY_POINT:
    part = part_point(registry);
    break;
  default:
    return part_of_key(&row->key);
  }
  part_say(part, row->key.help, row->key.value_default, row->key.source);
  return part;
}

static json_t *part_target(const struct fault_verb *verb) {
  json_t *part = verb->target == FAULT_TARGET_LINK   ? part_link()
                 : verb->target == FAULT_TARGET_THIS ? part_words("this")
                                                     : part_nodes(true);
  part_say(part, verb->help, NULL, NULL);
  return part;
}

/* Adds keys to a map, and their names to a list. */
static void add_keys(const struct registry *registry, json_t *map, json_t *names, const struct fault_key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) {
    json_array_append_new(names, json_string(keys[i].key.name));
    part_put(map, keys[i].key.name, part_fault_key(registry, &keys[i]));
  }
}

static json_t *part_required(const char *key) { return json_pack("{s:[s]}", "required", key); }

/* With this verb: its keys and no others. `shared`: names that all have. */
static json_t *part_rule(const struct registry *registry, const struct fault_verb *verb, const json_t *shared) {
  json_t *map = json_pack("{s:{}}", "properties"), *names = json_deep_copy(shared);
  const bool instant = verb->for_default && verb->for_default[0] == '\0';
  json_array_append_new(names, json_string(verb->name));
  if (!instant) json_array_append_new(names, json_string(fault_common_keys[FAULT_KEY_FOR].key.name));
  if (!verb->for_default) part_require(map, fault_common_keys[FAULT_KEY_FOR].key.name);
  if (verb->target == FAULT_TARGET_THIS) part_require(map, fault_timing_keys[FAULT_KEY_WHEN].key.name);
  add_keys(registry, map, names, verb->keys, verb->key_count);
  if (strcmp(verb->name, "degrade") == 0) part_exclude(map, "loss", "request_loss reply_loss");
  json_object_set_new(map, "propertyNames", json_pack("{s:o}", "enum", names));
  return json_pack("{s:o, s:o}", "if", part_required(verb->name), "then", map);
}

/* `at` or `every`, or `when`: what needs one of them is refused without. */
static json_t *part_timing(void) {
  json_t *needs = json_object();
  for (int i = 0; i < FAULT_TIMING_KEY__COUNT; i++) {
    const char *key = fault_timing_keys[i].key.name;
    if (i >= FAULT_KEY_TIMES && i <= FAULT_KEY_STABILITY)
      json_object_set_new(needs, key, json_pack("[s]", fault_timing_keys[FAULT_KEY_EVERY].key.name));
    if (i >= FAULT_KEY_INTENT) json_object_set_new(needs, key, json_pack("[s]", fault_timing_keys[FAULT_KEY_WHEN].key.name));
  }
  return needs;
}

json_t *part_faults(const struct registry *registry) {
  json_t *map = part_map(), *shared = json_array(), *rules = json_array(), *verbs = json_array();
  add_keys(registry, map, shared, fault_timing_keys, FAULT_TIMING_KEY__COUNT);
  for (int i = 0; i < FAULT_COMMON_KEY__COUNT; i++) {
    part_put(map, fault_common_keys[i].key.name, part_fault_key(registry, &fault_common_keys[i]));
    if (i != FAULT_KEY_FOR) json_array_append_new(shared, json_string(fault_common_keys[i].key.name));
  }
  for (int i = 0; i < VERB__COUNT; i++) {
    part_put(map, fault_verbs[i].name, part_target(&fault_verbs[i]));
    json_array_append_new(verbs, part_required(fault_verbs[i].name));
    json_array_append_new(rules, part_rule(registry, &fault_verbs[i], shared));
  }
  json_decref(shared);
  json_array_append_new(rules, json_pack("{s:o}", "oneOf", verbs));
  json_array_append_new(rules, json_pack("{s:[o,o]}", "anyOf", part_required("when"),
                                         json_pack("{s:o, s:o}", "not", part_required("when"), "anyOf",
                                                   json_pack("[o,o]", part_required("at"), part_required("every")))));
  json_array_append_new(rules, json_pack("{s:{s:[s]}, s:{s:{s:[{s:[s]},{s:[s]}]}}}", "if", "required", "when", "then", "not",
                                         "anyOf", "required", "at", "required", "every"));
  json_object_set_new(map, "allOf", rules);
  json_object_set_new(map, "dependencies", part_timing());
  json_object_del(map, "additionalProperties"); /* those of a verb are in its rule, so that editors show no others */
  return part_list(part_either(map, part_file()));
}
