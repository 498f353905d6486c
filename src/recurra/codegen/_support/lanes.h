/* Vectors of real numbers: their types, how they are loaded, stored, compared and selected.
 *
 * Everything is written in the vector extensions of GCC and Clang, so that one source serves
 * AVX-512, AVX2, SSE, NEON and plain scalars. Two macros choose:
 *
 *   REAL_IS_DOUBLE   0: real is float (the default); 1: real is double.
 *   SCALAR_ONLY      if defined, a vector has a single lane.
 *
 * Compile with -ffp-contract=fast (GCC's default) where the processor has fused multiply-add, and
 * with -fno-math-errno, without which square roots are taken one by one. Never with -ffast-math:
 * infinities, NaN and the order of sums are part of the meaning.
 */
#ifndef RECURRA_LANES_H
#define RECURRA_LANES_H

#include <stdint.h>

#ifndef REAL_IS_DOUBLE
#define REAL_IS_DOUBLE 0
#endif

#if REAL_IS_DOUBLE
typedef double real;
typedef int64_t bits;
typedef uint64_t unsigned_bits;
#define MANTISSA_BITS 52
#else
typedef float real;
typedef int32_t bits;
typedef uint32_t unsigned_bits;
#define MANTISSA_BITS 23
#endif

#if defined(SCALAR_ONLY)
#define VECTOR_BYTES ((int)sizeof(real))
#elif defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
#define LANES (VECTOR_BYTES / (int)sizeof(real))

#if defined(__FMA__) || defined(__AVX512F__) || defined(__ARM_FEATURE_FMA)
#define HAS_FUSED_MULTIPLY_ADD 1
#else
#define HAS_FUSED_MULTIPLY_ADD 0
#endif

#define INLINE static inline __attribute__((always_inline, unused))

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef bits mask __attribute__((vector_size(VECTOR_BYTES))); /* lanes of all ones or all zeros */
typedef unsigned_bits unsigned_mask __attribute__((vector_size(VECTOR_BYTES)));
typedef real vec_in_memory
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

#define EACH_LANE(i) for (int i = 0; i < LANES; i++)

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A number beside a vector stands for all lanes; x - 0 is x, for -0 too. */
INLINE vec splat(real x) { return x - (vec){0}; }

INLINE vec load(const real *from) { return *(const vec_in_memory *)from; }

INLINE void store(real *to, vec x) { *(vec_in_memory *)to = x; }

/* The first n < LANES lanes; the rest is zero, and its memory is not touched. The loops of the
 * next two have a fixed length, so that they become one masked move where the processor has it. */
INLINE vec load_part(const real *from, long n) {
  real lanes[LANES];
  EACH_LANE(i) lanes[i] = i < n ? from[i] : 0;
  return load(lanes);
}

INLINE void store_part(real *to, vec x, long n) {
  real lanes[LANES];
  store(lanes, x);
  EACH_LANE(i) if (i < n) to[i] = lanes[i];
}

/* Lane i lies at from[i * stride]. */
INLINE vec load_gather(const real *from, long stride) {
  vec result;
  EACH_LANE(i) result[i] = from[i * stride];
  return result;
}

INLINE void store_scatter(real *to, vec x, long stride) {
  EACH_LANE(i) to[i * stride] = x[i];
}

INLINE vec load_gather_part(const real *from, long stride, long n) {
  real lanes[LANES];
  EACH_LANE(i) lanes[i] = i < n ? from[i * stride] : 0;
  return load(lanes);
}

INLINE void store_scatter_part(real *to, vec x, long stride, long n) {
  EACH_LANE(i) if (i < n) to[i * stride] = x[i];
}

/* ---- Comparisons and masks ------------------------------------------------------------------- */

/* As in C: any comparison with NaN is false, except ne. */
INLINE mask lt(vec a, vec b) { return (mask)(a < b); }
INLINE mask le(vec a, vec b) { return (mask)(a <= b); }
INLINE mask gt(vec a, vec b) { return (mask)(a > b); }
INLINE mask ge(vec a, vec b) { return (mask)(a >= b); }
INLINE mask eq(vec a, vec b) { return (mask)(a == b); }
INLINE mask ne(vec a, vec b) { return (mask)(a != b); }

INLINE mask mask_and(mask a, mask b) { return a & b; }
INLINE mask mask_or(mask a, mask b) { return a | b; }
INLINE mask mask_not(mask a) { return ~a; }

/* a where the mask is set, else b. The loop over integers becomes one blend instruction; the
 * usual (m & a) | (~m & b) becomes three. */
INLINE vec select(mask where, vec a, vec b) {
  mask a_bits = (mask)a, b_bits = (mask)b, result;
  EACH_LANE(i) result[i] = where[i] ? a_bits[i] : b_bits[i];
  return (vec)result;
}

INLINE int any(mask m) {
  bits found = 0;
  EACH_LANE(i) found |= m[i];
  return found != 0;
}

/* ---- Bits ------------------------------------------------------------------------------------ */

#define SIGN_BIT ((bits)((unsigned_bits)1 << (8 * sizeof(real) - 1)))

INLINE mask mask_splat(bits x) { return x | (mask){0}; }

INLINE vec sign_bit(vec x) { return (vec)((mask)x & mask_splat(SIGN_BIT)); }
INLINE vec without_sign(vec x) { return (vec)((mask)x & mask_splat(~SIGN_BIT)); }
INLINE vec flip_sign(vec x, vec sign) { return (vec)((mask)x ^ (mask)sign); }

/* Arithmetic on bits goes through unsigned numbers, which may overflow: those of NaN do. */
INLINE mask shift_left(mask x, int by) { return (mask)((unsigned_mask)x << by); }
INLINE mask bits_plus(mask a, mask b) { return (mask)((unsigned_mask)a + (unsigned_mask)b); }
INLINE mask bits_minus(mask a, mask b) { return (mask)((unsigned_mask)a - (unsigned_mask)b); }

/* a * b + c; one rounding where the processor can. */
INLINE vec multiply_add(vec a, vec b, vec c) { return a * b + c; }

/* ---- Across the lanes, always in the same order ---------------------------------------------- */

/* Halves are folded onto each other until one lane is left. */
#define FOLD_LANES(lanes, fold)                                                   \
  do {                                                                            \
    if (LANES > 8) for (int i = 0; i < 8; i++) fold(lanes[i], lanes[(i + 8) % LANES]); \
    if (LANES > 4) for (int i = 0; i < 4; i++) fold(lanes[i], lanes[(i + 4) % LANES]); \
    if (LANES > 2) for (int i = 0; i < 2; i++) fold(lanes[i], lanes[(i + 2) % LANES]); \
    if (LANES > 1) fold(lanes[0], lanes[1 % LANES]);                              \
  } while (0)

#define FOLD_SUM(a, b) a += b
#define FOLD_MAX(a, b) a = (a > b || a != a) ? a : b
#define FOLD_MIN(a, b) a = (a < b || a != a) ? a : b

INLINE real sum_lanes(vec x) {
  real lanes[LANES];
  store(lanes, x);
  FOLD_LANES(lanes, FOLD_SUM);
  return lanes[0];
}

/* NaN if any lane is NaN; likewise the minimum. */
INLINE real max_lanes(vec x) {
  real lanes[LANES];
  store(lanes, x);
  FOLD_LANES(lanes, FOLD_MAX);
  return lanes[0];
}

INLINE real min_lanes(vec x) {
  real lanes[LANES];
  store(lanes, x);
  FOLD_LANES(lanes, FOLD_MIN);
  return lanes[0];
}

#endif
