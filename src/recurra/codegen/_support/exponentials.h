/* exp and what is made of it, by x = n ln 2 + r with a whole n and |r| <= ln 2 / 2.
 *
 * Adding ROUNDER leaves n in the lowest bits of the sum: it is so large that its neighbours are
 * whole numbers. Subtracting it gives n as a number, and shifting the bits into the place of the
 * exponent gives 2^n. Of e^r - 1 the polynomial gives what remains after r; that and other
 * polynomials here minimise the largest relative error, which is below a hundredth of the last bit.
 */
#ifndef RECURRA_EXPONENTIALS_H
#define RECURRA_EXPONENTIALS_H

#include "elementwise.h"

#if REAL_IS_DOUBLE
#define ROUNDER 6755399441055744.0 /* 1.5 * 2^52 */
#define BIAS 1023
#define LN2_HIGH 0.69314718055920821 /* 40 bits, so that its products with n are exact */
#define LN2_LOW 7.3710025651677989e-13
#define EXP_LOWEST -746 /* gives 0 */
#define EXP_HIGHEST 710 /* gives infinity */
#define EXPM1_LOWEST -40
#define SAME_AS_EXPM1 0x1p-55
#else
#define ROUNDER 12582912.0f /* 1.5 * 2^23 */
#define BIAS 127
#define LN2_HIGH 0.693145752f
#define LN2_LOW 1.42860682e-06f
#define EXP_LOWEST -104
#define EXP_HIGHEST 89
#define EXPM1_LOWEST -20
#define SAME_AS_EXPM1 0x1p-26f
#endif
#define LOG2_E ((real)1.4426950408889634)
#define LN2 ((real)0.69314718055994531)

/* e^r - 1 for |r| <= ln 2 / 2 */
INLINE vec expm1_of_rest(vec r) {
#if REAL_IS_DOUBLE
  static const real after_r[] = {
      0.5, 0.16666666666666677, 0.041666666666666609, 0.0083333333333214365, 0.0013888888888923838,
      0.0001984126988660121, 2.4801587237452748e-05, 2.7557243734618895e-06,
      2.755735293871423e-07, 2.5109203675637983e-08, 2.0889498199576032e-09};
#else
  static const real after_r[] = {0.5f, 0.166666657f, 0.0416664779f, 0.00833356567f,
                                 0.00139337126f, 0.000197443209f};
#endif
  return multiply_add(POLYNOMIAL(r, after_r), r * r, r);
}

/* x / ln 2 + rounder: n in its lowest bits, above what `rounder` has there */
INLINE vec rounded_quotient(vec x, real rounder) {
  return multiply_add(x, splat(LOG2_E), splat(rounder));
}

INLINE vec rest_of(vec x, vec n) {
  return multiply_add(n, splat(-LN2_LOW), multiply_add(n, splat(-LN2_HIGH), x));
}

INLINE vec as_exponent(mask exponent) { return (vec)shift_left(exponent, MANTISSA_BITS); }

/* (1 + p) 2^n. 2^n alone would not reach the smallest and the largest results; so it is two
 * factors. `quotient` has n above ROUNDER + 2 * BIAS. */
INLINE vec scaled_by_two_factors(vec p, vec quotient) {
  mask whole = (mask)quotient, half = whole >> 1;
  vec factor = as_exponent(half);
  return multiply_add(factor, p, factor) * as_exponent(bits_minus(whole, half));
}

INLINE vec v_exp(vec x) {
  vec inside = clamp(x, EXP_LOWEST, EXP_HIGHEST);
  vec quotient = rounded_quotient(inside, ROUNDER + 2 * BIAS);
  vec n = quotient - (ROUNDER + 2 * BIAS);
  return scaled_by_two_factors(expm1_of_rest(rest_of(inside, n)), quotient);
}

INLINE vec v_exp2(vec x) {
  vec inside = clamp(x, -BIAS - MANTISSA_BITS - 3, BIAS + 2);
  vec quotient = inside + (ROUNDER + 2 * BIAS);
  vec n = quotient - (ROUNDER + 2 * BIAS);
  return scaled_by_two_factors(expm1_of_rest((inside - n) * LN2), quotient);
}

/* 2^n p + 2^n - 1, all halved so that the largest 2^n is a finite number. */
INLINE vec v_expm1(vec x) {
  vec inside = clamp(x, EXPM1_LOWEST, EXP_HIGHEST);
  vec quotient = rounded_quotient(inside, ROUNDER + BIAS - 1);
  vec n = quotient - (ROUNDER + BIAS - 1), factor = as_exponent((mask)quotient);
  vec half = multiply_add(factor, expm1_of_rest(rest_of(inside, n)), factor - (real)0.5);
  return select(lt(v_abs(x), splat(SAME_AS_EXPM1)), x, half + half);
}

#endif
