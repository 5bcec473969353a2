#include "sim/runner/distribution.h"

#include "sim/base/assert.h"
#include "sim/base/suggest.h"
#include "sim/kernel/quantile.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 16 /* values of a mix; the others have two */
#define TEXT_MAX 1024
#define WORD_MAX 64
#define EXPONENT_SCALE 1000000
#define GAUSS_POINTS 16

/* Positions in the unit interval are whole multiples of the finest cell, so that no cell's edge is
 * rounded; what a mix needs is exact in 128 bits. */
#define GRID_BITS (QUANTILE_BITS * (QUANTILE_LEVELS + 1))
#define GRID (UINT64_C(1) << GRID_BITS)
_Static_assert(GRID_BITS <= 52, "positions are exact as doubles");
__extension__ typedef __int128 wide;

enum shape {
  SHAPE_CONSTANT,
  SHAPE_UNIFORM,
  SHAPE_EXPONENTIAL,
  SHAPE_LOGNORMAL,
  SHAPE_PARETO,
  SHAPE_MIX,
  SHAPE__COUNT
};

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

struct atom {
  int64_t ns, share;
};
struct law {
  enum shape shape;
  int64_t parameters[2];             /* ns; an exponent in EXPONENT_SCALE */
  struct atom atoms[PARAMETERS_MAX]; /* by time */
  size_t atom_count;
  double mu, sigma; /* lognormal */
  const gsl_integration_glfixed_table *gauss;
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
  int64_t value = 0, unit = EXPONENT_SCALE;
  const char *at = text;
  for (; *at >= '0' && *at <= '9' && value < 1000 * (int64_t)EXPONENT_SCALE; at++)
    value = value * 10 + (int64_t)(*at - '0') * EXPONENT_SCALE;
  bool good = at != text;
  if (*at == '.')
    for (at++, good = good && *at != '\0'; *at >= '0' && *at <= '9' && unit > 1; at++)
      value += (*at - '0') * (unit /= 10);
  if (!good || *at != '\0')
    return err_set(err, ERR_BAD_DISTRIBUTION, "'%s' is not an exponent such as 2.5", text);
  if (value < EXPONENT_SCALE * 11 / 10 || value > 1000 * (int64_t)EXPONENT_SCALE)
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
    if (law->atom_count == PARAMETERS_MAX)
      return err_set(err, ERR_LIMIT, "a mix has at most %d values", PARAMETERS_MAX);
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
    law->mu = log((double)a);
    law->sigma = log((double)b / (double)a) / gsl_cdf_ugaussian_Pinv(0.99);
    break;
  case SHAPE_PARETO:
    if (a == 0) return err_set(err, ERR_BAD_DISTRIBUTION, "min of '%s' is not above 0", text);
    break;
  default:
    break;
  }
  return true;
}

static bool parse_law(const char *text, struct law *law, struct err *err) {
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
  int length = snprintf(out, size, "%lld.%06lld", (long long)(value / EXPONENT_SCALE),
                        (long long)(value % EXPONENT_SCALE));
  while (out[length - 1] == '0') out[--length] = '\0';
  if (out[length - 1] == '.') out[--length] = '\0';
}

static void format_law(const struct law *law, char out[TEXT_MAX]) {
  const struct key time = {.type = VALUE_TIME}, share = {.type = VALUE_SHARE};
  char value[WORD_MAX], part[WORD_MAX];
  size_t used = 0;
  if (law->shape == SHAPE_CONSTANT) {
    schema_format(&time, (union value){.i = law->parameters[0]}, out, TEXT_MAX);
    return;
  }
  used += (size_t)snprintf(out, TEXT_MAX, "%s", shapes[law->shape].name);
  for (size_t i = 0; i < law->atom_count; i++) {
    schema_format(&time, (union value){.i = law->atoms[i].ns}, value, sizeof value);
    schema_format(&share, (union value){.i = law->atoms[i].share}, part, sizeof part);
    used += (size_t)snprintf(out + used, TEXT_MAX - used, " %s=%s", value, part);
  }
  for (size_t i = 0; i < 2 && shapes[law->shape].parameters[i].name; i++) {
    format_parameter(&shapes[law->shape].parameters[i], law->parameters[i], value, sizeof value);
    used += (size_t)snprintf(out + used, TEXT_MAX - used, " %s=%s",
                             shapes[law->shape].parameters[i].name, value);
  }
  ASSERT(used < TEXT_MAX);
}

