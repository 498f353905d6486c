/* Gradients of weights: sums over very many rows (steps times batch) of outer products.
 *
 * Rows are taken in chunks. Of each chunk, all of b is packed into panels, and a in blocks of
 * OUTER_COLUMNS columns into strips as high as a tile. The sums rest in c between chunks.
 */
#ifndef RECURRA_OUTER_H
#define RECURRA_OUTER_H

#include "packing.h"
#include "product.h"

#ifndef OUTER_ROWS
#define OUTER_ROWS 384
#endif
#define OUTER_COLUMNS 64

struct outer_chunk {
  long rows, N;
  const real *a;     /* packed columns of a, as strips */
  const real *b;     /* packed panels */
  real *c;
  long ldc;
  int continues;
};

long outer_scratch_size(long N) { return OUTER_ROWS * (vector_count(N) * LANES + OUTER_COLUMNS); }

INLINE void pack_strip(const real *a, long lda, long rows, const long height, real *strip) {
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < height; i++) strip[r * height + i] = a[r * lda + i];
}

/* Strip `block` holds for each row of a its columns of one tile, beside each other. */
static void pack_strips(const real *a, long lda, long rows, long columns, real *strips) {
  long blocks = parts_of(columns, TILE_ROWS);
  for (long block = 0; block < blocks; block++) {
    long first = balanced_start(columns, blocks, block);
    long height = balanced_start(columns, blocks, block + 1) - first;
    if (height == TILE_ROWS) /* a constant, so that a row is copied by one instruction */
      pack_strip(a + first, lda, rows, TILE_ROWS, strips + first * rows);
    else
      pack_strip(a + first, lda, rows, height, strips + first * rows);
  }
}

/* The sums of a tile lie far apart, which the processor does not foresee. */
INLINE void fetch_sums(const real *c, long ldc, long height, long columns) {
  for (long i = 0; i < height; i++)
    for (long j = 0; j < columns; j += 64 / (long)sizeof(real))
      __builtin_prefetch(c + i * ldc + j, 1, 2);
}

static void outer_panel(const struct outer_chunk *o, long columns, long panel) {
  long width = panel_width(o->N, panel), column = panel_vector(o->N, panel) * LANES;
  long valid = smaller(width * LANES, o->N - column), blocks = parts_of(columns, TILE_ROWS);
  const real *weights = o->b + column * o->rows;
  for (long block = 0; block < blocks; block++) {
    long first = balanced_start(columns, blocks, block);
    long next = balanced_start(columns, blocks, block + 1), height = next - first;
    real *c = o->c + first * o->ldc + column;
    struct tile t = {o->rows, o->a + first * o->rows, 1, height, weights, 0, c, o->ldc,
                     o->continues,
                     (uintptr_t)(weights + (width + block) * o->rows * LANES), 64, 0};
    if (next < columns) fetch_sums(c + height * o->ldc, o->ldc, TILE_ROWS, valid);
    if (valid < width * LANES)
      run_ragged(choose_tile(height, width, 1), t, height, valid);
    else
      choose_tile(height, width, 1)(&t);
  }
}

static void outer_rows(struct outer_chunk *o, const real *a, long lda, long first_row,
                       long last_row, real *strips) {
  real *c = o->c;
  for (long m = first_row; m < last_row; m += OUTER_COLUMNS) {
    long columns = smaller(OUTER_COLUMNS, last_row - m);
    pack_strips(a + m, lda, o->rows, columns, strips);
    o->a = strips;
    o->c = c + m * o->ldc;
    for (long panel = 0; panel < panel_count(o->N); panel++) outer_panel(o, columns, panel);
  }
}

void outer(long M, long N, long rows, const real *a, long lda, const real *b, long ldb, real *c,
           long ldc, long first_row, long last_row, real *scratch) {
  last_row = smaller(last_row, M);
  real *strips = scratch + OUTER_ROWS * vector_count(N) * LANES;
  long r = 0;
  do { /* at least once: sums over no rows are zero */
    long count = smaller(OUTER_ROWS, rows - r);
    pack(b + r * ldb, count, N, ldb, 1, scratch);
    struct outer_chunk o = {count, N, strips, scratch, c, ldc, r > 0};
    outer_rows(&o, a + r * lda, lda, first_row, last_row, strips);
    r += OUTER_ROWS;
  } while (r < rows);
}

#endif
