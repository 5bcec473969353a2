/* What refers to values of the rest: sweep, expect, precision. */
#include "sim/cli/schema_parts.h"

#include "sim/base/assert.h"
#include "sim/cli/list_data.h"
#include "sim/oracle/metric.h"
#include "sim/runner/scenario_reader.h"
#include "sim/world/claim.h"

#include <string.h>

/* ---- sweep ---- */

static bool is_swept(const char *path) {
  char first[64];
  const size_t length = strcspn(path, "/");
  snprintf(first, sizeof first, "%.*s", (int)length, path);
  return !word_in(top_not_swept, first) && strcmp(first, "check") != 0;
}

static void add_path(void *context, const char *path, const struct key *key) {
  json_t *map = context, *known = json_object_get(json_object_get(map, "properties"), path);
  if (!is_swept(path)) return;
  json_t *type = part_of_type(key);
  if (!known) {
    json_t *list = part_list(type);
    json_object_set_new(list, "maxItems", json_integer(SWEEP_VALUES_MAX));
    part_say(list, key->help, NULL, NULL);
    part_put(map, path, list);
    return;
  }
  json_t *items = json_object_get(known, "items"), *others = json_object_get(items, "anyOf");
  bool same = json_equal(items, type);
  for (size_t i = 0; i < json_array_size(others); i++) same = same || json_equal(json_array_get(others, i), type);
  if (!same)
    json_object_set_new(known, "items", part_either(json_incref(items), type));
  else
    json_decref(type);
}

json_t *part_sweep(const struct registry *registry) {
  json_t *map = part_map();
  paths_each(registry, add_path, map);
  json_object_set_new(map, "patternProperties",
                      json_pack("{s:o, s:o}", "^faults/[^/]+/[^/]+$", part_list(part_text()),
                                "^groups/[^/]+/(consumers|service_time|handler/[^/]+)$", part_list(part_text())));
  json_object_set_new(map, "minProperties", json_integer(1));
  json_object_set_new(map, "maxProperties", json_integer(SWEEP_KEYS_MAX));
  return map;
}

/* ---- expect ---- */

/* A bound's words around numbers of one pattern; ROW is the rest of the text. */
json_t *part_bound(enum metric_unit unit) {
  static const enum value_type types[] = {
      [UNIT_COUNT] = VALUE_COUNT, [UNIT_NS] = VALUE_TIME, [UNIT_RATE] = VALUE_RATE, [UNIT_BYTES] = VALUE_SIZE};
  char number[160], share[96], all[320], pattern[1400];
  ASSERT(value_type_pattern(types[unit], number, sizeof number));
  value_type_pattern(VALUE_SHARE, share, sizeof share);
  snprintf(all, sizeof all, "(%s%s%s)", number, unit == UNIT_COUNT ? "|" : "", unit == UNIT_COUNT ? share : "");
  snprintf(pattern, sizeof pattern,
           "none|some|(at least |at most )?%s|between %s and %s|at (least|most) %s of .+|(less than|more than|same as) .+", all,
           all, all, share);
  json_t *part = part_pattern(pattern, "none, some, a value, at least VALUE, at most VALUE, between VALUE and VALUE, "
                                       "at least 90% of ROW, less than ROW, more than ROW, same as ROW");
  return unit == UNIT_COUNT ? part_either(json_pack("{s:s, s:i}", "type", "integer", "minimum", 0), part) : part;
}

static json_t *bound_reference(enum metric_unit unit) {
  return json_pack("{s:o}", "$ref", json_sprintf("#/definitions/bound-%s", metric_unit_names[unit]));
}

static json_t *part_violates(void) {
  json_t *names = json_array();
  json_array_append_new(names, json_string("lost"));
  for (int i = 0; i < ANOMALY__COUNT; i++) json_array_append_new(names, json_string(anomaly_names[i]));
  return part_either(part_words("none"), part_list(json_pack("{s:o}", "enum", names)));
}

static json_t *one_or_list(json_t *part) { return part_either(part, part_list(json_deep_copy(part))); }

json_t *part_expect(void) {
  json_t *map = part_map();
  const struct {
    const char *name, *help;
    json_t *part;
  } more[] = {
      {"row", "a label or a list of labels (default: every row)", one_or_list(part_text())},
      {"group", "a group or a list of groups, each by itself (default: all together)", one_or_list(part_name(false))},
      {"where", "at which points of the sweep: PATH: value, at least, at most or between",
       json_pack("{s:s, s:i, s:o}", "type", "object", "minProperties", 1, "additionalProperties", part_text())},
      {"about", "what it says, for the report", part_text()},
  };
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
    part_say(more[i].part, more[i].help, NULL, NULL);
    part_put(map, more[i].name, more[i].part);
  }
  for (int i = 0; i < METRIC__COUNT; i++) {
    json_t *part = bound_reference(metric_rows[i].unit);
    part_say(part, metric_rows[i].about, NULL, NULL);
    part_put(map, metric_rows[i].name, part);
  }
  for (int i = 0; i < EXPECT_WORDS; i++) {
    json_t *part = strcmp(expect_words[i].name, "violates") == 0 ? part_violates() : bound_reference(UNIT_RATE);
    part_say(part, expect_words[i].about, NULL, NULL);
    part_put(map, expect_words[i].name, part);
  }
  json_object_set_new(map, "not", json_pack("{s:{s:[s,s,s,s]}}", "propertyNames", "enum", "row", "group", "where", "about"));
  json_t *list = json_pack("{s:s, s:o, s:i}", "type", "array", "items", map, "maxItems", STATEMENTS_MAX);
  return list;
}

json_t *part_precision(void) {
  const struct key share = {.name = "precision", .type = VALUE_SHARE};
  json_t *map = part_map();
  for (int i = 0; i < METRIC__COUNT; i++) {
    json_t *part = part_of_type(&share);
    part_say(part, metric_rows[i].about, NULL, NULL);
    part_put(map, metric_rows[i].name, part);
  }
  json_object_set_new(map, "minProperties", json_integer(1));
  return map;
}
