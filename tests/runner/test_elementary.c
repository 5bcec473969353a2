/* Elementary functions of our own, beside those of the C library and of GSL. */
#include "sim/runner/elementary.h"
#include "tests/run_suite.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static void near(const char *name, double at, double found, double expected, double relative) {
  ck_assert_msg(fabs(found - expected) <= relative * fabs(expected), "%s(%.17g): %.17g, not %.17g",
                name, at, found, expected);
}

START_TEST(log_is_right_over_all_exponents) {
  for (double x = 1e-300; x < 1e300; x *= 1.0137) near("log", x, elementary_log(x), log(x), 1e-15);
  for (double x = 0.5; x < 2; x += 1.03e-4) near("log", x, elementary_log(x), log(x), 1e-15);
  for (double x = -0.9999; x < 10; x += 1.0012e-3)
    near("log1p", x, elementary_log1p(x), log1p(x), 1e-15);
  for (double x = 1e-18; x < 1; x *= 1.09) {
    near("log1p", x, elementary_log1p(x), log1p(x), 1e-15);
    near("log1p", -x, elementary_log1p(-x), log1p(-x), 1e-15);
  }
}
END_TEST

START_TEST(exp_is_right_from_the_smallest_to_the_largest) {
  for (double x = -700; x < 709; x += 0.1237) near("exp", x, elementary_exp(x), exp(x), 1e-15);
  ck_assert(elementary_exp(-746) == 0 && isinf(elementary_exp(710)));
  for (double x = -40; x < 40; x += 0.01237) near("expm1", x, elementary_expm1(x), expm1(x), 1e-15);
  for (double x = 1e-18; x < 1; x *= 1.09) {
    near("expm1", x, elementary_expm1(x), expm1(x), 1e-15);
    near("expm1", -x, elementary_expm1(-x), expm1(-x), 1e-15);
  }
}
END_TEST

START_TEST(the_normal_distribution_and_its_inverse_are_gsl_s) {
  for (double z = -37; z < 8; z += 0.00977)
    near("normal", z, elementary_normal(z), gsl_cdf_ugaussian_P(z), 2e-15);
  for (double share = 1e-300; share < 0.5; share *= 1.137)
    near("inverse", share, elementary_normal_inverse(share), gsl_cdf_ugaussian_Pinv(share), 2e-15);
  for (double share = 1e-4; share < 1; share += 1.017e-4)
    near("inverse", share, elementary_normal_inverse(share), gsl_cdf_ugaussian_Pinv(share), 2e-15);
}
END_TEST

static uint64_t note(uint64_t hash, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The bits themselves, as every machine has to compute them: with and without FMA, whatever the processor. */
START_TEST(every_bit_is_the_same_on_every_machine) {
  uint64_t hash = 1;
  for (int i = 1; i <= 20000; i++) {
    const double x = i / 16384.0;
    hash = note(hash, elementary_log(x * 1e9));
    hash = note(hash, elementary_log1p(-x / 2));
    hash = note(hash, elementary_exp(x * 10));
    hash = note(hash, elementary_expm1(-x));
    hash = note(hash, elementary_normal(-x * 6));
    hash = note(hash, elementary_normal_inverse(x / 2));
  }
  ck_assert_msg(hash == UINT64_C(0x4cc69774829a0ad2), "the bits have changed: 0x%016llx",
                (unsigned long long)hash);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("elementary");
  TCase *tests = tcase_create("elementary");
  tcase_add_test(tests, log_is_right_over_all_exponents);
  tcase_add_test(tests, exp_is_right_from_the_smallest_to_the_largest);
  tcase_add_test(tests, the_normal_distribution_and_its_inverse_are_gsl_s);
  tcase_add_test(tests, every_bit_is_the_same_on_every_machine);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
