#include "sim/handler/command_values.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX (INT64_C(1) << 62) /* values from -WHOLE_MAX to WHOLE_MAX - 1 are themselves */
#define KEY_BIT (UINT64_C(1) << 63)

struct word {
  char *text;
  bool json; /* it is written as JSON; otherwise it is the text of a string */
};

void values_forget(struct values *values) {
  for (size_t i = 0; i < values->count; i++) free(values->words[i].text);
  values->count = 0;
  values->tables = 0;
  map_clear(&values->places);
}

void values_deinit(struct values *values) {
  values_forget(values);
  map_deinit(&values->places);
  free(values->words);
}

/* Returns whether it is new. */
static bool remember(struct values *values, uint64_t number, const char *text, bool json) {
  bool is_new;
  uint64_t *place = map_put(&values->places, number, &is_new);
  if (!is_new) {
    const char *known = values->words[*place - 1].text;
    ASSERT_MSG(strcmp(known, text) == 0, "'%s' and '%s' have the same hash", known, text);
    return false;
  }
  GROW(values->words, values->capacity, values->count + 1);
  values->words[values->count] = (struct word){strdup(text), json};
  ASSERT(values->words[values->count].text);
  *place = ++values->count;
  return true;
}

uint64_t values_key(struct values *values, const json_t *key) {
  char digits[32];
  const char *text = digits;
  if (json_is_integer(key) && json_integer_value(key) >= 0) return (uint64_t)json_integer_value(key);
  if (json_is_string(key))
    text = json_string_value(key);
  else
    snprintf(digits, sizeof digits, "%" PRId64, (int64_t)json_integer_value(key));
  uint64_t number = hash_name(text) | KEY_BIT;
  if (number == UINT64_MAX) number--; /* which stores keep for themselves */
  remember(values, number, text, false);
  return number;
}

int64_t values_value(struct values *values, const json_t *value) {
  if (json_is_integer(value)) {
    const int64_t whole = json_integer_value(value);
    if (whole >= -WHOLE_MAX && whole < WHOLE_MAX) return whole;
  }
  char *written = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
  ASSERT(written);
  /* Bits 63 and 62 are 1 and 0: below -2^62. Of another hash than a key's, so that one number is one word. */
  const uint64_t number = (hash_mix(hash_name(written)) >> 2) | KEY_BIT;
  const bool text = json_is_string(value);
  remember(values, number, text ? json_string_value(value) : written, !text);
  free(written);
  return (int64_t)number;
}

bool values_table(struct values *values, const char *name) {
  if (!remember(values, hash_name(name), name, false)) return true;
  return ++values->tables <= VALUES_TABLES_MAX;
}

static const struct word *find(const struct values *values, uint64_t number) {
  const uint64_t *place = number ? map_get(&values->places, number) : NULL;
  return place ? &values->words[*place - 1] : NULL;
}

json_t *values_json(const struct values *values, int64_t value) {
  const struct word *word = value < -WHOLE_MAX ? find(values, (uint64_t)value) : NULL;
  if (!word) return json_integer(value);
  json_t *json = word->json ? json_loads(word->text, JSON_DECODE_ANY, NULL) : json_string(word->text);
  ASSERT(json);
  return json;
}

const char *values_word(const struct values *values, uint64_t number) {
  const struct word *word = find(values, number);
  return word ? word->text : NULL;
}
