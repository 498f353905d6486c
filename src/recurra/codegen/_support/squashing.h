/* sigmoid and tanh, of which recurrent cells compute the most. */
#ifndef RECURRA_SQUASHING_H
#define RECURRA_SQUASHING_H

#include "exponentials.h"

#if REAL_IS_DOUBLE
#define SIGMOID_HIGHEST 40 /* above it, sigmoid rounds to 1; so does tanh above the next */
#define TANH_HIGHEST 20
#else
#define SIGMOID_HIGHEST 20
#define TANH_HIGHEST 10
#endif

/* 1 / (1 + e^-x). Where e^-x overflows, the result is below all normal numbers, and 0. */
INLINE vec v_sigmoid(vec x) {
  vec inside = clamp(-x, -SIGMOID_HIGHEST, EXP_HIGHEST);
  vec quotient = rounded_quotient(inside, ROUNDER + BIAS);
  vec n = quotient - (ROUNDER + BIAS);
  vec p = expm1_of_rest(rest_of(inside, n));
  return 1 / multiply_add(as_exponent((mask)quotient), 1 + p, splat(1));
}

/* For |x| <= 1, where all digits count down to the smallest x. */
INLINE vec tanh_near_zero(vec x) {
#if REAL_IS_DOUBLE
  static const real after_x[] = {
      -0.33333333333332943,    0.13333333333292752,     -0.053968253953397001,
      0.021869488259434983,    -0.0088632324485267509,  0.003592105589051482,
      -0.0014557212609239418,  0.00058961850449562603,  -0.00023804350086818648,
      9.4767641050671242e-05,  -3.6086067935994171e-05, 1.2340923707637379e-05,
      -3.4194826083262263e-06, 6.5443840047354774e-07,  -6.2685713882116351e-08};
#else
  static const real after_x[] = {-0.333332956f,   0.133323476f,   -0.0538800023f, 0.0214872714f,
                                 -0.00794705935f, 0.00230208971f, -0.000358666905f};
#endif
  vec square = x * x;
  return multiply_add(x * square, POLYNOMIAL(square, after_x), x);
}

/* e^2r for |r| <= ln 2 / 4 */
INLINE vec exp_of_twice(vec r) {
#if REAL_IS_DOUBLE
  static const real powers[] = {
      1, 2, 2.0000000000000053, 1.3333333333333197, 0.6666666666641895, 0.26666666667013772,
      0.088888889265812537, 0.025396825112595025, 0.0063491812468569608, 0.0014109433113928174,
      0.00028294664841302549, 5.1264512034590044e-05};
#else
  static const real powers[] = {1,           2,           1.99999952f,  1.33332145f,
                                0.666714191f, 0.267806888f, 0.0879780352f};
#endif
  return POLYNOMIAL(r, powers);
}

/* 1 - 2 / (e^2x + 1) for x >= 1, where the fraction is below a quarter and its error too; ln 2
 * therefore needs no second part. */
INLINE vec tanh_far_from_zero(vec x) {
  vec inside = select(gt(x, splat(TANH_HIGHEST)), splat(TANH_HIGHEST), x);
  vec quotient = multiply_add(inside, splat(2 * LOG2_E), splat(ROUNDER + BIAS));
  vec n = quotient - (ROUNDER + BIAS);
  vec r = multiply_add(n, splat(-LN2 / 2), inside);
  vec e_plus_1 = multiply_add(as_exponent((mask)quotient), exp_of_twice(r), splat(1));
  return 1 - 2 / e_plus_1;
}

INLINE vec v_tanh(vec x) {
  vec size = v_abs(x);
  vec result = select(lt(size, splat(1)), tanh_near_zero(size), tanh_far_from_zero(size));
  return (vec)((mask)result | (mask)sign_bit(x));
}

#endif
