#include "sim/cli/schema_parts.h"

#include "sim/base/assert.h"
#include "sim/runner/distribution.h"
#include "sim/runner/scenario_reader.h"

#include <stdlib.h>
#include <string.h>

void part_put(json_t *map, const char *key, json_t *value) {
  ASSERT(json_object_set_new(json_object_get(map, "properties"), key, value) == 0);
}

void part_require(json_t *map, const char *key) {
  if (!json_object_get(map, "required")) json_object_set_new(map, "required", json_array());
  ASSERT(json_array_append_new(json_object_get(map, "required"), json_string(key)) == 0);
}

void part_exclude(json_t *map, const char *key, const char *others) {
  json_t *any = json_array();
  for (size_t length; *others != '\0'; others += length + (others[length] == ' ')) {
    length = strcspn(others, " ");
    json_array_append_new(any, json_pack("{s:[o]}", "required", json_stringn(others, length)));
  }
  if (!json_object_get(map, "dependencies")) json_object_set_new(map, "dependencies", json_object());
  json_object_set_new(json_object_get(map, "dependencies"), key, json_pack("{s:{s:o}}", "not", "anyOf", any));
}

json_t *part_map(void) { return json_pack("{s:s, s:{}, s:b}", "type", "object", "properties", "additionalProperties", 0); }

json_t *part_text(void) { return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean"); }

json_t *part_pattern(const char *pattern, const char *message) {
  json_t *part = json_object();
  char *whole;
  ASSERT(asprintf(&whole, "^(%s)$", pattern) > 0);
  json_object_set_new(part, "type", json_string("string"));
  json_object_set_new(part, "pattern", json_string(whole));
  json_object_set_new(part, "patternErrorMessage", json_string(message)); /* what editors show instead, */
  json_object_set_new(part, "errorMessage", json_string(message));        /* also of a bare number */
  free(whole);
  return part;
}

json_t *part_words(const char *words) {
  json_t *list = json_array();
  for (size_t length; *words != '\0'; words += length + (words[length] == ' ')) {
    length = strcspn(words, " ");
    json_array_append_new(list, json_stringn(words, length));
    if (length > 0 && strspn(words, "0123456789") == length) /* YAML takes it for a number */
      json_array_append_new(list, json_integer(strtoll(words, NULL, 10)));
  }
  return json_pack("{s:o}", "enum", list);
}

json_t *part_list(json_t *items) {
  return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items", items);
}

json_t *part_either(json_t *one, json_t *other) { return json_pack("{s:[o,o]}", "anyOf", one, other); }

json_t *part_file(void) {
  json_t *map = part_map();
  part_put(map, "file", json_pack("{s:s, s:s}", "type", "string", "description", "relative to the scenario"));
  part_require(map, "file");
  return map;
}

json_t *part_name(bool digit_first) {
  static const char characters[] = NAME_CHARACTERS;
  char pattern[128];
  snprintf(pattern, sizeof pattern, "[a-z%s][%s]{0,%d}", digit_first ? "0-9" : "", characters, LABEL_MAX - 1);
  return part_not_boolean(part_pattern(pattern, "lower-case letters, digits and hyphens"));
}

json_t *part_not_boolean(json_t *part) {
  char pattern[256] = "^(", *out = pattern + 2; /* in any case: Yes, NO */
  for (const char *at = BOOLEAN_WORDS; *at != '\0'; at++)
    out += *at == ' ' ? sprintf(out, "|") : sprintf(out, "[%c%c]", *at, *at - 'a' + 'A');
  sprintf(out, ")$");
  json_object_set_new(part, "not", json_pack("{s:s}", "pattern", pattern));
  return part;
}

/* Counts and milliseconds may be numbers of YAML. */
static json_t *part_count(const struct key *key) {
  json_t *part = json_pack("{s:s}", "type", "integer");
  if (key->min != 0 || key->max != 0) {
    json_object_set_new(part, "minimum", json_integer(key->min));
    json_object_set_new(part, "maximum", json_integer(key->max));
  } else {
    json_object_set_new(part, "minimum", json_integer(0));
  }
  return part;
}

json_t *part_of_units(enum value_type type) {
  char pattern[1024], message[160];
  if (type == VALUE_DISTRIBUTION) {
    distribution_pattern(pattern, sizeof pattern);
    return part_pattern(pattern, "a time such as 5ms, or a distribution such as lognormal median=1ms p99=5ms");
  }
  if (*value_type_units(type) == '\0' || !value_type_pattern(type, pattern, sizeof pattern)) return NULL;
  snprintf(message, sizeof message, "a %s with its unit, such as %s (%s)", value_type_name(type), value_type_example(type),
           value_type_units(type));
  json_t *part = part_pattern(pattern, message);
  if (type != VALUE_MILLISECONDS) return part;
  return part_either(json_pack("{s:s, s:i}", "type", "integer", "minimum", 0), part);
}

static json_t *reference_to(enum value_type type) {
  return json_pack("{s:o}", "$ref", json_sprintf("#/definitions/%s", value_type_name(type)));
}

/* Of what has units a reference: only descriptions and defaults may stand beside it. */
json_t *part_of_type(const struct key *key) {
  switch (key->type) {
  case VALUE_BOOL:
    return json_pack("{s:s}", "type", "boolean");
  case VALUE_COUNT:
    return key_counts_minutes(key) ? part_either(part_count(key), reference_to(VALUE_TIME)) : part_count(key);
  case VALUE_ENUM:
    return part_words(key->choices);
  default:
    return reference_to(key->type);
  }
}

static json_t *typed_default(const struct key *key) {
  const char *text = key->value_default;
  if (key->type == VALUE_BOOL) return json_boolean(strcmp(text, "true") == 0);
  const bool number = key->type == VALUE_COUNT || key->type == VALUE_MILLISECONDS;
  if (number && text[strspn(text, "0123456789")] == '\0') return json_integer(strtoll(text, NULL, 10));
  return json_string(text);
}

void part_say(json_t *part, const char *help, const char *value_default, const char *source) {
  char *text;
  const bool has = value_default && *value_default;
  ASSERT(asprintf(&text, "%s%s%s%s%s%s", help ? help : "", has ? " (default: " : "", has ? value_default : "",
                  has && source ? "; " : "", has && source ? source : "", has ? ")" : "") >= 0);
  json_object_set_new(part, "description", json_string(text));
  free(text);
}

json_t *part_of_key(const struct key *key) {
  json_t *part = part_of_type(key);
  part_say(part, key->help, key->value_default, key->source);
  if (key->value_default && *key->value_default) json_object_set_new(part, "default", typed_default(key));
  return part;
}

json_t *part_of_table(const struct key_table *table, json_t *(*other)(const struct registry *, size_t key),
                      const struct registry *registry) {
  json_t *map = part_map();
  for (size_t i = 0; i < table->count; i++) {
    const struct key *key = &table->keys[i];
    json_t *part = other ? other(registry, i) : NULL;
    if (part)
      part_say(part, key->help, key->value_default, key->source);
    else
      part = part_of_key(key);
    part_put(map, key->name, part);
    if (!key->value_default) part_require(map, key->name);
  }
  return map;
}
