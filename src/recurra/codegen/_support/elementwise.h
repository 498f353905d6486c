/* Operations that are exact or rounded once. */
#ifndef RECURRA_ELEMENTWISE_H
#define RECURRA_ELEMENTWISE_H

#include "lanes.h"

/* The name of a function of the C library for `real`. */
#if REAL_IS_DOUBLE
#define LIBM(name) name
#else
#define LIBM(name) name##f
#endif

extern real LIBM(sqrt)(real);
extern real LIBM(rint)(real);

INLINE vec v_neg(vec x) { return -x; }
INLINE vec v_abs(vec x) { return without_sign(x); }
INLINE vec v_reciprocal(vec x) { return 1 / x; }

/* These loops become one instruction. */
INLINE vec v_sqrt(vec x) {
  vec result;
  EACH_LANE(i) result[i] = LIBM(sqrt)(x[i]);
  return result;
}

INLINE vec v_round(vec x) { /* halves to even */
  vec result;
  EACH_LANE(i) result[i] = LIBM(rint)(x[i]);
  return result;
}

INLINE vec v_rsqrt(vec x) { return 1 / v_sqrt(x); }

INLINE vec v_floor(vec x) {
  vec rounded = v_round(x);
  return select(gt(rounded, x), rounded - 1, rounded);
}

/* -0.7 rounds to -1 and up again to 0, which must be -0. */
INLINE vec v_ceil(vec x) {
  vec rounded = v_round(x);
  return (vec)((mask)select(lt(rounded, x), rounded + 1, rounded) | (mask)sign_bit(x));
}

INLINE vec v_trunc(vec x) { return flip_sign(v_floor(v_abs(x)), sign_bit(x)); }

/* Of NaN too the sign is 0. */
INLINE vec v_sign(vec x) {
  vec zero = splat(0);
  return select(gt(x, zero), splat(1), select(lt(x, zero), splat(-1), zero));
}

/* NaN if either is. */
INLINE vec v_maximum(vec a, vec b) { return select(mask_or(gt(a, b), ne(a, a)), a, b); }
INLINE vec v_minimum(vec a, vec b) { return select(mask_or(lt(a, b), ne(a, a)), a, b); }

INLINE vec v_relu(vec x) { return select(lt(x, splat(0)), splat(0), x); }

/* NaN stays. */
INLINE vec clamp(vec x, real low, real high) {
  x = select(lt(x, splat(low)), splat(low), x);
  return select(gt(x, splat(high)), splat(high), x);
}

/* c[0] + c[1] x + ... + c[count - 1] x^(count - 1) */
INLINE vec polynomial(vec x, const real *coefficients, const int count) {
  vec result = splat(coefficients[count - 1]);
#pragma GCC unroll 16
  for (int i = count - 2; i >= 0; i--)
    result = multiply_add(result, x, splat(coefficients[i]));
  return result;
}
#define POLYNOMIAL(x, coefficients) \
  polynomial(x, coefficients, (int)(sizeof(coefficients) / sizeof(real)))

#endif