/* ---- the mean over a cell, in ns ---- */

static double quantile(const struct law *law, double p) {
  double a = (double)law->parameters[0];
  return law->shape == SHAPE_EXPONENTIAL ? gsl_cdf_exponential_Pinv(p, a)
                                         : exp(law->mu + law->sigma * gsl_cdf_ugaussian_Pinv(p));
}

/* Where the upper tail is far, the quantile function is smooth and near a line. */
static double mean_numeric(const struct law *law, double low, double high) {
  double sum = 0, x, weight;
  for (size_t i = 0; i < law->gauss->n; i++) {
    gsl_integration_glfixed_point(low, high, i, &x, &weight, law->gauss);
    sum += weight * quantile(law, x);
  }
  return sum / (high - low);
}

/* E[X; p in cell] = -mean * integral of ln s over s = 1 - p: exact, and without cancellation where s
 * is small. */
static double mean_exponential(const struct law *law, double low, double high) {
  double s0 = 1 - low, s1 = 1 - high;
  if (low < 0.5) return mean_numeric(law, low, high);
  double primitive0 = s0 - s0 * log(s0), primitive1 = s1 > 0 ? s1 - s1 * log(s1) : 0;
  return (double)law->parameters[0] * (primitive0 - primitive1) / (s0 - s1);
}

/* E[X; z0 < Z < z1] = E[X] * P(z0 - sigma < Z < z1 - sigma), on the side of the tail that is near. */
static double mean_lognormal(const struct law *law, double low, double high) {
  double part;
  if (low < 0.5) {
    double from = low > 0 ? gsl_cdf_ugaussian_P(gsl_cdf_ugaussian_Pinv(low) - law->sigma) : 0;
    part = gsl_cdf_ugaussian_P(gsl_cdf_ugaussian_Pinv(high) - law->sigma) - from;
  } else {
    double to = high < 1 ? gsl_cdf_ugaussian_Q(gsl_cdf_ugaussian_Qinv(1 - high) - law->sigma) : 0;
    part = gsl_cdf_ugaussian_Q(gsl_cdf_ugaussian_Qinv(1 - low) - law->sigma) - to;
  }
  return exp(law->mu + law->sigma * law->sigma / 2) * part / (high - low);
}

/* Integral of min * s^(-1/exponent); near s = 1 through expm1, or the difference would cancel. */
static double mean_pareto(const struct law *law, double low, double high) {
  double power = 1 - (double)EXPONENT_SCALE / (double)law->parameters[1];
  double from = expm1(power * log1p(-low)), to = high < 1 ? expm1(power * log1p(-high)) : -1;
  if (low >= 0.5) {
    from = pow(1 - low, power);
    to = high < 1 ? pow(1 - high, power) : 0;
  }
  return (double)law->parameters[0] * (from - to) / power / (high - low);
}

/* Time at a share of the grid, summed over the atoms that the cell meets; nearest whole ns. */
static int64_t mean_mix(const struct law *law, uint64_t low, uint64_t high) {
  wide from = (wide)low * SCHEMA_SHARE_SCALE, to = (wide)high * SCHEMA_SHARE_SCALE, sum = 0,
       edge = 0;
  for (size_t i = 0; i < law->atom_count; i++) {
    wide next = edge + (wide)law->atoms[i].share * (wide)GRID;
    wide begin = edge > from ? edge : from, end = next < to ? next : to;
    if (end > begin) sum += (end - begin) * law->atoms[i].ns;
    edge = next;
  }
  return (int64_t)((sum + (to - from) / 2) / (to - from));
}

static bool cell(const struct law *law, uint64_t low, uint64_t high, int64_t *out) {
  if (law->shape == SHAPE_MIX) {
    *out = mean_mix(law, low, high);
    return true;
  }
  double from = (double)low / (double)GRID, to = (double)high / (double)GRID, mean = 0;
  double a = (double)law->parameters[0], b = (double)law->parameters[1];
  switch (law->shape) {
  case SHAPE_UNIFORM:
    mean = a + (b - a) * (from + to) / 2;
    break;
  case SHAPE_EXPONENTIAL:
    mean = mean_exponential(law, from, to);
    break;
  case SHAPE_LOGNORMAL:
    mean = law->sigma > 0 ? mean_lognormal(law, from, to) : a;
    break;
  case SHAPE_PARETO:
    mean = mean_pareto(law, from, to);
    break;
  default:
    mean = a;
    break;
  }
  if (!(mean < (double)SCHEMA_TIME_MAX_NS)) return false;
  *out = llround(mean);
  return true;
}

