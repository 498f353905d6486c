/* sin and cos: float by polynomials on |r| <= pi / 4; the C library for double, for numbers too
 * large to be reduced simply, and where there is no fused multiply-add to reduce them exactly. */
#ifndef RECURRA_TRIGONOMETRY_H
#define RECURRA_TRIGONOMETRY_H

#include "exponentials.h"
#include "lanewise.h"

LANEWISE(sin_by_lane, sin)
LANEWISE(cos_by_lane, cos)

#if REAL_IS_DOUBLE || !HAS_FUSED_MULTIPLY_ADD

INLINE vec v_sin(vec x) { return v_sin_by_lane(x); }
INLINE vec v_cos(vec x) { return v_cos_by_lane(x); }

#else

/* pi / 2 in three parts: 72 bits */
#define HALF_PI_1 1.57079637f
#define HALF_PI_2 -4.37113883e-08f
#define HALF_PI_3 -1.71512451e-15f
#define TWO_BY_PI 0.636619747f
#define SIMPLY_REDUCED 100000

INLINE vec sin_of_rest(vec r, vec square) {
  static const real after_r[] = {-0.166666672f, 0.00833337288f, -0.000198502967f, 2.80438553e-06f};
  return multiply_add(r * square, POLYNOMIAL(square, after_r), r);
}

INLINE vec cos_of_rest(vec square) {
  static const real after_square[] = {0.0416666456f, -0.00138873106f, 2.44325693e-05f};
  vec first = multiply_add(square, splat(-0.5f), splat(1));
  return multiply_add(square * square, POLYNOMIAL(square, after_square), first);
}

/* sin of |x| + turns pi / 2 */
INLINE vec sin_of_size(vec size, bits turns) {
  vec quotient = multiply_add(size, splat(TWO_BY_PI), splat(ROUNDER)), n = quotient - ROUNDER;
  vec r = multiply_add(n, splat(-HALF_PI_1), size);
  r = multiply_add(n, splat(-HALF_PI_3), multiply_add(n, splat(-HALF_PI_2), r));
  mask quarter = bits_plus((mask)quotient, mask_splat(turns));
  vec square = r * r;
  vec result = select((mask)((quarter & 1) != 0), cos_of_rest(square), sin_of_rest(r, square));
  return (vec)((mask)result ^ (shift_left(quarter, 30) & SIGN_BIT)); /* bit 1 of the quarter */
}

INLINE vec v_sin(vec x) {
  vec size = v_abs(x);
  if (any(gt(size, splat(SIMPLY_REDUCED)))) return v_sin_by_lane(x);
  return flip_sign(sin_of_size(size, 0), sign_bit(x));
}

INLINE vec v_cos(vec x) {
  vec size = v_abs(x);
  if (any(gt(size, splat(SIMPLY_REDUCED)))) return v_cos_by_lane(x);
  return sin_of_size(size, 1);
}

#endif

#endif
