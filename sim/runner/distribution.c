#include "sim/runner/distribution.h"

#include "sim/base/assert.h"
#include "sim/kernel/quantile.h"
#include "sim/runner/distribution_law.h"
#include "sim/runner/elementary.h"

#include <math.h>
#include <stdlib.h>

/* Positions in the unit interval are whole multiples of the finest cell, so that no cell's edge is
 * rounded; what a mix needs is exact in 128 bits. */
#define GRID_BITS (QUANTILE_BITS * (QUANTILE_LEVELS + 1))
#define GRID (UINT64_C(1) << GRID_BITS)
_Static_assert(GRID_BITS <= 52, "positions are exact as doubles");
__extension__ typedef __int128 wide;

/* ---- the mean over a cell, in ns ---- */

/* Legendre's points and weights for 16 points between -1 and 1, those above 0. */
static const double gauss[][2] = {
    {0.0950125098376374401853193354250, 0.1894506104550684962853967232083},
    {0.2816035507792589132304605014605, 0.1826034150449235888667636679692},
    {0.4580167776572273863424194429836, 0.1691565193950025381893120790304},
    {0.6178762444026437484466717640488, 0.1495959888165767320815017305474},
    {0.7554044083550030338951011948474, 0.1246289712555338720524762821920},
    {0.8656312023878317438804678977124, 0.0951585116824927848099251076022},
    {0.9445750230732325760779884155346, 0.0622535239386478928628438369944},
    {0.9894009349916499325961541734503, 0.0271524594117540948517805724560},
};

/* Where the upper tail is far, the quantile function -mean * ln(1 - p) is smooth and near a line. */
static double mean_numeric(double mean, double low, double high) {
  double sum = 0, middle = (low + high) / 2, half = (high - low) / 2;
  for (size_t i = 0; i < sizeof gauss / sizeof *gauss; i++)
    sum -= gauss[i][1] * (elementary_log1p(-(middle - half * gauss[i][0])) +
                          elementary_log1p(-(middle + half * gauss[i][0])));
  return mean * sum / 2;
}

/* E[X; p in cell] = -mean * integral of ln s over s = 1 - p: exact, and without cancellation where s
 * is small. */
static double mean_exponential(double mean, double low, double high) {
  if (low < 0.5) return mean_numeric(mean, low, high);
  double s0 = 1 - low, s1 = 1 - high;
  double primitive0 = s0 - s0 * elementary_log(s0), primitive1 = s1 > 0 ? s1 - s1 * elementary_log(s1) : 0;
  return mean * (primitive0 - primitive1) / (s0 - s1);
}

/* The end of the last cell, where the next one mostly begins: it need not be found out twice. */
struct edge {
  double share, value;
  bool mirrored;
};

/* P(Z < z - sigma) at the z of a share; mirrored, P(Z > z - sigma), as the share above z is the one below -z. */
static double lognormal_edge(double sigma, double share, bool mirrored, struct edge *known) {
  if (known->share == share && known->mirrored == mirrored) return known->value;
  const double near = mirrored ? 1 - share : share;
  const double z = near > 0 ? elementary_normal_inverse(near) : 0;
  *known = (struct edge){share, near > 0 ? elementary_normal(mirrored ? z + sigma : z - sigma) : 0, mirrored};
  return known->value;
}

/* E[X; z0 < Z < z1] = E[X] * P(z0 - sigma < Z < z1 - sigma), on the side of the tail that is near. */
static double mean_lognormal(const struct law *law, double low, double high, struct edge *known) {
  const bool mirrored = low >= 0.5;
  const double from = lognormal_edge(law->sigma, low, mirrored, known);
  const double to = lognormal_edge(law->sigma, high, mirrored, known);
  const double part = mirrored ? from - to : to - from;
  return elementary_exp(law->mu + law->sigma * law->sigma / 2) * part / (high - low);
}

/* Integral of min * s^(-1/exponent) over s = 1 - p. With s1 the less of both, s0^power - s1^power is
 * s1^power * ((s0/s1)^power - 1), which does not cancel. */
static double mean_pareto(const struct law *law, double low, double high) {
  double power = 1 - (double)LAW_EXPONENT_SCALE / (double)law->parameters[1];
  double s0 = 1 - low, s1 = 1 - high;
  double part = s1 > 0 ? elementary_exp(power * elementary_log(s1)) *
                             elementary_expm1(power * elementary_log1p((s0 - s1) / s1))
                       : elementary_exp(power * elementary_log(s0));
  return (double)law->parameters[0] * part / power / (s0 - s1);
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

static bool cell(const struct law *law, uint64_t low, uint64_t high, struct edge *known, int64_t *out) {
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
    mean = mean_exponential(a, from, to);
    break;
  case SHAPE_LOGNORMAL:
    mean = law->sigma > 0 ? mean_lognormal(law, from, to, known) : a;
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

/* One cell after the other from `begin` on, each so wide. */
static bool fill_cells(const struct law *law, uint64_t begin, uint64_t width, int64_t *cells) {
  struct edge known = {.share = -1};
  for (uint64_t i = 0; i < QUANTILE_CELLS; i++)
    if (!cell(law, begin + i * width, begin + (i + 1) * width, &known, &cells[i])) return false;
  return true;
}

static bool fill(const struct law *law, struct quantile_table *table) {
  uint64_t width = GRID >> QUANTILE_BITS;
  if (!fill_cells(law, 0, width, table->body)) return false;
  for (int level = 0; level < QUANTILE_LEVELS; level++) {
    const uint64_t top = GRID - width;
    width >>= QUANTILE_BITS;
    if (!fill_cells(law, 0, width, table->low[level]) || !fill_cells(law, top, width, table->high[level]))
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
    return llround(a * elementary_exp(M_LN2 * (double)LAW_EXPONENT_SCALE / (double)law->parameters[1]));
  case SHAPE_MIX:
    for (size_t i = 0; i < law->atom_count; i++)
      if ((share += law->atoms[i].share) * 2 >= SCHEMA_SHARE_SCALE) return law->atoms[i].ns;
    return 0;
  default:
    return law->parameters[0];
  }
}

/* One block: distribution, table, text. NULL: the tail is longer than any run. */
static struct distribution *build(const struct law *law) {
  struct block {
    struct distribution distribution;
    struct quantile_table table;
    char text[LAW_TEXT_MAX];
  } *block = calloc(1, sizeof *block);
  ASSERT_MSG(block, "out of memory");
  law_format(law, block->text);
  block->distribution = (struct distribution){block->text, &block->table};
  if (!fill(law, &block->table)) {
    free(block);
    return NULL;
  }
  quantile_narrow(&block->table);
  block->table.constant = law->shape == SHAPE_CONSTANT;
  block->table.median = law_median(law);
  block->table.mean = table_mean(&block->table);
  return &block->distribution;
}

bool distribution_parse(const char *text, struct distribution **out, struct err *err) {
  struct law law;
  if (!law_parse(text, &law, err)) return false;
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
