/* Tiles: small blocks of a product whose sums stay in registers from the first k to the last.
 *
 * A tile has `height` rows and, for each of `group` panels, `width` vectors of columns. For each k
 * it loads its vectors of weights once, and for each row one number that multiplies all of them.
 * Sizes are constants in every instance, so that all loops over them are unrolled.
 */
#ifndef RECURRA_TILES_H
#define RECURRA_TILES_H

#include "panels.h"

/* With 32 vector registers 8 x 3 sums, 3 weights and a number fit; with 16 it is 4 x 3. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define TILE_ROWS 8
#else
#define TILE_ROWS 4
#endif
#define TILE_SUMS (TILE_ROWS * PANEL_VECTORS)

/* What sums do with c: replace it, go on from it as one chain, or are made apart and added to it. */
enum { AFRESH, GO_ON, ADD };

struct tile {
  long steps;               /* how many k */
  const real *a;            /* for row i and step k: a[i * row_stride + k * step_stride] */
  long row_stride, step_stride;
  const void *panel;        /* its weights at its first k */
  long panel_stride;        /* to the next panel of the group, in elements */
  real *c;
  long ldc;
  int continues;            /* AFRESH, GO_ON or ADD */
  uintptr_t ahead;          /* memory that is needed after this tile, to be fetched meanwhile: */
  long ahead_stride;        /* one cache line a step, this far apart in bytes */
  int streams;              /* instead: fetch this tile's own weights shortly before their use */
};

typedef void tile_function(const struct tile *);

INLINE void begin_sums(const struct tile *t, const int height, const int vectors, vec *sums) {
#pragma GCC unroll 8
  for (int i = 0; i < height; i++)
#pragma GCC unroll 12
    for (int j = 0; j < vectors; j++)
      sums[i * vectors + j] =
          t->continues == GO_ON ? load(t->c + i * t->ldc + j * LANES) : splat(0);
}

INLINE void end_sums(const struct tile *t, const int height, const int vectors, const vec *sums) {
#pragma GCC unroll 8
  for (int i = 0; i < height; i++)
#pragma GCC unroll 12
    for (int j = 0; j < vectors; j++) {
      real *c = t->c + i * t->ldc + j * LANES;
      store(c, t->continues == ADD ? load(c) + sums[i * vectors + j] : sums[i * vectors + j]);
    }
}

INLINE void add_products(const real *a, long row_stride, const int height, const int vectors,
                         const vec *weights, vec *sums) {
#pragma GCC unroll 8
  for (int i = 0; i < height; i++) {
    vec factor = splat(a[i * row_stride]);
#pragma GCC unroll 12
    for (int j = 0; j < vectors; j++)
      sums[i * vectors + j] = multiply_add(factor, weights[j], sums[i * vectors + j]);
  }
}

#define CACHE_LINE 64
#define FETCH_AHEAD 4096 /* bytes */

/* Integers, because what is ahead may lie beyond the panels, where no pointer may point. */
INLINE void fetch_own(const struct tile *t, const real *panel, const int width, const int vectors) {
  uintptr_t ahead = (uintptr_t)panel + FETCH_AHEAD;
#pragma GCC unroll 12
  for (int j = 0; j < vectors; j++)
    __builtin_prefetch((const void *)(ahead + (uintptr_t)((j / width) * t->panel_stride +
                                                          (j % width) * LANES) * sizeof(real)));
}

INLINE void fetch_next(uintptr_t ahead) { __builtin_prefetch((const void *)ahead, 0, 2); }

INLINE void add_steps(const struct tile *t, const int height, const int width, const int vectors,
                      const int streams, vec *sums) {
  const real *a = t->a, *panel = t->panel;
  uintptr_t ahead = t->ahead;
#pragma GCC unroll 1
  for (long k = 0; k < t->steps; k++) {
    vec weights[TILE_SUMS];
#pragma GCC unroll 12
    for (int j = 0; j < vectors; j++)
      weights[j] = load(panel + (j / width) * t->panel_stride + (j % width) * LANES);
    if (streams)
      fetch_own(t, panel, width, vectors);
    else
      fetch_next(ahead);
    add_products(a, t->row_stride, height, vectors, weights, sums);
    a += t->step_stride;
    panel += width * LANES;
    ahead += (uintptr_t)t->ahead_stride;
  }
}

