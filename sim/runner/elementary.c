#include "sim/runner/elementary.h"

#include <math.h>

/* ln 2 as a sum; the first has so few bits that its product with any exponent is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define ROOT_TWO_PI 2.50662827463100050242
#define LENGTH(ARRAY) ((int)(sizeof(ARRAY) / sizeof *(ARRAY)))

/* c[0] + c[1] x + c[2] x² + ... */
static double polynomial(const double *c, int count, double x) {
  double sum = c[count - 1];
  for (int i = count - 2; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}

/* log((1 + s) / (1 - s)) = 2 s (1 + s²/3 + s⁴/5 + ...), for |s| up to 0.18: what is left out is below 1e-18. */
static double log_ratio(double s) {
  static const double odd[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                               1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
  const double square = s * s;
  return 2 * s + 2 * s * square * polynomial(odd + 1, LENGTH(odd) - 1, square);
}

double elementary_log(double x) {
  int exponent;
  double m = frexp(x, &exponent);
  if (m < 0.70710678118654752440) {
    m *= 2;
    exponent--;
  }
  return exponent * LN2_HIGH + (log_ratio((m - 1) / (m + 1)) + exponent * LN2_LOW);
}

double elementary_log1p(double x) {
  if (x > -0.29 && x < 0.41) return log_ratio(x / (2 + x));
  return elementary_log(1 + x);
}

/* (exp(x) - 1) / x, for |x| up to 0.36: what is left out is below 1e-18. */
static double exp_slope(double x) {
  double sum = 1;
  for (int n = 15; n > 1; n--) sum = 1 + x * sum / n;
  return sum;
}

double elementary_exp(double x) {
  if (x > 709.78) return HUGE_VAL;
  if (x < -745.13) return 0;
  const double exponent = floor(x * 1.44269504088896340736 + 0.5);
  const double rest = (x - exponent * LN2_HIGH) - exponent * LN2_LOW;
  return ldexp(1 + rest * exp_slope(rest), (int)exponent);
}

double elementary_expm1(double x) {
  if (x > -0.35 && x < 0.35) return x * exp_slope(x);
  return elementary_exp(x) - 1;
}

/* Lowest power first. */
static const double near_above[] = {18154.981253343561249, 1067.6894854603709582,
                                    161.02823106855587881, 2.2352520354606839287,
                                    0.065682337918207449113};
static const double near_below[] = {45507.789335026729956, 10260.932208618978205,
                                    976.09855173777669322, 47.20258190468824187, 1};
static const double tail_above[] = {
    9842.7148383839780218, 11602.651437647350124,  6848.1904505362823326,
    2494.5375852903726711, 597.27027639480026226,  93.506656132177855979,
    8.8831497943883759412, 0.39894151208813466764, 1.0765576773720192317e-8};
static const double tail_below[] = {
    19685.429676859990727, 38912.003286093271411, 34900.952721145977266,
    18615.571640885098091, 6485.558298266760755,  1519.377599407554805,
    235.38790178262499861, 22.266688044328115691, 1};
static const double far_above[] = {2.9112874951168792e-5, 0.001421619193227893466,
                                   0.022235277870649807,  0.1274011611602473639,
                                   0.21589853405795699,   0.02307344176494017303};
static const double far_below[] = {7.29751555083966205e-5, 0.00378239633202758244,
                                   0.0659881378689285515,  0.468238212480865118,
                                   1.28426009614491121,    1};

double elementary_normal(double z) {
  const double distance = fabs(z), square = z * z;
  if (distance < 0.66291)
    return 0.5 + z * polynomial(near_above, LENGTH(near_above), square) /
                     polynomial(near_below, LENGTH(near_below), square);
  double tail;
  if (distance < 5.65685424949238019521) { /* 4 times the root of 2 */
    tail = polynomial(tail_above, LENGTH(tail_above), distance) /
           polynomial(tail_below, LENGTH(tail_below), distance);
  } else {
    const double inverse = 1 / square;
    const double part = inverse * polynomial(far_above, LENGTH(far_above), inverse) /
                        polynomial(far_below, LENGTH(far_below), inverse);
    tail = (1 / ROOT_TWO_PI - part) / distance;
  }
  /* exp(-z²/2) in two factors: the square of a z of few bits is exact. */
  const double coarse = floor(distance * 16) / 16;
  tail *= elementary_exp(-coarse * coarse / 2) *
          elementary_exp(-(distance - coarse) * (distance + coarse) / 2);
  return z < 0 ? tail : 1 - tail;
}

static const double middle_above[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                      1.9715909503065514427e3, 1.3731693765509461125e4,
                                      4.5921953931549871457e4, 6.7265770927008700853e4,
                                      3.3430575583588128105e4, 2.5090809287301226727e3};
static const double middle_below[] = {1.0,
                                      4.2313330701600911252e1,
                                      6.8718700749205790830e2,
                                      5.3941960214247511077e3,
                                      2.1213794301586595867e4,
                                      3.9307895800092710610e4,
                                      2.8729085735721942674e4,
                                      5.2264952788528545610e3};
static const double outer_above[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                     5.76949722146069140550e0,  3.64784832476320460504e0,
                                     1.27045825245236838258e0,  2.41780725177450611770e-1,
                                     2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double outer_below[] = {1.0,
                                     2.05319162663775882187e0,
                                     1.67638483018380384940e0,
                                     6.89767334985100004550e-1,
                                     1.48103976427480074590e-1,
                                     1.51986665636164571966e-2,
                                     5.47593808499534494600e-4,
                                     1.05075007164441684324e-9};
static const double extreme_above[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                       1.78482653991729133580e0,  2.96560571828504891230e-1,
                                       2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                       2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double extreme_below[] = {1.0,
                                       5.99832206555887937690e-1,
                                       1.36929880922735805310e-1,
                                       1.48753612908506148525e-2,
                                       7.86869131145613259100e-4,
                                       1.84631831751005468180e-5,
                                       1.42151175831644588870e-7,
                                       2.04426310338993978564e-15};

double elementary_normal_inverse(double share) {
  const double off = share - 0.5;
  if (fabs(off) <= 0.425) {
    const double r = 0.180625 - off * off;
    return off * polynomial(middle_above, LENGTH(middle_above), r) /
           polynomial(middle_below, LENGTH(middle_below), r);
  }
  const double tail = off < 0 ? share : 1 - share;
  double r = sqrt(-elementary_log(tail)), z;
  if (r <= 5) {
    r -= 1.6;
    z = polynomial(outer_above, LENGTH(outer_above), r) /
        polynomial(outer_below, LENGTH(outer_below), r);
  } else {
    r -= 5;
    z = polynomial(extreme_above, LENGTH(extreme_above), r) /
        polynomial(extreme_below, LENGTH(extreme_below), r);
  }
  return off < 0 ? -z : z;
}
