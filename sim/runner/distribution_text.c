#include "sim/runner/distribution.h"
#include "sim/runner/distribution_law.h"

#include "sim/base/assert.h"
#include "sim/base/suggest.h"
#include "sim/runner/elementary.h"

#include <string.h>

#define WORD_MAX 64

struct shape_row {
  const char *name;
  struct key parameters[2];
  const char *example;
};
#define TIME_PARAMETER(name_)                                                                      \
  { .name = name_, .type = VALUE_TIME }
static const struct shape_row shapes[SHAPE__COUNT] = {
    [SHAPE_CONSTANT] = {"constant", {TIME_PARAMETER("time")}, "5ms"},
    [SHAPE_UNIFORM] = {"uniform",
                       {TIME_PARAMETER("min"), TIME_PARAMETER("max")},
                       "uniform min=1ms max=5ms"},
    [SHAPE_EXPONENTIAL] = {"exponential", {TIME_PARAMETER("mean")}, "exponential mean=2ms"},
    [SHAPE_LOGNORMAL] = {"lognormal",
                         {TIME_PARAMETER("median"), TIME_PARAMETER("p99")},
                         "lognormal median=1ms p99=5ms"},
    [SHAPE_PARETO] = {"pareto",
                      {TIME_PARAMETER("min"), {.name = "exponent", .type = VALUE__COUNT}},
                      "pareto min=1ms exponent=2.5"},
    [SHAPE_MIX] = {"mix", {{0}}, "mix 1ms=99% 500ms=1%"},
};

/* ---- reading ---- */

/* Next word of *text into a buffer; false at the end. A word too long is cut: it is wrong anyway. */
static bool next_word(const char **text, char word[WORD_MAX]) {
  while (**text == ' ') ++*text;
  if (**text == '\0') return false;
  size_t length = strcspn(*text, " ");
  snprintf(word, WORD_MAX, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX - 1), *text);
  *text += length;
  return true;
}

static bool parse_time(const char *text, int64_t *out, struct err *err) {
  const struct key key = {.name = "time", .type = VALUE_TIME};
  union value value;
  if (!schema_parse(&key, text, &value, err)) return false;
  *out = value.i;
  return true;
}

/* 2.5 into millionths; six decimals are enough for a tail's exponent. */
static bool parse_exponent(const char *text, int64_t *out, struct err *err) {
  int64_t value = 0, unit = LAW_EXPONENT_SCALE;
  const char *at = text;
  for (; *at >= '0' && *at <= '9' && value < 1000 * (int64_t)LAW_EXPONENT_SCALE; at++)
    value = value * 10 + (int64_t)(*at - '0') * LAW_EXPONENT_SCALE;
  bool good = at != text;
  if (*at == '.')
    for (at++, good = good && *at != '\0'; *at >= '0' && *at <= '9' && unit > 1; at++)
      value += (*at - '0') * (unit /= 10);
  if (!good || *at != '\0')
    return err_set(err, ERR_BAD_DISTRIBUTION, "'%s' is not an exponent such as 2.5", text);
  if (value < LAW_EXPONENT_SCALE * 11 / 10 || value > 1000 * (int64_t)LAW_EXPONENT_SCALE)
    return err_set(err, ERR_OUT_OF_RANGE,
                   "exponent '%s' is not between 1.1 and 1000: at 1 there is no mean", text);
  *out = value;
  return true;
}

