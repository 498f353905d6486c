/* Functions that recurrent cells rarely need, from the C library, one lane after the other. */
#ifndef RECURRA_LANEWISE_H
#define RECURRA_LANEWISE_H

#include "elementwise.h"

#define LANEWISE(name, function)                    \
  extern real LIBM(function)(real);                 \
  INLINE vec v_##name(vec x) {                      \
    vec result = x;                                 \
    EACH_LANE(i) result[i] = LIBM(function)(x[i]);  \
    return result;                                  \
  }

#define LANEWISE_OF_TWO(name, function)                   \
  extern real LIBM(function)(real, real);                 \
  INLINE vec v_##name(vec x, vec y) {                     \
    vec result = x;                                       \
    EACH_LANE(i) result[i] = LIBM(function)(x[i], y[i]);  \
    return result;                                        \
  }

LANEWISE(tan, tan)
LANEWISE(asin, asin)
LANEWISE(acos, acos)
LANEWISE(atan, atan)
LANEWISE(sinh, sinh)
LANEWISE(cosh, cosh)
LANEWISE(asinh, asinh)
LANEWISE(acosh, acosh)
LANEWISE(atanh, atanh)
LANEWISE(erf, erf)
LANEWISE(erfc, erfc)
LANEWISE(log10, log10)
LANEWISE_OF_TWO(pow, pow)
LANEWISE_OF_TWO(atan2, atan2)
LANEWISE_OF_TWO(fmod, fmod)

/* The remainder with the sign of the divisor, as in Python. */
INLINE vec v_remainder(vec x, vec divisor) {
  vec rest = v_fmod(x, divisor), zero = splat(0);
  mask other_sign = mask_and(ne(rest, zero), lt(rest, zero) ^ lt(divisor, zero));
  return select(other_sign, rest + divisor, rest);
}

#endif
