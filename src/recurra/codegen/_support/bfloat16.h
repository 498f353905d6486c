/* Weights in bfloat16, the upper halves of floats: half the memory to read for a few rows.
 *
 * A panel holds words of 32 bits: the weights of one column for an even k in the lower half and
 * for the odd k after it in the upper half. Both become floats by one operation on a vector.
 */
#ifndef RECURRA_BFLOAT16_H
#define RECURRA_BFLOAT16_H

#include "product.h"

long packed_size_bf16(long K, long N) { return packed_size((K + 1) / 2, N); }

/* ---- Packing --------------------------------------------------------------------------------- */

/* A NaN must not lose its last bit and become infinite. */
static uint16_t round_to_bf16(float x) {
  union { float value; uint32_t word; } u = {x};
  if (x != x) return (uint16_t)(u.word >> 16 | 0x40);
  return (uint16_t)((u.word + 0x7fff + (u.word >> 16 & 1)) >> 16);
}

/* Where the halves come from: bfloat16 or float, one of them. */
struct bf16_source {
  const uint16_t *halves;
  const float *floats;
  long row_stride, column_stride;
};

INLINE uint32_t bf16_of(const struct bf16_source *w, long k, long n) {
  long place = k * w->row_stride + n * w->column_stride;
  return w->halves ? w->halves[place] : round_to_bf16(w->floats[place]);
}

INLINE uint32_t bf16_pair(const struct bf16_source *w, long K, long k, long n) {
  return bf16_of(w, k, n) | (k + 1 < K ? bf16_of(w, k + 1, n) << 16 : 0);
}

static void pack_bf16_panel(const struct bf16_source *w, long K, long N, long panel,
                            uint32_t *panels) {
  long pairs = (K + 1) / 2, column = panel_vector(N, panel) * LANES;
  long width = panel_width(N, panel) * LANES;
  uint32_t *to = panels + column * pairs;
  for (long pair = 0; pair < pairs; pair++)
    for (long j = 0; j < width; j++)
      to[pair * width + j] = column + j < N ? bf16_pair(w, K, 2 * pair, column + j) : 0;
}

static void pack_bf16_source(const struct bf16_source *w, long K, long N, uint32_t *panels) {
  for (long panel = 0; panel < panel_count(N); panel++) pack_bf16_panel(w, K, N, panel, panels);
}

void pack_bf16(const uint16_t *w, long K, long N, long row_stride, long column_stride,
               uint32_t *panels) {
  struct bf16_source source = {w, 0, row_stride, column_stride};
  pack_bf16_source(&source, K, N, panels);
}

void pack_bf16_from_float(const float *w, long K, long N, long row_stride, long column_stride,
                          uint32_t *panels) {
  struct bf16_source source = {0, w, row_stride, column_stride};
  pack_bf16_source(&source, K, N, panels);
}

/* ---- Multiplying ----------------------------------------------------------------------------- */

INLINE vec first_of_pairs(const real *words) { return (vec)shift_left((mask)load(words), 16); }

INLINE vec second_of_pairs(const real *words) {
  return (vec)((mask)load(words) & mask_splat((bits)0xffff0000));
}

/* `odd` chooses the half; `words` is a panel at one pair of k. */
INLINE void add_half(const struct tile *t, const real *a, const real *words, const int height,
                     const int width, const int group, const int odd, vec *sums) {
  vec weights[TILE_SUMS];
#pragma GCC unroll 12
  for (int j = 0; j < width * group; j++) {
    const real *from = words + (j / width) * t->panel_stride + (j % width) * LANES;
    weights[j] = odd ? second_of_pairs(from) : first_of_pairs(from);
  }
  add_products(a, t->row_stride, height, width * group, weights, sums);
}

INLINE void add_pairs(const struct tile *t, const int height, const int width, const int group,
                      const int streams, vec *sums) {
  const real *a = t->a, *words = t->panel;
  uintptr_t ahead = t->ahead;
#pragma GCC unroll 1
  for (long k = 0; k + 1 < t->steps; k += 2) {
    add_half(t, a, words, height, width, group, 0, sums);
    if (streams)
      fetch_own(t, words, width, width * group);
    else
      fetch_next(ahead);
    add_half(t, a + 1, words, height, width, group, 1, sums);
    a += 2;
    words += width * LANES;
    ahead += (uintptr_t)t->ahead_stride;
  }
  if (t->steps % 2) add_half(t, a, words, height, width, group, 0, sums);
}

INLINE void run_bf16_tile(const struct tile *t, const int height, const int width,
                          const int group) {
  const struct tile here = *t;
  vec sums[TILE_SUMS];
  begin_sums(&here, height, width * group, sums);
  if (here.streams)
    add_pairs(&here, height, width, group, 1, sums);
  else
    add_pairs(&here, height, width, group, 0, sums);
  end_sums(&here, height, width * group, sums);
}

DEFINE_TILES(bf16_tile)

void matmul_bf16_panels(long rows, long K, long N, const float *a, long lda,
                        const uint32_t *panels, float *c, long ldc, long first_panel,
                        long last_panel) {
  struct product p = {rows, K, N, a, lda, c, ldc, (const char *)panels,
                      (K + 1) / 2 * (long)sizeof(uint32_t), sizeof(uint16_t), choose_bf16_tile,
                      AFRESH};
  multiply(&p, first_panel, last_panel);
}

void matmul_bf16(long rows, long K, long N, const float *a, long lda, const uint32_t *panels,
                 float *c, long ldc) {
  matmul_bf16_panels(rows, K, N, a, lda, panels, c, ldc, 0, panel_count(N));
}

#endif