INLINE void run_tile(const struct tile *t, const int height, const int width, const int group) {
  const struct tile here = *t; /* stores to c cannot change it */
  const int vectors = width * group;
  vec sums[TILE_SUMS];
  begin_sums(&here, height, vectors, sums);
  if (here.streams)
    add_steps(&here, height, width, vectors, 1, sums);
  else
    add_steps(&here, height, width, vectors, 0, sums);
  end_sums(&here, height, vectors, sums);
}

/* ---- Instances ------------------------------------------------------------------------------- */

#define TILE(prefix, height, width, group) prefix##_##height##x##width##_of_##group
#define DEFINE_TILE(prefix, height, width, group)                        \
  static void TILE(prefix, height, width, group)(const struct tile *t) { \
    run_##prefix(t, height, width, group);                               \
  }
#define DEFINE_TILES_OF_HEIGHT(prefix, height) \
  DEFINE_TILE(prefix, height, 1, 1)            \
  DEFINE_TILE(prefix, height, 2, 1)            \
  DEFINE_TILE(prefix, height, 3, 1)
#define TILES_OF_HEIGHT(prefix, height) \
  {TILE(prefix, height, 1, 1), TILE(prefix, height, 2, 1), TILE(prefix, height, 3, 1)}

/* One or two rows take several panels at once: few sums in flight would wait for each other. */
#define DEFINE_GROUPS(prefix)     \
  DEFINE_TILE(prefix, 1, 2, 2)    \
  DEFINE_TILE(prefix, 1, 3, 2)    \
  DEFINE_TILE(prefix, 2, 2, 2)    \
  DEFINE_TILE(prefix, 2, 3, 2)    \
  DEFINE_TILE(prefix, 1, 2, 4)    \
  DEFINE_TILE(prefix, 1, 3, 4)

#if TILE_ROWS == 8
#define DEFINE_TILES(prefix)                                                      \
  DEFINE_TILES_OF_HEIGHT(prefix, 1) DEFINE_TILES_OF_HEIGHT(prefix, 2)             \
  DEFINE_TILES_OF_HEIGHT(prefix, 3) DEFINE_TILES_OF_HEIGHT(prefix, 4)             \
  DEFINE_TILES_OF_HEIGHT(prefix, 5) DEFINE_TILES_OF_HEIGHT(prefix, 6)             \
  DEFINE_TILES_OF_HEIGHT(prefix, 7) DEFINE_TILES_OF_HEIGHT(prefix, 8)             \
  DEFINE_GROUPS(prefix)                                                           \
  static tile_function *const prefix##s[TILE_ROWS][PANEL_VECTORS] = {             \
      TILES_OF_HEIGHT(prefix, 1), TILES_OF_HEIGHT(prefix, 2),                     \
      TILES_OF_HEIGHT(prefix, 3), TILES_OF_HEIGHT(prefix, 4),                     \
      TILES_OF_HEIGHT(prefix, 5), TILES_OF_HEIGHT(prefix, 6),                     \
      TILES_OF_HEIGHT(prefix, 7), TILES_OF_HEIGHT(prefix, 8)};                    \
  DEFINE_TILE_CHOICE(prefix)
#else
#define DEFINE_TILES(prefix)                                                      \
  DEFINE_TILES_OF_HEIGHT(prefix, 1) DEFINE_TILES_OF_HEIGHT(prefix, 2)             \
  DEFINE_TILES_OF_HEIGHT(prefix, 3) DEFINE_TILES_OF_HEIGHT(prefix, 4)             \
  DEFINE_GROUPS(prefix)                                                           \
  static tile_function *const prefix##s[TILE_ROWS][PANEL_VECTORS] = {             \
      TILES_OF_HEIGHT(prefix, 1), TILES_OF_HEIGHT(prefix, 2),                     \
      TILES_OF_HEIGHT(prefix, 3), TILES_OF_HEIGHT(prefix, 4)};                    \
  DEFINE_TILE_CHOICE(prefix)
#endif

#define DEFINE_TILE_CHOICE(prefix)                                                       \
  static tile_function *choose_##prefix(long height, long width, long group) {           \
    if (group == 1) return prefix##s[height - 1][width - 1];                             \
    if (group == 4) return width == 2 ? TILE(prefix, 1, 2, 4) : TILE(prefix, 1, 3, 4);   \
    if (height == 1) return width == 2 ? TILE(prefix, 1, 2, 2) : TILE(prefix, 1, 3, 2);  \
    return width == 2 ? TILE(prefix, 2, 2, 2) : TILE(prefix, 2, 3, 2);                   \
  }

#endif