/* ---- the table ---- */

static bool fill(const struct law *law, struct quantile_table *table) {
  uint64_t width = GRID >> QUANTILE_BITS;
  for (uint64_t i = 0; i < QUANTILE_CELLS; i++)
    if (!cell(law, i * width, (i + 1) * width, &table->body[i])) return false;
  for (int level = 0; level < QUANTILE_LEVELS; level++) {
    uint64_t top = GRID - width;
    width >>= QUANTILE_BITS;
    for (uint64_t i = 0; i < QUANTILE_CELLS; i++)
      if (!cell(law, i * width, (i + 1) * width, &table->low[level][i]) ||
          !cell(law, top + i * width, top + (i + 1) * width, &table->high[level][i]))
        return false;
  }
  return true;
}

/* Of the cells that draws can reach, each by its width; in integers, so the same everywhere. */
static int64_t table_mean(const struct quantile_table *table) {
  wide sum = 0;
  for (int i = 1; i < QUANTILE_CELLS - 1; i++)
    sum += (wide)table->body[i] << (GRID_BITS - QUANTILE_BITS);
  for (int level = 0; level < QUANTILE_LEVELS; level++) {
    int shift = GRID_BITS - (level + 2) * QUANTILE_BITS;
    bool last = level == QUANTILE_LEVELS - 1;
    for (int i = last ? 0 : 1; i < QUANTILE_CELLS; i++) {
      sum += (wide)table->low[level][i] << shift;
      sum += (wide)table->high[level][QUANTILE_CELLS - 1 - i] << shift;
    }
  }
  return (int64_t)((sum + (wide)(GRID / 2)) >> GRID_BITS);
}

static int64_t law_median(const struct law *law) {
  double a = (double)law->parameters[0];
  int64_t share = 0;
  switch (law->shape) {
  case SHAPE_UNIFORM:
    return law->parameters[0] + (law->parameters[1] - law->parameters[0]) / 2;
  case SHAPE_EXPONENTIAL:
    return llround(a * M_LN2);
  case SHAPE_PARETO:
    return llround(a * pow(2, (double)EXPONENT_SCALE / (double)law->parameters[1]));
  case SHAPE_MIX:
    for (size_t i = 0; i < law->atom_count; i++)
      if ((share += law->atoms[i].share) * 2 >= SCHEMA_SHARE_SCALE) return law->atoms[i].ns;
    return 0;
  default:
    return law->parameters[0];
  }
}

/* One block: distribution, table, text. NULL: the tail is longer than any run. */
static struct distribution *build(struct law *law) {
  struct block {
    struct distribution distribution;
    struct quantile_table table;
    char text[TEXT_MAX];
  } *block = calloc(1, sizeof *block);
  ASSERT_MSG(block, "out of memory");
  format_law(law, block->text);
  block->distribution = (struct distribution){block->text, &block->table};
  gsl_integration_glfixed_table *gauss = gsl_integration_glfixed_table_alloc(GAUSS_POINTS);
  law->gauss = gauss;
  bool filled = fill(law, &block->table);
  gsl_integration_glfixed_table_free(gauss);
  if (!filled) {
    free(block);
    return NULL;
  }
  block->table.constant = law->shape == SHAPE_CONSTANT;
  block->table.median = law_median(law);
  block->table.mean = table_mean(&block->table);
  return &block->distribution;
}

bool distribution_parse(const char *text, struct distribution **out, struct err *err) {
  struct law law;
  if (!parse_law(text, &law, err)) return false;
  struct distribution *distribution = build(&law);
  if (!distribution)
    return err_set(err, ERR_OUT_OF_RANGE, "the tail of '%s' reaches beyond 71 years", text);
  *out = distribution;
  return true;
}

void distribution_free(struct distribution *distribution) { free(distribution); }

struct distribution *distribution_exponential(int64_t mean_ns) {
  struct law law = {.shape = SHAPE_EXPONENTIAL, .parameters = {mean_ns}};
  struct distribution *distribution = build(&law);
  ASSERT_MSG(distribution, "mean %lld ns", (long long)mean_ns);
  return distribution;
}

struct distribution *distribution_constant(int64_t ns) {
  struct law law = {.shape = SHAPE_CONSTANT, .parameters = {ns}};
  return build(&law);
}
