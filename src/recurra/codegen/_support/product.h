/* Driving tiles over a product: panels outside, blocks of k, then blocks of rows.
 *
 * A block of a panel stays in the second-level cache while all rows go over it. Between blocks of
 * k the sums rest in c, whose floats hold them exactly, so that each remains a single chain.
 */
#ifndef RECURRA_PRODUCT_H
#define RECURRA_PRODUCT_H

#include "tiles.h"

#define K_BLOCK 512 /* even: weights in bfloat16 are packed in pairs of k */

typedef tile_function *tile_choice(long height, long width, long group);

struct product {
  long rows, K, N;
  const real *a;
  long lda;
  real *c;
  long ldc;
  const char *panels;
  long column_bytes;   /* bytes of a panel from one lane to the next, over all k */
  long step_bytes;     /* bytes of weights of one column and one k: 8, 4, or 2 in bfloat16 */
  tile_choice *choose;
  int begin;           /* AFRESH, or GO_ON from what is in c */
};

/* Columns beyond the last may not be written: go through a copy that has them. */
static void run_ragged(tile_function *run, struct tile t, long height, long columns) {
  real copy[TILE_ROWS * PANEL_VECTORS * LANES];
  real *c = t.c;
  long ldc = t.ldc;
  t.c = copy;
  t.ldc = PANEL_VECTORS * LANES;
  for (long i = 0; i < height; i++)
    for (long j = 0; j < t.ldc; j++)
      copy[i * t.ldc + j] = t.continues && j < columns ? c[i * ldc + j] : 0;
  run(&t);
  for (long i = 0; i < height; i++)
    for (long j = 0; j < columns; j++) c[i * ldc + j] = copy[i * t.ldc + j];
}

/* All rows over `steps` k of a group of panels. Several blocks of rows share the fetching of the
 * weights that follow: the first `width` of them cover all cache lines. */
static void multiply_block(const struct product *p, long panel, long group, long k, long steps) {
  long width = panel_width(p->N, panel), column = panel_vector(p->N, panel) * LANES;
  long columns = smaller(group * width * LANES, p->N - column);
  long blocks = parts_of(p->rows, TILE_ROWS);
  const char *weights = p->panels + column * p->column_bytes + k * width * LANES * p->step_bytes;
  long lines = steps * p->step_bytes / (long)sizeof(real); /* of each vector, one a step */
  uintptr_t next = (uintptr_t)weights + (uintptr_t)(lines * width * VECTOR_BYTES);
  for (long block = 0; block < blocks; block++) {
    long row = balanced_start(p->rows, blocks, block);
    long height = balanced_start(p->rows, blocks, block + 1) - row;
    struct tile t = {steps, p->a + row * p->lda + k, p->lda, 1, weights,
                     width * LANES * p->column_bytes / (long)sizeof(real),
                     p->c + row * p->ldc + column, p->ldc, k > 0 ? GO_ON : p->begin,
                     next + (uintptr_t)(block * lines * CACHE_LINE),
                     block < width ? CACHE_LINE : 0, blocks == 1};
    tile_function *run = p->choose(height, width, group);
    if (columns < group * width * LANES)
      run_ragged(run, t, height, columns);
    else
      run(&t);
  }
}

/* How many panels to take at once, from this one on: full ones of equal width. */
static long group_size(const struct product *p, long panel, long last) {
  for (long group = p->rows == 1 ? 4 : 2; group > 1 && p->rows <= 2; group /= 2) {
    long end = panel + group;
    if (end <= last && panel_width(p->N, panel) > 1 && panel_vector(p->N, end) * LANES <= p->N &&
        panel_width(p->N, panel) == panel_width(p->N, end - 1))
      return group;
  }
  return 1;
}

static void multiply(const struct product *p, long first_panel, long last_panel) {
  /* A single block of rows reads each weight once: nothing is gained by blocks of k. */
  long k_block = p->rows <= TILE_ROWS ? larger(p->K, 1) : K_BLOCK;
  for (long panel = first_panel, group; panel < last_panel; panel += group) {
    group = group_size(p, panel, last_panel);
    long k = 0;
    do { /* at least once: sums over no k are zero */
      multiply_block(p, panel, group, k, smaller(k_block, p->K - k));
      k += k_block;
    } while (k < p->K);
  }
}

#endif
