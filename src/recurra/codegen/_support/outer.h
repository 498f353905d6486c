/* Gradients of weights: sums over very many rows (steps times batch) of outer products.
 *
 * Rows are taken in chunks. Of each chunk, all of b is packed into panels, and a in blocks of
 * OUTER_COLUMNS columns into strips as high as a tile. The sums of a chunk start from zero and are
 * then added to c: short chains of sums lose less to rounding than one over all rows.
 */
#ifndef RECURRA_OUTER_H
#define RECURRA_OUTER_H

#include "packing.h"
#include "product.h"

#define OUTER_ROWS 128
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

/* Rows of a lie on pages of their own, which the processor does not foresee. */
#define FETCH_ROWS 16

INLINE void fetch_row(const real *row, long lda, long columns) {
  uintptr_t ahead = (uintptr_t)row + (uintptr_t)(FETCH_ROWS * lda) * sizeof(real);
  for (long i = 0; i < columns * (long)sizeof(real); i += CACHE_LINE)
    __builtin_prefetch((const void *)(ahead + (uintptr_t)i));
}

/* Strips of one height, TILE_ROWS as a constant if possible: copied by single instructions. */
INLINE void pack_row(const real *row, long rows, long strip_count, const long height, real *to) {
  for (long strip = 0; strip < strip_count; strip++)
    for (long i = 0; i < height; i++) to[strip * rows * height + i] = row[strip * height + i];
}

/* Each strip holds, for each row of a, its columns of one tile beside each other. */
static void pack_strips(const real *a, long lda, long rows, long columns, real *strips) {
  long count = parts_of(columns, TILE_ROWS), low = columns / count, high_count = columns % count;
  long high_columns = high_count * (low + 1);
  for (long r = 0; r < rows; r++) {
    const real *row = a + r * lda;
    fetch_row(row, lda, columns);
    if (low == TILE_ROWS) {
      pack_row(row, rows, count, TILE_ROWS, strips + r * TILE_ROWS);
    } else {
      pack_row(row, rows, high_count, low + 1, strips + r * (low + 1));
      pack_row(row + high_columns, rows, count - high_count, low,
               strips + high_columns * rows + r * low);
    }
  }
}

/* The sums of a tile lie far apart. */
INLINE void fetch_sums(const real *c, long ldc, long height, long columns) {
  for (long i = 0; i < height; i++)
    for (long j = 0; j < columns; j += CACHE_LINE / (long)sizeof(real))
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
                     (uintptr_t)weights + (uintptr_t)((width + block) * o->rows * VECTOR_BYTES),
                     CACHE_LINE, 0};
    fetch_sums(c + height * o->ldc, o->ldc, smaller(TILE_ROWS, columns - next), valid);
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
  long chunks = rows > OUTER_ROWS ? parts_of(rows, OUTER_ROWS) : 1; /* none: the sum is zero */
  for (long chunk = 0; chunk < chunks; chunk++) {
    long r = balanced_start(rows, chunks, chunk);
    long count = balanced_start(rows, chunks, chunk + 1) - r;
    pack(b + r * ldb, count, N, ldb, 1, scratch);
    struct outer_chunk o = {count, N, strips, scratch, c, ldc, r > 0 ? ADD : AFRESH};
    outer_rows(&o, a + r * lda, lda, first_row, last_row, strips);
  }
}

#endif
