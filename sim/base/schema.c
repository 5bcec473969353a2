#include "sim/base/schema.h"

#include "sim/base/assert.h"
#include "sim/base/suggest.h"

#include <stdarg.h>
#include <string.h>

/* A product of two 64-bit numbers cannot overflow it. */
__extension__ typedef unsigned __int128 wide;

#define ENUM_WORDS_MAX 32
#define ENUM_TEXT_MAX 256

struct unit {
  const char *name;
  uint64_t factor;
};
#define NS_S UINT64_C(1000000000)
/* Largest first: formatting takes the first that divides. */
static const struct unit time_units[] = {
    {"d", 86400 * NS_S}, {"h", 3600 * NS_S}, {"min", 60 * NS_S}, {"s", NS_S},
    {"ms", NS_S / 1000}, {"us", 1000},       {"ns", 1},          {NULL, 0}};
static const struct unit size_units[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const struct unit share_units[] = {
    {"%", SCHEMA_SHARE_SCALE / 100}, {"ppm", SCHEMA_SHARE_SCALE / 1000000}, {NULL, 0}};
static const struct unit event_units[] = {{"", SCHEMA_RATE_SCALE}, {NULL, 0}};
static const struct unit periods[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};

/* How the values of a type are written. A type without units has no row of units. */
struct form {
  const char *name;
  const struct unit *units;
  bool per_time;         /* the unit goes on with "/s" or another period */
  int64_t max;           /* internal units */
  const char *smallest;  /* what a value is a whole number of */
  const char *zero_unit; /* every unit is exact for 0: this one is written */
  const char *example;
  const char *examples[2]; /* units to show to somebody who gave none */
  const char *unit_list;
};
static const struct form forms[VALUE__COUNT] = {
    [VALUE_BOOL] = {.name = "bool", .example = "true or false"},
    [VALUE_COUNT] = {.name = "count", .max = INT64_MAX, .example = "20000"},
    [VALUE_TIME] = {"time", time_units, false, SCHEMA_TIME_MAX_NS, "nanoseconds", "s", "500ms",
                    {"ms", "s"}, "ns us ms s min h d"},
    [VALUE_MILLISECONDS] = {"milliseconds", time_units, false, SCHEMA_TIME_MAX_NS, "nanoseconds",
                            "s", "30000 or 30s", {"ms", "s"}, "ns us ms s min h d"},
    [VALUE_SIZE] = {"size", size_units, false, INT64_MAX, "bytes", "B", "1KiB", {"B", "KiB"},
                    "B KiB MiB GiB"},
    [VALUE_RATE] = {"rate", event_units, true, INT64_MAX, "millionths of an event a second", "",
                    "2000/s", {"/s", "/min"}, "/s /min /h /d"},
    [VALUE_BANDWIDTH] = {"bandwidth", size_units, true, INT64_MAX, "bytes a second", "B", "10MiB/s",
                         {"KiB/s", "MiB/s"}, "B/s KiB/s MiB/s GiB/s, also /min /h /d"},
    [VALUE_SHARE] = {"share", share_units, false, SCHEMA_SHARE_SCALE, "parts per billion", "%",
                     "0.1%", {"%", "ppm"}, "% ppm"},
    [VALUE_ENUM] = {.name = "word", .example = "one of the words of the key"},
    [VALUE_DISTRIBUTION] = {.name = "distribution", .example = "5ms, or as below"},
};

const char *value_type_name(enum value_type type) { return forms[type].name; }
const char *value_type_example(enum value_type type) { return forms[type].example; }
const char *value_type_units(enum value_type type) { return forms[type].unit_list ? forms[type].unit_list : ""; }

#define PATTERN_NUMBER "(0|[1-9][0-9]*)(\\.[0-9]+)?"

/* "(a|b|c)" of a table of units. */
static size_t pattern_units(const struct unit *units, char *out, size_t size) {
  size_t length = 0;
  for (const struct unit *unit = units; unit->name; unit++)
    length += (size_t)snprintf(out + length, size - length, "%s%s", unit == units ? "(" : "|", unit->name);
  return length + (size_t)snprintf(out + length, size - length, ")");
}

bool value_type_pattern(enum value_type type, char *out, size_t size) {
  const struct form *form = &forms[type];
  if (type == VALUE_BOOL) return snprintf(out, size, "(true|false)") > 0;
  if (type == VALUE_COUNT) return snprintf(out, size, "(0|[1-9][0-9]*)") > 0;
  if (type == VALUE_SHARE) /* not above all */
    return snprintf(out, size, "((100(\\.0+)?|[1-9]?[0-9](\\.[0-9]+)?)%%|" PATTERN_NUMBER "ppm)") > 0;
  if (!form->units) return false;
  size_t length = (size_t)snprintf(out, size, PATTERN_NUMBER);
  length += pattern_units(form->units, out + length, size - length);
  if (form->per_time) length += (size_t)snprintf(out + length, size - length, "/");
  if (form->per_time) length += pattern_units(periods, out + length, size - length);
  if (type == VALUE_MILLISECONDS) length += (size_t)snprintf(out + length, size - length, "|(0|[1-9][0-9]*)");
  ASSERT(length < size);
  return true;
}

/* Message and note are set together or, when an earlier error stands, not at all. */
static bool fail(struct err *err, enum err_code code, const char *note, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static bool fail(struct err *err, enum err_code code, const char *note, const char *format, ...) {
  if (err->code != ERR_NONE) return false;
  char message[sizeof err->message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  err_set(err, code, "%s", message);
  return note ? err_note(err, "%s", note) : false;
}

/* A scalar taken apart: digits, perhaps a point and digits, and the unit. */
struct number {
  const char *text;
  size_t whole_length;
  const char *fraction; /* NULL = no point */
  size_t fraction_length; /* without trailing zeros */
  const char *unit;
};

static size_t digits_at(const char *text) { return strspn(text, "0123456789"); }

static bool number_split(const char *text, struct number *out) {
  *out = (struct number){.text = text, .whole_length = digits_at(text)};
  if (out->whole_length == 0 || (out->whole_length > 1 && text[0] == '0')) return false;
  out->unit = text + out->whole_length;
  if (*out->unit == '.') {
    out->fraction = out->unit + 1;
    out->fraction_length = digits_at(out->fraction);
    if (out->fraction_length == 0) return false;
    out->unit = out->fraction + out->fraction_length;
    while (out->fraction_length > 0 && out->fraction[out->fraction_length - 1] == '0')
      out->fraction_length--;
  }
  /* What follows is a unit, known or not, unless it holds what no unit could. */
  return strpbrk(out->unit, "0123456789.,_+-:()'\" \t\n") == NULL;
}

/* number * factor, rounded down; *out_exact says whether anything was lost. False: 64 bits of digits
 * are not enough. The fraction is multiplied as one does on paper, so any number of digits is exact. */
static bool number_scale(const struct number *number, uint64_t factor, wide *out, bool *out_exact) {
  uint64_t whole = 0, carry = 0;
  for (size_t i = 0; i < number->whole_length; i++)
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, (uint64_t)(number->text[i] - '0'), &whole))
      return false;
  *out_exact = true;
  for (size_t i = number->fraction_length; i-- > 0;) {
    uint64_t product = (uint64_t)(number->fraction[i] - '0') * factor + carry;
    if (product % 10 != 0) *out_exact = false;
    carry = product / 10;
  }
  *out = (wide)whole * factor + carry;
  return true;
}

static const struct unit *unit_find(const struct unit *units, const char *name, size_t length) {
  for (; units->name; units++)
    if (strlen(units->name) == length && memcmp(units->name, name, length) == 0) return units;
  return NULL;
}

static bool fail_too(const struct key *key, const char *text, bool large, int64_t bound,
                     struct err *err) {
  char limit[64];
  schema_format(key, (union value){.i = bound}, limit, sizeof limit);
  return fail(err, ERR_OUT_OF_RANGE, NULL, "'%s' is too %s for '%s': the %s is %s", text,
              large ? "large" : "small", key->name, large ? "most" : "least", limit);
}

/* The last step of every number: the type's own limits, then the key's. */
static bool store(const struct key *key, const char *text, wide scaled, union value *out,
                  struct err *err) {
  int64_t max = forms[key->type].max;
  bool bounded = key->min != 0 || key->max != 0;
  if (bounded && key->max < max) max = key->max;
  if (scaled > (wide)max) return fail_too(key, text, true, max, err);
  if (bounded && (int64_t)scaled < key->min) return fail_too(key, text, false, key->min, err);
  out->i = (int64_t)scaled;
  return true;
}

/* "write 1% if 0.01 of all is meant": the point moved by two places. */
static void share_note(const struct number *number, char *note, size_t size) {
  wide percent;
  bool exact;
  bool fits = number_scale(number, SCHEMA_SHARE_SCALE, &percent, &exact);
  if (!fits || !exact || percent > SCHEMA_SHARE_SCALE) {
    snprintf(note, size, "write a share with its unit, such as 0.1%% or 50ppm");
    return;
  }
  const struct key key = {.type = VALUE_SHARE};
  char share[64];
  schema_format(&key, (union value){.i = (int64_t)percent}, share, sizeof share);
  snprintf(note, size, "write %s if %s of all is meant", share, number->text);
}

static bool fail_no_unit(const struct form *form, const struct number *number, struct err *err) {
  char note[sizeof err->note];
  const char *text = number->text;
  if (form->units == share_units)
    share_note(number, note, sizeof note);
  else
    snprintf(note, sizeof note, "write a %s with its unit, such as %.100s%s or %.100s%s",
             form->units == time_units ? "time" : form->name, text, form->examples[0], text,
             form->examples[1]);
  return fail(err, ERR_NO_UNIT, note, "'%s' has no unit", text);
}

static bool fail_unknown_unit(const struct form *form, const struct number *number,
                              struct err *err) {
  const char *slash = strrchr(number->unit, '/');
  bool minutes = (form->units == time_units && strcmp(number->unit, "m") == 0) ||
                 (form->per_time && slash && strcmp(slash, "/m") == 0);
  char note[sizeof err->note];
  if (minutes)
    snprintf(note, sizeof note, "minutes are min");
  else
    snprintf(note, sizeof note, "units are %s", form->unit_list);
  return fail(err, ERR_UNKNOWN_UNIT, note, "unknown unit '%s' in '%s'", number->unit, number->text);
}

/* "5" of "5 min", "1.5" of "1.5 s". */
static size_t number_length(const char *text) { return strspn(text, "0123456789."); }

/* The unit of "5 min", if it is one; NULL. */
static const char *unit_after_blank(const struct form *form, const char *text) {
  const char *unit = text + number_length(text);
  if (unit == text || *unit != ' ') return NULL;
  unit += strspn(unit, " ");
  const size_t length = form->per_time ? strcspn(unit, "/") : strlen(unit);
  return unit_find(form->units, unit, length) ? unit : NULL;
}

static bool parse_quantity(const struct key *key, const char *text, union value *out,
                           struct err *err) {
  static const struct unit bare_milliseconds = {"", NS_S / 1000}, whole = {"", 1};
  const struct form *form = &forms[key->type];
  struct number number;
  if (!number_split(text, &number)) {
    char note[sizeof err->note];
    const char *blank = unit_after_blank(form, text);
    if (blank)
      snprintf(note, sizeof note, "no blank between: %.*s%s", (int)number_length(text), text, blank);
    else
      snprintf(note, sizeof note, "write a number and its unit, such as %s", form->example);
    return fail(err, ERR_WRONG_TYPE, note, "'%s' is not a %s", text,
                form->units == time_units ? "time" : form->name);
  }
  const struct unit *unit, *period = &whole;
  if (*number.unit == '\0') {
    if (key->type != VALUE_MILLISECONDS || number.fraction) return fail_no_unit(form, &number, err);
    unit = &bare_milliseconds;
  } else {
    size_t length = form->per_time ? strcspn(number.unit, "/") : strlen(number.unit);
    unit = unit_find(form->units, number.unit, length);
    if (form->per_time) {
      const char *name = number.unit + length;
      period = *name ? unit_find(periods, name + 1, strlen(name + 1)) : NULL;
    }
  }
  if (!unit || !period) return fail_unknown_unit(form, &number, err);
  wide scaled;
  bool exact;
  if (!number_scale(&number, unit->factor, &scaled, &exact))
    return store(key, text, ~(wide)0, out, err);
  /* Per minute, hour or day few rates are exact in a second: these are rounded, but never to nothing. */
  bool something = scaled != 0 || !exact;
  scaled = (scaled + period->factor / 2) / period->factor;
  if ((period->factor == 1 && !exact) || (something && scaled == 0))
    return fail(err, ERR_OUT_OF_RANGE, NULL, "'%s' is not exact in %s", text, form->smallest);
  return store(key, text, scaled, out, err);
}

/* Where others write -1 for no limit, the key's help says what does here. */
static bool fail_count(const struct key *key, const char *text, struct err *err) {
  char note[sizeof err->note];
  const bool limit = strcmp(text, "-1") == 0 && key->help && strstr(key->help, "no limit");
  snprintf(note, sizeof note, "write digits only%s%s", limit ? ": " : ", without a leading zero", limit ? key->help : "");
  return fail(err, ERR_WRONG_TYPE, note, "'%s' is not a count", text);
}

bool key_counts_minutes(const struct key *key) {
  static const char end[] = ".minutes";
  const size_t length = strlen(key->name);
  return length > strlen(end) && strcmp(key->name + length - strlen(end), end) == 0;
}

static bool parse_minutes(const struct key *key, const char *text, union value *out, struct err *err) {
  const struct key time = {.name = key->name, .type = VALUE_TIME};
  union value value;
  if (!parse_quantity(&time, text, &value, err)) return false;
  const uint64_t ns = (uint64_t)value.i, minute = 60 * NS_S;
  if (ns % minute != 0)
    return fail(err, ERR_OUT_OF_RANGE, NULL, "'%s' is not exact in minutes", text);
  return store(key, text, ns / minute, out, err);
}

static bool parse_count(const struct key *key, const char *text, union value *out,
                        struct err *err) {
  struct number number;
  wide scaled;
  bool exact;
  const bool is_number = number_split(text, &number);
  if (is_number && *number.unit && key_counts_minutes(key)) return parse_minutes(key, text, out, err);
  if (!is_number || number.fraction || *number.unit) return fail_count(key, text, err);
  if (!number_scale(&number, 1, &scaled, &exact)) scaled = ~(wide)0;
  return store(key, text, scaled, out, err);
}

static bool parse_bool(const char *text, union value *out, struct err *err) {
  if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
    return fail(err, ERR_WRONG_TYPE, NULL, "'%s' is not true or false", text);
  out->i = text[0] == 't';
  return true;
}

static size_t enum_split(const struct key *key, char *buffer, const char **words) {
  ASSERT_MSG(key->choices && strlen(key->choices) < ENUM_TEXT_MAX, "choices of key '%s'",
             key->name);
  strcpy(buffer, key->choices);
  size_t count = 0;
  char *rest = buffer;
  for (char *word; (word = strsep(&rest, " ")) != NULL;) {
    ASSERT_LT(count, ENUM_WORDS_MAX);
    words[count++] = word;
  }
  return count;
}

static bool word_of(const char *word, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i], word) == 0) return true;
  return false;
}

