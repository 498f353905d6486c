/* Logarithms, by x = 2^n (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2). */
#ifndef RECURRA_LOGARITHMS_H
#define RECURRA_LOGARITHMS_H

#include "exponentials.h"

#if REAL_IS_DOUBLE
#define SQRT_HALF 0.70710678118654757
#define SMALLEST_NORMAL 0x1p-1022
#else
#define SQRT_HALF 0.70710677f
#define SMALLEST_NORMAL 0x1p-126f
#endif
#define INFINITE ((real)__builtin_inf())
#define NOT_A_NUMBER ((real)__builtin_nan(""))

struct split {
  mask exponent; /* n as an integer */
  vec n, f;
};

/* Small integers to numbers, through the lowest bits of ROUNDER. */
INLINE vec whole_number(mask n) { return (vec)bits_plus(n, (mask)splat(ROUNDER)) - ROUNDER; }

/* x must be a normal number. */
INLINE struct split split_normal(vec x) {
  mask exponent = bits_minus((mask)x, (mask)splat(SQRT_HALF)) >> MANTISSA_BITS;
  vec near_one = (vec)bits_minus((mask)x, shift_left(exponent, MANTISSA_BITS));
  struct split result = {exponent, whole_number(exponent), near_one - 1};
  return result;
}

INLINE struct split split_any(vec x) {
  mask tiny = lt(x, splat(SMALLEST_NORMAL));
  const real factor = (real)((bits)1 << MANTISSA_BITS);
  struct split result = split_normal(select(tiny, x * factor, x));
  result.n = select(tiny, result.n - MANTISSA_BITS, result.n);
  return result;
}

/* log(1 + f) - f + n ln2_low, small beside what is left out. */
INLINE vec log_correction(vec f, vec n_low) {
  vec half_square = (real)0.5 * f * f;
#if REAL_IS_DOUBLE
  /* log(1 + f) = 2 atanh(s), of which the polynomial is what remains after 2 s */
  static const real after_s[] = {0.6666666666666734,  0.39999999999417224, 0.28571428741828325,
                                 0.22222198629889875, 0.18183561430667541, 0.15314122845219783,
                                 0.14795248227934218};
  vec s = f / (f + 2), square = s * s;
  vec rest = multiply_add(square, POLYNOMIAL(square, after_s), half_square);
  return multiply_add(s, rest, n_low) - half_square;
#else
  static const real after_square[] = {0.333333135f, -0.250000119f, 0.20002073f,
                                      -0.166678533f, 0.142202318f, -0.124082372f,
                                      0.118862621f, -0.116603896f, 0.0673251152f};
  return multiply_add(f * f * f, POLYNOMIAL(f, after_square), n_low) - half_square;
#endif
}

INLINE vec log_of_split(vec f, vec n) {
  return multiply_add(n, splat(LN2_HIGH), f + log_correction(f, n * LN2_LOW));
}

/* `result` where x is positive and finite, else what log has there. */
INLINE vec with_special_logarithms(vec x, vec result) {
  vec zero = splat(0), infinite = splat(INFINITE);
  vec special = select(eq(x, zero), -infinite, select(lt(x, zero), splat(NOT_A_NUMBER), x));
  return select(mask_and(gt(x, zero), lt(x, infinite)), result, special);
}

INLINE vec v_log(vec x) {
  struct split s = split_any(x);
  return with_special_logarithms(x, log_of_split(s.f, s.n));
}

INLINE vec v_log2(vec x) {
  struct split s = split_any(x);
  vec natural = s.f + log_correction(s.f, splat(0));
  return with_special_logarithms(x, multiply_add(natural, splat(LOG2_E), s.n));
}

/* log of 1 + x before its rounding, which is `lost`. */
INLINE vec v_log1p(vec x) {
  vec sum = 1 + x, of_x = sum - 1;
  vec lost = (1 - (sum - of_x)) + (x - of_x);
  struct split s = split_normal(sum);
  mask inverse = BIAS - s.exponent; /* of 2^n; of the largest sums it is too small to be one */
  vec f = multiply_add(lost, as_exponent(inverse & (mask)(inverse > 0)), s.f);
  return select(eq(x, splat(0)), x, with_special_logarithms(sum, log_of_split(f, s.n)));
}

#endif
