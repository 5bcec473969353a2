/* Elementary functions that give the same bits on every machine.
 *
 * A C library's exp, log and pow, and GSL's functions of the normal distribution, differ in their last bit between
 * processors, and on one processor with its multiply-and-add (FMA) and without. Distributions of long times would
 * show it: 1 ns of an hour is no more than a few last bits. These are made of additions, multiplications, divisions
 * and square roots alone, which IEEE 754 rounds the same everywhere, and of frexp, ldexp and floor, which are exact.
 *
 * [I1] No function of libm or GSL but those is called, and the compiler contracts nothing (-ffp-contract=off).
 * [I2] Relative error below 1e-14, where the result is a normal number; of log near 1 use log1p, of exp(x) - 1 expm1.
 *
 * Pure; arguments outside of what is said here are a programmer's mistake and give NaN or infinity.
 */
#ifndef SIM_RUNNER_ELEMENTARY_H
#define SIM_RUNNER_ELEMENTARY_H

double elementary_log(double x);   /* x > 0 */
double elementary_log1p(double x); /* log(1 + x); x > -1 */
double elementary_exp(double x);
double elementary_expm1(double x); /* exp(x) - 1 */

/* The standard normal distribution: the share below z, and the z that a share is below.
 * W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969);
 * M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
 * (1988). The share above z is the one below -z. */
double elementary_normal(double z);
double elementary_normal_inverse(double share); /* 0 < share < 1; exact to its own bits up to 1/2 */

#endif