static bool parse_enum(const struct key *key, const char *text, union value *out, struct err *err) {
  char buffer[ENUM_TEXT_MAX], note[sizeof err->note];
  const char *words[ENUM_WORDS_MAX];
  size_t count = enum_split(key, buffer, words);
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i], text) == 0) {
      out->i = (int64_t)i;
      return true;
    }
  /* Kafka's own -1 of acks. */
  const char *near = suggest(strcmp(text, "-1") == 0 && word_of("all", words, count) ? "all" : text, words, count);
  snprintf(note, sizeof note, "one of: %s", key->choices);
  return fail(err, ERR_UNKNOWN_NAME, note, "unknown value '%s' of '%s'%s%s%s", text, key->name,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

bool schema_parse(const struct key *key, const char *text, union value *out, struct err *err) {
  switch (key->type) {
  case VALUE_BOOL: return parse_bool(text, out, err);
  case VALUE_COUNT: return parse_count(key, text, out, err);
  case VALUE_ENUM: return parse_enum(key, text, out, err);
  case VALUE_DISTRIBUTION:
  case VALUE__COUNT: break;
  default: return parse_quantity(key, text, out, err);
  }
  ASSERT_MSG(false, "key '%s' is not a scalar of schema_parse", key->name);
}

/* value / scale, a power of ten, with as few decimals as are exact. */
static int print_decimal(char *out, size_t size, uint64_t value, uint64_t scale, const char *unit) {
  uint64_t whole = value / scale, fraction = value % scale;
  int places = 0;
  for (uint64_t s = scale; s > 1; s /= 10) places++;
  while (places > 0 && fraction % 10 == 0) {
    fraction /= 10;
    places--;
  }
  if (places == 0) return snprintf(out, size, "%llu%s", (unsigned long long)whole, unit);
  return snprintf(out, size, "%llu.%0*llu%s", (unsigned long long)whole, places,
                  (unsigned long long)fraction, unit);
}

static int print_units(char *out, size_t size, uint64_t value, const struct form *form) {
  const struct unit *unit = form->units;
  if (value == 0)
    unit = unit_find(form->units, form->zero_unit, strlen(form->zero_unit));
  else
    while (value % unit->factor != 0) unit++;
  ASSERT(unit != NULL);
  return snprintf(out, size, "%llu%s%s", (unsigned long long)(value / unit->factor), unit->name,
                  form->per_time ? "/s" : "");
}

void schema_format(const struct key *key, union value value, char *out, size_t size) {
  const uint64_t number = key->type == VALUE_DISTRIBUTION ? 0 : (uint64_t)value.i;
  char buffer[ENUM_TEXT_MAX];
  const char *words[ENUM_WORDS_MAX];
  int written = -1;
  if (key->type != VALUE_DISTRIBUTION) ASSERT_LE(0, value.i);
  switch (key->type) {
  case VALUE_BOOL: written = snprintf(out, size, "%s", number ? "true" : "false"); break;
  case VALUE_COUNT: written = snprintf(out, size, "%llu", (unsigned long long)number); break;
  case VALUE_TIME:
  case VALUE_MILLISECONDS:
  case VALUE_SIZE:
  case VALUE_BANDWIDTH: written = print_units(out, size, number, &forms[key->type]); break;
  case VALUE_RATE: written = print_decimal(out, size, number, SCHEMA_RATE_SCALE, "/s"); break;
  case VALUE_SHARE: written = print_decimal(out, size, number, share_units[0].factor, "%"); break;
  case VALUE_ENUM:
    ASSERT_LT(number, enum_split(key, buffer, words));
    written = snprintf(out, size, "%s", words[number]);
    break;
  case VALUE_DISTRIBUTION: written = snprintf(out, size, "%s", value.distribution->text); break;
  case VALUE__COUNT: break;
  }
  ASSERT_MSG(written >= 0 && (size_t)written < size, "no room for key '%s' in %zu bytes",
             key->name ? key->name : "", size);
}

int schema_find(const struct key *keys, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i].name, name) == 0) return (int)i;
  return -1;
}
