/* What generated loops use beyond vectors: any number of lanes, masks in memory. */
#ifndef RECURRA_GENERATED_H
#define RECURRA_GENERATED_H

#include "lanes.h"

#define INFINITE ((real)__builtin_inf())
#define NOT_A_NUMBER ((real)__builtin_nan(""))

/* n is LANES or, at the end of a row, fewer; it is known when compiling. */
INLINE vec load_lanes(const real *from, long n) {
  return n == LANES ? load(from) : load_part(from, n);
}
INLINE void store_lanes(real *to, vec x, long n) {
  if (n == LANES) store(to, x);
  else store_part(to, x, n);
}
INLINE vec load_spread(const real *from, long stride, long n) {
  return n == LANES ? load_gather(from, stride) : load_gather_part(from, stride, n);
}
INLINE void store_spread(real *to, vec x, long stride, long n) {
  if (n == LANES) store_scatter(to, x, stride);
  else store_scatter_part(to, x, stride, n);
}

/* Masks lie in memory as ones and zeros. */
INLINE vec from_mask(mask m) { return (vec)(m & (mask)splat(1)); }

INLINE mask select_mask(mask where, mask a, mask b) { return (where & a) | (~where & b); }

/* The first n lanes of x, the others a number that changes nothing. */
INLINE vec first_lanes(vec x, long n, real neutral) {
  if (n == LANES) return x;
  real lanes[LANES];
  store(lanes, x);
  EACH_LANE(i) lanes[i] = i < n ? lanes[i] : neutral;
  return load(lanes);
}

#endif