static bool fail_text(const char *text, const char *word, enum shape shape, struct err *err) {
  if (strpbrk(text, "(),")) {
    err_set(err, ERR_BAD_DISTRIBUTION, "'%s' is not a distribution", text);
    return err_note(
        err, "write words and spaces, no brackets or commas (a comma ends a value inside { }): %s",
        shapes[shape].example);
  }
  const char *names[SHAPE__COUNT];
  for (int i = 1; i < SHAPE__COUNT; i++) names[i - 1] = shapes[i].name;
  const char *near = suggest(word, names, SHAPE__COUNT - 1);
  err_set(err, ERR_BAD_DISTRIBUTION, "'%s' is not a distribution%s%s%s", text,
          near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
  return err_note(err, "such as %s", shapes[near ? shape : SHAPE_LOGNORMAL].example);
}

/* `name=value` words of any order, each exactly once. */
static bool parse_parameters(const char *text, const char *rest, struct law *law, struct err *err) {
  const struct shape_row *row = &shapes[law->shape];
  bool given[2] = {false, row->parameters[1].name == NULL};
  char word[WORD_MAX];
  while (next_word(&rest, word)) {
    char *equals = strchr(word, '=');
    size_t i = 0;
    if (equals) *equals = '\0';
    while (i < 2 && !(row->parameters[i].name && strcmp(row->parameters[i].name, word) == 0)) i++;
    if (!equals || i == 2 || given[i]) {
      if (equals) *equals = '=';
      err_set(err, ERR_BAD_DISTRIBUTION, "'%s' in '%s' is not understood", word, text);
      return err_note(err, "such as %s", row->example);
    }
    bool read = row->parameters[i].type == VALUE_TIME
                    ? parse_time(equals + 1, &law->parameters[i], err)
                    : parse_exponent(equals + 1, &law->parameters[i], err);
    if (!read) return false;
    given[i] = true;
  }
  if (given[0] && given[1]) return true;
  err_set(err, ERR_BAD_DISTRIBUTION, "'%s' does not say its %s", text,
          row->parameters[given[0]].name);
  return err_note(err, "such as %s", row->example);
}

static bool parse_mix(const char *text, const char *rest, struct law *law, struct err *err) {
  const struct key share_key = {.name = "share", .type = VALUE_SHARE};
  int64_t total = 0;
  char word[WORD_MAX];
  while (next_word(&rest, word)) {
    char *equals = strchr(word, '=');
    if (!equals) {
      err_set(err, ERR_BAD_DISTRIBUTION, "'%s' in '%s' is not understood", word, text);
      return err_note(err, "such as %s", shapes[SHAPE_MIX].example);
    }
    if (law->atom_count == LAW_ATOMS_MAX)
      return err_set(err, ERR_LIMIT, "a mix has at most %d values", LAW_ATOMS_MAX);
    *equals = '\0';
    struct atom atom;
    union value share;
    if (!parse_time(word, &atom.ns, err) || !schema_parse(&share_key, equals + 1, &share, err))
      return false;
    atom.share = share.i;
    total += share.i;
    size_t i = law->atom_count++;
    for (; i > 0 && law->atoms[i - 1].ns > atom.ns; i--) law->atoms[i] = law->atoms[i - 1];
    law->atoms[i] = atom;
  }
  if (total == SCHEMA_SHARE_SCALE) return true;
  char sum[32];
  schema_format(&share_key,
                (union value){.i = total < 100 * (int64_t)SCHEMA_SHARE_SCALE ? total : 0}, sum,
                sizeof sum);
  err_set(err, ERR_BAD_DISTRIBUTION, "the shares of '%s' sum to %s, not 100%%", text, sum);
  return err_note(err, "such as %s", shapes[SHAPE_MIX].example);
}

static bool check_law(const char *text, struct law *law, struct err *err) {
  int64_t a = law->parameters[0], b = law->parameters[1];
  switch (law->shape) {
  case SHAPE_UNIFORM:
    if (a > b) return err_set(err, ERR_BAD_DISTRIBUTION, "min of '%s' is above its max", text);
    break;
  case SHAPE_LOGNORMAL:
    if (a == 0) return err_set(err, ERR_BAD_DISTRIBUTION, "median of '%s' is not above 0", text);
    if (a > b) return err_set(err, ERR_BAD_DISTRIBUTION, "p99 of '%s' is below its median", text);
    law->mu = elementary_log((double)a);
    law->sigma = elementary_log((double)b / (double)a) / -elementary_normal_inverse(0.01);
    break;
  case SHAPE_PARETO:
    if (a == 0) return err_set(err, ERR_BAD_DISTRIBUTION, "min of '%s' is not above 0", text);
    break;
  default:
    break;
  }
  return true;
}

bool law_parse(const char *text, struct law *law, struct err *err) {
  const char *rest = text;
  char word[WORD_MAX];
  *law = (struct law){.shape = SHAPE_CONSTANT};
  if (!next_word(&rest, word)) return fail_text(text, "", SHAPE_CONSTANT, err);
  if (word[0] >= '0' && word[0] <= '9' && !strchr(text, ' '))
    return parse_time(text, &law->parameters[0], err);
  for (int i = 1; i < SHAPE__COUNT; i++) {
    size_t length = strlen(shapes[i].name);
    if (strncmp(word, shapes[i].name, length) != 0) continue;
    law->shape = (enum shape)i;
    if (word[length] != '\0' || strpbrk(text, "(),")) return fail_text(text, word, law->shape, err);
    bool read =
        i == SHAPE_MIX ? parse_mix(text, rest, law, err) : parse_parameters(text, rest, law, err);
    return read && check_law(text, law, err);
  }
  return fail_text(text, word, SHAPE_LOGNORMAL, err);
}

/* ---- writing ---- */

static void format_parameter(const struct key *key, int64_t value, char *out, size_t size) {
  if (key->type != VALUE__COUNT) {
    schema_format(key, (union value){.i = value}, out, size);
    return;
  }
  int length = snprintf(out, size, "%lld.%06lld", (long long)(value / LAW_EXPONENT_SCALE),
                        (long long)(value % LAW_EXPONENT_SCALE));
  while (out[length - 1] == '0') out[--length] = '\0';
  if (out[length - 1] == '.') out[--length] = '\0';
}

void law_format(const struct law *law, char out[LAW_TEXT_MAX]) {
  const struct key time = {.type = VALUE_TIME}, share = {.type = VALUE_SHARE};
  char value[WORD_MAX], part[WORD_MAX];
  size_t used = 0;
  if (law->shape == SHAPE_CONSTANT) {
    schema_format(&time, (union value){.i = law->parameters[0]}, out, LAW_TEXT_MAX);
    return;
  }
  used += (size_t)snprintf(out, LAW_TEXT_MAX, "%s", shapes[law->shape].name);
  for (size_t i = 0; i < law->atom_count; i++) {
    schema_format(&time, (union value){.i = law->atoms[i].ns}, value, sizeof value);
    schema_format(&share, (union value){.i = law->atoms[i].share}, part, sizeof part);
    used += (size_t)snprintf(out + used, LAW_TEXT_MAX - used, " %s=%s", value, part);
  }
  for (size_t i = 0; i < 2 && shapes[law->shape].parameters[i].name; i++) {
    format_parameter(&shapes[law->shape].parameters[i], law->parameters[i], value, sizeof value);
    used += (size_t)snprintf(out + used, LAW_TEXT_MAX - used, " %s=%s",
                             shapes[law->shape].parameters[i].name, value);
  }
  ASSERT(used < LAW_TEXT_MAX);
}

/* ---- what there is ---- */

const char *distribution_form(size_t index, const char **out_example) {
  if (index >= SHAPE__COUNT) return NULL;
  *out_example = shapes[index].example;
  return shapes[index].name;
}

void distribution_pattern(char *out, size_t size) {
  char time[96], share[96];
  value_type_pattern(VALUE_TIME, time, sizeof time);
  value_type_pattern(VALUE_SHARE, share, sizeof share);
  size_t length = (size_t)snprintf(out, size, "%s", time);
  for (int i = 1; i < SHAPE__COUNT && length < size; i++) {
    const struct shape_row *row = &shapes[i];
    length += (size_t)snprintf(out + length, size - length, "|%s", row->name);
    if (!row->parameters[0].name) {
      length += (size_t)snprintf(out + length, size - length, "( +%s=%s)+", time, share);
      continue;
    }
    for (int j = 0; j < 2 && row->parameters[j].name && length < size; j++)
      length += (size_t)snprintf(out + length, size - length, "%s%s=%s", j ? "|" : "( +(", row->parameters[j].name,
                                 row->parameters[j].type == VALUE_TIME ? time : "[0-9]+(\\.[0-9]+)?");
    if (length < size)
      length += (size_t)snprintf(out + length, size - length, ")){%d}", row->parameters[1].name ? 2 : 1);
  }
  ASSERT(length < size);
}
